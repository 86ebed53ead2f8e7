use super::Arg;
use crate::ops::case::{Case, given, integers, random_integers, values};
use crate::tensor::{DType, Quantization, TensorType};

/// Every axis, both searches, each type of places; equal numbers, of which the first counts.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let table: [(&[usize], i32); 11] = [
        (&[1, 3, 5, 7], 3),
        (&[2, 3, 5, 8], -1),
        (&[1, 5, 3, 6], 1),
        (&[2, 3, 5, 4], 2),
        (&[3, 5, 2, 3], 0),
        (&[5, 7], 1),
        (&[5, 7], 0),
        (&[9], 0),
        (&[3, 5, 7], -2),
        (&[3, 1, 5], 1),
        (&[2, 3, 2, 3, 5], 2),
    ];
    for (shape, axis) in table {
        for (op, dtype) in
            [(Arg::Max, DType::F32), (Arg::Min, DType::F32), (Arg::Max, DType::I32), (Arg::Min, DType::I64)]
        {
            let case = Case::new(
                format!("{op:?}_{shape:?}_axis{axis}_{dtype}"),
                op,
                vec![given(shape), integers(&[axis])],
            );
            cases.push(case.outputs(vec![TensorType::new(dtype, [])]).tolerance(0.0));
        }
    }
    for dtype in [DType::I8, DType::U8, DType::I32] {
        let quantization = (dtype != DType::I32).then(|| Quantization::per_tensor(0.1, 3));
        let ty = TensorType { quantization, ..TensorType::new(dtype, [3, 9]) };
        let inputs = vec![values(random_integers(ty, 0, 4)), integers(&[1])];
        let case = Case::new(format!("ties_{dtype}"), Arg::Max, inputs);
        cases.push(case.outputs(vec![TensorType::new(DType::I32, [])]).tolerance(0.0));
    }
    cases
}
