//! A window with everything needed to draw on it.

use std::sync::Arc;

use anyhow::{Context, Result};
use winit::dpi::LogicalSize;
use winit::event_loop::ActiveEventLoop;
use winit::window::Window;

use super::{Options, SharedWindow};
use crate::pipeline::Pipeline;
use crate::render::{Gpu, Overlay, Surface, device_for};
use crate::ui::theme;

/// The window, its surface, its device, and egui's part of it.
pub struct Screen {
    pub window: SharedWindow,
    pub instance: wgpu::Instance,
    pub gpu: Gpu,
    pub surface: Surface,
    pub overlay: Overlay,
    pub pipeline: Pipeline,
    /// The backdrop that the pipeline holds.
    pub backdrop: Option<usize>,
    /// The texture for masks that the processor makes.
    pub mask: Option<wgpu::Texture>,
    pub egui: egui_winit::State,
}

impl Screen {
    /// Opens a window and the wanted adapter.
    pub fn new(events: &ActiveEventLoop, options: &Options) -> Result<Self> {
        let attributes = Window::default_attributes()
            .with_title("Matte")
            .with_inner_size(LogicalSize::new(options.size.0, options.size.1))
            .with_min_inner_size(LogicalSize::new(320, 400));
        let window = Arc::new(events.create_window(attributes).context("the window could not be opened")?);
        let display = Box::new(events.owned_display_handle());
        let instance =
            wgpu::Instance::new(wgpu::InstanceDescriptor::new_with_display_handle_from_env(display));
        let surface = instance
            .create_surface(Arc::clone(&window))
            .context("this display offers no way to draw on a window")?;
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
        Ok(Self { window, instance, gpu, surface, overlay, pipeline, backdrop: None, mask: None, egui })
    }
}
