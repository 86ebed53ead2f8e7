//! The frame pipeline against plain mirrors of its formulas, and against what it is for.

mod blur;
mod bokeh;
mod compose;
pub mod convert;
pub mod device;
mod frame;
mod golden;
mod mirror;
mod pace;
mod person;
mod portrait;
mod prepare;
mod refine;
mod shaders;
mod tap;
