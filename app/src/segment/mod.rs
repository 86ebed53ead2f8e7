//! The network's part of a frame: from the picture to the mask of a person, or to whatever else a model finds, on the
//! GPU or on the CPU.
//!
//! On the GPU the network is recorded between the pipeline's `prepare` and `encode`, in the same encoder. On
//! the CPU it runs on threads of its own beside the display: it takes the newest frame whenever it is free,
//! and its mask comes back together with that frame, so that the two always match. Building either takes a
//! while and happens wherever the caller likes; a finished segmenter can be sent to the thread that draws.
//!
//! Of a network on the GPU, masks and charts never leave it. Boxes, joints, points and scores are few numbers: they come
//! back through a ring of mapped buffers a frame or two later, and nobody waits for them. A network that needs the
//! processor between its steps runs beside the display in either mode.

mod cpu;
mod gpu;
mod input;
mod network;

use anyhow::{Context, Result};
use matte_engine::{Precision as EnginePrecision, Session};
use std::time::Duration;
use wgpu::{Device, DeviceType, Queue};

pub use cpu::{Answer, Drawn, OnCpu, mask_texture};
pub use gpu::OnGpu;
pub use input::input_values;
pub use network::Network;

use crate::cache;
use crate::camera::Wake;

/// How long faster kernels for a network are looked for beside its first frames on a device.
const SEARCH: Duration = Duration::from_secs(2);

/// What runs the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The graphics adapter that also draws the picture.
    Gpu,
    /// The processor's threads.
    Cpu,
}

/// How the GPU stores and computes the network's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    F32,
    /// Stored in 16 bits, summed in 32.
    F16,
}

/// The threads that the machine can run at once.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// How the network is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine {
    /// Where it runs.
    pub backend: Backend,
    /// In which precision on the GPU.
    pub precision: Precision,
    /// On how many threads of the CPU.
    pub threads: usize,
    /// Which model of the [shelf](crate::catalogue::Shelf) it is.
    pub model: usize,
}

/// A network at work.
pub enum Segmenter {
    /// Recorded into the frame's encoder.
    Gpu(Box<OnGpu>),
    /// Running beside the display.
    Cpu(OnCpu),
}

impl Segmenter {
    /// Builds a network for an engine. `wake` is called after each answer of one that runs beside the display.
    pub fn new(network: Network, engine: Engine, device: &Device, queue: &Queue, wake: Wake) -> Result<Self> {
        if engine.backend == Backend::Cpu {
            return Ok(Self::Cpu(OnCpu::new(network, engine.threads, wake)?));
        }
        let session = |network: &Network| gpu_session(network, engine.precision, device, queue);
        let mut finder = network.finder.as_deref().map(session).transpose()?;
        let mut main = session(&network)?;
        let found = match (network.finder.as_deref(), &mut finder) {
            (Some(network), Some(session)) => OnGpu::can_record(network, session),
            _ => true,
        };
        if found && OnGpu::can_record(&network, &mut main) {
            return Ok(Self::Gpu(Box::new(OnGpu::with(&network, main, finder, device, queue)?)));
        }
        Ok(Self::Cpu(OnCpu::with(network, main, finder, wake)?))
    }

    /// Which classes count as the person from the next frame on.
    pub fn keep(&mut self, kept: &[bool]) {
        match self {
            Self::Gpu(network) => network.keep(kept),
            Self::Cpu(network) => network.keep(kept),
        }
    }
}

fn gpu_session(network: &Network, precision: Precision, device: &Device, queue: &Queue) -> Result<Session> {
    let precision = match precision {
        Precision::F32 => EnginePrecision::F32,
        Precision::F16 => EnginePrecision::F16,
    };
    let mut builder = Session::builder(&network.model).gpu(device, queue).precision(precision);
    if let Some(folder) = cache::folder() {
        builder = builder.cache(folder);
    }
    // A software GPU would measure on the processors that draw.
    if device.adapter_info().device_type != DeviceType::Cpu {
        builder = builder.search(SEARCH);
    }
    builder.verified().build().context("the network cannot run on this graphics adapter")
}
