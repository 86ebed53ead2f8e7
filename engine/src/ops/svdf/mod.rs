//! SVDF: a recurrent layer of rank-limited filters over features and time.
//!
//! Each of f filters remembers its last m features: `s[f, ·] ← (s[f, 1…], W_f·x)`, and each of f / rank units sums its
//! filters over time: `y[u] = act(b[u] + Σ over its filters of W_t[f]·s[f])` (Nakkiran et al., "Compressing Deep Neural
//! Networks using a Rank-Constrained Topology", 2015). Inputs: x `[b, i]`, W_f `[f, i]`, W_t `[f, m]`, b `[u]` or absent,
//! the state s `[b, f·m]`, which the operator updates. Quantized operands are taken as reals.

/// The family's cases.
pub mod cases;

use super::rnn::{add_product, expect, reals, round_to_steps};
use super::{Activation, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::Choice;

/// Rank-limited filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Svdf {
    /// How many filters a unit sums.
    pub rank: usize,
    /// What is applied to the sum.
    pub activation: Activation,
}

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Svdf>> {
    if source.name != "SVDF" {
        return Ok(None);
    }
    Ok(Some(Svdf { rank: source.extent("rank")?, activation: source.activation()? }))
}

impl Operator for Svdf {
    fn name(&self) -> &'static str {
        "SVDF"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let Some(input) = operands.shape(0)? else { return Ok(vec![None]) };
        let (&[batches, features], &[filters, memory]) = (input, &operands.input(2)?.ty.shape[..]) else {
            return Err(Refusal::new("its input and time weights should have rank 2"));
        };
        if !filters.is_multiple_of(self.rank) || memory == 0 {
            let rank = self.rank;
            return Err(Refusal::new(format!(
                "its {filters} filters over {memory} steps do not fit rank {rank}"
            )));
        }
        let units = filters / self.rank;
        expect(operands.input(1)?, 1, &[filters, features])?;
        expect(operands.input(2)?, 2, &[filters, memory])?;
        if let Some(bias) = operands.optional(3) {
            expect(bias, 3, &[units])?;
        }
        expect(operands.input(4)?, 4, &[batches, filters * memory])?;
        Ok(vec![Some(vec![batches, units])])
    }

    fn updates(&self) -> &'static [usize] {
        &[4]
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input), Some(feature), Some(time), bias, Some(state)] = inputs[..] else {
            return Err(Refusal::new("it needs an input, weights and a state"));
        };
        let &[filters, memory] = time.shape() else {
            return Err(Refusal::new("its weights should have rank 2"));
        };
        let (x, wf, wt, mut s) = (reals(input)?, reals(feature)?, reals(time)?, reals(state)?);
        let bias = bias.map(reals).transpose()?.unwrap_or_else(|| vec![0.0; filters / self.rank]);
        let features = input.shape()[1];
        let mut y = Vec::with_capacity(outputs[0].elements());
        for batch in 0..input.shape()[0] {
            let mut newest = vec![0.0; filters];
            add_product(&mut newest, &wf, &x[batch * features..][..features]);
            let s = &mut s[batch * filters * memory..][..filters * memory];
            for (row, newest) in s.chunks_exact_mut(memory).zip(newest) {
                row.rotate_left(1);
                row[memory - 1] = newest;
            }
            round_to_steps(state.ty(), s);
            let unit = self.rank * memory;
            for ((taps, s), b) in wt.chunks_exact(unit).zip(s.chunks_exact(unit)).zip(&bias) {
                let products = taps.iter().zip(s.iter()).map(|(&w, &s)| f64::from(w) * f64::from(s));
                y.push(self.activation.apply((f64::from(*b) + products.sum::<f64>()) as f32));
            }
        }
        Ok(vec![Tensor::from_reals(outputs[0].clone(), &y)?, Tensor::from_reals(state.ty().clone(), &s)?])
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("it keeps a memory from run to run, which the CPU has"))
    }
}
