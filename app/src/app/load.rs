//! A long run under load: every few seconds another model, effect, backend or window size, from a source that never
//! waits. After each round the program comes back to where it began, and is as large as it was.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use winit::dpi::LogicalSize;

use super::conductor::{Conductor, conducted};
use super::rehearsal::Random;
use super::{App, Backend, Command, Effect, Engine, Look, Options};
use crate::catalogue::Place;

/// Changes of a round, before the program is looked at.
const ROUND: usize = 6;
/// How long each change is watched.
const WATCHED: Duration = Duration::from_millis(2500);
/// Pictures after a change that are not counted: pipelines and buffers are made then.
const SETTLING: Duration = Duration::from_millis(500);
const SIZES: [(u32, u32); 4] = [(640, 480), (360, 640), (1000, 560), (480, 480)];

/// What came of a long run.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// Changes of model, effect, backend and size.
    pub changes: usize,
    /// Pictures presented.
    pub pictures: u64,
    /// Bytes of the process that are in memory, after each round.
    pub memory: Vec<u64>,
    /// Objects of the GPU that are alive, after each round.
    pub objects: Vec<usize>,
    /// Every time from one picture to the next, as a share of the median since the last change.
    intervals: Vec<f32>,
}

impl Load {
    /// The share of the median that one time in a hundred exceeds.
    pub fn p99(&self) -> f32 {
        let mut sorted = self.intervals.clone();
        sorted.sort_by(f32::total_cmp);
        sorted.get(sorted.len() * 99 / 100).copied().unwrap_or_default()
    }

    /// How much larger the process is at the end than it was after a third of the rounds, as a share.
    pub fn growth(&self) -> f64 {
        match (self.memory.get(self.memory.len() / 3), self.memory.last()) {
            (Some(&warm), Some(&last)) if warm > 0 => last as f64 / warm as f64 - 1.0,
            _ => 0.0,
        }
    }

    /// Objects of the GPU at the end beyond those after a third of the rounds.
    pub fn left_over(&self) -> usize {
        let warm = self.objects.get(self.objects.len() / 3).copied().unwrap_or_default();
        self.objects.last().map_or(0, |last| last.saturating_sub(warm))
    }
}

/// Runs the program in a window for `time`.
pub fn load(options: &Options, time: Duration, seed: u64) -> Result<Load> {
    let first = options.clone();
    conducted(options, move |conductor| conduct(conductor, &first, time, seed))
}

fn conduct(conductor: &Conductor, options: &Options, time: Duration, seed: u64) -> Result<Load> {
    let models = conductor.visit(|app| {
        let count = app.state.engine.models.len();
        (0..count)
            .filter(|&model| app.shelf.item(model).is_ok_and(|item| item.place != Place::Away))
            .collect()
    })?;
    let models: Vec<usize> = models;
    let mut random = Random(seed | 1);
    let mut any = move |end: usize| random.below(end as u64) as usize;
    let mut load = Load::default();
    let start = Instant::now();
    while start.elapsed() < time {
        for _ in 0..ROUND {
            let backend = [Backend::Gpu, Backend::Cpu][any(2)];
            let engine = Engine { backend, model: models[any(models.len())], ..options.engine };
            let look = Look { effect: Effect::ALL[any(Effect::ALL.len())], ..options.look.clone() };
            change(conductor, engine, look, SIZES[any(SIZES.len())])?;
            load.changes += 1;
            load.intervals.extend(watched(conductor)?);
        }
        change(conductor, options.engine, options.look.clone(), options.size)?;
        watched(conductor)?;
        let (pictures, objects) = conductor.visit(|app| (app.state.figures.presented, objects(app)))?;
        load.pictures = pictures;
        load.memory.push(resident()?);
        load.objects.push(objects);
    }
    ensure!(!load.intervals.is_empty(), "no picture was shown");
    Ok(load)
}

/// Changes everything at once and waits until that runs.
fn change(conductor: &Conductor, engine: Engine, look: Look, size: (u32, u32)) -> Result<()> {
    conductor.visit(move |app| {
        if let Some(view) = app.screen.as_ref().and_then(|screen| screen.view.as_ref()) {
            // The size comes at once or as an event.
            let _ = view.window.request_inner_size(LogicalSize::new(size.0, size.1));
        }
        app.carry_out(Command::Look(look));
        app.carry_out(Command::Engine(engine));
    })?;
    conductor.wait("another engine", move |app| app.state.engine.running == Some(engine) && !app.renewed)?;
    Ok(())
}

/// The times between pictures for a while, as shares of their median.
fn watched(conductor: &Conductor) -> Result<Vec<f32>> {
    thread::sleep(SETTLING);
    conductor.visit(|app| {
        app.state.figures.restart();
        app.shown_at = None;
    })?;
    thread::sleep(WATCHED);
    conductor.visit(|app| {
        ensure!(!app.state.notice.as_ref().is_some_and(|notice| notice.failure), "{:?}", app.state.notice);
        let interval = &app.state.figures.interval;
        Ok(interval
            .median()
            .map_or(Vec::new(), |median| interval.values().map(|value| value / median).collect()))
    })?
}

/// The objects of wgpu that are alive.
fn objects(app: &App) -> usize {
    let report = app.screen.as_ref().and_then(|screen| screen.instance.generate_report());
    let Some(hub) = report.map(|report| report.hub) else { return 0 };
    let lists = [
        &hub.bind_group_layouts,
        &hub.bind_groups,
        &hub.buffers,
        &hub.compute_pipelines,
        &hub.devices,
        &hub.pipeline_layouts,
        &hub.query_sets,
        &hub.render_pipelines,
        &hub.samplers,
        &hub.shader_modules,
        &hub.texture_views,
        &hub.textures,
    ];
    lists.iter().map(|list| list.num_kept_from_user).sum()
}

/// Bytes of the process that are in memory; none where the system does not tell.
fn resident() -> Result<u64> {
    let path = Path::new("/proc/self/statm");
    if !path.exists() {
        return Ok(0);
    }
    let text = std::fs::read_to_string(path)?;
    let pages: u64 = text.split(' ').nth(1).context("statm has a second number")?.parse()?;
    Ok(pages * 4096)
}
