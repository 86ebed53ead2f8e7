//! UNIQUE: the distinct elements of a list in the order they first stand, and for each element which of them it is.
//!
//! Input `[n]`, outputs `[distinct]` and `[n]`.

/// The family's cases.
pub mod cases;

use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::Choice;
use std::collections::BTreeMap;

/// The distinct elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unique;

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Unique>> {
    Ok((source.name == "UNIQUE").then_some(Unique))
}

impl Operator for Unique {
    fn name(&self) -> &'static str {
        "UNIQUE"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let input = operands.input(0)?;
        if matches!(input.ty.dtype, DType::Bool | DType::String | DType::Resource) {
            return Err(Refusal::new(format!("it does not take {}", input.ty.dtype)));
        }
        let Some(shape) = operands.shape(0)? else { return Ok(vec![None, None]) };
        if shape.len() != 1 {
            return Err(Refusal::new(format!("its input {shape:?} should have rank 1")));
        }
        let distinct = input.constant.map(|tensor| vec![order(tensor).0.len()]);
        Ok(vec![distinct, Some(shape.to_vec())])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input)] = inputs[..] else { return Err(Refusal::new("it needs one input")) };
        let (first, which) = order(input);
        let size = input.dtype().size();
        let values: Vec<u8> =
            first.iter().flat_map(|at| &input.as_bytes()[at * size..][..size]).copied().collect();
        let mut found = vec![Tensor::from_bytes(outputs[0].clone(), &values)?];
        if let Some(ty) = outputs.get(1) {
            found.push(Tensor::from_integers(ty.clone(), &which)?);
        }
        Ok(found)
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("the shape of its result is known only when it runs"))
    }
}

/// Where each distinct element first stands, and for each element the number of its like.
fn order(tensor: &Tensor) -> (Vec<usize>, Vec<i64>) {
    let size = tensor.dtype().size();
    let mut numbers = BTreeMap::new();
    let mut first = Vec::new();
    let mut which = Vec::with_capacity(tensor.len());
    for (at, element) in tensor.as_bytes().chunks_exact(size).enumerate() {
        // Zero and negative zero are alike; other equal numbers have equal bytes.
        let zero = tensor.dtype().is_float()
            && element[..size - 1].iter().all(|&b| b == 0)
            && element[size - 1] == 0x80;
        let key = if zero { vec![0; size] } else { element.to_vec() };
        let number = *numbers.entry(key).or_insert_with(|| {
            first.push(at);
            first.len() as i64 - 1
        });
        which.push(number);
    }
    (first, which)
}
