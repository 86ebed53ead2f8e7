//! Models and sessions for the commands.

use std::path::Path;

use anyhow::{Context, Result};
use matte_engine::{Model, Precision, Session};

use super::arguments::{BackendName, EngineArguments, PrecisionName};
use super::bad_input;
use crate::catalogue::SEGMENTERS;
use crate::render::{Gpu, Wish, device_for};

/// A bundled model by its name, or a model file.
pub fn model(name: &Path) -> Result<Model> {
    let bundled = SEGMENTERS.iter().find(|entry| name.as_os_str() == entry.name);
    let model = match bundled {
        Some(entry) => Model::from_bytes(entry.bytes),
        None => Model::open(name),
    };
    model.context("the model cannot be used").map_err(bad_input)
}

/// The graphics adapter that the arguments name, if the network is to run there.
pub fn gpu(arguments: &EngineArguments) -> Result<Option<Gpu>> {
    (arguments.backend == BackendName::Gpu).then(|| open_gpu(arguments)).transpose()
}

/// The graphics adapter that the arguments name.
pub fn open_gpu(arguments: &EngineArguments) -> Result<Gpu> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    pollster::block_on(device_for(&instance, None, &Wish { name: arguments.adapter.clone() }))
}

/// A session of the model on the adapter, or on the processor without one.
pub fn session(model: &Model, gpu: Option<&Gpu>, arguments: &EngineArguments) -> Result<Session> {
    let precision = match arguments.precision {
        PrecisionName::F32 => Precision::F32,
        PrecisionName::F16 => Precision::F16,
    };
    let mut builder = Session::builder(model).precision(precision).threads(threads(arguments));
    if let Some(gpu) = gpu {
        builder = builder.gpu(&gpu.device, &gpu.queue);
    }
    Ok(builder.build()?)
}

/// The threads that the arguments ask for; all that the machine runs at once without a number.
pub fn threads(arguments: &EngineArguments) -> usize {
    let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    arguments.threads.map_or(all, usize::from)
}
