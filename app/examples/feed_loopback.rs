//! Plays a camera: writes files to the output side of a v4l2loopback device, one a frame, again and again.
//!
//! ```sh
//! feed_loopback DEVICE FOURCC WIDTH HEIGHT RATE FILE…
//! ```
//!
//! The files hold the frames as a camera would send them: JPEG pictures for `MJPG`, raw ones for the others. It
//! runs until it is ended.

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("v4l2loopback is a part of Linux");
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, File, OpenOptions};
    use std::io::{Error, ErrorKind, Result, Write};
    use std::os::fd::AsRawFd;

    use matte::camera::Metronome;

    /// `V4L2_BUF_TYPE_VIDEO_OUTPUT`.
    const OUTPUT: u32 = 2;

    /// `struct v4l2_format` of pictures: width, height, encoding, field, stride, size and what follows.
    #[repr(C)]
    struct Format {
        kind: u32,
        align: [usize; 0],
        picture: [u32; 12],
        rest: [u8; 152],
    }

    pub fn run() -> Result<()> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let [device, fourcc, width, height, rate, files @ ..] = words.as_slice() else {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "feed_loopback DEVICE FOURCC WIDTH HEIGHT RATE FILE…",
            ));
        };
        let number = |word: &String| word.parse::<u32>().map_err(Error::other);
        let frames = files.iter().map(fs::read).collect::<Result<Vec<_>>>()?;
        let mut output = OpenOptions::new().read(true).write(true).open(device)?;
        set_format(&output, fourcc, number(width)?, number(height)?)?;
        let mut metronome = Metronome::new(number(rate)?.into());
        for frame in frames.iter().cycle() {
            metronome.wait();
            output.write_all(frame)?;
        }
        Ok(())
    }

    fn set_format(device: &File, fourcc: &str, width: u32, height: u32) -> Result<()> {
        let letters: [u8; 4] = fourcc.as_bytes().try_into().map_err(Error::other)?;
        let mut picture = [0; 12];
        (picture[0], picture[1], picture[2]) = (width, height, u32::from_le_bytes(letters));
        // No field order, and room for the largest picture.
        (picture[3], picture[5]) = (1, 2 * width * height);
        let mut format = Format { kind: OUTPUT, align: [], picture, rest: [0; 152] };
        // VIDIOC_S_FMT: read and written, as long as the structure, number 5.
        let request = 3u32 << 30 | (size_of::<Format>() as u32) << 16 | (b'V' as u32) << 8 | 5;
        // SAFETY: the request's number holds the structure's size, within which the kernel stays.
        let result = unsafe { libc::ioctl(device.as_raw_fd(), request as _, &raw mut format) };
        if result < 0 { Err(Error::last_os_error()) } else { Ok(()) }
    }
}
