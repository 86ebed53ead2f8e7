//! LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM: long short-term memory with peepholes, projection and layer normalization.
//!
//! For each step, with σ the logistic function, act the operator's activation and ∘ the elementwise product
//! (Hochreiter & Schmidhuber 1997; Sak et al. 2014):
//!
//! ```text
//! i = σ(Wᵢ·x + Rᵢ·h + pᵢ∘c + bᵢ)          1 − f where the input gate is coupled (its weights are absent)
//! f = σ(W_f·x + R_f·h + p_f∘c + b_f)
//! g = act(W_c·x + R_c·h + b_c)
//! c ← clip(f∘c + i∘g)
//! o = σ(W_o·x + R_o·h + p_o∘c + b_o)
//! h ← clip(P·(o∘act(c)) + b_p)            o∘act(c) where there is no projection
//! ```
//!
//! With layer normalization (Ba et al. 2016, arXiv 1607.06450) each gate's sum without its bias is brought to mean 0 and
//! variance 1 over the cells, scaled by the coefficients, and then gets the bias.
//!
//! Inputs by index: x 0, W 1–4 and R 5–8 (input, forget, cell, output), peepholes 9–11 (input, forget, output), biases
//! 12–15, P 16, b_p 17, the states h 18 and c 19, which the operator updates, coefficients 20–23. Quantized operands are
//! taken as reals; quantized states and values inside, as the file lists them, are rounded to their steps.

/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;
mod reference;

use super::rnn::{Steps, expect, with_features};
use super::{Activation, Chain, CpuKernel, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::Choice;

/// A long short-term memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Lstm {
    /// Whether the input is a sequence.
    pub sequence: bool,
    /// Whether a sequence's outermost dimension is time.
    pub time_major: bool,
    /// What is applied to the cell gate and to the cell state.
    pub activation: Activation,
    /// The greatest magnitude of the cell state, 0 for none.
    pub cell_clip: f32,
    /// The greatest magnitude of the projection, 0 for none.
    pub projection_clip: f32,
    /// The types that the sums of the input, forget, cell and output gate before their normalization and o∘act(c) before
    /// its projection are rounded to, where these are quantized; empty where the file lists none.
    pub intermediates: Vec<TensorType>,
}

/// The operator that `source` names; the basic kernel of LSTM is another family's.
pub fn decode(source: &Source) -> Verdict<Option<Lstm>> {
    let sequence = match source.name {
        "LSTM" if source.int("kernel_type", 0)? == 0 => false,
        "UNIDIRECTIONAL_SEQUENCE_LSTM" => true,
        _ => return Ok(None),
    };
    Ok(Some(Lstm {
        sequence,
        time_major: sequence && source.bool("time_major")?,
        activation: source.activation()?,
        cell_clip: source.float("cell_clip", 0.0)?,
        projection_clip: source.float("proj_clip", 0.0)?,
        intermediates: intermediates(source.intermediates),
    }))
}

/// The types inside the operator. TFLite's integer kernel lets the hidden state's zero point enter with the opposite
/// sign, which clamps it to another range.
fn intermediates(listed: &[TensorType]) -> Vec<TensorType> {
    let mut types = listed.to_vec();
    if let Some(q) = types.get_mut(4).and_then(|hidden| hidden.quantization.as_mut()) {
        q.zero_point.iter_mut().for_each(|zero_point| *zero_point = -*zero_point);
    }
    types
}

impl Operator for Lstm {
    fn name(&self) -> &'static str {
        if self.sequence { "UNIDIRECTIONAL_SEQUENCE_LSTM" } else { "LSTM" }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let Some(input) = operands.shape(0)? else { return Ok(vec![None]) };
        let steps = Steps::of(input, self.sequence, self.time_major)?;
        let (cells, outputs) = self.sizes(operands)?;
        for (index, shape, required) in expected(&steps, cells, outputs) {
            match operands.optional(index) {
                Some(operand) => expect(operand, index, &shape)?,
                None if required => return Err(Refusal::new(format!("its input {index} is missing"))),
                None => {}
            }
        }
        let present = |index| operands.optional(index).is_some();
        let coupled = !present(1);
        let alike = |gate: [usize; 3]| gate.iter().all(|&index| present(index) != coupled);
        if !alike([1, 5, 12]) || (coupled && (present(9) || present(20))) {
            return Err(Refusal::new("its input gate is neither whole nor absent"));
        }
        if !present(16) && (present(17) || outputs != cells) {
            return Err(Refusal::new("it has no projection from cells to outputs"));
        }
        let normalized: Vec<bool> = (21..24).map(present).collect();
        if normalized.iter().any(|&n| n != normalized[0]) || (!coupled && present(20) != normalized[0]) {
            return Err(Refusal::new("it normalizes some of its gates only"));
        }
        Ok(vec![Some(with_features(input, outputs))])
    }

    fn updates(&self) -> &'static [usize] {
        &[18, 19]
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        reference::run(self, inputs, &outputs[0])
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("its steps wait for one another, and keep what the CPU has"))
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        chain.is_empty().then(|| cpu::kernel(self, operands)).flatten()
    }
}

impl Lstm {
    /// The numbers of cells and of outputs.
    fn sizes(&self, operands: &Operands) -> Verdict<(usize, usize)> {
        let (&[cells, _], &[_, outputs]) =
            (&operands.input(2)?.ty.shape[..], &operands.input(18)?.ty.shape[..])
        else {
            return Err(Refusal::new("its weights and states should have rank 2"));
        };
        Ok((cells, outputs))
    }
}

/// Each input but x with its shape and whether it must be there.
fn expected(steps: &Steps, cells: usize, outputs: usize) -> Vec<(usize, Vec<usize>, bool)> {
    let (batches, features) = (steps.batches, steps.features);
    let mut list: Vec<(usize, Vec<usize>, bool)> = Vec::new();
    list.extend((1..5).map(|index| (index, vec![cells, features], index > 1)));
    list.extend((5..9).map(|index| (index, vec![cells, outputs], index > 5)));
    list.extend((9..12).map(|index| (index, vec![cells], false)));
    list.extend((12..16).map(|index| (index, vec![cells], index > 12)));
    list.push((16, vec![outputs, cells], false));
    list.push((17, vec![outputs], false));
    list.push((18, vec![batches, outputs], true));
    list.push((19, vec![batches, cells], true));
    list.extend((20..24).map(|index| (index, vec![cells], false)));
    list
}
