//! Where people are: what of the mask counts, what the network sees next, and what of the picture is shown.
//!
//! All of it stays in one buffer on the GPU, which the stages before and after the network read. [`Finder`] does
//! the same with a mask that the processor holds.

mod finder;

use bytemuck::{Pod, Zeroable};
use wgpu::{BindingResource, Buffer, BufferBinding, BufferSize, ComputePipeline, Device, Queue};

pub use finder::{Finder, Found};

use super::gpu::{self, Recorder};
use super::latency::Stage;
use super::refine::Mask;

/// The shader, as it is compiled.
pub(super) fn wgsl() -> String {
    include_str!("person.wgsl").into()
}

/// Cells along each side of the grid, `SIDE` in the shader.
pub const SIDE: usize = 32;

/// Floats before the grid of `struct Person`: seen, next, framing, box.
const HEAD: usize = 16;

/// The bytes of `struct Person`.
pub const BYTES: u64 = 4 * (HEAD + SIDE * SIDE) as u64;

/// `struct Choices` of `person.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniform {
    whole: [f32; 4],
    frame_size: [f32; 2],
    drop_small: u32,
    closely: u32,
    framing: u32,
    fresh: u32,
    pace: f32,
    saw: u32,
}

/// What the network saw when it made a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saw {
    /// What the buffer said that it should.
    Next,
    /// The mask's crop.
    Whole,
    /// The same as before: the mask is looked at again.
    Same,
}

/// What is to be done with the people that are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wishes {
    /// Whether bodies much smaller than the largest are dropped.
    pub drop_small: bool,
    /// Whether the network may see less than the whole picture.
    pub closely: bool,
    /// What it saw.
    pub saw: Saw,
    /// Whether the picture follows the people.
    pub framing: bool,
    /// How far it follows with each mask, 0..1.
    pub pace: f32,
}

pub(super) struct Person {
    pipeline: ComputePipeline,
    uniform: Buffer,
    buffer: Buffer,
    has_past: bool,
}

impl Person {
    pub fn new(device: &Device, queue: &Queue) -> Self {
        let module = gpu::shader(device, "person", &wgsl());
        use wgpu::BufferUsages as Usage;
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("person"),
            size: BYTES,
            usage: Usage::STORAGE | Usage::UNIFORM | Usage::COPY_DST | Usage::COPY_SRC,
            mapped_at_creation: false,
        });
        write_nobody(queue, &buffer);
        Self {
            pipeline: gpu::compute_pipeline(device, &module, "find_people"),
            uniform: gpu::uniform::<Uniform>(device, "people"),
            buffer,
            has_past: false,
        }
    }

    /// `struct Person` of `person.wgsl`, for stages that read it.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Its head: everything but the grid.
    pub fn head(buffer: &Buffer) -> BindingResource<'_> {
        let size = BufferSize::new(4 * HEAD as u64);
        BindingResource::Buffer(BufferBinding { buffer, offset: 0, size })
    }

    /// Whether the buffer says what the network should see next.
    pub fn has_past(&self) -> bool {
        self.has_past
    }

    /// The next mask stands by itself. The whole picture is shown until it has come.
    pub fn forget(&mut self, queue: &Queue) {
        self.has_past = false;
        write_nobody(queue, &self.buffer);
    }

    /// Records the search in a mask of a picture of `frame_size` pixels.
    pub fn record(
        &mut self,
        recorder: &mut Recorder<'_>,
        mask: Mask<'_>,
        frame_size: (u32, u32),
        wishes: Wishes,
    ) {
        let uniform = Uniform {
            whole: mask.crop.to_array(),
            frame_size: [frame_size.0 as f32, frame_size.1 as f32],
            drop_small: wishes.drop_small.into(),
            closely: wishes.closely.into(),
            framing: wishes.framing.into(),
            fresh: (!self.has_past).into(),
            pace: wishes.pace.clamp(0.0, 1.0),
            saw: wishes.saw as u32,
        };
        recorder.write(&self.uniform, &uniform);
        let resources = [
            (0, self.uniform.as_entire_binding()),
            (1, BindingResource::TextureView(mask.view)),
            (2, self.buffer.as_entire_binding()),
        ];
        let device = recorder.device;
        let mut pass = recorder.compute("person", Stage::Refine);
        gpu::dispatch(device, &mut pass, &self.pipeline, &resources, (1, 1));
        self.has_past = true;
    }
}

/// Puts the whole picture into the shown part.
fn write_nobody(queue: &Queue, buffer: &Buffer) {
    queue.write_buffer(buffer, 4 * 8, bytemuck::cast_slice(&[0.5f32, 0.5, 1.0, 0.0]));
}
