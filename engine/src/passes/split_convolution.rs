//! A 1×1 convolution of two images side by side, one of which is a single pixel enlarged, is the sum of two convolutions:
//! `W·[x; p] + b = (Wₓ·x + b) + Wₚ·p`. The pixel's is computed once in place of once for every pixel, and neither the
//! enlarged image nor both together are stored.

use super::Found;
use crate::error::Result;
use crate::graph::{Graph, Node, NodeId, Patch, Value, ValueId};
use crate::ops::binary::{Binary, BinaryKind};
use crate::ops::conv2d::Conv2d;
use crate::ops::{Activation, Op};
use crate::tensor::{DType, Tensor, TensorType};

/// A convolution that can be split.
struct Site<'a> {
    conv: &'a Conv2d,
    concat: NodeId,
    /// The image, its channels and the first of their weights.
    image: Part,
    /// The pixel, likewise.
    pixel: Part,
}

#[derive(Clone, Copy)]
struct Part {
    value: ValueId,
    channels: usize,
    first: usize,
}

/// Finds convolutions of an image and an enlarged pixel.
pub fn run(graph: &Graph) -> Result<Found> {
    let (producers, consumers) = (graph.producers(), graph.consumers());
    let mut patch = Patch::new(graph);
    let (mut applied, mut declined) = (0, Vec::new());
    for id in graph.node_ids() {
        let Some(site) = site(graph, &producers, id) else { continue };
        let joined = graph.node(site.concat).outputs[0];
        if consumers[joined.0].len() != 1 || graph.outputs.contains(&joined) {
            let name = graph.node(id).op.name();
            declined.push(format!("node {} ({name}): others read both images together too", id.0));
            continue;
        }
        let nodes = split(graph, &mut patch, id, &site)?;
        patch.replace(site.concat, Vec::new());
        patch.replace(id, nodes);
        applied += 1;
    }
    Ok(Found::edit(patch, applied, declined))
}

fn site<'a>(graph: &'a Graph, producers: &[Option<NodeId>], id: NodeId) -> Option<Site<'a>> {
    let node = graph.node(id);
    let Op::Conv2d(conv) = &node.op else { return None };
    let weights = graph.value(node.inputs[1]?);
    let &[_, 1, 1, channels] = &weights.ty.shape[..] else { return None };
    let plain = conv.stride == [1, 1] && weights.constant.is_some() && weights.ty.dtype == DType::F32;
    let concat = producers[node.inputs[0]?.0]?;
    let joined = graph.node(concat);
    let Op::Concat(side_by_side) = &joined.op else { return None };
    let &[Some(a), Some(b)] = &joined.inputs[..] else { return None };
    let shape = |value: ValueId| <[usize; 4]>::try_from(&graph.value(value).ty.shape[..]).ok();
    let ([.., in_a], [.., in_b]) = (shape(a)?, shape(b)?);
    let along_channels = matches!(side_by_side.axis, 3 | -1) && side_by_side.activation == Activation::None;
    let values = [a, b, joined.outputs[0], node.outputs[0]].map(|value| graph.value(value));
    let fixed = values.iter().all(|value| !value.dynamic && value.ty.dtype == DType::F32);
    if !(plain && along_channels && fixed && in_a + in_b == channels) {
        return None;
    }
    let parts = [Part { value: a, channels: in_a, first: 0 }, Part { value: b, channels: in_b, first: in_a }];
    let pixel_of = |part: &Part| {
        let source = graph.node(producers[part.value.0]?);
        let Op::Resize(_) = source.op else { return None };
        let pixel = source.inputs[0]?;
        let fixed = !graph.value(pixel).dynamic && graph.value(pixel).ty.dtype == DType::F32;
        matches!(shape(pixel)?, [_, 1, 1, _] if fixed).then_some(Part { value: pixel, ..*part })
    };
    let (pixel, image) = match parts.each_ref().map(pixel_of) {
        [Some(pixel), None] => (pixel, parts[1]),
        [None, Some(pixel)] => (pixel, parts[0]),
        _ => return None,
    };
    Some(Site { conv, concat, image, pixel })
}

/// The two convolutions and their sum.
fn split(graph: &Graph, patch: &mut Patch, id: NodeId, site: &Site<'_>) -> Result<Vec<Node>> {
    let node = graph.node(id);
    let of = |value: Option<ValueId>| value.map(|value| &graph.value(value).ty.shape[..]).unwrap_or_default();
    let (outputs, batches) = (of(node.inputs[1])[0], of(Some(site.pixel.value))[0]);
    let mut place = of(node.outputs.first().copied()).to_vec();
    let image = convolution(graph, patch, id, &site.image, node.inputs.get(2).copied().flatten(), &place)?;
    place = vec![batches, 1, 1, outputs];
    let pixel = convolution(graph, patch, id, &site.pixel, None, &place)?;
    let add = Binary { kind: BinaryKind::Add, activation: site.conv.activation };
    let sum = Node {
        name: node.name.clone(),
        op: add.into(),
        inputs: vec![Some(image.outputs[0]), Some(pixel.outputs[0])],
        outputs: node.outputs.clone(),
    };
    Ok(vec![pixel, image, sum])
}

/// The convolution of a part by its own weights.
fn convolution(
    graph: &Graph,
    patch: &mut Patch,
    id: NodeId,
    part: &Part,
    bias: Option<ValueId>,
    shape: &[usize],
) -> Result<Node> {
    let node = graph.node(id);
    let weights = node.inputs[1].and_then(|weights| graph.value(weights).constant.as_ref());
    let all = weights.map(Tensor::as_slice::<f32>).transpose()?.unwrap_or_default();
    let channels = weights.and_then(|weights| weights.shape().last().copied()).unwrap_or(1);
    let rows = all.chunks_exact(channels);
    let own: Vec<f32> = rows.flat_map(|row| &row[part.first..][..part.channels]).copied().collect();
    let own = Tensor::from_slice(vec![own.len() / part.channels, 1, 1, part.channels], &own)?;
    let weights = patch.value(Value::constant(format!("{}/weights{}", node.name, part.first), own));
    let name = format!("{}/part{}", node.name, part.first);
    let result = patch.value(Value::new(name.clone(), TensorType::f32(shape)));
    let Op::Conv2d(conv) = &node.op else { return Ok(node.clone()) };
    let op = Conv2d { activation: Activation::None, ..*conv }.into();
    Ok(Node { name, op, inputs: vec![Some(part.value), Some(weights), bias], outputs: vec![result] })
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::graph::{Graph, Value, ValueId};
    use crate::ops::case::random;
    use crate::ops::concat::Concat;
    use crate::ops::conv2d::Conv2d;
    use crate::ops::resize::{Interpolation, Resize};
    use crate::ops::{Activation, Padding};
    use crate::passes::tests::add;
    use crate::tensor::{Tensor, TensorType};

    /// The convolution of a pixel enlarged beside an image.
    fn graph() -> (Graph, ValueId) {
        let mut graph = Graph::default();
        let [pixel, image] = [[2, 1, 1, 3], [2, 4, 4, 5]]
            .map(|shape| graph.add_value(Value::new("x", TensorType::f32(shape))));
        graph.inputs = vec![pixel, image];
        let size = graph.add_value(Value::constant("size", Tensor::i32s(&[4, 4])));
        let [weights, bias] = [random(&[6, 1, 1, 8], -1.0, 1.0), random(&[6], -1.0, 1.0)]
            .map(|tensor| graph.add_value(Value::constant("w", tensor)));
        let (interpolation, align_corners) = (Interpolation::Bilinear, true);
        let resize = Resize { interpolation, align_corners, half_pixel_centers: false };
        let enlarged = add(&mut graph, resize, &[pixel, size]);
        let joined = add(&mut graph, Concat { axis: 3, activation: Activation::None }, &[enlarged, image]);
        let (stride, dilation, padding, activation) = ([1; 2], [1; 2], Padding::Same, Activation::Relu);
        let result =
            add(&mut graph, Conv2d { stride, dilation, padding, activation }, &[joined, weights, bias]);
        graph.outputs = vec![result];
        (graph, joined)
    }

    #[test]
    fn a_pixel_is_convolved_before_it_is_enlarged() {
        let (mut graph, _) = graph();
        let found = run(&graph).expect("the pass runs");
        assert_eq!(found.applied, 1);
        found.patch.expect("there is an edit").apply(&mut graph).expect("the graph stays valid");
        let names: Vec<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
        assert_eq!(names, ["RESIZE_BILINEAR", "CONV_2D", "CONV_2D", "ADD"]);
        let parts: Vec<usize> = graph.nodes[1..3]
            .iter()
            .map(|node| graph.value(node.inputs[1].expect("weights")).ty.shape[3])
            .collect();
        assert_eq!(parts, [3, 5]);
    }

    #[test]
    fn images_that_others_read_together_stay() {
        let (mut graph, joined) = graph();
        graph.outputs.push(joined);
        let found = run(&graph).expect("the pass runs");
        assert!(found.patch.is_none() && found.declined[0].contains("others read"), "{:?}", found.declined);
    }
}
