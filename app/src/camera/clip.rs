//! The bundled clip: a photographed person moving before a photographed room, without an end.
//!
//! The two photographs lie in `assets/clip`: the room, and the person cut out with a soft edge. Both drift on
//! sines whose periods divide [`PERIOD`], so that the clip has no seam, and by fractions of a pixel, so that
//! edges and noise change from frame to frame as they do before a camera.

use std::f32::consts::TAU;

use anyhow::{Context, Result};
use image::imageops::FilterType;
use image::{DynamicImage, RgbaImage};

use super::{Info, Metronome, Source};
use crate::pipeline::frame::{Frame, PixelFormat};

/// Frames a second.
pub const RATE: u32 = 30;

/// The frames after which the clip repeats itself.
pub const PERIOD: u64 = 480;

/// Width and height of the clip in pixels.
pub const SIZE: (u32, u32) = (848, 480);

/// The part of the height that the person fills.
const PERSON_HEIGHT: f32 = 0.94;

/// How far the room drifts to each side, in pixels.
const ROOM_DRIFT: (f32, f32) = (22.0, 8.0);

/// How far the person sways to each side, in pixels.
const PERSON_DRIFT: (f32, f32) = (44.0, 6.0);

/// The clip as a source.
pub struct Clip {
    scene: Scene,
    metronome: Metronome,
    sequence: u64,
}

impl Clip {
    /// Decodes the two photographs.
    pub fn open() -> Result<Self> {
        Ok(Self { scene: Scene::load()?, metronome: Metronome::new(f64::from(RATE)), sequence: 0 })
    }
}

impl Source for Clip {
    fn info(&self) -> Info {
        let (width, height) = SIZE;
        Info { name: "Bundled clip".into(), detail: format!("{width}×{height} at {RATE} FPS"), live: false }
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        self.metronome.wait();
        let frame = self.scene.frame(self.sequence)?;
        self.sequence += 1;
        Ok(Some(frame))
    }
}

/// The photographs at the size of the clip.
pub struct Scene {
    room: Layer,
    person: Layer,
}

impl Scene {
    /// Decodes and scales the photographs.
    pub fn load() -> Result<Self> {
        let room = decoded(include_bytes!("../../../assets/clip/room.jpg")).context("the clip's room")?;
        let person =
            decoded(include_bytes!("../../../assets/clip/person.png")).context("the clip's person")?;
        let (width, height) = SIZE;
        let margin = |drift: f32| 2 * (drift.ceil() as u32 + 1);
        let cover = (width + margin(ROOM_DRIFT.0), height + margin(ROOM_DRIFT.1));
        let room = room.resize_to_fill(cover.0, cover.1, FilterType::Triangle).into_rgba8();
        let tall = (height as f32 * PERSON_HEIGHT + PERSON_DRIFT.1).ceil() as u32;
        let person = person.resize(u32::MAX, tall, FilterType::CatmullRom).into_rgba8();
        Ok(Self { room: Layer::new(room), person: Layer::new(person) })
    }

    /// The frame of the given number. Frames that are [`PERIOD`] apart are the same.
    pub fn frame(&self, sequence: u64) -> Result<Frame> {
        let phase = TAU * (sequence % PERIOD) as f32 / PERIOD as f32;
        let (width, height) = SIZE;
        let mut canvas = RgbaImage::new(width, height);
        let room =
            (-1.0 - ROOM_DRIFT.0 * (1.0 + phase.sin()), -1.0 - ROOM_DRIFT.1 * (1.0 + (2.0 * phase).cos()));
        self.room.draw(room, &mut canvas);
        let person = (
            (width - self.person.width) as f32 / 2.0 + PERSON_DRIFT.0 * (2.0 * phase).sin(),
            height as f32 * (1.0 - PERSON_HEIGHT) + PERSON_DRIFT.1 * ((5.0 * phase).sin() - 1.0) / 2.0,
        );
        self.person.draw(person, &mut canvas);
        let mut frame = Frame::new(PixelFormat::Rgba, width, height, canvas.into_raw())?;
        frame.sequence = sequence;
        Ok(frame)
    }
}

/// A picture with premultiplied alpha that can be drawn at fractions of a pixel.
struct Layer {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Layer {
    fn new(mut picture: RgbaImage) -> Self {
        for pixel in picture.pixels_mut() {
            let alpha = u16::from(pixel.0[3]);
            pixel.0[..3].iter_mut().for_each(|c| *c = (u16::from(*c) * alpha / 255) as u8);
        }
        Self { width: picture.width(), height: picture.height(), pixels: picture.into_raw() }
    }

    /// Draws the layer over the canvas with its corner at `at`, which may lie outside.
    fn draw(&self, at: (f32, f32), canvas: &mut RgbaImage) {
        let (left, top) = (at.0.floor() as i64, at.1.floor() as i64);
        // A canvas pixel at `left + i` lies between the layer's pixels `i - 1` and `i`.
        let weights =
            (256 - ((at.0 - at.0.floor()) * 256.0) as u16, 256 - ((at.1 - at.1.floor()) * 256.0) as u16);
        let first = left.max(0);
        let last = (left + i64::from(self.width)).min(i64::from(canvas.width()));
        if first >= last {
            return;
        }
        let (skip, count) = ((first - left) as usize, (last - first) as usize);
        let stride = 4 * canvas.width() as usize;
        let mut mixed = vec![0; 4 * (count + 1)];
        for y in top.max(0)..(top + i64::from(self.height)).min(i64::from(canvas.height())) {
            let row = (y - top) as usize;
            self.mix_rows(row, skip, weights.1, &mut mixed);
            let start = y as usize * stride + 4 * first as usize;
            over(&mixed, weights.0, &mut canvas.as_mut()[start..start + 4 * count]);
        }
    }

    /// Pixels `skip - 1 …` of the mean of rows `row - 1` and `row`; what lies outside repeats the border.
    fn mix_rows(&self, row: usize, skip: usize, weight: u16, mixed: &mut [u8]) {
        let stride = 4 * self.width as usize;
        let (above, below) = (row.saturating_sub(1) * stride, row * stride);
        let from = skip.saturating_sub(1);
        let border = 4 * usize::from(skip == 0);
        let length = mixed.len() - border;
        let above = &self.pixels[above + 4 * from..][..length];
        let below = &self.pixels[below + 4 * from..][..length];
        for ((out, &a), &b) in mixed[border..].iter_mut().zip(above).zip(below) {
            *out = mix(a, b, weight);
        }
        if border > 0 {
            mixed.copy_within(4..8, 0);
        }
    }
}

/// Mixes each pixel with its left neighbor and lays it over the canvas.
fn over(mixed: &[u8], weight: u16, canvas: &mut [u8]) {
    for (index, out) in canvas.chunks_exact_mut(4).enumerate() {
        let pair = &mixed[4 * index..4 * index + 8];
        let alpha = mix(pair[3], pair[7], weight);
        let through = 255 - u16::from(alpha);
        for c in 0..3 {
            let under = u16::from(out[c]) * through + 127;
            out[c] = (u16::from(mix(pair[c], pair[c + 4], weight)) + under / 255).min(255) as u8;
        }
        out[3] = 255;
    }
}

fn mix(a: u8, b: u8, weight: u16) -> u8 {
    ((u16::from(a) * (256 - weight) + u16::from(b) * weight) >> 8) as u8
}

fn decoded(bytes: &[u8]) -> Result<DynamicImage> {
    image::load_from_memory(bytes).context("the bundled picture is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot() -> Layer {
        let mut picture = RgbaImage::new(5, 5);
        picture.put_pixel(2, 2, image::Rgba([255; 4]));
        Layer::new(picture)
    }

    #[test]
    fn a_layer_moves_by_whole_and_by_half_pixels() {
        let mut canvas = RgbaImage::new(8, 8);
        dot().draw((1.0, 1.0), &mut canvas);
        assert_eq!(canvas.get_pixel(3, 3).0[0], 255);
        assert_eq!(canvas.pixels().map(|p| u32::from(p.0[0])).sum::<u32>(), 255);

        let mut canvas = RgbaImage::new(8, 8);
        dot().draw((1.5, 1.0), &mut canvas);
        assert!(canvas.get_pixel(3, 3).0[0].abs_diff(127) <= 1);
        assert!(canvas.get_pixel(4, 3).0[0].abs_diff(127) <= 1);
    }

    #[test]
    fn a_layer_may_lie_partly_or_wholly_outside() {
        for at in [(-3.5, -3.5), (6.25, 6.75), (-20.0, 0.0), (0.0, 40.0)] {
            dot().draw(at, &mut RgbaImage::new(8, 8));
        }
    }

    #[test]
    fn the_clip_moves_and_has_no_seam() {
        let scene = Scene::load().expect("the bundled pictures");
        let bytes = |n| scene.frame(n).expect("a frame").into_data();
        let difference = |a: &[u8], b: &[u8]| {
            a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
        };
        let (last, first, second) = (bytes(PERIOD - 1), bytes(PERIOD), bytes(1));
        assert_eq!(first, bytes(0));
        let (seam, step) = (difference(&last, &first), difference(&first, &second));
        assert!(step > 0.1, "consecutive frames differ by {step}");
        assert!(seam < 2.0 * step, "the seam differs by {seam}, a step by {step}");
    }
}
