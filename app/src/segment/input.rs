//! The network's input on the CPU: the same mean over each texel's footprint as `prepare.wgsl` takes on the
//! GPU, in two passes, rows first.

use crate::pipeline::frame::{Frame, Orientation, PixelFormat, Rotation};
use crate::pipeline::{Rect, rgb_rows};

/// Which pixels a texel covers along one axis: the first, and the weight of each.
struct Span {
    first: i64,
    weights: Vec<f32>,
    outside: bool,
}

/// The values of a network's input `[1, h, w, 3]`, for the part `crop` of the shown picture.
///
/// A texel is the mean over its footprint, which is never narrower than a pixel; texels whose center lies
/// outside the picture are black. `range` holds the values of black and white.
pub fn input_values(frame: &Frame, crop: Rect, (width, height): (u32, u32), range: [f32; 2]) -> Vec<f32> {
    let (shown_width, shown_height) = frame.orientation.shown_size(frame.width(), frame.height());
    let columns: Vec<_> = (0..width).map(|x| span(crop.x, crop.width, width, x, shown_width)).collect();
    let rgb = rgb_rows(frame);
    let [low, high] = range;
    let mut values = Vec::with_capacity(3 * width as usize * height as usize);
    let mut row = vec![[0.0f32; 3]; shown_width as usize];
    let mut sum = row.clone();
    for y in 0..height {
        let rows = span(crop.y, crop.height, height, y, shown_height);
        if rows.outside {
            values.extend(std::iter::repeat_n(low, 3 * width as usize));
            continue;
        }
        sum.fill([0.0; 3]);
        for (offset, &weight) in rows.weights.iter().enumerate() {
            let line = (rows.first + offset as i64).clamp(0, i64::from(shown_height) - 1);
            samples(frame, line as u32, &mut row);
            for (sum, sample) in sum.iter_mut().zip(&row) {
                (0..3).for_each(|c| sum[c] += weight * sample[c]);
            }
        }
        for column in &columns {
            let color = if column.outside { [0.0; 3] } else { color(&mean(&sum, column), &rgb) };
            values.extend(color.map(|channel| low + channel * (high - low)));
        }
    }
    values
}

fn span(from: f32, length: f32, count: u32, index: u32, limit: u32) -> Span {
    let step = length / count as f32;
    let center = from + (index as f32 + 0.5) * step;
    let width = step.max(1.0);
    let (low, high) = (center - 0.5 * width, center + 0.5 * width);
    let (first, end) = (low.floor() as i64, high.ceil() as i64);
    let weight = |pixel: i64| ((pixel + 1) as f32).min(high) - (pixel as f32).max(low);
    let weights = (first..end).map(|pixel| weight(pixel) / width).collect();
    Span { first, weights, outside: center < 0.0 || center >= limit as f32 }
}

fn mean(row: &[[f32; 3]], span: &Span) -> [f32; 3] {
    let last = row.len() as i64 - 1;
    let mut sum = [0.0; 3];
    for (offset, weight) in span.weights.iter().enumerate() {
        let sample = row[(span.first + offset as i64).clamp(0, last) as usize];
        (0..3).for_each(|c| sum[c] += weight * sample[c]);
    }
    sum
}

fn color(sample: &[f32; 3], rows: &[[f32; 4]; 3]) -> [f32; 3] {
    rows.map(|[a, b, c, bias]| {
        let [x, y, z] = sample.map(|value| value / 255.0);
        (a * x + b * y + c * z + bias).clamp(0.0, 1.0)
    })
}

/// The stored values of one row of the shown picture: luma and the nearest chroma, or red, green and blue.
fn samples(frame: &Frame, y: u32, row: &mut [[f32; 3]]) {
    if frame.orientation != Orientation::default() {
        let width = row.len() as u32;
        for (x, out) in (0..).zip(row) {
            let (x, y) = stored(frame, x, y, width);
            *out = sample(frame, x as usize, y as usize).map(f32::from);
        }
        return;
    }
    let y = y as usize;
    match frame.format() {
        PixelFormat::Rgba => packed::<4>(frame.row(0, y), row),
        PixelFormat::Rgb | PixelFormat::Bgr => packed::<3>(frame.row(0, y), row),
        PixelFormat::Yuyv => pairs(frame.row(0, y), row, [0, 2, 1, 3]),
        PixelFormat::Uyvy => pairs(frame.row(0, y), row, [1, 3, 0, 2]),
        _ => row.iter_mut().enumerate().for_each(|(x, out)| *out = sample(frame, x, y).map(f32::from)),
    }
}

fn packed<const N: usize>(bytes: &[u8], row: &mut [[f32; 3]]) {
    for (out, pixel) in row.iter_mut().zip(bytes.chunks_exact(N)) {
        *out = [f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])];
    }
}

/// Two pixels in four bytes; `order` says where their two lumas and the chroma lie.
fn pairs(bytes: &[u8], row: &mut [[f32; 3]], [first, second, blue, red]: [usize; 4]) {
    for (out, pair) in row.chunks_mut(2).zip(bytes.chunks_exact(4)) {
        let chroma = [f32::from(pair[blue]), f32::from(pair[red])];
        for (out, luma) in out.iter_mut().zip([pair[first], pair[second]]) {
            *out = [f32::from(luma), chroma[0], chroma[1]];
        }
    }
}

/// The stored values of the pixel at `x`, `y` of the stored picture.
fn sample(frame: &Frame, x: usize, y: usize) -> [u8; 3] {
    let first = |step: usize| {
        let pixel = &frame.row(0, y)[step * x..];
        [pixel[0], pixel[1], pixel[2]]
    };
    let luma = || frame.row(0, y)[x];
    match frame.format() {
        PixelFormat::Rgba => first(4),
        PixelFormat::Rgb | PixelFormat::Bgr => first(3),
        PixelFormat::Gray => [luma(), 128, 128],
        PixelFormat::Yuyv | PixelFormat::Uyvy => {
            let pair = &frame.row(0, y)[x / 2 * 4..];
            let late = x % 2;
            match frame.format() {
                PixelFormat::Yuyv => [pair[2 * late], pair[1], pair[3]],
                _ => [pair[1 + 2 * late], pair[0], pair[2]],
            }
        }
        PixelFormat::Nv12 | PixelFormat::Nv21 => {
            let pair = &frame.row(1, y / 2)[x / 2 * 2..];
            let swap = usize::from(frame.format() == PixelFormat::Nv21);
            [luma(), pair[swap], pair[1 - swap]]
        }
        PixelFormat::I420 => [luma(), frame.row(1, y / 2)[x / 2], frame.row(2, y / 2)[x / 2]],
        PixelFormat::I422 => [luma(), frame.row(1, y)[x / 2], frame.row(2, y)[x / 2]],
        PixelFormat::I444 => [luma(), frame.row(1, y)[x], frame.row(2, y)[x]],
    }
}

/// The stored pixel that is shown at `x`, `y`.
fn stored(frame: &Frame, x: u32, y: u32, shown_width: u32) -> (u32, u32) {
    let x = if frame.orientation.mirrored { shown_width - 1 - x } else { x };
    let (right, bottom) = (frame.width() - 1, frame.height() - 1);
    match frame.orientation.rotation {
        Rotation::None => (x, y),
        Rotation::Quarter => (y, bottom - x),
        Rotation::Half => (right - x, bottom - y),
        Rotation::ThreeQuarters => (right - y, x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(format: PixelFormat, width: u32, height: u32) -> Frame {
        let data = (0..format.packed_len(width, height)).map(|index| (index * 37 % 251) as u8).collect();
        Frame::new(format, width, height, data).expect("the bytes fit")
    }

    #[test]
    fn enlarging_nothing_gives_the_pixels() {
        let frame = gradient(PixelFormat::Rgb, 5, 3);
        let values = input_values(&frame, Rect::of_size((5, 3)), (5, 3), [-1.0, 1.0]);
        for (value, &byte) in values.iter().zip(frame.data()) {
            assert!((value - (f32::from(byte) / 127.5 - 1.0)).abs() < 1e-5);
        }
    }

    #[test]
    fn shrinking_takes_the_mean() {
        let frame =
            Frame::new(PixelFormat::Rgb, 2, 2, [0, 100, 200, 60].map(|v| [v; 3]).concat()).expect("fits");
        let values = input_values(&frame, Rect::of_size((2, 2)), (1, 1), [0.0, 255.0]);
        assert!(values.iter().all(|value| (value - 90.0).abs() < 1e-3), "{values:?}");
    }

    #[test]
    fn bars_are_black() {
        let frame = Frame::new(PixelFormat::Rgb, 2, 2, vec![255; 12]).expect("fits");
        let crop = Rect { x: 0.0, y: -1.0, width: 2.0, height: 4.0 };
        let values = input_values(&frame, crop, (2, 4), [0.0, 1.0]);
        assert_eq!(values[..6], [0.0; 6]);
        assert_eq!(values[6..18], [1.0; 12]);
        assert_eq!(values[18..], [0.0; 6]);
    }

    #[test]
    fn fast_rows_agree_with_single_pixels() {
        for format in PixelFormat::ALL {
            let frame = gradient(format, 7, 5);
            let mut row = vec![[0.0; 3]; 7];
            for y in 0..5 {
                samples(&frame, y, &mut row);
                for (x, got) in row.iter().enumerate() {
                    assert_eq!(*got, sample(&frame, x, y as usize).map(f32::from), "{format:?} {x} {y}");
                }
            }
        }
    }
}
