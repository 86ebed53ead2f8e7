//! What Android says of a camera and of its pictures, in this program's words. Plain functions of plain numbers.

use crate::pipeline::frame::SpacedPlane;

use super::mode::{Encoding, Mode};

/// `AIMAGE_FORMAT_YUV_420_888`: 4:2:0 planes with spaced rows and samples.
pub const YUV_420_888: i32 = 0x23;

/// The modes in a camera's list of stream configurations `(format, width, height, is input)…` and of their
/// shortest frame durations `(format, width, height, nanoseconds)…`. A size without a duration is taken at
/// 30 frames a second.
pub fn modes_of(configurations: &[i32], durations: &[i64]) -> Vec<Mode> {
    let rate_of = |width: u32, height: u32| {
        let entry = durations.chunks_exact(4).find(|entry| {
            entry[..3] == [i64::from(YUV_420_888), i64::from(width), i64::from(height)] && entry[3] > 0
        });
        entry.map_or(30, |entry| u32::try_from((1_000_000_000 + entry[3] / 2) / entry[3]).unwrap_or(30))
    };
    let mut modes: Vec<_> = configurations
        .chunks_exact(4)
        .filter(|entry| entry[0] == YUV_420_888 && entry[3] == 0)
        .filter_map(|entry| Some((u32::try_from(entry[1]).ok()?, u32::try_from(entry[2]).ok()?)))
        .filter(|&(width, height)| width > 0 && height > 0)
        .map(|(width, height)| Mode {
            width,
            height,
            rate: rate_of(width, height).into(),
            encoding: Encoding::Nv12,
        })
        .collect();
    modes.sort();
    modes.dedup();
    modes
}

/// A plane as the system lends it.
#[derive(Clone, Copy, Debug)]
pub struct Lent<'a> {
    /// From the first byte of the first sample to the last byte of the last.
    pub bytes: &'a [u8],
    /// The bytes from one row to the next.
    pub stride: usize,
    /// The bytes from one sample to the next.
    pub pixel_stride: usize,
}

/// Copies the three planes of a picture into one piece of memory, each byte once: chroma planes that
/// lie in each other are copied together. The second value says where each plane begins there.
pub fn gathered(planes: [Lent<'_>; 3], mut memory: Vec<u8>) -> (Vec<u8>, [SpacedPlane; 3]) {
    let [luma, u, v] = planes;
    let place = |plane: Lent<'_>, offset| SpacedPlane {
        offset,
        stride: plane.stride,
        pixel_stride: plane.pixel_stride,
    };
    memory.clear();
    memory.reserve(planes.iter().map(|plane| plane.bytes.len()).sum());
    memory.extend_from_slice(luma.bytes);
    let chroma = memory.len();
    let mut offsets = [chroma; 2];
    let (first, second) = (u.bytes.as_ptr().addr(), v.bytes.as_ptr().addr());
    let woven = u.pixel_stride == 2 && v.pixel_stride == 2 && u.bytes.len() == v.bytes.len();
    if woven && second == first.wrapping_add(1) {
        memory.extend_from_slice(u.bytes);
        memory.extend(v.bytes.last());
        offsets[1] = chroma + 1;
    } else if woven && first == second.wrapping_add(1) {
        memory.extend_from_slice(v.bytes);
        memory.extend(u.bytes.last());
        offsets[0] = chroma + 1;
    } else {
        memory.extend_from_slice(u.bytes);
        offsets[1] = memory.len();
        memory.extend_from_slice(v.bytes);
    }
    (memory, [place(luma, 0), place(u, offsets[0]), place(v, offsets[1])])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::frame::{Frame, PixelFormat};

    /// A 5×3 picture: luma rows 8 bytes apart, chroma of 3×2 samples.
    fn luma() -> Vec<u8> {
        (0..21).collect()
    }

    fn frame(planes: [Lent<'_>; 3]) -> Frame {
        let (memory, places) = gathered(planes, vec![1; 9]);
        Frame::from_spaced_420(5, 3, places, memory).expect("planes within their memory")
    }

    #[test]
    fn woven_chroma_is_copied_once_in_either_order() {
        let chroma: Vec<u8> = (100..114).collect();
        let luma = luma();
        let y = Lent { bytes: &luma, stride: 8, pixel_stride: 1 };
        let [even, odd] =
            [&chroma[..13], &chroma[1..]].map(|bytes| Lent { bytes, stride: 8, pixel_stride: 2 });
        for (planes, format) in [([y, even, odd], PixelFormat::Nv12), ([y, odd, even], PixelFormat::Nv21)] {
            let frame = frame(planes);
            assert_eq!(frame.format(), format);
            assert_eq!(frame.data().len(), luma.len() + chroma.len());
            assert_eq!(frame.row(0, 2), [16, 17, 18, 19, 20]);
            assert_eq!(frame.row(1, 1), [108, 109, 110, 111, 112, 113]);
        }
    }

    #[test]
    fn planes_apart_stay_apart() {
        let (luma, u, v) = (luma(), [1, 2, 3, 0, 4, 5, 6], [7, 8, 9, 0, 10, 11, 12]);
        let dense = |bytes, stride| Lent { bytes, stride, pixel_stride: 1 };
        let frame = frame([dense(&luma, 8), dense(&u, 4), dense(&v, 4)]);
        assert_eq!(frame.format(), PixelFormat::I420);
        assert_eq!((frame.row(1, 1), frame.row(2, 0)), (&[4, 5, 6][..], &[7, 8, 9][..]));
    }

    #[test]
    fn lists_become_modes_with_their_rates() {
        let configurations = [
            YUV_420_888,
            1280,
            720,
            0,
            YUV_420_888,
            1280,
            720,
            1,
            0x21,
            640,
            480,
            0,
            YUV_420_888,
            640,
            480,
            0,
            7,
        ];
        let durations = [i64::from(YUV_420_888), 1280, 720, 16_666_667, 0x21, 640, 480, 1];
        let modes = modes_of(&configurations, &durations);
        let summary: Vec<_> = modes.iter().map(|mode| (mode.width, mode.height, mode.rate)).collect();
        assert_eq!(summary, [(640, 480, 30.into()), (1280, 720, 60.into())]);
        assert!(modes_of(&[YUV_420_888, -1, 5, 0], &[]).is_empty());
    }
}
