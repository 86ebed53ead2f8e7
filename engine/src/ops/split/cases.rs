use super::Split;
use crate::ops::case::{Case, given, integers, random_integers, values};
use crate::tensor::{DType, Quantization, TensorType};

/// Equal and unequal parts and single places along every axis, in whole and broken slices of channels.
pub fn cases() -> Vec<Case> {
    let parts = |count: usize| vec![TensorType::f32([]); count];
    let mut cases = Vec::new();
    let equal: [(&[usize], i32, usize); 11] = [
        (&[1, 5, 3, 8], 3, 2),
        (&[1, 5, 3, 9], -1, 3),
        (&[2, 3, 5, 12], 3, 3),
        (&[2, 3, 6, 5], 2, 3),
        (&[1, 4, 3, 7], 1, 2),
        (&[4, 3, 5, 6], 0, 2),
        (&[9], 0, 3),
        (&[3, 10], 1, 5),
        (&[3, 5, 7], -1, 7),
        (&[2, 3, 2, 4, 5], 3, 2),
        (&[4, 3, 2, 1, 5], 0, 2),
    ];
    for (shape, axis, count) in equal {
        let case =
            Case::new(format!("{shape:?}_axis{axis}"), Split::Equal, vec![integers(&[axis]), given(shape)]);
        cases.push(case.outputs(parts(count)));
    }
    let unequal: [(&[usize], i32, &[i32]); 7] = [
        (&[1, 5, 3, 12], 3, &[4, 8]),
        (&[1, 5, 3, 12], -1, &[3, -1, 1]),
        (&[2, 3, 5, 7], 3, &[4, 3]),
        (&[2, 3, 5, 7], 2, &[1, 3, 1]),
        (&[1, 7, 5, 3], 1, &[-1, 2]),
        (&[5, 3, 1, 6], 0, &[1, 1, 3]),
        (&[3, 16], 1, &[1; 16]),
    ];
    for (shape, axis, extents) in unequal {
        let inputs = vec![given(shape), integers(extents), integers(&[axis])];
        let case = Case::new(format!("v_{shape:?}_axis{axis}_{extents:?}"), Split::Given, inputs);
        cases.push(case.outputs(parts(extents.len())));
    }
    let single: [(&[usize], i64); 10] = [
        (&[1, 5, 3, 6], 3),
        (&[2, 3, 5, 8], 1),
        (&[2, 5, 3, 7], -2),
        (&[3, 5, 2, 6], 0),
        (&[5, 7], 1),
        (&[5, 7], 0),
        (&[3, 5, 7], 1),
        (&[5], 0),
        (&[2, 3, 2, 3, 5], 2),
        (&[1, 3, 2, 3, 5], 1),
    ];
    for (shape, axis) in single {
        let count = shape[axis.rem_euclid(shape.len() as i64) as usize];
        let op = Split::Unpack { axis };
        cases.push(
            Case::new(format!("unpack_{shape:?}_axis{axis}"), op, vec![given(shape)]).outputs(parts(count)),
        );
    }
    let ty = TensorType {
        quantization: Some(Quantization::per_tensor(0.5, 1)),
        ..TensorType::new(DType::U8, [1, 3, 5, 6])
    };
    let inputs = vec![integers(&[3]), values(random_integers(ty.clone(), 0, 255))];
    cases.push(Case::new("uint8", Split::Equal, inputs).outputs(vec![ty.clone(), ty]));
    cases
}
