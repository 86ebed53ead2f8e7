//! A session on the GPU, with the CPU for nodes that have no kernel there.

use super::Precision;
use super::halves::LayerError;
use crate::cpu::Program;
use crate::error::{Error, Result};
use crate::gpu::{Executable, Gpu, TextureInput, TextureOutput};
use crate::graph::{Graph, NodeId, ValueId};
use crate::ops::chain::nhwc;
use crate::ops::merged::merged;
use crate::passes::Applied;
use crate::plan::{Choices, Placement, Plan, Planned, Target};
use crate::store::{Store, fingerprint};
use crate::tensor::Tensor;
use crate::tune::{self, Background, Fusion, Prepared, Report, Subject, Winners};
use crate::wgsl::{Dialect, Elem, nhwc_from_texels, texels_from_nhwc};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Where a recorded network's input comes from.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// It is in the session's input binding by the time the recorded work runs.
    Ready,
    /// It is sampled from a filterable float texture.
    Texture {
        /// The texture.
        view: &'a wgpu::TextureView,
        /// x, y, width and height of the part to use, in units of the texture's size.
        crop: [f32; 4],
        /// What 0 and 1 become.
        range: [f32; 2],
    },
}

impl<'a> Input<'a> {
    /// The part `crop` of a texture, its values kept between 0 and 1.
    pub fn texture(view: &'a wgpu::TextureView, crop: [f32; 4]) -> Self {
        Input::Texture { view, crop, range: [0.0, 1.0] }
    }
}

/// The time a step took.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTime {
    /// The kernel's label.
    pub label: String,
    /// How long.
    pub time: Duration,
}

/// A plan with its compiled kernels.
pub struct Runner {
    graph: Arc<Graph>,
    plan: Plan,
    executable: Executable,
    input: Option<TextureInput>,
    outputs: Vec<Option<TextureOutput>>,
    /// Values the CPU holds while a run goes on: by the value whose bytes they share what it was given or computed, by
    /// themselves what it read from the GPU.
    loose: Vec<Option<Tensor>>,
    read: Vec<Option<Tensor>>,
    program: Program,
    /// The kernels of the nodes that run on the CPU, but for the plain ones.
    cpu_kernels: BTreeMap<NodeId, String>,
    /// Which groups of nodes became blocks.
    blocks: Applied,
    layers: Vec<LayerError>,
    subject: Subject,
    store: Option<Store>,
    search: Option<Background>,
}

/// What a GPU session is built from.
pub struct Setup<'a> {
    pub gpu: &'a Gpu,
    pub graph: Arc<Graph>,
    pub program: Program,
    pub precision: Precision,
    /// What halves do to each layer, where that was measured.
    pub layers: Vec<LayerError>,
    pub on_cpu: Vec<NodeId>,
    pub small_map: usize,
    pub fusion: Fusion,
    /// Kernels that the caller fixed.
    pub choices: Choices,
    pub store: Option<Store>,
    /// How long faster kernels are looked for beside the session.
    pub search: Duration,
}

impl Runner {
    pub fn new(setup: Setup<'_>) -> Result<Self> {
        let Setup { gpu, graph, program, precision, layers, on_cpu, fusion, choices, store, search, .. } =
            setup;
        let element = match precision {
            Precision::F32 => Elem::F32,
            Precision::F16 | Precision::F16Sums | Precision::Auto => Elem::F16,
        };
        // What was measured needs no rule of thumb.
        let small_map = if precision == Precision::Auto { 0 } else { setup.small_map };
        let full = layers.iter().filter(|layer| layer.is_full()).map(|layer| layer.value).collect();
        let native_f16 = gpu.dialect.native_f16 && element == Elem::F16;
        let f16_arithmetic = native_f16 && precision == Precision::F16Sums;
        let dialect = Dialect { native_f16, f16_arithmetic };
        let target = Target { dialect, elem: element, small_map, full, on_cpu, software: gpu.is_software() };
        let subject = Subject { graph, target, fusion, fixed: choices };
        let winners = store.as_ref().map(|store| Winners::read(store, gpu)).unwrap_or_default();
        let prepared = subject.prepared(&winners)?;
        let executable = Executable::new(gpu, &prepared.plan)?;
        let searching = !search.is_zero() && !subject.is_known(&winners, &prepared)?;
        let used = prepared.plan.choices();
        let search = searching.then(|| Background::start(gpu, subject.clone(), used, store.clone(), search));
        let Prepared { graph, applied: blocks, mut plan } = prepared;
        plan.weights.iter_mut().for_each(|weights| weights.values = Vec::new());
        let on_cpu = plan.steps.iter().filter(|planned| planned.dispatch.is_none());
        let mut program = program;
        let kernel = |id: NodeId| Some((id, program.kernel(&graph, id)?));
        let cpu_kernels = on_cpu.filter_map(|planned| planned.step.node).filter_map(kernel).collect();
        let outputs = graph.outputs.iter().map(|_| None).collect();
        Ok(Self {
            loose: vec![None; graph.values.len()],
            read: vec![None; graph.values.len()],
            program,
            cpu_kernels,
            plan,
            executable,
            input: None,
            outputs,
            graph,
            blocks,
            layers,
            subject,
            store,
            search: search.flatten(),
        })
    }

    /// Measures kernels now, and uses the winners from here on.
    pub fn tune(&mut self, budget: Duration) -> Result<Report> {
        self.search = None;
        let gpu = self.executable.gpu().clone();
        let never = AtomicBool::new(false);
        let report = tune::tune(&gpu, &self.subject, &tune::Limit::new(budget, &never))?;
        if let Some(store) = &self.store {
            Winners::remember(store, &gpu, &report);
        }
        let prepared = self.subject.prepared(&Winners::of(&report))?;
        if prepared.plan.choices() != self.plan.choices() {
            let executable = Executable::new(&gpu, &prepared.plan)?;
            self.replace(prepared, executable);
        }
        Ok(report)
    }

    /// Uses what a search beside the session has found by now; says whether that changed anything.
    pub fn adopt(&mut self) -> bool {
        let Some(found) = self.search.as_ref().and_then(Background::take) else { return false };
        self.search = None;
        // A device that refuses to try kernels goes on with those it has.
        let Ok(found) = found else { return false };
        let Some((prepared, executable)) = found.faster else { return false };
        self.replace(prepared, executable);
        true
    }

    /// Whether a search is under way or waits to be adopted.
    pub fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    fn replace(&mut self, prepared: Prepared, executable: Executable) {
        let Prepared { graph, applied, mut plan } = prepared;
        plan.weights.iter_mut().for_each(|weights| weights.values = Vec::new());
        (self.graph, self.blocks, self.plan, self.executable) = (graph, applied, plan, executable);
        let outputs = self.graph.outputs.iter().zip(&mut self.outputs);
        for (&value, output) in outputs {
            if let (Some(output), Some(place)) = (output, self.plan.placement(value)) {
                output.read_from(self.executable.gpu(), self.executable.binding(place));
            }
        }
    }

    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What became of the groups that may run as blocks.
    pub fn blocks(&self) -> &Applied {
        &self.blocks
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan as text, the CPU's kernels named.
    pub fn explain(&self) -> String {
        let mut text = self.plan.describe(|id| self.cpu_kernels.get(&id).cloned());
        if !self.layers.is_empty() {
            let halves = self.layers.iter().filter(|layer| !layer.is_full()).count();
            text += &format!("halves in {halves} of {} layers\n", self.layers.len());
            self.layers.iter().for_each(|layer| text += &format!("  {layer}\n"));
        }
        text
    }

    pub fn by_node(&self) -> String {
        self.plan.by_node(&self.graph, |id| self.cpu_kernels.get(&id).cloned())
    }

    /// What halves do to each layer, where that was measured.
    pub fn layer_errors(&self) -> &[LayerError] {
        &self.layers
    }

    pub fn shares_weights_with(&self, other: &Self) -> bool {
        self.executable.shares_weights_with(&other.executable)
    }

    pub fn element(&self) -> Elem {
        let input = self.graph.inputs.first().and_then(|&input| self.plan.placement(input));
        input.map_or(Elem::F32, |place| place.elem)
    }

    pub fn reset(&mut self) {
        self.program.reset();
    }

    /// Whether numbers are rounded on the way: to halves, or to the steps of a quantization.
    pub fn rounds(&self) -> bool {
        let quantized = self.graph.values.iter().any(|value| value.ty.quantization.is_some());
        quantized || self.subject.target.elem == Elem::F16
    }

    /// What the store says of kernels that were compared with the CPU: their text's name.
    fn verdict(&self) -> String {
        let dispatches = self.plan.steps.iter().filter_map(|planned| planned.dispatch.as_ref());
        let texts: Vec<&[u8]> = dispatches.map(|dispatch| dispatch.shader.wgsl.as_bytes()).collect();
        format!("right-{:016x}", fingerprint(texts))
    }

    /// Whether these kernels computed what the CPU does in an earlier run on this device and driver.
    pub fn was_right(&self) -> bool {
        let stamp = self.executable.gpu().stamp();
        self.store.as_ref().is_some_and(|store| store.read(&self.verdict(), &stamp).is_some())
    }

    /// Remembers that they do.
    pub fn is_right(&self) {
        if let Some(store) = &self.store {
            store.write(&self.verdict(), &self.executable.gpu().stamp(), b"");
        }
    }

    fn place(&self, value: ValueId) -> Result<Placement> {
        let name = || self.graph.value(value).name.clone();
        self.plan
            .placement(value)
            .ok_or_else(|| Error::invalid(format!("{} does not lie on the GPU", name())))
    }

    fn nth(&self, list: &[ValueId], index: usize, what: &str) -> Result<ValueId> {
        let count = list.len();
        list.get(index).copied().ok_or_else(|| {
            Error::invalid(format!("the model has {count} {what}s, there is no {what} {index}"))
        })
    }

    fn shape(&self, value: ValueId) -> [usize; 4] {
        nhwc(&merged(&self.graph.value(value).ty.shape)).unwrap_or([1; 4])
    }

    pub fn input_binding(&self, index: usize) -> Result<wgpu::BufferBinding<'_>> {
        let value = self.nth(&self.graph.inputs, index, "input")?;
        Ok(self.executable.binding(self.place(value)?))
    }

    pub fn output_binding(&self, index: usize) -> Result<wgpu::BufferBinding<'_>> {
        let value = self.nth(&self.graph.outputs, index, "output")?;
        Ok(self.executable.binding(self.place(value)?))
    }

    pub fn output_texture(&mut self, index: usize) -> Result<wgpu::Texture> {
        let value = self.nth(&self.graph.outputs, index, "output")?;
        if let Some(output) = &self.outputs[index] {
            return Ok(output.texture().clone());
        }
        let place = self.place(value)?;
        let binding = self.executable.binding(place);
        let output = TextureOutput::new(self.executable.gpu(), self.shape(value), binding, place)?;
        let texture = output.texture().clone();
        self.outputs[index] = Some(output);
        Ok(texture)
    }

    pub fn encode(&mut self, encoder: &mut wgpu::CommandEncoder, input: Input<'_>) -> Result<()> {
        if let Some(planned) = self.plan.steps.iter().find(|planned| planned.dispatch.is_none()) {
            let node = planned.step.node.map_or(0, |id| id.0);
            let reason = &planned.reason;
            return Err(Error::invalid(format!(
                "the model cannot be recorded, use run: node {node} runs on the CPU, {reason}"
            )));
        }
        if let Input::Texture { view, crop, range } = input {
            let value = self.nth(&self.graph.inputs, 0, "input")?;
            let (shape, place) = (self.shape(value), self.place(value)?);
            if shape[0] != 1 || shape[3] > 4 {
                return Err(Error::invalid(format!(
                    "an input of shape {shape:?} cannot be sampled from a texture"
                )));
            }
            if self.input.is_none() {
                self.input = Some(TextureInput::new(self.executable.gpu(), shape, place.elem)?);
            }
            if let Some(sampled) = &self.input {
                sampled.record(
                    self.executable.gpu(),
                    encoder,
                    view,
                    crop,
                    range,
                    self.executable.binding(place),
                );
            }
        }
        self.executable.record(encoder, 0..self.plan.steps.len());
        self.outputs.iter().flatten().for_each(|output| output.record(encoder));
        Ok(())
    }

    pub fn profile(&mut self) -> Result<Option<Vec<StepTime>>> {
        let Some(times) = self.executable.profile()? else { return Ok(None) };
        let timed = self.plan.steps.iter().zip(times);
        let named = |(planned, time): (&Planned, Duration)| {
            let label = planned.dispatch.as_ref()?.shader.label.clone();
            Some(StepTime { label, time })
        };
        Ok(Some(timed.filter_map(named).collect()))
    }

    pub fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.adopt();
        let graph = self.graph.clone();
        for (&value, tensor) in graph.inputs.iter().zip(inputs) {
            self.store(value, tensor.clone())?;
        }
        let mut encoder = self.executable.encoder();
        let mut at = 0;
        while at < self.plan.steps.len() {
            let end = (at..self.plan.steps.len()).find(|&step| self.plan.steps[step].dispatch.is_none());
            let end = end.unwrap_or(self.plan.steps.len());
            self.executable.record(&mut encoder, at..end);
            if end < self.plan.steps.len() {
                encoder = self.on_cpu(encoder, end)?;
            }
            at = end + 1;
        }
        let outputs = self.fetch(encoder, &graph.outputs);
        self.loose.iter_mut().chain(&mut self.read).for_each(|tensor| *tensor = None);
        outputs
    }

    /// Runs one step on the CPU: reads what it needs, and gives what it writes to whoever needs it.
    fn on_cpu(&mut self, encoder: wgpu::CommandEncoder, step: usize) -> Result<wgpu::CommandEncoder> {
        let graph = self.graph.clone();
        let step = &self.plan.steps[step].step;
        let Some(id) = step.node else { return Ok(encoder) };
        let (inputs, outputs) = (step.inputs.clone(), step.outputs.clone());
        let needed: Vec<ValueId> = inputs.iter().flatten().copied().collect();
        let mut fetched = self.fetch(encoder, &needed)?.into_iter();
        let tensors: Vec<Option<Tensor>> =
            inputs.iter().map(|input| input.and_then(|_| fetched.next())).collect();
        for (value, tensor) in outputs.into_iter().zip(self.program.run(&graph, id, &tensors)?) {
            self.store(value, tensor)?;
        }
        Ok(self.executable.encoder())
    }

    /// Values as tensors: constants, what the CPU holds, and the rest from the GPU once the encoder's work is done.
    fn fetch(&mut self, encoder: wgpu::CommandEncoder, values: &[ValueId]) -> Result<Vec<Tensor>> {
        let graph = self.graph.clone();
        let root = |value: ValueId| self.plan.roots[value.0];
        let held = |value: ValueId| {
            let described = graph.value(value);
            let held = self.loose[root(value).0].is_some() || self.read[value.0].is_some();
            described.variable || described.constant.is_some() || held
        };
        let missing: Vec<ValueId> = values.iter().copied().filter(|&value| !held(value)).collect();
        let places: Vec<Placement> = missing.iter().map(|&value| self.place(value)).collect::<Result<_>>()?;
        let mut read = self.executable.read(encoder, &places)?.into_iter();
        let (loose, plan, program) = (&self.loose, &self.plan, &self.program);
        let known = &mut self.read;
        let shape = |value: ValueId| nhwc(&merged(&graph.value(value).ty.shape)).unwrap_or([1; 4]);
        let tensor = |value: ValueId| {
            let described = graph.value(value);
            if described.variable {
                return Ok(program.state(&graph, value));
            }
            if let Some(tensor) = &known[value.0] {
                return Ok(tensor.clone());
            }
            match (&described.constant, &loose[plan.roots[value.0].0]) {
                (Some(constant), _) => Ok(constant.clone()),
                (None, Some(tensor)) if tensor.shape() == described.ty.shape || described.dynamic => {
                    Ok(tensor.clone())
                }
                (None, Some(tensor)) => tensor.with_type(described.ty.clone()),
                (None, None) => {
                    let texels = read.next().unwrap_or_default();
                    let reals = nhwc_from_texels(&texels, shape(value));
                    let tensor = Tensor::from_reals(described.ty.clone(), &reals)?;
                    known[value.0] = Some(tensor.clone());
                    Ok(tensor)
                }
            }
        };
        values.iter().copied().map(tensor).collect()
    }

    fn store(&mut self, value: ValueId, tensor: Tensor) -> Result<()> {
        if let Some(place) = self.plan.placement(value) {
            let reals = tensor
                .to_reals()
                .ok_or_else(|| Error::invalid("a value on the GPU is not made of numbers"))?;
            self.executable.write(place, &texels_from_nhwc(&reals, self.shape(value)));
        }
        let root = self.plan.roots[value.0];
        self.loose[root.0] = Some(tensor);
        Ok(())
    }
}
