//! Cases: an operator with operands, as data. One driver runs them on every backend and precision against
//! [`Operator::reference`](super::Operator::reference); benches time the same list.

use super::Op;
use crate::tensor::{DType, Tensor, TensorType};

/// One application of an operator.
#[derive(Clone, Debug)]
pub struct Case {
    /// A name that is unique in the family.
    pub name: String,
    /// The operator.
    pub op: Op,
    /// The operands, `None` where one is absent.
    pub inputs: Vec<Option<Given>>,
    /// The outputs' element types and quantizations; their shapes are inferred.
    pub outputs: Vec<TensorType>,
    /// The greatest absolute difference to the reference in f32, for results of magnitude one: it is scaled by the
    /// result's greatest magnitude, and by 1000 for halves.
    pub tolerance: f32,
}

/// An operand of a case.
#[derive(Clone, Debug)]
pub struct Given {
    /// The elements.
    pub tensor: Tensor,
    /// Whether they are part of the model.
    pub constant: bool,
}

impl Case {
    /// A case with one f32 output and the tolerance of a few roundings.
    pub fn new(name: impl Into<String>, op: impl Into<Op>, inputs: Vec<Option<Given>>) -> Self {
        Self { name: name.into(), op: op.into(), inputs, outputs: vec![TensorType::f32([])], tolerance: 1e-6 }
    }

    /// The same case with other outputs.
    pub fn outputs(self, outputs: Vec<TensorType>) -> Self {
        Self { outputs, ..self }
    }

    /// The same case with another tolerance.
    pub fn tolerance(self, tolerance: f32) -> Self {
        Self { tolerance, ..self }
    }
}

/// An f32 operand that is given when the graph runs: pseudo-random numbers in [−1, 1), other for another shape.
pub fn given(shape: &[usize]) -> Option<Given> {
    Some(Given { tensor: random(shape, -1.0, 1.0), constant: false })
}

/// An f32 operand that is part of the model: pseudo-random numbers in [−1, 1).
pub fn weights(shape: &[usize]) -> Option<Given> {
    Some(Given { tensor: random(shape, -1.0, 1.0), constant: true })
}

/// An operand given when the graph runs.
pub fn values(tensor: Tensor) -> Option<Given> {
    Some(Given { tensor, constant: false })
}

/// An operand that is part of the model.
pub fn constant(tensor: Tensor) -> Option<Given> {
    Some(Given { tensor, constant: true })
}

/// Integers of the model, such as a shape or axes.
pub fn integers(list: &[i32]) -> Option<Given> {
    constant(Tensor::i32s(list))
}

/// Pseudo-random f32 in `[low, high)`, the same for the same shape.
pub fn random(shape: &[usize], low: f32, high: f32) -> Tensor {
    let units = unit_sequence(shape);
    let reals: Vec<f32> = units.map(|unit| low + (high - low) * unit).collect();
    Tensor::from_slice(shape, &reals).expect("as many numbers as the shape holds")
}

/// Pseudo-random integers of `dtype` in `[low, high]`, the same for the same shape.
pub fn random_integers(ty: TensorType, low: i64, high: i64) -> Tensor {
    let units = unit_sequence(&ty.shape);
    let list: Vec<i64> = units.map(|unit| low + ((high - low + 1) as f64 * f64::from(unit)) as i64).collect();
    Tensor::from_integers(ty, &list).expect("as many numbers as the shape holds")
}

/// Pseudo-random truth values.
pub fn random_bools(shape: &[usize]) -> Tensor {
    random_integers(TensorType::new(DType::Bool, shape), 0, 1)
}

/// Numbers in [0, 1) by a linear congruential generator (Knuth's MMIX constants), seeded by the shape.
fn unit_sequence(shape: &[usize]) -> impl Iterator<Item = f32> {
    let step = |state: u64| state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    let mut state = shape.iter().fold(0x9e3779b97f4a7c15, |state, &extent| step(state ^ extent as u64));
    (0..shape.iter().product::<usize>()).map(move |_| {
        state = step(state);
        (state >> 40) as f32 / (1u64 << 24) as f32
    })
}
