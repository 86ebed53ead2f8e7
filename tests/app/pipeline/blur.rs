//! The background's blur: the GPU's against a mirror in double precision, and what leaks into it.

use matte::pipeline::{Effect, Refinement, Settings, Temporal, View};

use super::device::{Noise, gpu};
use super::portrait::{Contrast, Portrait, frame_of};

type Premultiplied = [f64; 4];

/// A level of the pyramid.
#[derive(Clone)]
pub struct Level {
    pub width: i64,
    pub height: i64,
    pub texels: Vec<Premultiplied>,
}

impl Level {
    /// Interpolated at a place in 0..1, with the edge repeated.
    pub fn at(&self, u: f64, v: f64) -> Premultiplied {
        let (x, y) = (u * self.width as f64 - 0.5, v * self.height as f64 - 0.5);
        let texel = |x: i64, y: i64| {
            self.texels[(y.clamp(0, self.height - 1) * self.width + x.clamp(0, self.width - 1)) as usize]
        };
        let (left, top) = (x.floor() as i64, y.floor() as i64);
        let (across, down) = (x - x.floor(), y - y.floor());
        let line = |row| mixed(texel(left, row), texel(left + 1, row), across);
        mixed(line(top), line(top + 1), down)
    }

    fn made(width: i64, height: i64, texel: impl Fn(f64, f64) -> Premultiplied) -> Self {
        let places = (0..width * height).map(|index| (index % width, index / width));
        let texels =
            places.map(|(x, y)| texel((x as f64 + 0.5) / width as f64, (y as f64 + 0.5) / height as f64));
        Self { width, height, texels: texels.collect() }
    }

    fn shrunk(&self) -> Self {
        let (dx, dy) = (1.0 / self.width as f64, 1.0 / self.height as f64);
        Self::made((self.width + 1) / 2, (self.height + 1) / 2, |u, v| {
            let corners = [(-dx, -dy), (dx, dy), (dx, -dy), (-dx, dy)];
            let mut sum = self.at(u, v).map(|value| value / 2.0);
            for (x, y) in corners {
                sum = plus(sum, self.at(u + x, v + y), 0.125);
            }
            sum
        })
    }

    /// This level enlarged onto another one's size.
    fn enlarged(&self, width: i64, height: i64) -> Self {
        let (dx, dy) = (0.5 / self.width as f64, 0.5 / self.height as f64);
        Self::made(width, height, |u, v| {
            let mut sum = [0.0; 4];
            for (x, y) in [(-2.0 * dx, 0.0), (2.0 * dx, 0.0), (0.0, -2.0 * dy), (0.0, 2.0 * dy)] {
                sum = plus(sum, self.at(u + x, v + y), 1.0 / 12.0);
            }
            for (x, y) in [(-dx, -dy), (dx, dy), (dx, -dy), (-dx, dy)] {
                sum = plus(sum, self.at(u + x, v + y), 1.0 / 6.0);
            }
            sum
        })
    }
}

fn mixed(a: Premultiplied, b: Premultiplied, part: f64) -> Premultiplied {
    [0, 1, 2, 3].map(|channel| a[channel] + (b[channel] - a[channel]) * part)
}

fn plus(a: Premultiplied, b: Premultiplied, weight: f64) -> Premultiplied {
    [0, 1, 2, 3].map(|channel| a[channel] + weight * b[channel])
}

fn smoothstep(low: f64, high: f64, value: f64) -> f64 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The blurred background and the background nearby. Sizes are even; the number of levels is that of a
/// picture of this height.
pub fn blur(
    (width, height): (u32, u32),
    colors: &[[f64; 3]],
    matte: &[f64],
    strength: f64,
) -> (Level, Level) {
    let (half_width, half_height) = (i64::from(width / 2), i64::from(height / 2));
    let block = |x: i64, y: i64| {
        let first = (2 * y * i64::from(width) + 2 * x) as usize;
        let pixels = [first, first + 1, first + width as usize, first + width as usize + 1];
        let most = pixels.iter().map(|index| matte[*index]).fold(0.0, f64::max);
        let weight = (1.0 - smoothstep(0.0, 0.25, most)).max(0.001);
        let mean = |channel: usize| pixels.iter().map(|index| colors[*index][channel]).sum::<f64>() / 4.0;
        [weight * mean(0), weight * mean(1), weight * mean(2), weight]
    };
    let places = (0..half_width * half_height).map(|index| (index % half_width, index / half_width));
    let first = places.map(|(x, y)| block(x, y)).collect();
    let mut levels = vec![Level { width: half_width, height: half_height, texels: first }];
    let count = (f64::from(height) / 12.0).log2().ceil().clamp(3.0, 12.0);
    let deepest = (f64::from(height) / 24.0).log2().clamp(1.0, count - 1.0);
    let depth = 1.0 + strength * (deepest - 1.0);
    let coarsest = depth.ceil() as usize;
    for level in 1..=coarsest.max(2) {
        levels.push(levels[level - 1].shrunk());
    }
    let nearby = levels[2].enlarged(levels[1].width, levels[1].height);
    for level in (1..=coarsest).rev() {
        let part = if level == coarsest { depth - (coarsest - 1) as f64 } else { 1.0 };
        let enlarged = levels[level].enlarged(levels[level - 1].width, levels[level - 1].height);
        for (old, new) in levels[level - 1].texels.iter_mut().zip(enlarged.texels) {
            *old = mixed(*old, new, part);
        }
    }
    (levels.swap_remove(0), nearby)
}

/// Divides by alpha.
pub fn color_of(texel: Premultiplied) -> [f64; 3] {
    [0, 1, 2].map(|channel| texel[channel] / texel[3].max(1e-5))
}

const PLAIN: Settings = Settings { recovery: false, effect: Effect::Blur, ..Settings::DEFAULT };

#[test]
fn the_blur_equals_its_mirror_at_every_strength() {
    let Some(gpu) = gpu("the_blur_equals_its_mirror_at_every_strength") else { return };
    let size = (256, 192);
    let mut noise = Noise(9);
    let colors: Vec<[f64; 3]> =
        (0..size.0 * size.1).map(|_| [0; 3].map(|_: i32| f64::from(noise.byte()) / 255.0)).collect();
    let frame = frame_of(size, &colors);
    let mask = gpu.mask((64, 48), &Portrait::new((64, 48), Contrast::Luma, 0.5).mask((64, 48)));
    for strength in [0.0, 0.3, 0.55, 1.0] {
        let mut pipeline = gpu.pipeline();
        let shown = Settings { strength, ..PLAIN };
        let matte = gpu.render(&mut pipeline, &frame, &Settings { view: View::Matte, ..shown }, Some(&mask));
        let found = gpu.render(&mut pipeline, &frame, &shown, None);
        let matte: Vec<f64> = matte.iter().map(|pixel| f64::from(pixel[0]) / 255.0).collect();
        let (blurred, _) = blur(size, &colors, &matte, f64::from(strength));
        for (index, pixel) in found.iter().enumerate() {
            let (x, y) = (index as u32 % size.0, index as u32 / size.0);
            let place = |at: u32, count: u32| (f64::from(at) + 0.5) / f64::from(count);
            let behind = color_of(blurred.at(place(x, size.0), place(y, size.1)));
            for channel in 0..3 {
                let alpha = matte[index];
                let expected = alpha * colors[index][channel] + (1.0 - alpha) * behind[channel];
                let difference = (f64::from(pixel[channel]) / 255.0 - expected).abs();
                assert!(difference <= 0.01, "strength {strength} at ({x}, {y}): {difference}");
            }
        }
    }
}

#[test]
fn the_person_does_not_leak_into_the_background() {
    let Some(gpu) = gpu("the_person_does_not_leak_into_the_background") else { return };
    let size = (640, 480);
    let mut portrait = Portrait::new(size, Contrast::Luma, 0.5);
    portrait.person.fill([0.9, 0.8, 0.1]);
    portrait.wall.fill([0.1, 0.1, 0.5]);
    let mask = gpu.mask((256, 256), &portrait.mask((256, 256)));
    let mut pipeline = gpu.pipeline();
    let refinement = Refinement { temporal: Temporal::Off, ..Refinement::DEFAULT };
    let settings = Settings { strength: 0.7, refinement, ..PLAIN };
    let shown = gpu.render(&mut pipeline, &portrait.frame(), &settings, Some(&mask));
    let ring: Vec<usize> = portrait
        .band()
        .iter()
        .enumerate()
        .filter(|(index, near)| **near && portrait.alpha[*index] == 0.0)
        .map(|(index, _)| index)
        .collect();
    let share = |color: [f64; 3]| (color[0] - 0.1) / (0.9 - 0.1);
    let mean = |value: &dyn Fn(usize) -> f64| {
        ring.iter().map(|index| value(*index).abs()).sum::<f64>() / ring.len() as f64
    };
    let leak = mean(&|index| {
        share(shown[index].map(|value| f64::from(value) / 255.0)[..3].try_into().expect("three"))
    });
    // The same blur, blind to the matte.
    let (naive, _) = blur(size, &portrait.picture(), &vec![0.0; portrait.alpha.len()], 0.7);
    let naive = mean(&|index| {
        let (x, y) = (index as u32 % size.0, index as u32 / size.0);
        share(color_of(naive.at((f64::from(x) + 0.5) / 640.0, (f64::from(y) + 0.5) / 480.0)))
    });
    println!("the person's share of the ring around them: {leak:.4}, blind to the matte {naive:.4}");
    assert!(leak <= 0.005, "{leak}");
    assert!(naive > 0.1, "the test's picture does not tell: {naive}");
}
