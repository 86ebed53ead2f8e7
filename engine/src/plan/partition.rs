//! Which nodes run where and in which order, so that few values cross between the backends, and cheaply.
//!
//! Nodes that a GPU cannot run are the CPU's. The nodes are then put in an order of *runs*: all that can run on one backend
//! by then, then all that can run on the other. Begun with the better backend, no order changes backends less often. Nodes
//! with effects keep their order.
//!
//! In a graph that has nodes on both, a *piece*, connected nodes of a GPU run, goes to the CPU where the estimate says that
//! the way to the GPU and back takes longer than the GPU saves: a lone operator between two of the CPU above all.

use crate::graph::{Graph, NodeId, ValueId};
use crate::ops::Op;
use std::collections::{BTreeMap, BTreeSet};

/// Where each node runs, or why it runs on the CPU, and the order of all.
pub struct Partition {
    /// For each node: the GPU, or the reason for the CPU.
    pub verdicts: Vec<Result<(), String>>,
    /// All nodes in order of execution.
    pub order: Vec<NodeId>,
}

/// Seconds until the CPU has what the GPU computed: submission, waiting, mapping.
const READ_BACK: f64 = 150e-6;
/// Seconds a dispatch takes beyond its work.
const DISPATCH: f64 = 5e-6;
/// Bytes a second between the backends.
const CROSSING: f64 = 4e9;
/// Multiply-adds and bytes a second.
const CPU: [f64; 2] = [10e9, 4e9];
/// Multiply-adds and bytes a second of a modest GPU.
const GPU: [f64; 2] = [200e9, 40e9];
/// How often pieces are looked for: what moved to the CPU may leave smaller pieces behind.
const ROUNDS: usize = 8;

/// The partition of a graph whose nodes run on the GPU where `verdicts` has no reason against it.
pub fn partition(graph: &Graph, verdicts: Vec<Result<(), String>>) -> Partition {
    let links = Links::of(graph);
    let mut verdicts = verdicts;
    let mut runs = links.runs(&verdicts);
    if verdicts.iter().all(Result::is_ok) {
        return Partition { verdicts, order: runs.concat() };
    }
    for _ in 0..ROUNDS {
        let on_gpu = runs.iter().filter(|run| run.first().is_some_and(|id| verdicts[id.0].is_ok()));
        let pieces: Vec<Vec<NodeId>> = on_gpu.flat_map(|run| links.pieces(run)).collect();
        let moved: Vec<(Vec<NodeId>, String)> = pieces
            .into_iter()
            .filter_map(|piece| links.reason(&piece, &verdicts).map(|reason| (piece, reason)))
            .collect();
        if moved.is_empty() {
            break;
        }
        for (piece, reason) in moved {
            piece.iter().for_each(|id| verdicts[id.0] = Err(reason.clone()));
        }
        runs = links.runs(&verdicts);
    }
    Partition { verdicts, order: runs.concat() }
}

/// Who writes and who reads each value.
struct Links<'a> {
    graph: &'a Graph,
    writers: Vec<Option<NodeId>>,
    readers: Vec<Vec<NodeId>>,
    outputs: BTreeSet<ValueId>,
}

impl<'a> Links<'a> {
    fn of(graph: &'a Graph) -> Self {
        let outputs = graph.outputs.iter().copied().collect();
        Self { graph, writers: graph.producers(), readers: graph.consumers(), outputs }
    }

    /// For each node those that wait for it: its readers, and the next with effects.
    fn followers(&self) -> Vec<Vec<NodeId>> {
        let read_by = |id: NodeId| {
            let outputs = &self.graph.node(id).outputs;
            outputs.iter().flat_map(|output| self.readers[output.0].iter().copied()).collect()
        };
        let mut followers: Vec<Vec<NodeId>> = self.graph.node_ids().map(read_by).collect();
        let mut last: Option<NodeId> = None;
        for id in self.graph.node_ids().filter(|&id| self.is_ordered(id)) {
            if let Some(before) = last.replace(id) {
                followers[before.0].push(id);
            }
        }
        followers
    }

    /// Whether a node must keep its place among those like it: it has effects, or sees those of others.
    fn is_ordered(&self, id: NodeId) -> bool {
        let node = self.graph.node(id);
        let variable = |value: &ValueId| self.graph.value(*value).variable;
        let control = matches!(node.op, Op::Control(_));
        control || node.op.has_effects() || node.inputs.iter().flatten().any(variable)
    }

    /// The nodes in an order of runs, beginning with the backend that leads to fewer.
    fn runs(&self, verdicts: &[Result<(), String>]) -> Vec<Vec<NodeId>> {
        let followers = self.followers();
        let [gpu_first, cpu_first] = [true, false].map(|first| schedule(&followers, verdicts, first));
        if cpu_first.len() < gpu_first.len() { cpu_first } else { gpu_first }
    }

    /// A run's nodes in connected pieces.
    fn pieces(&self, run: &[NodeId]) -> Vec<Vec<NodeId>> {
        let mut parents: BTreeMap<NodeId, NodeId> = run.iter().map(|&id| (id, id)).collect();
        fn root(parents: &mut BTreeMap<NodeId, NodeId>, mut id: NodeId) -> NodeId {
            while let Some(&parent) = parents.get(&id).filter(|&&parent| parent != id) {
                let above = parents.get(&parent).copied().unwrap_or(parent);
                parents.insert(id, above);
                id = above;
            }
            id
        }
        for &id in run {
            for input in self.graph.node(id).inputs.iter().flatten() {
                if let Some(writer) = self.writers[input.0].filter(|writer| parents.contains_key(writer)) {
                    let (a, b) = (root(&mut parents, id), root(&mut parents, writer));
                    parents.insert(a.max(b), a.min(b));
                }
            }
        }
        let mut pieces: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for &id in run {
            pieces.entry(root(&mut parents, id)).or_default().push(id);
        }
        pieces.into_values().collect()
    }

    /// Why a piece should run on the CPU, if it should.
    fn reason(&self, piece: &[NodeId], verdicts: &[Result<(), String>]) -> Option<String> {
        let inside: BTreeSet<NodeId> = piece.iter().copied().collect();
        let on_gpu = |id: &NodeId| verdicts[id.0].is_ok();
        let outside = |id: &&NodeId| !inside.contains(id);
        let (mut read, mut written) = (BTreeSet::new(), BTreeSet::new());
        let mut crossing = [Crossing::default(), Crossing::default()];
        let mut work = [0.0; 2];
        for &id in piece {
            let node = self.graph.node(id);
            read.extend(node.inputs.iter().flatten().copied());
            written.extend(node.outputs.iter().copied());
            let done = self.work(id);
            for (sum, rates) in work.iter_mut().zip([GPU, CPU]) {
                *sum += done.iter().zip(rates).map(|(amount, rate)| amount / rate).sum::<f64>();
            }
        }
        work[0] += DISPATCH * piece.len() as f64;
        for value in read.difference(&written).filter(|value| self.graph.value(**value).constant.is_none()) {
            match self.writers[value.0].filter(|id| on_gpu(id)) {
                Some(_) => crossing[1].read_back(self.bytes(*value)),
                None => crossing[0].bytes += self.bytes(*value),
            }
        }
        for value in &written {
            let readers = || self.readers[value.0].iter().filter(outside);
            if self.outputs.contains(value) || readers().any(|id| !on_gpu(id)) {
                crossing[0].read_back(self.bytes(*value));
            }
            if readers().any(on_gpu) {
                crossing[1].bytes += self.bytes(*value);
            }
        }
        let [gpu, cpu] = [0, 1].map(|side| work[side] + crossing[side].seconds());
        let bytes = crossing[0].bytes;
        (cpu < gpu).then(|| {
            let [gpu, cpu] = [gpu, cpu].map(|seconds| seconds * 1e6);
            format!("with {bytes} bytes to and fro the GPU would take {gpu:.0} µs, the CPU takes {cpu:.0}")
        })
    }

    fn bytes(&self, value: ValueId) -> usize {
        4 * self.graph.value(value).ty.elements()
    }

    /// Multiply-adds and bytes of a node.
    fn work(&self, id: NodeId) -> [f64; 2] {
        let node = self.graph.node(id);
        let elements = |value: &ValueId| self.graph.value(*value).ty.elements() as f64;
        let last =
            |value: &ValueId| self.graph.value(*value).ty.shape.last().map_or(1.0, |&extent| extent as f64);
        let bytes = 4.0 * node.inputs.iter().flatten().chain(&node.outputs).map(elements).sum::<f64>();
        let second = node.inputs.get(1).copied().flatten();
        let products = match (&node.op, second, node.outputs.first()) {
            (Op::BatchMatMul(_), Some(y), Some(output)) => {
                elements(&y) / last(output).max(1.0) * elements(output)
            }
            // Weights are input 1 of all weighted sums, and every number of an output has its channel's.
            (op, Some(weights), Some(output)) if op.bias().is_some() => {
                elements(&weights) / last(output).max(1.0) * elements(output)
            }
            _ => 0.0,
        };
        [products, bytes]
    }
}

/// What goes between the backends for one piece.
#[derive(Clone, Copy, Default)]
struct Crossing {
    bytes: usize,
    waits: bool,
}

impl Crossing {
    fn read_back(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.waits = true;
    }

    fn seconds(self) -> f64 {
        self.bytes as f64 / CROSSING + if self.waits { READ_BACK } else { 0.0 }
    }
}

/// Runs of alternating backends, each with every node that can run by then, in the graph's order.
fn schedule(followers: &[Vec<NodeId>], verdicts: &[Result<(), String>], gpu_first: bool) -> Vec<Vec<NodeId>> {
    let mut waits = vec![0usize; followers.len()];
    followers.iter().flatten().for_each(|id| waits[id.0] += 1);
    // The nodes that can run now, on the CPU and on the GPU.
    let mut ready = [BTreeSet::new(), BTreeSet::new()];
    let side = |id: NodeId| usize::from(verdicts[id.0].is_ok());
    for id in (0..followers.len()).map(NodeId).filter(|id| waits[id.0] == 0) {
        ready[side(id)].insert(id);
    }
    let mut runs = Vec::new();
    let mut now = usize::from(gpu_first);
    while ready.iter().any(|nodes| !nodes.is_empty()) {
        let mut run = Vec::new();
        while let Some(id) = ready[now].pop_first() {
            run.push(id);
            for &next in &followers[id.0] {
                waits[next.0] -= 1;
                if waits[next.0] == 0 {
                    ready[side(next)].insert(next);
                }
            }
        }
        if !run.is_empty() {
            runs.push(run);
        }
        now = 1 - now;
    }
    runs
}
