//! WHERE: the coordinates of the elements that are not zero, `[count, rank]` of i64, in row-major order.

/// The family's cases.
pub mod cases;

use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{DType, Tensor, TensorType, strides};
use crate::wgsl::Choice;

/// The coordinates of what is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhereNonzero;

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<WhereNonzero>> {
    Ok((source.name == "WHERE").then_some(WhereNonzero))
}

impl Operator for WhereNonzero {
    fn name(&self) -> &'static str {
        "WHERE"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let input = operands.input(0)?;
        if matches!(input.ty.dtype, DType::String | DType::Resource) {
            return Err(Refusal::new(format!("it does not take {}", input.ty.dtype)));
        }
        let Some(tensor) = input.constant else { return Ok(vec![None]) };
        Ok(vec![Some(vec![nonzero(tensor)?.len(), tensor.ty().rank()])])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input)] = inputs[..] else { return Err(Refusal::new("it needs one input")) };
        let strides = strides(input.shape());
        let coordinates: Vec<i64> = nonzero(input)?
            .into_iter()
            .flat_map(|at| {
                strides.iter().zip(input.shape()).map(move |(stride, extent)| (at / stride % extent) as i64)
            })
            .collect();
        Ok(vec![Tensor::from_integers(outputs[0].clone(), &coordinates)?])
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("the shape of its result is known only when it runs"))
    }
}

/// The indices of the elements that are not zero.
fn nonzero(tensor: &Tensor) -> Verdict<Vec<usize>> {
    let places =
        |truths: Vec<bool>| truths.iter().enumerate().filter_map(|(at, &v)| v.then_some(at)).collect();
    if let Some(integers) = tensor.to_integers() {
        return Ok(places(integers.iter().map(|&v| v != 0).collect()));
    }
    let reals = tensor.to_reals();
    let reals = reals.ok_or_else(|| Refusal::new(format!("it does not take {}", tensor.dtype())))?;
    Ok(places(reals.iter().map(|&v| v != 0.0).collect()))
}
