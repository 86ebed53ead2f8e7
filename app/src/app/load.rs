//! A long run under load: every few seconds another model, effect, backend or window size, from a source that never
//! waits. A tour shows every effect and runs every model on both backends; rounds of random changes follow. After the
//! tour and after each round the program comes back to where it began, and is as large as it was.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use winit::dpi::LogicalSize;

use super::conductor::{Conductor, conducted};
use super::rehearsal::Random;
use super::{App, Backend, Command, Effect, Engine, Look, Options};
use crate::catalogue::Place;
use crate::platform::memory;

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
    /// Bytes of the process that are in memory and not free, after the tour and after each round.
    pub memory: Vec<u64>,
    /// Objects of the GPU that are alive, after the tour and after each round.
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

    /// By how much the process ever was larger after a round than after the tour, as a share.
    pub fn growth(&self) -> f64 {
        let largest = self.memory.iter().copied().max().unwrap_or_default();
        self.memory.first().map_or(0.0, |&warm| largest as f64 / warm.max(1) as f64 - 1.0)
    }

    /// Objects of the GPU at the end beyond those after the tour.
    pub fn left_over(&self) -> usize {
        let warm = self.objects.first().copied().unwrap_or_default();
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
    let mut run = Run { conductor, options, load: Load::default() };
    let start = Instant::now();
    let tour = (2 * models.len()).max(Effect::ALL.len());
    for stop in 0..tour {
        let backend = [Backend::Gpu, Backend::Cpu][stop / models.len() % 2];
        let engine = Engine { backend, model: models[stop % models.len()], ..options.engine };
        run.change(engine, Effect::ALL[stop % Effect::ALL.len()], SIZES[stop % SIZES.len()])?;
    }
    run.look_back()?;
    let mut random = Random(seed | 1);
    let mut any = move |end: usize| random.below(end as u64) as usize;
    while start.elapsed() < time {
        for _ in 0..ROUND {
            let backend = [Backend::Gpu, Backend::Cpu][any(2)];
            let engine = Engine { backend, model: models[any(models.len())], ..options.engine };
            run.change(engine, Effect::ALL[any(Effect::ALL.len())], SIZES[any(SIZES.len())])?;
        }
        run.look_back()?;
    }
    ensure!(!run.load.intervals.is_empty(), "no picture was shown");
    Ok(run.load)
}

struct Run<'a> {
    conductor: &'a Conductor,
    /// What the program began with.
    options: &'a Options,
    load: Load,
}

impl Run<'_> {
    /// Another engine, effect and window size, watched for a while.
    fn change(&mut self, engine: Engine, effect: Effect, size: (u32, u32)) -> Result<()> {
        change(self.conductor, engine, Look { effect, ..self.options.look.clone() }, size)?;
        self.load.changes += 1;
        self.load.intervals.extend(watched(self.conductor)?);
        Ok(())
    }

    /// Comes back to where the program began and looks at what it holds then.
    fn look_back(&mut self) -> Result<()> {
        let Options { engine, look, size, .. } = self.options;
        change(self.conductor, *engine, look.clone(), *size)?;
        watched(self.conductor)?;
        let (pictures, objects) = self.conductor.visit(|app| {
            // What is free and not given back yet is held by nobody.
            memory::give_back();
            (app.state.figures.presented, objects(app))
        })?;
        self.load.pictures = pictures;
        self.load.memory.push(resident()?);
        self.load.objects.push(objects);
        Ok(())
    }
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
