//! A camera that misbehaves on purpose, for provoked faults. What it sends goes the way of a real one's buffers:
//! through [`Layout::frame`] and [`readable`].

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use image::codecs::jpeg::JpegEncoder;

use super::buffer::Layout;
use super::device::{Device, Found};
use super::mode::{Encoding, Mode, Rate};
use super::{Info, Metronome, STALL, Silence, Source, Synthetic, readable};
use crate::pipeline::frame::Frame;

/// Pictures that are as they should be, before the others.
const GOOD: u64 = 12;
/// How long a call waits before it says that nothing has come.
const TURN: Duration = Duration::from_millis(200);

/// What the camera does after its first pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It goes on well.
    Well,
    /// It sends nothing until it counts as stalled, then goes on well.
    Silent,
    /// Every other buffer lacks its last rows.
    Torn,
    /// No buffer is as long as its picture.
    Short,
    /// Every other picture has another size than was agreed upon.
    OtherSize,
    /// MJPEG, of which every other picture was cut off or overwritten.
    BrokenJpeg,
    /// It is pulled out.
    Unplugged,
}

/// The camera.
pub struct Unruly {
    manner: Manner,
    metronome: Metronome,
    sent: u64,
    /// When it fell silent.
    silent: Option<Instant>,
}

impl Unruly {
    /// Its number.
    pub const INDEX: u32 = u32::MAX;

    /// A camera that was just opened.
    pub fn new(manner: Manner) -> Self {
        Self { manner, metronome: Metronome::new(30.0), sent: 0, silent: None }
    }

    /// Its entry in the list of cameras.
    pub fn found() -> Found {
        let device =
            Device { index: Self::INDEX, name: "Unruly".into(), place: "made up".into(), facing: None };
        Found { device, modes: vec![Self::mode(Manner::Well)], fault: None }
    }

    fn mode(manner: Manner) -> Mode {
        let coded = matches!(manner, Manner::BrokenJpeg | Manner::OtherSize);
        let encoding = if coded { Encoding::Mjpeg } else { Encoding::Rgb };
        Mode { width: 320, height: 240, rate: Rate::from(30), encoding }
    }

    /// The bytes of the next picture as a driver would fill them in.
    fn buffer(&self, mode: Mode) -> Result<Vec<u8>> {
        let odd = self.sent >= GOOD && self.sent % 2 == 1;
        let shrunk = odd && self.manner == Manner::OtherSize;
        let (width, height) = if shrunk { (200, 120) } else { (mode.width, mode.height) };
        let pixels = Synthetic::pixels(width, height, self.sent);
        let rgb: Vec<u8> = pixels.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        let mut buffer = match mode.encoding {
            Encoding::Mjpeg => {
                let mut coded = Vec::new();
                let encoder = JpegEncoder::new_with_quality(&mut coded, 85);
                let picture =
                    image::RgbImage::from_raw(width, height, rgb).context("as many bytes as pixels")?;
                picture.write_with_encoder(encoder)?;
                coded
            }
            _ => rgb,
        };
        match self.manner {
            Manner::Torn if odd => buffer.truncate(buffer.len() * 5 / 6),
            Manner::Short if self.sent >= GOOD => buffer.truncate(buffer.len() / 2),
            Manner::BrokenJpeg if odd && self.sent % 4 == 1 => buffer.truncate(buffer.len() / 2),
            Manner::BrokenJpeg if odd => {
                let middle = buffer.len() / 3..buffer.len() * 2 / 3;
                buffer[middle].iter_mut().step_by(3).for_each(|byte| *byte ^= 0xa5);
            }
            _ => {}
        }
        Ok(buffer)
    }

    /// Whether it sends nothing now.
    fn is_silent(&mut self) -> bool {
        let falls_silent = self.manner == Manner::Silent && self.sent >= GOOD;
        falls_silent && self.silent.get_or_insert_with(Instant::now).elapsed() < STALL + 2 * TURN
    }

    fn take(&mut self) -> Result<Result<Frame>> {
        if self.is_silent() {
            thread::sleep(TURN);
            return Err(Silence.into());
        }
        if self.manner == Manner::Unplugged && self.sent >= GOOD {
            return Err(anyhow!("the camera “Unruly” was unplugged"));
        }
        self.metronome.wait();
        let mode = Self::mode(self.manner);
        let buffer = self.buffer(mode)?;
        let layout = Layout {
            encoding: mode.encoding,
            width: mode.width,
            height: mode.height,
            stride: 0,
            color: None,
        };
        let sequence = self.sent;
        self.sent += 1;
        let used = buffer.len();
        Ok(layout.frame(buffer, used).map(|mut frame| {
            frame.sequence = sequence;
            frame
        }))
    }
}

impl Source for Unruly {
    fn info(&self) -> Info {
        Info::of_camera("Unruly", Self::mode(self.manner))
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        readable("Unruly", || self.take()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of its first pictures past the good ones come, and what ended them.
    fn outcome(manner: Manner) -> (Vec<(u32, u32)>, Option<String>) {
        let mut camera = Unruly::new(manner);
        let mut sizes = Vec::new();
        while camera.sent < GOOD + 8 {
            match camera.next() {
                Ok(Some(frame)) => sizes.push((frame.width(), frame.height())),
                Ok(None) => break,
                Err(error) => return (sizes, Some(error.to_string())),
            }
        }
        (sizes, None)
    }

    #[test]
    fn pictures_that_cannot_be_read_are_left_out() {
        let (sizes, end) = outcome(Manner::Torn);
        assert_eq!(end, None);
        assert!(sizes.len() < GOOD as usize + 8 && sizes.iter().all(|&size| size == (320, 240)));
    }

    #[test]
    fn a_picture_of_another_size_is_a_picture_where_it_says_its_size() {
        let (sizes, end) = outcome(Manner::OtherSize);
        assert_eq!(end, None);
        assert!(sizes.contains(&(200, 120)) && sizes.ends_with(&[(200, 120)]));
    }

    #[test]
    fn a_camera_of_which_nothing_can_be_read_is_an_error() {
        let (sizes, end) = outcome(Manner::Short);
        assert_eq!(sizes.len(), GOOD as usize);
        assert!(end.is_some_and(|end| end.contains("has 230400 bytes, but 115200 came")));
    }
}
