use super::FullyConnected;
use crate::ops::Activation;
use crate::ops::case::{Case, constant, given, random_integers, values, weights};
use crate::tensor::{DType, Quantization, TensorType};

/// Vectors, rows, images as rows, kept dimensions; quantized layers.
pub fn cases() -> Vec<Case> {
    let layer = |keep_num_dims, activation| FullyConnected { keep_num_dims, activation };
    let flat = layer(false, Activation::None);
    let table: [(&[usize], [usize; 2], FullyConnected); 15] = [
        (&[1, 16], [8, 16], flat),
        (&[1, 130], [33, 130], flat),
        (&[1, 7], [5, 7], layer(false, Activation::Relu)),
        (&[5, 12], [9, 12], layer(false, Activation::Relu6)),
        (&[9, 70], [3, 70], flat),
        (&[1, 1, 1, 21], [6, 21], flat),
        (&[1, 5, 3, 7], [10, 105], layer(false, Activation::ReluN1To1)),
        (&[3, 2, 4, 6], [5, 48], flat),
        (&[2, 3, 4, 6], [5, 24], flat),
        (&[2, 3, 4, 6], [5, 6], flat),
        (&[2, 3, 4, 6], [5, 6], layer(true, Activation::None)),
        (&[4, 9], [2, 9], layer(true, Activation::Tanh)),
        (&[11], [4, 11], flat),
        (&[3, 5, 66], [12, 66], layer(true, Activation::None)),
        (&[1, 2, 2, 2, 3], [4, 24], flat),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .map(|(input, kernel, op)| {
            let name = format!("{input:?}x{kernel:?}{}", if op.keep_num_dims { "_kept" } else { "" });
            Case::new(name, op, vec![given(input), weights(&kernel), weights(&kernel[..1])]).tolerance(1e-5)
        })
        .collect();
    let inputs = |kernel| vec![given(&[3, 20]), kernel, None];
    cases.push(Case::new("no_bias", flat, inputs(weights(&[6, 20]))).tolerance(1e-5));
    cases.push(Case::new("given_weights", flat, inputs(given(&[6, 20]))).tolerance(1e-5));
    cases.push(quantized());
    cases
}

fn quantized() -> Case {
    let ty = |scale, zero_point, shape: &[usize]| TensorType {
        quantization: Some(Quantization::per_tensor(scale, zero_point)),
        ..TensorType::new(DType::I8, shape)
    };
    let input = values(random_integers(ty(0.02, -7, &[2, 10]), -128, 127));
    let kernel = constant(random_integers(ty(0.01, 0, &[4, 10]), -127, 127));
    let bias = TensorType {
        quantization: Some(Quantization::per_tensor(0.0002, 0)),
        ..TensorType::new(DType::I32, [4])
    };
    let inputs = vec![input, kernel, constant(random_integers(bias, -3000, 3000))];
    let op = FullyConnected { keep_num_dims: false, activation: Activation::Relu };
    Case::new("i8", op, inputs).outputs(vec![ty(0.05, -128, &[])])
}
