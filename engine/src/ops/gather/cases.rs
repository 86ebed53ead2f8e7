use super::Gather;
use crate::ops::case::{Case, Given, given, random_integers, values};
use crate::tensor::{DType, Quantization, Tensor, TensorType};

fn indices(shape: &[usize], below: i64) -> Option<Given> {
    values(random_integers(TensorType::new(DType::I32, shape), 0, below - 1))
}

/// Every axis and number of batch axes, all ranks of indices, rows of quantized integers.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let along: [(&[usize], &[usize], i64, i64); 13] = [
        (&[5, 3], &[4], 0, 0),
        (&[5, 3], &[4], 1, 0),
        (&[5, 3], &[2, 3], 1, 0),
        (&[5, 3, 7], &[], 1, 0),
        (&[1, 3, 5, 4], &[3], 2, 0),
        (&[1, 3, 5, 7], &[5], -1, 0),
        (&[2, 3, 5, 4], &[2, 3, 2], 2, 1),
        (&[2, 3, 5], &[2, 3], 2, 2),
        (&[2, 3, 5], &[2, 3, 4], -1, -1),
        (&[2, 3, 5, 4], &[2, 6], 1, 1),
        (&[7], &[2, 2, 3], 0, 0),
        (&[2, 3, 2, 3, 5], &[2, 3], 3, 1),
        (&[2, 3, 2, 3, 5], &[4], 3, 0),
    ];
    for (shape, by, axis, batch_dims) in along {
        let below = shape[axis.rem_euclid(shape.len() as i64) as usize] as i64;
        let op = Gather::Along { axis, batch_dims };
        let inputs = vec![given(shape), indices(by, below)];
        cases.push(Case::new(format!("{shape:?}_{by:?}_axis{axis}_batch{batch_dims}"), op, inputs));
    }
    let coordinates: [(&[usize], &[usize], i64); 6] = [
        (&[5, 3], &[4, 2], 3),
        (&[5, 3], &[4, 1], 5),
        (&[3, 5, 7], &[2, 3, 2], 3),
        (&[3, 5, 7, 2], &[1, 4], 2),
        (&[7], &[1], 7),
        (&[3, 5], &[2, 0], 1),
    ];
    for (shape, by, below) in coordinates {
        let inputs = vec![given(shape), indices(by, below)];
        cases.push(Case::new(format!("nd_{shape:?}_{by:?}"), Gather::Coordinates, inputs));
    }
    cases.push(Case::new("rows", Gather::Rows, vec![indices(&[4], 5), given(&[5, 3, 2])]));
    let per_row = Quantization { scale: vec![0.1, 0.2, 0.3, 0.4, 0.5], zero_point: vec![0; 5], axis: 0 };
    for (name, quantization) in [("rows", Quantization::per_tensor(0.1, 0)), ("rows_each", per_row)] {
        for dtype in [DType::I8, DType::I4] {
            let ty =
                TensorType { quantization: Some(quantization.clone()), ..TensorType::new(dtype, [5, 3]) };
            let inputs = vec![indices(&[4], 5), values(random_integers(ty, -8, 7))];
            cases.push(Case::new(format!("{name}_{dtype}"), Gather::Rows, inputs));
        }
    }
    let ty = TensorType::new(DType::I64, [3, 5]);
    let longs = Tensor::from_slice([2], &[2i64, 0]).expect("two");
    let inputs = vec![values(random_integers(ty.clone(), -9, 9)), values(longs)];
    cases.push(Case::new("i64", Gather::Along { axis: 0, batch_dims: 0 }, inputs).outputs(vec![ty]));
    cases
}
