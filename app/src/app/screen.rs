//! A window with everything needed to draw on it.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use winit::dpi::LogicalSize;
use winit::event_loop::ActiveEventLoop;
use winit::window::Window;

use super::{Options, SharedWindow};
use crate::pipeline::Pipeline;
use crate::render::{Gpu, Overlay, Surface, device_for};
use crate::ui::theme;

/// A device with everything made on it, egui's part, and the window it draws on while there is one.
pub struct Screen {
    pub instance: wgpu::Instance,
    pub gpu: Gpu,
    pub overlay: Overlay,
    pub pipeline: Pipeline,
    /// The backdrop that the pipeline holds.
    pub backdrop: Option<usize>,
    /// The texture for masks that the processor makes.
    pub mask: Option<wgpu::Texture>,
    pub egui: egui_winit::State,
    /// None while the system has taken the window away.
    pub view: Option<View>,
}

/// A window and its surface.
pub struct View {
    pub window: SharedWindow,
    pub surface: Surface,
}

impl Screen {
    /// Opens a window and the wanted adapter.
    pub fn new(events: &ActiveEventLoop, options: &Options) -> Result<Self> {
        let window = open_window(events, options)?;
        let display = Box::new(events.owned_display_handle());
        let instance =
            wgpu::Instance::new(wgpu::InstanceDescriptor::new_with_display_handle_from_env(display));
        let surface = surface_of(&instance, &window)?;
        let gpu = pollster::block_on(device_for(&instance, Some(&surface), &options.adapter))?;
        log::info!("drawing with {}", gpu.title());
        let surface = Surface::new(Arc::clone(&window), surface, &gpu)?;
        let overlay = Overlay::new(&gpu, surface.format());
        let pipeline = Pipeline::new(&gpu.device, &gpu.queue, surface.format())?;
        let context = egui::Context::default();
        theme::apply(&context);
        let largest = gpu.device.limits().max_texture_dimension_2d as usize;
        let scale = window.scale_factor() as f32;
        let egui = egui_winit::State::new(
            context,
            egui::ViewportId::ROOT,
            &window,
            Some(scale),
            None,
            Some(largest),
        );
        let view = Some(View { window, surface });
        Ok(Self { instance, gpu, overlay, pipeline, backdrop: None, mask: None, egui, view })
    }

    /// Opens a window again for the device that is there. A surface that the device cannot draw on in the
    /// format of the last one is an error; then everything is to be made anew.
    pub fn attach(&mut self, events: &ActiveEventLoop, options: &Options) -> Result<()> {
        let window = open_window(events, options)?;
        let surface = surface_of(&self.instance, &window)?;
        let surface = Surface::new(Arc::clone(&window), surface, &self.gpu)?;
        ensure!(surface.format() == self.overlay.format(), "the new window shows another format");
        self.view = Some(View { window, surface });
        Ok(())
    }
}

fn open_window(events: &ActiveEventLoop, options: &Options) -> Result<SharedWindow> {
    let attributes = Window::default_attributes()
        .with_title("Matte")
        .with_inner_size(LogicalSize::new(options.size.0, options.size.1))
        .with_min_inner_size(LogicalSize::new(320, 400));
    Ok(Arc::new(events.create_window(attributes).context("the window could not be opened")?))
}

fn surface_of(instance: &wgpu::Instance, window: &SharedWindow) -> Result<wgpu::Surface<'static>> {
    instance.create_surface(Arc::clone(window)).context("this display offers no way to draw on a window")
}
