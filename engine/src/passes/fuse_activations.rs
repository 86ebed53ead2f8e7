//! Clamps that follow a convolution, a product or the like become its fused activation, so that they cost nothing on
//! any backend.

use super::Found;
use crate::error::Result;
use crate::graph::{Graph, Node, Patch};
use crate::ops::unary::Unary;
use crate::ops::{Activation, Op};
use crate::tensor::DType;

/// Finds clamps that are the only readers of an operator with a free activation.
pub fn run(graph: &Graph) -> Result<Found> {
    let (producers, consumers) = (graph.producers(), graph.consumers());
    let mut patch = Patch::new(graph);
    let mut applied = 0;
    let mut changed = vec![false; graph.nodes.len()];
    for id in graph.node_ids() {
        let node = graph.node(id);
        let (Some(activation), [Some(input)]) = (clamp(node), &node.inputs[..]) else { continue };
        let alone = consumers[input.0].len() == 1 && !graph.outputs.contains(input);
        let Some(producer) = producers[input.0].filter(|producer| alone && !changed[producer.0]) else {
            continue;
        };
        let source = graph.node(producer);
        let real = graph.value(*input).ty.dtype == DType::F32;
        let Some(op) = activated(&source.op, activation).filter(|_| real && source.outputs.len() == 1) else {
            continue;
        };
        patch.replace(producer, vec![Node { op, outputs: node.outputs.clone(), ..source.clone() }]);
        patch.replace(id, Vec::new());
        changed[producer.0] = true;
        changed[id.0] = true;
        applied += 1;
    }
    Ok(Found::edit(patch, applied, Vec::new()))
}

fn clamp(node: &Node) -> Option<Activation> {
    match node.op {
        Op::Unary(Unary::Relu) => Some(Activation::Relu),
        Op::Unary(Unary::Relu6) => Some(Activation::Relu6),
        Op::Unary(Unary::ReluN1To1) => Some(Activation::ReluN1To1),
        _ => None,
    }
}

/// The operator with a free activation taken.
fn activated(op: &Op, activation: Activation) -> Option<Op> {
    if op.activation() != Activation::None {
        return None;
    }
    Some(match op.clone() {
        Op::Conv2d(conv) => crate::ops::conv2d::Conv2d { activation, ..conv }.into(),
        Op::DepthwiseConv2d(conv) => {
            crate::ops::depthwise_conv2d::DepthwiseConv2d { activation, ..conv }.into()
        }
        Op::TransposeConv(conv) => crate::ops::transpose_conv::TransposeConv { activation, ..conv }.into(),
        _ => return None,
    })
}
