//! The picture with another effect at the size of a thumbnail, for choosing between effects.
//!
//! It is made of the frame and the matte of the last recorded picture, so that it needs no network.

use wgpu::{BindingResource, Device, RenderPipeline, Sampler, TextureFormat, TextureUsages};

use super::background::Background;
use super::bokeh::Scene;
use super::compose::{Compose, Layers, Target};
use super::gpu::{self, Before, Image, Recorder};
use super::latency::Stage;
use super::settings::Settings;

/// The shader, as it is compiled.
pub(super) fn wgsl() -> String {
    [gpu::FULLSCREEN, include_str!("preview.wgsl")].concat()
}

/// The format of the targets of previews.
pub const PREVIEW_FORMAT: TextureFormat = TextureFormat::Rgba8Unorm;

pub(super) struct Preview {
    shrink_picture: RenderPipeline,
    shrink_matte: RenderPipeline,
    sampler: Sampler,
    picture: Image,
    matte: Image,
    background: Background,
    compose: Compose,
}

impl Preview {
    pub fn new(device: &Device) -> Self {
        let module = gpu::shader(device, "preview", &wgsl());
        let shrink = |format| gpu::render_pipeline(device, &module, "shrink_picture", format, None);
        Self {
            shrink_picture: shrink(TextureFormat::Rgba8Unorm),
            shrink_matte: shrink(TextureFormat::R8Unorm),
            sampler: gpu::linear_sampler(device),
            picture: small(device, (1, 1), TextureFormat::Rgba8Unorm),
            matte: small(device, (1, 1), TextureFormat::R8Unorm),
            background: Background::new(device),
            compose: Compose::new(device, PREVIEW_FORMAT),
        }
    }

    /// Records the preview into a target; `scene` is the large one.
    pub fn record(
        &mut self,
        recorder: &mut Recorder<'_>,
        scene: &Scene<'_>,
        (backdrop, mask): (&Image, &wgpu::TextureView),
        settings: &Settings,
        target: Target<'_>,
    ) {
        let size = size_for(scene.picture.size(), target.viewport.height as u32);
        if self.picture.size() != size {
            self.picture = small(recorder.device, size, TextureFormat::Rgba8Unorm);
            self.matte = small(recorder.device, size, TextureFormat::R8Unorm);
        }
        let clear = Before::Clear(wgpu::Color::TRANSPARENT);
        for (pipeline, from, to) in [
            (&self.shrink_picture, scene.picture, &self.picture),
            (&self.shrink_matte, scene.matte, &self.matte),
        ] {
            let resources =
                [(0, BindingResource::Sampler(&self.sampler)), (1, BindingResource::TextureView(&from.view))];
            recorder.draw(Stage::Compose, pipeline, &resources, &to.view, clear);
        }
        let small = Scene { picture: &self.picture, matte: &self.matte, ..*scene };
        self.background.record(recorder, &small, settings);
        let layers = Layers {
            picture: &self.picture,
            matte: &self.matte,
            blur: &self.background.blur,
            bokeh: &self.background.bokeh,
            backdrop,
            mask,
            person: scene.person,
            source_size: scene.source_size,
        };
        self.compose.record(recorder, &layers, settings, target);
    }
}

/// The size of a picture of some height with the aspect of another.
fn size_for((width, height): (u32, u32), small_height: u32) -> (u32, u32) {
    let small_height = small_height.clamp(1, height);
    ((width * small_height).div_ceil(height), small_height)
}

fn small(device: &Device, size: (u32, u32), format: TextureFormat) -> Image {
    let usage = TextureUsages::TEXTURE_BINDING | TextureUsages::RENDER_ATTACHMENT;
    Image::new(device, "preview", size, format, usage)
}
