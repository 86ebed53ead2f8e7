use super::L2Normalization;
use crate::ops::Activation;
use crate::ops::case::{Case, constant, given, random_integers, values};
use crate::tensor::{DType, Quantization, Tensor, TensorType};

/// Few and many channels, all ranks, a row of zeros, integers.
pub fn cases() -> Vec<Case> {
    let op = L2Normalization { activation: Activation::None };
    let shapes: [&[usize]; 7] =
        [&[1, 4, 5, 8], &[2, 3, 3, 5], &[1, 1, 1, 200], &[1, 2, 1, 515], &[3, 7], &[9], &[2, 1, 3, 2, 5]];
    let mut cases: Vec<Case> = shapes
        .into_iter()
        .map(|shape| Case::new(format!("{shape:?}"), op, vec![given(shape)]).tolerance(4e-6))
        .collect();
    let relu = L2Normalization { activation: Activation::Relu };
    cases.push(Case::new("relu", relu, vec![given(&[1, 3, 4, 6])]).tolerance(4e-6));
    cases.push(Case::new("zeros", op, vec![values(Tensor::zeros(TensorType::f32([1, 2, 2, 3])))]));
    cases.push(Case::new("constant", op, vec![constant(crate::ops::case::random(&[2, 6], -1.0, 1.0))]));
    let ty = |scale, shape: &[usize]| TensorType {
        quantization: Some(Quantization::per_tensor(scale, 0)),
        ..TensorType::new(DType::I8, shape)
    };
    let inputs = vec![values(random_integers(ty(0.1, &[3, 10]), -128, 127))];
    cases.push(Case::new("i8", op, inputs).outputs(vec![ty(1.0 / 128.0, &[])]));
    cases
}
