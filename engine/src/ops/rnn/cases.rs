use super::Rnn;
use crate::ops::Activation;
use crate::ops::case::{Case, given, random_integers, values, weights};
use crate::tensor::{DType, Quantization, TensorType};

/// Steps and sequences of several lengths and batches, each activation, and eight-bit weights.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (b, i, u) in [(1, 3, 5), (2, 8, 4), (3, 1, 1), (1, 7, 6)] {
        let op = Rnn { sequence: false, time_major: false, activation: Activation::Tanh };
        let inputs = vec![given(&[b, i]), weights(&[u, i]), weights(&[u, u]), weights(&[u]), given(&[b, u])];
        cases.push(Case::new(format!("step {b}×{i}→{u}"), op, inputs));
    }
    for (b, t, i, u) in [(1, 4, 3, 5), (2, 3, 4, 2), (3, 1, 2, 7), (2, 5, 1, 3)] {
        for time_major in [false, true] {
            let op = Rnn { sequence: true, time_major, activation: Activation::Relu };
            let shape = if time_major { [t, b, i] } else { [b, t, i] };
            let inputs =
                vec![given(&shape), weights(&[u, i]), weights(&[u, u]), weights(&[u]), given(&[b, u])];
            cases.push(Case::new(format!("sequence {shape:?}→{u} time-major {time_major}"), op, inputs));
        }
    }
    for activation in [Activation::None, Activation::Relu6, Activation::ReluN1To1] {
        let op = Rnn { sequence: true, time_major: false, activation };
        let inputs =
            vec![given(&[1, 3, 3]), weights(&[5, 3]), weights(&[5, 5]), weights(&[5]), given(&[1, 5])];
        cases.push(Case::new(format!("{activation:?}"), op, inputs));
    }
    let bytes = |shape: &[usize]| {
        let q = Some(Quantization::per_tensor(1.0 / 127.0, 0));
        values(random_integers(
            TensorType { quantization: q, ..TensorType::new(DType::I8, shape) },
            -127,
            127,
        ))
    };
    let op = Rnn { sequence: false, time_major: false, activation: Activation::Tanh };
    let inputs = vec![given(&[2, 3]), bytes(&[5, 3]), bytes(&[5, 5]), weights(&[5]), given(&[2, 5])];
    cases.push(Case::new("i8 weights", op, inputs));
    cases
}
