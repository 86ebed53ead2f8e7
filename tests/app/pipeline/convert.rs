//! Every format, range and matrix, at odd sizes, against the standards' formulas in double precision.

use matte::pipeline::frame::{Color, Frame, Matrix, Orientation, PixelFormat, Range, Rotation};
use matte::pipeline::{Effect, Settings, View};
use wgpu::TextureFormat;

use super::device::{Noise, Pixel, gpu};

/// How chroma of half size is read.
#[derive(Clone, Copy, PartialEq)]
pub enum Chroma {
    Interpolated,
    Nearest,
}

/// Luma and chroma samples, or red, green and blue, of a pixel of the stored picture: bytes, as fractions
/// where chroma is interpolated.
pub fn reference_sample(frame: &Frame, chroma: Chroma, x: u32, y: u32) -> [f64; 3] {
    let nearest = chroma == Chroma::Nearest;
    let (x, y) = (x as usize, y as usize);
    let byte = |plane: usize, row: usize, index: usize| f64::from(frame.row(plane, row)[index]);
    // Chroma centered between its luma samples: bilinear, with the edge repeated.
    let chroma = |plane: usize, step: (usize, usize), pitch: usize, offset: usize| {
        let (row, rows) = frame.format().plane_size(plane, frame.width(), frame.height());
        let columns = row / pitch;
        let place = |at: usize, step: usize, count: usize| {
            if nearest {
                return (at / step, at / step, 0.0);
            }
            let at = (at as f64 + 0.5) / step as f64 - 0.5;
            let clamped = |i: f64| i.clamp(0.0, (count - 1) as f64) as usize;
            (clamped(at.floor()), clamped(at.floor() + 1.0), at - at.floor())
        };
        let (left, right, across) = place(x, step.0, columns);
        let (top, bottom, down) = place(y, step.1, rows);
        let line = |row| {
            let (a, b) = (byte(plane, row, left * pitch + offset), byte(plane, row, right * pitch + offset));
            a + (b - a) * across
        };
        line(top) + (line(bottom) - line(top)) * down
    };
    match frame.format() {
        PixelFormat::Yuyv => [byte(0, y, 2 * x), chroma(0, (2, 1), 4, 1), chroma(0, (2, 1), 4, 3)],
        PixelFormat::Uyvy => [byte(0, y, 2 * x + 1), chroma(0, (2, 1), 4, 0), chroma(0, (2, 1), 4, 2)],
        PixelFormat::Nv12 => [byte(0, y, x), chroma(1, (2, 2), 2, 0), chroma(1, (2, 2), 2, 1)],
        PixelFormat::Nv21 => [byte(0, y, x), chroma(1, (2, 2), 2, 1), chroma(1, (2, 2), 2, 0)],
        PixelFormat::I420 => [byte(0, y, x), chroma(1, (2, 2), 1, 0), chroma(2, (2, 2), 1, 0)],
        PixelFormat::I422 => [byte(0, y, x), chroma(1, (2, 1), 1, 0), chroma(2, (2, 1), 1, 0)],
        PixelFormat::I444 => [byte(0, y, x), chroma(1, (1, 1), 1, 0), chroma(2, (1, 1), 1, 0)],
        PixelFormat::Rgb => [0, 1, 2].map(|channel| byte(0, y, 3 * x + channel)),
        PixelFormat::Bgr => [2, 1, 0].map(|channel| byte(0, y, 3 * x + channel)),
        PixelFormat::Rgba => [0, 1, 2].map(|channel| byte(0, y, 4 * x + channel)),
        PixelFormat::Gray => [byte(0, y, x), 128.0, 128.0],
    }
}

/// Red, green and blue in 0..1 of a sample, by BT.601-7 and BT.709-6.
pub fn reference_rgb(frame: &Frame, sample: [f64; 3]) -> [f64; 3] {
    if !frame.format().is_yuv() {
        return sample.map(|value| value / 255.0);
    }
    let [luma, u, v] = match frame.color.range {
        Range::Limited => {
            [(sample[0] - 16.0) / 219.0, (sample[1] - 128.0) / 224.0, (sample[2] - 128.0) / 224.0]
        }
        Range::Full => [sample[0] / 255.0, (sample[1] - 128.0) / 255.0, (sample[2] - 128.0) / 255.0],
    };
    let (red_weight, blue_weight) = match frame.color.matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
    };
    let red = luma + 2.0 * (1.0 - red_weight) * v;
    let blue = luma + 2.0 * (1.0 - blue_weight) * u;
    let green = (luma - red_weight * red - blue_weight * blue) / (1.0 - red_weight - blue_weight);
    [red, green, blue].map(|value| value.clamp(0.0, 1.0))
}

/// A frame of random bytes.
pub fn random_frame(format: PixelFormat, width: u32, height: u32, seed: u64) -> Frame {
    let mut noise = Noise(seed);
    let data = (0..format.packed_len(width, height)).map(|_| noise.byte()).collect();
    Frame::new(format, width, height, data).expect("exact data")
}

const SOURCE: Settings = Settings { view: View::Source, effect: Effect::Off, ..Settings::DEFAULT };

fn worst_difference(frame: &Frame, shown: &[Pixel]) -> f64 {
    let mut worst = 0.0f64;
    for (index, pixel) in shown.iter().enumerate() {
        let (x, y) = (index as u32 % frame.width(), index as u32 / frame.width());
        let expected = reference_rgb(frame, reference_sample(frame, Chroma::Interpolated, x, y));
        for channel in 0..3 {
            worst = worst.max((f64::from(pixel[channel]) - 255.0 * expected[channel]).abs());
        }
    }
    worst
}

#[test]
fn every_format_becomes_the_right_colors() {
    let Some(gpu) = gpu("every_format_becomes_the_right_colors") else { return };
    let mut pipeline = gpu.pipeline();
    let mut seed = 0;
    for format in PixelFormat::ALL {
        for (width, height) in [(1, 1), (2, 2), (5, 3), (7, 8), (33, 17)] {
            for (matrix, range) in [
                (Matrix::Bt601, Range::Limited),
                (Matrix::Bt601, Range::Full),
                (Matrix::Bt709, Range::Limited),
                (Matrix::Bt709, Range::Full),
            ] {
                seed += 1;
                let mut frame = random_frame(format, width, height, seed);
                frame.color = Color { matrix, range };
                let shown = gpu.render(&mut pipeline, &frame, &SOURCE, None);
                let worst = worst_difference(&frame, &shown);
                assert!(worst <= 0.51, "{format:?} {width}×{height} {matrix:?} {range:?}: {worst}");
            }
        }
    }
}

#[test]
fn padded_rows_and_changed_sizes_are_followed() {
    let Some(gpu) = gpu("padded_rows_and_changed_sizes_are_followed") else { return };
    let mut pipeline = gpu.pipeline();
    let mut noise = Noise(5);
    let planes = [
        matte::pipeline::frame::Plane { offset: 3, stride: 16 },
        matte::pipeline::frame::Plane { offset: 200, stride: 20 },
    ];
    let data: Vec<u8> = (0..400).map(|_| noise.byte()).collect();
    let padded = Frame::from_planes(PixelFormat::Nv12, 11, 9, &planes, data).expect("the planes lie inside");
    for frame in [&padded, &random_frame(PixelFormat::Rgb, 4, 3, 6), &padded] {
        let shown = gpu.render(&mut pipeline, frame, &SOURCE, None);
        assert_eq!(shown.len() as u32, frame.width() * frame.height());
        assert!(worst_difference(frame, &shown) <= 0.51);
    }
}

#[test]
fn orientation_turns_then_mirrors() {
    let Some(gpu) = gpu("orientation_turns_then_mirrors") else { return };
    let mut pipeline = gpu.pipeline();
    let (width, height) = (3u32, 2u32);
    let stored: Vec<Pixel> = (0..6u8).map(|index| [40 * index, 255 - 40 * index, 7 * index, 255]).collect();
    let at = |x: u32, y: u32| stored[(y * width + x) as usize];
    for mirrored in [false, true] {
        for rotation in [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters] {
            let mut frame = Frame::new(PixelFormat::Rgba, width, height, stored.concat()).expect("exact");
            frame.orientation = Orientation { rotation, mirrored };
            let shown = gpu.render(&mut pipeline, &frame, &SOURCE, None);
            let (shown_width, shown_height) = frame.orientation.shown_size(width, height);
            for y in 0..shown_height {
                for x in 0..shown_width {
                    let turned_x = if mirrored { shown_width - 1 - x } else { x };
                    let expected = match rotation {
                        Rotation::None => at(turned_x, y),
                        Rotation::Quarter => at(y, height - 1 - turned_x),
                        Rotation::Half => at(width - 1 - turned_x, height - 1 - y),
                        Rotation::ThreeQuarters => at(width - 1 - y, turned_x),
                    };
                    let shown = shown[(y * shown_width + x) as usize];
                    assert_eq!(shown, expected, "{rotation:?} mirrored {mirrored} at ({x}, {y})");
                }
            }
        }
    }
}

#[test]
fn half_the_resolution_shows_the_whole_picture_by_means() {
    let Some(gpu) = gpu("half_the_resolution_shows_the_whole_picture_by_means") else { return };
    let mut pipeline = gpu.pipeline();
    let settings = Settings { shrink: 2, ..SOURCE };
    let (columns, rows) = (4u32, 3u32);
    let mean = |x: u32, y: u32| (40 * x + 13 * y + 3) as u8;
    // Two by two pixels around each mean.
    let places = (0..2 * rows).flat_map(|y| (0..2 * columns).map(move |x| (x, y)));
    let data = places.map(|(x, y)| mean(x / 2, y / 2) - 3 + [6, 2, 4, 0][(x % 2 + y % 2 * 2) as usize]);
    let mut frame = Frame::new(PixelFormat::Gray, 2 * columns, 2 * rows, data.collect()).expect("exact data");
    frame.color = Color { matrix: Matrix::Bt601, range: Range::Full };
    for rotation in [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters] {
        frame.orientation = Orientation { rotation, mirrored: true };
        pipeline.upload(&frame).expect("the frame fits");
        let (width, height) = frame.orientation.shown_size(columns, rows);
        let shown = gpu.draw(&mut pipeline, &settings, None, (width, height), TextureFormat::Rgba8Unorm);
        for (index, pixel) in (0..).zip(&shown) {
            let (x, y) = (width - 1 - index % width, index / width);
            let expected = match rotation {
                Rotation::None => mean(x, y),
                Rotation::Quarter => mean(y, rows - 1 - x),
                Rotation::Half => mean(columns - 1 - x, rows - 1 - y),
                Rotation::ThreeQuarters => mean(columns - 1 - y, x),
            };
            assert_eq!(pixel[0], expected, "{rotation:?}, pixel {index}");
        }
    }
}

#[test]
fn a_frame_larger_than_the_textures_is_refused_and_the_last_one_stays() {
    let Some(gpu) = gpu("a_frame_larger_than_the_textures_is_refused_and_the_last_one_stays") else { return };
    let mut pipeline = gpu.pipeline();
    let small = random_frame(PixelFormat::Gray, 4, 4, 1);
    gpu.render(&mut pipeline, &small, &SOURCE, None);
    let side = gpu.device.limits().max_texture_dimension_2d + 1;
    let large = Frame::new(PixelFormat::Gray, side, 1, vec![0; side as usize]).expect("exact data");
    let error = pipeline.upload(&large).expect_err("the device's textures are smaller");
    assert!(error.to_string().contains("larger than this GPU's textures"), "{error}");
    assert_eq!(pipeline.picture_size(), (4, 4));
}
