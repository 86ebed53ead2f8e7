//! A 1×1 convolution after an enlargement is computed before it: both are linear and each mixes what the other leaves
//! alone (channels, places), interpolation weights sum to one so that a bias passes, and the smaller image has fewer
//! pixels to convolve and, where channels shrink, fewer channels to resize.

use super::Found;
use crate::error::Result;
use crate::graph::{Graph, Node, NodeId, Patch, Value, ValueId};
use crate::ops::{Activation, Op};
use crate::tensor::TensorType;

/// Finds 1×1 convolutions that are the only readers of an enlargement.
pub fn run(graph: &Graph) -> Result<Found> {
    let (producers, consumers) = (graph.producers(), graph.consumers());
    let mut patch = Patch::new(graph);
    let (mut applied, mut declined) = (0, Vec::new());
    for id in graph.node_ids() {
        let Some((resize, image)) = enlargement(graph, &producers, id) else { continue };
        let node = graph.node(id);
        let enlarged = graph.node(resize).outputs[0];
        if consumers[enlarged.0].len() != 1 || graph.outputs.contains(&enlarged) {
            declined.push(format!("node {} ({}): others read the enlarged image too", id.0, node.op.name()));
            continue;
        }
        if node.op.activation() != Activation::None {
            declined.push(format!(
                "node {} ({}): its activation does not commute with a resize",
                id.0,
                node.op.name()
            ));
            continue;
        }
        let channels = graph.value(node.outputs[0]).ty.shape[3];
        let mut shape = graph.value(image).ty.shape.clone();
        shape[3] = channels;
        let small = patch.value(Value::new(format!("{}/small", node.name), TensorType::f32(shape)));
        let mut convolution = node.clone();
        convolution.inputs[0] = Some(image);
        convolution.outputs = vec![small];
        let mut enlargement: Node = graph.node(resize).clone();
        enlargement.inputs[0] = Some(small);
        enlargement.outputs.clone_from(&node.outputs);
        patch.replace(resize, Vec::new());
        patch.replace(id, vec![convolution, enlargement]);
        applied += 1;
    }
    Ok(Found::edit(patch, applied, declined))
}

/// The resize that a 1×1 convolution reads, if it enlarges, and the image it enlarges.
fn enlargement(graph: &Graph, producers: &[Option<NodeId>], id: NodeId) -> Option<(NodeId, ValueId)> {
    let node = graph.node(id);
    let Op::Conv2d(conv) = &node.op else { return None };
    let &[_, 1, 1, channels] = &graph.value(node.inputs[1]?).ty.shape[..] else { return None };
    let resize = producers[node.inputs[0]?.0]?;
    let source = graph.node(resize);
    let Op::Resize(_) = source.op else { return None };
    let (image, enlarged) = (source.inputs[0]?, source.outputs[0]);
    let fixed = !graph.value(image).dynamic && !graph.value(enlarged).dynamic;
    let (from, to) = (&graph.value(image).ty, &graph.value(enlarged).ty);
    let plain = conv.stride == [1, 1]
        && to.shape.get(3) == Some(&channels)
        && from.dtype == crate::tensor::DType::F32;
    (fixed && plain && to.elements() > from.elements()).then_some((resize, image))
}
