//! A device file of the v4l2loopback module.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use crate::output::Sink;
use crate::pipeline::frame::Matrix;

/// `_IOWR('V', 5, struct v4l2_format)` of linux/videodev2.h.
const SET_FORMAT: u64 = 0xc0d0_5605;
const OUTPUT: u32 = 2;
const NO_FIELDS: u32 = 1;
const YUYV: u32 = u32::from_le_bytes(*b"YUYV");
const SMPTE170M: u32 = 1;
const REC709: u32 = 3;

/// `struct v4l2_format` with the member `pix` of its union: 208 bytes on 64-bit machines.
#[repr(C)]
#[derive(Clone, Copy)]
struct Format {
    kind: u32,
    alignment: u32,
    width: u32,
    height: u32,
    pixel_format: u32,
    field: u32,
    bytes_per_line: u32,
    size: u32,
    color_space: u32,
    rest: [u32; 43],
}

const _: () = assert!(size_of::<Format>() == 208);

/// Opens a device for YUYV pictures of a size: each is written whole.
pub fn open(place: &Path, size: (u32, u32)) -> io::Result<File> {
    let device = OpenOptions::new().read(true).write(true).open(place)?;
    set_format(&device, size)?;
    Ok(device)
}

fn set_format(device: &File, (width, height): (u32, u32)) -> io::Result<()> {
    let bytes_per_line = 4 * width.div_ceil(2);
    let mut format = Format {
        kind: OUTPUT,
        alignment: 0,
        width,
        height,
        pixel_format: YUYV,
        field: NO_FIELDS,
        bytes_per_line,
        size: bytes_per_line * height,
        color_space: match Sink::color((width, height)).matrix {
            Matrix::Bt601 => SMPTE170M,
            Matrix::Bt709 => REC709,
        },
        rest: [0; 43],
    };
    // SAFETY: the request reads and writes one `struct v4l2_format`, which `Format` is, byte for byte; the
    // device is open as long as the borrow.
    let done = unsafe { libc::ioctl(device.as_raw_fd(), SET_FORMAT as _, &raw mut format) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    if (format.width, format.height, format.pixel_format) != (width, height, YUYV) {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("it takes {}×{} only", format.width, format.height),
        ));
    }
    Ok(())
}
