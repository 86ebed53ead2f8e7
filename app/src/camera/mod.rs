//! Where pictures come from: a camera, the bundled clip, a file, a folder.
//!
//! A [`Source`] gives one [`Frame`] after the other at its own pace and may block for a while. A [`Feed`] runs it
//! on a thread of its own and keeps the newest frame, so that the window never waits and never shows an old
//! picture. Sources know nothing of the GPU: frames leave here in the format in which they came.

mod album;
mod buffer;
mod clip;
mod device;
mod feed;
mod jpeg;
mod mode;
mod pace;
mod picture;
pub mod spaced;
mod synthetic;
#[cfg(not(target_os = "android"))]
mod unruly;
mod video;
pub mod y4m;

#[cfg(any(windows, target_os = "macos"))]
#[path = "native.rs"]
mod system;
#[cfg(target_os = "android")]
#[path = "android.rs"]
mod system;
#[cfg(not(any(windows, target_os = "macos", target_os = "linux", target_os = "android")))]
#[path = "none.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "v4l2/mod.rs"]
mod system;

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
#[cfg(not(target_os = "android"))]
use anyhow::{anyhow, bail};

pub use album::Album;
pub use buffer::Layout;
pub use clip::{Clip, PERIOD, Scene};
pub use device::{Device, Found, Interest, Lost, Seen, Watch, cameras, open, opening, opposite};
pub use feed::{Feed, LETTING_GO, Open, STALL, Status, Wake};
pub use jpeg::frame_from_jpeg;
pub use mode::{Encoding, Mode, RULE, Rate, Wanted, choose};
pub use pace::Metronome;
pub use picture::{Picture, is_picture, load_picture};
pub use synthetic::Synthetic;
#[cfg(not(target_os = "android"))]
pub use unruly::{Manner, Unruly};
pub use video::{Decoder, NO_FFMPEG, VIDEOS, Video, ffmpeg_version, length_of};

use crate::pipeline::frame::Frame;

/// How many unusable pictures in a row a camera may send before it counts as broken.
#[cfg(not(target_os = "android"))]
const PATIENCE: u32 = 60;

/// The next picture of a camera that can be read. `take` gives pictures as they come: its error ends the source, the
/// inner one tells why a picture cannot be read, which is forgiven [`PATIENCE`] times in a row.
#[cfg(not(target_os = "android"))]
fn readable(name: &str, mut take: impl FnMut() -> Result<Result<Frame>>) -> Result<Frame> {
    let mut refused = anyhow!("none came");
    for _ in 0..PATIENCE {
        match take()? {
            Ok(frame) => return Ok(frame),
            Err(error) => refused = error,
        }
    }
    bail!("the camera “{name}” sends pictures that cannot be read: {refused:#}")
}

/// Gives frames, one after the other.
pub trait Source {
    /// What is being shown, for people to read.
    fn info(&self) -> Info;

    /// When the next frame is due. Without an answer it comes when it comes, and [`Source::next`] waits for it.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// The next frame, when it is due; none after the last. An error ends the source, but for [`Silence`], after
    /// which it may be asked again.
    fn next(&mut self) -> Result<Option<Frame>>;

    /// Where the last frame stands in the whole; none for a source without an end or of one frame.
    fn position(&self) -> Option<Position> {
        None
    }

    /// Goes on at another place, if there is a [`Source::position`].
    fn seek(&mut self, _to: Duration) -> Result<()> {
        Ok(())
    }
}

/// A place in a source that has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The time from the beginning.
    pub at: Duration,
    /// The time from the beginning to the end.
    pub length: Duration,
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

impl Info {
    /// A camera that is on, by its name and mode.
    fn of_camera(name: &str, mode: Mode) -> Self {
        Self { name: name.into(), detail: mode.to_string(), live: true }
    }
}

/// Opens a folder of pictures, a y4m clip (by the name's extension), a picture, or else a video.
pub fn open_file(path: &Path) -> Result<Box<dyn Source>> {
    Ok(if path.is_dir() {
        Box::new(Album::open(path)?)
    } else if is_y4m(path) {
        Box::new(y4m::Y4m::open(path)?)
    } else if is_picture(path) || !path.exists() {
        Box::new(Picture::open(path)?)
    } else {
        Box::new(Video::open(path)?)
    })
}

/// Whether a file is a y4m clip, by its name.
pub fn is_y4m(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("y4m"))
}

/// The error of a camera that has sent nothing for a moment: it is there and may go on.
#[derive(Clone, Copy, Debug)]
pub struct Silence;

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the camera sends no pictures")
    }
}

impl std::error::Error for Silence {}
