//! From a captured frame to the composed picture, on the GPU.
//!
//! The pipeline knows no window, no camera and no UI: it takes a [`frame::Frame`] and records into the
//! caller's command encoder.

pub mod frame;
