//! What a camera can deliver, and which of it is taken.
//!
//! **The rule.** Of the modes with at least 24 frames a second, take the one whose height is nearest to
//! 720 lines; of those the one nearest to 30 frames a second; of those the one that costs the least to
//! bring to the GPU, in the order of [`Encoding`]. A camera with no such mode gives its fastest one.

use std::fmt;

/// How a camera packs its pictures, the cheapest to use first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// A plane of luma, a plane of paired chroma at half size: 12 bits a pixel.
    Nv12,
    /// Luma and chroma alternating: 16 bits a pixel.
    Yuyv,
    /// Luma alone: 8 bits a pixel, without color.
    Gray,
    /// Red, green, blue: 24 bits a pixel.
    Rgb,
    /// Blue, green, red: 24 bits a pixel.
    Bgr,
    /// A JPEG picture a frame: few bits, decoded on the camera's thread.
    Mjpeg,
}

/// One entry of a camera's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Frames a second.
    pub rate: u32,
    /// How the pictures are packed.
    pub encoding: Encoding,
}

/// The mode that the rule of this module takes from a list.
pub fn choose(modes: &[Mode]) -> Option<Mode> {
    let fluent = modes.iter().filter(|mode| mode.rate >= 24 && mode.encoding != Encoding::Gray);
    fluent
        .min_by_key(|mode| cost(mode))
        .or_else(|| modes.iter().max_by_key(|mode| (mode.rate, mode.height)))
        .copied()
}

fn cost(mode: &Mode) -> (u32, u32, u32, Encoding) {
    (mode.height.abs_diff(720), mode.width.abs_diff(1280), mode.rate.abs_diff(30), mode.encoding)
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nv12 => "NV12",
            Self::Yuyv => "YUYV",
            Self::Gray => "gray",
            Self::Rgb => "RGB",
            Self::Bgr => "BGR",
            Self::Mjpeg => "MJPEG",
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{} at {} FPS, {}", self.width, self.height, self.rate, self.encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(width: u32, height: u32, rate: u32, encoding: Encoding) -> Mode {
        Mode { width, height, rate, encoding }
    }

    #[test]
    fn a_usual_webcam_gives_720_lines_as_mjpeg_because_raw_is_too_slow() {
        let list = [
            mode(640, 480, 30, Encoding::Yuyv),
            mode(1280, 720, 10, Encoding::Yuyv),
            mode(1280, 720, 30, Encoding::Mjpeg),
            mode(1920, 1080, 30, Encoding::Mjpeg),
        ];
        assert_eq!(choose(&list), Some(mode(1280, 720, 30, Encoding::Mjpeg)));
    }

    #[test]
    fn of_equal_sizes_the_cheapest_encoding_and_the_rate_nearest_to_thirty() {
        let list = [
            mode(1280, 720, 60, Encoding::Nv12),
            mode(1280, 720, 30, Encoding::Mjpeg),
            mode(1280, 720, 30, Encoding::Yuyv),
        ];
        assert_eq!(choose(&list), Some(mode(1280, 720, 30, Encoding::Yuyv)));
    }

    #[test]
    fn a_slow_camera_gives_its_fastest_mode_and_an_empty_list_none() {
        let list = [mode(2592, 1944, 2, Encoding::Yuyv), mode(1280, 960, 8, Encoding::Yuyv)];
        assert_eq!(choose(&list), Some(list[1]));
        assert_eq!(choose(&[]), None);
    }
}
