//! Open a model, build a session, run or record it: all that most users need.
//!
//! ```no_run
//! use matte_engine::{Model, Precision, Session};
//! # fn demo(values: matte_engine::tensor::Tensor) -> matte_engine::Result<()> {
//! let model = Model::open("models/selfie_segmentation.tflite")?;
//! let mut session = Session::builder(&model).threads(2).build()?;
//! let mask = session.run(&[values])?;
//! println!("{}", session.explain());
//! # Ok(()) }
//! ```

#[cfg(feature = "gpu")]
mod canary;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "gpu")]
mod halves;

use crate::cpu;
use crate::error::{Error, Result};
use crate::graph::{Graph, Model, NodeId};
use crate::passes::{self, Applied};
use crate::plan::{NodeLine, node_table};
use crate::pool::Pool;
use crate::schema::Bytes;
use crate::store::Store;
use crate::tensor::{Tensor, TensorType};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "gpu")]
use crate::{passes::PASSES, tune::Fusion};
#[cfg(feature = "gpu")]
pub use canary::Canary;
#[cfg(feature = "gpu")]
pub use gpu::{Input, StepTime};
#[cfg(feature = "gpu")]
pub use halves::LayerError;

/// How numbers are stored and accumulated on the GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// f32 throughout.
    #[default]
    F32,
    /// Stored in halves, accumulated in f32.
    F16,
    /// Stored and accumulated in halves, where the device was created with `SHADER_F16`; else like [`Precision::F16`].
    F16Sums,
    /// Like [`Precision::F16`] but for the layers in which halves move a result by more than a step of eight bits: measured
    /// on the [`Builder::calibration`], and told by [`Session::explain`].
    Auto,
}

impl Model {
    /// Reads a `.tflite` file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let named = |error: String| format!("{}: {error}", path.display());
        let bytes = std::fs::read(path).map_err(|error| Error::Invalid(named(error.to_string())))?;
        let mut model = Self::from_bytes(bytes).map_err(|error| match error {
            Error::Malformed(text) => Error::Malformed(named(text)),
            other => other,
        })?;
        model.name = path.display().to_string();
        Ok(model)
    }

    /// Reads a `.tflite` file's bytes.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Result<Self> {
        crate::tflite::read(bytes)
    }

    /// The types of the main graph's inputs.
    pub fn inputs(&self) -> Vec<&TensorType> {
        self.main().inputs.iter().map(|&input| &self.main().value(input).ty).collect()
    }

    /// The types of the main graph's outputs; a shape known only when the model runs is a placeholder.
    pub fn outputs(&self) -> Vec<&TensorType> {
        self.main().outputs.iter().map(|&output| &self.main().value(output).ty).collect()
    }

    fn main(&self) -> &Graph {
        &self.graphs[0]
    }
}

/// Pixels of the largest map that stays f32 in half precision.
#[cfg(feature = "gpu")]
const SMALL_MAP: usize = 64 * 64;

/// All of [`PASSES`](passes::PASSES), and the fusion of blocks.
const ALL_PASSES: usize = usize::MAX;

/// Options of a session.
pub struct Builder<'a> {
    model: &'a Model,
    precision: Precision,
    threads: usize,
    memory_cap: Option<usize>,
    on_cpu: Vec<NodeId>,
    passes: usize,
    plain: bool,
    #[cfg(feature = "gpu")]
    choices: crate::plan::Choices,
    #[cfg(feature = "gpu")]
    fusion: Fusion,
    #[cfg(feature = "gpu")]
    verified: bool,
    #[cfg(feature = "gpu")]
    calibration: Vec<Tensor>,
    #[cfg(feature = "gpu")]
    search: Duration,
    #[cfg(feature = "gpu")]
    small_map: usize,
    #[cfg(feature = "gpu")]
    gpu: Option<crate::gpu::Gpu>,
    #[cfg(feature = "gpu")]
    patience: Option<Duration>,
    store: Option<Store>,
}

/// A model made ready to run on one backend.
pub struct Session {
    graph: Arc<Graph>,
    passes: Vec<Applied>,
    runner: Runner,
}

enum Runner {
    Plain(Box<cpu::Program>),
    Cpu(Box<cpu::Executable>),
    #[cfg(feature = "gpu")]
    Gpu(Box<gpu::Runner>),
}

impl<'a> Builder<'a> {
    /// Runs on this device. Without it the session runs on the CPU.
    #[cfg(feature = "gpu")]
    pub fn gpu(mut self, device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        self.gpu = Some(crate::gpu::Gpu::new(device, queue));
        self
    }

    /// Keeps in this folder what takes long to find out again: the driver's compiled pipelines, where the device was
    /// created with `PIPELINE_CACHE`, and which kernels won on the device.
    pub fn cache(self, folder: impl Into<PathBuf>) -> Self {
        Self { store: Some(Store::new(folder)), ..self }
    }

    /// Like [`Builder::gpu`], and shares pipelines and weights with the other sessions on the same [`Gpu`](crate::gpu::Gpu).
    #[cfg(feature = "gpu")]
    pub fn on(mut self, gpu: &crate::gpu::Gpu) -> Self {
        self.gpu = Some(gpu.clone());
        self
    }

    /// How long [`Session::run`] waits for the GPU, a minute until told otherwise. What takes longer is an error of the device;
    /// the GPU goes on with what it has.
    #[cfg(feature = "gpu")]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// How the GPU stores numbers.
    pub fn precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// How many threads the CPU uses, the caller's included.
    pub fn threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    /// The most bytes the intermediates may take; a model that needs more is refused with the figure.
    pub fn memory_cap(self, bytes: usize) -> Self {
        Self { memory_cap: Some(bytes), ..self }
    }

    /// Nodes of the optimized graph without blocks that stay on the CPU in a GPU session, where no blocks are made then: for
    /// comparing and for finding faults.
    pub fn keep_on_cpu(self, nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Self { on_cpu: nodes.into_iter().collect(), ..self }
    }

    /// Maps of at most so many pixels stay f32 under [`Precision::F16`], 64×64 until told otherwise: rounding there
    /// moves the result most and saves least.
    #[cfg(feature = "gpu")]
    pub fn small_map(self, pixels: usize) -> Self {
        Self { small_map: pixels, ..self }
    }

    /// The GPU kernels of nodes of the optimized graph, in place of the heuristic's. No blocks are made then.
    #[cfg(feature = "gpu")]
    pub fn choices(self, choices: crate::plan::Choices) -> Self {
        Self { choices, ..self }
    }

    /// Looks for faster kernels beside the session, on a thread of its own, for at most `budget`. The session starts with
    /// the heuristic's kernels, or with those that won before where it has a [`Builder::cache`]; what is found serves from
    /// the next [`Session::run`] or [`Session::adopt`] on.
    #[cfg(feature = "gpu")]
    pub fn search(self, budget: Duration) -> Self {
        Self { search: budget, ..self }
    }

    /// Whether groups of nodes run as blocks: one dispatch in place of several.
    #[cfg(feature = "gpu")]
    pub fn fusion(self, fusion: Fusion) -> Self {
        Self { fusion, ..self }
    }

    /// The inputs on which [`Precision::Auto`] measures; a pattern of waves without them.
    #[cfg(feature = "gpu")]
    pub fn calibration(self, inputs: Vec<Tensor>) -> Self {
        Self { calibration: inputs, ..self }
    }

    /// Compares the GPU with the CPU before the session is handed out: see [`Canary`]. A device that computes wrong numbers
    /// is an error. What was found right on a device is not compared again where there is a [`Builder::cache`].
    #[cfg(feature = "gpu")]
    pub fn verified(self) -> Self {
        Self { verified: true, ..self }
    }

    /// Runs only the first `count` passes, of which the fusion of blocks is the last: for finding faults.
    pub fn passes(self, count: usize) -> Self {
        Self { passes: count, ..self }
    }

    /// Runs every operator by its plain kernel, on the graph as it was read: slow, for comparing with.
    pub fn plain(self) -> Self {
        Self { plain: true, ..self }
    }

    /// Optimizes the graph, plans it and prepares the backend.
    pub fn build(self) -> Result<Session> {
        if self.plain {
            let program = cpu::Program::new(&self.model.graphs);
            let graph = Arc::new(self.model.main().clone());
            return Ok(Session { graph, passes: Vec::new(), runner: Runner::Plain(Box::new(program)) });
        }
        let mut graph = self.model.main().clone();
        let applied = passes::optimize(&mut graph, self.passes)?;
        let mut called = self.model.graphs.clone();
        for graph in called.iter_mut().skip(1) {
            passes::optimize(graph, self.passes)?;
        }
        let pool = Arc::new(Pool::new(self.threads));
        let program = cpu::Program::new(&self.model.graphs).fast(called, pool.clone())?;
        let graph = Arc::new(graph);
        #[cfg(feature = "gpu")]
        let canary = self.verified.then_some((self.model, self.threads));
        let runner = self.runner(graph.clone(), program, pool)?;
        #[cfg_attr(not(feature = "gpu"), expect(unused_mut))]
        let mut session = Session { graph, passes: applied, runner };
        #[cfg(feature = "gpu")]
        if let Some((model, threads)) = canary {
            session.verify(model, threads)?;
        }
        Ok(session)
    }

    #[cfg(feature = "gpu")]
    fn runner(self, graph: Arc<Graph>, program: cpu::Program, pool: Arc<Pool>) -> Result<Runner> {
        match &self.gpu {
            None => self.cpu_runner(graph, program, pool),
            Some(gpu) => {
                let mut gpu = gpu.clone();
                gpu.patience = self.patience.unwrap_or(gpu.patience);
                self.store.iter().for_each(|store| gpu.keep_pipelines(store));
                let fusion = if self.passes > PASSES.len() { self.fusion } else { Fusion::Never };
                let layers = match self.precision {
                    Precision::Auto => self.layer_errors(&graph, &pool)?,
                    _ => Vec::new(),
                };
                let runner = gpu::Runner::new(gpu::Setup {
                    gpu: &gpu,
                    layers,
                    graph,
                    program,
                    precision: self.precision,
                    on_cpu: self.on_cpu,
                    small_map: self.small_map,
                    fusion,
                    choices: self.choices,
                    store: self.store,
                    search: self.search,
                })?;
                check_cap(runner.plan().arena, self.memory_cap)?;
                Ok(Runner::Gpu(Box::new(runner)))
            }
        }
    }

    #[cfg(feature = "gpu")]
    fn layer_errors(&self, graph: &Graph, pool: &Arc<Pool>) -> Result<Vec<LayerError>> {
        if !self.calibration.is_empty() {
            return halves::layer_errors(graph, &self.calibration, pool);
        }
        let inputs: Vec<Tensor> =
            self.model.inputs().into_iter().map(canary::waves).collect::<Result<_>>()?;
        halves::layer_errors(graph, &inputs, pool)
    }

    #[cfg(not(feature = "gpu"))]
    fn runner(self, graph: Arc<Graph>, program: cpu::Program, pool: Arc<Pool>) -> Result<Runner> {
        self.cpu_runner(graph, program, pool)
    }

    fn cpu_runner(&self, graph: Arc<Graph>, program: cpu::Program, pool: Arc<Pool>) -> Result<Runner> {
        let executable = cpu::Executable::new(graph, program, pool)?;
        check_cap(executable.memory().0, self.memory_cap)?;
        Ok(Runner::Cpu(Box::new(executable)))
    }
}

fn check_cap(needed: usize, cap: Option<usize>) -> Result<()> {
    match cap {
        Some(cap) if needed > cap => Err(Error::invalid(format!(
            "the model's intermediates need {needed} bytes, the memory cap is {cap}"
        ))),
        _ => Ok(()),
    }
}

impl Session {
    /// Options of a session of this model, on the CPU with one thread until told otherwise.
    pub fn builder(model: &Model) -> Builder<'_> {
        Builder {
            model,
            precision: Precision::F32,
            threads: 1,
            memory_cap: None,
            on_cpu: Vec::new(),
            passes: ALL_PASSES,
            plain: false,
            #[cfg(feature = "gpu")]
            choices: crate::plan::Choices::new(),
            #[cfg(feature = "gpu")]
            fusion: Fusion::Measured,
            #[cfg(feature = "gpu")]
            verified: false,
            #[cfg(feature = "gpu")]
            calibration: Vec::new(),
            #[cfg(feature = "gpu")]
            search: Duration::ZERO,
            #[cfg(feature = "gpu")]
            small_map: SMALL_MAP,
            #[cfg(feature = "gpu")]
            gpu: None,
            #[cfg(feature = "gpu")]
            patience: None,
            store: None,
        }
    }

    /// The graph the session runs: the model's after the passes.
    pub fn graph(&self) -> &Graph {
        match &self.runner {
            #[cfg(feature = "gpu")]
            Runner::Gpu(runner) => runner.graph(),
            _ => &self.graph,
        }
    }

    /// What each pass did.
    pub fn passes(&self) -> Vec<&Applied> {
        let passes = self.passes.iter();
        match &self.runner {
            #[cfg(feature = "gpu")]
            Runner::Gpu(runner) => passes.chain([runner.blocks()]).collect(),
            _ => passes.collect(),
        }
    }

    /// Runs on values and gives values, in the model's order.
    pub fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut outputs = Vec::new();
        self.run_into(inputs, &mut outputs)?;
        Ok(outputs)
    }

    /// Runs as [`Session::run`] does and puts the values in the place of those of an earlier run. On the CPU, where every node has a
    /// kernel and the tensors are shared with no others, this allocates nothing.
    pub fn run_into(&mut self, inputs: &[Tensor], outputs: &mut Vec<Tensor>) -> Result<()> {
        self.check(inputs)?;
        match &mut self.runner {
            Runner::Plain(program) => *outputs = program.run_main(inputs)?,
            Runner::Cpu(executable) => executable.run_into(inputs, outputs)?,
            #[cfg(feature = "gpu")]
            Runner::Gpu(runner) => *outputs = runner.run(inputs)?,
        }
        Ok(())
    }

    /// Forgets what outlives a run, the states of recurrent operators and variables: the next run is like the first.
    pub fn reset(&mut self) {
        match &mut self.runner {
            Runner::Plain(program) => program.reset(),
            Runner::Cpu(executable) => executable.reset(),
            #[cfg(feature = "gpu")]
            Runner::Gpu(runner) => runner.reset(),
        }
    }

    fn check(&self, inputs: &[Tensor]) -> Result<()> {
        let expected = &self.graph.inputs;
        if inputs.len() != expected.len() {
            return Err(Error::invalid(format!(
                "the model takes {} inputs, {} are given",
                expected.len(),
                inputs.len()
            )));
        }
        for (index, (tensor, &value)) in inputs.iter().zip(expected).enumerate() {
            let value = self.graph.value(value);
            if tensor.dtype() != value.ty.dtype || !value.dynamic && tensor.shape() != value.ty.shape {
                let name = &value.name;
                return Err(Error::invalid(format!(
                    "input {index} ({name}) is {}, the model takes {}",
                    tensor.ty(),
                    value.ty
                )));
            }
        }
        Ok(())
    }

    /// Bytes of the intermediates' arena and of the largest set alive at once, below which no layout can go.
    pub fn memory(&self) -> (usize, usize) {
        match &self.runner {
            Runner::Plain(_) => (0, 0),
            Runner::Cpu(executable) => executable.memory(),
            #[cfg(feature = "gpu")]
            Runner::Gpu(runner) => (runner.plan().arena, runner.plan().lower_bound),
        }
    }

    /// What runs where, with which kernel and why, as text: a line a step, then the sums.
    pub fn explain(&self) -> String {
        match &self.runner {
            Runner::Plain(_) => "every node runs by its plain kernel\n".to_string(),
            Runner::Cpu(executable) => self.explain_cpu(executable),
            #[cfg(feature = "gpu")]
            Runner::Gpu(runner) => runner.explain(),
        }
    }

    /// A line for each node of [`Session::graph`], as text: backend, kernel, the bytes that cross between the backends for it,
    /// and why it runs there.
    pub fn by_node(&self) -> String {
        let none = |kernel: &str, reason: &str| NodeLine::new("cpu", kernel, reason);
        match &self.runner {
            Runner::Plain(_) => {
                let lines =
                    self.graph.nodes.iter().map(|_| none("reference", "plain kernels were asked for"));
                node_table(&self.graph, lines)
            }
            Runner::Cpu(executable) => {
                let mut lines = vec![none("-", "its result is where its input is"); self.graph.nodes.len()];
                for (nodes, kernel) in executable.explain() {
                    let Some((first, riders)) = nodes.split_first() else { continue };
                    lines[first.0] = none(&kernel, "the session is for the CPU");
                    for rider in riders {
                        lines[rider.0] = none("-", &format!("it rides on node {}", first.0));
                    }
                }
                node_table(&self.graph, lines.into_iter())
            }
            #[cfg(feature = "gpu")]
            Runner::Gpu(runner) => runner.by_node(),
        }
    }

    /// Runs once on the CPU; for each step its kernel and how long it took.
    pub fn profile_cpu(&mut self, inputs: &[Tensor]) -> Result<Vec<(String, Duration)>> {
        self.check(inputs)?;
        match &mut self.runner {
            Runner::Plain(_) => Err(Error::invalid("plain kernels are not timed")),
            Runner::Cpu(executable) => executable.profile(inputs),
            #[cfg(feature = "gpu")]
            Runner::Gpu(_) => Err(Error::invalid("the session runs on the GPU: its steps are timed there")),
        }
    }

    fn explain_cpu(&self, executable: &cpu::Executable) -> String {
        let mut text = String::new();
        for (index, (nodes, kernel)) in executable.explain().into_iter().enumerate() {
            let named: Vec<String> =
                nodes.iter().map(|id| format!("{} {}", id.0, self.graph.node(*id).op.name())).collect();
            let _ = writeln!(text, "{index:4}  cpu {kernel}  nodes {}", named.join(" + "));
        }
        let (arena, bound) = executable.memory();
        let _ =
            writeln!(text, "arena {:.2} MB (lower bound {:.2} MB)", arena as f64 / 1e6, bound as f64 / 1e6);
        text
    }
}

#[cfg(feature = "gpu")]
impl Session {
    fn gpu_runner(&mut self) -> Result<&mut gpu::Runner> {
        match &mut self.runner {
            Runner::Gpu(runner) => Ok(runner),
            Runner::Plain(_) | Runner::Cpu(_) => {
                Err(Error::invalid("the session runs on the CPU: build it with a GPU to record it"))
            }
        }
    }

    /// Records the network into the caller's encoder: no submit, no readback. The input is sampled from a texture, or
    /// is already in [`Session::input_binding`].
    pub fn encode(&mut self, encoder: &mut wgpu::CommandEncoder, input: Input<'_>) -> Result<()> {
        self.gpu_runner()?.encode(encoder, input)
    }

    /// The bytes of an input on the GPU: texels of four channels, `[n · slices, h, w]`, as [`Session::element`] says.
    pub fn input_binding(&mut self, index: usize) -> Result<wgpu::BufferBinding<'_>> {
        self.gpu_runner()?.input_binding(index)
    }

    /// The bytes of an output on the GPU, laid out like an input's.
    pub fn output_binding(&mut self, index: usize) -> Result<wgpu::BufferBinding<'_>> {
        self.gpu_runner()?.output_binding(index)
    }

    /// How the first input's texels are stored on the GPU.
    pub fn element(&mut self) -> Result<crate::wgsl::Elem> {
        Ok(self.gpu_runner()?.element())
    }

    /// A texture (rgba16float) that holds the first four channels of an output once the encoder's work is done. Asked
    /// for before the first [`Session::encode`], which then also records the copy.
    pub fn output_texture(&mut self, index: usize) -> Result<wgpu::Texture> {
        self.gpu_runner()?.output_texture(index)
    }

    /// Uses the faster kernels that a [`Builder::search`] has found since, if any, and says whether it does. Between one
    /// [`Session::encode`] and the next [`Session::input_binding`]: afterwards the network's input and outputs lie elsewhere,
    /// and only its textures are the same.
    pub fn adopt(&mut self) -> bool {
        self.gpu_runner().is_ok_and(gpu::Runner::adopt)
    }

    /// Whether a [`Builder::search`] is under way, or has found what [`Session::adopt`] would use.
    pub fn is_searching(&self) -> bool {
        matches!(&self.runner, Runner::Gpu(runner) if runner.is_searching())
    }

    /// Measures kernels for at most `budget`, uses the winners from here on, and says who won and why. What was measured
    /// is kept in the [`Builder::cache`].
    pub fn tune(&mut self, budget: Duration) -> Result<crate::tune::Report> {
        self.gpu_runner()?.tune(budget)
    }

    /// What halves do to each layer, where [`Precision::Auto`] measured it.
    #[cfg(feature = "gpu")]
    pub fn layer_errors(&self) -> &[LayerError] {
        match &self.runner {
            Runner::Gpu(runner) => runner.layer_errors(),
            _ => &[],
        }
    }

    /// Whether the GPU rounds numbers where the CPU does not.
    #[cfg(feature = "gpu")]
    fn rounds(&self) -> bool {
        matches!(&self.runner, Runner::Gpu(runner) if runner.rounds())
    }

    #[cfg(feature = "gpu")]
    fn verify(&mut self, model: &Model, threads: usize) -> Result<()> {
        let Runner::Gpu(runner) = &self.runner else { return Ok(()) };
        if runner.was_right() {
            return Ok(());
        }
        Canary::of(model, threads)?.check(self)?;
        self.gpu_runner()?.is_right();
        Ok(())
    }

    /// The time each step takes on the GPU, from time stamps; none where the device has no `TIMESTAMP_QUERY`.
    pub fn profile(&mut self) -> Result<Option<Vec<StepTime>>> {
        self.gpu_runner()?.profile()
    }

    /// Whether both sessions read their weights from one buffer of the GPU.
    pub fn shares_weights_with(&self, other: &Self) -> bool {
        match (&self.runner, &other.runner) {
            (Runner::Gpu(own), Runner::Gpu(other)) => own.shares_weights_with(other),
            _ => false,
        }
    }

    /// The plan, in a GPU session.
    pub fn plan(&self) -> Option<&crate::plan::Plan> {
        match &self.runner {
            Runner::Gpu(runner) => Some(runner.plan()),
            Runner::Plain(_) | Runner::Cpu(_) => None,
        }
    }
}
