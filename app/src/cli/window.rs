//! `matte`: the window.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::arguments::{
    BackendName, EffectName, EngineArguments, ModeArguments, PrecisionName, RehearseArguments,
    WindowArguments,
};
use super::camera::Named;
use super::engine::threads;
use super::{bad_input, camera};
use crate::app::{
    self, Backend, Choice, Effect, Engine, Look, Options, Precision, Saved, View, settings_place,
};
use crate::catalogue::{Place, Shelf};
use crate::render::Wish;
use crate::segment::processors;

/// Opens the window as it was last time, but for what the arguments say.
pub fn run(arguments: &WindowArguments) -> Result<()> {
    let place = settings_place().filter(|_| !arguments.fresh && arguments.frames.is_none());
    app::run(options(arguments, place)?)
}

/// Drives the window by a fake system and prints what came of it.
pub fn rehearse(arguments: &RehearseArguments) -> Result<()> {
    let rehearsal = app::rehearse(&options(&arguments.window, None)?, arguments.orders, arguments.seed)?;
    println!("{rehearsal:?}");
    let kept = |counts: [usize; 2]| counts[1] <= counts[0];
    ensure!(kept(rehearsal.threads) && kept(rehearsal.files), "threads or files were left over");
    ensure!(rehearsal.pictures > 0, "no picture was shown");
    Ok(())
}

/// As it was last time by the settings at `place`, but for what the arguments say.
fn options(arguments: &WindowArguments, place: Option<PathBuf>) -> Result<Options> {
    let (saved, notice) = place.as_deref().map_or_else(Default::default, Saved::read);
    let mut shelf = Shelf::new()?;
    let model = match &arguments.model {
        Some(name) => model_named(&mut shelf, name).map_err(bad_input)?,
        None => model_named(&mut shelf, &saved.model).unwrap_or_default(),
    };
    let mut look = saved.look.clone();
    look.wipe.on |= arguments.wipe;
    if let Some(name) = arguments.effect {
        look = with_effect(look, name);
    }
    Ok(Options {
        source: choice(arguments.source.as_deref(), &arguments.mode)?,
        reading: arguments.mode.color,
        look,
        engine: kept_engine(arguments, &saved, model),
        shelf: Some(shelf),
        adapter: Wish { name: arguments.adapter.clone().unwrap_or_else(|| saved.adapter.clone()) },
        overlay: arguments.figures || saved.figures,
        saved,
        place,
        notice,
        size: arguments.size,
        frames: arguments.frames,
        screenshot: arguments.screenshot.clone(),
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
        backend: match arguments.backend {
            BackendName::Gpu => Backend::Gpu,
            BackendName::Cpu => Backend::Cpu,
        },
        precision: match arguments.precision {
            PrecisionName::F32 => Precision::F32,
            PrecisionName::F16 => Precision::F16,
        },
        threads: threads(arguments),
        model,
    }
}

/// A model of this machine by its name or file. One that has to be fetched first is an error that says how.
fn model_named(shelf: &mut Shelf, name: &str) -> Result<usize> {
    let index = shelf.index_of(name)?;
    let item = shelf.item(index)?;
    if item.place == Place::Away {
        item.bytes()?;
    }
    Ok(index)
}

/// How the network ran last time, but for what the arguments say.
fn kept_engine(arguments: &WindowArguments, saved: &Saved, model: usize) -> Engine {
    let on_cpu = arguments.backend.map_or(saved.on_cpu, |name| name == BackendName::Cpu);
    let half = arguments.precision.map_or(saved.half, |name| name == PrecisionName::F16);
    let kept = saved.threads.map(|kept| kept.clamp(1, processors()));
    Engine {
        backend: if on_cpu { Backend::Cpu } else { Backend::Gpu },
        precision: if half { Precision::F16 } else { Precision::F32 },
        threads: arguments.threads.map(usize::from).or(kept).unwrap_or_else(processors),
        model,
    }
}

/// A look with an effect of the command line.
fn with_effect(look: Look, name: EffectName) -> Look {
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
    Look { effect, view, color, ..look }
}

/// The green that other programs key out.
const GREEN: [u8; 3] = [0, 177, 64];
