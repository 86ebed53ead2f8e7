//! `matte`: the window.

use anyhow::{Result, ensure};

use super::arguments::{
    BackendName, EffectName, EngineArguments, ModeArguments, PrecisionName, RehearseArguments,
    WindowArguments,
};
use super::camera::Named;
use super::engine::threads;
use super::{bad_input, camera};
use crate::app::{self, Backend, Choice, Effect, Engine, Look, Options, Precision, Toggle};
use crate::catalogue::{Place, Shelf};
use crate::render::Wish;

/// Opens the window as the arguments say.
pub fn run(arguments: &WindowArguments) -> Result<()> {
    app::run(options(arguments)?)
}

/// Drives the window by a fake system and prints what came of it.
pub fn rehearse(arguments: &RehearseArguments) -> Result<()> {
    let rehearsal = app::rehearse(&options(&arguments.window)?, arguments.orders, arguments.seed)?;
    println!("{rehearsal:?}");
    let kept = |counts: [usize; 2]| counts[1] <= counts[0];
    ensure!(kept(rehearsal.threads) && kept(rehearsal.files), "threads or files were left over");
    ensure!(rehearsal.pictures > 0, "no picture was shown");
    Ok(())
}

fn options(arguments: &WindowArguments) -> Result<Options> {
    let mut shelf = Shelf::new()?;
    let model = shelf.index_of(&arguments.model).map_err(bad_input)?;
    if shelf.item(model)?.place == Place::Away {
        shelf.item(model)?.bytes().map_err(bad_input)?;
    }
    let usual = Look::default();
    let wipe = Toggle { on: arguments.wipe, ..usual.wipe };
    Ok(Options {
        source: choice(arguments.source.as_deref(), &arguments.mode)?,
        reading: arguments.mode.color,
        look: Look { effect: effect(arguments.effect), wipe, ..usual },
        engine: engine(&arguments.engine, model),
        shelf: Some(shelf),
        adapter: Wish { name: arguments.engine.adapter.clone() },
        overlay: arguments.figures,
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

fn effect(name: EffectName) -> Effect {
    match name {
        EffectName::Blur => Effect::Blur,
        EffectName::Color => Effect::Color,
        EffectName::Picture => Effect::Picture,
        EffectName::Cutout => Effect::CutOut,
        EffectName::Mask => Effect::Mask,
        EffectName::Off => Effect::Off,
    }
}
