//! The refinement's formulas in double precision, written plainly: windows are summed anew for each texel.

use matte::pipeline::{Refinement, Temporal, Upsampling, guide_factor};

type Color = [f64; 3];

/// A color and a mask value for each texel.
#[derive(Clone)]
pub struct Guide {
    width: i64,
    height: i64,
    texels: Vec<(Color, f64)>,
}

impl Guide {
    fn at(&self, x: i64, y: i64) -> (Color, f64) {
        self.texels[(y.clamp(0, self.height - 1) * self.width + x.clamp(0, self.width - 1)) as usize]
    }
}

pub struct Picture<'a> {
    pub width: i64,
    pub height: i64,
    pub colors: &'a [Color],
}

impl Picture<'_> {
    fn at(&self, x: i64, y: i64) -> Color {
        self.colors[(y.clamp(0, self.height - 1) * self.width + x.clamp(0, self.width - 1)) as usize]
    }
}

/// A network's mask over `crop`: x, y, width and height in pixels of the picture.
pub struct Mask<'a> {
    pub width: i64,
    pub height: i64,
    pub values: &'a [f32],
    pub crop: [f64; 4],
}

impl Mask<'_> {
    fn at(&self, x: f64, y: f64) -> f64 {
        let (u, v) = ((x - self.crop[0]) / self.crop[2], (y - self.crop[1]) / self.crop[3]);
        if !(0.0..=1.0).contains(&u) || !(0.0..=1.0).contains(&v) {
            return 0.0;
        }
        let value = |x: i64, y: i64| {
            let index = y.clamp(0, self.height - 1) * self.width + x.clamp(0, self.width - 1);
            f64::from(self.values[index as usize])
        };
        bilinear(u * self.width as f64 - 0.5, v * self.height as f64 - 0.5, value).clamp(0.0, 1.0)
    }
}

fn bilinear(x: f64, y: f64, value: impl Fn(i64, i64) -> f64) -> f64 {
    let (left, top) = (x.floor() as i64, y.floor() as i64);
    let (across, down) = (x - x.floor(), y - y.floor());
    let line = |row| value(left, row) * (1.0 - across) + value(left + 1, row) * across;
    line(top) * (1.0 - down) + line(top + 1) * down
}

fn luma(color: Color) -> f64 {
    0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
}

fn dot(a: Color, b: Color) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn less(a: Color, b: Color) -> Color {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn smoothstep(low: f64, high: f64, value: f64) -> f64 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The guide of a picture, with the mask smoothed in time against the past guide.
pub fn guide(picture: &Picture<'_>, mask: &Mask<'_>, past: Option<&Guide>, choices: &Refinement) -> Guide {
    let factor = i64::from(guide_factor((picture.width as u32, picture.height as u32)));
    let ceil = |length: i64| (length + factor - 1) / factor;
    let (width, height) = (ceil(picture.width), ceil(picture.height));
    let mut texels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let mut color = [0.0; 3];
            for (dx, dy) in (0..factor * factor).map(|index| (index % factor, index / factor)) {
                let pixel = picture.at(x * factor + dx, y * factor + dy);
                for channel in 0..3 {
                    color[channel] += pixel[channel] / (factor * factor) as f64;
                }
            }
            let center = |at: i64, length: i64| ((at as f64 + 0.5) * factor as f64).min(length as f64 - 0.5);
            let now = (color, mask.at(center(x, picture.width), center(y, picture.height)));
            texels.push((color, past.map_or(now.1, |past| smoothed(past.at(x, y), now, choices))));
        }
    }
    Guide { width, height, texels }
}

fn smoothed(before: (Color, f64), now: (Color, f64), choices: &Refinement) -> f64 {
    let strength = f64::from(choices.temporal_strength);
    let keep = match choices.temporal {
        Temporal::Off => 0.0,
        Temporal::Entropy => {
            let p = now.1.clamp(1e-6, 1.0 - 1e-6);
            strength * (-(p * p.log2() + (1.0 - p) * (1.0 - p).log2())).powi(2)
        }
        Temporal::Motion => {
            let moved = smoothstep(0.03, 0.2, (luma(now.0) - luma(before.0)).abs());
            let jumped = smoothstep(0.2, 0.5, (now.1 - before.1).abs());
            strength * (1.0 - moved.max(jumped))
        }
    };
    now.1 + (before.1 - now.1) * keep
}

/// The full-size matte of a picture from its guide.
pub fn matte(picture: &Picture<'_>, guide: &Guide, choices: &Refinement) -> Vec<f64> {
    let factor = f64::from(guide_factor((picture.width as u32, picture.height as u32)));
    let models = match choices.upsampling {
        Upsampling::Guided => mean_models(guide, f64::from(choices.epsilon)),
        _ => Vec::new(),
    };
    let mut result = Vec::new();
    for y in 0..picture.height {
        for x in 0..picture.width {
            let (gx, gy) = ((x as f64 + 0.5) / factor - 0.5, (y as f64 + 0.5) / factor - 0.5);
            let (color, clear) = look(picture, x, y);
            let value = match choices.upsampling {
                Upsampling::Bilinear => bilinear(gx, gy, |x, y| guide.at(x, y).1),
                Upsampling::Guided => guided(guide, &models, color, gx, gy),
                Upsampling::Bilateral => joint_bilateral(guide, color, gx, gy),
            };
            let low = 0.25 - 0.1 * clear;
            let mut matte = ((value - low) / (1.0 - 2.0 * low)).clamp(0.0, 1.0);
            if choices.upsampling == Upsampling::Guided {
                matte = matte.min(bilinear(gx, gy, |x, y| bounds(guide, x, y).0));
                matte = matte.max(bilinear(gx, gy, |x, y| bounds(guide, x, y).1));
            }
            result.push(matte);
        }
    }
    result
}

fn guided(guide: &Guide, models: &[[f64; 4]], color: Color, x: f64, y: f64) -> f64 {
    let coefficient = |channel: usize| {
        bilinear(x, y, |x, y| {
            let index = y.clamp(0, guide.height - 1) * guide.width + x.clamp(0, guide.width - 1);
            models[index as usize][channel]
        })
    };
    dot([0, 1, 2].map(coefficient), color) + coefficient(3)
}

/// The most and the least that the matte may be.
fn bounds(guide: &Guide, x: i64, y: i64) -> (f64, f64) {
    let (x, y) = (x.clamp(0, guide.width - 1), y.clamp(0, guide.height - 1));
    let ring = [(0, 0), (3, 0), (-3, 0), (0, 3), (0, -3), (2, 2), (2, -2), (-2, 2), (-2, -2)];
    let values = ring.map(|(dx, dy)| guide.at(x + dx, y + dy).1);
    let most = values.iter().copied().fold(0.0, f64::max);
    let least = values.iter().copied().fold(1.0, f64::min);
    (smoothstep(0.02, 0.3, most), 1.0 - smoothstep(0.02, 0.3, 1.0 - least))
}

/// The mean over each texel's window of the windows' linear models a·I + b.
fn mean_models(guide: &Guide, epsilon: f64) -> Vec<[f64; 4]> {
    let models: Vec<[f64; 4]> = window_means(guide, |x, y| {
        let (color, mask) = guide.at(x, y);
        let product = |channel: usize| color[channel] * mask;
        let mut values = [0.0; 13];
        values[..3].copy_from_slice(&color);
        values[3] = mask;
        values[4..7].copy_from_slice(&[0, 1, 2].map(product));
        let pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
        values[7..].copy_from_slice(&pairs.map(|(i, j)| color[i] * color[j]));
        values
    })
    .into_iter()
    .map(|mean| model(&mean, epsilon))
    .collect();
    window_means(guide, |x, y| {
        models[(y.clamp(0, guide.height - 1) * guide.width + x.clamp(0, guide.width - 1)) as usize]
    })
}

/// The means of values over windows of 17 × 17 texels: along x, then along y.
fn window_means<const N: usize>(guide: &Guide, value: impl Fn(i64, i64) -> [f64; N]) -> Vec<[f64; N]> {
    let mean = |values: &dyn Fn(i64) -> [f64; N]| {
        let mut sum = [0.0; N];
        for offset in -8..=8 {
            let value = values(offset);
            for index in 0..N {
                sum[index] += value[index] / 17.0;
            }
        }
        sum
    };
    let places = || (0..guide.width * guide.height).map(|index| (index % guide.width, index / guide.width));
    let rows: Vec<[f64; N]> =
        places().map(|(x, y)| mean(&|offset| value((x + offset).clamp(0, guide.width - 1), y))).collect();
    let row = |x: i64, y: i64| rows[(y.clamp(0, guide.height - 1) * guide.width + x) as usize];
    places().map(|(x, y)| mean(&|offset| row(x, y + offset))).collect()
}

/// a = (Σ + εU)⁻¹ cov(I, p) by elimination, and b.
fn model(mean: &[f64; 13], epsilon: f64) -> [f64; 4] {
    let color = [mean[0], mean[1], mean[2]];
    let second = [[7, 8, 9], [8, 10, 11], [9, 11, 12]];
    let mut rows = [[0.0; 4]; 3];
    for i in 0..3 {
        for j in 0..3 {
            let ridge = if i == j { epsilon } else { 0.0 };
            rows[i][j] = mean[second[i][j]] - color[i] * color[j] + ridge;
        }
        rows[i][3] = mean[4 + i] - color[i] * mean[3];
    }
    for pivot in 0..3 {
        for other in (0..3).filter(|row| *row != pivot) {
            let share = rows[other][pivot] / rows[pivot][pivot];
            let upper = rows[pivot];
            for (value, above) in rows[other].iter_mut().zip(upper).skip(pivot) {
                *value -= share * above;
            }
        }
    }
    let a = [0, 1, 2].map(|index| rows[index][3] / rows[index][index]);
    [a[0], a[1], a[2], mean[3] - dot(a, color)]
}

fn joint_bilateral(guide: &Guide, color: Color, x: f64, y: f64) -> f64 {
    // Rounds halves to even, as WGSL does.
    let (middle_x, middle_y) = (x.round_ties_even() as i64, y.round_ties_even() as i64);
    let mut sum = (1e-9 * bilinear(x, y, |x, y| guide.at(x, y).1), 1e-9);
    for dy in [-4, -2, 0, 2, 4] {
        for dx in [-4, -2, 0, 2, 4] {
            let (tap_x, tap_y) = (middle_x + dx, middle_y + dy);
            let (tap, mask) = guide.at(tap_x, tap_y);
            let difference = less(color, tap);
            let light = luma(difference);
            let chroma = difference.map(|value| value - light);
            let away = (tap_x as f64 - x).powi(2) + (tap_y as f64 - y).powi(2);
            let distance = light * light + 3.0 * dot(chroma, chroma);
            let weight = (-away / (2.0 * 9.0) - distance / (2.0 * 0.05 * 0.05)).exp();
            sum = (sum.0 + weight * mask, sum.1 + weight);
        }
    }
    sum.0 / sum.1
}

/// The color that the matte is read from, and how clearly the picture changes there.
fn look(picture: &Picture<'_>, x: i64, y: i64) -> (Color, f64) {
    let across = less(picture.at(x + 1, y), picture.at(x - 1, y)).map(|value| value / 2.0);
    let down = less(picture.at(x, y + 1), picture.at(x, y - 1)).map(|value| value / 2.0);
    let clear = smoothstep(0.0003, 0.003, dot(across, across) + dot(down, down));
    let cross = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)].map(|(dx, dy)| picture.at(x + dx, y + dy));
    let mean = |channel: usize| cross.iter().map(|color| color[channel]).sum::<f64>() / 5.0;
    let center = picture.at(x, y);
    let color = [0, 1, 2].map(|channel| mean(channel) * (1.0 - clear) + center[channel] * clear);
    (color, clear)
}
