//! Images in planes, `[n, c, h, w]`, → images in pixels, `[n, h, w, c]`.
//!
//! The format's convolutions take pixels, so a model from elsewhere has a TRANSPOSE on either side of each. Here the values
//! between a transposition to planes and one back are found, over all operators to which the order is nothing but the
//! numbers of their axes, and kept as pixels: both transpositions are then identities and go. The model's own inputs and
//! outputs in planes become pixels, too. Where another operator needs the planes, a TRANSPOSE makes them.

use super::edit::{Editor, Place, node, read_by, written};
use crate::error::Result;
use crate::schema::{BuiltinOperator as Code, Operator, Options, Tensor, TensorType, Value};
use crate::tensor::Tensor as Elements;
use std::collections::BTreeSet;

/// Pixels' axes as the planes number them: result axis i is operand axis `PIXELS[i]`.
const PIXELS: [usize; 4] = [0, 2, 3, 1];
/// Planes' axes as the pixels number them.
const PLANES: [usize; 4] = [0, 3, 1, 2];

/// Keeps as pixels what lies in planes.
pub fn pixels_from_planes(editor: &mut Editor) -> Result<()> {
    for graph in 0..editor.file.subgraphs.len() {
        let planes = planes(editor, graph)?;
        if !planes.is_empty() {
            rewrite(editor, graph, &planes)?;
        }
    }
    Ok(())
}

/// What the order of the axes is to an operator.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// It makes planes of pixels.
    ToPlanes,
    /// It makes pixels of planes.
    ToPixels,
    /// Nothing.
    Elementwise,
    /// An axis in the options.
    Concat,
    /// The rows of operand 1.
    Pad,
    /// The numbers in operand 1.
    Reduce,
    /// More than that.
    Other,
}

fn kind(editor: &Editor, graph: usize, operator: &Operator) -> Result<Kind> {
    let tensors = &editor.file.subgraphs[graph].tensors;
    let integers = |input: usize| -> Result<Option<Vec<i64>>> {
        let index = operator.inputs.get(input).and_then(|&index| usize::try_from(index).ok());
        let constant = index.filter(|&index| !editor.file.buffers[tensors[index].buffer as usize].is_empty());
        Ok(constant
            .map(|index| editor.elements((graph, index)))
            .transpose()?
            .and_then(|list| list.to_integers()))
    };
    let shape = |list: &[i32]| {
        let index = list.first().and_then(|&index| usize::try_from(index).ok());
        index.map_or(&[][..], |index| &tensors[index].shape)
    };
    let option = |field: &str| operator.builtin_options.as_ref().and_then(|options| options.int(field).ok());
    let is = |order: [usize; 4], given: &[i64]| given == order.map(|axis| axis as i64);
    Ok(match editor.code(operator) {
        Code::TRANSPOSE => match integers(1)? {
            Some(order) if is(PLANES, &order) => Kind::ToPlanes,
            Some(order) if is(PIXELS, &order) => Kind::ToPixels,
            _ => Kind::Other,
        },
        Code::RESHAPE => match (shape(&operator.inputs), shape(&operator.outputs)) {
            // Of one channel the two orders are the same.
            (&[n, h, w, 1], &[m, 1, i, j]) if [n, h, w] == [m, i, j] => Kind::ToPlanes,
            (&[n, 1, h, w], &[m, i, j, 1]) if [n, h, w] == [m, i, j] => Kind::ToPixels,
            _ => Kind::Other,
        },
        Code::CONCATENATION => Kind::Concat,
        Code::PAD | Code::MIRROR_PAD if integers(1)?.is_some_and(|rows| rows.len() == 8) => Kind::Pad,
        Code::MEAN | Code::SUM | Code::REDUCE_MAX | Code::REDUCE_MIN => match integers(1)? {
            Some(axes)
                if option("keep_dims") == Some(1)
                    || matches!(axes[..], [2, 3] | [3, 2] | [-2, -1] | [-1, -2]) =>
            {
                Kind::Reduce
            }
            _ => Kind::Other,
        },
        code if ELEMENTWISE.contains(&code) => {
            let fits = |index: usize| {
                let tensor = &tensors[index];
                tensor.shape.len() == 4 || broadcasts(&tensor.shape) && is_constant(editor, (graph, index))
            };
            if read_by(operator).all(fits) { Kind::Elementwise } else { Kind::Other }
        }
        _ => Kind::Other,
    })
}

/// The operators that treat every element alike.
const ELEMENTWISE: &[Code] = &[
    Code::ADD,
    Code::SUB,
    Code::MUL,
    Code::DIV,
    Code::MAXIMUM,
    Code::MINIMUM,
    Code::RELU,
    Code::RELU6,
    Code::RELU_N1_TO_1,
    Code::LEAKY_RELU,
    Code::PRELU,
    Code::ELU,
    Code::GELU,
    Code::HARD_SWISH,
    Code::LOGISTIC,
    Code::TANH,
    Code::ABS,
    Code::EXP,
    Code::NEG,
    Code::SQRT,
    Code::RSQRT,
    Code::SQUARE,
    Code::POW,
    Code::QUANTIZE,
    Code::DEQUANTIZE,
];

/// Whether a shape of fewer axes can be one of pixels: a number, or a number for each channel.
fn broadcasts(shape: &[i32]) -> bool {
    shape.iter().all(|&extent| extent == 1) || matches!(shape, [_, 1, 1])
}

fn is_constant(editor: &Editor, place: Place) -> bool {
    !editor.file.buffers[editor.tensor(place).buffer as usize].is_empty()
}

/// The tensors of rank 4 that lie in planes and are to be pixels.
fn planes(editor: &Editor, graph: usize) -> Result<BTreeSet<usize>> {
    let subgraph = &editor.file.subgraphs[graph];
    let image =
        |index: &usize| subgraph.tensors[*index].shape.len() == 4 && !is_constant(editor, (graph, *index));
    let kinds: Vec<Kind> =
        subgraph.operators.iter().map(|operator| kind(editor, graph, operator)).collect::<Result<_>>()?;
    let mut planes = BTreeSet::new();
    for (operator, kind) in subgraph.operators.iter().zip(&kinds) {
        match kind {
            Kind::ToPlanes => planes.extend(written(operator).filter(image)),
            Kind::ToPixels => {
                planes.extend(operator.inputs.iter().take(1).map(|&index| index as usize).filter(image))
            }
            _ => {}
        }
    }
    loop {
        let before = planes.len();
        for (operator, kind) in subgraph.operators.iter().zip(&kinds) {
            let agnostic = matches!(kind, Kind::Elementwise | Kind::Concat | Kind::Pad | Kind::Reduce);
            let touched = || read_by(operator).chain(written(operator)).filter(image);
            if agnostic && touched().any(|index| planes.contains(&index)) {
                planes.extend(touched());
            }
        }
        if planes.len() == before {
            return Ok(planes);
        }
    }
}

fn rewrite(editor: &mut Editor, graph: usize, planes: &BTreeSet<usize>) -> Result<()> {
    let operators = std::mem::take(&mut editor.file.subgraphs[graph].operators);
    let kinds: Vec<Kind> =
        operators.iter().map(|operator| kind(editor, graph, operator)).collect::<Result<_>>()?;
    let mut kept = Vec::with_capacity(operators.len());
    let mut identities = Vec::new();
    for (mut operator, kind) in operators.into_iter().zip(kinds) {
        let inside = |index: i32| usize::try_from(index).is_ok_and(|index| planes.contains(&index));
        match kind {
            Kind::ToPlanes if inside(operator.outputs[0]) => {
                identities.push((operator.inputs[0], operator.outputs[0]));
                continue;
            }
            Kind::ToPixels if inside(operator.inputs[0]) => {
                identities.push((operator.inputs[0], operator.outputs[0]));
                continue;
            }
            Kind::Elementwise | Kind::Concat | Kind::Pad | Kind::Reduce
                if operator.inputs.iter().any(|&index| inside(index)) =>
            {
                renumber(editor, graph, &mut operator, kind)?;
                kept.push(operator);
            }
            _ => surround(editor, graph, operator, planes, &mut kept)?,
        }
    }
    for &index in planes {
        let tensor = &mut editor.file.subgraphs[graph].tensors[index];
        tensor.shape = reordered(&tensor.shape, PIXELS);
        if tensor.shape_signature.len() == 4 {
            tensor.shape_signature = reordered(&tensor.shape_signature, PIXELS);
        }
    }
    editor.file.subgraphs[graph].operators = kept;
    for index in 0..identities.len() {
        let (from, to) = identities[index];
        let (gone, left) = super::real::join(editor, graph, from, to);
        for (from, to) in &mut identities[index + 1..] {
            for end in [from, to].into_iter().filter(|end| **end == gone) {
                *end = left;
            }
        }
    }
    Ok(())
}

fn reordered<T: Copy>(list: &[T], order: [usize; 4]) -> Vec<T> {
    order.iter().map(|&axis| list[axis]).collect()
}

/// The axis of pixels that an axis of planes is.
fn axis_of_pixels(axis: i64) -> i64 {
    match if axis < 0 { axis + 4 } else { axis } {
        1 => 3,
        2 => 1,
        3 => 2,
        axis => axis,
    }
}

/// Gives an operator that works on planes the axes of pixels.
fn renumber(editor: &mut Editor, graph: usize, operator: &mut Operator, kind: Kind) -> Result<()> {
    match kind {
        Kind::Concat => {
            if let Some(options) = operator.builtin_options.take() {
                let axis = axis_of_pixels(options.int("axis")?);
                operator.builtin_options = Some(options.with("axis", Value::Int(axis))?);
            }
        }
        Kind::Pad | Kind::Reduce => {
            let index = operator.inputs[1] as usize;
            let list = editor.elements((graph, index))?;
            let integers = list.to_integers().unwrap_or_default();
            let integers: Vec<i64> = match kind {
                Kind::Pad => {
                    PIXELS.iter().flat_map(|&axis| [integers[2 * axis], integers[2 * axis + 1]]).collect()
                }
                _ => integers.into_iter().map(axis_of_pixels).collect(),
            };
            let list = Elements::from_integers(list.ty().clone(), &integers)?;
            let tensor = editor.tensor((graph, index)).clone();
            operator.inputs[1] = editor.add_constant(graph, tensor, list.as_bytes()) as i32;
        }
        _ => {}
    }
    // Constants that are images, or a number for each channel.
    for input in 0..operator.inputs.len() {
        let Ok(index) = usize::try_from(operator.inputs[input]) else { continue };
        let tensor = editor.tensor((graph, index)).clone();
        if !is_constant(editor, (graph, index)) || (kind != Kind::Elementwise && tensor.shape.len() != 4) {
            continue;
        }
        let extents: Vec<usize> = editor.elements((graph, index))?.shape().to_vec();
        let (Some(shape), Ok(reals)) = (four(&extents), editor.reals((graph, index))) else { continue };
        let values = transposed(&reals, shape);
        let shape: Vec<i32> = PIXELS.iter().map(|&axis| shape[axis] as i32).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let pixels =
            Tensor { shape, kind: TensorType::FLOAT32, quantization: None, sparsity: None, ..tensor };
        operator.inputs[input] = editor.add_constant(graph, pixels, bytes) as i32;
    }
    Ok(())
}

/// A shape of planes with four axes, where it has more than one number.
fn four(shape: &[usize]) -> Option<[usize; 4]> {
    match *shape {
        [n, c, h, w] => Some([n, c, h, w]),
        [c, 1, 1] => Some([1, c, 1, 1]),
        _ => None,
    }
}

/// Planes as pixels.
fn transposed(values: &[f32], [n, c, h, w]: [usize; 4]) -> Vec<f32> {
    let pixels = (0..n).flat_map(move |image| (0..h * w).map(move |pixel| (image, pixel)));
    pixels
        .flat_map(|(image, pixel)| (0..c).map(move |channel| values[(image * c + channel) * h * w + pixel]))
        .collect()
}

/// Puts an operator that needs planes, with transpositions of the pixels that it reads and writes.
fn surround(
    editor: &mut Editor,
    graph: usize,
    mut operator: Operator,
    planes: &BTreeSet<usize>,
    kept: &mut Vec<Operator>,
) -> Result<()> {
    let inside = |index: i32| usize::try_from(index).ok().filter(|index| planes.contains(index));
    for input in 0..operator.inputs.len() {
        if let Some(index) = inside(operator.inputs[input]) {
            let copy = planes_of(editor, graph, index);
            kept.push(transpose(editor, graph, (index, copy), PLANES)?);
            operator.inputs[input] = copy as i32;
        }
    }
    let mut after = Vec::new();
    for output in 0..operator.outputs.len() {
        if let Some(index) = inside(operator.outputs[output]) {
            let copy = planes_of(editor, graph, index);
            after.push(transpose(editor, graph, (copy, index), PIXELS)?);
            operator.outputs[output] = copy as i32;
        }
    }
    kept.push(operator);
    kept.extend(after);
    Ok(())
}

/// A tensor of planes beside the one of pixels, whose shape is still that of planes.
fn planes_of(editor: &mut Editor, graph: usize, index: usize) -> usize {
    let tensor = editor.tensor((graph, index)).clone();
    editor.add_tensor(graph, Tensor { name: format!("{}/planes", tensor.name), ..tensor })
}

fn transpose(
    editor: &mut Editor,
    graph: usize,
    (from, to): (usize, usize),
    order: [usize; 4],
) -> Result<Operator> {
    let bytes: Vec<u8> = order.iter().flat_map(|&axis| (axis as i32).to_le_bytes()).collect();
    let list = Tensor {
        name: format!("{}/order", editor.tensor((graph, to)).name),
        shape: vec![4],
        kind: TensorType::INT32,
        ..Tensor::default()
    };
    let list = editor.add_constant(graph, list, bytes);
    let opcode = editor.opcode(Code::TRANSPOSE, 2);
    Ok(node(opcode, &[from, list], &[to], Some(Options::new("TransposeOptions", &[])?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_and_numbers_move_to_their_places() {
        assert_eq!([0, 1, 2, 3, -1, -3].map(axis_of_pixels), [0, 3, 1, 2, 2, 3]);
        assert_eq!(reordered(&[1, 3, 4, 5], PIXELS), [1, 4, 5, 3]);
        let planes = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(transposed(&planes, [1, 2, 1, 3]), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert!(broadcasts(&[]) && broadcasts(&[1]) && broadcasts(&[7, 1, 1]) && !broadcasts(&[7]));
    }
}
