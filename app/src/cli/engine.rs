//! Models and sessions for the commands.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use matte_engine::tensor::{DType, Tensor, TensorType};
use matte_engine::{Model, Precision, Session};

use super::arguments::{BackendName, EngineArguments, NumbersName};
use super::bad_input;
use crate::cache;
use crate::camera::Scene;
use crate::catalogue::{Shelf, entry_of};
use crate::pipeline::Rect;
use crate::render::{Gpu, Wish, device_for};
use crate::segment::{Network, input_values, processors};

/// A model of the catalogue by its name, or a model file.
pub fn model(name: &Path) -> Result<Model> {
    Ok(network(name)?.model)
}

/// The same, and what it means.
pub fn network(name: &Path) -> Result<Network> {
    let network = || {
        let mut shelf = Shelf::new()?;
        let index = shelf.index_of(&name.to_string_lossy())?;
        Network::of_item(shelf.item(index)?)
    };
    network().map_err(bad_input)
}

/// The bytes of a bundled model by its name, or of a model file.
pub fn bytes(name: &Path) -> Result<Vec<u8>> {
    let carried = entry_of(&name.to_string_lossy()).ok().filter(|entry| entry.is_carried());
    let read = || std::fs::read(name).with_context(|| format!("the model {} cannot be read", name.display()));
    carried.map_or_else(read, |entry| Ok(entry.bytes()?.into_owned())).map_err(bad_input)
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
        NumbersName::F32 => Precision::F32,
        NumbersName::F16 => Precision::F16,
        NumbersName::F16Sums => Precision::F16Sums,
        NumbersName::Auto => Precision::Auto,
    };
    let mut builder = Session::builder(model).precision(precision).threads(threads(arguments));
    if let Some(gpu) = gpu {
        builder = builder.gpu(&gpu.device, &gpu.queue);
        if precision == Precision::Auto {
            builder = builder.calibration(calibration(model)?);
        }
        if let Some(folder) = cache::folder() {
            builder = builder.cache(folder);
        }
    }
    Ok(builder.build()?)
}

/// The threads that the arguments ask for; all that the machine runs at once without a number.
pub fn threads(arguments: &EngineArguments) -> usize {
    arguments.threads.map_or_else(processors, usize::from)
}

/// Values between 0 and 1, or small integers, always the same.
pub fn sample(ty: &TensorType) -> Result<Tensor> {
    ensure!(ty.dtype != DType::String, "a model that takes strings needs its inputs given");
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1u32 << 24) as f32
    };
    let tensor = if ty.dtype.is_float() {
        let values: Vec<f32> = (0..ty.elements()).map(|_| next()).collect();
        Tensor::from_reals(ty.clone(), &values)
    } else {
        let integers: Vec<i64> = (0..ty.elements()).map(|_| (next() * 2.0) as i64).collect();
        Tensor::from_integers(ty.clone(), &integers)
    };
    tensor.context("the model's input cannot be filled")
}

/// A picture of the clip as the model's input, where that is one picture of floats.
fn calibration(model: &Model) -> Result<Vec<Tensor>> {
    let inputs = model.inputs();
    let &[ty] = &inputs[..] else { return Ok(Vec::new()) };
    let (&[1, height, width, 3], DType::F32) = (&ty.shape[..], ty.dtype) else { return Ok(Vec::new()) };
    let frame = Scene::load()?.frame(0)?;
    let size = (u32::try_from(width)?, u32::try_from(height)?);
    let all = Rect { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
    Ok(vec![Tensor::from_slice(&ty.shape[..], &input_values(&frame, all, size, [0.0, 1.0]))?])
}
