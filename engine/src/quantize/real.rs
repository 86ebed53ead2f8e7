//! Integer activations → reals.
//!
//! Every quantized tensor becomes one of f32, every quantized constant the reals it stands for, and the nodes that only
//! change steps go. A range of steps that begins at zero, or ends at six as well, is how such models carry a RELU or RELU6
//! that no node names: the activation is put where the range was.

use super::edit::{Editor, Place};
use crate::error::{Error, Result};
use crate::schema::{BuiltinOperator, Operator, Quantization, Tensor, TensorType, Value};

/// Codes of fused activations in the format.
const NONE: i64 = 0;
const RELU: i64 = 1;
const RELU6: i64 = 3;

/// The field of a node's options that names its activation.
const ACTIVATION: &str = "fused_activation_function";

/// Makes all activations real, where any is not.
pub fn activations(editor: &mut Editor) -> Result<()> {
    for graph in 0..editor.file.subgraphs.len() {
        if has_steps(editor, graph) {
            refuse(editor, graph)?;
            carry_activations(editor, graph)?;
            constants(editor, graph)?;
            retype(editor, graph);
            join_steps(editor, graph);
        }
    }
    Ok(())
}

/// Whether the integers of this tensor stand for reals.
fn is_quantized(tensor: &Tensor) -> bool {
    let integer =
        [TensorType::INT4, TensorType::INT8, TensorType::UINT8, TensorType::INT16, TensorType::INT32];
    let scaled = |quantization: &Quantization| !quantization.scale.is_empty() && quantization.scale != [0.0];
    integer.contains(&tensor.kind) && tensor.quantization.as_ref().is_some_and(scaled)
}

fn is_constant(editor: &Editor, (graph, tensor): Place) -> bool {
    let tensor = editor.tensor((graph, tensor));
    !editor.file.buffers[tensor.buffer as usize].is_empty()
}

/// Whether any value that is computed is quantized.
fn has_steps(editor: &Editor, graph: usize) -> bool {
    let tensors = editor.file.subgraphs[graph].tensors.iter().enumerate();
    let mut quantized = tensors.filter(|(_, tensor)| is_quantized(tensor));
    quantized.any(|(index, _)| !is_constant(editor, (graph, index)))
}

/// Refuses nodes that take the integers for what they are.
fn refuse(editor: &Editor, graph: usize) -> Result<()> {
    let subgraph = &editor.file.subgraphs[graph];
    for (index, operator) in subgraph.operators.iter().enumerate() {
        let plain = matches!(editor.code(operator), BuiltinOperator::CAST | BuiltinOperator::BITCAST);
        if plain && super::edit::read_by(operator).any(|input| is_quantized(&subgraph.tensors[input])) {
            return Err(Error::Unsupported {
                node: index.to_string(),
                operator: editor.operator_name(operator),
                reason: "it takes the integers of a quantized value, which cannot become real".into(),
            });
        }
    }
    Ok(())
}

/// Puts the activations that ranges carry into the nodes' options.
fn carry_activations(editor: &mut Editor, graph: usize) -> Result<()> {
    for node in 0..editor.file.subgraphs[graph].operators.len() {
        let operator = &editor.file.subgraphs[graph].operators[node];
        let given = operator.builtin_options.as_ref().and_then(|options| options.int(ACTIVATION).ok());
        let output = operator.outputs.first().and_then(|&output| usize::try_from(output).ok());
        let (Some(given), Some(output)) = (given, output) else { continue };
        let carried = carried(&editor.file.subgraphs[graph].tensors[output]);
        if (given == NONE && carried != NONE) || (given == RELU && carried == RELU6) {
            let code = editor.code(&editor.file.subgraphs[graph].operators[node]);
            editor.set_option((graph, node), ACTIVATION, Value::Int(carried))?;
            if code == BuiltinOperator::TRANSPOSE_CONV {
                editor.raise_version((graph, node), 4);
            }
        }
    }
    Ok(())
}

/// The activation that a tensor's range carries.
fn carried(tensor: &Tensor) -> i64 {
    let range = match tensor.kind {
        TensorType::UINT8 => (0, 255),
        TensorType::INT8 => (-128, 127),
        _ => return NONE,
    };
    let Some(quantization) =
        tensor.quantization.as_ref().filter(|quantization| quantization.scale.len() == 1)
    else {
        return NONE;
    };
    let (scale, zero_point) = (quantization.scale[0], quantization.zero_point.first().copied().unwrap_or(0));
    if zero_point != range.0 {
        return NONE;
    }
    let most = scale * (range.1 - zero_point) as f32;
    if (most - 6.0).abs() <= scale { RELU6 } else { RELU }
}

/// Makes the constants real that nodes read as quantized ones.
fn constants(editor: &mut Editor, graph: usize) -> Result<()> {
    for node in 0..editor.file.subgraphs[graph].operators.len() {
        let operator = editor.file.subgraphs[graph].operators[node].clone();
        for (input, &tensor) in operator.inputs.iter().enumerate() {
            let Ok(tensor) = usize::try_from(tensor) else { continue };
            if !is_constant(editor, (graph, tensor)) {
                continue;
            }
            let scale = bias_scale(editor, graph, &operator, input);
            let reals: Vec<f32> = match scale {
                Some(scale) => {
                    let integers = editor.elements((graph, tensor))?.to_integers().unwrap_or_default();
                    let scaled = |(index, &integer): (usize, &i64)| {
                        (integer as f64 * scale[if scale.len() > 1 { index % scale.len() } else { 0 }]) as f32
                    };
                    integers.iter().enumerate().map(scaled).collect()
                }
                None if is_quantized(editor.tensor((graph, tensor))) => editor.reals((graph, tensor))?,
                None => continue,
            };
            let old = editor.tensor((graph, tensor));
            let real = Tensor {
                kind: TensorType::FLOAT32,
                quantization: None,
                sparsity: None,
                external_buffer: 0,
                ..old.clone()
            };
            let bytes: Vec<u8> = reals.iter().flat_map(|real| real.to_le_bytes()).collect();
            let real = editor.add_constant(graph, real, bytes);
            editor.file.subgraphs[graph].operators[node].inputs[input] = real as i32;
        }
    }
    Ok(())
}

/// The scales of a bias: those of the products that it is added to, whatever the file says of the bias itself.
fn bias_scale(editor: &Editor, graph: usize, operator: &Operator, input: usize) -> Option<Vec<f64>> {
    let (values, weights) = match (editor.code(operator), input) {
        (
            BuiltinOperator::CONV_2D | BuiltinOperator::DEPTHWISE_CONV_2D | BuiltinOperator::FULLY_CONNECTED,
            2,
        ) => (0, 1),
        (BuiltinOperator::TRANSPOSE_CONV, 3) => (2, 1),
        _ => return None,
    };
    let tensors = &editor.file.subgraphs[graph].tensors;
    let tensor = |input: usize| tensors.get(usize::try_from(*operator.inputs.get(input)?).ok()?);
    let bias = tensor(input)?;
    if !matches!(bias.kind, TensorType::INT32 | TensorType::INT64) {
        return None;
    }
    let scale =
        |input: usize| Some(&tensor(input)?.quantization.as_ref()?.scale).filter(|scale| !scale.is_empty());
    let (values, weights) = (scale(values)?[0], scale(weights)?);
    Some(weights.iter().map(|&weight| f64::from(values) * f64::from(weight)).collect())
}

/// Makes the values real that are quantized.
fn retype(editor: &mut Editor, graph: usize) {
    for index in 0..editor.file.subgraphs[graph].tensors.len() {
        if is_constant(editor, (graph, index)) {
            continue;
        }
        let tensor = &mut editor.file.subgraphs[graph].tensors[index];
        if is_quantized(tensor) {
            tensor.kind = TensorType::FLOAT32;
            tensor.quantization = None;
        }
    }
    // What recurrent operators list beside their operands are ranges of integers.
    editor.file.subgraphs[graph].operators.iter_mut().for_each(|operator| operator.intermediates.clear());
}

/// Takes out the nodes that changed steps, now that both sides are real.
fn join_steps(editor: &mut Editor, graph: usize) {
    let mut node = 0;
    while node < editor.file.subgraphs[graph].operators.len() {
        let subgraph = &editor.file.subgraphs[graph];
        let operator = &subgraph.operators[node];
        let steps = matches!(editor.code(operator), BuiltinOperator::QUANTIZE | BuiltinOperator::DEQUANTIZE);
        let real = |index: &i32| subgraph.tensors[*index as usize].kind == TensorType::FLOAT32;
        match (operator.inputs.first(), operator.outputs.first()) {
            (Some(&from), Some(&to)) if steps && real(&from) && real(&to) => {
                editor.file.subgraphs[graph].operators.remove(node);
                join(editor, graph, from, to);
            }
            _ => node += 1,
        }
    }
}

/// Lets two tensors be one, the one that the model's caller knows where he knows one; gives which went and which is left.
pub fn join(editor: &mut Editor, graph: usize, from: i32, to: i32) -> (i32, i32) {
    let subgraph = &mut editor.file.subgraphs[graph];
    let named = subgraph.outputs.contains(&to) && !subgraph.inputs.contains(&from);
    let (gone, kept) = if named && !subgraph.outputs.contains(&from) { (from, to) } else { (to, from) };
    let operators = subgraph
        .operators
        .iter_mut()
        .flat_map(|operator| operator.inputs.iter_mut().chain(&mut operator.outputs));
    for index in operators.chain(&mut subgraph.outputs).filter(|index| **index == gone) {
        *index = kept;
    }
    for def in editor.file.signature_defs.iter_mut().filter(|def| def.subgraph_index as usize == graph) {
        for map in def.inputs.iter_mut().chain(&mut def.outputs).filter(|map| map.tensor_index == gone as u32)
        {
            map.tensor_index = kept as u32;
        }
    }
    (gone, kept)
}
