//! A plan executed on threads.
//!
//! Values whose shapes are known lie in one arena, laid out by the planner the GPU uses; a node runs its SIMD kernel
//! where it has one and its reference otherwise. Values whose shapes are known only at run time, and strings, are
//! tensors of their own.

mod arena;
mod program;
mod single;

pub use program::Program;

use crate::error::{Error, Result};
use crate::graph::{Graph, NodeId, Value, ValueId};
#[cfg(feature = "cpu")]
use crate::ops::cpu::{MAX_TAPS, may_ride};
use crate::ops::{CpuIo, CpuKernel, Link, Operand, Operands};
use crate::plan::{Backend, Carrier, Step, link, place};
use crate::pool::Pool;
use crate::tensor::{DType, Tensor, TensorType};
use arena::Arena;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Values begin at multiples of this: a cache line.
const ALIGNMENT: usize = 64;

/// A graph prepared for threads: kernels packed, values placed.
pub struct Executable {
    graph: Arc<Graph>,
    steps: Vec<Prepared>,
    /// Each value's offset and bytes in the arena.
    places: Vec<Option<(usize, usize)>>,
    roots: Vec<ValueId>,
    arena: Arena,
    lower_bound: usize,
    scratch: Arena,
    pool: Arc<Pool>,
    /// Values that are not in the arena, while a run goes on.
    loose: Vec<Option<Tensor>>,
    program: Program,
    /// Room for the operands of a step.
    lent: Lent,
}

struct Prepared {
    step: Step,
    kernel: Option<Box<dyn CpuKernel>>,
    /// What runs it.
    name: String,
    /// Where the operands lie in the arena.
    reads: Vec<Option<(usize, usize)>>,
    writes: Vec<(usize, usize)>,
}

/// Two empty lists that keep their memory between steps.
#[derive(Default)]
struct Lent {
    reads: Vec<&'static [u8]>,
    writes: Vec<&'static mut [u8]>,
}

struct Threads<'a>(&'a Graph);

impl Carrier for Threads<'_> {
    fn order(&self) -> Vec<NodeId> {
        self.0.node_ids().collect()
    }

    fn backend(&self, _node: NodeId) -> Backend {
        Backend::Cpu
    }

    fn carries_epilogue(&self, node: NodeId) -> bool {
        let node = self.0.node(node);
        node.op.cpu_carries_epilogue(&self.0.operands(node))
    }

    #[cfg(not(feature = "cpu"))]
    fn may_ride(&self, _node: NodeId, _outputs: usize) -> bool {
        false
    }

    #[cfg(feature = "cpu")]
    fn may_ride(&self, node: NodeId, outputs: usize) -> bool {
        outputs <= 1 + MAX_TAPS && may_ride(&self.0.operands(self.0.node(node)))
    }

    fn carries_prologue(&self, _node: NodeId, _input: usize) -> bool {
        false
    }

    fn is_alias(&self, node: NodeId) -> bool {
        let node = self.0.node(node);
        let fixed = |value: ValueId| has_place(self.0.value(value));
        node.op.reinterprets()
            && node.inputs.first().copied().flatten().is_some_and(fixed)
            && fixed(node.outputs[0])
    }

    fn steps(&self, _value: ValueId) -> Option<Link> {
        None
    }

    fn sums(&self, _node: NodeId) -> Option<Link> {
        None
    }

    fn has_copies(&self) -> bool {
        false
    }
}

impl Executable {
    /// Packs the kernels and lays out the values.
    pub fn new(graph: Arc<Graph>, mut program: Program, pool: Arc<Pool>) -> Result<Self> {
        let linked = link(&graph, &Threads(&graph));
        let bytes = |value: ValueId| {
            let value = graph.value(value);
            has_place(value).then(|| value.ty.bytes())
        };
        let (places, layout) = place(&graph, &linked, bytes, ALIGNMENT);
        let place = |value: ValueId| places[linked.roots[value.0].0];
        let steps: Vec<Prepared> =
            linked.steps.into_iter().map(|step| prepare(&graph, step, place, &mut program)).collect();
        let operands = |of: fn(&Prepared) -> usize| steps.iter().map(of).max().unwrap_or(0);
        let lent = Lent {
            reads: Vec::with_capacity(operands(|step| step.reads.len())),
            writes: Vec::with_capacity(operands(|step| step.writes.len())),
        };
        let scratch =
            steps.iter().filter_map(|prepared| prepared.kernel.as_ref()).map(|kernel| kernel.scratch()).max();
        Ok(Self {
            steps,
            places,
            roots: linked.roots,
            arena: Arena::new(layout.size)?,
            lower_bound: layout.lower_bound,
            scratch: Arena::new(scratch.unwrap_or(0))?,
            pool,
            loose: vec![None; graph.values.len()],
            program,
            lent,
            graph,
        })
    }

    /// Forgets states and variables: the next run is like the first.
    pub fn reset(&mut self) {
        self.program.reset();
    }

    /// Bytes of the arena and of the largest set of values alive at once.
    pub fn memory(&self) -> (usize, usize) {
        (self.arena.len(), self.lower_bound)
    }

    /// For each step its nodes and the kernel that runs them.
    pub fn explain(&self) -> Vec<(Vec<NodeId>, String)> {
        let line = |prepared: &Prepared| {
            let nodes = prepared.step.node.iter().chain(&prepared.step.riders).copied().collect();
            (nodes, prepared.name.clone())
        };
        self.steps.iter().map(line).collect()
    }

    /// Runs the graph on values for its inputs and gives its outputs.
    pub fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut outputs = Vec::new();
        self.run_into(inputs, &mut outputs)?;
        Ok(outputs)
    }

    /// Runs the graph and writes its outputs into the tensors of an earlier run, where they are of the same types and shared with
    /// nobody. Then nothing is allocated as long as every step has a kernel.
    pub fn run_into(&mut self, inputs: &[Tensor], outputs: &mut Vec<Tensor>) -> Result<()> {
        let graph = self.graph.clone();
        for (&value, tensor) in graph.inputs.iter().zip(inputs) {
            self.store(value, tensor);
        }
        for index in 0..self.steps.len() {
            self.step(index)?;
        }
        outputs.truncate(graph.outputs.len());
        for (index, &output) in graph.outputs.iter().enumerate() {
            match outputs.get_mut(index) {
                Some(tensor) => self.load_into(output, tensor)?,
                None => outputs.push(self.load(output)?),
            }
        }
        self.loose.iter_mut().for_each(|tensor| *tensor = None);
        Ok(())
    }

    /// Runs the graph as [`Executable::run`] does; for each step its kernel and how long it took.
    pub fn profile(&mut self, inputs: &[Tensor]) -> Result<Vec<(String, Duration)>> {
        let names = self.explain().into_iter().map(|(_, name)| name);
        let graph = self.graph.clone();
        for (&value, tensor) in graph.inputs.iter().zip(inputs) {
            self.store(value, tensor);
        }
        let mut times = Vec::with_capacity(self.steps.len());
        for (index, name) in names.enumerate() {
            let start = Instant::now();
            self.step(index)?;
            times.push((name, start.elapsed()));
        }
        self.loose.iter_mut().for_each(|tensor| *tensor = None);
        Ok(times)
    }

    fn step(&mut self, index: usize) -> Result<()> {
        if self.steps[index].kernel.is_some() {
            self.run_kernel(index);
            return Ok(());
        }
        let graph = self.graph.clone();
        let step = &self.steps[index].step;
        let Some(id) = step.node else { return Ok(()) };
        let outputs = step.outputs.clone();
        let inputs = step.inputs.clone();
        let inputs: Vec<Option<Tensor>> = inputs
            .into_iter()
            .map(|input| input.map(|value| self.load(value)).transpose())
            .collect::<Result<_>>()?;
        for (value, tensor) in outputs.into_iter().zip(self.program.run(&graph, id, &inputs)?) {
            self.store(value, &tensor);
        }
        Ok(())
    }

    fn run_kernel(&mut self, index: usize) {
        let prepared = &self.steps[index];
        let Some(kernel) = &prepared.kernel else { return };
        let (mut reads, mut writes) =
            (emptied(mem::take(&mut self.lent.reads)), emptied(mem::take(&mut self.lent.writes)));
        self.arena.lend(&prepared.reads, &prepared.writes, &mut reads, &mut writes);
        for (bytes, value) in reads.iter_mut().zip(&prepared.step.inputs) {
            if let Some(constant) = value.and_then(|value| self.graph.value(value).constant.as_ref()) {
                *bytes = constant.as_bytes();
            }
        }
        let mut io = CpuIo { inputs: reads, outputs: writes, scratch: self.scratch.bytes_mut() };
        kernel.run(&mut io, &self.pool);
        self.lent = Lent { reads: emptied(io.inputs), writes: emptied(io.outputs) };
    }

    fn load(&self, value: ValueId) -> Result<Tensor> {
        let root = self.roots[value.0];
        let described = self.graph.value(value);
        if described.variable {
            return Ok(self.program.state(&self.graph, value));
        }
        if let Some(tensor) = &described.constant {
            return Ok(tensor.clone());
        }
        match (self.places[root.0], &self.loose[root.0]) {
            (Some((offset, size)), _) => {
                Tensor::from_bytes(described.ty.clone(), &self.arena.bytes()[offset..offset + size])
            }
            (None, Some(tensor)) => Ok(tensor.clone()),
            (None, None) => Err(Error::invalid(format!("the value {} was not computed", described.name))),
        }
    }

    /// As [`Executable::load`], into a tensor that may serve already.
    fn load_into(&self, value: ValueId, tensor: &mut Tensor) -> Result<()> {
        let described = self.graph.value(value);
        match self.places[self.roots[value.0].0] {
            Some((offset, size)) if described.constant.is_none() && *tensor.ty() == described.ty => {
                tensor.as_bytes_mut().copy_from_slice(&self.arena.bytes()[offset..offset + size]);
            }
            _ => *tensor = self.load(value)?,
        }
        Ok(())
    }

    fn store(&mut self, value: ValueId, tensor: &Tensor) {
        let root = self.roots[value.0];
        match self.places[root.0] {
            Some((offset, size)) if size == tensor.as_bytes().len() => {
                self.arena.bytes_mut()[offset..offset + size].copy_from_slice(tensor.as_bytes());
            }
            _ => self.loose[root.0] = Some(tensor.clone()),
        }
    }
}

/// Whether a value lies in the arena.
fn has_place(value: &Value) -> bool {
    !value.dynamic && !value.variable && value.constant.is_none() && value.ty.dtype != DType::String
}

/// An empty list in the memory of another.
fn emptied<A, B>(mut list: Vec<A>) -> Vec<B> {
    list.clear();
    // Collecting what lies in a list of its own keeps the memory where an element takes as much of it.
    list.into_iter().filter_map(|_| None).collect()
}

fn prepare(
    graph: &Graph,
    step: Step,
    place: impl Fn(ValueId) -> Option<(usize, usize)>,
    program: &mut Program,
) -> Prepared {
    let fixed = |value: &ValueId| {
        let value = graph.value(*value);
        !value.dynamic && !value.variable && value.ty.dtype != DType::String
    };
    let all_fixed = step.inputs.iter().flatten().chain(&step.outputs).all(fixed);
    let kernel = step.node.filter(|_| all_fixed).and_then(|id| {
        let node = graph.node(id);
        // What a node updates lies in the program.
        if !node.op.updates().is_empty() {
            return None;
        }
        node.op.cpu(&graph.operands(node), &step.epilogue)
    });
    let reads = step.inputs.iter().map(|input| input.and_then(&place)).collect();
    let writes = step.outputs.iter().filter_map(|&output| place(output)).collect();
    let name = match &kernel {
        Some(kernel) => Some(kernel.name()),
        None => step.node.and_then(|id| program.kernel(graph, id)),
    };
    Prepared { step, kernel, name: name.unwrap_or_else(|| "reference".into()), reads, writes }
}

/// A node's reference on tensors; shapes that were not known before, or are others, are inferred from them.
fn reference(graph: &Graph, id: NodeId, inputs: &[Option<Tensor>]) -> Result<Vec<Tensor>> {
    let node = graph.node(id);
    let refused = |refusal: crate::ops::Refusal| refusal.at(id.0, &node.name, node.op.name());
    let mut types: Vec<TensorType> =
        node.outputs.iter().map(|&output| graph.value(output).ty.clone()).collect();
    let dynamic = |value: ValueId| graph.value(value).dynamic;
    let other = |(operand, tensor): (&Option<ValueId>, &Option<Tensor>)| match (operand, tensor) {
        (Some(value), Some(tensor)) => graph.value(*value).ty.shape != tensor.shape(),
        _ => false,
    };
    let others = node.inputs.iter().zip(inputs).any(other);
    if others || node.outputs.iter().any(|&output| dynamic(output)) {
        let operands = Operands {
            inputs: inputs
                .iter()
                .map(|t| t.as_ref().map(|t| Operand { ty: t.ty(), constant: Some(t), dynamic: false }))
                .collect(),
            outputs: node.outputs.iter().map(|&output| &graph.value(output).ty).collect(),
        };
        let shapes = node.op.infer(&operands).map_err(refused)?;
        for (ty, shape) in types.iter_mut().zip(shapes) {
            let shape = shape
                .ok_or_else(|| Error::invalid(format!("node {} gives no shape for its output", id.0)))?;
            crate::tensor::checked_bytes(ty.dtype, &shape)?;
            ty.shape = shape;
        }
    }
    let given: Vec<Option<&Tensor>> = inputs.iter().map(Option::as_ref).collect();
    node.op.reference(&given, &types).map_err(refused)
}
