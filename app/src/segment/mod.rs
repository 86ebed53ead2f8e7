//! The network's part of a frame: from the picture to the mask of a person, on the GPU or on the CPU.
//!
//! On the GPU the network is recorded between the pipeline's `prepare` and `encode`, in the same encoder. On
//! the CPU it runs on threads of its own beside the display: it takes the newest frame whenever it is free,
//! and its mask comes back together with that frame, so that the two always match. Building either takes a
//! while and happens wherever the caller likes; a finished segmenter can be sent to the thread that draws.

mod cpu;
mod gpu;
mod input;

use anyhow::{Context, Result, ensure};
use matte_engine::Model;

pub use cpu::{Answer, OnCpu, mask_texture};
pub use gpu::OnGpu;
pub use input::input_values;

use crate::catalogue::{CardFit, Entry};
use crate::pipeline::Fit;

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
    /// Which entry of the [catalogue](crate::catalogue) it is.
    pub model: usize,
}

/// A network that makes masks.
pub enum Segmenter {
    /// Recorded into the frame's encoder.
    Gpu(Box<OnGpu>),
    /// Running beside the display.
    Cpu(OnCpu),
}

/// A model and the picture that it takes.
pub struct Network {
    /// The model.
    pub model: Model,
    /// Width and height of its input in pixels.
    pub size: (u32, u32),
    /// Width and height of its mask.
    pub mask_size: (u32, u32),
    /// The values of black and white.
    pub range: [f32; 2],
    /// How pictures of another aspect are brought to its own.
    pub fit: Fit,
}

impl Network {
    /// Reads a bundled network and its card.
    pub fn bundled(entry: &Entry) -> Result<Self> {
        let input = entry.card()?.input;
        let fit = match input.fit {
            CardFit::Stretch => Fit::Stretch,
            CardFit::Letterbox => Fit::Letterbox,
            CardFit::Center => Fit::Center,
        };
        let model = Model::from_bytes(entry.bytes)
            .with_context(|| format!("the model {} cannot be read", entry.name))?;
        Self::of(model, [input.low, input.high], fit)
    }

    /// A model that takes one picture and gives one mask, `[1, h, w, 3]` to `[1, h, w, 1]`.
    pub fn of(model: Model, range: [f32; 2], fit: Fit) -> Result<Self> {
        let (inputs, outputs) = (model.inputs(), model.outputs());
        let plane = |shape: &[usize], channels: usize| match *shape {
            [1, height, width, c] if c == channels => {
                Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?))
            }
            _ => None,
        };
        let size = inputs.first().and_then(|ty| plane(&ty.shape, 3));
        let mask_size = outputs.first().and_then(|ty| plane(&ty.shape, 1));
        ensure!(
            inputs.len() == 1,
            "a model for masks takes one picture, this one takes {} inputs",
            inputs.len()
        );
        let size = size.context("the model does not take a picture of three channels")?;
        let mask_size = mask_size.context("the model does not give a mask of one channel")?;
        Ok(Self { model, size, mask_size, range, fit })
    }
}
