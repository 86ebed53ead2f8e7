//! LSTM's basic kernel: one matrix for all gates, states as plain operands.
//!
//! With z = W·[x, h] + b in four parts i, g, f, o: `c' = σ(i)∘tanh(g) + σ(f)∘c`, `h' = σ(o)∘tanh(c')`.
//! Inputs: x `[b, i]`, h `[b, u]`, W `[4u, i + u]`, b `[4u]`, c `[b, u]`; outputs: h' and c' `[b, u]`, then [x, h] and z.
//! Quantized operands are taken as reals.

/// The family's cases.
pub mod cases;

use super::rnn::{add_product, expect, reals};
use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::Choice;

/// A step of a long short-term memory whose caller keeps the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicLstm;

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<BasicLstm>> {
    if source.name != "LSTM" {
        return Ok(None);
    }
    match source.int("kernel_type", 0)? {
        1 => Ok(Some(BasicLstm)),
        other => Err(Refusal::new(format!("its kernel_type {other} is unknown"))),
    }
}

impl Operator for BasicLstm {
    fn name(&self) -> &'static str {
        "LSTM"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let (Some(input), Some(state)) = (operands.shape(0)?, operands.shape(4)?) else {
            return Ok(vec![None; 4]);
        };
        let (&[batches, features], &[_, units]) = (input, state) else {
            return Err(Refusal::new(format!("its input {input:?} and state {state:?} should have rank 2")));
        };
        let (joined, gates) = (features + units, 4 * units);
        expect(operands.input(1)?, 1, &[batches, units])?;
        expect(operands.input(2)?, 2, &[gates, joined])?;
        expect(operands.input(3)?, 3, &[gates])?;
        expect(operands.input(4)?, 4, &[batches, units])?;
        Ok([units, units, joined, gates].map(|extent| Some(vec![batches, extent])).to_vec())
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input), Some(activation), Some(weights), Some(bias), Some(state)] = inputs[..] else {
            return Err(Refusal::new("it needs five inputs"));
        };
        let (features, units) = (input.shape()[1], state.shape()[1]);
        let (x, h, w, b, c) =
            (reals(input)?, reals(activation)?, reals(weights)?, reals(bias)?, reals(state)?);
        let mut results: [Vec<f32>; 4] = Default::default();
        for batch in 0..input.shape()[0] {
            let mut joined = x[batch * features..][..features].to_vec();
            joined.extend_from_slice(&h[batch * units..][..units]);
            let mut z = b.clone();
            add_product(&mut z, &w, &joined);
            for unit in 0..units {
                let gate = |part: usize| logistic(z[part * units + unit]);
                let cell = gate(0) * z[units + unit].tanh() + gate(2) * c[batch * units + unit];
                results[0].push(gate(3) * cell.tanh());
                results[1].push(cell);
            }
            results[2].extend(joined);
            results[3].extend(z);
        }
        outputs.iter().zip(results).map(|(ty, reals)| Ok(Tensor::from_reals(ty.clone(), &reals)?)).collect()
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("a step waits for the one before, and keeps what the CPU has"))
    }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
