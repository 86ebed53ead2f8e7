//! A comparison that tells whether a device computes what the CPU does.
//!
//! Drivers have faults that no error reports: a miscompiled loop, a barrier left out, a cache that serves another kernel.
//! Some show only in the second run, when the memory is no longer fresh. So a session runs twice on an input that is the
//! same everywhere, and each result is compared with the CPU's.

use super::Session;
use crate::error::{Error, Result};
use crate::graph::Model;
use crate::tensor::{DType, Tensor, TensorType};

/// How often the device runs.
const RUNS: usize = 2;
/// The greatest difference, as a part of a result's greatest number: sums in another order.
const EXACT: f32 = 1e-3;
/// The same where numbers are rounded on the way, to halves or to the steps of a quantization.
const ROUNDED: f32 = 0.15;

/// An input and what the CPU makes of it.
pub struct Canary {
    inputs: Vec<Tensor>,
    expected: Vec<Tensor>,
}

impl Canary {
    /// The model's canary: a pattern of waves, and its results on the CPU.
    pub fn of(model: &Model, threads: usize) -> Result<Self> {
        let inputs: Vec<Tensor> = model.inputs().into_iter().map(waves).collect::<Result<_>>()?;
        let expected = Session::builder(model).threads(threads).build()?.run(&inputs)?;
        Ok(Self { inputs, expected })
    }

    /// Runs the session twice and compares; an error of the device names the result that is wrong, and by how much.
    pub fn check(&self, session: &mut Session) -> Result<()> {
        let most = if session.rounds() { ROUNDED } else { EXACT };
        for run in 1..=RUNS {
            session.reset();
            let results = session.run(&self.inputs)?;
            for (index, (expected, result)) in self.expected.iter().zip(&results).enumerate() {
                let apart = apart(expected, result)?;
                if apart > most || apart.is_nan() {
                    return Err(Error::device(format!(
                        "the GPU computes wrong numbers: in run {run} result {index} is {apart:.1e} of its range from the \
                         CPU's, {most:.0e} are allowed"
                    )));
                }
            }
        }
        session.reset();
        Ok(())
    }
}

/// Waves between 0 and 1 of another length in every input, along the elements in order; zeros where they are integers that
/// stand for no reals.
pub(super) fn waves(ty: &TensorType) -> Result<Tensor> {
    if ty.dtype != DType::F32 && ty.quantization.is_none() {
        return Ok(Tensor::zeros(ty.clone()));
    }
    let wave = |index: usize| {
        let (x, slow) = (index as f32, (index / 97) as f32);
        0.5 + 0.25 * (0.37 * x).sin() + 0.25 * (0.11 * slow).cos()
    };
    Tensor::from_reals(ty.clone(), &(0..ty.elements()).map(wave).collect::<Vec<f32>>())
}

/// The greatest difference of two results as a part of the greatest number expected; 0 for results that are no reals,
/// where a rounding may decide about a whole step.
pub(super) fn apart(expected: &Tensor, result: &Tensor) -> Result<f32> {
    if expected.shape() != result.shape() {
        let (want, got) = (expected.shape(), result.shape());
        return Err(Error::device(format!(
            "the GPU computes a result of shape {got:?}, the CPU of {want:?}"
        )));
    }
    if expected.dtype() != DType::F32 {
        return Ok(0.0);
    }
    let (expected, result) = (expected.as_slice::<f32>()?, result.as_slice::<f32>()?);
    let range = expected.iter().fold(f32::MIN_POSITIVE, |range, value| range.max(value.abs()));
    // `max` would drop what is not a number.
    let greater = |apart: f32, value: f32| if value > apart || value.is_nan() { value } else { apart };
    let differences = expected.iter().zip(result).map(|(want, got)| (want - got).abs() / range);
    Ok(differences.fold(0.0, greater))
}
