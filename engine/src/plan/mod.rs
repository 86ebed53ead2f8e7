//! From a graph to a plan: where each node runs, with which kernel, and where each value lies. Plain data that prints.
//!
//! A value is alive from the step that writes it to the last that reads it; graph inputs from the first step, graph
//! outputs to the last. All lie in one arena, which GPU kernels bind once as read-write storage: `wgpu` refuses one
//! buffer bound for reading and writing in a dispatch, but not one bound for both at once, and a single binding keeps
//! every kernel within four storage buffers whatever rides on it.

mod gpu;
mod link;
mod memory;
mod partition;
mod print;
mod reals;

pub use link::{Carrier, Linked, Step, link};
pub use memory::{Layout, Lifetime, layout};
pub use print::{NodeLine, node_table};
pub use reals::Reals;

use crate::graph::{Graph, NodeId, ValueId};
use crate::store::fingerprint;
use crate::wgsl::{Choice, Dialect, Elem, Shader};
use std::collections::{BTreeMap, BTreeSet};

/// Where a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// A compute shader.
    Gpu,
    /// Threads.
    Cpu,
}

/// What a GPU plan is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// How WGSL may be written.
    pub dialect: Dialect,
    /// How intermediates and weights are stored.
    pub elem: Elem,
    /// Maps of at most this many pixels stay f32 where halves are asked for.
    pub small_map: usize,
    /// Values that stay f32 where halves are asked for, with the weights of the nodes that write them.
    pub full: BTreeSet<ValueId>,
    /// Nodes that must run on the CPU.
    pub on_cpu: Vec<NodeId>,
    /// Whether the processor does the work of the GPU.
    pub software: bool,
}

impl Target {
    /// A target without exceptions.
    pub fn new(dialect: Dialect, elem: Elem) -> Self {
        Self { dialect, elem, small_map: 0, full: BTreeSet::new(), on_cpu: Vec::new(), software: false }
    }
}

/// Which kernel each node uses, where it is not the heuristic's.
pub type Choices = BTreeMap<NodeId, Choice>;

/// A value's place in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Bytes from the arena's start.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
    /// How texels are stored.
    pub elem: Elem,
}

/// Weights as a kernel reads them.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Bytes from the weights buffer's start.
    pub offset: usize,
    /// How texels are stored.
    pub elem: Elem,
    /// Four numbers a texel.
    pub values: Vec<f32>,
}

/// A kernel of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// The kernel and its tunables.
    pub choice: Choice,
    /// The text and what its uniform block holds.
    pub shader: Shader,
    /// The kernel's text, from which the shader's was made.
    pub source: &'static str,
    /// The grid in work-groups.
    pub grid: [u32; 3],
    /// The values bound: loads, then stores; constants are among [`Plan::weights`].
    pub tensors: Vec<Bound>,
    /// The kernel's constants, as indices into [`Plan::weights`].
    pub constants: Vec<usize>,
    /// Multiply-adds.
    pub macs: u64,
}

impl Dispatch {
    /// The weights it reads, as indices into [`Plan::weights`].
    fn weights(&self) -> impl Iterator<Item = usize> {
        let bound = self.tensors.iter().filter_map(|bound| match bound {
            Bound::Arena(_) => None,
            Bound::Weights(index) => Some(*index),
        });
        self.constants.iter().copied().chain(bound)
    }
}

/// What a tensor of a kernel is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A value in the arena.
    Arena(ValueId),
    /// A constant, as an index into [`Plan::weights`].
    Weights(usize),
}

/// A step with its kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What is computed.
    pub step: Step,
    /// The operator, or `copy`.
    pub name: &'static str,
    /// The GPU kernel; none on the CPU.
    pub dispatch: Option<Dispatch>,
    /// Why it runs where it runs.
    pub reason: String,
    /// On the CPU: the bytes it reads from the GPU, and those it writes there.
    pub crossing: [usize; 2],
}

/// Everything a backend needs to run a graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// In order of execution.
    pub steps: Vec<Planned>,
    /// Each value's place in the arena; none for constants and for values that live on the CPU alone.
    pub placements: Vec<Option<Placement>>,
    /// For each value the one whose bytes it shares; itself for most.
    pub roots: Vec<ValueId>,
    /// Weights of all GPU kernels.
    pub weights: Vec<Weights>,
    /// Bytes of the weights.
    pub weight_bytes: usize,
    /// Bytes of the arena.
    pub arena: usize,
    /// Bytes of the largest set of values alive at once.
    pub lower_bound: usize,
}

impl Plan {
    /// A plan for the GPU: every node that has a GPU kernel uses it, but where the way there costs more than it saves; the
    /// others run on the CPU and say why.
    pub fn gpu(graph: &Graph, target: &Target, choices: &Choices) -> crate::Result<Self> {
        gpu::lower(graph, target, choices)
    }

    /// The number of GPU dispatches.
    pub fn dispatches(&self) -> usize {
        self.steps.iter().filter(|planned| planned.dispatch.is_some()).count()
    }

    /// Multiply-adds of all GPU kernels.
    pub fn macs(&self) -> u64 {
        self.steps.iter().filter_map(|planned| planned.dispatch.as_ref()).map(|dispatch| dispatch.macs).sum()
    }

    /// Each kernel's name with the fingerprint of its text.
    pub fn sources(&self) -> BTreeMap<&'static str, u64> {
        let dispatches = self.steps.iter().filter_map(|planned| planned.dispatch.as_ref());
        dispatches.map(|d| (d.choice.kernel, fingerprint([d.source.as_bytes()]))).collect()
    }

    /// The kernel of each step; none on the CPU.
    pub fn choices(&self) -> Vec<Option<Choice>> {
        let dispatches = self.steps.iter().map(|planned| planned.dispatch.as_ref());
        dispatches.map(|dispatch| dispatch.map(|dispatch| dispatch.choice.clone())).collect()
    }

    /// Bytes of the weights that a step reads.
    pub fn weight_bytes_of(&self, step: usize) -> usize {
        let bytes = |index: usize| self.weights[index].values.len() / 4 * self.weights[index].elem.texel();
        self.steps[step].dispatch.iter().flat_map(Dispatch::weights).map(bytes).sum()
    }

    /// A plan that does steps of other plans one after the other, to measure them. The plans are of one graph and lay
    /// out their values alike.
    pub fn sample(steps: &[(&Plan, usize)]) -> Plan {
        let Some((first, _)) = steps.first() else { return Plan::default() };
        let mut sample = Plan { steps: Vec::new(), weights: Vec::new(), weight_bytes: 0, ..(*first).clone() };
        for &(plan, step) in steps {
            let mut planned = plan.steps[step].clone();
            if let Some(dispatch) = &mut planned.dispatch {
                let mut moved = |index: &mut usize| {
                    let Weights { elem, ref values, .. } = plan.weights[*index];
                    *index = sample.add_weights(elem, values.clone());
                };
                dispatch.constants.iter_mut().for_each(&mut moved);
                for bound in &mut dispatch.tensors {
                    if let Bound::Weights(index) = bound {
                        moved(index);
                    }
                }
            }
            sample.steps.push(planned);
        }
        sample
    }

    /// Adds numbers to the weights; returns their index.
    fn add_weights(&mut self, elem: Elem, values: Vec<f32>) -> usize {
        let offset = self.weight_bytes;
        self.weight_bytes = (offset + values.len() / 4 * elem.texel()).next_multiple_of(16);
        self.weights.push(Weights { offset, elem, values });
        self.weights.len() - 1
    }

    /// The place of a value's bytes.
    pub fn placement(&self, value: ValueId) -> Option<Placement> {
        self.placements[self.roots[value.0].0]
    }
}

/// Offsets of all values that steps write or read, `bytes` giving the size of those that need a place.
pub fn place(
    graph: &Graph,
    linked: &Linked,
    bytes: impl Fn(ValueId) -> Option<usize>,
    alignment: usize,
) -> (Vec<Option<(usize, usize)>>, Layout) {
    let last_step = linked.steps.len().saturating_sub(1);
    let mut lives: BTreeMap<ValueId, (usize, usize)> = BTreeMap::new();
    let mut touch = |value: ValueId, step: usize| {
        let life = lives.entry(linked.roots[value.0]).or_insert((step, step));
        *life = (life.0.min(step), life.1.max(step));
    };
    graph.inputs.iter().for_each(|&input| touch(input, 0));
    for (index, step) in linked.steps.iter().enumerate() {
        step.inputs.iter().flatten().chain(&step.outputs).for_each(|&value| touch(value, index));
    }
    graph.outputs.iter().for_each(|&output| touch(output, last_step));
    let placed: Vec<(ValueId, Lifetime)> = lives
        .into_iter()
        .filter_map(|(value, (first, last))| Some((value, Lifetime { size: bytes(value)?, first, last })))
        .collect();
    let layout = layout(&placed.iter().map(|(_, life)| *life).collect::<Vec<_>>(), alignment);
    let mut places = vec![None; graph.values.len()];
    for ((value, life), &offset) in placed.iter().zip(&layout.offsets) {
        places[value.0] = Some((offset, life.size));
    }
    (places, layout)
}
