//! A made-up picture that moves: a disc over a gradient, different in every frame. Tests play it.

use anyhow::Result;

use super::{Info, Metronome, Source};
use crate::pipeline::frame::{Frame, PixelFormat};

/// A source whose frames are a function of their number.
pub struct Synthetic {
    width: u32,
    height: u32,
    rate: f64,
    frames: u64,
    metronome: Metronome,
    sequence: u64,
}

impl Synthetic {
    /// An endless source at 30 frames a second.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, rate: 30.0, frames: u64::MAX, metronome: Metronome::new(30.0), sequence: 0 }
    }

    /// The same at another rate.
    pub fn at_rate(self, rate: f64) -> Self {
        Self { rate, metronome: Metronome::new(rate), ..self }
    }

    /// The same, ending after so many frames.
    pub fn ending_after(self, frames: u64) -> Self {
        Self { frames, ..self }
    }

    /// The pixels of one frame, red, green, blue, alpha.
    pub fn pixels(width: u32, height: u32, sequence: u64) -> Vec<u8> {
        let (w, h) = (width as f32, height as f32);
        let turn = sequence as f32 / 60.0 * std::f32::consts::TAU;
        let (cx, cy, radius) = (w * (0.5 + 0.25 * turn.cos()), h * (0.5 + 0.25 * turn.sin()), h * 0.2);
        let mut pixels = Vec::with_capacity(4 * width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                let (fx, fy) = (x as f32, y as f32);
                let inside = (fx - cx).hypot(fy - cy) < radius;
                let background = [255.0 * fx / w, 255.0 * fy / h, 96.0];
                let [r, g, b] = if inside { [220.0, 160.0, 130.0] } else { background };
                pixels.extend([r as u8, g as u8, b as u8, 255]);
            }
        }
        pixels
    }
}

impl Source for Synthetic {
    fn info(&self) -> Info {
        let detail = format!("{}×{} at {} FPS", self.width, self.height, self.rate);
        Info { name: "Test picture".into(), detail, live: false }
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        if self.sequence == self.frames {
            return Ok(None);
        }
        self.metronome.wait();
        let pixels = Self::pixels(self.width, self.height, self.sequence);
        let mut frame = Frame::new(PixelFormat::Rgba, self.width, self.height, pixels)?;
        frame.sequence = self.sequence;
        self.sequence += 1;
        Ok(Some(frame))
    }
}
