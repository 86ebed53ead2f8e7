//! MJPEG: one JPEG picture a frame, decoded to planes of luma and chroma.
//!
//! Pictures of the usual kind keep the size of their chroma planes ([`baseline`]); any other kind, as a
//! progressive one or one with chroma in thin strips, is decoded by zune-jpeg to planes of full size.
//!
//! The picture stays in the color space that it was coded in (BT.601, full range): the GPU converts it
//! together with every other format. Cameras take two liberties that are put right here: they leave out the
//! Huffman tables, which then are the ones of ITU-T T.81 annex K.3, and they pad the end of the buffer.

mod baseline;
mod entropy;
mod idct;

use std::borrow::Cow;

use anyhow::{Context, Result, ensure};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::pipeline::frame::{Color, Frame, MAX_SIDE, PixelFormat};

const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const HUFFMAN_TABLES: u8 = 0xc4;

/// Decodes one picture of an MJPEG stream to [`PixelFormat::I420`], [`PixelFormat::I422`],
/// [`PixelFormat::I444`], or [`PixelFormat::Gray`] without color.
pub fn frame_from_jpeg(bytes: &[u8]) -> Result<Frame> {
    let bytes = with_huffman_tables(bytes)?;
    let decoded = baseline::decode(&bytes).context("the camera sent a damaged JPEG picture")?;
    let mut frame = decoded.map_or_else(|| frame_of_another_kind(&bytes), Ok)?;
    frame.color = Color::JPEG;
    Ok(frame)
}

fn frame_of_another_kind(bytes: &[u8]) -> Result<Frame> {
    let options =
        DecoderOptions::new_fast().set_max_width(MAX_SIDE as usize).set_max_height(MAX_SIDE as usize);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().context("the camera sent a JPEG picture without a valid header")?;
    let gray = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let space = if gray { ColorSpace::Luma } else { ColorSpace::YCbCr };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let pixels = decoder.decode().context("the camera sent a damaged JPEG picture")?;
    let info = decoder.info().context("the camera sent a JPEG picture without a size")?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    if gray {
        return Frame::new(PixelFormat::Gray, width, height, pixels);
    }
    Frame::new(PixelFormat::I444, width, height, planes_from_interleaved(&pixels))
}

/// The picture at the start of a buffer, up to its end marker; the whole buffer if there is none.
pub fn used_bytes(buffer: &[u8]) -> &[u8] {
    let end = buffer.windows(2).rposition(|pair| pair == [0xff, END_OF_IMAGE]);
    end.map_or(buffer, |end| &buffer[..end + 2])
}

fn planes_from_interleaved(pixels: &[u8]) -> Vec<u8> {
    let count = pixels.len() / 3;
    let mut planes = vec![0; 3 * count];
    let (luma, chroma) = planes.split_at_mut(count);
    let (blue, red) = chroma.split_at_mut(count);
    for (((pixel, y), cb), cr) in pixels.chunks_exact(3).zip(luma).zip(blue).zip(red) {
        (*y, *cb, *cr) = (pixel[0], pixel[1], pixel[2]);
    }
    planes
}

/// The same picture with the standard tables before its first scan, if it brings none of its own.
fn with_huffman_tables(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    ensure!(
        bytes.starts_with(&[0xff, START_OF_IMAGE]),
        "the camera sent {} bytes that are not a JPEG picture",
        bytes.len()
    );
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            HUFFMAN_TABLES => return Ok(Cow::Borrowed(bytes)),
            START_OF_SCAN => {
                let mut whole = Vec::with_capacity(bytes.len() + STANDARD_TABLES.len());
                whole.extend_from_slice(&bytes[..at]);
                whole.extend_from_slice(&STANDARD_TABLES);
                whole.extend_from_slice(&bytes[at..]);
                return Ok(Cow::Owned(whole));
            }
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    Ok(Cow::Borrowed(bytes))
}

/// The segment that defines the typical tables: ITU-T T.81, tables K.3 to K.6.
#[rustfmt::skip]
const STANDARD_TABLES: [u8; 420] = [
    0xff, 0xc4, 0x01, 0xa2, 0x00, 0x00, 0x01, 0x05, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10,
    0x00, 0x02, 0x01, 0x03, 0x03, 0x02, 0x04, 0x03, 0x05, 0x05, 0x04, 0x04, 0x00, 0x00, 0x01, 0x7d, 0x01,
    0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62,
    0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35,
    0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56,
    0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77,
    0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97,
    0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
    0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5,
    0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2,
    0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0x01, 0x00, 0x03, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
    0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
    0x09, 0x0a, 0x0b, 0x11, 0x00, 0x02, 0x01, 0x02, 0x04, 0x04, 0x03, 0x04, 0x07, 0x05, 0x04, 0x04, 0x00,
    0x01, 0x02, 0x77, 0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07,
    0x61, 0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52,
    0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,
    0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
    0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a,
    0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a,
    0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9,
    0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8,
    0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
    0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;

    fn encoded(width: u32, height: u32) -> Vec<u8> {
        let picture = image::RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([(x * 5) as u8, (y * 7) as u8, (255 - x * 2 - y) as u8])
        });
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 90)
            .encode_image(&picture)
            .expect("a picture in memory encodes");
        bytes
    }

    fn without_tables(bytes: &[u8]) -> Vec<u8> {
        let mut kept = bytes[..2].to_vec();
        let mut at = 2;
        while bytes[at + 1] != START_OF_SCAN {
            let end = at + 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
            if bytes[at + 1] != HUFFMAN_TABLES {
                kept.extend_from_slice(&bytes[at..end]);
            }
            at = end;
        }
        kept.extend_from_slice(&bytes[at..]);
        kept
    }

    /// A picture and the planes that libjpeg-turbo decodes it to, by `tests/app/goldens/jpeg/make.py`.
    macro_rules! golden {
        ($name:literal) => {
            (
                $name,
                &include_bytes!(concat!("../../../../tests/app/goldens/jpeg/", $name, ".jpg"))[..],
                &include_bytes!(concat!("../../../../tests/app/goldens/jpeg/", $name, ".yuv"))[..],
            )
        };
    }

    /// The golden's samples without the even number of rows and columns that its planes are padded to.
    fn golden_planes(frame: &Frame, golden: &[u8]) -> Vec<u8> {
        let (across, down) = match frame.format() {
            PixelFormat::I420 => (2, 2),
            PixelFormat::I422 => (2, 1),
            _ => (1, 1),
        };
        let mut planes = Vec::new();
        let mut rest = golden;
        for plane in 0..frame.format().plane_count() {
            let (columns, rows) = frame.format().plane_size(plane, frame.width(), frame.height());
            let (across, down) = if plane == 0 { (across, down) } else { (1, 1) };
            let (stride, stored) = (columns.next_multiple_of(across), rows.next_multiple_of(down));
            let (samples, after) = rest.split_at(stride * stored);
            planes.extend(samples.chunks_exact(stride).take(rows).flat_map(|row| &row[..columns]));
            rest = after;
        }
        assert!(rest.is_empty());
        planes
    }

    #[test]
    fn planes_are_those_of_libjpeg_bit_for_bit() {
        for (name, picture, golden) in [
            golden!("444_48x32"),
            golden!("444_33x17"),
            golden!("444_7x5"),
            golden!("444_1x1"),
            golden!("422_48x32"),
            golden!("422_33x17"),
            golden!("422_7x5"),
            golden!("422_1x1"),
            golden!("420_48x32"),
            golden!("420_33x17"),
            golden!("420_7x5"),
            golden!("420_1x1"),
            golden!("gray_48x32"),
            golden!("gray_33x17"),
            golden!("gray_7x5"),
            golden!("gray_1x1"),
            golden!("restarts_61x43"),
        ] {
            for bytes in [picture.to_vec(), without_tables(picture)] {
                let frame = frame_from_jpeg(&bytes).expect("a valid picture");
                let expected = match &name[..3] {
                    "444" => PixelFormat::I444,
                    "422" => PixelFormat::I422,
                    "gra" => PixelFormat::Gray,
                    _ => PixelFormat::I420,
                };
                assert_eq!(frame.format(), expected, "{name}");
                let planes: Vec<u8> = (0..frame.format().plane_count())
                    .flat_map(|plane| {
                        let (_, rows) = frame.format().plane_size(plane, frame.width(), frame.height());
                        let frame = &frame;
                        (0..rows).flat_map(move |row| frame.row(plane, row).iter().copied())
                    })
                    .collect();
                assert!(planes == golden_planes(&frame, golden), "{name}");
            }
        }
    }

    #[test]
    fn a_progressive_picture_becomes_planes_of_full_size() {
        let (_, usual, _) = golden!("444_33x17");
        let progressive = include_bytes!("../../../../tests/app/goldens/jpeg/progressive_33x17.jpg");
        let frame = frame_from_jpeg(progressive).expect("a valid picture");
        let usual = frame_from_jpeg(usual).expect("a valid picture");
        assert_eq!((frame.format(), frame.width(), frame.height()), (PixelFormat::I444, 33, 17));
        for row in 0..17 {
            let pairs = frame.row(0, row).iter().zip(usual.row(0, row));
            assert!(pairs.into_iter().all(|(a, b)| a.abs_diff(*b) <= 2), "row {row}");
        }
    }

    #[test]
    fn missing_huffman_tables_are_the_standard_ones() {
        let whole = encoded(48, 32);
        let bare = without_tables(&whole);
        assert!(bare.len() + 100 < whole.len(), "the encoder writes tables");
        let (a, b) = (frame_from_jpeg(&whole), frame_from_jpeg(&bare));
        assert_eq!(a.expect("with tables").data(), b.expect("without tables").data());
    }

    #[test]
    fn padding_after_the_end_marker_is_cut() {
        let mut padded = encoded(16, 16);
        let length = padded.len();
        padded.resize(length + 4096, 0);
        assert_eq!(used_bytes(&padded).len(), length);
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let whole = encoded(32, 32);
        assert!(frame_from_jpeg(b"").is_err());
        assert!(frame_from_jpeg(b"not a picture").is_err());
        for end in 0..whole.len() {
            let _ = frame_from_jpeg(&whole[..end]);
        }
        for at in 2..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            let _ = frame_from_jpeg(&damaged);
        }
    }
}
