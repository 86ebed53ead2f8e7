//! Matte.

pub mod pipeline;
