//! egui's triangles, drawn over whatever the target holds.

use super::Gpu;

/// Draws egui's output with wgpu.
pub struct Overlay {
    renderer: egui_wgpu::Renderer,
    format: wgpu::TextureFormat,
}

/// One frame's triangles, ready to be drawn.
pub struct Painting {
    triangles: Vec<egui::ClippedPrimitive>,
    screen: egui_wgpu::ScreenDescriptor,
    unused: Vec<egui::TextureId>,
}

impl Painting {
    /// Width and height in pixels of the target that it is for.
    pub fn size(&self) -> [u32; 2] {
        self.screen.size_in_pixels
    }
}

impl Overlay {
    /// Makes the pipelines for a target of the format.
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Self {
        Self { renderer: egui_wgpu::Renderer::new(&gpu.device, format, Default::default()), format }
    }

    /// The format of the targets it draws on.
    pub fn format(&self) -> wgpu::TextureFormat {
        self.format
    }

    /// Makes a texture known to egui, under the number that it gets.
    pub fn show_texture(&mut self, gpu: &Gpu, texture: &wgpu::Texture) -> egui::TextureId {
        let view = texture.create_view(&Default::default());
        self.renderer.register_native_texture(&gpu.device, &view, wgpu::FilterMode::Linear)
    }

    /// Takes over the textures that changed and cuts the shapes into triangles.
    ///
    /// It is called for every output, drawn or not: a texture comes only once.
    pub fn take(
        &mut self,
        gpu: &Gpu,
        context: &egui::Context,
        mut output: egui::FullOutput,
        size_in_pixels: [u32; 2],
    ) -> Painting {
        let mut changed: Vec<_> = output.textures_delta.set.drain().collect();
        changed.sort_by_key(|(id, _)| *id);
        for (id, deltas) in changed {
            for delta in &deltas {
                self.renderer.update_texture(&gpu.device, &gpu.queue, id, delta);
            }
        }
        let unused = output.textures_delta.free.drain().collect();
        let pixels_per_point = output.pixels_per_point;
        let triangles = context.tessellate(std::mem::take(&mut output.shapes), pixels_per_point);
        Painting {
            triangles,
            screen: egui_wgpu::ScreenDescriptor { size_in_pixels, pixels_per_point },
            unused,
        }
    }

    /// Records the drawing of the triangles over the target's content.
    pub fn encode(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
        painting: &Painting,
    ) {
        let Painting { triangles, screen, .. } = painting;
        self.renderer.update_buffers(&gpu.device, &gpu.queue, encoder, triangles, screen);
        let attachment = wgpu::RenderPassColorAttachment {
            view: target,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
        };
        let mut pass = encoder
            .begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("overlay"),
                color_attachments: &[Some(attachment)],
                ..Default::default()
            })
            .forget_lifetime();
        self.renderer.render(&mut pass, triangles, screen);
    }

    /// Frees the textures that are no longer used, after the drawing was submitted or given up.
    pub fn finish(&mut self, painting: Painting) {
        painting.unused.iter().for_each(|id| self.renderer.free_texture(id));
    }
}
