//! Matte.

pub mod app;
pub mod backdrop;
pub mod camera;
pub mod catalogue;
pub mod pipeline;
pub mod render;
pub mod ui;
