use super::Lstm;
use crate::ops::Activation;
use crate::ops::case::{Case, Given, given, random_integers, values, weights};
use crate::tensor::{DType, Quantization, TensorType};

/// What a case has beside the gates every cell needs.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    coupled: bool,
    peepholes: bool,
    projection: Option<usize>,
    projection_bias: bool,
    normalized: bool,
}

fn plain() -> Lstm {
    Lstm {
        sequence: true,
        time_major: false,
        activation: Activation::Tanh,
        cell_clip: 0.0,
        projection_clip: 0.0,
        intermediates: Vec::new(),
    }
}

/// Each part alone and all together, steps and sequences, clips, activations, eight-bit weights and states.
pub fn cases() -> Vec<Case> {
    let none = Parts::default();
    let all = Parts { peepholes: true, projection: Some(3), projection_bias: true, normalized: true, ..none };
    let parts = [
        none,
        Parts { coupled: true, ..none },
        Parts { peepholes: true, ..none },
        Parts { coupled: true, peepholes: true, normalized: true, ..none },
        Parts { projection: Some(3), ..none },
        Parts { projection: Some(7), projection_bias: true, ..none },
        Parts { normalized: true, ..none },
        all,
    ];
    let mut cases = Vec::new();
    for part in parts {
        let step = Lstm { sequence: false, ..plain() };
        cases.push(case(format!("step {part:?}"), step, [2, 1, 3, 5], part));
        cases.push(case(format!("sequence {part:?}"), plain(), [2, 4, 3, 5], part));
    }
    for (b, t, i, cells) in [(1, 1, 1, 1), (1, 7, 2, 3), (3, 2, 5, 4)] {
        for time_major in [false, true] {
            let op = Lstm { time_major, ..plain() };
            let name = format!("{b}×{t}×{i}→{cells} time-major {time_major}");
            cases.push(case(name, op, [b, t, i, cells], none));
        }
    }
    let clipped = Lstm { cell_clip: 0.1, projection_clip: 0.05, ..plain() };
    cases.push(case("clips".into(), clipped, [1, 5, 3, 5], all));
    for activation in [Activation::Relu, Activation::Relu6, Activation::None] {
        let op = Lstm { activation, ..plain() };
        cases.push(case(format!("{activation:?}"), op, [1, 3, 3, 5], none));
    }
    cases.push(quantized());
    cases
}

fn case(name: String, op: Lstm, [b, t, i, cells]: [usize; 4], parts: Parts) -> Case {
    let outputs = parts.projection.unwrap_or(cells);
    let when = |present: bool, given: Option<Given>| if present { given } else { None };
    let input = match (op.sequence, op.time_major) {
        (false, _) => given(&[b, i]),
        (true, false) => given(&[b, t, i]),
        (true, true) => given(&[t, b, i]),
    };
    let mut inputs = vec![input, when(!parts.coupled, weights(&[cells, i]))];
    inputs.extend((0..3).map(|_| weights(&[cells, i])));
    inputs.push(when(!parts.coupled, weights(&[cells, outputs])));
    inputs.extend((0..3).map(|_| weights(&[cells, outputs])));
    inputs.push(when(parts.peepholes && !parts.coupled, weights(&[cells])));
    inputs.extend((0..2).map(|_| when(parts.peepholes, weights(&[cells]))));
    inputs.push(when(!parts.coupled, weights(&[cells])));
    inputs.extend((0..3).map(|_| weights(&[cells])));
    inputs.push(parts.projection.and_then(|outputs| weights(&[outputs, cells])));
    inputs.push(when(parts.projection_bias, weights(&[outputs])));
    inputs.extend([given(&[b, outputs]), given(&[b, cells])]);
    inputs.push(when(parts.normalized && !parts.coupled, weights(&[cells])));
    inputs.extend((0..3).map(|_| when(parts.normalized, weights(&[cells]))));
    Case::new(name, op, inputs).tolerance(4e-6)
}

/// Eight-bit input, weights and output state, sixteen-bit cell state.
fn quantized() -> Case {
    let integers = |dtype, shape: &[usize], scale, zero_point, limit: i64| {
        let quantization = Some(Quantization::per_tensor(scale, zero_point));
        let ty = TensorType { quantization, ..TensorType::new(dtype, shape) };
        values(random_integers(ty, -limit, limit))
    };
    let matrix = |shape: &[usize]| integers(DType::I8, shape, 1.0 / 127.0, 0, 127);
    let bias = || integers(DType::I32, &[5], 1e-4, 0, 5000);
    let mut inputs = vec![integers(DType::I8, &[2, 3, 3], 1.0 / 128.0, 2, 128)];
    inputs.extend((0..4).map(|_| matrix(&[5, 3])));
    inputs.extend((0..4).map(|_| matrix(&[5, 5])));
    inputs.extend([None, None, None]);
    inputs.extend((0..4).map(|_| bias()));
    inputs.extend([None, None]);
    inputs.push(integers(DType::I8, &[2, 5], 1.0 / 128.0, -3, 128));
    inputs.push(integers(DType::I16, &[2, 5], 1.0 / 8192.0, 0, 9000));
    let q = Some(Quantization::per_tensor(1.0 / 128.0, -3));
    Case::new("i8 with i16 cells", plain(), inputs)
        .outputs(vec![TensorType { quantization: q, ..TensorType::new(DType::I8, []) }])
}
