//! Provoked faults: each is done to the running program, which has to show pictures again.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::conductor::{Conductor, conducted};
use super::{App, Command, Engine, Options};
use crate::platform::lifecycle;

/// What can befall the program from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The device is destroyed, as by a driver that was reset or an adapter that was pulled out.
    DeviceLost,
    /// The surface no longer fits its window.
    SurfaceOutdated,
    /// The window is taken away and given back.
    WindowClosed,
    /// A shader fails validation.
    ShaderRefused,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 4] =
        [Self::DeviceLost, Self::SurfaceOutdated, Self::WindowClosed, Self::ShaderRefused];
}

/// What came of a fault.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The fault.
    pub fault: Fault,
    /// How long it took until pictures came again.
    pub recovered: Duration,
    /// What the window told of it.
    pub notice: Option<String>,
}

/// Runs the program in a window and does each fault to it, one after the other. Tells, too, whether the adapter is a
/// software one.
pub fn faults(options: &Options) -> Result<(Vec<Outcome>, bool)> {
    let engine = options.engine;
    conducted(options, move |conductor| {
        conductor.wait("the first picture", |app| app.state.figures.presented > 2)?;
        let outcomes =
            Fault::ALL.iter().map(|&fault| provoke(conductor, engine, fault)).collect::<Result<_>>()?;
        let software = conductor.visit(|app| {
            app.screen.as_ref().is_some_and(|screen| screen.gpu.info.device_type == wgpu::DeviceType::Cpu)
        })?;
        Ok((outcomes, software))
    })
}

fn provoke(conductor: &Conductor, engine: Engine, fault: Fault) -> Result<Outcome> {
    log::info!("{fault:?}");
    conductor.visit(move |app| app.carry_out(Command::Engine(engine)))?;
    conductor.wait("the network", move |app| app.state.engine.running == Some(engine) && !app.renewed)?;
    let before = conductor.visit(|app| {
        app.state.notice = None;
        app.state.figures.presented
    })?;
    match fault {
        Fault::DeviceLost => conductor.visit(App::lose_device)?,
        Fault::SurfaceOutdated => conductor.visit(App::change_size)?,
        Fault::WindowClosed => {
            conductor.live(lifecycle::Event::SurfaceLost)?;
            conductor.live(lifecycle::Event::SurfaceCreated)?;
        }
        Fault::ShaderRefused => conductor.visit(App::offer_nonsense)?,
    }
    let recovered =
        conductor.wait("a picture after the fault", move |app| app.state.figures.presented > before + 2)?;
    let notice = conductor.visit(|app| app.state.notice.as_ref().map(|notice| notice.text.clone()))?;
    let alive = conductor.visit(|app| app.segmenter.is_some() || app.state.engine.preparing)?;
    ensure!(alive, "after {fault:?} no network is on its way");
    Ok(Outcome { fault, recovered, notice })
}

impl App {
    fn lose_device(&mut self) {
        if let Some(screen) = &self.screen {
            screen.gpu.device.destroy();
        }
        self.redraw();
    }

    fn change_size(&mut self) {
        if let Some(view) = self.screen.as_ref().and_then(|screen| screen.view.as_ref()) {
            // The size comes at once or as an event; the surface has the old one until then.
            let _ = view.window.request_inner_size(winit::dpi::PhysicalSize::new(500, 420));
        }
        self.redraw();
    }

    fn offer_nonsense(&mut self) {
        if let Some(screen) = &self.screen {
            let _refused = screen.gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some("a shader that no driver takes"),
                source: wgpu::ShaderSource::Wgsl("fn main() { nothing(); }".into()),
            });
        }
        self.redraw();
    }
}
