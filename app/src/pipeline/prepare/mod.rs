//! The network's input from the raw planes: color conversion, crop, resize and normalization in one dispatch.

use bytemuck::{Pod, Zeroable};
use wgpu::{BindingResource, Buffer, ComputePipeline, Device};

use super::gpu::{self, Recorder};
use super::latency::Stage;
use super::person::Person;
use super::source::{self, Source};

/// The shader, as it is compiled.
pub(super) fn wgsl() -> String {
    [source::WGSL, include_str!("prepare.wgsl")].concat()
}

/// A rectangle of the shown picture in pixels. It may reach beyond the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// The left edge.
    pub x: f32,
    /// The upper edge.
    pub y: f32,
    /// The width, above 0.
    pub width: f32,
    /// The height, above 0.
    pub height: f32,
}

impl Rect {
    /// A whole picture.
    pub fn of_size((width, height): (u32, u32)) -> Self {
        Self { x: 0.0, y: 0.0, width: width as f32, height: height as f32 }
    }

    pub(super) fn to_array(self) -> [f32; 4] {
        [self.x, self.y, self.width, self.height]
    }
}

/// Which part of the picture the network sees when its aspect is another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// All of it, squeezed into the network's aspect.
    #[default]
    Stretch,
    /// All of it, with black bars.
    Letterbox,
    /// The largest part around the middle that has the network's aspect.
    Center,
}

impl Fit {
    /// The part of a picture of `picture` pixels that a network with an input of `input` texels sees.
    pub fn crop(self, picture: (u32, u32), input: (u32, u32)) -> Rect {
        let whole = Rect::of_size(picture);
        let scales = (whole.width / input.0 as f32, whole.height / input.1 as f32);
        let scale = match self {
            Self::Stretch => return whole,
            Self::Letterbox => scales.0.max(scales.1),
            Self::Center => scales.0.min(scales.1),
        };
        let (width, height) = (scale * input.0 as f32, scale * input.1 as f32);
        Rect { x: (whole.width - width) / 2.0, y: (whole.height - height) / 2.0, width, height }
    }
}

/// How a texel of the network's input is stored. The fourth channel is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `vec4<f32>`.
    F32,
    /// Four halves.
    F16,
}

impl Element {
    /// The bytes of a texel.
    pub fn texel_bytes(self) -> u64 {
        match self {
            Self::F32 => 16,
            Self::F16 => 8,
        }
    }
}

/// The network's input: a storage buffer with a texel at `y * width + x`.
pub struct Input<'a> {
    /// Where the texels go.
    pub binding: wgpu::BufferBinding<'a>,
    /// How they are stored.
    pub element: Element,
    /// Width and height in texels.
    pub size: (u32, u32),
    /// The values that stand for black and white.
    pub range: [f32; 2],
    /// The part of the shown picture that the input covers.
    pub crop: Rect,
}

/// How the network looks at the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaze {
    /// Whether it sees the part around the people that the last mask showed, rather than the whole.
    pub closely: bool,
    /// The power to which channels in 0..1 are raised: below 1 it brightens a dark picture.
    pub gamma: f32,
}

impl Default for Gaze {
    fn default() -> Self {
        Self { closely: false, gamma: 1.0 }
    }
}

impl Gaze {
    /// The power for a picture of a mean luma in 0..1: dark ones are brought near to a third.
    pub fn gamma_for(luma: f32) -> f32 {
        const ENOUGH: f32 = 0.33;
        if luma >= ENOUGH { 1.0 } else { (ENOUGH.ln() / luma.max(0.004).ln()).clamp(0.3, 1.0) }
    }
}

/// `struct Prepare` of `prepare.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniform {
    crop: [f32; 4],
    size: [u32; 2],
    scale: f32,
    bias: f32,
    gamma: f32,
    closely: u32,
    padding: [u32; 2],
}

pub(super) struct Prepare {
    f32: ComputePipeline,
    f16: ComputePipeline,
    uniform: Buffer,
}

impl Prepare {
    pub fn new(device: &Device) -> Self {
        let module = gpu::shader(device, "prepare", &wgsl());
        Self {
            f32: gpu::compute_pipeline(device, &module, "prepare_f32"),
            f16: gpu::compute_pipeline(device, &module, "prepare_f16"),
            uniform: gpu::uniform::<Uniform>(device, "prepare"),
        }
    }

    /// Records the input; `person` says which part it covers if the network looks closely.
    pub fn record(
        &self,
        recorder: &mut Recorder<'_>,
        source: &Source,
        input: &Input<'_>,
        gaze: Gaze,
        person: &Buffer,
    ) {
        let [low, high] = input.range;
        let uniform = Uniform {
            crop: input.crop.to_array(),
            size: [input.size.0, input.size.1],
            scale: high - low,
            bias: low,
            gamma: gaze.gamma.clamp(0.2, 1.0),
            closely: gaze.closely.into(),
            padding: [0; 2],
        };
        recorder.write(&self.uniform, &uniform);
        let pipeline = match input.element {
            Element::F32 => &self.f32,
            Element::F16 => &self.f16,
        };
        let own = [
            (4, self.uniform.as_entire_binding()),
            (5, BindingResource::Buffer(input.binding.clone())),
            (6, Person::head(person)),
        ];
        let resources = [&source.bindings()[..], &own[..]].concat();
        let device = recorder.device;
        let mut pass = recorder.compute("prepare", Stage::Prepare);
        gpu::dispatch(device, &mut pass, pipeline, &resources, input.size);
    }
}
