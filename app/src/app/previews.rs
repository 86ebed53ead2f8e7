//! Live thumbnails of the presets: one is drawn anew with each frame, in turn.

use wgpu::{CommandEncoder, Device, Texture, TextureUsages};

use super::look::pipeline_settings;
use super::{Look, Preset};
use crate::pipeline::{self, PREVIEW_FORMAT, Pipeline, Rect, Target};
use crate::render::{Gpu, Overlay};

/// Width and height of a thumbnail in pixels.
pub const SIZE: (u32, u32) = (208, 132);

/// A texture for each preset, known to egui.
pub struct Previews {
    textures: Vec<Texture>,
    ids: Vec<egui::TextureId>,
    drawn: usize,
    /// How many are of an older picture than the last.
    stale: usize,
}

impl Previews {
    /// Makes the textures.
    pub fn new(gpu: &Gpu, overlay: &mut Overlay) -> Self {
        let textures: Vec<_> = Preset::ALL.iter().map(|_| texture(&gpu.device)).collect();
        let ids = textures.iter().map(|texture| overlay.show_texture(gpu, texture)).collect();
        Self { textures, ids, drawn: 0, stale: 0 }
    }

    /// The thumbnails that were drawn at least once.
    pub fn ids(&self) -> [Option<egui::TextureId>; 5] {
        std::array::from_fn(|index| self.ids.get(index).copied().filter(|_| index < self.drawn))
    }

    /// Says that there is another picture, or another look.
    pub fn renew(&mut self) {
        self.stale = self.textures.len();
    }

    /// Whether some are of an older picture.
    pub fn are_stale(&self) -> bool {
        self.stale > 0
    }

    /// Records the next thumbnail of the last picture.
    pub fn encode(&mut self, encoder: &mut CommandEncoder, pipeline: &mut Pipeline, look: &Look) {
        self.stale = self.stale.saturating_sub(1);
        let index = self.drawn % self.textures.len();
        self.drawn =
            if self.drawn + 1 == 2 * self.textures.len() { self.textures.len() } else { self.drawn + 1 };
        let look = Look { focus: look.focus, ..Preset::ALL[index].applied(look) };
        let settings = pipeline::Settings { wipe: None, shrink: 1, ..pipeline_settings(&look) };
        let view = self.textures[index].create_view(&Default::default());
        let viewport = Rect::of_size(SIZE);
        pipeline.encode_preview(encoder, &settings, Target { view: &view, viewport });
    }
}

fn texture(device: &Device) -> Texture {
    pipeline::texture(
        device,
        "thumbnail",
        SIZE,
        PREVIEW_FORMAT,
        TextureUsages::RENDER_ATTACHMENT | TextureUsages::TEXTURE_BINDING,
    )
}
