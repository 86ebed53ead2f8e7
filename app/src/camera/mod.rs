//! Where pictures come from: a camera, the bundled clip, a file.
//!
//! A [`Source`] gives one [`Frame`] after the other at its own pace and may block. A [`Feed`] runs it on a
//! thread of its own and keeps the newest frame, so that the window never waits and never shows an old
//! picture. Sources know nothing of the GPU: frames leave here in the format in which they came.

#[cfg(target_os = "android")]
mod android;
mod clip;
#[cfg(not(target_os = "android"))]
mod device;
mod feed;
#[cfg(not(target_os = "android"))]
mod jpeg;
mod mode;
mod pace;
mod picture;
pub mod spaced;
mod synthetic;
pub mod y4m;

use anyhow::Result;

#[cfg(target_os = "android")]
pub use android::{Device, devices, modes, open};
pub use clip::Clip;
#[cfg(not(target_os = "android"))]
pub use device::{Device, devices, frame_from_buffer, modes, open};
pub use feed::{Feed, Open, STALL, Status, Wake};
#[cfg(not(target_os = "android"))]
pub use jpeg::frame_from_jpeg;
pub use mode::{Encoding, Mode, choose};
pub use pace::Metronome;
pub use picture::{Picture, load_picture};
pub use synthetic::Synthetic;

use crate::pipeline::frame::Frame;

/// Gives frames, one after the other.
pub trait Source {
    /// What is being shown, for people to read.
    fn info(&self) -> Info;

    /// The next frame, when it is due; none after the last. An error ends the source.
    fn next(&mut self) -> Result<Option<Frame>>;
}

/// What a source shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The camera's, clip's or file's name.
    pub name: String,
    /// Size, rate and format.
    pub detail: String,
    /// Whether a camera is on, so that people may want to know.
    pub live: bool,
}
