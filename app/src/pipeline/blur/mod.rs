//! The blurred background without the person in it, and the background's mean color nearby.
//!
//! A pyramid of halved pictures, premultiplied by how surely each pixel is background. Going down and up it
//! costs about the same for every strength. The coarsest level is mixed in by a fraction, so that the
//! strength has no steps.

use wgpu::{
    BindingResource, BlendComponent, BlendFactor, BlendOperation, BlendState, Device, RenderPipeline,
    Sampler, TextureFormat, TextureUsages,
};

use super::gpu::{self, Before, Image, Recorder};
use super::latency::Stage;

/// The shader, as it is compiled.
pub(super) fn wgsl() -> String {
    [gpu::FULLSCREEN, include_str!("blur.wgsl")].concat()
}

/// Premultiplied sums need the range and the steps of half floats.
const FORMAT: TextureFormat = TextureFormat::Rgba16Float;

/// The level whose texels are the background's color nearby: eighths of the picture.
const NEARBY_LEVEL: usize = 2;

/// `part · new + (1 − part) · old`, with the part as the pass's blend constant.
const MIX: BlendState = {
    let component = BlendComponent {
        src_factor: BlendFactor::Constant,
        dst_factor: BlendFactor::OneMinusConstant,
        operation: BlendOperation::Add,
    };
    BlendState { color: component, alpha: component }
};

/// How far down the pyramid a blur goes: level 0 is half the picture's size.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Depth {
    /// The coarsest level.
    level: usize,
    /// How much of it goes into the next finer one, in 0..=1.
    part: f32,
}

impl Depth {
    /// A strength of 0..1 for a picture of some height. Each level doubles the radius; the strongest blur
    /// leaves about a dozen texels from top to bottom, at any size of the picture.
    fn new(strength: f32, height: u32, levels: usize) -> Self {
        let deepest = (height as f32 / 24.0).log2().clamp(1.0, (levels - 1) as f32);
        let depth = 1.0 + strength.clamp(0.0, 1.0) * (deepest - 1.0);
        let level = depth.ceil() as usize;
        Self { level, part: depth - (level - 1) as f32 }
    }
}

pub(super) struct Blur {
    premultiply: RenderPipeline,
    shrink: RenderPipeline,
    enlarge: RenderPipeline,
    sampler: Sampler,
    frame_size: (u32, u32),
    levels: Vec<Image>,
    nearby: Image,
}

impl Blur {
    pub fn new(device: &Device) -> Self {
        let module = gpu::shader(device, "blur", &wgsl());
        Self {
            premultiply: gpu::render_pipeline(device, &module, "premultiply", FORMAT, None),
            shrink: gpu::render_pipeline(device, &module, "shrink", FORMAT, None),
            enlarge: gpu::render_pipeline(device, &module, "enlarge", FORMAT, Some(MIX)),
            sampler: gpu::linear_sampler(device),
            frame_size: (1, 1),
            levels: levels(device, (1, 1)),
            nearby: level(device, (1, 1)),
        }
    }

    /// The blurred background, half the picture's size: divide by alpha.
    pub fn blurred(&self) -> &Image {
        &self.levels[0]
    }

    /// The background's mean color around each place, a quarter of the picture's size: divide by alpha.
    pub fn nearby(&self) -> &Image {
        &self.nearby
    }

    /// Records both pictures from the shown picture and its matte.
    pub fn record(&mut self, recorder: &mut Recorder<'_>, picture: &Image, matte: &Image, strength: f32) {
        if self.frame_size != picture.size() {
            self.frame_size = picture.size();
            self.levels = levels(recorder.device, self.frame_size);
            self.nearby = level(recorder.device, self.levels[1].size());
        }
        let depth = Depth::new(strength, self.frame_size.1, self.levels.len());
        let clear = Before::Clear(wgpu::Color::TRANSPARENT);
        let resources = [
            (1, BindingResource::TextureView(&picture.view)),
            (2, BindingResource::TextureView(&matte.view)),
        ];
        recorder.draw(Stage::Blur, &self.premultiply, &resources, &self.levels[0].view, clear);
        for level in 1..=depth.level.max(NEARBY_LEVEL) {
            self.step(recorder, &self.shrink, &self.levels[level - 1], &self.levels[level], clear);
        }
        self.step(recorder, &self.enlarge, &self.levels[NEARBY_LEVEL], &self.nearby, Before::Mix(1.0));
        for level in (1..=depth.level).rev() {
            let part = if level == depth.level { depth.part } else { 1.0 };
            let mix = Before::Mix(part);
            self.step(recorder, &self.enlarge, &self.levels[level], &self.levels[level - 1], mix);
        }
    }

    fn step(
        &self,
        recorder: &mut Recorder<'_>,
        pipeline: &RenderPipeline,
        from: &Image,
        to: &Image,
        before: Before,
    ) {
        let resources =
            [(0, BindingResource::Sampler(&self.sampler)), (1, BindingResource::TextureView(&from.view))];
        recorder.draw(Stage::Blur, pipeline, &resources, &to.view, before);
    }
}

/// Levels of half, quarter, … the picture's size, down to about a dozen texels of height, at least three.
fn levels(device: &Device, (width, height): (u32, u32)) -> Vec<Image> {
    let count = (height as f32 / 12.0).log2().ceil().clamp(3.0, 12.0) as u32;
    (1..=count)
        .map(|halvings| level(device, (width.div_ceil(1 << halvings), height.div_ceil(1 << halvings))))
        .collect()
}

fn level(device: &Device, size: (u32, u32)) -> Image {
    let usage = TextureUsages::TEXTURE_BINDING | TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC;
    Image::new(device, "blur level", size, FORMAT, usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depth_grows_without_steps() {
        let depth = |strength: f32| {
            let Depth { level, part } = Depth::new(strength, 720, 6);
            assert!(level < 6 && (0.0..=1.0).contains(&part));
            level as f32 - 1.0 + part
        };
        assert_eq!(depth(0.0), 1.0);
        for step in 0..100 {
            let (low, high) = (depth(step as f32 / 100.0), depth((step + 1) as f32 / 100.0));
            assert!(low < high && high - low < 0.1, "{low} to {high}");
        }
    }

    #[test]
    fn tiny_pictures_have_a_depth_too() {
        assert_eq!(Depth::new(1.0, 1, 3), Depth { level: 1, part: 1.0 });
    }
}
