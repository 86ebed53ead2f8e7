use super::Svdf;
use crate::ops::Activation;
use crate::ops::case::{Case, given, random_integers, values, weights};
use crate::tensor::{DType, Quantization, TensorType};

/// Ranks, batches, with and without bias, each activation, eight bits.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let shapes = [(1, 3, 5, 4, 1), (2, 3, 6, 7, 2), (3, 1, 9, 1, 3), (1, 7, 4, 10, 4), (2, 8, 8, 3, 1)];
    for (b, i, filters, memory, rank) in shapes {
        for biased in [false, true] {
            let op = Svdf { rank, activation: Activation::None };
            let bias = if biased { weights(&[filters / rank]) } else { None };
            let state = given(&[b, filters * memory]);
            let inputs =
                vec![given(&[b, i]), weights(&[filters, i]), weights(&[filters, memory]), bias, state];
            let name = format!("{b}×{i}, {filters} filters of {memory}, rank {rank}, bias {biased}");
            cases.push(Case::new(name, op, inputs).tolerance(4e-6));
        }
    }
    for activation in [Activation::Relu, Activation::Relu6, Activation::ReluN1To1] {
        let inputs = vec![given(&[1, 3]), weights(&[4, 3]), weights(&[4, 5]), weights(&[2]), given(&[1, 20])];
        cases.push(Case::new(format!("{activation:?}"), Svdf { rank: 2, activation }, inputs));
    }
    let integers = |dtype, shape: &[usize], scale| {
        let quantization = Some(Quantization::per_tensor(scale, 0));
        values(random_integers(TensorType { quantization, ..TensorType::new(dtype, shape) }, -100, 100))
    };
    let inputs = vec![
        integers(DType::I8, &[2, 3], 0.01),
        integers(DType::I8, &[4, 3], 0.01),
        integers(DType::I16, &[4, 5], 0.01),
        integers(DType::I32, &[2], 0.001),
        integers(DType::I16, &[2, 20], 0.001),
    ];
    let q = Some(Quantization::per_tensor(0.05, 4));
    let output = TensorType { quantization: q, ..TensorType::new(DType::I8, []) };
    let op = Svdf { rank: 2, activation: Activation::Relu };
    cases.push(Case::new("i8 with i16 state", op, inputs).outputs(vec![output]));
    cases
}
