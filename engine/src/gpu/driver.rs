//! The two calls of `wgpu` whose arguments it cannot check.

use crate::store::Store;

/// A pipeline cache as the driver keeps it, with its file.
#[derive(Debug)]
pub struct Pipelines {
    cache: wgpu::PipelineCache,
    store: Store,
    name: String,
    stamp: String,
}

impl Pipelines {
    /// The device's pipeline cache, filled from the store; none where the device was created without
    /// `PIPELINE_CACHE`, or its backend has no such thing.
    pub fn open(device: &wgpu::Device, store: &Store, stamp: &str) -> Option<Self> {
        let name = wgpu::util::pipeline_cache_key(&device.adapter_info())?;
        if !device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return None;
        }
        let data = store.read(&name, stamp);
        let descriptor =
            wgpu::PipelineCacheDescriptor { label: Some("matte"), data: data.as_deref(), fallback: true };
        // SAFETY: the data is what `get_data` gave to `save`: the store's stamp says that it was this adapter and
        // driver, its checksum that nothing was lost or changed since.
        let cache = unsafe { device.create_pipeline_cache(&descriptor) };
        Some(Self { cache, store: store.clone(), name, stamp: stamp.to_string() })
    }

    /// The handle that pipelines are created with.
    pub fn handle(&self) -> &wgpu::PipelineCache {
        &self.cache
    }

    /// Writes the cache to its file.
    pub fn save(&self) {
        if let Some(data) = self.cache.get_data() {
            self.store.write(&self.name, &self.stamp, &data);
        }
    }
}

/// A module of WGSL whose loops end: `wgpu` adds no counter to them, and keeps every index within its buffer.
///
/// The text must come from [`wgsl::expand`](crate::wgsl::expand).
pub fn module(device: &wgpu::Device, label: &str, wgsl: &str) -> wgpu::ShaderModule {
    let descriptor =
        wgpu::ShaderModuleDescriptor { label: Some(label), source: wgpu::ShaderSource::Wgsl(wgsl.into()) };
    let checks = wgpu::ShaderRuntimeChecks { force_loop_bounding: false, ..Default::default() };
    // SAFETY: a kernel's loops count from a number to another, which neither the body nor another invocation changes:
    // the tests prove it of the text of every variant. Everything else stays checked.
    unsafe { device.create_shader_module_trusted(descriptor, checks) }
}
