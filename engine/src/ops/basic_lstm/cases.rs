use super::BasicLstm;
use crate::ops::case::{Case, given, random_integers, values, weights};
use crate::tensor::{DType, Quantization, TensorType};

/// Batches, odd sizes, and eight bits with sixteen-bit cells.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (b, i, u) in [(1, 1, 1), (1, 3, 5), (2, 4, 3), (3, 7, 2), (1, 8, 4), (5, 2, 6)] {
        let inputs = vec![
            given(&[b, i]),
            given(&[b, u]),
            weights(&[4 * u, i + u]),
            weights(&[4 * u]),
            values(crate::ops::case::random(&[b, u], -2.0, 2.0)),
        ];
        let case = Case::new(format!("{b}×{i}→{u}"), BasicLstm, inputs);
        cases.push(case.outputs(vec![TensorType::f32([]); 4]).tolerance(4e-6));
    }
    let ty = |dtype, shape: &[usize], scale, zero_point| TensorType {
        quantization: Some(Quantization::per_tensor(scale, zero_point)),
        ..TensorType::new(dtype, shape)
    };
    let byte = |shape: &[usize]| values(random_integers(ty(DType::U8, shape, 1.0 / 128.0, 128), 0, 255));
    let bias = random_integers(ty(DType::I32, &[20], 1e-4, 0), -5000, 5000);
    let cell = random_integers(ty(DType::I16, &[2, 5], 1.0 / 2048.0, 0), -5000, 5000);
    let inputs = vec![byte(&[2, 3]), byte(&[2, 5]), byte(&[20, 8]), values(bias), values(cell)];
    let outputs = vec![
        ty(DType::U8, &[], 1.0 / 128.0, 128),
        ty(DType::I16, &[], 1.0 / 2048.0, 0),
        ty(DType::U8, &[], 1.0 / 128.0, 128),
        ty(DType::I16, &[], 1.0 / 4096.0, 0),
    ];
    cases.push(Case::new("u8 with i16 cells", BasicLstm, inputs).outputs(outputs));
    cases
}
