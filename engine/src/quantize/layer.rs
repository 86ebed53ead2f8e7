//! The layers of a file: nodes with weights that may be stored in another way, those that share weights together.

use super::edit::{Editor, Place, unpacks, written};
use crate::schema::{BuiltinOperator, SubGraph, TensorType};
use std::collections::BTreeMap;

/// What an operator does with weights that are integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// It multiplies them with activations that become integers at run time.
    Integers,
    /// Reals only: a DEQUANTIZE stands before it.
    Reals,
}

/// Where an operator has weights.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    /// The inputs that are weights.
    pub inputs: &'static [usize],
    /// The axis of output channels, where the operator takes a scale for each.
    pub axis: Option<usize>,
    /// What it does with integers.
    pub takes: Takes,
    /// Whether it takes integers of four bits, too.
    pub takes_four_bits: bool,
    /// The version from which on it takes integers with scales for the tensor and by channel.
    versions: [i32; 2],
}

/// Nodes that share weights, one in most cases, and what is known of them.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The name of the first node's first output.
    pub name: String,
    /// The first node's operator.
    pub operator: String,
    /// The nodes.
    pub nodes: Vec<Place>,
    /// The tensors that they read as weights, in order and each once, and the place of the constant of each.
    pub weights: Vec<(Place, Place)>,
    /// Elements of the largest weights.
    pub elements: usize,
    /// Bytes of all weights in the file.
    pub bytes: usize,
    /// How many scales by channel its weights have.
    pub channels: usize,
    /// Why the weights have to stay as they are.
    pub refusal: Option<String>,
}

const LSTM: &[usize] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16];
const BOTH_WAYS: &[usize] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 33, 40, 41, 42, 43,
    44, 45, 46, 47,
];

/// The weights of an operator; none where it has no weights.
pub fn role(code: BuiltinOperator, custom: &str) -> Option<Role> {
    use BuiltinOperator as Code;
    let integers = |inputs, axis, versions| {
        let takes_four_bits = matches!(code, Code::CONV_2D | Code::FULLY_CONNECTED);
        Some(Role { inputs, axis, takes: Takes::Integers, takes_four_bits, versions })
    };
    let reals = |inputs, axis| {
        Some(Role { inputs, axis, takes: Takes::Reals, takes_four_bits: false, versions: [1, 1] })
    };
    match code {
        Code::CONV_2D => integers(&[1], Some(0), [2, 5]),
        Code::DEPTHWISE_CONV_2D => integers(&[1], Some(3), [4, 6]),
        Code::FULLY_CONNECTED => integers(&[1], Some(0), [9, 12]),
        Code::EMBEDDING_LOOKUP => integers(&[1], Some(0), [3, 4]),
        Code::BATCH_MATMUL => integers(&[1], None, [4, 4]),
        Code::SVDF => integers(&[1, 2], None, [4, 4]),
        Code::RNN | Code::UNIDIRECTIONAL_SEQUENCE_RNN => integers(&[1, 2], None, [3, 3]),
        Code::BIDIRECTIONAL_SEQUENCE_RNN => integers(&[1, 2, 4, 5, 9, 10], None, [3, 3]),
        Code::LSTM => integers(LSTM, None, [4, 4]),
        Code::UNIDIRECTIONAL_SEQUENCE_LSTM => integers(LSTM, None, [3, 3]),
        Code::BIDIRECTIONAL_SEQUENCE_LSTM => integers(BOTH_WAYS, None, [3, 3]),
        Code::TRANSPOSE_CONV => reals(&[1], Some(0)),
        Code::CONV_3D => reals(&[1], None),
        Code::GATHER => reals(&[0], Some(0)),
        Code::CUSTOM if custom == "Convolution2DTransposeBias" => reals(&[1], Some(0)),
        _ => None,
    }
}

impl Role {
    /// The version of the operator that takes integers.
    pub fn version(&self, by_channel: bool) -> i32 {
        self.versions[usize::from(by_channel)]
    }
}

/// The layers of a file in order of their first nodes.
pub fn layers(editor: &Editor) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    // Which layer has the weights of each buffer.
    let mut owners: BTreeMap<u32, usize> = BTreeMap::new();
    for (graph, subgraph) in editor.file.subgraphs.iter().enumerate() {
        let producers = editor.producers(graph);
        for node in 0..subgraph.operators.len() {
            let Some(found) = layer(editor, &producers, (graph, node)) else { continue };
            let buffer = |weights: &(Place, Place)| editor.tensor(weights.1).buffer;
            let shared = found.weights.iter().find_map(|weights| owners.get(&buffer(weights)).copied());
            let index = shared.unwrap_or(layers.len());
            found.weights.iter().for_each(|weights| _ = owners.insert(buffer(weights), index));
            match shared {
                None => layers.push(found),
                Some(index) => join(&mut layers[index], found),
            }
        }
    }
    for (index, layer) in layers.iter_mut().enumerate() {
        layer.refusal = layer.refusal.take().or_else(|| shared_with(editor, &owners, index, layer));
        measure(editor, layer);
    }
    layers
}

/// The node as a layer of its own, where it has constant weights.
fn layer(editor: &Editor, producers: &[Option<usize>], (graph, node): Place) -> Option<Layer> {
    let subgraph = &editor.file.subgraphs[graph];
    let operator = &subgraph.operators[node];
    let name = editor.operator_name(operator);
    let role = role(editor.code(operator), &name)?;
    // The LSTM of five operands has quantized weights only.
    let basic = editor.code(operator) == BuiltinOperator::LSTM && operator.inputs.len() == 5;
    if basic {
        return None;
    }
    let operands = role.inputs.iter().filter_map(|&input| operator.inputs.get(input));
    let tensors: Vec<usize> = operands.filter_map(|&tensor| usize::try_from(tensor).ok()).collect();
    let root = |&tensor: &usize| Some(((graph, tensor), (graph, editor.root(producers, (graph, tensor))?)));
    let weights: Vec<(Place, Place)> = tensors.iter().filter_map(root).collect();
    if weights.is_empty() {
        return None;
    }
    let real = is_real(subgraph, operator.outputs.first());
    let refusal = match () {
        () if !real => Some("its result is not real".to_string()),
        () if weights.len() < tensors.len() => Some("some of its weights are computed".into()),
        () => None,
    };
    let first =
        operator.outputs.first().and_then(|&output| subgraph.tensors.get(usize::try_from(output).ok()?));
    Some(Layer {
        name: first.map_or_else(String::new, |tensor| tensor.name.clone()),
        operator: name,
        nodes: vec![(graph, node)],
        weights,
        elements: 0,
        bytes: 0,
        channels: 0,
        refusal,
    })
}

fn is_real(subgraph: &SubGraph, index: Option<&i32>) -> bool {
    let index = index.and_then(|&index| usize::try_from(index).ok());
    index.is_some_and(|index| subgraph.tensors[index].kind == TensorType::FLOAT32)
}

fn join(layer: &mut Layer, other: Layer) {
    layer.nodes.extend(other.nodes);
    layer.refusal = layer.refusal.take().or(other.refusal);
    for weights in other.weights {
        if !layer.weights.contains(&weights) {
            layer.weights.push(weights);
        }
    }
    if layer.operator != other.operator {
        let reason = format!("its weights are shared between {} and {}", layer.operator, other.operator);
        layer.refusal.get_or_insert(reason);
    }
}

/// Why the weights of layer `index` have to stay: the node that reads them as something else.
fn shared_with(
    editor: &Editor,
    owners: &BTreeMap<u32, usize>,
    index: usize,
    layer: &Layer,
) -> Option<String> {
    for (graph, subgraph) in editor.file.subgraphs.iter().enumerate() {
        let producers = editor.producers(graph);
        let ours = |tensor: usize| {
            let root = editor.root(&producers, (graph, tensor))?;
            owners.get(&editor.tensor((graph, root)).buffer).filter(|&&owner| owner == index)
        };
        for (node, operator) in subgraph.operators.iter().enumerate() {
            if unpacks(editor.code(operator))
                && written(operator).all(|tensor| !subgraph.outputs.contains(&(tensor as i32)))
            {
                continue;
            }
            let weights = layer
                .nodes
                .contains(&(graph, node))
                .then(|| role(editor.code(operator), &editor.operator_name(operator)));
            let weights = weights.flatten().map_or(&[][..], |role| role.inputs);
            let other =
                |&(input, tensor): &(usize, usize)| !weights.contains(&input) && ours(tensor).is_some();
            let inputs = operator.inputs.iter().enumerate();
            let mut inputs =
                inputs.filter_map(|(input, &tensor)| Some((input, usize::try_from(tensor).ok()?)));
            if inputs.any(|pair| other(&pair)) {
                return Some(format!("its weights are shared with a {}", editor.operator_name(operator)));
            }
        }
        if subgraph.outputs.iter().any(|&output| ours(output as usize).is_some()) {
            return Some("its weights are an output of the model".into());
        }
    }
    None
}

fn measure(editor: &Editor, layer: &mut Layer) {
    let mut buffers: Vec<u32> = layer.weights.iter().map(|&(_, root)| editor.tensor(root).buffer).collect();
    buffers.sort_unstable();
    buffers.dedup();
    layer.bytes = buffers.iter().map(|&buffer| editor.file.buffers[buffer as usize].len()).sum();
    let elements = |&(_, root): &(Place, Place)| editor.count(root);
    let channels = |&(_, root): &(Place, Place)| -> usize {
        let (graph, node) = layer.nodes[0];
        let operator = &editor.file.subgraphs[graph].operators[node];
        let axis = role(editor.code(operator), &layer.operator).and_then(|role| role.axis);
        let extent = axis.and_then(|axis| editor.tensor(root).shape.get(axis));
        extent.map_or(1, |&extent| usize::try_from(extent).unwrap_or(1))
    };
    layer.channels = layer.weights.iter().map(channels).sum();
    layer.elements = layer.weights.iter().map(elements).max().unwrap_or(0);
}
