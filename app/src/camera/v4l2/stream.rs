//! A running camera: buffers go to the driver empty, come back filled, and are lent to frames.
//!
//! [`Live::next`] empties the driver's queue and keeps the newest picture. Its buffer is lent to the frame and
//! goes back to the driver when the frame is dropped, so that nothing is copied before the upload. While the
//! program holds so many frames that the driver would run short of buffers, a picture is copied instead; always
//! with v4l2loopback, which writes into buffers that it does not have.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::explained;
use super::sys::{self, Filled, Mapping};
use crate::camera::buffer::Layout;
use crate::camera::device::Device;
use crate::camera::mode::{Encoding, Mode};
use crate::camera::{Info, Silence, Source, readable};
use crate::pipeline::frame::{Bytes, Frame, Lent};

/// The buffers that are asked for.
const BUFFERS: u32 = 8;

/// The buffers that the driver needs to fill one while the next waits.
const SPARE: usize = 3;

/// The driver that fills buffers whoever has them.
const CARELESS: &str = "v4l2 loopback";

/// How long a call waits before it says that nothing has come.
const TURN: Duration = Duration::from_millis(200);

/// A device that fills buffers. It stops, and the device is free, when this is dropped; frames may outlive it.
pub struct Stream {
    shared: Arc<Shared>,
    layout: Layout,
    /// How many buffers may be lent at a time.
    lendable: usize,
}

/// What lent buffers go back to.
#[derive(Debug)]
struct Shared {
    file: File,
    buffers: Vec<Mapping>,
    lent: AtomicUsize,
}

/// A buffer that a frame reads.
#[derive(Debug)]
struct Loan {
    shared: Arc<Shared>,
    index: usize,
}

impl Lent for Loan {
    fn bytes(&self) -> &[u8] {
        self.shared.buffers[self.index].bytes()
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.shared.lent.fetch_sub(1, Ordering::Relaxed);
        // A stream that has stopped, or a camera that is gone, takes no buffers back.
        let _ = sys::queue(&self.shared.file, self.index);
    }
}

impl Stream {
    /// Gives the driver its buffers and starts it.
    pub fn start(file: File, layout: Layout) -> io::Result<Self> {
        let count = sys::request_buffers(&file, BUFFERS)?;
        let buffers =
            (0..count as usize).map(|index| Mapping::new(&file, index)).collect::<io::Result<_>>()?;
        let careless = sys::capability(&file)?.driver() == CARELESS;
        let shared = Arc::new(Shared { file, buffers, lent: AtomicUsize::new(0) });
        let lendable = if careless { 0 } else { shared.buffers.len().saturating_sub(SPARE) };
        let stream = Self { shared, layout, lendable };
        for index in 0..stream.shared.buffers.len() {
            sys::queue(&stream.shared.file, index)?;
        }
        sys::start(&stream.shared.file)?;
        Ok(stream)
    }

    /// The newest filled buffer, waiting at most for `timeout`; older ones go back unread.
    fn newest(&self, timeout: Duration) -> io::Result<Option<Filled>> {
        let file = &self.shared.file;
        if !sys::wait(file, timeout)? {
            return Ok(None);
        }
        let mut newest: Option<Filled> = None;
        while let Some(filled) = sys::dequeue(file)? {
            if let Some(older) = newest.replace(filled) {
                sys::queue(file, older.index)?;
            }
        }
        Ok(newest)
    }

    /// The frame in a filled buffer. The buffer goes back now or with the frame.
    fn frame(&self, filled: &Filled) -> Result<Frame> {
        let Some(mapping) = self.shared.buffers.get(filled.index) else {
            bail!("the driver gave a buffer that it does not have");
        };
        let lent = self.shared.lent.fetch_add(1, Ordering::Relaxed) + 1;
        let loan = Loan { shared: Arc::clone(&self.shared), index: filled.index };
        if filled.damaged {
            bail!("the driver marked the picture as damaged");
        }
        let used = if filled.used == 0 { mapping.bytes().len() } else { filled.used };
        let copied = self.layout.encoding != Encoding::Mjpeg && lent > self.lendable;
        let bytes: Bytes =
            if copied { Bytes::Owned(loan.bytes().to_vec()) } else { Bytes::Lent(Box::new(loan)) };
        let mut frame = self.layout.frame(bytes, used)?;
        frame.copies = copied.into();
        frame.captured = filled.captured.unwrap_or_else(Instant::now);
        Ok(frame)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // A camera that was unplugged cannot be stopped, and need not be.
        let _ = sys::stop(&self.shared.file);
        let _ = sys::request_buffers(&self.shared.file, 0);
    }
}

/// A camera as a source.
pub struct Live {
    stream: Stream,
    device: Device,
    mode: Mode,
    /// The driver's count for the last frame, and how often it has begun again.
    count: Count,
}

#[derive(Default)]
struct Count {
    last: u32,
    wraps: u64,
}

impl Count {
    fn widened(&mut self, sequence: u32) -> u64 {
        self.wraps += u64::from(sequence < self.last);
        self.last = sequence;
        self.wraps << 32 | u64::from(sequence)
    }
}

impl Live {
    /// The source of a stream.
    pub fn new(stream: Stream, device: Device, mode: Mode) -> Self {
        Self { stream, device, mode, count: Count::default() }
    }
}

impl Source for Live {
    fn info(&self) -> Info {
        Info::of_camera(&self.device.name, self.mode)
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        let frame = readable(&self.device.name, || {
            let newest = self.stream.newest(TURN).map_err(|error| explained(&self.device, &error))?;
            let filled = newest.ok_or(Silence)?;
            Ok(self.stream.frame(&filled).map(|mut frame| {
                frame.sequence = self.count.widened(filled.sequence);
                frame
            }))
        });
        frame.map(Some)
    }
}
