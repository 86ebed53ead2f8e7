//! A window with everything needed to draw on it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use winit::dpi::LogicalSize;
use winit::event_loop::{ActiveEventLoop, OwnedDisplayHandle};
use winit::window::Window;

use super::previews::Previews;
use super::{Options, SharedWindow};
use crate::pipeline::Pipeline;
use crate::render::{Gpu, Overlay, Surface, Wish, device_for, titles};
use crate::ui::theme;

/// A device with everything made on it, egui's part, and the window it draws on while there is one.
pub struct Screen {
    pub instance: wgpu::Instance,
    pub gpu: Gpu,
    pub overlay: Overlay,
    pub pipeline: Pipeline,
    /// The names of the adapters that can draw on the window.
    pub adapters: Vec<String>,
    /// Live thumbnails of the presets.
    pub previews: Previews,
    /// The backdrop that the pipeline holds: the user's own picture, or one of the bundled.
    pub backdrop: Option<(Option<PathBuf>, usize)>,
    /// The texture for masks that the processor makes.
    pub mask: Option<wgpu::Texture>,
    pub egui: egui_winit::State,
    display: OwnedDisplayHandle,
    /// None while the system has taken the window away.
    pub view: Option<View>,
}

/// What a screen stands on, whichever adapter draws.
pub struct Ground {
    window: SharedWindow,
    display: OwnedDisplayHandle,
    /// Remembers the controls.
    context: egui::Context,
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
        let context = egui::Context::default();
        theme::apply(&context);
        Self::on(&Ground { window, display: events.owned_display_handle(), context }, &options.adapter)
    }

    /// Draws on a window with the wanted adapter. The controls are as the context remembers them.
    pub fn on(ground: &Ground, wish: &Wish) -> Result<Self> {
        let Ground { window, display, context: before } = ground;
        let instance = wgpu::InstanceDescriptor::new_with_display_handle_from_env(Box::new(display.clone()));
        let instance = wgpu::Instance::new(instance);
        let surface = surface_of(&instance, window)?;
        let gpu = pollster::block_on(device_for(&instance, Some(&surface), wish))?;
        let adapters = pollster::block_on(titles(&instance, &surface));
        log::info!("drawing with {}", gpu.title());
        let surface = Surface::new(Arc::clone(window), surface, &gpu)?;
        let mut overlay = Overlay::new(&gpu, surface.format());
        let pipeline = Pipeline::new(&gpu.device, &gpu.queue, surface.format())?;
        let previews = Previews::new(&gpu, &mut overlay);
        // A renderer that is new has none of the textures that an old context counts on.
        let context = egui::Context::default();
        theme::apply(&context);
        let memory = before.memory(Clone::clone);
        context.memory_mut(|own| *own = memory);
        let largest = gpu.device.limits().max_texture_dimension_2d as usize;
        let scale = window.scale_factor() as f32;
        let egui =
            egui_winit::State::new(context, egui::ViewportId::ROOT, window, Some(scale), None, Some(largest));
        let view = Some(View { window: Arc::clone(window), surface });
        Ok(Self {
            instance,
            gpu,
            adapters,
            overlay,
            pipeline,
            previews,
            backdrop: None,
            mask: None,
            egui,
            display: display.clone(),
            view,
        })
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

    /// Gives up everything but the window, if there is one, and what the controls remember.
    pub fn left(self) -> Option<Ground> {
        let context = self.egui.egui_ctx().clone();
        Some(Ground { window: self.view?.window, display: self.display, context })
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
