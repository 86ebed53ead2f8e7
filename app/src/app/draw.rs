//! One frame: UI, picture, triangles, submission, present.

use std::time::Instant;

use anyhow::Result;

use super::{App, Command, Stage, within_a_day};
use crate::render::{Next, Painting};
use crate::ui;

impl App {
    /// Draws and presents one frame and carries out what the UI asks for. Tells whether to go on.
    pub(super) fn draw(&mut self) -> Result<bool> {
        let (painting, commands, picture) = self.lay_out();
        let presented = self.present(painting, picture)?;
        for command in commands {
            self.carry_out(command);
        }
        if !presented {
            return Ok(true);
        }
        self.state.figures.presented += 1;
        let enough = self.options.frames.is_some_and(|frames| self.state.figures.presented >= frames);
        if self.options.frames.is_some() {
            self.redraw();
        }
        Ok(!enough)
    }

    fn lay_out(&mut self) -> (Option<Painting>, Vec<Command>, egui::Rect) {
        let Some(screen) = &mut self.screen else { return (None, Vec::new(), egui::Rect::NOTHING) };
        let context = screen.egui.egui_ctx().clone();
        context.set_zoom_factor(zoom(screen.surface.size(), screen.window.scale_factor() as f32));
        let input = screen.egui.take_egui_input(&screen.window);
        let mut shown = None;
        let mut output = context.run_ui(input, |ui| shown = Some(ui::show(&self.state, ui)));
        let platform = std::mem::take(&mut output.platform_output);
        screen.egui.handle_platform_output(&screen.window, platform);
        let delay =
            output.viewport_output.get(&egui::ViewportId::ROOT).map(|viewport| viewport.repaint_delay);
        self.repaint_at = delay.and_then(within_a_day);
        let size = screen.surface.size();
        let painting = screen.overlay.take(&screen.gpu, &context, output, size);
        let (commands, picture) =
            shown.map_or((Vec::new(), egui::Rect::NOTHING), |shown| (shown.commands, shown.picture));
        (Some(painting), commands, picture * context.pixels_per_point())
    }

    fn present(&mut self, painting: Option<Painting>, _picture: egui::Rect) -> Result<bool> {
        let (Some(screen), Some(painting)) = (&mut self.screen, painting) else { return Ok(false) };
        let start = Instant::now();
        let next = match screen.surface.next(&screen.instance, &screen.gpu.device)? {
            Next::Again => screen.surface.next(&screen.instance, &screen.gpu.device)?,
            next => next,
        };
        let Next::Draw(texture) = next else {
            screen.overlay.finish(painting);
            return Ok(false);
        };
        let view = texture.texture.create_view(&Default::default());
        let mut encoder = screen.gpu.device.create_command_encoder(&Default::default());
        clear(&mut encoder, &view);
        screen.overlay.encode(&screen.gpu, &mut encoder, &view, &painting);
        screen.gpu.queue.submit([encoder.finish()]);
        screen.window.pre_present_notify();
        screen.gpu.queue.present(texture);
        screen.overlay.finish(painting);
        self.state.figures.add(Stage::Present, start.elapsed().as_secs_f32() * 1e3);
        Ok(true)
    }
}

/// Enlarges everything on displays that are large for their scale factor.
fn zoom([width, height]: [u32; 2], scale: f32) -> f32 {
    let fit = (width as f32 / 1920.0).min(height as f32 / 1080.0) / scale.max(0.1);
    fit.clamp(1.0, 2.0)
}

fn clear(encoder: &mut wgpu::CommandEncoder, view: &wgpu::TextureView) {
    let [r, g, b] = [0, 1, 2].map(|channel| f64::from(ui::theme::INK[channel]) / 255.0);
    let attachment = wgpu::RenderPassColorAttachment {
        view,
        depth_slice: None,
        resolve_target: None,
        ops: wgpu::Operations {
            load: wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a: 1.0 }),
            store: wgpu::StoreOp::Store,
        },
    };
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("clear"),
        color_attachments: &[Some(attachment)],
        ..Default::default()
    });
}
