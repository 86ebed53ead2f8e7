//! Cameras of Linux, through V4L2's own interface: every format, the driver's strides, colors and time stamps,
//! waits that end, and nothing to install for the build. nokhwa serves the other systems; here it would need
//! libclang, know six formats of nine, drop rates such as 29.97, and wait without an end.

mod stream;
mod sys;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};

use self::sys::{Offer, Period};
use super::device::Device;
use super::mode::{Encoding, Mode, Rate};
use super::{Source, buffer::Layout};
use crate::pipeline::frame::{Color, Matrix, Range};

/// The encodings' four letters.
const FOURCCS: [(Encoding, &[u8; 4]); 10] = [
    (Encoding::Nv12, b"NV12"),
    (Encoding::Nv21, b"NV21"),
    (Encoding::I420, b"YU12"),
    (Encoding::Yuyv, b"YUYV"),
    (Encoding::Uyvy, b"UYVY"),
    (Encoding::Gray, b"GREY"),
    (Encoding::Rgb, b"RGB3"),
    (Encoding::Bgr, b"BGR3"),
    (Encoding::Mjpeg, b"MJPG"),
    (Encoding::Mjpeg, b"JPEG"),
];

/// Sizes that are listed where a camera makes any size.
const USUAL_SIZES: [[u32; 2]; 8] =
    [[320, 240], [640, 360], [640, 480], [848, 480], [960, 540], [1280, 720], [1920, 1080], [3840, 2160]];

/// Rates that are listed where a camera runs at any rate, and where it does not tell.
const USUAL_RATES: [u32; 6] = [10, 15, 24, 30, 50, 60];

/// How often a change of the list is looked for.
pub const LOOK: Duration = Duration::from_millis(400);

/// What the list of cameras depends on: two equal ones mean an equal list. Opens no device.
pub fn fingerprint() -> Vec<String> {
    let describe = |index: u32, path: &Path| {
        let seen = fs::metadata(path).ok()?;
        let (mode, group, changed) = (seen.mode(), seen.gid(), seen.ctime());
        Some(format!("{index} {} {mode:o} {group} {changed} {}", seen.rdev(), seen.ctime_nsec()))
    };
    nodes().iter().filter_map(|(index, path)| describe(*index, path)).collect()
}

/// The cameras of this machine by their numbers. A node that this user may not open is one of them, under the
/// name that the kernel gives it.
pub fn devices() -> Result<Vec<Device>> {
    let devices = nodes().into_iter().filter_map(|(index, path)| {
        let Ok(file) = open_node(&path) else {
            let name = fs::read_to_string(format!("/sys/class/video4linux/video{index}/name")).ok()?;
            let place = path.display().to_string();
            return Some(Device { index, name: name.trim().into(), place, facing: None });
        };
        let capability = sys::capability(&file).ok()?;
        let abilities = capability.abilities();
        (abilities & (sys::CAN_CAPTURE | sys::CAN_CAPTURE_IN_PARTS) != 0).then(|| Device {
            index,
            name: capability.name(),
            place: capability.place(),
            facing: None,
        })
    });
    Ok(devices.collect())
}

/// What a camera can deliver, in the order of size, rate and encoding.
pub fn modes(device: &Device) -> Result<Vec<Mode>> {
    let file = opened(device)?;
    let mut modes = listed_modes(&file).map_err(|error| explained(device, &error))?;
    modes.sort();
    modes.dedup();
    Ok(modes)
}

/// Why a camera cannot be opened now although it answers.
pub fn hindrance(device: &Device) -> Option<String> {
    let file = open_node(&node(device.index)).ok()?;
    let error = sys::request_buffers(&file, 0).err()?;
    (error.raw_os_error() == Some(libc::EBUSY)).then(|| explained(device, &error).to_string())
}

/// Starts a camera in a mode of its list.
pub fn open(device: &Device, mode: Mode) -> Result<Box<dyn Source>> {
    let file = opened(device)?;
    let refused = || anyhow!("the camera “{}” does not accept {mode}", device.name);
    let offered = sys::encodings(&file).map_err(|error| explained(device, &error))?;
    let fourcc = offered.into_iter().find(|fourcc| encoding_of(*fourcc) == Some(mode.encoding));
    let fourcc = fourcc.ok_or_else(refused)?;
    let started = patiently(|| start(file.try_clone()?, mode, fourcc));
    let stream = started.map_err(|error| explained(device, &error))?.ok_or_else(refused)?;
    Ok(Box::new(stream::Live::new(stream, device.clone(), mode)))
}

/// Sets the mode and starts the stream; none if the driver wants another size or encoding.
fn start(file: File, mode: Mode, fourcc: u32) -> io::Result<Option<stream::Stream>> {
    let size = [mode.width, mode.height];
    let format = sys::set_format(&file, size, fourcc)?;
    if encoding_of(format.fourcc) != Some(mode.encoding) || [format.width, format.height] != size {
        return Ok(None);
    }
    let (frames, seconds) = mode.rate.fraction();
    sys::set_period(&file, Period { numerator: seconds, denominator: frames })?;
    let layout = Layout {
        encoding: mode.encoding,
        width: mode.width,
        height: mode.height,
        stride: format.stride as usize,
        color: color_of(&format),
    };
    stream::Stream::start(file, layout).map(Some)
}

/// Tries again while the device is in use, for as long as whoever uses it may take to let go.
fn patiently<T>(mut action: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    const TRIES: u32 = 6;
    const PAUSE: Duration = Duration::from_millis(80);
    for _ in 1..TRIES {
        match action() {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => thread::sleep(PAUSE),
            other => return other,
        }
    }
    action()
}

/// The nodes of video devices, by their numbers.
fn nodes() -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir("/dev") else { return Vec::new() };
    let mut nodes: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let index = entry.file_name().to_str()?.strip_prefix("video")?.parse().ok()?;
            entry.file_type().ok()?.is_char_device().then(|| (index, entry.path()))
        })
        .collect();
    nodes.sort();
    nodes
}

fn node(index: u32) -> PathBuf {
    PathBuf::from(format!("/dev/video{index}"))
}

fn open_node(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)
}

fn opened(device: &Device) -> Result<File> {
    let file = open_node(&node(device.index)).map_err(|error| explained(device, &error))?;
    let abilities = sys::capability(&file).map_err(|error| explained(device, &error))?.abilities();
    if abilities & sys::CAN_CAPTURE == 0 {
        let name = &device.name;
        return Err(anyhow!("the camera “{name}” gives its pictures in parts, which is not supported"));
    }
    if abilities & sys::CAN_STREAM == 0 {
        return Err(anyhow!("the camera “{}” does not stream, which is not supported", device.name));
    }
    Ok(file)
}

fn listed_modes(file: &File) -> io::Result<Vec<Mode>> {
    let mut modes = Vec::new();
    for fourcc in sys::encodings(file)? {
        let Some(encoding) = encoding_of(fourcc) else { continue };
        for [width, height] in sys::sizes(file, fourcc)?.into_iter().flat_map(usual_sizes) {
            let rates = rates(sys::periods(file, fourcc, [width, height])?);
            modes.extend(rates.into_iter().map(|rate| Mode { width, height, rate, encoding }));
        }
    }
    Ok(modes)
}

fn usual_sizes(offer: Offer<[u32; 2]>) -> Vec<[u32; 2]> {
    let (least, most, step) = match offer {
        Offer::One(size) => return vec![size],
        Offer::Span(least, most, step) => (least, most, step),
    };
    let fits = |size: &[u32; 2]| {
        (0..2).all(|axis| {
            (least[axis]..=most[axis]).contains(&size[axis])
                && (size[axis] - least[axis]).is_multiple_of(step[axis].max(1))
        })
    };
    let mut sizes: Vec<_> = USUAL_SIZES.into_iter().filter(fits).collect();
    if !sizes.contains(&most) {
        sizes.push(most);
    }
    sizes
}

/// The rates of the listed periods. A camera that lists none is taken to run at a usual one.
fn rates(offers: Vec<Offer<Period>>) -> Vec<Rate> {
    let rate = |period: Period| Rate::new(period.denominator, period.numerator);
    if offers.is_empty() {
        return vec![Rate::from(30)];
    }
    let of = |offer| match offer {
        Offer::One(period) => rate(period).into_iter().collect::<Vec<_>>(),
        Offer::Span(shortest, longest, _) => {
            let (Some(fastest), Some(slowest)) = (rate(shortest), rate(longest)) else { return Vec::new() };
            let within = |rate: &Rate| (slowest..=fastest).contains(rate);
            let mut rates: Vec<_> = USUAL_RATES.into_iter().map(Rate::from).filter(within).collect();
            if rates.is_empty() {
                rates.push(fastest);
            }
            rates
        }
    };
    offers.into_iter().flat_map(of).collect()
}

fn encoding_of(fourcc: u32) -> Option<Encoding> {
    let letters = fourcc.to_le_bytes();
    FOURCCS.iter().find(|(_, known)| **known == letters).map(|(encoding, _)| *encoding)
}

/// How luma and chroma are to be read, by the rules of the V4L2 specification for what the driver leaves open;
/// none if it says nothing. Gray pictures use the full range unless the driver says otherwise.
fn color_of(format: &sys::PictureFormat) -> Option<Color> {
    const REC709: u32 = 3;
    const JPEG: u32 = 7;
    const DCI_P3: u32 = 12;
    let (matrix, range) = match (format.colorspace, format.matrix, format.range) {
        (0, 0, 0) => return None,
        (colorspace, matrix, range) => {
            let bt709 = match matrix {
                0 => matches!(colorspace, REC709 | DCI_P3),
                // The extended gamut has the same coefficients.
                2 | 4 => true,
                _ => false,
            };
            let gray = encoding_of(format.fourcc) == Some(Encoding::Gray);
            let full = range == 1 || (range == 0 && (gray || colorspace == JPEG));
            (
                if bt709 { Matrix::Bt709 } else { Matrix::Bt601 },
                if full { Range::Full } else { Range::Limited },
            )
        }
    };
    Some(Color { matrix, range })
}

/// The system's error as a sentence, with what can be done about it.
fn explained(device: &Device, error: &io::Error) -> anyhow::Error {
    let name = &device.name;
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => {
            let group = fs::metadata(node(device.index)).ok().and_then(|seen| group_name(seen.gid()));
            let group = group.unwrap_or_else(|| "video".into());
            anyhow!(
                "the camera “{name}” may not be opened by this user: join the group “{group}” \
                 (sudo usermod -aG {group} $USER) and log in again"
            )
        }
        Some(libc::EBUSY) => anyhow!("the camera “{name}” is in use by another program"),
        Some(libc::ENODEV | libc::ENXIO | libc::ENOENT) => anyhow!("the camera “{name}” was unplugged"),
        _ => anyhow!("the camera “{name}” cannot be used: {error}"),
    }
}

fn group_name(id: u32) -> Option<String> {
    let groups = fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Device {
        Device { index: 4_000_000, name: "Desk".into(), place: "usb-1".into(), facing: None }
    }

    #[test]
    fn what_the_system_says_becomes_advice() {
        let said = |code| explained(&device(), &io::Error::from_raw_os_error(code)).to_string();
        assert!(said(libc::EACCES).contains("join the group “video”"), "{}", said(libc::EACCES));
        assert!(said(libc::EBUSY).contains("in use by another program"));
        assert!(said(libc::ENODEV).contains("unplugged"));
        assert!(said(libc::EIO).contains("cannot be used"));
    }

    #[test]
    fn a_node_that_is_gone_is_said_to_be_unplugged() {
        let error = modes(&device()).expect_err("there is no such node").to_string();
        assert!(error.contains("“Desk” was unplugged"), "{error}");
    }

    #[test]
    fn groups_have_names() {
        assert_eq!(group_name(0).as_deref(), Some("root"));
        assert_eq!(group_name(u32::MAX), None);
    }

    #[test]
    fn spans_become_the_usual_values_within_them() {
        let sizes = usual_sizes(Offer::Span([160, 120], [1280, 720], [16, 8]));
        assert_eq!(sizes, [[320, 240], [640, 360], [640, 480], [848, 480], [1280, 720]]);
        let period = |numerator, denominator| Period { numerator, denominator };
        let span = Offer::Span(period(1, 30), period(1, 5), period(1, 30));
        assert_eq!(rates(vec![span]), [10, 15, 24, 30].map(Rate::from));
        let odd = Offer::Span(period(1, 9), period(1, 8), period(1, 90));
        assert_eq!(rates(vec![odd]), [Rate::from(9)]);
        assert_eq!(rates(Vec::new()), [Rate::from(30)]);
        assert_eq!(rates(vec![Offer::One(period(1001, 30_000))])[0].to_string(), "29.97");
        assert_eq!(rates(vec![Offer::One(period(0, 30))]), []);
    }

    #[test]
    fn colors_follow_the_drivers_word() {
        let color = |colorspace, matrix, range| {
            let color = color_of(&sys::PictureFormat::colored(colorspace, matrix, range))?;
            Some((color.matrix, color.range))
        };
        assert_eq!(color(0, 0, 0), None);
        assert_eq!(color(8, 0, 0), Some((Matrix::Bt601, Range::Limited)), "sRGB");
        assert_eq!(color(3, 0, 0), Some((Matrix::Bt709, Range::Limited)), "Rec. 709");
        assert_eq!(color(7, 0, 0), Some((Matrix::Bt601, Range::Full)), "JPEG");
        assert_eq!(color(8, 2, 1), Some((Matrix::Bt709, Range::Full)), "sRGB, but told otherwise");
        assert_eq!(color(3, 1, 2), Some((Matrix::Bt601, Range::Limited)));
    }
}
