use super::Concat;
use crate::ops::Activation;
use crate::ops::case::{Case, Given, given, random, random_integers, values, weights};
use crate::tensor::{DType, Quantization, TensorType};

/// Numbers that differ from those of other operands of this shape.
fn operand(shape: &[usize], index: u8) -> Option<Given> {
    values(random(shape, index.into(), f32::from(index) + 1.0))
}

/// All axes and ranks, whole and broken slices, many operands, every activation, steps that differ.
pub fn cases() -> Vec<Case> {
    let concat = |axis| Concat { axis, activation: Activation::None };
    let table: [(i64, &[&[usize]]); 19] = [
        (3, &[&[1, 5, 3, 4], &[1, 5, 3, 8]]),
        (3, &[&[1, 5, 3, 4], &[1, 5, 3, 8], &[1, 5, 3, 3]]),
        (-1, &[&[1, 3, 5, 3], &[1, 3, 5, 5]]),
        (-1, &[&[2, 3, 3, 1], &[2, 3, 3, 2], &[2, 3, 3, 7], &[2, 3, 3, 1]]),
        (2, &[&[1, 3, 2, 5], &[1, 3, 7, 5]]),
        (-2, &[&[2, 3, 1, 6], &[2, 3, 1, 6], &[2, 3, 5, 6]]),
        (1, &[&[1, 3, 5, 7], &[1, 1, 5, 7]]),
        (1, &[&[3, 5, 1, 4], &[3, 3, 1, 4]]),
        (0, &[&[1, 3, 5, 6], &[2, 3, 5, 6], &[1, 3, 5, 6]]),
        (0, &[&[3], &[7], &[1]]),
        (1, &[&[3, 5], &[3, 7]]),
        (0, &[&[3, 5], &[1, 5]]),
        (1, &[&[3, 1, 5], &[3, 7, 5]]),
        (2, &[&[2, 1, 3, 2, 5], &[2, 1, 1, 2, 5]]),
        (0, &[&[2, 3, 1, 2, 5], &[1, 3, 1, 2, 5]]),
        (1, &[&[1, 3, 2, 2, 4], &[1, 1, 2, 2, 4]]),
        (3, &[&[1, 3, 5, 7]]),
        (3, &[&[1usize, 1, 3, 1] as &[usize]; 5]),
        (3, &[&[1usize, 2, 3, 4] as &[usize]; 16]),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .enumerate()
        .map(|(index, (axis, shapes))| {
            let name = format!("{index}_axis{axis}_{:?}x{}", shapes[0], shapes.len());
            Case::new(
                name,
                concat(axis),
                (0..).zip(shapes).map(|(index, shape)| operand(shape, index)).collect(),
            )
        })
        .collect();
    for activation in [Activation::Relu, Activation::Relu6, Activation::ReluN1To1, Activation::Tanh] {
        let inputs = vec![given(&[1, 3, 5, 3]), given(&[1, 3, 5, 2])];
        let op = Concat { axis: 3, activation };
        cases.push(Case::new(format!("{activation:?}"), op, inputs).tolerance(2e-6));
    }
    cases.push(Case::new("constant", concat(3), vec![operand(&[1, 5, 3, 4], 2), weights(&[1, 5, 3, 4])]));
    for (dtype, scale) in [(DType::I8, 0.1), (DType::U8, 0.05), (DType::I16, 0.03), (DType::I8, 0.02)] {
        let quantized = |shape: &[usize], scale, zero_point| TensorType {
            quantization: Some(Quantization::per_tensor(scale, zero_point)),
            ..TensorType::new(dtype, shape)
        };
        let integers = |shape: &[usize], scale, zero_point| {
            values(random_integers(quantized(shape, scale, zero_point), 0, 127))
        };
        let inputs = vec![integers(&[2, 3, 5], 0.05, 0), integers(&[2, 3, 2], scale, 5)];
        cases.push(
            Case::new(format!("{dtype}_{scale}"), concat(-1), inputs)
                .outputs(vec![quantized(&[], 0.05, 3)])
                .tolerance(0.0),
        );
    }
    let longs =
        |shape: &[usize]| values(random_integers(TensorType::new(DType::I64, shape), -1 << 40, 1 << 40));
    cases.push(
        Case::new("i64", concat(0), vec![longs(&[2, 3]), longs(&[1, 3])])
            .outputs(vec![TensorType::new(DType::I64, [])]),
    );
    cases
}
