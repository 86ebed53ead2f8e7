//! Weights stored in another form: reals, halves behind DEQUANTIZE, or integers, which the operator takes itself or reals
//! made of them.

use super::edit::{Editor, Place, node};
use super::layer::{Layer, Role, Takes, role};
use super::scale::{Bits, Granularity, Integers};
use crate::error::Result;
use crate::schema::{
    BlockwiseQuantization, BuiltinOperator, Options, Quantization, QuantizationDetails, Tensor, TensorType,
    Value,
};
use half::f16;
use std::collections::BTreeMap;
use std::fmt;

/// How a layer's weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As they were.
    AsTheyWere,
    /// f32.
    Reals,
    /// Halves behind a DEQUANTIZE.
    Halves,
    /// Integers behind a DEQUANTIZE: the operator computes with reals.
    Unpacked(Bits),
    /// Integers that the operator multiplies with activations made integers at run time.
    Dynamic(Bits),
    /// Integers of a layer whose activations are integers, too.
    Static,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::AsTheyWere => "as it was",
            Form::Reals => "f32",
            Form::Halves => "f16",
            Form::Unpacked(Bits::Eight) => "int8 weights",
            Form::Unpacked(Bits::Four) => "int4 weights",
            Form::Dynamic(Bits::Eight) => "int8 dynamic",
            Form::Dynamic(Bits::Four) => "int4 dynamic",
            Form::Static => "int8 static",
        })
    }
}

/// Halves of fewer elements cost more than they save: each needs a node and a tensor more than reals do.
const FEWEST_HALVES: usize = 64;

/// Blocks of integers that a FULLY_CONNECTED takes itself have at least so many elements.
const SMALLEST_BLOCK: usize = 32;

/// Stores the weights of a layer; tells in which form they are in the end, and why where it is another one.
pub fn store(
    editor: &mut Editor,
    layer: &Layer,
    form: Form,
    granularity: Granularity,
) -> Result<(Form, String)> {
    let (graph, first) = layer.nodes[0];
    let operator = &editor.file.subgraphs[graph].operators[first];
    let Some(role) = role(editor.code(operator), &layer.operator) else {
        return Ok((Form::AsTheyWere, "it has no weights".into()));
    };
    let (form, mut why) = match form {
        Form::Dynamic(bits) if role.takes == Takes::Reals => {
            (Form::Unpacked(bits), format!("{} does not take integers", layer.operator))
        }
        Form::Dynamic(Bits::Four) if !role.takes_four_bits => {
            (Form::Unpacked(Bits::Four), format!("{} does not take four bits", layer.operator))
        }
        form => (form, String::new()),
    };
    // A tensor that several nodes read is made once.
    let mut made: BTreeMap<Place, usize> = BTreeMap::new();
    for &(tensor, root) in &layer.weights {
        let (new, note) = match form {
            Form::AsTheyWere | Form::Static => continue,
            Form::Reals => (reals(editor, tensor, root)?, None),
            Form::Halves => halves(editor, tensor, root)?,
            Form::Unpacked(bits) => integers(editor, tensor, root, &role, (bits, granularity, false))?,
            Form::Dynamic(bits) => integers(editor, tensor, root, &role, (bits, granularity, true))?,
        };
        made.insert(tensor, new);
        if let Some(note) = note.filter(|_| why.is_empty()) {
            why = note;
        }
    }
    for &(graph, node) in &layer.nodes {
        for &input in role.inputs {
            let operand = editor.file.subgraphs[graph].operators[node].inputs.get_mut(input);
            let Some(operand) = operand else { continue };
            let old = usize::try_from(*operand).ok().and_then(|tensor| made.get(&(graph, tensor)));
            if let Some(&new) = old {
                *operand = new as i32;
            }
        }
        if matches!(form, Form::Dynamic(_)) {
            let by_channel = role.axis.is_some() && granularity != Granularity::Tensor;
            editor.raise_version((graph, node), role.version(by_channel));
            asymmetric(editor, (graph, node))?;
            real_constants(editor, (graph, node))?;
        }
    }
    Ok((form, why))
}

/// Lets the node read f32 where it reads halves behind a DEQUANTIZE: runtimes want a constant bias beside integers.
fn real_constants(editor: &mut Editor, (graph, node): Place) -> Result<()> {
    let producers = editor.producers(graph);
    for input in 0..editor.file.subgraphs[graph].operators[node].inputs.len() {
        let tensor = editor.file.subgraphs[graph].operators[node].inputs[input];
        let Some(tensor) = usize::try_from(tensor).ok().filter(|&tensor| tensor < producers.len()) else {
            continue;
        };
        let root = editor.root(&producers, (graph, tensor)).filter(|&root| root != tensor);
        if let Some(root) = root {
            let real = reals(editor, (graph, tensor), (graph, root))?;
            editor.file.subgraphs[graph].operators[node].inputs[input] = real as i32;
        }
    }
    Ok(())
}

/// Lets activations become integers with a zero point, where the operator leaves that open.
fn asymmetric(editor: &mut Editor, place: Place) -> Result<()> {
    let field = "asymmetric_quantize_inputs";
    let options = editor.file.subgraphs[place.0].operators[place.1].builtin_options.as_ref();
    let open = options.is_some_and(|options| options.bool(field).is_ok());
    if open { editor.set_option(place, field, Value::Int(1)) } else { Ok(()) }
}

/// A tensor like `old` of another type.
fn retyped(editor: &Editor, place: Place, kind: TensorType, quantization: Option<Quantization>) -> Tensor {
    let old = editor.tensor(place);
    Tensor {
        shape: old.shape.clone(),
        has_rank: old.has_rank,
        name: old.name.clone(),
        kind,
        quantization,
        ..Tensor::default()
    }
}

fn reals(editor: &mut Editor, tensor: Place, root: Place) -> Result<usize> {
    let values = editor.reals(root)?;
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let tensor = retyped(editor, tensor, TensorType::FLOAT32, None);
    Ok(editor.add_constant(root.0, tensor, bytes))
}

/// Halves, or reals where a number would leave their range.
fn halves(editor: &mut Editor, tensor: Place, root: Place) -> Result<(usize, Option<String>)> {
    let values = editor.reals(root)?;
    if values.iter().any(|value| value.abs() > f16::MAX.to_f32()) {
        return Ok((reals(editor, tensor, root)?, Some("a number is past what halves hold".into())));
    }
    let bytes: Vec<u8> = values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
    let stored = retyped(editor, tensor, TensorType::FLOAT16, None);
    let stored = editor.add_constant(root.0, stored, bytes);
    Ok((dequantized(editor, tensor, stored, 3), None))
}

/// The reals that a DEQUANTIZE of `stored` gives, in the place of `tensor`.
fn dequantized(editor: &mut Editor, tensor: Place, stored: usize, version: i32) -> usize {
    let reals = retyped(editor, tensor, TensorType::FLOAT32, None);
    let reals = editor.add_tensor(tensor.0, reals);
    let opcode = editor.opcode(BuiltinOperator::DEQUANTIZE, version);
    editor.put_first(tensor.0, node(opcode, &[stored], &[reals], None));
    reals
}

/// Integers of `root` for the operator, which takes them itself if `dynamic`.
fn integers(
    editor: &mut Editor,
    tensor: Place,
    root: Place,
    role: &Role,
    (bits, granularity, dynamic): (Bits, Granularity, bool),
) -> Result<(usize, Option<String>)> {
    let values = editor.reals(root)?;
    let shape: Vec<usize> = editor.elements(root)?.shape().to_vec();
    let row = shape.last().copied().unwrap_or(1);
    let (granularity, note) = match granularity {
        Granularity::Block(size) if size == 0 || row % size != 0 => {
            (Granularity::Channel, Some(format!("its rows of {row} are not made of blocks of {size}")))
        }
        granularity => (granularity, None),
    };
    if let Granularity::Block(size) = granularity {
        let taken = dynamic && bits == Bits::Four && shape.len() == 2 && size % SMALLEST_BLOCK == 0;
        return Ok(match taken {
            true => (by_blocks(editor, tensor, &values, &shape, size), note),
            false => (unpacked_blocks(editor, tensor, &values, (bits, size))?, note),
        });
    }
    let axis = role.axis.filter(|&axis| granularity == Granularity::Channel && axis < shape.len());
    let integers = Integers::new(&values, &shape, axis, bits);
    let stored = retyped(editor, tensor, integers.kind(), Some(integers.quantization()));
    let stored = editor.add_constant(root.0, stored, integers.bytes());
    if dynamic {
        return Ok((stored, note));
    }
    let version = match bits {
        Bits::Four => 6,
        Bits::Eight if integers.scales.len() > 1 => 5,
        Bits::Eight => 2,
    };
    Ok((dequantized(editor, tensor, stored, version), note))
}

/// Integers of four bits with a scale of half precision for each block of a row.
fn by_blocks(editor: &mut Editor, tensor: Place, values: &[f32], shape: &[usize], size: usize) -> usize {
    let blocks = values.len() / size;
    let halves = |scale: &f32| f16::from_f32(*scale);
    let scales: Vec<f16> =
        Integers::new(values, &[blocks, size], Some(0), Bits::Four).scales.iter().map(halves).collect();
    // The integers are those of the scales as they are stored.
    let integer = |(index, &value): (usize, &f32)| {
        let scale = scales[index / size].to_f32();
        (value / if scale > 0.0 { scale } else { 1.0 }).round().clamp(-7.0, 7.0) as i8
    };
    let integers: Vec<i8> = values.iter().enumerate().map(integer).collect();
    let name = format!("{}/scales", editor.tensor(tensor).name);
    let table = vec![shape[0] as i32, (shape[1] / size) as i32];
    let table = Tensor { name, shape: table, kind: TensorType::FLOAT16, ..Tensor::default() };
    let bytes: Vec<u8> = scales.iter().flat_map(|scale| scale.to_le_bytes()).collect();
    let scales = editor.add_constant(tensor.0, table, bytes) as i32;
    let blocks =
        BlockwiseQuantization { scales, zero_points: -1, block_size: size as i32, block_shape: Vec::new() };
    let quantization =
        Quantization { details: QuantizationDetails::Blockwise(blocks), ..Quantization::default() };
    let stored = retyped(editor, tensor, TensorType::INT4, Some(quantization));
    editor.add_constant(tensor.0, stored, crate::tflite::pack_four_bits(&integers))
}

/// Integers as rows of one block each, which DEQUANTIZE takes, and a RESHAPE to the weights' shape.
fn unpacked_blocks(
    editor: &mut Editor,
    tensor: Place,
    values: &[f32],
    (bits, size): (Bits, usize),
) -> Result<usize> {
    let blocks = values.len() / size;
    let integers = Integers::new(values, &[blocks, size], Some(0), bits);
    let mut stored = retyped(editor, tensor, integers.kind(), Some(integers.quantization()));
    stored.shape = vec![blocks as i32, size as i32];
    stored.name = format!("{}/blocks", stored.name);
    let stored = editor.add_constant(tensor.0, stored, integers.bytes());
    let version = if bits == Bits::Four { 6 } else { 5 };
    let rows = dequantized(editor, (tensor.0, stored), stored, version);
    let shape = editor.tensor(tensor).shape.clone();
    let bytes: Vec<u8> = shape.iter().flat_map(|extent| extent.to_le_bytes()).collect();
    let list = Tensor {
        name: format!("{}/shape", editor.tensor(tensor).name),
        shape: vec![shape.len() as i32],
        kind: TensorType::INT32,
        ..Tensor::default()
    };
    let list = editor.add_constant(tensor.0, list, bytes);
    let reals = retyped(editor, tensor, TensorType::FLOAT32, None);
    let reals = editor.add_tensor(tensor.0, reals);
    let new_shape = Value::Ints(shape.iter().map(|&extent| extent.into()).collect());
    let options = Options::new("ReshapeOptions", &[("new_shape", new_shape)])?;
    let opcode = editor.opcode(BuiltinOperator::RESHAPE, 1);
    editor.put_first(tensor.0, node(opcode, &[rows, list], &[reals], Some(options)));
    Ok(reals)
}

/// Stores the real constants that are no layer's weights: as reals or halves.
///
/// Halves of a few elements become reals in any case, since their DEQUANTIZE takes more than it saves.
pub fn store_rest(editor: &mut Editor, form: Form) -> Result<()> {
    let weights: Vec<u32> = super::layer::layers(editor)
        .iter()
        .flat_map(|layer| &layer.weights)
        .map(|&(_, root)| editor.tensor(root).buffer)
        .collect();
    for graph in 0..editor.file.subgraphs.len() {
        for (tensor, root) in constants(editor, graph) {
            let stored = editor.tensor(root);
            let is_packed = tensor != root || stored.sparsity.is_some();
            let large = editor.count(root) >= FEWEST_HALVES;
            let owned = weights.contains(&editor.tensor(root).buffer);
            let new = match form {
                Form::Reals if is_packed => reals(editor, tensor, root)?,
                Form::Halves if large && !is_packed && !owned => halves(editor, tensor, root)?.0,
                _ if !large && is_packed => reals(editor, tensor, root)?,
                _ => continue,
            };
            redirect(editor, tensor, new);
        }
    }
    Ok(())
}

/// The f32 tensors that nodes read as constants, each with the place of its constant.
fn constants(editor: &Editor, graph: usize) -> Vec<(Place, Place)> {
    let producers = editor.producers(graph);
    let subgraph = &editor.file.subgraphs[graph];
    let real = |&tensor: &usize| subgraph.tensors[tensor].kind == TensorType::FLOAT32;
    let root = |tensor: usize| Some(((graph, tensor), (graph, editor.root(&producers, (graph, tensor))?)));
    (0..subgraph.tensors.len()).filter(real).filter_map(root).collect()
}

/// Lets every reader of a tensor read another one.
pub fn redirect(editor: &mut Editor, (graph, old): Place, new: usize) {
    let subgraph = &mut editor.file.subgraphs[graph];
    let inputs = subgraph.operators.iter_mut().flat_map(|operator| &mut operator.inputs);
    for index in inputs.chain(&mut subgraph.outputs) {
        if *index == old as i32 {
            *index = new as i32;
        }
    }
}
