//! Matte.

pub mod camera;
pub mod pipeline;
