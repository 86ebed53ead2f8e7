//! What sessions built on one `Gpu` have in common: pipelines by their text, weights by their content, the driver's cache.

use super::Gpu;
use super::driver::{self, Pipelines};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::wgsl::Shader;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// Pipelines and weights live as long as a session uses them.
#[derive(Debug)]
pub struct Shared {
    device: wgpu::Device,
    layout: OnceLock<wgpu::BindGroupLayout>,
    pipelines: Mutex<BTreeMap<String, Weak<wgpu::ComputePipeline>>>,
    weights: Mutex<BTreeMap<WeightsKey, Weak<wgpu::Buffer>>>,
    hashers: [RandomState; 2],
    cache: OnceLock<Option<Pipelines>>,
}

/// Bytes and two hashes of a weights buffer's content.
type WeightsKey = (usize, u64, u64);

/// Nothing under these locks is left half done by a panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Nothing is shared yet.
    pub fn new(device: &wgpu::Device) -> Self {
        Self {
            device: device.clone(),
            layout: OnceLock::new(),
            pipelines: Mutex::default(),
            weights: Mutex::default(),
            hashers: [RandomState::new(), RandomState::new()],
            cache: OnceLock::new(),
        }
    }

    /// The adapter, its driver and the engine's version in one line: what a stored measurement or binary holds for.
    pub fn stamp(&self) -> String {
        let info = self.device.adapter_info();
        format!(
            "{} {:04x}:{:04x} {} {} {} engine {}",
            info.name.trim(),
            info.vendor,
            info.device,
            info.backend,
            info.driver,
            info.driver_info,
            env!("CARGO_PKG_VERSION")
        )
    }

    /// Reads the driver's cache from the store, unless a session did so before, and lets new pipelines go there.
    pub fn open_cache(&self, store: &Store) {
        self.cache.get_or_init(|| Pipelines::open(&self.device, store, &self.stamp()));
    }

    fn cache(&self) -> Option<&Pipelines> {
        self.cache.get().and_then(Option::as_ref)
    }

    /// The bind group layout of every step.
    pub fn layout(&self, make: impl FnOnce() -> wgpu::BindGroupLayout) -> &wgpu::BindGroupLayout {
        self.layout.get_or_init(make)
    }

    /// The pipelines of distinct shaders; those that no session has are compiled, on several threads.
    pub fn pipelines(
        &self,
        gpu: &Gpu,
        layout: &wgpu::PipelineLayout,
        shaders: &[&Shader],
    ) -> Result<Vec<Arc<wgpu::ComputePipeline>>> {
        let known: Vec<Option<Arc<wgpu::ComputePipeline>>> = {
            let pipelines = locked(&self.pipelines);
            shaders.iter().map(|shader| pipelines.get(&shader.wgsl).and_then(Weak::upgrade)).collect()
        };
        let missing: Vec<&Shader> = shaders
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(&shader, _)| shader)
            .collect();
        let mut compiled = self.compiled(gpu, layout, &missing)?.into_iter();
        if !missing.is_empty() {
            let mut pipelines = locked(&self.pipelines);
            pipelines.retain(|_, pipeline| pipeline.strong_count() > 0);
            let fresh = missing.iter().zip(compiled.as_slice());
            pipelines.extend(fresh.map(|(shader, made)| (shader.wgsl.clone(), Arc::downgrade(made))));
            drop(pipelines);
            self.cache().into_iter().for_each(Pipelines::save);
        }
        Ok(known.into_iter().filter_map(|known| known.or_else(|| compiled.next())).collect())
    }

    /// Each thread takes the next shader that nobody has taken.
    fn compiled(
        &self,
        gpu: &Gpu,
        layout: &wgpu::PipelineLayout,
        shaders: &[&Shader],
    ) -> Result<Vec<Arc<wgpu::ComputePipeline>>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(shader) = shaders.get(index) else { return done };
                done.push((index, self.pipeline(gpu, layout, shader)));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(shaders.len());
        let mut done = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let crashed = |_| Error::device("a shader compiler crashed");
            let joined = running.into_iter().map(|thread| thread.join().map_err(crashed));
            joined.collect::<Result<Vec<_>>>()
        })?
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, pipeline)| Ok(Arc::new(pipeline?))).collect()
    }

    fn pipeline(
        &self,
        gpu: &Gpu,
        layout: &wgpu::PipelineLayout,
        shader: &Shader,
    ) -> Result<wgpu::ComputePipeline> {
        gpu.checked(&format!("the kernel {}", shader.label), || {
            let compilation_options = wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            };
            gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(&shader.label),
                layout: Some(layout),
                module: &driver::module(&gpu.device, &shader.label, &shader.wgsl),
                entry_point: Some("main"),
                compilation_options,
                cache: self.cache().map(Pipelines::handle),
            })
        })
    }

    /// A plan's weights in a buffer: the one of another session, where it holds the same bytes.
    pub fn weights(
        &self,
        parts: &[(usize, Vec<u8>)],
        size: usize,
        upload: impl FnOnce() -> wgpu::Buffer,
    ) -> Arc<wgpu::Buffer> {
        let hash = |state: &RandomState| state.hash_one(parts);
        let key = (size, hash(&self.hashers[0]), hash(&self.hashers[1]));
        let mut weights = locked(&self.weights);
        weights.retain(|_, buffer| buffer.strong_count() > 0);
        if let Some(buffer) = weights.get(&key).and_then(Weak::upgrade) {
            return buffer;
        }
        let buffer = Arc::new(upload());
        weights.insert(key, Arc::downgrade(&buffer));
        buffer
    }
}
