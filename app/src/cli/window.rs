//! `matte`: the window.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::arguments::{
    BackendName, EffectName, EngineArguments, PrecisionName, RehearseArguments, WindowArguments,
};
use super::bad_input;
use crate::app::{self, Backend, Choice, Effect, Engine, Look, Options, Precision, Toggle};
use crate::catalogue;
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
    let model = catalogue::index_of(&arguments.model).map_err(bad_input)?;
    let usual = Look::default();
    let wipe = Toggle { on: arguments.wipe, ..usual.wipe };
    Ok(Options {
        source: choice(arguments.source.as_deref())?,
        look: Look { effect: effect(arguments.effect), wipe, ..usual },
        engine: engine(&arguments.engine, model),
        adapter: Wish { name: arguments.engine.adapter.clone() },
        overlay: arguments.figures,
        size: arguments.size,
        frames: arguments.frames,
        screenshot: arguments.screenshot.clone(),
    })
}

fn choice(source: Option<&str>) -> Result<Choice> {
    Ok(match source {
        None | Some("camera") => Choice::Automatic,
        Some("clip") => Choice::Clip,
        Some(path) => {
            let path = PathBuf::from(path);
            if !path.is_file() {
                let error =
                    anyhow::anyhow!("the source {} is neither “camera”, “clip” nor a file", path.display());
                return Err(bad_input(error));
            }
            Choice::File(path)
        }
    })
}

/// The engine's options by the names of the command line.
pub fn engine(arguments: &EngineArguments, model: usize) -> Engine {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Engine {
        backend: match arguments.backend {
            BackendName::Gpu => Backend::Gpu,
            BackendName::Cpu => Backend::Cpu,
        },
        precision: match arguments.precision {
            PrecisionName::F32 => Precision::F32,
            PrecisionName::F16 => Precision::F16,
        },
        threads: arguments.threads.map_or(processors, usize::from),
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
