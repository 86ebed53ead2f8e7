//! A plan executed on `wgpu`: the only module that uses it.
//!
//! All intermediates lie in one arena buffer, all weights in another; every step has the same bind group and its own
//! range of one uniform buffer, so that recording a step is three calls. Sessions on one [`Gpu`] share pipelines of the same
//! text and weights of the same content.

mod driver;
mod executable;
mod shared;
mod texture;

pub use executable::Executable;
pub use texture::{TextureInput, TextureOutput};

use crate::error::{Error, Result};
use crate::store::Store;
use crate::wgsl::Dialect;
use shared::Shared;
use std::sync::Arc;
use std::time::Duration;

/// Longer than any work of a model takes, a software GPU's included.
const PATIENCE: Duration = Duration::from_secs(60);

/// A device, how WGSL may be written for it, and what sessions on it share. A clone shares the same.
///
/// Two of one device share nothing: `wgpu` calls devices of different instances equal, so that a device does not tell
/// which it is.
#[derive(Clone, Debug)]
pub struct Gpu {
    /// The caller's device.
    pub device: wgpu::Device,
    /// The caller's queue.
    pub queue: wgpu::Queue,
    /// How kernels are written for the device.
    pub dialect: Dialect,
    /// How long a run waits for the device before that is an error.
    pub patience: Duration,
    shared: Arc<Shared>,
}

impl Gpu {
    /// What kernels may use on this device: native halves where it was created with `SHADER_F16`.
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let native_f16 = device.features().contains(wgpu::Features::SHADER_F16);
        Self {
            device: device.clone(),
            queue: queue.clone(),
            dialect: Dialect { native_f16, f16_arithmetic: false },
            patience: PATIENCE,
            shared: Arc::new(Shared::new(device)),
        }
    }

    /// Keeps the driver's compiled pipelines in the store from run to run, where the device was created with
    /// `PIPELINE_CACHE`. The first store that a device gets is its store.
    pub fn keep_pipelines(&self, store: &Store) {
        self.shared.open_cache(store);
    }

    /// The adapter, its driver and the engine's version in one line: what a stored measurement or binary holds for.
    pub fn stamp(&self) -> String {
        self.shared.stamp()
    }

    /// Whether the processor does the work of this GPU.
    pub fn is_software(&self) -> bool {
        self.device.adapter_info().device_type == wgpu::DeviceType::Cpu
    }

    /// Runs `make` and turns an error of the device, be it of memory, validation or the driver's own, into one.
    pub(crate) fn checked<T>(&self, what: &str, make: impl FnOnce() -> T) -> Result<T> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let made = make();
        let errors = [internal, validation, memory].map(|scope| pollster::block_on(scope.pop()));
        match errors.into_iter().flatten().next() {
            None => Ok(made),
            Some(error) => Err(Error::device(format!("the GPU refused {what}: {error}"))),
        }
    }
}
