//! `matte`: the window.

use std::path::PathBuf;

use anyhow::Result;

use super::arguments::{BackendName, EffectName, EngineArguments, PrecisionName, WindowArguments};
use super::bad_input;
use crate::app::{self, Backend, Choice, Effect, Engine, Look, Options, Precision, Toggle};
use crate::catalogue;
use crate::render::Wish;

/// Opens the window as the arguments say.
pub fn run(arguments: &WindowArguments) -> Result<()> {
    let model = catalogue::index_of(&arguments.model).map_err(bad_input)?;
    let usual = Look::default();
    let wipe = Toggle { on: arguments.wipe, ..usual.wipe };
    app::run(Options {
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
