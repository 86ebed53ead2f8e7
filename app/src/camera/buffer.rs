//! From a driver's buffer to a frame: where its planes lie, and whether all of them are there.
//!
//! A buffer may be longer than its picture, and its rows may be padded. Raw pictures stay where they are and
//! are described; only MJPEG is decoded.

use anyhow::{Result, ensure};

use super::jpeg;
use super::mode::Encoding;
use crate::pipeline::frame::{Bytes, Color, Frame, PixelFormat, Plane};

/// How the pictures in a driver's buffers are arranged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// How they are packed.
    pub encoding: Encoding,
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// The bytes from one row of the first plane to the next; zero where rows follow each other without gaps.
    pub stride: usize,
    /// How luma and chroma are to be read, if the driver says it.
    pub color: Option<Color>,
}

impl Layout {
    /// The format of the planes; none for MJPEG, whose pictures say it themselves.
    pub fn format(&self) -> Option<PixelFormat> {
        Some(match self.encoding {
            Encoding::Nv12 => PixelFormat::Nv12,
            Encoding::Nv21 => PixelFormat::Nv21,
            Encoding::I420 => PixelFormat::I420,
            Encoding::Yuyv => PixelFormat::Yuyv,
            Encoding::Uyvy => PixelFormat::Uyvy,
            Encoding::Gray => PixelFormat::Gray,
            Encoding::Rgb => PixelFormat::Rgb,
            Encoding::Bgr => PixelFormat::Bgr,
            Encoding::Mjpeg => return None,
        })
    }

    /// The frame in a buffer of which `used` bytes are filled.
    pub fn frame(&self, buffer: impl Into<Bytes>, used: usize) -> Result<Frame> {
        let buffer = buffer.into();
        let mut frame = match self.format() {
            None => jpeg::frame_from_jpeg(jpeg::used_bytes(&buffer[..used.min(buffer.len())]))?,
            Some(format) => {
                let planes = self.planes(format);
                let needed = self.needed_bytes(format, &planes);
                ensure!(
                    used >= needed,
                    "a picture of {}×{} in {} has {needed} bytes, but {used} came",
                    self.width,
                    self.height,
                    self.encoding
                );
                Frame::from_planes(format, self.width, self.height, &planes, buffer)?
            }
        };
        if let Some(color) = self.color.filter(|_| self.encoding != Encoding::Mjpeg) {
            frame.color = color;
        }
        Ok(frame)
    }

    /// The planes one after the other, each with as many rows as it has. The planes of chroma have the stride
    /// of the first or, where their samples are not interleaved, half of it.
    fn planes(&self, format: PixelFormat) -> Vec<Plane> {
        let (least, _) = format.plane_size(0, self.width, self.height);
        let stride = self.stride.max(least);
        let mut offset = 0;
        (0..format.plane_count())
            .map(|index| {
                let (row, rows) = format.plane_size(index, self.width, self.height);
                let stride = match (index, format) {
                    (0, _) => stride,
                    (_, PixelFormat::I420) => stride.div_ceil(2).max(row),
                    _ => stride.max(row),
                };
                let plane = Plane { offset, stride };
                offset += stride * rows;
                plane
            })
            .collect()
    }

    /// The bytes up to the end of the last plane's last row.
    fn needed_bytes(&self, format: PixelFormat, planes: &[Plane]) -> usize {
        let ends = planes.iter().enumerate().map(|(index, plane)| {
            let (row, rows) = format.plane_size(index, self.width, self.height);
            plane.offset + (rows - 1) * plane.stride + row
        });
        ends.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::frame::{Matrix, Range};

    fn layout(encoding: Encoding, width: u32, height: u32, stride: usize) -> Layout {
        Layout { encoding, width, height, stride, color: None }
    }

    #[test]
    fn buffers_longer_than_the_picture_are_taken_and_shorter_ones_refused() {
        for encoding in Encoding::ALL {
            for (width, height) in [(320, 240), (7, 5), (1, 1)] {
                let layout = layout(encoding, width, height, 0);
                let Some(format) = layout.format() else { continue };
                let length = format.packed_len(width, height);
                let frame = layout.frame(vec![7; length + 4096], length + 4096).expect("more than needed");
                assert_eq!((frame.format(), frame.width(), frame.height()), (format, width, height));
                let error = layout.frame(vec![7; length], length - 1).expect_err("too short");
                assert!(error.to_string().contains(&length.to_string()), "{error}");
            }
        }
    }

    #[test]
    fn padded_rows_are_followed_in_every_plane() {
        let (width, height, stride) = (6u32, 4u32, 16usize);
        for encoding in [Encoding::Nv12, Encoding::Nv21, Encoding::I420, Encoding::Yuyv, Encoding::Gray] {
            let layout = layout(encoding, width, height, stride);
            // Each byte is the number of its row, counted through all planes; padding is 255.
            let format = layout.format().expect("a raw format");
            let (mut buffer, mut number) = (Vec::new(), 0u8);
            for plane in 0..format.plane_count() {
                let (row, rows) = format.plane_size(plane, width, height);
                let stride = if plane > 0 && encoding == Encoding::I420 { stride / 2 } else { stride };
                for _ in 0..rows {
                    buffer.extend(std::iter::repeat_n(number, row));
                    buffer.extend(std::iter::repeat_n(255, stride - row));
                    number += 1;
                }
            }
            let used = buffer.len();
            let frame = layout.frame(buffer, used).expect("all rows are there");
            let mut number = 0;
            for plane in 0..format.plane_count() {
                for row in 0..format.plane_size(plane, width, height).1 {
                    assert!(frame.row(plane, row).iter().all(|&byte| byte == number), "{encoding}");
                    number += 1;
                }
            }
        }
    }

    #[test]
    fn the_drivers_word_on_colors_counts_and_a_jpeg_has_its_own() {
        let color = Color { matrix: Matrix::Bt709, range: Range::Full };
        let said = Layout { color: Some(color), ..layout(Encoding::Yuyv, 4, 2, 0) };
        assert_eq!(said.frame(vec![0; 16], 16).expect("a picture").color, color);
        let silent = layout(Encoding::Yuyv, 4, 2, 0);
        assert_eq!(
            silent.frame(vec![0; 16], 16).expect("a picture").color,
            Color::usual(PixelFormat::Yuyv, 2)
        );
    }
}
