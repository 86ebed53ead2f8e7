//! A network's output as a plane of numbers: the probability of the classes that are kept, a map of distances, or
//! whatever an output holds, for people to look at.
//!
//! On the GPU a plane is made where the output lies. What the processor computed is copied into one.

use bytemuck::{Pod, Zeroable};
use wgpu::{
    BindingResource, BufferBinding, CommandEncoder, ComputePipeline, Device, Queue, TextureFormat,
    TextureUsages, TextureView,
};

use super::gpu::{self, Image};
use super::prepare::Element;

const READ_F32: &str = "@group(0) @binding(1) var<storage, read> scores: array<vec4<f32>>;

fn texel_at(index: u32) -> vec4<f32> {
    return scores[index];
}

";

const READ_F16: &str = "@group(0) @binding(1) var<storage, read> scores: array<vec2<u32>>;

fn texel_at(index: u32) -> vec4<f32> {
    let halves = scores[index];
    return vec4<f32>(unpack2x16float(halves.x), unpack2x16float(halves.y));
}

";

/// The shaders, as they are compiled.
pub(super) fn wgsl() -> [(&'static str, String); 3] {
    let plane = include_str!("plane.wgsl");
    [
        ("plane_f32", [READ_F32, plane].concat()),
        ("plane_f16", [READ_F16, plane].concat()),
        ("extent", include_str!("extent.wgsl").to_owned()),
    ]
}

/// Classes that [`Rule::Softmax`] and [`Rule::Share`] tell apart.
pub const MOST_CLASSES: usize = 256;

/// How an output becomes a plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A pixel's numbers are logits of classes: the probability of those that are kept, by softmax.
    Softmax(Vec<bool>),
    /// A pixel's numbers are probabilities of classes: the share of those that are kept.
    Share(Vec<bool>),
    /// A pixel's numbers are averaged.
    Mean,
    /// The output is no picture: every number, row by row in a plane that is about as high as it is wide.
    Numbers,
}

/// The plane's width and height for an output `[h, w, c]`.
pub fn plane_size(rule: &Rule, [height, width, channels]: [usize; 3]) -> (u32, u32) {
    match rule {
        Rule::Numbers => {
            let count = (height * width * channels).max(1);
            let columns = (count as f64).sqrt().ceil() as usize;
            (columns as u32, count.div_ceil(columns) as u32)
        }
        _ => (width as u32, height as u32),
    }
}

/// The plane of an output `[h, w, c]`, as the shader makes it.
pub fn plane_values(rule: &Rule, [height, width, channels]: [usize; 3], values: &[f32]) -> Vec<f32> {
    let pixels = values.chunks_exact(channels.max(1)).take(height * width);
    match rule {
        Rule::Softmax(kept) => pixels.map(|scores| softmax_share(scores, kept)).collect(),
        Rule::Share(kept) => pixels.map(|scores| share(scores.iter().copied(), kept)).collect(),
        Rule::Mean => pixels.map(|scores| scores.iter().sum::<f32>() / channels as f32).collect(),
        Rule::Numbers => {
            let (columns, rows) = plane_size(rule, [height, width, channels]);
            let last = values.last().copied().unwrap_or(0.0);
            let all = values.iter().copied().chain(std::iter::repeat(last));
            all.take(columns as usize * rows as usize).collect()
        }
    }
}

fn softmax_share(scores: &[f32], kept: &[bool]) -> f32 {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    share(scores.iter().map(|score| (score - largest).exp()), kept)
}

fn share(weights: impl Iterator<Item = f32>, kept: &[bool]) -> f32 {
    let (mut sum, mut part) = (0.0, 0.0);
    for (index, weight) in weights.enumerate() {
        sum += weight;
        if kept.get(index).is_some_and(|&kept| kept) {
            part += weight;
        }
    }
    part / sum.max(1e-20)
}

/// `struct Plane` of `plane.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniform {
    shape: [u32; 3],
    rule: u32,
    size: [u32; 2],
    padding: [u32; 2],
    kept: [u32; 8],
}

/// A plane of numbers on the GPU, and the smallest and largest of them.
pub struct Plane {
    values: Image,
    extent: Image,
    shown: wgpu::Buffer,
    uniform: wgpu::Buffer,
}

impl Plane {
    /// A plane of some size, of zeros.
    pub fn new(device: &Device, size: (u32, u32)) -> Self {
        let usage = TextureUsages::TEXTURE_BINDING | TextureUsages::STORAGE_BINDING | TextureUsages::COPY_DST;
        Self {
            values: Image::new(device, "plane", size, TextureFormat::R32Float, usage),
            extent: Image::new(device, "extent", (2, 1), TextureFormat::R32Float, usage),
            shown: gpu::storage(device, "extent", 8),
            uniform: gpu::uniform::<Uniform>(device, "plane"),
        }
    }

    /// Width and height.
    pub fn size(&self) -> (u32, u32) {
        self.values.size()
    }

    /// The numbers, r32float.
    pub fn view(&self) -> &TextureView {
        &self.values.view
    }

    pub(super) fn extent(&self) -> &TextureView {
        &self.extent.view
    }

    /// Takes numbers that the processor made, row by row, and their extent.
    pub fn write(&self, queue: &Queue, values: &[f32]) {
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for (image, values) in [(&self.values, values), (&self.extent, &[low, high])] {
            let bytes_per_row = Some(4 * image.texture.width());
            let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row, rows_per_image: None };
            let size = image.texture.size();
            queue.write_texture(image.texture.as_image_copy(), bytemuck::cast_slice(values), layout, size);
        }
    }
}

/// Makes planes where a network's outputs lie.
pub struct PlaneMaker {
    device: Device,
    queue: Queue,
    f32: ComputePipeline,
    f16: ComputePipeline,
    extent: ComputePipeline,
}

/// An output on the GPU: texels of four channels, `slice * h * w + y * w + x`.
pub struct Scores<'a> {
    /// Where the texels lie.
    pub binding: BufferBinding<'a>,
    /// How they are stored.
    pub element: Element,
    /// `[h, w, c]`.
    pub shape: [usize; 3],
}

impl PlaneMaker {
    /// Compiles the shaders.
    pub fn new(device: &Device, queue: &Queue) -> Self {
        let [f32, f16, extent] = wgsl().map(|(label, source)| gpu::shader(device, label, &source));
        Self {
            f32: gpu::compute_pipeline(device, &f32, "plane_number"),
            f16: gpu::compute_pipeline(device, &f16, "plane_number"),
            extent: gpu::compute_pipeline(device, &extent, "plane_extent"),
            device: device.clone(),
            queue: queue.clone(),
        }
    }

    /// Records the making of a plane, which has the size that [`plane_size`] says.
    pub fn record(&self, encoder: &mut CommandEncoder, scores: &Scores<'_>, rule: &Rule, plane: &Plane) {
        let (number, kept) = match rule {
            Rule::Softmax(kept) => (0, bits(kept)),
            Rule::Share(kept) => (1, bits(kept)),
            Rule::Mean => (2, [0; 8]),
            Rule::Numbers => (3, [0; 8]),
        };
        let uniform = Uniform {
            shape: scores.shape.map(|length| length as u32),
            rule: number,
            size: plane.size().into(),
            padding: [0; 2],
            kept,
        };
        self.queue.write_buffer(&plane.uniform, 0, bytemuck::bytes_of(&uniform));
        let pipeline = match scores.element {
            Element::F32 => &self.f32,
            Element::F16 => &self.f16,
        };
        let descriptor = wgpu::ComputePassDescriptor { label: Some("plane"), timestamp_writes: None };
        let mut pass = encoder.begin_compute_pass(&descriptor);
        let resources = [
            (0, plane.uniform.as_entire_binding()),
            (1, BindingResource::Buffer(scores.binding.clone())),
            (2, BindingResource::TextureView(&plane.values.view)),
        ];
        gpu::dispatch(&self.device, &mut pass, pipeline, &resources, plane.size());
        let resources = [
            (0, BindingResource::TextureView(&plane.values.view)),
            (1, plane.shown.as_entire_binding()),
            (2, BindingResource::TextureView(&plane.extent.view)),
        ];
        gpu::dispatch(&self.device, &mut pass, &self.extent, &resources, (1, 1));
    }
}

fn bits(kept: &[bool]) -> [u32; 8] {
    let mut words = [0; 8];
    let kept = kept.iter().enumerate().take(MOST_CLASSES).filter(|(_, kept)| **kept);
    kept.for_each(|(index, _)| words[index / 32] |= 1 << (index % 32));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_classes_probability_is_theirs_alone() {
        let rule = Rule::Softmax(vec![false, true, true]);
        let values = plane_values(&rule, [1, 2, 3], &[0.0, 0.0, 0.0, 100.0, 0.0, 0.0]);
        assert!((values[0] - 2.0 / 3.0).abs() < 1e-6 && values[1] < 1e-6, "{values:?}");
        let rule = Rule::Share(vec![true, false]);
        assert_eq!(plane_values(&rule, [1, 1, 2], &[0.25, 0.75]), [0.25]);
    }

    #[test]
    fn a_list_fills_a_plane_with_its_last_number() {
        let shape = [1, 1, 5];
        assert_eq!(plane_size(&Rule::Numbers, shape), (3, 2));
        assert_eq!(
            plane_values(&Rule::Numbers, shape, &[1.0, 2.0, 3.0, 4.0, 5.0]),
            [1.0, 2.0, 3.0, 4.0, 5.0, 5.0]
        );
    }

    #[test]
    fn a_class_is_a_bit() {
        let mut kept = vec![false; 40];
        (kept[0], kept[33]) = (true, true);
        assert_eq!(bits(&kept)[..2], [1, 2]);
    }
}
