use super::Softmax;
use crate::ops::case::{Case, random, random_integers, values};
use crate::tensor::{DType, Quantization, TensorType};

/// Both functions over few and many channels, of all ranks, with large numbers.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let shapes: [&[usize]; 9] = [
        &[1, 5, 7, 2],
        &[1, 4, 4, 21],
        &[2, 3, 5, 4],
        &[1, 1, 1, 1001],
        &[1, 2, 3, 130],
        &[7, 33],
        &[3, 5, 9],
        &[13],
        &[2, 1, 3, 2, 5],
    ];
    for shape in shapes {
        for (name, op) in [("plain", Softmax::Plain { beta: 1.0 }), ("log", Softmax::Log)] {
            let inputs = vec![values(random(shape, -8.0, 8.0))];
            cases.push(Case::new(format!("{name}_{shape:?}"), op, inputs).tolerance(4e-6));
        }
    }
    let wide = vec![values(random(&[4, 6], -300.0, 300.0))];
    cases.push(Case::new("large", Softmax::Plain { beta: 1.0 }, wide).tolerance(1e-5));
    let inputs = vec![values(random(&[1, 3, 3, 6], -3.0, 3.0))];
    cases.push(Case::new("beta", Softmax::Plain { beta: 0.3 }, inputs).tolerance(4e-6));
    let ty = |scale, zero_point, shape: &[usize]| TensorType {
        quantization: Some(Quantization::per_tensor(scale, zero_point)),
        ..TensorType::new(DType::I8, shape)
    };
    let inputs = vec![values(random_integers(ty(0.1, 3, &[3, 10]), -128, 127))];
    cases.push(Case::new("i8", Softmax::Plain { beta: 1.0 }, inputs).outputs(vec![ty(
        1.0 / 256.0,
        -128,
        &[],
    )]));
    cases
}
