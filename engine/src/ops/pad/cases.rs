use super::Pad;
use crate::ops::case::{Case, Given, constant, given, random_integers, values};
use crate::tensor::{DType, Quantization, Tensor, TensorType};

fn paddings(pairs: &[[i32; 2]]) -> Option<Given> {
    constant(Tensor::from_slice([pairs.len(), 2], pairs.as_flattened()).expect("two for each axis"))
}

fn scalar(value: f32) -> Option<Given> {
    constant(Tensor::from_slice([], &[value]).expect("one"))
}

/// Every axis, channels in whole and broken slices, every filling, all ranks.
pub fn cases() -> Vec<Case> {
    let table: [(&[usize], &[[i32; 2]]); 15] = [
        (&[1, 5, 3, 4], &[[0, 0], [1, 2], [2, 1], [0, 0]]),
        (&[1, 3, 5, 7], &[[0, 0], [1, 1], [1, 1], [0, 0]]),
        (&[1, 3, 5, 8], &[[0, 0], [0, 0], [0, 0], [4, 4]]),
        (&[1, 3, 5, 6], &[[0, 0], [0, 0], [0, 0], [0, 5]]),
        (&[1, 3, 5, 6], &[[0, 0], [0, 0], [0, 0], [3, 1]]),
        (&[2, 3, 5, 3], &[[1, 1], [1, 0], [0, 1], [1, 0]]),
        (&[1, 1, 1, 1], &[[0, 0], [0, 0], [0, 0], [0, 0]]),
        (&[7], &[[3, 2]]),
        (&[3, 5], &[[0, 2], [1, 0]]),
        (&[3, 5, 2], &[[1, 0], [0, 3], [1, 1]]),
        (&[2, 2, 3, 2, 3], &[[0, 1], [1, 0], [1, 1], [0, 0], [2, 0]]),
        (&[2, 3, 3, 2, 3], &[[0, 1], [0, 0], [1, 1], [0, 0], [2, 0]]),
        (&[1, 3, 3, 2, 4], &[[0, 0], [1, 2], [0, 0], [1, 0], [0, 0]]),
        (&[1, 3, 3, 12], &[[0, 0], [0, 0], [2, 2], [0, 4]]),
        (&[], &[]),
    ];
    let mut cases = Vec::new();
    for (shape, pairs) in table {
        let name = format!("{shape:?}_{pairs:?}");
        cases.push(Case::new(format!("zero_{name}"), Pad::Zero, vec![given(shape), paddings(pairs)]));
        cases.push(Case::new(
            format!("value_{name}"),
            Pad::Value,
            vec![given(shape), paddings(pairs), scalar(-0.75)],
        ));
    }
    let mirrors: [(&[usize], &[[i32; 2]]); 7] = [
        (&[1, 5, 3, 4], &[[0, 0], [1, 2], [2, 1], [0, 0]]),
        (&[1, 5, 7, 3], &[[0, 0], [4, 4], [6, 6], [0, 0]]),
        (&[2, 3, 5, 6], &[[1, 1], [0, 0], [0, 0], [5, 3]]),
        (&[1, 3, 5, 8], &[[0, 0], [0, 0], [0, 0], [4, 4]]),
        (&[7], &[[3, 2]]),
        (&[3, 5], &[[0, 2], [1, 0]]),
        (&[2, 2, 3, 2, 3], &[[0, 1], [1, 0], [1, 1], [0, 0], [2, 0]]),
    ];
    for (shape, pairs) in mirrors {
        for op in [Pad::Reflect, Pad::Symmetric] {
            cases.push(Case::new(
                format!("{op:?}_{shape:?}_{pairs:?}"),
                op,
                vec![given(shape), paddings(pairs)],
            ));
        }
    }
    for dtype in [DType::I8, DType::U8, DType::I16] {
        let ty = TensorType {
            quantization: Some(Quantization::per_tensor(0.25, 5)),
            ..TensorType::new(dtype, [1, 3, 5, 3])
        };
        let inputs =
            vec![values(random_integers(ty.clone(), 0, 127)), paddings(&[[0, 0], [1, 2], [0, 1], [0, 0]])];
        cases.push(Case::new(dtype.to_string(), Pad::Zero, inputs).outputs(vec![ty]));
    }
    cases
}
