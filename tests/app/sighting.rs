//! Looking at a screenshot: is the clip's person there, and how sharp are the person and what lies around?

use image::imageops::{self, FilterType};
use image::{GrayImage, RgbImage, RgbaImage};

/// Screenshots are searched at this fraction of their size.
const SHRINK: f32 = 4.0;

/// The Laplacian's distance to the neighbors: far enough that a photograph scaled up has detail there.
const DETAIL: u32 = 4;

/// Where the person was found, in pixels of the screenshot.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    pub left: f32,
    pub top: f32,
    /// The size against the cut-out's own.
    pub scale: f32,
    pub mirrored: bool,
    /// The normalized cross-correlation of luma, at most 1.
    pub likeness: f64,
}

/// Mean absolute Laplacian of luma, in steps of 1/255.
#[derive(Clone, Copy, Debug)]
pub struct Sharpness {
    pub person: f64,
    pub around: f64,
}

/// Finds the place and size at which `picture` is most like `person`.
pub fn find(picture: &RgbImage, person: &RgbaImage) -> Sighting {
    let gray = imageops::grayscale(picture);
    let size = |length: u32| (length as f32 / SHRINK) as u32;
    let small = imageops::resize(&gray, size(gray.width()), size(gray.height()), FilterType::Triangle);
    let mut best = Sighting { left: 0.0, top: 0.0, scale: 1.0, mirrored: false, likeness: -1.0 };
    for mirrored in [false, true] {
        let person = if mirrored { imageops::flip_horizontal(person) } else { person.clone() };
        let mut scale = 0.5;
        while scale < 4.0 {
            let template = Template::new(&person, scale / SHRINK);
            search(&small, &template, None, scale, mirrored, &mut best);
            scale *= 1.04;
        }
    }
    let person = if best.mirrored { imageops::flip_horizontal(person) } else { person.clone() };
    let coarse = best;
    for step in -4..=4 {
        let scale = coarse.scale * (1.0 + 0.01 * step as f32);
        let template = Template::new(&person, scale / SHRINK);
        let around = ((coarse.left / SHRINK) as i32, (coarse.top / SHRINK) as i32);
        search(&small, &template, Some(around), scale, coarse.mirrored, &mut best);
    }
    best
}

/// Some pixels of the person's upper part, with luma of mean 0 and norm 1.
struct Template {
    points: Vec<(i32, i32, f32)>,
    width: i32,
    height: i32,
}

impl Template {
    fn new(person: &RgbaImage, scale: f32) -> Self {
        let size = |length: u32| ((length as f32 * scale) as u32).max(1);
        let small =
            imageops::resize(person, size(person.width()), size(person.height()), FilterType::Triangle);
        let upper = small.height() * 3 / 4;
        let opaque = small.enumerate_pixels().filter(|(_, y, pixel)| *y < upper && pixel.0[3] > 250);
        let mut points: Vec<(i32, i32, f32)> =
            opaque.map(|(x, y, pixel)| (x as i32, y as i32, luma(pixel.0))).collect();
        let stride = points.len().div_ceil(300).max(1);
        points = points.into_iter().step_by(stride).collect();
        let mean = points.iter().map(|point| point.2).sum::<f32>() / points.len() as f32;
        let norm = points.iter().map(|point| (point.2 - mean).powi(2)).sum::<f32>().sqrt();
        points.iter_mut().for_each(|point| point.2 = (point.2 - mean) / norm.max(1e-6));
        Self { points, width: small.width() as i32, height: upper as i32 }
    }

    fn likeness(&self, picture: &GrayImage, left: i32, top: i32) -> f64 {
        let (mut dot, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for &(x, y, value) in &self.points {
            let pixel = f32::from(picture.get_pixel((left + x) as u32, (top + y) as u32).0[0]);
            dot += value * pixel;
            sum += pixel;
            squares += pixel * pixel;
        }
        let variance = squares - sum * sum / self.points.len() as f32;
        f64::from(dot / variance.max(1.0).sqrt())
    }
}

fn luma([red, green, blue, _]: [u8; 4]) -> f32 {
    0.2126 * f32::from(red) + 0.7152 * f32::from(green) + 0.0722 * f32::from(blue)
}

/// Tries every second place, or all within three of `around`, and keeps the best.
fn search(
    small: &GrayImage,
    template: &Template,
    around: Option<(i32, i32)>,
    scale: f32,
    mirrored: bool,
    best: &mut Sighting,
) {
    let (last_x, last_y) = (small.width() as i32 - template.width, small.height() as i32 - template.height);
    let (step, (left, right), (top, bottom)) = match around {
        None => (2, (0, last_x), (0, last_y)),
        Some((x, y)) => (1, ((x - 3).max(0), (x + 3).min(last_x)), ((y - 3).max(0), (y + 3).min(last_y))),
    };
    for y in (top..=bottom).step_by(step) {
        for x in (left..=right).step_by(step) {
            let likeness = template.likeness(small, x, y);
            if likeness > best.likeness {
                let (left, top) = (x as f32 * SHRINK, y as f32 * SHRINK);
                *best = Sighting { left, top, scale, mirrored, likeness };
            }
        }
    }
}

/// How sharp the found person is well within the outline, and the picture in a band a little way outside it.
pub fn sharpness(picture: &RgbImage, person: &RgbaImage, sighting: Sighting) -> Sharpness {
    let gray = imageops::grayscale(picture);
    let person = if sighting.mirrored { imageops::flip_horizontal(person) } else { person.clone() };
    let size = |length: u32| (length as f32 * sighting.scale) as u32;
    let person = imageops::resize(&person, size(person.width()), size(person.height()), FilterType::Triangle);
    let covered = |x: u32, y: u32| {
        let (x, y) = (x as f32 - sighting.left, y as f32 - sighting.top);
        x >= 0.0
            && y >= 0.0
            && person.get_pixel_checked(x as u32, y as u32).is_some_and(|pixel| pixel.0[3] > 127)
    };
    let inside = distances(gray.dimensions(), |x, y| !covered(x, y));
    let outside = distances(gray.dimensions(), covered);
    let reach = person.height() as f32;
    let (mut person, mut around) = (Mean::default(), Mean::default());
    for y in DETAIL..gray.height() - DETAIL {
        for x in DETAIL..gray.width() - DETAIL {
            let at = (y * gray.width() + x) as usize;
            if inside[at] > 0.04 * reach {
                person.add(laplacian(&gray, x, y));
            } else if (0.06 * reach..0.2 * reach).contains(&outside[at]) {
                around.add(laplacian(&gray, x, y));
            }
        }
    }
    Sharpness { person: person.value(), around: around.value() }
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn value(&self) -> f64 {
        self.sum / f64::from(self.count.max(1))
    }
}

fn laplacian(gray: &GrayImage, x: u32, y: u32) -> f64 {
    let at = |x: u32, y: u32| f64::from(gray.get_pixel(x, y).0[0]);
    let neighbors = at(x - DETAIL, y) + at(x + DETAIL, y) + at(x, y - DETAIL) + at(x, y + DETAIL);
    (4.0 * at(x, y) - neighbors).abs()
}

/// Each pixel's distance to the nearest one of the set, by two passes over its neighbors (a chamfer of 1 and √2).
fn distances((width, height): (u32, u32), in_set: impl Fn(u32, u32) -> bool) -> Vec<f32> {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let mut distance: Vec<f32> = pixels.map(|(x, y)| if in_set(x, y) { 0.0 } else { f32::MAX }).collect();
    let (width, height) = (width as i32, height as i32);
    let mut pass = |backwards: bool| {
        for index in 0..width * height {
            let index = if backwards { width * height - 1 - index } else { index };
            let (x, y) = (index % width, index / width);
            for (dx, dy, step) in [(-1, 0, 1.0), (0, -1, 1.0), (-1, -1, 1.414), (1, -1, 1.414)] {
                let (x, y) = if backwards { (x - dx, y - dy) } else { (x + dx, y + dy) };
                if (0..width).contains(&x) && (0..height).contains(&y) {
                    let through = distance[(y * width + x) as usize] + step;
                    let own = &mut distance[index as usize];
                    *own = own.min(through);
                }
            }
        }
    };
    pass(false);
    pass(true);
    distance
}
