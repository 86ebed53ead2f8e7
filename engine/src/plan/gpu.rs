//! The plan of a GPU session.

use super::partition::{Partition, partition};
use super::{
    Backend, Bound, Carrier, Choices, Dispatch, Linked, Placement, Plan, Planned, Reals, Step, Target, link,
    place,
};
use crate::error::Result;
use crate::graph::{Graph, Node, NodeId, ValueId};
use crate::ops::chain::{carried, nhwc};
use crate::ops::{Broadcast, Chain, Link, Other, Refusal, Verdict, copy};
use crate::tensor::Tensor;
use crate::wgsl::{Binding, Choice, Elem, Inline, Kernel, expand};
use std::collections::BTreeSet;

/// Tensors begin at multiples of this, so that each can be bound alone.
const ALIGNMENT: usize = 256;

/// For each node why it runs where it runs, and on which backend.
struct Placer<'a> {
    graph: &'a Graph,
    reals: &'a Reals,
    partition: Partition,
}

impl<'a> Placer<'a> {
    fn new(reals: &'a Reals, target: &Target) -> Self {
        let graph = &reals.graph;
        let judge = |id: NodeId| match target.on_cpu.contains(&id) {
            true => Err("the caller keeps it on the CPU".to_string()),
            false => on_gpu(reals, id).map_err(|refusal| refusal.0),
        };
        let verdicts = graph.node_ids().map(judge).collect();
        Self { graph, reals, partition: partition(graph, verdicts) }
    }
}

fn on_gpu(reals: &Reals, id: NodeId) -> Verdict<()> {
    let graph = &reals.graph;
    let node = graph.node(id);
    reals.apart(id).map_or(Ok(()), |refusal| Err(refusal.clone()))?;
    let operands = graph.operands(node);
    let links = (0..node.inputs.len()).any(|of| node.op.link(&operands, of).is_some());
    let without_kernel = || if links { None } else { node.op.gpu(&operands).err() };
    reals.check(id).map_err(|refusal| without_kernel().unwrap_or(refusal))?;
    let values = node.inputs.iter().flatten().chain(&node.outputs);
    if let Some(&value) = values.clone().find(|&&value| graph.value(value).dynamic) {
        return Err(Refusal::new(format!(
            "the shape of {} is known only when it runs",
            graph.value(value).name
        )));
    }
    if let Some(&value) = values.clone().find(|&&value| graph.value(value).variable) {
        return Err(Refusal::new(format!("{} is kept from run to run", graph.value(value).name)));
    }
    if links {
        return match node.outputs.iter().find(|&&output| !carried(&graph.value(output).ty)) {
            None => Ok(()),
            Some(&output) => Err(Refusal::new(format!("a chain does not carry {}", graph.value(output).ty))),
        };
    }
    if is_alias(reals, node) {
        return Ok(());
    }
    let output = node.outputs.iter().find(|&&output| !carried(&graph.value(output).ty));
    if let Some(&output) = output {
        return Err(Refusal::new(format!("its output {} is not f32 of rank 0 to 4", graph.value(output).ty)));
    }
    node.op.gpu(&operands).map(|_| ())
}

/// Whether the node only renames the shape and the texels stay where they are.
fn is_alias(reals: &Reals, node: &Node) -> bool {
    let graph = &reals.graph;
    let ([Some(input), ..], [output]) = (&node.inputs[..], &node.outputs[..]) else { return false };
    let (from, to) = (graph.value(*input), graph.value(*output));
    if !node.op.reinterprets()
        || from.dynamic
        || to.dynamic
        || from.constant.is_some()
        || !carried(&from.ty)
        || reals.steps(*input) != reals.steps(*output)
    {
        return false;
    }
    let (Some([n, _, _, c]), Some([m, _, _, d])) = (nhwc(&from.ty.shape), nhwc(&to.ty.shape)) else {
        return false;
    };
    // A single slice holds its texels pixel by pixel, whatever divides them into batches and rows.
    c == d && (n == m || c <= 4)
}

impl Carrier for Placer<'_> {
    fn order(&self) -> Vec<NodeId> {
        self.partition.order.clone()
    }

    fn backend(&self, node: NodeId) -> Backend {
        if self.partition.verdicts[node.0].is_ok() { Backend::Gpu } else { Backend::Cpu }
    }

    fn carries_epilogue(&self, node: NodeId) -> bool {
        self.backend(node) == Backend::Gpu
    }

    fn may_ride(&self, _node: NodeId, _outputs: usize) -> bool {
        true
    }

    fn carries_prologue(&self, node: NodeId, input: usize) -> bool {
        let node_ = self.graph.node(node);
        self.backend(node) == Backend::Gpu && node_.op.carries_prologue(&self.graph.operands(node_), input)
    }

    fn is_alias(&self, node: NodeId) -> bool {
        self.backend(node) == Backend::Gpu && is_alias(self.reals, self.graph.node(node))
    }

    fn steps(&self, value: ValueId) -> Option<Link> {
        self.reals.steps(value).cloned()
    }

    fn sums(&self, node: NodeId) -> Option<Link> {
        self.reals.sums(node).cloned()
    }

    fn has_copies(&self) -> bool {
        true
    }
}

pub fn lower(graph: &Graph, target: &Target, choices: &Choices) -> Result<Plan> {
    let (given, reals) = (graph, Reals::of(graph));
    let graph = &reals.graph;
    let placer = Placer::new(&reals, target);
    let linked = link(graph, &placer);
    let touched = touched(graph, &linked);
    let bytes = |value: ValueId| {
        if !touched[linked.roots[value.0].0] {
            return None;
        }
        let described = graph.value(value);
        let plain = carried(&described.ty) && !described.dynamic && !described.variable;
        let shape = nhwc(&described.ty.shape).filter(|_| plain && described.constant.is_none())?;
        let [n, h, w, c] = shape;
        Some(n * h * w * c.div_ceil(4) * stored(target, &reals, value).texel())
    };
    let (places, layout) = place(graph, &linked, bytes, ALIGNMENT);
    let placement = |(value, place): (usize, &Option<(usize, usize)>)| {
        let elem = stored(target, &reals, ValueId(value));
        place.map(|(offset, size)| Placement { offset, size, elem })
    };
    let mut plan = Plan {
        steps: Vec::with_capacity(linked.steps.len()),
        placements: places.iter().enumerate().map(placement).collect(),
        roots: linked.roots,
        weights: Vec::new(),
        weight_bytes: 0,
        arena: layout.size,
        lower_bound: layout.lower_bound,
    };
    for mut step in linked.steps {
        // The CPU runs the node as it was given.
        if let (Backend::Cpu, Some(node)) = (step.backend, step.node) {
            step.inputs.clone_from(&given.node(node).inputs);
        }
        let dispatch = match step.backend {
            Backend::Cpu => None,
            Backend::Gpu => Some(dispatch(graph, target, choices, &step, &mut plan)?),
        };
        let reason = match step.node.map(|node| &placer.partition.verdicts[node.0]) {
            Some(Err(reason)) => reason.clone(),
            _ => "it has a GPU kernel".into(),
        };
        let name = step.node.map_or("copy", |node| graph.node(node).op.name());
        plan.steps.push(Planned { step, name, dispatch, reason, crossing: [0; 2] });
    }
    let crossings = crossings(graph, &plan);
    plan.steps.iter_mut().zip(crossings).for_each(|(planned, crossing)| planned.crossing = crossing);
    Ok(plan)
}

/// For each value whether its bytes lie on the GPU: a kernel reads or writes them, or they are the caller's to give.
fn touched(graph: &Graph, linked: &Linked) -> Vec<bool> {
    let mut touched = vec![false; graph.values.len()];
    let on_gpu = linked.steps.iter().filter(|step| step.backend == Backend::Gpu);
    let values = on_gpu.flat_map(|step| step.inputs.iter().flatten().chain(&step.outputs));
    values.chain(&graph.inputs).for_each(|value| touched[linked.roots[value.0].0] = true);
    touched
}

/// For each step the bytes it reads from the GPU and those it writes there: none for the GPU's own.
fn crossings(graph: &Graph, plan: &Plan) -> Vec<[usize; 2]> {
    let size = |value: ValueId| plan.placement(value).map_or(0, |place| place.size);
    // What the CPU has: what the caller gives, what it computed and what it read.
    let mut held: BTreeSet<ValueId> = graph.inputs.iter().copied().collect();
    let mut crossing = |planned: &Planned| {
        if planned.dispatch.is_some() {
            return [0, 0];
        }
        let fresh = |value: &&ValueId| graph.value(**value).constant.is_none();
        let missing: Vec<ValueId> = planned.step.inputs.iter().flatten().filter(fresh).copied().collect();
        let read = missing.into_iter().filter(|&value| held.insert(value)).map(size).sum();
        held.extend(planned.step.outputs.iter().copied());
        [read, planned.step.outputs.iter().copied().map(size).sum()]
    };
    plan.steps.iter().map(&mut crossing).collect()
}

/// How a value of this shape is stored. Activations are most of the traffic in large maps, weights in small ones, which
/// caches hold; and a rounding in a small map, a pooled feature or a gate above all, spreads over many pixels of the
/// result. So halves serve large maps and all weights, but for values that were found to need f32, and indices.
fn stored(target: &Target, reals: &Reals, value: ValueId) -> Elem {
    let [_, h, w, _] = nhwc(&reals.graph.value(value).ty.shape).unwrap_or([1; 4]);
    let full = h * w <= target.small_map || target.full.contains(&value) || reals.is_index(value);
    if full { Elem::F32 } else { target.elem }
}

/// How the weights of a step are stored.
fn weights_of(target: &Target, step: &Step) -> Elem {
    let full = step.outputs.iter().any(|output| target.full.contains(output));
    if full { Elem::F32 } else { target.elem }
}

fn dispatch(
    graph: &Graph,
    target: &Target,
    choices: &Choices,
    step: &Step,
    plan: &mut Plan,
) -> Result<Dispatch> {
    let (name, kernel) = match step.node {
        None => ("copy", copied(graph, step)),
        Some(id) => {
            let node = graph.node(id);
            let operands = graph.operands(node);
            let chosen = choices.get(&id).cloned().map_or_else(|| first(node.op.gpu(&operands)?), Ok);
            (node.op.name(), chosen.and_then(|choice| node.op.gpu_kernel(&operands, &choice)))
        }
    };
    let kernel = kernel.map_err(|refusal| refusal.at(step.node.map_or(0, |id| id.0), "", name))?;
    let inlines = step
        .node
        .map(|id| graph.node(id))
        .map_or(Vec::new(), |node| node.op.gpu_inlines(&graph.operands(node)));
    let mut binder = Binder { graph, weights: weights_of(target, step), plan, tensors: Vec::new() };
    let (loads, stores) = binder.bind(step, &kernel, &inlines)?;
    let (tensors, weights) = (binder.tensors, weights_of(target, step));
    let constants: Vec<usize> =
        kernel.constants.iter().map(|constant| plan.add_weights(weights, constant.values.clone())).collect();
    let named: Vec<(String, Elem)> =
        kernel.constants.iter().map(|constant| (constant.name.to_string(), weights)).collect();
    let shader = expand(&kernel, target.dialect, &loads, &stores, &named, &inlines)?;
    let Kernel { choice, source, grid, macs, .. } = kernel;
    Ok(Dispatch { choice, shader, source, grid, tensors, constants, macs })
}

fn first(choices: Vec<Choice>) -> Verdict<Choice> {
    choices.into_iter().next().ok_or_else(|| Refusal::new("it lists no GPU kernel"))
}

fn copied(graph: &Graph, step: &Step) -> Verdict<Kernel> {
    let choice = first(copy::choices())?;
    copy::kernel(&graph.value(step.outputs[0]).ty.shape, &choice)
        .ok_or_else(|| Refusal::new("a copy has rank 4 at most"))
}

struct Binder<'a> {
    graph: &'a Graph,
    /// How the step's weights are stored.
    weights: Elem,
    plan: &'a mut Plan,
    tensors: Vec<Bound>,
}

impl Binder<'_> {
    fn bind(
        &mut self,
        step: &Step,
        kernel: &Kernel,
        inlines: &[Inline],
    ) -> Result<(Vec<Binding>, Vec<Binding>)> {
        let mut loads = Vec::new();
        let result = nhwc(&self.graph.value(step.outputs[0]).ty.shape).unwrap_or([1; 4]);
        for &(name, input) in &kernel.inputs {
            let Some(value) = step.inputs.get(input).copied().flatten() else { continue };
            let chain = step.prologues.get(input).map(Chain::wgsl).unwrap_or_default();
            let full = match step.node {
                Some(_) => Broadcast::NONE,
                None => self.spread(value, step.outputs[0]),
            };
            let node = step.node.map(|id| self.graph.node(id));
            let exact = node.is_some_and(|node| node.op.takes_indices(&self.graph.operands(node), input));
            loads.push(match exact {
                true => self.load_indices(name.to_string(), value),
                false => self.load(name.to_string(), value, full, chain, result)?,
            });
        }
        for (inline, read) in
            inlines.iter().flat_map(|inline| inline.reads.iter().map(move |read| (inline, read)))
        {
            let Some(value) = step.inputs.get(read.input).copied().flatten() else { continue };
            let spread = Broadcast { full: read.full };
            loads.push(self.load(format!("e{}", read.input), value, spread, String::new(), inline.shape)?);
        }
        let chains = step.prologues.iter().enumerate().map(|(input, chain)| (chain, step.inputs[input]));
        for (chain, on) in chains.chain([(&step.epilogue, Some(step.outputs[0]))]) {
            let shape = on.and_then(|value| nhwc(&self.graph.value(value).ty.shape)).unwrap_or([1; 4]);
            for link in &chain.links {
                let Link::Binary { other: Other::Input { index, broadcast }, .. } = link else { continue };
                let Some(value) = step.inputs[*index] else { continue };
                loads.push(self.load(format!("e{index}"), value, *broadcast, String::new(), shape)?);
            }
        }
        let mut stores = Vec::new();
        for (index, name) in kernel.outputs.iter().enumerate() {
            let chain = if index == 0 { step.epilogue.wgsl() } else { String::new() };
            stores.push(self.store(name.to_string(), step.outputs[index], chain));
        }
        for link in &step.epilogue.links {
            if let Link::Tap(output) = link {
                stores.push(self.store(format!("t{output}"), step.outputs[*output], String::new()));
            }
        }
        Ok((loads, stores))
    }

    /// How a value is stored: a constant as weights are, the others as placed.
    fn element(&self, value: ValueId, constant: bool) -> Elem {
        let placed = self.plan.placement(value).filter(|_| !constant);
        placed.map_or(self.weights, |place| place.elem)
    }

    fn spread(&self, from: ValueId, to: ValueId) -> Broadcast {
        let shape = |value: ValueId| &self.graph.value(value).ty.shape;
        Broadcast::between(shape(from), shape(to)).unwrap_or(Broadcast::NONE)
    }

    fn load(
        &mut self,
        name: String,
        value: ValueId,
        broadcast: Broadcast,
        chain: String,
        over: [usize; 4],
    ) -> Result<Binding> {
        let shape = nhwc(&self.graph.value(value).ty.shape).unwrap_or([1; 4]);
        let constant = self.graph.value(value).constant.as_ref();
        self.tensors.push(match constant {
            None => Bound::Arena(value),
            Some(tensor) => Bound::Weights(self.plan.add_weights(self.weights, texels(tensor))),
        });
        let slices = over[3].div_ceil(4);
        let elem = self.element(value, constant.is_some());
        let (full, constant, exact) = (broadcast.full, constant.is_some(), false);
        Ok(Binding { name, elem, shape, full, slices, constant, chain, exact })
    }

    /// An operand of indices: f32 whatever the others are.
    fn load_indices(&mut self, name: String, value: ValueId) -> Binding {
        let shape = nhwc(&self.graph.value(value).ty.shape).unwrap_or([1; 4]);
        let constant = self.graph.value(value).constant.as_ref();
        self.tensors.push(match constant {
            None => Bound::Arena(value),
            Some(tensor) => Bound::Weights(self.plan.add_weights(Elem::F32, texels(tensor))),
        });
        Binding {
            name,
            elem: Elem::F32,
            shape,
            full: Broadcast::NONE.full,
            slices: shape[3].div_ceil(4),
            constant: constant.is_some(),
            chain: String::new(),
            exact: true,
        }
    }

    fn store(&mut self, name: String, value: ValueId, chain: String) -> Binding {
        let shape = nhwc(&self.graph.value(value).ty.shape).unwrap_or([1; 4]);
        self.tensors.push(Bound::Arena(value));
        let full = Broadcast::NONE.full;
        Binding {
            name,
            elem: self.element(value, false),
            shape,
            full,
            slices: shape[3].div_ceil(4),
            constant: false,
            chain,
            exact: false,
        }
    }
}

/// A constant's numbers in texels of four channels.
fn texels(tensor: &Tensor) -> Vec<f32> {
    let shape = nhwc(tensor.shape()).unwrap_or([1; 4]);
    crate::wgsl::texels_from_nhwc(&tensor.to_reals().unwrap_or_default(), shape)
}
