//! Elementwise nodes ride on other nodes' kernels.
//!
//! Nodes are visited in order. An elementwise node becomes, in this order of preference,
//! 1. the next link of the *epilogue* of the step that writes its operand, if everything else it reads is written before
//!    that step; where others read the operand too, the chain taps it;
//! 2. a *pending* chain on its operand, which the kernel that reads the result takes as its *prologue*, if it is the only
//!    reader and reads each element about once;
//! 3. the chain of a copy, if nobody takes it.

use super::Backend;
use crate::graph::{Graph, Node, NodeId, ValueId};
use crate::ops::{Chain, Link, Other, chain::nhwc};

/// What one dispatch or one CPU kernel does.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where it runs.
    pub backend: Backend,
    /// The node whose kernel it is; none for a copy.
    pub node: Option<NodeId>,
    /// The nodes that ride on it, in order.
    pub riders: Vec<NodeId>,
    /// What it reads: the node's inputs in their order, then what the chains read.
    pub inputs: Vec<Option<ValueId>>,
    /// What it writes: the node's outputs (the first at the end of the epilogue), then what the epilogue taps.
    pub outputs: Vec<ValueId>,
    /// The chain on each of the node's inputs.
    pub prologues: Vec<Chain>,
    /// The chain on the first output, the node's own activation included.
    pub epilogue: Chain,
}

/// What the linker must know of a device.
pub trait Carrier {
    /// The nodes in order of execution.
    fn order(&self) -> Vec<NodeId>;
    /// Where a node runs.
    fn backend(&self, node: NodeId) -> Backend;
    /// Whether the node's kernel applies chains to its first output.
    fn carries_epilogue(&self, node: NodeId) -> bool;
    /// Whether a node may ride on a step that writes so many outputs by then.
    fn may_ride(&self, node: NodeId, outputs: usize) -> bool;
    /// Whether the node's kernel applies chains to an input.
    fn carries_prologue(&self, node: NodeId, input: usize) -> bool;
    /// Whether the node's output is its first input under another shape, bytes unchanged.
    fn is_alias(&self, node: NodeId) -> bool;
    /// What keeps a value to the steps of its quantization, where it is written as a real.
    fn steps(&self, value: ValueId) -> Option<Link>;
    /// What brings the node's sums, its activation included, to the steps of its first output, where the sums stand for integers.
    fn sums(&self, node: NodeId) -> Option<Link>;
    /// Whether the backend has copies that carry chains; without, elementwise nodes that nothing carries are steps of
    /// their own kernels.
    fn has_copies(&self) -> bool;
}

/// A value that has not been written yet: a chain on another value.
#[derive(Clone, Debug)]
struct Pending {
    base: ValueId,
    /// Inputs of `chain` count from 0 here.
    extras: Vec<ValueId>,
    chain: Chain,
    riders: Vec<NodeId>,
}

struct Linker<'a, C> {
    graph: &'a Graph,
    carrier: &'a C,
    readers: Vec<usize>,
    /// The step that writes each value; `None` for what is there before.
    writer: Vec<Option<usize>>,
    pending: Vec<Option<Pending>>,
    steps: Vec<Step>,
    roots: Vec<ValueId>,
}

/// The steps that run a graph, and for each value the one whose bytes it shares.
pub struct Linked {
    /// In order of execution.
    pub steps: Vec<Step>,
    /// The value each value is another view of; itself for most.
    pub roots: Vec<ValueId>,
}

/// The steps that run a graph.
pub fn link(graph: &Graph, carrier: &impl Carrier) -> Linked {
    let mut readers: Vec<usize> = graph.consumers().iter().map(Vec::len).collect();
    graph.outputs.iter().for_each(|output| readers[output.0] += 1);
    let count = graph.values.len();
    let roots = (0..count).map(ValueId).collect();
    let mut linker = Linker {
        graph,
        carrier,
        readers,
        writer: vec![None; count],
        pending: vec![None; count],
        steps: Vec::new(),
        roots,
    };
    for id in carrier.order() {
        linker.visit(id);
    }
    for &output in &graph.outputs {
        linker.materialize(output);
    }
    Linked { steps: linker.steps, roots: linker.roots }
}

impl<C: Carrier> Linker<'_, C> {
    fn visit(&mut self, id: NodeId) {
        let node = self.graph.node(id);
        if node.outputs.is_empty() {
            self.emit(id, node);
        } else if let (true, Some(input)) =
            (self.carrier.is_alias(id), node.inputs.first().copied().flatten())
        {
            self.materialize(input);
            self.writer[node.outputs[0].0] = self.writer[input.0];
            self.roots[node.outputs[0].0] = self.roots[input.0];
        } else if self.carrier.has_copies()
            && self.carrier.backend(id) == Backend::Gpu
            && self.is_elementwise(node)
        {
            if !self.append(id, node) {
                self.defer(id, node);
            }
        } else if self.carrier.has_copies() || !self.append(id, node) {
            self.emit(id, node);
        }
    }

    fn is_elementwise(&self, node: &Node) -> bool {
        let operands = self.graph.operands(node);
        (0..node.inputs.len()).any(|of| node.op.link(&operands, of).is_some())
    }

    fn same_shape(&self, a: ValueId, b: ValueId) -> bool {
        nhwc(&self.graph.value(a).ty.shape) == nhwc(&self.graph.value(b).ty.shape)
    }

    /// The operands a node may be seen as a chain on: those of the output's shape, the one written last first.
    fn bases(&self, node: &Node) -> Vec<(usize, ValueId)> {
        let output = node.outputs[0];
        let inputs = node.inputs.iter().enumerate().filter_map(|(of, input)| Some((of, (*input)?)));
        let mut bases: Vec<_> = inputs.filter(|&(_, value)| self.same_shape(value, output)).collect();
        bases.sort_by_key(|&(_, value)| std::cmp::Reverse(self.writer[value.0].map_or(0, |step| step + 1)));
        bases
    }

    /// Makes the node the next link of the epilogue of the step that writes one of its operands.
    fn append(&mut self, id: NodeId, node: &Node) -> bool {
        let operands = self.graph.operands(node);
        for (of, base) in self.bases(node) {
            let Some(step) = self.writer[base.0] else { continue };
            let Some(chain) = node.op.link(&operands, of) else { continue };
            let carried = self.steps[step].node.is_none_or(|node| self.carrier.carries_epilogue(node))
                && self
                    .carrier
                    .may_ride(id, self.steps[step].outputs.len() + usize::from(self.readers[base.0] > 1));
            let others =
                || node.inputs.iter().enumerate().filter(|&(i, _)| i != of).filter_map(|(_, input)| *input);
            let early = others().all(|other| {
                self.pending[other.0].is_none()
                    && (self.writer[other.0].is_none_or(|writer| writer < step))
                    && other != base
            });
            if !carried
                || !early
                || self.steps[step].backend != self.carrier.backend(id)
                || self.steps[step].outputs[0] != base
            {
                continue;
            }
            self.ride(step, base, id, node, chain);
            return true;
        }
        false
    }

    fn ride(&mut self, step: usize, base: ValueId, id: NodeId, node: &Node, chain: Chain) {
        let tapped = self.readers[base.0] > 1;
        let target = &mut self.steps[step];
        if tapped {
            target.outputs.push(base);
            let tap = target.outputs.len() - 1;
            target.epilogue.links.push(Link::Tap(tap));
        }
        let values: Vec<_> = node.inputs.clone();
        let links = renumbered(&chain, |index| {
            target.inputs.push(values[index]);
            target.inputs.len() - 1
        });
        target.epilogue.links.extend(links);
        target.epilogue.links.extend(self.carrier.steps(node.outputs[0]));
        target.outputs[0] = node.outputs[0];
        target.riders.push(id);
        self.readers[base.0] -= 1;
        self.writer[node.outputs[0].0] = Some(step);
    }

    /// Keeps the node as a chain that its reader may take.
    fn defer(&mut self, id: NodeId, node: &Node) {
        let operands = self.graph.operands(node);
        let mut bases = self.bases(node);
        bases.sort_by_key(|&(_, value)| self.pending[value.0].is_none());
        let all = node.inputs.iter().enumerate().filter_map(|(of, input)| Some((of, (*input)?)));
        let found = bases
            .into_iter()
            .chain(all)
            .find_map(|(of, base)| Some((of, base, node.op.link(&operands, of)?)));
        let Some((of, base, chain)) = found else { return self.emit(id, node) };
        for (index, input) in node.inputs.iter().enumerate() {
            if let Some(value) = input.filter(|_| index != of) {
                self.materialize(value);
            }
        }
        let extends = self.readers[base.0] == 1 && self.same_shape(base, node.outputs[0]);
        let mut pending = match self.pending[base.0].take() {
            Some(pending) if extends => pending,
            other => {
                self.pending[base.0] = other;
                self.materialize(base);
                Pending { base, extras: Vec::new(), chain: Chain::empty(), riders: Vec::new() }
            }
        };
        let links = renumbered(&chain, |index| {
            pending.extras.extend(node.inputs[index]);
            pending.extras.len() - 1
        });
        pending.chain.links.extend(links);
        pending.chain.links.extend(self.carrier.steps(node.outputs[0]));
        pending.riders.push(id);
        self.pending[node.outputs[0].0] = Some(pending);
    }

    /// Writes a pending value by a copy.
    fn materialize(&mut self, value: ValueId) {
        let Some(pending) = self.pending[value.0].take() else { return };
        let mut step = Step {
            backend: Backend::Gpu,
            node: None,
            riders: pending.riders.clone(),
            inputs: vec![Some(pending.base)],
            outputs: vec![value],
            prologues: vec![Chain::empty()],
            epilogue: Chain::empty(),
        };
        step.epilogue.links = taken(&mut step.inputs, &pending);
        self.push(step);
    }

    /// A step for the node itself, pending inputs taken as prologues or written first.
    fn emit(&mut self, id: NodeId, node: &Node) {
        let backend = self.carrier.backend(id);
        let mut prologues = vec![Chain::empty(); node.inputs.len()];
        let mut inputs = node.inputs.clone();
        let mut riders = Vec::new();
        for index in 0..node.inputs.len() {
            let Some(value) = node.inputs[index] else { continue };
            let takes = self.readers[value.0] == 1
                && self.carrier.carries_prologue(id, index)
                && self.pending[value.0].as_ref().is_some_and(|pending| self.same_shape(pending.base, value));
            match self.pending[value.0].take() {
                Some(pending) if takes => {
                    inputs[index] = Some(pending.base);
                    prologues[index].links = taken(&mut inputs, &pending);
                    riders.extend(pending.riders);
                }
                other => {
                    self.pending[value.0] = other;
                    self.materialize(value);
                }
            }
        }
        let own = match (backend, self.carrier.sums(id)) {
            (Backend::Cpu, _) => Vec::new(),
            (Backend::Gpu, Some(sums)) => vec![sums],
            (Backend::Gpu, None) => {
                let steps = node.outputs.first().and_then(|&output| self.carrier.steps(output));
                node.op.activation().link().into_iter().chain(steps).collect()
            }
        };
        let epilogue = Chain { links: own };
        self.push(Step {
            backend,
            node: Some(id),
            riders,
            inputs,
            outputs: node.outputs.clone(),
            prologues,
            epilogue,
        });
    }

    fn push(&mut self, step: Step) {
        for output in &step.outputs {
            self.writer[output.0] = Some(self.steps.len());
        }
        self.steps.push(step);
    }
}

/// The links of a pending chain, its operands added to a step's inputs.
fn taken(inputs: &mut Vec<Option<ValueId>>, pending: &Pending) -> Vec<Link> {
    renumbered(&pending.chain, |index| {
        inputs.push(Some(pending.extras[index]));
        inputs.len() - 1
    })
}

/// The links with each input's index replaced.
fn renumbered(chain: &Chain, mut index_of: impl FnMut(usize) -> usize) -> Vec<Link> {
    let renumber = |link: &Link| match link.clone() {
        Link::Binary { kind, other: Other::Input { index, broadcast }, reversed } => {
            Link::Binary { kind, other: Other::Input { index: index_of(index), broadcast }, reversed }
        }
        other => other,
    };
    chain.links.iter().map(renumber).collect()
}
