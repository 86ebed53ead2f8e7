//! The part of the kernel's interface `linux/videodev2.h` that capturing needs: structures as C lays them out,
//! and one safe function for each request.
//!
//! Every function fails with the system's error number. Strings end at their first zero byte.

use std::ffi::{c_int, c_ulong};
use std::fs::File;
use std::io::{Error, Result};
use std::mem::{size_of, zeroed};
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::time::{Duration, Instant};

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE`: one buffer a picture.
const CAPTURE: u32 = 1;
/// `V4L2_MEMORY_MMAP`: the driver's memory, seen by the program.
const MAPPED: u32 = 1;
/// `V4L2_FIELD_NONE`: whole pictures, not every other line.
const PROGRESSIVE: u32 = 1;

/// `V4L2_CAP_VIDEO_CAPTURE`.
pub const CAN_CAPTURE: u32 = 0x1;
/// `V4L2_CAP_VIDEO_CAPTURE_MPLANE`.
pub const CAN_CAPTURE_IN_PARTS: u32 = 0x1000;
/// `V4L2_CAP_STREAMING`.
pub const CAN_STREAM: u32 = 0x0400_0000;
/// `V4L2_CAP_DEVICE_CAPS`: the node's own abilities are told apart from the device's.
const HAS_OWN_ABILITIES: u32 = 0x8000_0000;
/// `V4L2_CAP_TIMEPERFRAME`.
const CAN_SET_RATE: u32 = 0x1000;
/// `V4L2_BUF_FLAG_ERROR`: the picture in the buffer is damaged.
const DAMAGED: u32 = 0x40;
/// `V4L2_BUF_FLAG_TIMESTAMP_MASK` and `V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC`.
const CLOCK: u32 = 0xe000;
const MONOTONIC: u32 = 0x2000;

/// `struct v4l2_capability`.
#[repr(C)]
pub struct Capability {
    driver: [u8; 16],
    card: [u8; 32],
    bus: [u8; 32],
    version: u32,
    all: u32,
    own: u32,
    reserved: [u32; 3],
}

impl Capability {
    /// The driver's name.
    pub fn driver(&self) -> String {
        text(&self.driver)
    }

    /// The camera's name.
    pub fn name(&self) -> String {
        text(&self.card)
    }

    /// Where the camera is plugged in.
    pub fn place(&self) -> String {
        text(&self.bus)
    }

    /// What this node can do.
    pub fn abilities(&self) -> u32 {
        if self.all & HAS_OWN_ABILITIES == 0 { self.all } else { self.own }
    }
}

/// `struct v4l2_fmtdesc`.
#[repr(C)]
struct FormatDescription {
    index: u32,
    kind: u32,
    flags: u32,
    description: [u8; 32],
    fourcc: u32,
    bus_code: u32,
    reserved: [u32; 3],
}

/// `struct v4l2_pix_format`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PictureFormat {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// The encoding's four letters.
    pub fourcc: u32,
    field: u32,
    /// The bytes from one row of the first plane to the next; zero for compressed pictures.
    pub stride: u32,
    /// The bytes of the largest picture.
    pub size: u32,
    /// `enum v4l2_colorspace`.
    pub colorspace: u32,
    private: u32,
    flags: u32,
    /// `enum v4l2_ycbcr_encoding`.
    pub matrix: u32,
    /// `enum v4l2_quantization`.
    pub range: u32,
    transfer: u32,
}

impl PictureFormat {
    /// A format of which only the colors are told.
    #[cfg(test)]
    pub fn colored(colorspace: u32, matrix: u32, range: u32) -> Self {
        Self { colorspace, matrix, range, ..blank() }
    }
}

/// `struct v4l2_format`: a union of 200 bytes that holds pointers.
#[repr(C)]
struct Format {
    kind: u32,
    align: [usize; 0],
    picture: PictureFormat,
    rest: [u8; 152],
}

/// `struct v4l2_fract`, in seconds.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Above the line.
    pub numerator: u32,
    /// Below the line.
    pub denominator: u32,
}

/// `struct v4l2_streamparm` of a capturing stream.
#[repr(C)]
struct StreamParameters {
    kind: u32,
    abilities: u32,
    mode: u32,
    period: Period,
    extended: u32,
    buffers: u32,
    rest: [u8; 176],
}

/// `struct v4l2_frmsizeenum`.
#[repr(C)]
struct SizeEntry {
    index: u32,
    fourcc: u32,
    kind: u32,
    /// Width and height, or least, most and step of the width, then of the height.
    values: [u32; 6],
    reserved: [u32; 2],
}

/// `struct v4l2_frmivalenum`.
#[repr(C)]
struct PeriodEntry {
    index: u32,
    fourcc: u32,
    width: u32,
    height: u32,
    kind: u32,
    /// One period, or the shortest, the longest and the step.
    values: [Period; 3],
    reserved: [u32; 2],
}

/// `struct v4l2_requestbuffers`.
#[repr(C)]
struct BufferRequest {
    count: u32,
    kind: u32,
    memory: u32,
    abilities: u32,
    flags: u32,
}

/// `struct v4l2_buffer`.
#[repr(C)]
struct RawBuffer {
    index: u32,
    kind: u32,
    used: u32,
    flags: u32,
    field: u32,
    time: libc::timeval,
    timecode: [u32; 4],
    sequence: u32,
    memory: u32,
    /// Where the buffer lies in the device's memory; a union with a pointer.
    offset: c_ulong,
    length: u32,
    reserved: u32,
    request: u32,
}

/// Discrete values, or a span of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer<T> {
    /// One value.
    One(T),
    /// From the first to the second in steps of the third.
    Span(T, T, T),
}

/// A filled buffer.
pub struct Filled {
    /// Its number.
    pub index: usize,
    /// The bytes that the picture takes.
    pub used: usize,
    /// Whether the driver knows the picture to be damaged.
    pub damaged: bool,
    /// The driver's count of pictures.
    pub sequence: u32,
    /// When the picture was taken, if the driver uses the clock that [`Instant`] uses.
    pub captured: Option<Instant>,
}

const fn request(direction: u32, number: u32, size: usize) -> u32 {
    direction << 30 | (size as u32) << 16 | (b'V' as u32) << 8 | number
}

const WRITE: u32 = 1;
const READ: u32 = 2;
const BOTH: u32 = 3;

/// Asks the driver; again if a signal came between.
fn ask<T>(file: &File, direction: u32, number: u32, argument: &mut T) -> Result<()> {
    let request = request(direction, number, size_of::<T>());
    loop {
        // SAFETY: the request's number holds the size of `T`, which is the kernel's structure for it, so that the
        // kernel reads and writes within `argument`. No structure here holds a pointer that the kernel follows.
        let result = unsafe { libc::ioctl(file.as_raw_fd(), request as _, ptr::from_mut(argument)) };
        if result >= 0 {
            return Ok(());
        }
        let error = Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINTR) {
            return Err(error);
        }
    }
}

/// A structure of zeros.
fn blank<T: Blank>() -> T {
    // SAFETY: `Blank` is implemented for structures of integers alone, for which zeros are a value.
    unsafe { zeroed() }
}

/// A structure of integers.
trait Blank {}
impl Blank for Capability {}
impl Blank for FormatDescription {}
impl Blank for PictureFormat {}
impl Blank for Format {}
impl Blank for StreamParameters {}
impl Blank for SizeEntry {}
impl Blank for PeriodEntry {}
impl Blank for BufferRequest {}
impl Blank for RawBuffer {}

/// What the device is and can do.
pub fn capability(file: &File) -> Result<Capability> {
    let mut capability = blank();
    ask(file, READ, 0, &mut capability)?;
    Ok(capability)
}

/// The encodings that a camera offers.
pub fn encodings(file: &File) -> Result<Vec<u32>> {
    listed(|index| {
        let mut entry = FormatDescription { index, kind: CAPTURE, ..blank() };
        ask(file, BOTH, 2, &mut entry)?;
        Ok(entry.fourcc)
    })
}

/// The sizes that it offers of an encoding.
pub fn sizes(file: &File, fourcc: u32) -> Result<Vec<Offer<[u32; 2]>>> {
    listed(|index| {
        let mut entry = SizeEntry { index, fourcc, ..blank() };
        ask(file, BOTH, 74, &mut entry)?;
        let [a, b, c, d, e, f] = entry.values;
        Ok(if entry.kind == 1 { Offer::One([a, b]) } else { Offer::Span([a, d], [b, e], [c, f]) })
    })
}

/// The times from one picture to the next that it offers of a size.
pub fn periods(file: &File, fourcc: u32, [width, height]: [u32; 2]) -> Result<Vec<Offer<Period>>> {
    listed(|index| {
        let mut entry = PeriodEntry { index, fourcc, width, height, ..blank() };
        ask(file, BOTH, 75, &mut entry)?;
        let [a, b, c] = entry.values;
        Ok(if entry.kind == 1 { Offer::One(a) } else { Offer::Span(a, b, c) })
    })
}

/// Entries by their index, until the driver knows no more.
fn listed<T>(entry: impl Fn(u32) -> Result<T>) -> Result<Vec<T>> {
    const MOST: u32 = 512;
    let mut entries = Vec::new();
    for index in 0..MOST {
        match entry(index) {
            Ok(value) => entries.push(value),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOTTY)) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(entries)
}

/// Chooses size and encoding; the driver answers with what it takes, which may be something else.
pub fn set_format(file: &File, [width, height]: [u32; 2], fourcc: u32) -> Result<PictureFormat> {
    let mut format: Format = blank();
    format.kind = CAPTURE;
    format.picture.width = width;
    format.picture.height = height;
    format.picture.fourcc = fourcc;
    format.picture.field = PROGRESSIVE;
    ask(file, BOTH, 5, &mut format)?;
    Ok(format.picture)
}

/// Chooses the rate, where it can be chosen.
pub fn set_period(file: &File, period: Period) -> Result<()> {
    let mut parameters: StreamParameters = blank();
    parameters.kind = CAPTURE;
    let known = ask(file, BOTH, 21, &mut parameters);
    if known.is_err() || parameters.abilities & CAN_SET_RATE == 0 {
        return Ok(());
    }
    parameters.period = period;
    ask(file, BOTH, 22, &mut parameters)
}

/// Asks for so many buffers and tells how many there are now. None gives them and the device back; it fails
/// with `EBUSY` while another program holds them.
pub fn request_buffers(file: &File, count: u32) -> Result<u32> {
    let mut request = BufferRequest { count, kind: CAPTURE, memory: MAPPED, ..blank() };
    ask(file, BOTH, 8, &mut request)?;
    Ok(request.count)
}

/// Gives a buffer to the driver to be filled.
pub fn queue(file: &File, index: usize) -> Result<()> {
    ask(file, BOTH, 15, &mut buffer(index))
}

/// Takes the oldest filled buffer, if there is one. The file is in non-blocking mode.
pub fn dequeue(file: &File) -> Result<Option<Filled>> {
    let mut taken = buffer(0);
    match ask(file, BOTH, 17, &mut taken) {
        Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => return Ok(None),
        other => other?,
    }
    let captured = if taken.flags & CLOCK == MONOTONIC { instant(taken.time) } else { None };
    Ok(Some(Filled {
        index: taken.index as usize,
        used: taken.used as usize,
        damaged: taken.flags & DAMAGED != 0,
        sequence: taken.sequence,
        captured,
    }))
}

fn buffer(index: usize) -> RawBuffer {
    RawBuffer { index: index as u32, kind: CAPTURE, memory: MAPPED, ..blank() }
}

/// Starts filling buffers.
pub fn start(file: &File) -> Result<()> {
    ask(file, WRITE, 18, &mut (CAPTURE as c_int))
}

/// Stops filling buffers; all of them belong to the program then.
pub fn stop(file: &File) -> Result<()> {
    ask(file, WRITE, 19, &mut (CAPTURE as c_int))
}

/// Waits until a buffer is filled. Tells whether one is; an error of the device counts as one.
pub fn wait(file: &File, timeout: Duration) -> Result<bool> {
    let mut poll = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one structure is given and its number is one.
    let ready = unsafe { libc::poll(&raw mut poll, 1, timeout.as_millis() as c_int) };
    if ready >= 0 {
        return Ok(ready > 0);
    }
    let error = Error::last_os_error();
    if error.raw_os_error() == Some(libc::EINTR) { Ok(false) } else { Err(error) }
}

/// A driver's buffer in the program's memory.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the memory belongs to the mapping, not to a thread.
unsafe impl Send for Mapping {}
// SAFETY: through a shared reference it is only read.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps a buffer by its number.
    pub fn new(file: &File, index: usize) -> Result<Self> {
        let mut buffer = buffer(index);
        ask(file, BOTH, 9, &mut buffer)?;
        let length = buffer.length as usize;
        // SAFETY: the kernel chooses the address of a new mapping, so that no other memory changes.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                length,
                libc::PROT_READ,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                buffer.offset as libc::off_t,
            )
        };
        match NonNull::new(start.cast::<u8>()) {
            Some(address) if start != libc::MAP_FAILED => Ok(Self { start: address, length }),
            _ => Err(Error::last_os_error()),
        }
    }

    /// The bytes. The caller holds the buffer: the driver does not have it in its queue.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is as long as the kernel said and lasts until it is dropped; the driver does not
        // write while the program holds the buffer.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this length, and no reference into it outlives it.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

/// A time of the monotonic clock as an [`Instant`], which is of that clock; none if it lies in the future.
fn instant(time: libc::timeval) -> Option<Instant> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists and the structure is written whole.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let reference = Instant::now();
    let now = Duration::new(now.tv_sec.try_into().ok()?, now.tv_nsec as u32);
    let then = Duration::from_secs(time.tv_sec.try_into().ok()?) + Duration::from_micros(time.tv_usec as u64);
    reference.checked_sub(now.checked_sub(then)?)
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn requests_have_the_numbers_of_the_kernel() {
        assert_eq!(request(READ, 0, size_of::<Capability>()), 0x8068_5600);
        assert_eq!(request(BOTH, 2, size_of::<FormatDescription>()), 0xc040_5602);
        assert_eq!(request(BOTH, 5, size_of::<Format>()), 0xc0d0_5605);
        assert_eq!(request(BOTH, 8, size_of::<BufferRequest>()), 0xc014_5608);
        assert_eq!(request(BOTH, 9, size_of::<RawBuffer>()), 0xc058_5609);
        assert_eq!(request(WRITE, 18, size_of::<c_int>()), 0x4004_5612);
        assert_eq!(request(BOTH, 21, size_of::<StreamParameters>()), 0xc0cc_5615);
        assert_eq!(request(BOTH, 74, size_of::<SizeEntry>()), 0xc02c_564a);
        assert_eq!(request(BOTH, 75, size_of::<PeriodEntry>()), 0xc034_564b);
    }

    #[test]
    fn a_time_of_the_clock_is_found_again() {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the clock exists and the structure is written whole.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
        let time = libc::timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec / 1000 };
        let age = instant(time).expect("it has passed").elapsed();
        assert!(age < Duration::from_millis(100), "{age:?}");
        assert!(instant(libc::timeval { tv_sec: now.tv_sec + 1000, tv_usec: 0 }).is_none());
    }
}
