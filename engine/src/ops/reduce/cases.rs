use super::{Reduce, Reducer};
use crate::ops::case::{Case, Given, given, integers, random, random_bools, random_integers, values};
use crate::tensor::{DType, Quantization, TensorType};

const REAL: [Reducer; 5] = [Reducer::Mean, Reducer::Sum, Reducer::Max, Reducer::Min, Reducer::Prod];

/// Every reducer over every kind of axes, of all ranks, with and without the reduced dimensions.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let table: [(&[usize], &[i32], bool); 20] = [
        (&[1, 7, 9, 6], &[1, 2], true),
        (&[1, 16, 16, 5], &[1, 2], false),
        (&[2, 5, 3, 8], &[2, 1, -2], false),
        (&[3, 5, 3, 7], &[1, 2], true),
        (&[1, 5, 6, 7], &[3], true),
        (&[1, 5, 6, 7], &[-1], false),
        (&[2, 3, 5, 9], &[3], false),
        (&[1, 2, 3, 50], &[-1], true),
        (&[2, 3, 5, 4], &[0], false),
        (&[2, 3, 5, 3], &[0, 3], false),
        (&[2, 3, 5, 3], &[1], true),
        (&[2, 3, 5, 3], &[2], false),
        (&[2, 7, 5, 3], &[0, 1, 2, 3], false),
        (&[4, 5, 6], &[0], false),
        (&[4, 9], &[1], false),
        (&[11], &[0], true),
        (&[2, 3, 2, 2, 3], &[1, 4], false),
        (&[1, 3, 5, 2, 3], &[1, 2, 4], false),
        (&[2, 3, 5, 2, 6], &[0, 1, 3], true),
        (&[2, 3, 5, 2, 6], &[-1], true),
    ];
    for (shape, axes, keep_dims) in table {
        for reducer in REAL {
            cases.push(real(reducer, shape, axes, keep_dims));
        }
    }
    for reducer in [Reducer::All, Reducer::Any] {
        for (shape, axes, keep_dims) in table.into_iter().take(8) {
            let op = Reduce { reducer, keep_dims };
            let inputs = vec![values(random_bools(shape)), integers(axes)];
            let name = format!("{reducer:?}_{shape:?}_{axes:?}");
            cases.push(Case::new(name, op, inputs).outputs(vec![TensorType::new(DType::Bool, [])]));
        }
    }
    cases.push(real(Reducer::Sum, &[2, 3], &[], false));
    cases.push(real(Reducer::Mean, &[1, 40, 50, 3], &[1, 2, 3], false));
    cases.extend(
        REAL.into_iter().flat_map(|reducer| [DType::I32, DType::I64].map(|dtype| integer(reducer, dtype))),
    );
    cases.extend([Reducer::Mean, Reducer::Sum, Reducer::Max].map(quantized));
    cases
}

fn real(reducer: Reducer, shape: &[usize], axes: &[i32], keep_dims: bool) -> Case {
    let input = match reducer {
        Reducer::Prod => values(random(shape, 0.8, 1.2)),
        _ => given(shape),
    };
    let name = format!("{reducer:?}_{shape:?}_{axes:?}{}", if keep_dims { "_kept" } else { "" });
    Case::new(name, Reduce { reducer, keep_dims }, vec![input, integers(axes)]).tolerance(1e-5)
}

fn integer(reducer: Reducer, dtype: DType) -> Case {
    let ty = TensorType::new(dtype, [2, 3, 4]);
    let inputs = vec![values(random_integers(ty.clone(), -9, 9)), integers(&[1])];
    let op = Reduce { reducer, keep_dims: false };
    Case::new(format!("{reducer:?}_{dtype}"), op, inputs).outputs(vec![ty.with_shape([])])
}

fn quantized(reducer: Reducer) -> Case {
    let quantization = |scale, zero_point| Some(Quantization::per_tensor(scale, zero_point));
    let ty = TensorType { quantization: quantization(0.02, 3), ..TensorType::new(DType::I8, [1, 4, 5, 3]) };
    let input: Option<Given> = values(random_integers(ty.clone(), -128, 127));
    let output = TensorType { quantization: quantization(0.1, -5), ..ty.with_shape([]) };
    let op = Reduce { reducer, keep_dims: true };
    Case::new(format!("{reducer:?}_i8"), op, vec![input, integers(&[1, 2])]).outputs(vec![output])
}
