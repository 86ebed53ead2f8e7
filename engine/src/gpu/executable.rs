use super::Gpu;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::plan::{Bound, Dispatch, Placement, Plan, Weights};
use crate::wgsl::{Elem, ParamValue, Scalar, Shader};
use half::f16;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A plan's GPU steps, compiled, with the memory they work on.
pub struct Executable {
    gpu: Gpu,
    pipelines: Vec<Arc<wgpu::ComputePipeline>>,
    /// For each step of the plan its pipeline and grid; none for steps of the CPU.
    steps: Vec<Option<(usize, [u32; 3])>>,
    group: wgpu::BindGroup,
    arena: wgpu::Buffer,
    /// Held so that other sessions find it.
    weights: Arc<wgpu::Buffer>,
    /// Bytes between the uniform ranges of consecutive steps.
    stride: u32,
    labels: Vec<String>,
}

impl Executable {
    /// Compiles the plan's shaders, each text once, on several threads, and uploads its weights.
    pub fn new(gpu: &Gpu, plan: &Plan) -> Result<Self> {
        let limits = gpu.device.limits();
        for (what, bytes) in [("intermediates", plan.arena), ("weights", plan.weight_bytes)] {
            let most = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
            if bytes as u64 > most {
                return Err(Error::device(format!(
                    "the model's {what} take {bytes} bytes, this GPU binds {most} at most"
                )));
            }
        }
        let dispatches: Vec<Option<&Dispatch>> =
            plan.steps.iter().map(|planned| planned.dispatch.as_ref()).collect();
        let most = limits.max_compute_workgroups_per_dimension;
        if let Some(large) =
            dispatches.iter().flatten().find(|dispatch| dispatch.grid.iter().any(|&n| n > most))
        {
            return Err(Error::device(format!(
                "{} needs a grid of {:?}, this GPU takes {most}",
                large.choice, large.grid
            )));
        }
        let layout = gpu.shared.layout(|| bind_group_layout(gpu));
        let (shaders, index) = distinct(&dispatches);
        let pipelines = gpu.shared.pipelines(gpu, &pipeline_layout(gpu, layout), &shaders)?;
        let stride = dispatches.iter().flatten().map(|d| d.shader.params.len() as u32 * 4).max().unwrap_or(4);
        let stride = stride.next_multiple_of(limits.min_uniform_buffer_offset_alignment.max(16));
        let memory = gpu.checked("the model's memory", || memory(gpu, layout, plan, &dispatches, stride))?;
        let grid =
            |(i, dispatch): (usize, &Option<&Dispatch>)| dispatch.map(|dispatch| (index[i], dispatch.grid));
        let steps = dispatches.iter().enumerate().map(grid).collect();
        let labels = dispatches.iter().map(|d| d.map_or(String::new(), |d| d.shader.label.clone())).collect();
        let Memory { arena, weights, group } = memory;
        Ok(Self { gpu: gpu.clone(), pipelines, steps, group, arena, weights, stride, labels })
    }

    /// The device.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// An encoder for a run of the session's own.
    pub fn encoder(&self) -> wgpu::CommandEncoder {
        let descriptor = wgpu::CommandEncoderDescriptor { label: Some("run") };
        self.gpu.device.create_command_encoder(&descriptor)
    }

    /// Records the GPU steps of `range` into the caller's encoder, as one compute pass.
    pub fn record(&self, encoder: &mut wgpu::CommandEncoder, range: Range<usize>) {
        let descriptor = wgpu::ComputePassDescriptor { label: Some("network"), timestamp_writes: None };
        let mut pass = encoder.begin_compute_pass(&descriptor);
        range.for_each(|step| self.dispatch(&mut pass, step));
    }

    /// Records a step as a compute pass between the time stamps of its `place`.
    fn record_timed(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        (place, step): (usize, usize),
        queries: &wgpu::QuerySet,
    ) {
        let timestamp_writes = Some(wgpu::ComputePassTimestampWrites {
            query_set: queries,
            beginning_of_pass_write_index: Some(2 * place as u32),
            end_of_pass_write_index: Some(2 * place as u32 + 1),
        });
        let label = Some(&self.labels[step][..]);
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label, timestamp_writes });
        self.dispatch(&mut pass, step);
    }

    fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, step: usize) {
        let Some((pipeline, [x, y, z])) = self.steps[step] else { return };
        pass.set_pipeline(&self.pipelines[pipeline]);
        pass.set_bind_group(0, &self.group, &[step as u32 * self.stride]);
        pass.dispatch_workgroups(x, y, z);
    }

    /// Runs all steps alone, one compute pass each, and gives the time each took; none where the device has no
    /// `TIMESTAMP_QUERY`.
    pub fn profile(&self) -> Result<Option<Vec<Duration>>> {
        self.times(&(0..self.steps.len()).collect::<Vec<_>>())
    }

    /// Runs these steps one after the other, one compute pass each, and gives the time each took; none where the device
    /// has no `TIMESTAMP_QUERY`.
    pub fn times(&self, steps: &[usize]) -> Result<Option<Vec<Duration>>> {
        let device = &self.gpu.device;
        if !device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Ok(None);
        }
        let count = 2 * steps.len().max(1) as u32;
        let ty = wgpu::QueryType::Timestamp;
        let queries =
            device.create_query_set(&wgpu::QuerySetDescriptor { label: Some("profile"), ty, count });
        let size = 8 * u64::from(count);
        let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let label = Some("time stamps");
        let resolved =
            device.create_buffer(&wgpu::BufferDescriptor { label, size, usage, mapped_at_creation: false });
        let mut encoder = self.encoder();
        steps.iter().copied().enumerate().for_each(|at| self.record_timed(&mut encoder, at, &queries));
        encoder.resolve_query_set(&queries, 0..2 * steps.len() as u32, &resolved, 0);
        let bytes = self.mapped(encoder, size, |encoder, buffer| {
            encoder.copy_buffer_to_buffer(&resolved, 0, buffer, 0, size)
        })?;
        let stamp = |bytes: &[u8]| bytes.iter().rev().fold(0, |stamp, &byte| stamp << 8 | u64::from(byte));
        let period = f64::from(self.gpu.queue.get_timestamp_period());
        let time = |pair: &[u8]| {
            Duration::from_nanos((stamp(&pair[8..]).saturating_sub(stamp(&pair[..8])) as f64 * period) as u64)
        };
        Ok(Some(bytes.chunks_exact(16).take(steps.len()).map(time).collect()))
    }

    /// Runs each of these steps again and again until the wall clock tells its time, which is that of one run. What the
    /// queue does for others meanwhile counts too.
    pub fn wall_times(&self, steps: &[usize]) -> Result<Vec<Duration>> {
        const ENOUGH: Duration = Duration::from_millis(2);
        const MOST: u32 = 64;
        let time = |&step: &usize| {
            let mut runs = 1;
            loop {
                let mut encoder = self.encoder();
                (0..runs).for_each(|_| self.record(&mut encoder, step..step + 1));
                let start = Instant::now();
                self.gpu.queue.submit([encoder.finish()]);
                self.wait()?;
                let elapsed = start.elapsed();
                if elapsed >= ENOUGH || runs >= MOST {
                    return Ok(elapsed / runs);
                }
                runs *= 4;
            }
        };
        steps.iter().map(time).collect()
    }

    fn wait(&self) -> Result<()> {
        let patience = self.gpu.patience;
        let late = |error: wgpu::PollError| match error {
            wgpu::PollError::Timeout => {
                Error::device(format!("the GPU did not finish within {} ms", patience.as_millis()))
            }
            error => Error::device(format!("the GPU did not finish: {error}")),
        };
        let wait = wgpu::PollType::Wait { submission_index: None, timeout: Some(patience) };
        self.gpu.device.poll(wait).map(|_| ()).map_err(late)
    }

    /// The number of distinct pipelines.
    pub fn pipelines(&self) -> usize {
        self.pipelines.len()
    }

    /// Whether the weights are the same buffer, not just the same bytes.
    pub fn shares_weights_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.weights, &other.weights)
    }

    /// A value's range of the arena, as a binding of the caller's own shaders.
    pub fn binding(&self, place: Placement) -> wgpu::BufferBinding<'_> {
        let size = wgpu::BufferSize::new((place.size as u64).max(16));
        wgpu::BufferBinding { buffer: &self.arena, offset: place.offset as u64, size }
    }

    /// Writes texels to a value.
    pub fn write(&self, place: Placement, texels: &[f32]) {
        self.gpu.queue.write_buffer(&self.arena, place.offset as u64, &encoded(texels, place.elem));
    }

    /// Copies values into a new mappable buffer and reads their texels once the encoder's work is done.
    pub fn read(&self, encoder: wgpu::CommandEncoder, places: &[Placement]) -> Result<Vec<Vec<f32>>> {
        let size: usize = places.iter().map(|place| place.size).sum();
        if size == 0 {
            self.gpu.queue.submit([encoder.finish()]);
            return Ok(places.iter().map(|_| Vec::new()).collect());
        }
        let bytes = self.mapped(encoder, size as u64, |encoder, buffer| {
            let mut at = 0;
            for place in places {
                encoder.copy_buffer_to_buffer(
                    &self.arena,
                    place.offset as u64,
                    buffer,
                    at,
                    place.size as u64,
                );
                at += place.size as u64;
            }
        })?;
        let mut at = 0;
        Ok(places
            .iter()
            .map(|place| {
                at += place.size;
                decoded(&bytes[at - place.size..at], place.elem)
            })
            .collect())
    }

    /// Submits the encoder with a copy into a new mappable buffer, waits, and gives its bytes: the engine's only
    /// readback.
    fn mapped(
        &self,
        mut encoder: wgpu::CommandEncoder,
        size: u64,
        copy: impl FnOnce(&mut wgpu::CommandEncoder, &wgpu::Buffer),
    ) -> Result<Vec<u8>> {
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
        let descriptor =
            wgpu::BufferDescriptor { label: Some("readback"), size, usage, mapped_at_creation: false };
        let (sender, receiver) = std::sync::mpsc::channel();
        let buffer = self.gpu.checked("to run the model", || {
            let buffer = self.gpu.device.create_buffer(&descriptor);
            copy(&mut encoder, &buffer);
            self.gpu.queue.submit([encoder.finish()]);
            buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
                let _ = sender.send(result);
            });
            buffer
        })?;
        let lost = |why: String| Error::device(format!("the GPU did not finish: {why}"));
        self.wait()?;
        receiver.recv().map_err(|error| lost(error.to_string()))?.map_err(|error| lost(error.to_string()))?;
        let bytes = buffer.slice(..).get_mapped_range().map_err(|error| lost(error.to_string()))?;
        Ok(bytes.to_vec())
    }
}

/// The uniform block, the arena as f32 and as halves, the weights as f32 and as halves.
fn bind_group_layout(gpu: &Gpu) -> wgpu::BindGroupLayout {
    let storage = |read_only| wgpu::BufferBindingType::Storage { read_only };
    let types =
        [wgpu::BufferBindingType::Uniform, storage(false), storage(false), storage(true), storage(true)];
    let entry = |(binding, &ty): (usize, &wgpu::BufferBindingType)| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: binding == 0, min_binding_size: None },
        count: None,
    };
    let entries: Vec<_> = types.iter().enumerate().map(entry).collect();
    gpu.device
        .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("step"), entries: &entries })
}

/// The distinct shaders, and for each dispatch which of them it uses.
fn distinct<'a>(dispatches: &[Option<&'a Dispatch>]) -> (Vec<&'a Shader>, Vec<usize>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shaders: Vec<&Shader> = Vec::new();
    let mut index_of = |dispatch: &Option<&'a Dispatch>| {
        let Some(dispatch) = dispatch else { return 0 };
        *seen.entry(&dispatch.shader.wgsl).or_insert_with(|| {
            shaders.push(&dispatch.shader);
            shaders.len() - 1
        })
    };
    let index = dispatches.iter().map(&mut index_of).collect();
    (shaders, index)
}

fn pipeline_layout(gpu: &Gpu, layout: &wgpu::BindGroupLayout) -> wgpu::PipelineLayout {
    gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("step"),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    })
}

/// What a plan's steps work on.
struct Memory {
    arena: wgpu::Buffer,
    weights: Arc<wgpu::Buffer>,
    group: wgpu::BindGroup,
}

fn memory(
    gpu: &Gpu,
    layout: &wgpu::BindGroupLayout,
    plan: &Plan,
    dispatches: &[Option<&Dispatch>],
    stride: u32,
) -> Memory {
    let buffer = |label, size: usize, usage| {
        let size = (size as u64).next_multiple_of(16).max(16);
        gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        })
    };
    let storage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
    let arena = buffer("arena", plan.arena, storage);
    let stored = |part: &Weights| (part.offset, encoded(&part.values, part.elem));
    let parts: Vec<(usize, Vec<u8>)> = plan.weights.iter().map(stored).collect();
    let weights = gpu.shared.weights(&parts, plan.weight_bytes, || {
        let weights = buffer("weights", plan.weight_bytes, storage);
        parts.iter().for_each(|(offset, bytes)| gpu.queue.write_buffer(&weights, *offset as u64, bytes));
        weights
    });
    let params = buffer(
        "params",
        stride as usize * plan.steps.len().max(1),
        wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
    );
    for (step, dispatch) in dispatches.iter().enumerate() {
        if let Some(dispatch) = dispatch {
            gpu.queue.write_buffer(&params, u64::from(stride) * step as u64, &uniform_block(plan, dispatch));
        }
    }
    let whole = |buffer| wgpu::BufferBinding { buffer, offset: 0, size: None };
    let block =
        wgpu::BufferBinding { buffer: &params, offset: 0, size: wgpu::BufferSize::new(stride.into()) };
    let bindings = [block, whole(&arena), whole(&arena), whole(&weights), whole(&weights)];
    let entry = |(binding, buffer)| wgpu::BindGroupEntry {
        binding: binding as u32,
        resource: wgpu::BindingResource::Buffer(buffer),
    };
    let entries: Vec<_> = bindings.into_iter().enumerate().map(entry).collect();
    let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("step"),
        layout,
        entries: &entries,
    });
    Memory { arena, weights, group }
}

/// The bytes of a dispatch's uniform block.
fn uniform_block(plan: &Plan, dispatch: &Dispatch) -> Vec<u8> {
    let texel = |offset: usize, elem: Elem| (offset / elem.texel()) as i32;
    let weights = |index: usize| texel(plan.weights[index].offset, plan.weights[index].elem);
    let arena = |value: ValueId| plan.placement(value).map_or(0, |place| texel(place.offset, place.elem));
    let number = |param: &ParamValue| match *param {
        ParamValue::Scalar(Scalar::F32(value)) => value.to_bits(),
        ParamValue::Scalar(Scalar::I32(value)) => value as u32,
        ParamValue::Constant(index) => weights(dispatch.constants[index]) as u32,
        ParamValue::Tensor(index) => match dispatch.tensors[index] {
            Bound::Arena(value) => arena(value) as u32,
            Bound::Weights(index) => weights(index) as u32,
        },
    };
    dispatch.shader.params.iter().flat_map(|param| number(param).to_le_bytes()).collect()
}

fn encoded(texels: &[f32], elem: Elem) -> Vec<u8> {
    match elem {
        Elem::F32 => bytemuck::cast_slice(texels).to_vec(),
        Elem::F16 => texels.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect(),
    }
}

fn decoded(bytes: &[u8], elem: Elem) -> Vec<f32> {
    match elem {
        Elem::F32 => bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        Elem::F16 => bytes.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
    }
}
