//! A synthetic portrait with its true matte: a head with wavy hair on shoulders, before an uneven wall.

use matte::pipeline::frame::{Frame, PixelFormat};

use super::device::Noise;

/// How the person differs from the wall.
#[derive(Clone, Copy, Debug)]
pub enum Contrast {
    /// Light before dark, both gray.
    Luma,
    /// The same luma, other hues.
    Chroma,
    /// Colors a few steps apart.
    NearEqual,
}

impl Contrast {
    /// The colors of the person and of the wall.
    fn colors(self) -> ([f64; 3], [f64; 3]) {
        match self {
            Self::Luma => ([0.72, 0.70, 0.68], [0.30, 0.31, 0.33]),
            // 0.299 r + 0.587 g + 0.114 b is 0.46 for both.
            Self::Chroma => ([0.64, 0.40, 0.30], [0.30, 0.50, 0.69]),
            Self::NearEqual => ([0.50, 0.48, 0.46], [0.46, 0.47, 0.49]),
        }
    }
}

pub struct Portrait {
    pub size: (u32, u32),
    /// The true matte.
    pub alpha: Vec<f64>,
    pub person: Vec<[f64; 3]>,
    pub wall: Vec<[f64; 3]>,
}

impl Portrait {
    /// A person whose head's middle is at `center`, in parts of the width.
    pub fn new(size: (u32, u32), contrast: Contrast, center: f64) -> Self {
        let (person, wall) = contrast.colors();
        let pixels = || (0..size.0 * size.1).map(|index| (index % size.0, index / size.0));
        let alpha = pixels().map(|(x, y)| coverage(size, center, x, y)).collect();
        let shaded = |color: [f64; 3], phase: f64, seed: u64| {
            let mut noise = Noise(seed);
            pixels()
                .map(|(x, y)| {
                    let (u, v) = (f64::from(x) / f64::from(size.0), f64::from(y) / f64::from(size.1));
                    let shade = 0.02 * (5.0 * u + 3.0 * v + phase).sin();
                    color.map(|value| value + shade + 0.003 * noise.normal())
                })
                .collect()
        };
        Self { size, alpha, person: shaded(person, 0.0, 11), wall: shaded(wall, 2.0, 12) }
    }

    /// The same person with an edge that runs out over some pixels, as hair does.
    pub fn softened(mut self, sigma: f64) -> Self {
        let alpha = softened(&self.alpha, self.size, sigma);
        self.alpha = alpha.into_iter().map(f64::from).collect();
        self
    }

    /// The picture that a camera sees.
    pub fn picture(&self) -> Vec<[f64; 3]> {
        self.over(&self.wall)
    }

    /// The person before another background.
    pub fn over(&self, background: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let mixed = |index: usize, channel: usize| {
            let alpha = self.alpha[index];
            alpha * self.person[index][channel] + (1.0 - alpha) * background[index][channel]
        };
        (0..self.alpha.len()).map(|index| [0, 1, 2].map(|channel| mixed(index, channel))).collect()
    }

    pub fn frame(&self) -> Frame {
        frame_of(self.size, &self.picture())
    }

    /// What a network of `size` would answer: the true matte at its resolution, softened over a few texels.
    pub fn mask(&self, size: (u32, u32)) -> Vec<f32> {
        softened(&shrunk(&self.alpha, self.size, size), size, 1.2)
    }

    /// The pixels within 6 of the matte's edge.
    pub fn band(&self) -> Vec<bool> {
        let (width, height) = (self.size.0 as i64, self.size.1 as i64);
        let inside = |x: i64, y: i64| self.alpha[(y * width + x) as usize] >= 0.5;
        let mut band = vec![false; self.alpha.len()];
        for y in 1..height {
            for x in 1..width {
                if inside(x, y) == inside(x - 1, y) && inside(x, y) == inside(x, y - 1) {
                    continue;
                }
                for (dx, dy) in (-6..=6).flat_map(|dy: i64| (-6..=6).map(move |dx: i64| (dx, dy))) {
                    let (x, y) = (x + dx, y + dy);
                    if dx * dx + dy * dy <= 36 && (0..width).contains(&x) && (0..height).contains(&y) {
                        band[(y * width + x) as usize] = true;
                    }
                }
            }
        }
        band
    }
}

/// The share of a pixel that the person covers, from 4 × 4 points.
fn coverage(size: (u32, u32), center: f64, x: u32, y: u32) -> f64 {
    let offset = |index: u32| (f64::from(index) + 0.5) / 4.0;
    let hits = (0..16)
        .filter(|index| {
            let (px, py) = (f64::from(x) + offset(index % 4), f64::from(y) + offset(index / 4));
            let height = f64::from(size.1);
            covers((px - center * f64::from(size.0)) / height, py / height)
        })
        .count();
    hits as f64 / 16.0
}

/// Whether the person covers a point; both coordinates in parts of the height, x from the head's middle.
fn covers(x: f64, y: f64) -> bool {
    let (dx, dy) = (x / 0.20, (y - 0.38) / 0.26);
    let wave = 1.0 + 0.03 * (13.0 * dy.atan2(dx)).sin();
    let head = dx * dx + dy * dy < wave * wave;
    let (sx, sy) = (x / 0.46, (y - 1.02) / 0.40);
    head || sx * sx + sy * sy < 1.0
}

/// A frame of colors in 0..1.
pub fn frame_of((width, height): (u32, u32), colors: &[[f64; 3]]) -> Frame {
    let byte = |value: f64| (255.0 * value.clamp(0.0, 1.0)).round() as u8;
    let data = colors.iter().flat_map(|[r, g, b]| [byte(*r), byte(*g), byte(*b), 255]).collect();
    Frame::new(PixelFormat::Rgba, width, height, data).expect("exact data")
}

/// Area means of a plane.
fn shrunk(plane: &[f64], from: (u32, u32), to: (u32, u32)) -> Vec<f64> {
    let shares = |index: u32, from: u32, to: u32| {
        let step = f64::from(from) / f64::from(to);
        let (low, high) = (f64::from(index) * step, f64::from(index + 1) * step);
        (low.floor() as u32..(high.ceil() as u32).min(from)).map(move |pixel| {
            let share = f64::from(pixel + 1).min(high) - f64::from(pixel).max(low);
            (pixel, share / step)
        })
    };
    let mut result = Vec::new();
    for y in 0..to.1 {
        for x in 0..to.0 {
            let mut sum = 0.0;
            for (row, down) in shares(y, from.1, to.1) {
                for (column, across) in shares(x, from.0, to.0) {
                    sum += down * across * plane[(row * from.0 + column) as usize];
                }
            }
            result.push(sum);
        }
    }
    result
}

/// A plane under a Gaussian of `sigma` texels, with the edge repeated.
fn softened(plane: &[f64], (width, height): (u32, u32), sigma: f64) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|d| (-0.5 * (d as f64 / sigma).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let (width, height) = (width as i64, height as i64);
    let pass = |from: &[f64], (dx, dy): (i64, i64)| -> Vec<f64> {
        (0..width * height)
            .map(|index| {
                let taps = (-reach..=reach).zip(&weights).map(|(d, weight)| {
                    let x = (index % width + d * dx).clamp(0, width - 1);
                    let y = (index / width + d * dy).clamp(0, height - 1);
                    weight * from[(y * width + x) as usize]
                });
                taps.sum::<f64>() / total
            })
            .collect()
    };
    pass(&pass(plane, (1, 0)), (0, 1)).into_iter().map(|value| value as f32).collect()
}

/// The mean absolute difference where `within` holds.
pub fn mean_error(found: &[f64], truth: &[f64], within: &[bool]) -> f64 {
    let chosen = || found.iter().zip(truth).zip(within).filter(|(_, chosen)| **chosen);
    chosen().map(|((a, b), _)| (a - b).abs()).sum::<f64>() / chosen().count() as f64
}
