//! DENSIFY: a sparse constant as a dense tensor.
//!
//! Sparse constants are spread out when a model is read, for the inputs of any operator: what is left is the identity.

/// The family's cases.
pub mod cases;

use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::Choice;

/// The identity on an expanded constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Densify;

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Densify>> {
    Ok((source.name == "DENSIFY").then_some(Densify))
}

impl Operator for Densify {
    fn name(&self) -> &'static str {
        "DENSIFY"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let (input, output) = (operands.input(0)?, operands.outputs.first());
        match output {
            Some(output) if output.dtype == input.ty.dtype => {
                Ok(vec![operands.shape(0)?.map(<[usize]>::to_vec)])
            }
            _ => Err(Refusal::new(format!("its input {} and its output differ in type", input.ty))),
        }
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input)] = inputs[..] else { return Err(Refusal::new("it needs one input")) };
        Ok(vec![input.with_type(outputs[0].clone())?])
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("it unpacks a constant, which is done before the model runs"))
    }
}
