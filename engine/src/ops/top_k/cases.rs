use super::TopK;
use crate::ops::case::{Case, constant, given, random_integers, values};
use crate::tensor::{DType, Tensor, TensorType};

/// Ranks, types, ties and every length from none to all.
pub fn cases() -> Vec<Case> {
    let k = |k: i32| constant(Tensor::from_slice([], &[k]).expect("a scalar"));
    let outputs = |dtype| vec![TensorType::new(dtype, []), TensorType::new(DType::I32, [])];
    let mut cases = Vec::new();
    for (shape, count) in [
        (&[9][..], 3),
        (&[3, 5], 1),
        (&[3, 5], 5),
        (&[2, 3, 7], 4),
        (&[1, 2, 3, 33], 10),
        (&[2, 1, 2, 3, 5], 2),
        (&[7], 0),
    ] {
        let case = Case::new(format!("{count} of {shape:?}"), TopK, vec![given(shape), k(count)]);
        cases.push(case.outputs(outputs(DType::F32)));
    }
    for dtype in [DType::I8, DType::U8, DType::I16, DType::I32, DType::I64] {
        let few = random_integers(TensorType::new(dtype, [3, 17]), 0, 5);
        let case = Case::new(format!("{dtype} with ties"), TopK, vec![values(few), k(9)]);
        cases.push(case.outputs(outputs(dtype)));
    }
    cases
}
