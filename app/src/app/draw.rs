//! One frame: UI, picture, triangles, submission, present.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, Result};

use super::look::settings_of;
use super::picture::Fresh;
use super::screen::View;
use super::{App, Command, Look, Stage, within_a_day};
use crate::camera::Status;
use crate::pipeline::{self, Rect, Settings, StageTimes, Target, readback};
use crate::platform;
use crate::render::{Gpu, Next, Painting};
use crate::segment::Segmenter;
use crate::ui;

/// What a frame's layout asks for.
struct Layout {
    painting: Painting,
    commands: Vec<Command>,
    /// Where the picture belongs, in pixels.
    picture: egui::Rect,
}

impl App {
    /// Draws and presents one frame and carries out what the UI asks for. Tells whether to go on.
    pub(super) fn draw(&mut self) -> Result<bool> {
        let Some(Layout { painting, commands, picture }) = self.lay_out() else { return Ok(true) };
        self.take_findings();
        self.heed_device();
        let fresh = self.take_frame();
        let last = self.is_last();
        let presented = self.present(painting, picture, fresh.as_ref(), last)?;
        for command in commands {
            self.carry_out(command);
        }
        if presented {
            self.account(fresh.is_some());
        }
        let busy = self.outputs.are_waiting() || self.thumbnails_wait();
        if presented && (self.options.frames.is_some() || busy) {
            self.redraw();
        }
        Ok(!(presented && last))
    }

    fn lay_out(&mut self) -> Option<Layout> {
        let screen = self.screen.as_mut()?;
        let view = screen.view.as_ref()?;
        let size = view.surface.size();
        let context = screen.egui.egui_ctx().clone();
        context.set_zoom_factor(zoom(size, view.window.scale_factor() as f32));
        let mut input = screen.egui.take_egui_input(&view.window);
        input.safe_area_insets = platform::insets(size).map(|insets| uncovered(insets, &context));
        let mut shown = None;
        let mut output = context.run_ui(input, |ui| shown = Some(ui::show(&self.state, ui)));
        let platform = std::mem::take(&mut output.platform_output);
        screen.egui.handle_platform_output(&view.window, platform);
        let delay =
            output.viewport_output.get(&egui::ViewportId::ROOT).map(|viewport| viewport.repaint_delay);
        self.repaint_at = delay.and_then(within_a_day);
        let painting = screen.overlay.take(&screen.gpu, &context, output, size);
        let shown = shown?;
        Some(Layout {
            painting,
            commands: shown.commands,
            picture: shown.picture * context.pixels_per_point(),
        })
    }

    /// Records, submits and presents. Tells whether anything came to the screen.
    fn present(
        &mut self,
        painting: Painting,
        picture: egui::Rect,
        fresh: Option<&Fresh>,
        last: bool,
    ) -> Result<bool> {
        let surround = self.surround();
        let settings = self.settings(surround);
        let Some(screen) = &mut self.screen else { return Ok(false) };
        let Some(View { window, surface }) = &mut screen.view else { return Ok(false) };
        let next = match surface.next(&screen.instance, &screen.gpu.device)? {
            Next::Again => surface.next(&screen.instance, &screen.gpu.device)?,
            next => next,
        };
        let Next::Draw(texture) = next else {
            screen.overlay.finish(painting);
            return Ok(false);
        };
        if surface.size() != painting.size() {
            // The window has changed since the controls were laid out, which is done again.
            screen.overlay.finish(painting);
            window.request_redraw();
            return Ok(false);
        }
        let start = Instant::now();
        let view = texture.texture.create_view(&Default::default());
        let mut encoder = screen.gpu.device.create_command_encoder(&Default::default());
        let viewport = viewport(picture, surface.size());
        let window = Arc::clone(window);
        match viewport.filter(|_| self.shown.is_some()) {
            Some(viewport) => {
                let target = Target { view: &view, viewport };
                self.encode_picture(&mut encoder, target, fresh, &settings)?;
                self.encode_more(&mut encoder, fresh.is_some(), &settings);
            }
            None => clear(&mut encoder, &view, surround),
        }
        let Some(screen) = &mut self.screen else { return Ok(false) };
        screen.overlay.encode(&screen.gpu, &mut encoder, &view, &painting);
        screen.gpu.submit(encoder.finish());
        self.outputs.submitted();
        self.submitted();
        let Some(screen) = &mut self.screen else { return Ok(false) };
        if let Some(path) = self.options.screenshot.as_ref().filter(|_| last) {
            save(&screen.gpu, &texture.texture, path)?;
        }
        window.pre_present_notify();
        screen.gpu.queue.present(texture);
        screen.overlay.finish(painting);
        let now = Instant::now();
        self.state.figures.add(Stage::Present, milliseconds(start, now));
        if let Some(fresh) = fresh {
            self.state.figures.latency.add(milliseconds(fresh.frame.captured, now));
        }
        Ok(true)
    }

    /// Whether thumbnails are of an older picture than the one that stands still, so that no frame would draw them.
    fn thumbnails_wait(&self) -> bool {
        let cards = self.state.controls && !self.state.details && !self.state.hidden;
        let still = self.state.source.status == Status::Still || self.state.frozen;
        cards && still && self.screen.as_ref().is_some_and(|screen| screen.previews.are_stale())
    }

    /// The color around the picture.
    fn surround(&self) -> egui::Color32 {
        if let Some(screen) = &self.screen {
            ui::theme::choose(screen.egui.egui_ctx().theme());
        }
        ui::theme::ink()
    }

    /// What the pipeline is to do, by the look, the plan of the quality and the panic key.
    fn settings(&self, surround: egui::Color32) -> Settings {
        let look = &self.state.look;
        let plan = self.plan();
        let mut settings = settings_of(&Look { cheap: look.cheap || plan.cheap, ..look.clone() }, surround);
        settings.hidden = self.state.hidden;
        settings.shrink = plan.shrink;
        if self.state.source.status == Status::Still || self.state.frozen {
            settings.framing_pace = 1.0;
        }
        settings
    }

    /// Records what else the frame is wanted for: a thumbnail, the outputs.
    fn encode_more(&mut self, encoder: &mut wgpu::CommandEncoder, fresh: bool, settings: &Settings) {
        let cards = self.state.controls && !self.state.details && !self.state.hidden;
        let Some(screen) = &mut self.screen else { return };
        if fresh {
            screen.previews.renew();
        }
        if cards {
            screen.previews.encode(encoder, &mut screen.pipeline, &self.state.look);
            self.state.thumbnails = screen.previews.ids();
        }
        if fresh || self.state.hidden || self.state.source.status == Status::Still {
            self.outputs.encode(encoder, &screen.pipeline, settings);
        }
    }

    /// Makes a picture for the outputs alone, while no window shows one.
    pub(super) fn draw_unseen(&mut self) {
        let Some(fresh) = self.take_frame() else { return };
        let surround = self.surround();
        let settings = self.settings(surround);
        let Some(screen) = &self.screen else { return };
        let size = screen.pipeline.picture_size();
        let texture = pipeline::texture(
            &screen.gpu.device,
            "unseen",
            size,
            screen.overlay.format(),
            wgpu::TextureUsages::RENDER_ATTACHMENT,
        );
        let view = texture.create_view(&Default::default());
        let mut encoder = screen.gpu.device.create_command_encoder(&Default::default());
        let target = Target { view: &view, viewport: Rect::of_size(size) };
        if let Err(error) = self.encode_picture(&mut encoder, target, Some(&fresh), &settings) {
            return self.tell(format!("{error:#}"), true);
        }
        if let Some(screen) = &self.screen {
            self.outputs.encode(&mut encoder, &screen.pipeline, &settings);
            screen.gpu.queue.submit([encoder.finish()]);
            self.outputs.submitted();
        }
        self.serve_outputs();
    }

    /// Brings the figures up to date after a presented frame.
    fn account(&mut self, fresh: bool) {
        self.judge_quality();
        self.serve_outputs();
        let complete = self.is_complete();
        let figures = &mut self.state.figures;
        let read = readback::bytes();
        figures.read_back = read.pixels - self.read_before.pixels;
        figures.timers = read.timings - self.read_before.timings;
        figures.outputs = read.outputs - self.read_before.outputs;
        self.read_before = read;
        figures.presented += u64::from(complete);
        if let Some(shown) = &self.rehearsed {
            shown.store(figures.presented, Ordering::Relaxed);
        }
        let dropped = self.feed.as_ref().map_or(0, |feed| feed.dropped());
        figures.dropped = self.dropped_before + dropped;
        if fresh {
            let now = Instant::now();
            if let Some(before) = self.shown_at.replace(now) {
                figures.interval.add(milliseconds(before, now));
            }
        }
        if let Some(times) = self.screen.as_ref().and_then(|screen| screen.pipeline.stage_times()) {
            let on_gpu = matches!(self.segmenter, Some(Segmenter::Gpu(_)));
            note_times(figures, &times, on_gpu);
        }
    }

    /// Whether there is a picture and all that belongs to it: it does not wait for its first mask.
    fn is_complete(&self) -> bool {
        let ready = if self.segmenter.is_some() { !self.renewed } else { !self.state.engine.preparing };
        self.shown.is_some() && ready
    }

    fn is_last(&self) -> bool {
        let presented = self.state.figures.presented + 1;
        self.is_complete()
            && !self.state.engine.preparing
            && self.options.frames.is_some_and(|frames| presented >= frames)
    }
}

fn note_times(figures: &mut super::Figures, times: &StageTimes, on_gpu: bool) {
    if on_gpu {
        figures.add(Stage::Prepare, times.prepare as f32);
        figures.add(Stage::Network, times.network as f32);
    }
    figures.add(Stage::Refine, times.refine as f32);
    figures.add(Stage::Compose, (times.convert + times.blur + times.compose) as f32);
}

pub(super) fn milliseconds(from: Instant, to: Instant) -> f32 {
    to.saturating_duration_since(from).as_secs_f32() * 1e3
}

/// Enlarges everything on displays that are large for their scale factor.
fn zoom([width, height]: [u32; 2], scale: f32) -> f32 {
    let fit = (width as f32 / 1920.0).min(height as f32 / 1080.0) / scale.max(0.1);
    fit.clamp(1.0, 2.0)
}

/// What the system covers at each side of the window, in egui's points.
fn uncovered([left, top, right, bottom]: [u32; 4], context: &egui::Context) -> egui::SafeAreaInsets {
    let points = |pixels: u32| pixels as f32 / context.pixels_per_point();
    egui::SafeAreaInsets(egui::epaint::MarginF32 {
        left: points(left),
        right: points(right),
        top: points(top),
        bottom: points(bottom),
    })
}

/// The part of the target for the picture, on whole pixels; none if it has no area.
fn viewport(picture: egui::Rect, [width, height]: [u32; 2]) -> Option<Rect> {
    let left = picture.left().round().clamp(0.0, width as f32);
    let top = picture.top().round().clamp(0.0, height as f32);
    let right = picture.right().round().clamp(0.0, width as f32);
    let bottom = picture.bottom().round().clamp(0.0, height as f32);
    let area = right - left >= 1.0 && bottom - top >= 1.0;
    area.then_some(Rect { x: left, y: top, width: right - left, height: bottom - top })
}

fn clear(encoder: &mut wgpu::CommandEncoder, view: &wgpu::TextureView, color: egui::Color32) {
    let [r, g, b] = [0, 1, 2].map(|channel| f64::from(color[channel]) / 255.0);
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

/// Writes what was drawn to a PNG file.
fn save(gpu: &Gpu, texture: &wgpu::Texture, path: &std::path::Path) -> Result<()> {
    let mut pixels = readback::read_texture(&gpu.device, &gpu.queue, texture)?;
    if matches!(texture.format(), wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb) {
        pixels.chunks_exact_mut(4).for_each(|pixel| pixel.swap(0, 2));
    }
    let picture = image::RgbaImage::from_raw(texture.width(), texture.height(), pixels)
        .context("the window's format cannot be written as a picture")?;
    let picture = image::DynamicImage::from(picture).into_rgb8();
    picture.save(path).with_context(|| format!("the picture {} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_displays_with_small_scale_get_larger_controls() {
        assert_eq!(zoom([1280, 720], 1.0), 1.0);
        assert_eq!(zoom([3840, 2160], 1.0), 2.0);
        assert_eq!(zoom([3840, 2160], 2.0), 1.0);
        assert_eq!(zoom([360, 640], 3.0), 1.0);
    }

    #[test]
    fn the_viewport_stays_within_the_target() {
        let inside = egui::Rect::from_min_max(egui::pos2(-3.0, 2.4), egui::pos2(90.0, 700.0));
        let rect = viewport(inside, [80, 60]).expect("an area");
        assert_eq!((rect.x, rect.y, rect.width, rect.height), (0.0, 2.0, 80.0, 58.0));
        assert!(viewport(egui::Rect::NOTHING, [80, 60]).is_none());
    }
}
