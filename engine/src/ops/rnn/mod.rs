//! RNN and UNIDIRECTIONAL_SEQUENCE_RNN: `h ← act(W·x + R·h + b)`, the state h being the output of the step.
//!
//! Inputs: x `[b, i]`, or a sequence `[b, t, i]` (`[t, b, i]` where it is time-major), W `[u, i]`, R `[u, u]`, b `[u]` and
//! the state h `[b, u]`, which the operator updates. The output has u where the input has i. Quantized operands are
//! taken as reals.

/// The family's cases.
pub mod cases;

use super::{Activation, Operand, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::Choice;

/// A plain recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rnn {
    /// Whether the input is a sequence.
    pub sequence: bool,
    /// Whether a sequence's outermost dimension is time.
    pub time_major: bool,
    /// What is applied to each step's sum.
    pub activation: Activation,
}

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Rnn>> {
    let sequence = match source.name {
        "RNN" => false,
        "UNIDIRECTIONAL_SEQUENCE_RNN" => true,
        _ => return Ok(None),
    };
    let time_major = sequence && source.bool("time_major")?;
    Ok(Some(Rnn { sequence, time_major, activation: source.activation()? }))
}

impl Operator for Rnn {
    fn name(&self) -> &'static str {
        if self.sequence { "UNIDIRECTIONAL_SEQUENCE_RNN" } else { "RNN" }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let Some(input) = operands.shape(0)? else { return Ok(vec![None]) };
        let steps = Steps::of(input, self.sequence, self.time_major)?;
        let &[units, _] = &operands.input(1)?.ty.shape[..] else {
            return Err(Refusal::new("its weights should have rank 2"));
        };
        expect(operands.input(1)?, 1, &[units, steps.features])?;
        expect(operands.input(2)?, 2, &[units, units])?;
        expect(operands.input(3)?, 3, &[units])?;
        expect(operands.input(4)?, 4, &[steps.batches, units])?;
        Ok(vec![Some(with_features(input, units))])
    }

    fn updates(&self) -> &'static [usize] {
        &[4]
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input), Some(weights), Some(recurrent), Some(bias), Some(state), ..] = inputs[..] else {
            return Err(Refusal::new("it needs five inputs"));
        };
        let steps = Steps::of(input.shape(), self.sequence, self.time_major)?;
        let (x, w, r, b) = (reals(input)?, reals(weights)?, reals(recurrent)?, reals(bias)?);
        let (units, mut h) = (b.len(), reals(state)?);
        let mut y = vec![0.0; steps.count * steps.batches * units];
        for (step, batch) in steps.places() {
            let place = steps.place(step, batch);
            let mut sums = b.clone();
            let before = &mut h[batch * units..(batch + 1) * units];
            add_product(&mut sums, &w, &x[place * steps.features..][..steps.features]);
            add_product(&mut sums, &r, before);
            before.iter_mut().zip(sums).for_each(|(h, sum)| *h = self.activation.apply(sum));
            round_to_steps(state.ty(), before);
            y[place * units..][..units].copy_from_slice(before);
        }
        Ok(vec![Tensor::from_reals(outputs[0].clone(), &y)?, Tensor::from_reals(state.ty().clone(), &h)?])
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("its steps wait for one another, and keep what the CPU has"))
    }
}

/// How the steps of a sequence lie in a tensor of rank 3, or the one step in a tensor of rank 2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    /// How many steps there are.
    pub count: usize,
    /// How many sequences there are.
    pub batches: usize,
    /// Numbers of one step of one sequence.
    pub features: usize,
    time_major: bool,
}

impl Steps {
    pub fn of(shape: &[usize], sequence: bool, time_major: bool) -> Verdict<Self> {
        let (batches, count, features) = match (shape, sequence, time_major) {
            (&[batches, features], false, _) => (batches, 1, features),
            (&[batches, count, features], true, false) => (batches, count, features),
            (&[count, batches, features], true, true) => (batches, count, features),
            _ => {
                return Err(Refusal::new(format!(
                    "its input {shape:?} should have rank {}",
                    2 + sequence as usize
                )));
            }
        };
        Ok(Self { count, batches, features, time_major })
    }

    /// Every step of every sequence, earlier steps first.
    pub fn places(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.count).flat_map(move |step| (0..self.batches).map(move |batch| (step, batch)))
    }

    /// Which row of features a step of a sequence is.
    pub fn place(self, step: usize, batch: usize) -> usize {
        if self.time_major { step * self.batches + batch } else { batch * self.count + step }
    }
}

/// The shape with another last extent.
pub(super) fn with_features(shape: &[usize], features: usize) -> Vec<usize> {
    let mut shape = shape.to_vec();
    shape.pop();
    shape.push(features);
    shape
}

/// Refuses an operand of another shape.
pub(super) fn expect(operand: Operand, index: usize, shape: &[usize]) -> Verdict<()> {
    let ty = operand.ty;
    let numbers = ty.dtype.is_float() || ty.quantization.is_some();
    match !operand.dynamic && ty.shape == shape && numbers {
        true => Ok(()),
        false => Err(Refusal::new(format!("its input {index}, {ty}, should hold reals of shape {shape:?}"))),
    }
}

/// The operand as reals.
pub(super) fn reals(tensor: &Tensor) -> Verdict<Vec<f32>> {
    tensor.to_reals().ok_or_else(|| Refusal::new(format!("it does not take {}", tensor.dtype())))
}

/// `sums ← sums + W·x`, W row-major with a row for each sum.
pub(super) fn add_product(sums: &mut [f32], weights: &[f32], x: &[f32]) {
    for (sum, row) in sums.iter_mut().zip(weights.chunks_exact(x.len().max(1))) {
        let products = row.iter().zip(x).map(|(&w, &x)| f64::from(w) * f64::from(x));
        *sum = (f64::from(*sum) + products.sum::<f64>()) as f32;
    }
}

/// The reals that a state of this type holds instead: themselves where it is not quantized.
pub(super) fn round_to_steps(ty: &TensorType, values: &mut [f32]) {
    let (Some(q), Some((low, high))) = (&ty.quantization, ty.dtype.integer_range()) else { return };
    let (scale, zero) = (q.scale[0], q.zero_point[0]);
    for value in values {
        let integer = ((*value / scale).round() as i64).saturating_add(zero).clamp(low, high);
        *value = scale * (integer - zero) as f32;
    }
}
