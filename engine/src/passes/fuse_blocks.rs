//! Layers that a GPU runs in one dispatch become a block: a depthwise convolution with the 1×1 convolution that reads it,
//! a mean over an image with the one or two layers on its pixel, and the elementwise nodes between them. The rule is one:
//! from such a head on, each result has a single reader, and that reader joins while the block's kernels take it.
//!
//! Whether one dispatch is faster than the several it replaces depends on the device: a caller may judge each group.

use super::Found;
use crate::error::Result;
use crate::graph::{Graph, Node, NodeId, Patch, ValueId};
use crate::ops::Op;
use crate::ops::block::{Block, Feed, Member};
use crate::tensor::DType;

/// Layers after the head.
const MOST_LAYERS: usize = 2;

/// Nodes that may run as one.
pub struct Group {
    /// The nodes, each the reader of the one before it.
    pub nodes: Vec<NodeId>,
    /// The node that computes what they compute.
    pub block: Node,
}

/// Makes a block of every group.
pub fn run(graph: &Graph) -> Result<Found> {
    fuse(graph, &|_| Ok(()))
}

/// Makes a block of every group that `judge` has no reason against.
pub fn fuse(graph: &Graph, judge: &dyn Fn(&Group) -> std::result::Result<(), String>) -> Result<Found> {
    let mut patch = Patch::new(graph);
    let (groups, mut declined) = groups(graph);
    let mut applied = 0;
    for group in groups {
        if let Err(reason) = judge(&group) {
            declined.push(because(graph, group.nodes[0], &reason));
            continue;
        }
        let Some((&last, inner)) = group.nodes.split_last() else { continue };
        inner.iter().for_each(|&member| patch.replace(member, Vec::new()));
        patch.replace(last, vec![group.block]);
        applied += 1;
    }
    Ok(Found::edit(patch, applied, declined))
}

/// The groups of a graph, heads in order; and why others are none.
pub fn groups(graph: &Graph) -> (Vec<Group>, Vec<String>) {
    let consumers = graph.consumers();
    let (mut groups, mut declined) = (Vec::new(), Vec::new());
    let mut taken = vec![false; graph.nodes.len()];
    for id in graph.node_ids() {
        if taken[id.0] || !is_head(&graph.node(id).op) {
            continue;
        }
        match group(graph, &consumers, id) {
            Ok(nodes) => {
                nodes.iter().for_each(|member| taken[member.0] = true);
                groups.push(Group { block: fused(graph, &nodes), nodes });
            }
            Err(Some(reason)) => declined.push(because(graph, id, &reason)),
            Err(None) => {}
        }
    }
    (groups, declined)
}

fn because(graph: &Graph, head: NodeId, reason: &str) -> String {
    format!("node {} ({}): {reason}", head.0, graph.node(head).op.name())
}

fn is_head(op: &Op) -> bool {
    matches!(op, Op::DepthwiseConv2d(_) | Op::Pool2d(_) | Op::Reduce(_))
}

fn is_layer(op: &Op) -> bool {
    matches!(op, Op::Conv2d(_) | Op::FullyConnected(_))
}

/// The nodes of the largest group from a head on that has a GPU kernel; otherwise the reason why there is none, if
/// something that looks like a block follows.
fn group(
    graph: &Graph,
    consumers: &[Vec<NodeId>],
    head: NodeId,
) -> std::result::Result<Vec<NodeId>, Option<String>> {
    let mut nodes = vec![head];
    let mut best: Option<Vec<NodeId>> = None;
    let mut reason = None;
    let mut layers = 0;
    while let Some(next) = only_reader(graph, consumers, nodes[nodes.len() - 1]) {
        nodes.push(next);
        let node = graph.node(next);
        if is_layer(&node.op) {
            layers += 1;
            match runs(graph, &nodes) {
                Ok(()) => best = Some(nodes.clone()),
                Err(refusal) => reason = reason.or(Some(refusal)),
            }
            if layers == MOST_LAYERS {
                break;
            }
        } else if !is_elementwise(graph, node) {
            break;
        }
    }
    best.ok_or(reason)
}

fn is_elementwise(graph: &Graph, node: &Node) -> bool {
    let operands = graph.operands(node);
    (0..node.inputs.len()).any(|of| node.op.link(&operands, of).is_some())
}

/// The node that reads the result of another, if nothing else does.
fn only_reader(graph: &Graph, consumers: &[Vec<NodeId>], id: NodeId) -> Option<NodeId> {
    let &[output] = &graph.node(id).outputs[..] else { return None };
    match consumers[output.0][..] {
        [reader] if !graph.outputs.contains(&output) && graph.node(reader).outputs.len() == 1 => Some(reader),
        _ => None,
    }
}

/// Whether the nodes have a kernel as a block.
fn runs(graph: &Graph, nodes: &[NodeId]) -> std::result::Result<(), String> {
    let node = fused(graph, nodes);
    let values = node.inputs.iter().flatten().chain(&node.outputs);
    if let Some(value) = values.map(|&value| graph.value(value)).find(|value| value.dynamic || value.variable)
    {
        return Err(format!("the shape or the elements of {} outlive a run", value.name));
    }
    let results = nodes.iter().flat_map(|&id| &graph.node(id).outputs);
    if let Some(value) = results.map(|&value| graph.value(value)).find(|value| value.ty.dtype != DType::F32) {
        return Err(format!("{} is {}", value.name, value.ty));
    }
    node.op.gpu(&graph.operands(&node)).map(|_| ()).map_err(|refusal| refusal.0)
}

/// The node in the place of the last of `nodes` that computes what they compute.
fn fused(graph: &Graph, nodes: &[NodeId]) -> Node {
    let mut inputs: Vec<ValueId> = Vec::new();
    let mut members: Vec<Member> = Vec::new();
    for &id in nodes {
        let node = graph.node(id);
        let feed = |value: &Option<ValueId>| {
            let value = (*value)?;
            let inner = nodes.iter().take(members.len()).position(|&id| graph.node(id).outputs == [value]);
            Some(inner.map(Feed::Member).unwrap_or_else(|| {
                let known = inputs.iter().position(|&input| input == value);
                Feed::Input(known.unwrap_or_else(|| {
                    inputs.push(value);
                    inputs.len() - 1
                }))
            }))
        };
        let fed = node.inputs.iter().map(feed).collect();
        members.push(Member { op: node.op.clone(), inputs: fed });
    }
    let last = graph.node(nodes[nodes.len() - 1]);
    Node {
        name: last.name.clone(),
        op: Block { members }.into(),
        inputs: inputs.into_iter().map(Some).collect(),
        outputs: last.outputs.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::graph::{Graph, Value, ValueId};
    use crate::ops::case::random;
    use crate::ops::conv2d::Conv2d;
    use crate::ops::depthwise_conv2d::DepthwiseConv2d;
    use crate::ops::unary::Unary;
    use crate::ops::{Activation, Op, Padding};
    use crate::passes::tests::add;
    use crate::tensor::TensorType;

    /// A depthwise convolution, its activation and a 1×1 convolution.
    fn separable() -> (Graph, ValueId) {
        let mut graph = Graph::default();
        let input = graph.add_value(Value::new("x", TensorType::f32([1, 6, 6, 8])));
        graph.inputs = vec![input];
        let [taps, weights] = [[1, 3, 3, 8], [12, 1, 1, 8]]
            .map(|shape| graph.add_value(Value::constant("w", random(&shape, -1.0, 1.0))));
        let (stride, dilation, padding, activation) = ([1; 2], [1; 2], Padding::Same, Activation::None);
        let conv = DepthwiseConv2d { stride, dilation, padding, activation };
        let first = add(&mut graph, conv, &[input, taps]);
        let middle = add(&mut graph, Unary::HardSwish, &[first]);
        let last = add(&mut graph, Conv2d { stride, dilation, padding, activation }, &[middle, weights]);
        graph.outputs = vec![last];
        (graph, middle)
    }

    #[test]
    fn a_depthwise_convolution_takes_its_pointwise_one_along() {
        let (mut graph, _) = separable();
        let found = run(&graph).expect("the pass runs");
        assert_eq!(found.applied, 1);
        found.patch.expect("there is an edit").apply(&mut graph).expect("the graph stays valid");
        assert_eq!(graph.nodes.len(), 1);
        assert!(matches!(&graph.nodes[0].op, Op::Block(block) if block.members.len() == 3));
    }

    #[test]
    fn a_result_that_others_read_stays() {
        let (mut graph, middle) = separable();
        graph.outputs.push(middle);
        let found = run(&graph).expect("the pass runs");
        assert!(found.patch.is_none() && found.applied == 0);
    }

    #[test]
    fn weights_that_are_given_are_declined_with_a_reason() {
        let (mut graph, _) = separable();
        let weights = graph.nodes[2].inputs[1].expect("the convolution has weights");
        graph.values[weights.0].constant = None;
        graph.inputs.push(weights);
        let found = run(&graph).expect("the pass runs");
        assert!(found.patch.is_none());
        assert!(found.declined[0].contains("numbers of the model"), "{:?}", found.declined);
    }
}
