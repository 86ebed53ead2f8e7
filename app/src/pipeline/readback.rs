//! The only place of the application that maps a GPU buffer, and so the only way from the GPU to the CPU.
//!
//! It counts what comes back apart: pixels (snapshots, recordings, pictures processed offline), timings, and small
//! outputs of networks (boxes, key points, scores). A live picture with its matte reads nothing: the counts stand
//! still while it runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use wgpu::{Buffer, Device, Queue, Texture};

/// The longest time from the GPU's last work to the bytes of a buffer.
const HANDING_OVER: Duration = Duration::from_secs(10);

static PIXELS: AtomicU64 = AtomicU64::new(0);
static TIMINGS: AtomicU64 = AtomicU64::new(0);
static OUTPUTS: AtomicU64 = AtomicU64::new(0);

/// Bytes read back since the program began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Of pictures.
    pub pixels: u64,
    /// Of the stages' times.
    pub timings: u64,
    /// Of networks' small outputs.
    pub outputs: u64,
}

/// The bytes read back so far. The difference of two calls is what came back between them.
pub fn bytes() -> Bytes {
    Bytes {
        pixels: PIXELS.load(Ordering::Relaxed),
        timings: TIMINGS.load(Ordering::Relaxed),
        outputs: OUTPUTS.load(Ordering::Relaxed),
    }
}

/// The texels of a texture's first level, row after row without gaps. Waits for the GPU. The texture has
/// `COPY_SRC` and a color format.
pub fn read_texture(device: &Device, queue: &Queue, texture: &Texture) -> Result<Vec<u8>> {
    let texel = texture.format().block_copy_size(None).context("the texture's format cannot be copied")?;
    let row = (texture.width() * texel) as usize;
    let stride = (row as u32).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("pixels to read"),
        size: u64::from(stride) * u64::from(texture.height()),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("read") });
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(stride),
        rows_per_image: Some(texture.height()),
    };
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
        wgpu::Extent3d { depth_or_array_layers: 1, ..texture.size() },
    );
    queue.submit([encoder.finish()]);
    let padded = map_and_wait(device, &buffer, buffer.size(), &PIXELS)?;
    Ok(padded.chunks_exact(stride as usize).flat_map(|line| &line[..row]).copied().collect())
}

/// The first `bytes` of a buffer with `MAP_READ`. Waits for the GPU.
pub fn read_buffer(device: &Device, buffer: &Buffer, bytes: u64) -> Result<Vec<u8>> {
    map_and_wait(device, buffer, bytes, &PIXELS)
}

fn map_and_wait(device: &Device, buffer: &Buffer, bytes: u64, count: &'static AtomicU64) -> Result<Vec<u8>> {
    Pending::request(buffer, bytes, count).wait(device)
}

/// Asks for the first `bytes` of a buffer of timestamps, whose commands have been submitted.
pub(super) fn request_timings(buffer: &Buffer, bytes: u64) -> Pending {
    Pending::request(buffer, bytes, &TIMINGS)
}

/// Asks for the first `bytes` of a buffer of a network's outputs, whose commands have been submitted.
pub(super) fn request_outputs(buffer: &Buffer, bytes: u64) -> Pending {
    Pending::request(buffer, bytes, &OUTPUTS)
}

/// Asks for the first `bytes` of a buffer of pixels, whose commands have been submitted.
pub(super) fn request_pixels(buffer: &Buffer, bytes: u64) -> Pending {
    Pending::request(buffer, bytes, &PIXELS)
}

/// Bytes on their way from the GPU.
pub(super) struct Pending {
    buffer: Buffer,
    bytes: u64,
    mapped: Receiver<Result<(), wgpu::BufferAsyncError>>,
    count: &'static AtomicU64,
}

impl Pending {
    fn request(buffer: &Buffer, bytes: u64, count: &'static AtomicU64) -> Self {
        let (sender, mapped) = channel();
        buffer.map_async(wgpu::MapMode::Read, 0..bytes, move |result| {
            // The receiver is gone when nobody waits any more.
            let _ = sender.send(result);
        });
        Self { buffer: buffer.clone(), bytes, mapped, count }
    }

    /// The bytes when they are there. Does not wait.
    pub fn poll(&mut self, device: &Device) -> Option<Result<Vec<u8>>> {
        // A lost device shows at the next submission; here it only means that nothing has come.
        let _ = device.poll(wgpu::PollType::Poll);
        match self.mapped.try_recv() {
            Ok(Ok(())) => Some(self.take()),
            Ok(Err(error)) => Some(Err(error).context("the GPU's buffer could not be mapped")),
            Err(TryRecvError::Disconnected) => Some(Err(anyhow!("the GPU's buffer was given up"))),
            Err(TryRecvError::Empty) => None,
        }
    }

    /// Waits for the GPU, and then for the bytes: another thread that waits for it may be the one that hands them over.
    pub fn wait(&mut self, device: &Device) -> Result<Vec<u8>> {
        device.poll(wgpu::PollType::wait_indefinitely()).context("the GPU did not finish its work")?;
        let mapped = self.mapped.recv_timeout(HANDING_OVER).context("the GPU's buffer did not come back")?;
        mapped.context("the GPU's buffer could not be mapped")?;
        self.take()
    }

    fn take(&self) -> Result<Vec<u8>> {
        self.count.fetch_add(self.bytes, Ordering::Relaxed);
        let bytes = self.buffer.get_mapped_range(0..self.bytes).map(|range| range.to_vec());
        self.buffer.unmap();
        bytes.context("the GPU's buffer could not be read")
    }
}
