//! The network's input on the CPU: the same mean over each texel's footprint as `prepare.wgsl` takes on the
//! GPU, in two passes, rows first.
//!
//! The first pass weighs and sums rows of bytes as they are stored, whatever they mean; the second takes the means of the
//! sums along the row, channel by channel, and brings them to red, green and blue. Both are loops over slices that the
//! compiler makes vectors of, in a function compiled for the processor's widest.

use matte_engine::simd::{Isa, Simd, Vectorized};

use crate::pipeline::frame::{Frame, PixelFormat, Rotation};
use crate::pipeline::{Rect, rgb_rows};

/// Which stored pixels a texel covers along one axis: the first, and the weight of each. None outside the picture.
#[derive(Clone, Default)]
struct Span {
    first: usize,
    weights: Vec<f32>,
}

/// Where a channel lies in the rows of a plane.
#[derive(Clone, Copy)]
struct Channel {
    plane: usize,
    /// Bytes from a sample to the next, and before the first.
    step: usize,
    offset: usize,
    /// Rows and columns that share a sample, as powers of two.
    shared: [u32; 2],
}

/// The values of a network's input `[1, h, w, 3]`, for the part `crop` of the shown picture.
///
/// A texel is the mean over its footprint, which is never narrower than a pixel; texels whose center lies
/// outside the picture are black. `range` holds the values of black and white.
pub fn input_values(frame: &Frame, crop: Rect, size: (u32, u32), range: [f32; 2]) -> Vec<f32> {
    Isa::detect().run(Conversion { frame, crop, size, range })
}

struct Conversion<'a> {
    frame: &'a Frame,
    crop: Rect,
    size: (u32, u32),
    range: [f32; 2],
}

impl Vectorized for Conversion<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Vec<f32> {
        let Self { frame, crop, size: (width, height), range: [low, high] } = self;
        let (shown_width, shown_height) = frame.orientation.shown_size(frame.width(), frame.height());
        let (rotation, mirrored) = (frame.orientation.rotation, frame.orientation.mirrored);
        let turned = matches!(rotation, Rotation::Quarter | Rotation::ThreeQuarters);
        // Along which shown axes the stored pixels run backwards.
        let x_back = mirrored != matches!(rotation, Rotation::Quarter | Rotation::Half);
        let y_back = matches!(rotation, Rotation::Half | Rotation::ThreeQuarters);
        let along_x = spans(crop.x, crop.width, width, shown_width, x_back);
        let along_y = spans(crop.y, crop.height, height, shown_height, y_back);
        let (across, down) = if turned { (along_y, along_x) } else { (along_x, along_y) };

        let channels = channels(frame.format());
        let rgb = rgb_rows(frame);
        let mut sums = vec![vec![0.0f32; 0]; frame.planes().len()];
        let mut means = vec![[0.0f32; 3]; across.len()];
        let mut values = vec![low; 3 * width as usize * height as usize];
        for (line, rows) in down.iter().enumerate().filter(|(_, rows)| !rows.weights.is_empty()) {
            for (plane, sums) in sums.iter_mut().enumerate() {
                let shared = channels.iter().flatten().find(|channel| channel.plane == plane);
                let shift = shared.map_or(0, |channel| channel.shared[0]);
                sum_rows(frame, plane, shift, rows, sums);
            }
            for (index, channel) in channels.iter().enumerate() {
                match channel {
                    Some(channel) => along(&sums[channel.plane], *channel, &across, index, &mut means),
                    None => means.iter_mut().for_each(|mean| mean[index] = 128.0),
                }
            }
            colored(&mut means, &rgb, low, high);
            let place = |index: usize| {
                if turned { index * width as usize + line } else { line * width as usize + index }
            };
            let inside =
                means.iter().zip(&across).enumerate().filter(|(_, (_, span))| !span.weights.is_empty());
            for (index, (color, _)) in inside {
                values[3 * place(index)..][..3].copy_from_slice(color);
            }
        }
        values
    }
}

/// The three channels of a format, as [`rgb_rows`] takes them; none for chroma that is not there.
fn channels(format: PixelFormat) -> [Option<Channel>; 3] {
    let packed = |step, shared, offset| Some(Channel { plane: 0, step, offset, shared: [0, shared] });
    let planar = |plane, step, offset, shared| Some(Channel { plane, step, offset, shared });
    match format {
        PixelFormat::Rgba => [packed(4, 0, 0), packed(4, 0, 1), packed(4, 0, 2)],
        PixelFormat::Rgb | PixelFormat::Bgr => [packed(3, 0, 0), packed(3, 0, 1), packed(3, 0, 2)],
        PixelFormat::Gray => [packed(1, 0, 0), None, None],
        PixelFormat::Yuyv => [packed(2, 0, 0), packed(4, 1, 1), packed(4, 1, 3)],
        PixelFormat::Uyvy => [packed(2, 0, 1), packed(4, 1, 0), packed(4, 1, 2)],
        PixelFormat::Nv12 => [planar(0, 1, 0, [0, 0]), planar(1, 2, 0, [1, 1]), planar(1, 2, 1, [1, 1])],
        PixelFormat::Nv21 => [planar(0, 1, 0, [0, 0]), planar(1, 2, 1, [1, 1]), planar(1, 2, 0, [1, 1])],
        PixelFormat::I420 => [planar(0, 1, 0, [0, 0]), planar(1, 1, 0, [1, 1]), planar(2, 1, 0, [1, 1])],
        PixelFormat::I422 => [planar(0, 1, 0, [0, 0]), planar(1, 1, 0, [0, 1]), planar(2, 1, 0, [0, 1])],
        PixelFormat::I444 => [planar(0, 1, 0, [0, 0]), planar(1, 1, 0, [0, 0]), planar(2, 1, 0, [0, 0])],
    }
}

/// What each of `count` texels covers of `limit` pixels, which lie `back` to front or not. Pixels beyond the edges are those
/// at the edge.
fn spans(from: f32, length: f32, count: u32, limit: u32, back: bool) -> Vec<Span> {
    let step = length / count as f32;
    let last = i64::from(limit) - 1;
    let span = |index: u32| {
        let center = from + (index as f32 + 0.5) * step;
        if center < 0.0 || center >= limit as f32 {
            return Span::default();
        }
        let width = step.max(1.0);
        let (low, high) = (center - 0.5 * width, center + 0.5 * width);
        let (start, end) = (low.floor() as i64, high.ceil() as i64);
        let [first, final_] = [start, end - 1].map(|pixel| pixel.clamp(0, last));
        let mut weights = vec![0.0; (final_ - first) as usize + 1];
        for pixel in start..end {
            let weight = ((pixel + 1) as f32).min(high) - (pixel as f32).max(low);
            weights[(pixel.clamp(first, final_) - first) as usize] += weight / width;
        }
        if back {
            weights.reverse();
        }
        Span { first: if back { last - final_ } else { first } as usize, weights }
    };
    (0..count).map(span).collect()
}

/// The weighted sum of a plane's rows, byte by byte. `1 << shared` rows of the picture share one of the plane.
#[inline(always)]
fn sum_rows(frame: &Frame, plane: usize, shared: u32, rows: &Span, sums: &mut Vec<f32>) {
    for (offset, &weight) in rows.weights.iter().enumerate() {
        let row = frame.row(plane, (rows.first + offset) >> shared);
        if offset == 0 {
            sums.clear();
            sums.extend(row.iter().map(|&byte| weight * f32::from(byte)));
        } else {
            for (sum, &byte) in sums.iter_mut().zip(row) {
                *sum += weight * f32::from(byte);
            }
        }
    }
}

/// The means of a channel along a row of sums, for each texel.
#[inline(always)]
fn along(sums: &[f32], channel: Channel, across: &[Span], index: usize, means: &mut [[f32; 3]]) {
    let Channel { step, offset, shared: [_, shared], .. } = channel;
    for (mean, span) in means.iter_mut().zip(across) {
        let mut sum = 0.0;
        for (at, &weight) in span.weights.iter().enumerate() {
            sum += weight * sums[((span.first + at) >> shared) * step + offset];
        }
        mean[index] = sum;
    }
}

/// Means of bytes to red, green and blue between `low` and `high`.
#[inline(always)]
fn colored(means: &mut [[f32; 3]], rows: &[[f32; 4]; 3], low: f32, high: f32) {
    let scaled = rows.map(|[a, b, c, bias]| [a / 255.0, b / 255.0, c / 255.0, bias]);
    for mean in means {
        let [x, y, z] = *mean;
        *mean =
            scaled.map(|[a, b, c, bias]| low + (a * x + b * y + c * z + bias).clamp(0.0, 1.0) * (high - low));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::frame::Orientation;

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

    /// The value of a texel, pixel by pixel.
    fn plain(frame: &Frame, crop: Rect, size: [u32; 2], [x, y]: [u32; 2]) -> [f32; 3] {
        let (width, height) = frame.orientation.shown_size(frame.width(), frame.height());
        let covered =
            |from: f32, length: f32, count: u32, index: u32, limit: u32| -> Option<Vec<(u32, f32)>> {
                let step = length / count as f32;
                let (center, width) = (from + (index as f32 + 0.5) * step, step.max(1.0));
                let (low, high) = (center - 0.5 * width, center + 0.5 * width);
                let weight = |pixel: i64| ((pixel + 1) as f32).min(high) - (pixel as f32).max(low);
                let pixel = |pixel: i64| (pixel.clamp(0, i64::from(limit) - 1) as u32, weight(pixel) / width);
                (center >= 0.0 && center < limit as f32)
                    .then(|| (low.floor() as i64..high.ceil() as i64).map(pixel).collect())
            };
        let columns = covered(crop.x, crop.width, size[0], x, width);
        let rows = covered(crop.y, crop.height, size[1], y, height);
        let (Some(columns), Some(rows)) = (columns, rows) else { return [0.0; 3] };
        let mut sum = [0.0; 3];
        for (y, of_row) in &rows {
            for (x, of_column) in &columns {
                let (x, y) = stored(frame, *x, *y, width);
                let sample = sample(frame, x as usize, y as usize);
                (0..3).for_each(|c| sum[c] += of_row * of_column * f32::from(sample[c]) / 255.0);
            }
        }
        rgb_rows(frame).map(|[a, b, c, bias]| (a * sum[0] + b * sum[1] + c * sum[2] + bias).clamp(0.0, 1.0))
    }

    #[test]
    fn every_format_and_orientation_agrees_with_single_pixels() {
        let rotations = [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters];
        let crops = [[0.0, 0.0, 1.0, 1.0], [0.2, 0.3, 0.5, 0.6], [-0.3, 0.1, 1.7, 0.4]];
        for format in PixelFormat::ALL {
            for (rotation, mirrored) in rotations.into_iter().flat_map(|r| [(r, false), (r, true)]) {
                let mut frame = gradient(format, 14, 10);
                frame.orientation = Orientation { rotation, mirrored };
                let (width, height) = frame.orientation.shown_size(14, 10);
                for ([x, y, w, h], size) in crops.into_iter().zip([[5, 4], [9, 7], [8, 3]]) {
                    let (across, down) = (width as f32, height as f32);
                    let crop = Rect { x: x * across, y: y * down, width: w * across, height: h * down };
                    let got = input_values(&frame, crop, size.into(), [0.0, 1.0]);
                    for (index, got) in got.chunks_exact(3).enumerate() {
                        let at = [index as u32 % size[0], index as u32 / size[0]];
                        let expected = plain(&frame, crop, size, at);
                        let apart = got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                        assert!(
                            apart < 2e-5,
                            "{format:?} {rotation:?} {mirrored} {at:?}: {got:?} is not {expected:?}"
                        );
                    }
                }
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
}
