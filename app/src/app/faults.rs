//! Provoked faults: each is done to the running program, which has to show pictures again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::conductor::{Conductor, conducted};
use super::{App, Choice, Command, Engine, Options};
use crate::camera::{self, Manner, Seen, Source, Status, Unruly};
use crate::pipeline::gpu;
use crate::platform::lifecycle;

/// Numbers that can only be had one after the other.
const BUSY: &str = "
@group(0) @binding(0) var<storage, read_write> numbers: array<u32>;

@compute @workgroup_size(64)
fn busy(@builtin(global_invocation_id) id: vec3<u32>) {
    var number = numbers[id.x];
    for (var turn = 0u; turn < 100000u; turn += 1u) {
        number = number * 1664525u + 1013904223u;
        number ^= number >> 13u;
    }
    numbers[id.x] = number;
}
";

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
    /// Work that was submitted is not finished in time.
    WorkOverdue,
    /// The camera that is shown misbehaves.
    Camera(Manner),
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 11] = [
        Self::DeviceLost,
        Self::SurfaceOutdated,
        Self::WindowClosed,
        Self::ShaderRefused,
        Self::WorkOverdue,
        Self::Camera(Manner::Silent),
        Self::Camera(Manner::Torn),
        Self::Camera(Manner::Short),
        Self::Camera(Manner::OtherSize),
        Self::Camera(Manner::BrokenJpeg),
        Self::Camera(Manner::Unplugged),
    ];
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
    let mut before = conductor.visit(|app| {
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
        Fault::WorkOverdue => {
            conductor.visit(App::keep_busy)??;
            conductor.wait("what is told of it", |app| app.state.notice.is_some())?;
            before = conductor.visit(|app| app.state.figures.presented)?;
        }
        Fault::Camera(manner) => return misbehave(conductor, manner),
    }
    let recovered =
        conductor.wait("a picture after the fault", move |app| app.state.figures.presented > before + 2)?;
    let notice = conductor.visit(|app| app.state.notice.as_ref().map(|notice| notice.text.clone()))?;
    let alive = conductor.visit(|app| app.segmenter.is_some() || app.state.engine.preparing)?;
    ensure!(alive, "after {fault:?} no network is on its way");
    Ok(Outcome { fault, recovered, notice })
}

/// Shows a camera that misbehaves, until it has done so and pictures come again: its own or, where it is of no use any
/// more, the clip's. The last picture stays meanwhile. A camera that was pulled out is plugged in again.
fn misbehave(conductor: &Conductor, manner: Manner) -> Result<Outcome> {
    let before = conductor.visit(move |app| {
        app.use_unruly_camera(manner);
        // Real cameras that come or go meanwhile are no part of this.
        app.watch = None;
        app.choose_source(Choice::Camera(Unruly::INDEX, None));
        app.state.figures.presented
    })?;
    conductor.wait("its first pictures", |app| app.feed.as_ref().is_some_and(|feed| feed.received() > 2))?;
    conductor.visit(|app| app.state.source.cameras = vec![Unruly::found()])?;
    let is_live = |app: &App| app.state.source.status == Status::Live;
    let ends = matches!(manner, Manner::Short | Manner::Unplugged);
    let what = "the misbehavior";
    match manner {
        Manner::Silent => conductor.wait(what, |app| app.state.source.status == Status::Stalled)?,
        Manner::Short | Manner::Unplugged => conductor.wait(what, |app| app.state.notice.is_some())?,
        Manner::Well | Manner::Torn | Manner::OtherSize | Manner::BrokenJpeg => {
            conductor.wait(what, |app| app.feed.as_ref().is_some_and(|feed| feed.received() > 30))?
        }
    };
    let (kept, shown, notice) = conductor.visit(|app| {
        let notice = app.state.notice.as_ref().map(|notice| notice.text.clone());
        (app.shown.is_some(), app.state.figures.presented, notice)
    })?;
    ensure!(kept && shown > before, "under {manner:?} the last picture went away");
    ensure!(ends || notice.is_none(), "under {manner:?} the window says {notice:?}");
    let recovered = conductor.wait("a picture after the misbehavior", move |app| {
        is_live(app) && app.state.figures.presented > shown + 2
    })?;
    if manner == Manner::Unplugged {
        conductor.visit(|app| {
            app.use_unruly_camera(Manner::Well);
            app.cameras_seen(Seen { cameras: Ok(vec![Unruly::found()]), changed: true });
        })?;
        conductor.wait("the camera that was plugged in again", move |app| {
            app.state.source.choice.is_camera() && is_live(app) && app.state.notice.is_none()
        })?;
    }
    conductor.visit(|app| {
        app.open_camera = Box::new(camera::opening);
        app.choose_source(Choice::Clip);
    })?;
    let stalled = || "the window says that no picture has come for a while".to_owned();
    let notice = notice.or_else(|| (manner == Manner::Silent).then(stalled));
    Ok(Outcome { fault: Fault::Camera(manner), recovered, notice })
}

impl App {
    fn lose_device(&mut self) {
        if let Some(screen) = &self.screen {
            screen.gpu.device.destroy();
        }
        self.redraw();
    }

    fn use_unruly_camera(&mut self, manner: Manner) {
        self.open_camera =
            Box::new(move |_, _| Box::new(move || Ok(Box::new(Unruly::new(manner)) as Box<dyn Source>)));
    }

    /// Submits work that takes longer than a picture may, on a machine that is free by then, too.
    fn keep_busy(&mut self) -> Result<()> {
        let screen = self.screen.as_ref().context("there is a device")?;
        let (device, queue) = (&screen.gpu.device, &screen.gpu.queue);
        let pipeline = gpu::compute_pipeline(device, &gpu::shader(device, "busy", BUSY), "busy");
        let numbers = gpu::storage(device, "busy", 4 * 64 * 64);
        let layout = pipeline.get_bind_group_layout(0);
        let group = gpu::bind(device, &layout, &[(0, numbers.as_entire_binding())]);
        let work = |dispatches: u32| {
            let mut encoder = device.create_command_encoder(&Default::default());
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &group, &[]);
            (0..dispatches).for_each(|_| pass.dispatch_workgroups(64, 1, 1));
            drop(pass);
            encoder.finish()
        };
        queue.submit([work(1)]);
        device.poll(wgpu::PollType::wait_indefinitely())?;
        let start = Instant::now();
        queue.submit([work(4)]);
        device.poll(wgpu::PollType::wait_indefinitely())?;
        let one = start.elapsed().as_secs_f64() / 4.0;
        let dispatches = 2.0 * screen.gpu.patience().as_secs_f64() / one.max(1e-6);
        screen.gpu.submit(work(dispatches as u32 + 1));
        self.redraw();
        Ok(())
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
            let _refused =
                gpu::shader(&screen.gpu.device, "a shader that no driver takes", "fn main() { nothing(); }");
        }
        self.redraw();
    }
}
