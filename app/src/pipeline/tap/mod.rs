//! The composed picture for something other than the window: a file, a virtual camera.
//!
//! A tap draws the last recorded picture once more at the picture's own size, brings it into the layout that its
//! taker wants on the GPU, and copies it into a ring of buffers. A buffer is mapped after its submission and
//! read when it has come, so that nothing waits; when all are under way the picture is missed.

use std::collections::VecDeque;
use std::time::Instant;

use bytemuck::{Pod, Zeroable};
use wgpu::{BindingResource, Buffer, BufferUsages, CommandEncoder, ComputePipeline, Device, TextureUsages};

use super::compose::{Compose, Layers, Target};
use super::frame::PixelFormat;
use super::gpu::{self, Image, Recorder};
use super::latency::Stage;
use super::prepare::Rect;
use super::readback::{self, Pending};
use super::settings::Settings;

/// The shader, as it is compiled.
pub(super) fn wgsl() -> String {
    include_str!("pack.wgsl").into()
}

/// Buffers of a ring.
const DEPTH: usize = 3;

/// Words in a row of the shader's grid, `ROW` in the shader.
const ROW: u32 = 4096;

/// How a tap's bytes are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Red, green, blue, alpha.
    Rgba,
    /// [`PixelFormat::I420`], limited range.
    I420,
    /// [`PixelFormat::Yuyv`], limited range.
    Yuyv,
}

impl Layout {
    /// The same as a frame's format.
    pub fn format(self) -> PixelFormat {
        match self {
            Self::Rgba => PixelFormat::Rgba,
            Self::I420 => PixelFormat::I420,
            Self::Yuyv => PixelFormat::Yuyv,
        }
    }
}

/// A picture that has come back.
#[derive(Debug)]
pub struct Tapped {
    /// Its bytes, without gaps.
    pub bytes: Vec<u8>,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// When it was recorded.
    pub recorded: Instant,
}

/// `struct Pack` of `pack.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniform {
    size: [u32; 2],
    arrangement: u32,
    bytes: u32,
    red: f32,
    blue: f32,
}

/// A slot's picture on its way.
struct Flight {
    slot: usize,
    recorded: Instant,
    pending: Option<Pending>,
}

struct Sized {
    size: (u32, u32),
    image: Image,
    packed: Buffer,
    slots: Vec<Buffer>,
}

/// A way for composed pictures back to the CPU.
pub struct Tap {
    layout: Layout,
    compose: Compose,
    pack: ComputePipeline,
    uniform: Buffer,
    sized: Sized,
    flights: VecDeque<Flight>,
    missed: u64,
}

impl Tap {
    /// A tap for a device.
    pub fn new(device: &Device, layout: Layout) -> Self {
        let module = gpu::shader(device, "pack", &wgsl());
        Self {
            layout,
            compose: Compose::new(device, wgpu::TextureFormat::Rgba8Unorm),
            pack: gpu::compute_pipeline(device, &module, "pack_words"),
            uniform: gpu::uniform::<Uniform>(device, "pack"),
            sized: Sized::new(device, (1, 1), layout),
            flights: VecDeque::new(),
            missed: 0,
        }
    }

    /// How its bytes are arranged.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Pictures for which no buffer was free.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Whether pictures are on their way.
    pub fn is_busy(&self) -> bool {
        !self.flights.is_empty()
    }

    pub(super) fn record(&mut self, recorder: &mut Recorder<'_>, layers: &Layers<'_>, settings: &Settings) {
        let size = layers.picture.size();
        if self.sized.size != size {
            self.flights.clear();
            self.sized = Sized::new(recorder.device, size, self.layout);
        }
        let Some(slot) = (0..DEPTH).find(|slot| self.flights.iter().all(|flight| flight.slot != *slot))
        else {
            self.missed += 1;
            return;
        };
        let settings = Settings { wipe: None, ..*settings };
        let target = Target { view: &self.sized.image.view, viewport: Rect::of_size(size) };
        self.compose.record(recorder, layers, &settings, target);
        let to = &self.sized.slots[slot];
        if self.layout == Layout::Rgba {
            copy_picture(recorder.encoder, &self.sized.image.texture, to);
        } else {
            self.pack(recorder, size);
            recorder.encoder.copy_buffer_to_buffer(&self.sized.packed, 0, to, 0, to.size());
        }
        self.flights.push_back(Flight { slot, recorded: Instant::now(), pending: None });
    }

    fn pack(&self, recorder: &mut Recorder<'_>, size: (u32, u32)) {
        let bytes = self.layout.format().packed_len(size.0, size.1) as u32;
        let (red, blue) = if size.1 >= 720 { (0.2126, 0.0722) } else { (0.299, 0.114) };
        let arrangement = u32::from(self.layout == Layout::Yuyv);
        recorder.write(&self.uniform, &Uniform { size: [size.0, size.1], arrangement, bytes, red, blue });
        let resources = [
            (0, self.uniform.as_entire_binding()),
            (1, BindingResource::TextureView(&self.sized.image.view)),
            (2, self.sized.packed.as_entire_binding()),
        ];
        let device = recorder.device;
        let grid = (ROW.min(bytes.div_ceil(4)), bytes.div_ceil(4 * ROW));
        let mut pass = recorder.compute("pack", Stage::Compose);
        gpu::dispatch(device, &mut pass, &self.pack, &resources, grid);
    }

    /// Asks for what was recorded. Call it after the submission.
    pub fn submitted(&mut self) {
        for flight in self.flights.iter_mut().filter(|flight| flight.pending.is_none()) {
            let buffer = &self.sized.slots[flight.slot];
            flight.pending = Some(readback::request_pixels(buffer, buffer.size()));
        }
    }

    /// The oldest picture on its way, if it has come. Pictures come in the order in which they were recorded.
    pub fn take(&mut self, device: &Device) -> Option<anyhow::Result<Tapped>> {
        let bytes = self.flights.front_mut()?.pending.as_mut()?.poll(device)?;
        let flight = self.flights.pop_front()?;
        let size = self.sized.size;
        let (row, stride) = (4 * size.0 as usize, row_stride(size.0) as usize);
        Some(bytes.map(|mut bytes| {
            if self.layout == Layout::Rgba {
                bytes = bytes.chunks_exact(stride).flat_map(|line| &line[..row]).copied().collect();
            } else {
                bytes.truncate(self.layout.format().packed_len(size.0, size.1));
            }
            Tapped { bytes, size, recorded: flight.recorded }
        }))
    }
}

impl Sized {
    fn new(device: &Device, size: (u32, u32), layout: Layout) -> Self {
        let usage =
            TextureUsages::TEXTURE_BINDING | TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC;
        let bytes = match layout {
            Layout::Rgba => u64::from(row_stride(size.0)) * u64::from(size.1),
            _ => (layout.format().packed_len(size.0, size.1) as u64).next_multiple_of(4),
        };
        let buffer = |label, usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size: bytes,
                usage,
                mapped_at_creation: false,
            })
        };
        Self {
            size,
            image: Image::new(device, "tapped", size, wgpu::TextureFormat::Rgba8Unorm, usage),
            packed: buffer("packed", BufferUsages::STORAGE | BufferUsages::COPY_SRC),
            slots: (0..DEPTH)
                .map(|_| buffer("tap", BufferUsages::MAP_READ | BufferUsages::COPY_DST))
                .collect(),
        }
    }
}

fn row_stride(width: u32) -> u32 {
    (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
}

fn copy_picture(encoder: &mut CommandEncoder, texture: &wgpu::Texture, to: &Buffer) {
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(row_stride(texture.width())),
        rows_per_image: Some(texture.height()),
    };
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo { buffer: to, layout },
        texture.size(),
    );
}
