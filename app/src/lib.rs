//! Matte cuts people out of live video on the GPU.
//!
//! ```text
//! main ─ cli ─ app ─┬─ ui, render
//!                   └─ pipeline ─ camera
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`cli`] | the command line; without a command it opens the window |
//! | [`app`] | winit's events, the program's state and the only place that changes it |
//! | [`ui`] | the controls: read the state, answer with commands |
//! | [`render`] | adapter, surface, egui's triangles |
//! | [`pipeline`] | from a captured frame to the composed picture; never sees winit or egui |
//! | [`segment`] | the network's part of a frame, on the GPU or on the CPU |
//! | [`task`] | what models of different kinds take and find |
//! | [`output`] | where composed pictures go besides the window |
//! | [`camera`] | sources of frames, each on a thread of its own |
//! | [`platform`] | what differs between systems |
//! | [`catalogue`], [`backdrop`] | the networks that the program knows, the pictures that come with it |

pub mod app;
pub mod backdrop;
pub mod cache;
pub mod camera;
pub mod catalogue;
#[cfg(not(target_os = "android"))]
pub mod cli;
pub mod output;
pub mod pipeline;
pub mod platform;
pub mod render;
pub mod segment;
pub mod task;
pub mod ui;
