//! `matte`: the window.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::arguments::{
    BackendName, ChangesArguments, EffectName, EngineArguments, LoadArguments, ModeArguments, NumbersName,
    PrecisionName, RehearseArguments, WindowArguments,
};
use super::camera::Named;
use super::engine::threads;
use super::{bad_input, camera};
use crate::app::{
    self, Backend, Change, Choice, Effect, Engine, Look, Options, Outcome, Precision, Toggle, View,
    settings_place,
};
use crate::catalogue::Shelf;
use crate::render::Wish;

/// Opens the window as it was last time, but for what the arguments say.
pub fn run(arguments: &WindowArguments) -> Result<()> {
    let place = settings_place().filter(|_| !arguments.fresh && arguments.frames.is_none());
    app::run(options(arguments, place)?)
}

/// Drives the window by a fake system and prints what came of it.
pub fn rehearse(arguments: &RehearseArguments) -> Result<()> {
    let rehearsal = app::rehearse(&options(&arguments.window, None)?, arguments.orders, arguments.seed)?;
    println!("{rehearsal:?}");
    ensure!(!rehearsal.leaves_something(), "threads or files were left over");
    ensure!(rehearsal.pictures > 0, "no picture was shown");
    Ok(())
}

/// The most that the process may have grown by, as a share.
const GROWTH: f64 = 0.02;
/// The most that a rare picture may take, as a multiple of the usual.
const RARE: f32 = 3.0;

/// Loads the window for a long time and prints what came of it.
pub fn load(arguments: &LoadArguments) -> Result<()> {
    let time = Duration::from_secs(arguments.seconds);
    let load = app::load(&options(&arguments.window, None)?, time, arguments.seed)?;
    println!("{} changes, {} pictures", load.changes, load.pictures);
    println!("bytes in memory after the tour and after each round: {:?}", load.memory);
    println!("GPU objects then: {:?}", load.objects);
    println!(
        "grown by {:.1} %, {} GPU objects left over, p99 of the time between pictures {:.2} × the median",
        100.0 * load.growth(),
        load.left_over(),
        load.p99()
    );
    ensure!(load.left_over() == 0, "objects of the GPU were left over");
    ensure!(load.growth() <= GROWTH, "the process grew by more than {} %", 100.0 * GROWTH);
    ensure!(load.p99() <= RARE, "one picture in a hundred took more than {RARE} times the usual");
    Ok(())
}

/// The longest that the picture may be away after a fault; on a software GPU, for which the processor compiles the
/// shaders anew and then runs them, so many times as long.
const RECOVERY: Duration = Duration::from_secs(1);
const SOFTWARE: u32 = 8;

/// Provokes faults in the window and prints what came of each.
pub fn faults(arguments: &WindowArguments) -> Result<()> {
    let (outcomes, software) = app::faults(&options(arguments, None)?)?;
    let longest = if software { SOFTWARE * RECOVERY } else { RECOVERY };
    for Outcome { fault, recovered, notice } in &outcomes {
        let notice = notice.as_deref().unwrap_or("nothing");
        println!("{fault:?}: pictures again after {} ms; told: {notice}", recovered.as_millis());
    }
    let slow = outcomes.iter().find(|outcome| outcome.recovered > longest);
    ensure!(slow.is_none(), "a fault took the picture away for more than {} s: {slow:?}", longest.as_secs());
    Ok(())
}

/// Changes the window's source and prints what came of each change.
pub fn changes(arguments: &ChangesArguments) -> Result<()> {
    let sources = arguments.sources.iter().map(|source| choice(Some(source), &arguments.window.mode));
    let sources = sources.collect::<Result<Vec<_>>>()?;
    let changes = app::changes(&options(&arguments.window, None)?, sources)?;
    for (Change { shown, kept }, source) in changes.iter().zip(&arguments.sources) {
        let kept = if *kept { "the picture stayed" } else { "the picture went away" };
        println!("{source}: shown after {} ms; {kept}", shown.as_millis());
    }
    let shown = changes.iter().map(|change| change.shown).max();
    ensure!(shown < Some(CHANGE), "a change took more than {CHANGE:?}");
    ensure!(changes.iter().all(|change| change.kept), "a change took the picture away");
    Ok(())
}

/// The longest that a change may take.
const CHANGE: Duration = Duration::from_secs(1);

/// As it was last time by the settings at `place`, but for what the arguments say.
fn options(arguments: &WindowArguments, place: Option<PathBuf>) -> Result<Options> {
    let mut shelf = Shelf::new()?;
    let model = arguments.model.as_deref().map(|name| shelf.index_here(name));
    let model = model.transpose().map_err(bad_input)?;
    let kept = Options::kept(place, shelf);
    let Look { wipe, .. } = kept.look;
    let look = Look { wipe: Toggle { on: wipe.on || arguments.wipe, ..wipe }, ..kept.look };
    let adapter = arguments.adapter.clone().map_or(kept.adapter, |name| Wish { name });
    Ok(Options {
        source: choice(arguments.source.as_deref(), &arguments.mode)?,
        reading: arguments.mode.color,
        look: arguments.effect.map_or_else(|| look.clone(), |name| with_effect(&look, name)),
        engine: Engine {
            backend: arguments.backend.map_or(kept.engine.backend, backend),
            precision: arguments.precision.map_or(kept.engine.precision, precision),
            threads: arguments.threads.map_or(kept.engine.threads, usize::from),
            model: model.unwrap_or(kept.engine.model),
        },
        adapter,
        virtual_camera: arguments.virtual_camera.clone(),
        overlay: arguments.figures || kept.overlay,
        size: arguments.size,
        frames: arguments.frames,
        screenshot: arguments.screenshot.clone(),
        ..kept
    })
}

fn choice(source: Option<&str>, mode: &ModeArguments) -> Result<Choice> {
    let any = *mode == ModeArguments { color: mode.color, ..ModeArguments::default() };
    Ok(match source.map(camera::named).transpose()? {
        None | Some(Named::AnyCamera) if any => Choice::Automatic,
        None | Some(Named::AnyCamera) => chosen(None, mode)?,
        Some(Named::Camera(name)) => chosen(Some(&name), mode)?,
        Some(Named::Clip) => Choice::Clip,
        Some(Named::File(path)) => Choice::File(path),
    })
}

fn chosen(name: Option<&str>, arguments: &ModeArguments) -> Result<Choice> {
    let (device, mode) = camera::find(name, arguments)?;
    Ok(Choice::Camera(device.index, Some(mode)))
}

/// The engine's options by the names of the command line.
pub fn engine(arguments: &EngineArguments, model: usize) -> Engine {
    Engine {
        backend: backend(arguments.backend),
        precision: numbers(arguments.precision),
        threads: threads(arguments),
        model,
    }
}

fn backend(name: BackendName) -> Backend {
    match name {
        BackendName::Gpu => Backend::Gpu,
        BackendName::Cpu => Backend::Cpu,
    }
}

/// The precision of a name.
fn precision(name: PrecisionName) -> Precision {
    match name {
        PrecisionName::F32 => Precision::F32,
        PrecisionName::F16 => Precision::F16,
    }
}

/// The window's precision that is nearest to a model's.
pub fn numbers(name: NumbersName) -> Precision {
    match name {
        NumbersName::F32 => Precision::F32,
        NumbersName::F16 | NumbersName::F16Sums | NumbersName::Auto => Precision::F16,
    }
}

/// A look with an effect of the command line.
fn with_effect(look: &Look, name: EffectName) -> Look {
    let (effect, view, color) = match name {
        EffectName::Blur => (Effect::Blur, View::Result, look.color),
        EffectName::Portrait => (Effect::Portrait, View::Result, look.color),
        EffectName::Color => (Effect::Color, View::Result, look.color),
        EffectName::Gradient => (Effect::Gradient, View::Result, look.color),
        EffectName::Green => (Effect::Color, View::Result, GREEN),
        EffectName::Monochrome => (Effect::Monochrome, View::Result, look.color),
        EffectName::Outline => (Effect::Outline, View::Result, look.color),
        EffectName::Picture => (Effect::Picture, View::Result, look.color),
        EffectName::Cutout => (Effect::CutOut, View::Result, look.color),
        EffectName::Mask => (look.effect, View::Matte, look.color),
        EffectName::Off => (Effect::Off, View::Result, look.color),
    };
    Look { effect, view, color, ..look.clone() }
}

/// The green that other programs key out.
const GREEN: [u8; 3] = [0, 177, 64];
