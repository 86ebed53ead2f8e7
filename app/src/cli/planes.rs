//! Luma and chroma from red, green and blue, for clips that are written.

use anyhow::{Result, bail};

use crate::pipeline::frame::{Color, Matrix, PixelFormat, Range};

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
    fn every_format_has_its_size_also_for_odd_pictures() {
        for format in [PixelFormat::Gray, PixelFormat::I420, PixelFormat::I422, PixelFormat::I444] {
            let planes =
                planes_from_rgba(&[90; 4 * 15], (5, 3), format, Color::JPEG).expect("a known format");
            assert_eq!(planes.len(), format.packed_len(5, 3));
        }
    }
}
