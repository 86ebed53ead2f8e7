//! The shown picture as one rgba8 texture, which the later stages read many times.

use wgpu::{Device, RenderPipeline, TextureFormat, TextureUsages};

use super::gpu::{self, Before, Image, Recorder};
use super::latency::Stage;
use super::source::{self, Source};

/// The shader, as it is compiled.
pub(super) fn wgsl() -> String {
    [gpu::FULLSCREEN, source::WGSL, include_str!("convert.wgsl")].concat()
}

/// The pipeline that draws the picture, into targets as large as it or smaller by a whole factor.
pub(super) fn pipeline(device: &Device) -> RenderPipeline {
    let module = gpu::shader(device, "convert", &wgsl());
    gpu::render_pipeline_of(device, &module, ["turned", "convert"], TextureFormat::Rgba8Unorm, None)
}

pub(super) struct Convert {
    pipeline: RenderPipeline,
    picture: Image,
}

impl Convert {
    pub fn new(device: &Device) -> Self {
        Self { pipeline: pipeline(device), picture: picture_texture(device, (1, 1)) }
    }

    /// The picture that was recorded last.
    pub fn picture(&self) -> &Image {
        &self.picture
    }

    /// Records the picture, shrunk by a whole factor.
    pub fn record(&mut self, recorder: &mut Recorder<'_>, source: &Source, shrink: u32) {
        let (width, height) = source.shown_size();
        let size = (width.div_ceil(shrink), height.div_ceil(shrink));
        if self.picture.size() != size {
            self.picture = picture_texture(recorder.device, size);
        }
        let before = Before::Clear(wgpu::Color::BLACK);
        recorder.draw(Stage::Convert, &self.pipeline, &source.bindings(), &self.picture.view, before);
    }
}

fn picture_texture(device: &Device, size: (u32, u32)) -> Image {
    let usage = TextureUsages::TEXTURE_BINDING | TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC;
    Image::new(device, "picture", size, TextureFormat::Rgba8Unorm, usage)
}
