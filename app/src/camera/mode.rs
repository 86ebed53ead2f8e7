//! What a camera can deliver, and which of it is taken.
//!
//! **The rule** ([`RULE`]). Of the modes with color and at least 24 frames a second, take the one whose height is
//! nearest to 720 lines; of those the one whose width is nearest to 1280; of those the one nearest to 30 frames
//! a second; of those the one that costs the least to bring to the GPU, in the order of [`Encoding`]. A camera
//! with no such mode gives its fastest one.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error};

/// The rule of this module for people to read.
pub const RULE: &str = "of the modes with at least 24 FPS the one nearest to 1280×720, then nearest to 30 FPS, \
                        then the cheapest to use (NV12, NV21, I420, YUYV, UYVY, RGB, BGR, MJPEG); without such \
                        a mode the fastest";

/// How a camera packs its pictures, the cheapest to use first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// A plane of luma, a plane of paired chroma at half size: 12 bits a pixel.
    Nv12,
    /// The same with the chroma the other way round.
    Nv21,
    /// Three planes, chroma at half size: 12 bits a pixel.
    I420,
    /// Luma and chroma alternating: 16 bits a pixel.
    Yuyv,
    /// Chroma and luma alternating: 16 bits a pixel.
    Uyvy,
    /// Luma alone: 8 bits a pixel, without color.
    Gray,
    /// Red, green, blue: 24 bits a pixel.
    Rgb,
    /// Blue, green, red: 24 bits a pixel.
    Bgr,
    /// A JPEG picture a frame: few bits, decoded on the camera's thread.
    Mjpeg,
}

impl Encoding {
    /// Every encoding, in order.
    pub const ALL: [Self; 9] = [
        Self::Nv12,
        Self::Nv21,
        Self::I420,
        Self::Yuyv,
        Self::Uyvy,
        Self::Gray,
        Self::Rgb,
        Self::Bgr,
        Self::Mjpeg,
    ];
}

/// Frames a second, as a fraction in lowest terms: 29.97 is 30000 in 1001 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    frames: u32,
    seconds: u32,
}

impl Rate {
    /// So many frames in so many seconds; none if either is zero.
    pub fn new(frames: u32, seconds: u32) -> Option<Self> {
        let (mut divisor, mut rest) = (frames, seconds);
        while rest > 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        (frames > 0 && seconds > 0).then(|| Self { frames: frames / divisor, seconds: seconds / divisor })
    }

    /// Frames and the seconds they take.
    pub fn fraction(self) -> (u32, u32) {
        (self.frames, self.seconds)
    }

    /// Frames a second.
    pub fn per_second(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds)
    }
}

impl From<u32> for Rate {
    /// Whole frames a second, at least one.
    fn from(frames: u32) -> Self {
        Self { frames: frames.max(1), seconds: 1 }
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        let product = |a: &Self, b: &Self| u64::from(a.frames) * u64::from(b.seconds);
        product(self, other).cmp(&product(other, self))
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One entry of a camera's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Frames a second.
    pub rate: Rate,
    /// How the pictures are packed.
    pub encoding: Encoding,
}

/// The mode that the rule of this module takes from a list.
pub fn choose(modes: &[Mode]) -> Option<Mode> {
    let fluent = modes.iter().filter(|mode| mode.rate >= Rate::from(24) && mode.encoding != Encoding::Gray);
    fluent
        .min_by_key(|mode| cost(mode))
        .or_else(|| modes.iter().max_by_key(|mode| (mode.rate, mode.height)))
        .copied()
}

fn cost(mode: &Mode) -> (u32, u32, u32, Encoding) {
    let off_rate = ((mode.rate.per_second() - 30.0).abs() * 1000.0) as u32;
    (mode.height.abs_diff(720), mode.width.abs_diff(1280), off_rate, mode.encoding)
}

/// What a mode has to be; nothing given means any.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// Frames a second, as exactly as it is printed.
    pub rate: Option<f64>,
    /// How the pictures are packed.
    pub encoding: Option<Encoding>,
}

impl Wanted {
    /// Whether a mode is as wanted.
    pub fn allows(&self, mode: &Mode) -> bool {
        self.size.is_none_or(|size| size == (mode.width, mode.height))
            && self.rate.is_none_or(|rate| (rate - mode.rate.per_second()).abs() < 0.006)
            && self.encoding.is_none_or(|encoding| encoding == mode.encoding)
    }
}

impl FromStr for Encoding {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let named = Self::ALL.into_iter().find(|encoding| encoding.to_string().eq_ignore_ascii_case(text));
        named.with_context(|| {
            let names: Vec<_> = Self::ALL.iter().map(Self::to_string).collect();
            format!("“{text}” is none of {}", names.join(", "))
        })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nv12 => "NV12",
            Self::Nv21 => "NV21",
            Self::I420 => "I420",
            Self::Yuyv => "YUYV",
            Self::Uyvy => "UYVY",
            Self::Gray => "gray",
            Self::Rgb => "RGB",
            Self::Bgr => "BGR",
            Self::Mjpeg => "MJPEG",
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds == 1 { write!(f, "{}", self.frames) } else { write!(f, "{:.2}", self.per_second()) }
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
        Mode { width, height, rate: rate.into(), encoding }
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
        let ntsc =
            Mode { rate: Rate::new(30_000, 1001).expect("a rate"), ..mode(1280, 720, 30, Encoding::Nv12) };
        let list = [
            mode(1280, 720, 60, Encoding::Nv12),
            mode(1280, 720, 30, Encoding::Mjpeg),
            ntsc,
            mode(1280, 720, 30, Encoding::Yuyv),
        ];
        assert_eq!(choose(&list), Some(mode(1280, 720, 30, Encoding::Yuyv)));
        assert_eq!(choose(&list[..3]), Some(mode(1280, 720, 30, Encoding::Mjpeg)));
    }

    #[test]
    fn a_slow_camera_gives_its_fastest_mode_and_an_empty_list_none() {
        let list = [mode(2592, 1944, 2, Encoding::Yuyv), mode(1280, 960, 8, Encoding::Yuyv)];
        assert_eq!(choose(&list), Some(list[1]));
        assert_eq!(choose(&[]), None);
    }

    #[test]
    fn rates_are_fractions_in_lowest_terms() {
        let ntsc = Rate::new(60_000, 2002).expect("a rate");
        assert_eq!(ntsc.fraction(), (30_000, 1001));
        assert_eq!(ntsc.to_string(), "29.97");
        assert_eq!(Rate::new(50, 2).map(|rate| rate.to_string()), Some("25".into()));
        assert!(ntsc < Rate::from(30) && ntsc > Rate::from(29));
        assert_eq!((Rate::new(0, 1), Rate::new(1, 0)), (None, None));
    }

    #[test]
    fn what_is_wanted_is_read_as_it_is_printed() {
        for encoding in Encoding::ALL {
            assert_eq!(encoding.to_string().to_lowercase().parse::<Encoding>().ok(), Some(encoding));
        }
        assert!("h264".parse::<Encoding>().is_err());
        let ntsc =
            Mode { rate: Rate::new(30_000, 1001).expect("a rate"), ..mode(640, 360, 30, Encoding::Yuyv) };
        let wanted = Wanted { rate: Some(29.97), ..Default::default() };
        assert!(wanted.allows(&ntsc) && !wanted.allows(&mode(640, 360, 30, Encoding::Yuyv)));
        let wanted = Wanted { size: Some((640, 360)), encoding: Some(Encoding::Nv12), rate: None };
        assert!(!wanted.allows(&ntsc) && wanted.allows(&mode(640, 360, 5, Encoding::Nv12)));
    }
}
