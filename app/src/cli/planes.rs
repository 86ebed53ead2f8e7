//! Planes of luma and chroma, for clips that are written: of a camera's samples, or of red, green and blue.

use anyhow::{Result, bail};

use crate::pipeline::frame::{Color, Frame, Matrix, PixelFormat, Range};

/// The format in which y4m holds frames of a format without changing their samples; red, green and blue become
/// luma and chroma of full size.
pub fn planar_format(format: PixelFormat) -> PixelFormat {
    match format {
        PixelFormat::Yuyv | PixelFormat::Uyvy => PixelFormat::I422,
        PixelFormat::Nv12 | PixelFormat::Nv21 => PixelFormat::I420,
        PixelFormat::Rgb | PixelFormat::Bgr | PixelFormat::Rgba => PixelFormat::I444,
        PixelFormat::I420 | PixelFormat::I422 | PixelFormat::I444 | PixelFormat::Gray => format,
    }
}

/// A frame's planes in [`planar_format`], one after the other. Red, green and blue become [`Color::JPEG`].
pub fn planes_from_frame(frame: &Frame) -> Result<Vec<u8>> {
    // For each plane that is written: the plane to read, the first sample, and the bytes from one to the next.
    let origins = match frame.format() {
        PixelFormat::Yuyv => [(0, 0, 2), (0, 1, 4), (0, 3, 4)],
        PixelFormat::Uyvy => [(0, 1, 2), (0, 0, 4), (0, 2, 4)],
        PixelFormat::Nv12 => [(0, 0, 1), (1, 0, 2), (1, 1, 2)],
        PixelFormat::Nv21 => [(0, 0, 1), (1, 1, 2), (1, 0, 2)],
        PixelFormat::I420 | PixelFormat::I422 | PixelFormat::I444 | PixelFormat::Gray => {
            [(0, 0, 1), (1, 0, 1), (2, 0, 1)]
        }
        PixelFormat::Rgb | PixelFormat::Bgr | PixelFormat::Rgba => return planes_from_colors(frame),
    };
    let format = planar_format(frame.format());
    let mut planes = Vec::with_capacity(format.packed_len(frame.width(), frame.height()));
    for (index, (plane, first, step)) in origins.into_iter().take(format.plane_count()).enumerate() {
        let (samples, rows) = format.plane_size(index, frame.width(), frame.height());
        for row in 0..rows {
            planes.extend(frame.row(plane, row)[first..].iter().step_by(step).take(samples));
        }
    }
    Ok(planes)
}

fn planes_from_colors(frame: &Frame) -> Result<Vec<u8>> {
    let (step, order) = match frame.format() {
        PixelFormat::Rgba => (4, [0, 1, 2]),
        PixelFormat::Bgr => (3, [2, 1, 0]),
        _ => (3, [0, 1, 2]),
    };
    let rows = (0..frame.height() as usize).map(|row| frame.row(0, row));
    let pixels = rows.flat_map(|row| row.chunks_exact(step));
    let rgba: Vec<u8> =
        pixels.flat_map(|pixel| [pixel[order[0]], pixel[order[1]], pixel[order[2]], 255]).collect();
    planes_from_rgba(&rgba, (frame.width(), frame.height()), PixelFormat::I444, Color::JPEG)
}

/// The planes of a picture in one of the formats that y4m holds, one after the other.
///
/// ITU-R BT.601-7 and BT.709-6: `Y = kr R + kg G + kb B`, `U = (B − Y) / 2(1 − kb)`, `V = (R − Y) / 2(1 − kr)`.
/// Chroma of half size is the mean of the pixels that share it.
pub fn planes_from_rgba(
    rgba: &[u8],
    (width, height): (u32, u32),
    format: PixelFormat,
    color: Color,
) -> Result<Vec<u8>> {
    let (step_x, step_y) = match format {
        PixelFormat::Gray | PixelFormat::I444 => (1, 1),
        PixelFormat::I422 => (2, 1),
        PixelFormat::I420 => (2, 2),
        other => bail!("a clip cannot be written as {other:?}"),
    };
    let (width, height) = (width as usize, height as usize);
    let mut planes = Vec::with_capacity(format.packed_len(width as u32, height as u32));
    planes.extend(rgba.chunks_exact(4).map(|pixel| Yuv::of(pixel, color.matrix).luma_byte(color.range)));
    if format == PixelFormat::Gray {
        return Ok(planes);
    }
    let mut red_plane = Vec::with_capacity(planes.len());
    for y in (0..height).step_by(step_y) {
        for x in (0..width).step_by(step_x) {
            let (mut u, mut v, mut count) = (0.0, 0.0, 0.0);
            for (row, column) in (y..(y + step_y).min(height))
                .flat_map(|row| (x..(x + step_x).min(width)).map(move |c| (row, c)))
            {
                let yuv = Yuv::of(&rgba[4 * (row * width + column)..], color.matrix);
                (u, v, count) = (u + yuv.u, v + yuv.v, count + 1.0);
            }
            planes.push(chroma_byte(u / count, color.range));
            red_plane.push(chroma_byte(v / count, color.range));
        }
    }
    planes.extend(red_plane);
    Ok(planes)
}

/// Luma in 0..1 and chroma in −0.5..0.5.
struct Yuv {
    y: f32,
    u: f32,
    v: f32,
}

impl Yuv {
    fn of(pixel: &[u8], matrix: Matrix) -> Self {
        let (kr, kb) = match matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
        };
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(|channel| f32::from(channel) / 255.0);
        let y = kr * r + (1.0 - kr - kb) * g + kb * b;
        Self { y, u: (b - y) / (2.0 * (1.0 - kb)), v: (r - y) / (2.0 * (1.0 - kr)) }
    }

    fn luma_byte(&self, range: Range) -> u8 {
        match range {
            Range::Full => (255.0 * self.y).round() as u8,
            Range::Limited => (16.0 + 219.0 * self.y).round() as u8,
        }
    }
}

fn chroma_byte(value: f32, range: Range) -> u8 {
    let span = match range {
        Range::Full => 255.0,
        Range::Limited => 224.0,
    };
    (128.0 + span * value).round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primary_colors_have_the_values_of_the_standard() {
        let limited = Color { matrix: Matrix::Bt601, range: Range::Limited };
        for (rgb, want) in [
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 0], [16, 128, 128]),
            ([255, 0, 0], [81, 90, 240]),
            ([0, 255, 0], [145, 54, 34]),
            ([0, 0, 255], [41, 240, 110]),
        ] {
            let rgba = [rgb[0], rgb[1], rgb[2], 255];
            let planes = planes_from_rgba(&rgba, (1, 1), PixelFormat::I444, limited).expect("a known format");
            assert_eq!(planes, want, "{rgb:?}");
        }
    }

    #[test]
    fn samples_of_every_format_keep_their_values() {
        // Luma is 1, blue chroma 2, red chroma 3.
        for (format, bytes) in [
            (PixelFormat::Yuyv, vec![1, 2, 1, 3, 1, 2, 1, 3]),
            (PixelFormat::Uyvy, vec![2, 1, 3, 1, 2, 1, 3, 1]),
            (PixelFormat::Nv12, vec![1, 1, 1, 2, 3, 2, 3]),
            (PixelFormat::Nv21, vec![1, 1, 1, 3, 2, 3, 2]),
            (PixelFormat::I420, vec![1, 1, 1, 2, 2, 3, 3]),
            (PixelFormat::I422, vec![1, 1, 1, 2, 2, 3, 3]),
            (PixelFormat::I444, vec![1, 1, 1, 2, 2, 2, 3, 3, 3]),
            (PixelFormat::Gray, vec![1, 1, 1]),
        ] {
            let frame = Frame::new(format, 3, 1, bytes).expect("three pixels");
            let planes = planes_from_frame(&frame).expect("a known format");
            let count = |value| planes.iter().filter(|&&sample| sample == value).count();
            let planar = planar_format(format);
            assert_eq!(planes.len(), planar.packed_len(3, 1), "{format:?}");
            assert!(planes.is_sorted(), "{format:?}: {planes:?}");
            assert_eq!((count(1), count(2)), (3, count(3)), "{format:?}");
        }
        let bgr = Frame::new(PixelFormat::Bgr, 1, 1, vec![0, 0, 255]).expect("a red pixel");
        let rgb = Frame::new(PixelFormat::Rgb, 1, 1, vec![255, 0, 0]).expect("a red pixel");
        let planes = |frame| planes_from_frame(&frame).expect("a known format");
        assert_eq!(planes(bgr), planes(rgb));
    }

    #[test]
    fn every_format_has_its_size_also_for_odd_pictures() {
        for format in [PixelFormat::Gray, PixelFormat::I420, PixelFormat::I422, PixelFormat::I444] {
            let planes =
                planes_from_rgba(&[90; 4 * 15], (5, 3), format, Color::JPEG).expect("a known format");
            assert_eq!(planes.len(), format.packed_len(5, 3));
        }
    }
}
