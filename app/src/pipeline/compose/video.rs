//! The video that replaces the background: the newest frame as a picture with its halved copies, made on the GPU.

use anyhow::Result;
use wgpu::{BindingResource, Device, Queue, RenderPipeline, TextureFormat, TextureUsages, TextureView};

use super::super::convert;
use super::super::frame::Frame;
use super::super::gpu::{self, Before, Image, Recorder};
use super::super::latency::Stage;
use super::super::preview;
use super::super::source::Source;
use super::backdrop::with_levels;

pub(in super::super) struct Video {
    convert: RenderPipeline,
    halve: RenderPipeline,
    sampler: wgpu::Sampler,
    source: Source,
    picture: Image,
    levels: Vec<TextureView>,
    /// Whether the picture is older than the source's frame.
    stale: bool,
}

impl Video {
    /// Takes the first frame.
    pub fn new(device: &Device, queue: &Queue, frame: &Frame) -> Result<Self> {
        let halving = gpu::shader(device, "preview", &preview::wgsl());
        let mut video = Self {
            convert: convert::pipeline(device),
            halve: gpu::render_pipeline(device, &halving, "shrink_picture", TextureFormat::Rgba8Unorm, None),
            sampler: gpu::linear_sampler(device),
            source: Source::new(device),
            picture: with_levels(device, (1, 1), TextureUsages::RENDER_ATTACHMENT),
            levels: Vec::new(),
            stale: false,
        };
        video.upload(device, queue, frame)?;
        Ok(video)
    }

    /// The frame that was recorded last.
    pub fn picture(&self) -> &Image {
        &self.picture
    }

    /// Takes another frame.
    pub fn upload(&mut self, device: &Device, queue: &Queue, frame: &Frame) -> Result<()> {
        self.source.upload(device, queue, frame)?;
        self.stale = true;
        if self.levels.is_empty() || self.picture.size() != self.source.shown_size() {
            self.picture = with_levels(device, self.source.shown_size(), TextureUsages::RENDER_ATTACHMENT);
            let texture = &self.picture.texture;
            self.levels = (0..texture.mip_level_count()).map(|level| level_view(texture, level)).collect();
        }
        Ok(())
    }

    /// Records the conversion of a frame that is new.
    pub fn record(&mut self, recorder: &mut Recorder<'_>) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let clear = Before::Clear(wgpu::Color::BLACK);
        recorder.draw(Stage::Convert, &self.convert, &self.source.bindings(), &self.levels[0], clear);
        for pair in self.levels.windows(2) {
            let resources =
                [(0, BindingResource::Sampler(&self.sampler)), (1, BindingResource::TextureView(&pair[0]))];
            recorder.draw(Stage::Convert, &self.halve, &resources, &pair[1], clear);
        }
    }
}

fn level_view(texture: &wgpu::Texture, level: u32) -> TextureView {
    texture.create_view(&wgpu::TextureViewDescriptor {
        base_mip_level: level,
        mip_level_count: Some(1),
        ..Default::default()
    })
}
