//! The frame pipeline against plain mirrors of its formulas, and against what it is for.

mod convert;
mod device;
mod frame;
mod prepare;
mod shaders;
