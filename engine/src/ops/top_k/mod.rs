//! TOPK_V2: the k greatest numbers along the last dimension in falling order, and where they stood.
//!
//! Input `[…, n]` and the scalar k, outputs `[…, k]` twice. Of equal numbers the one with the lesser index comes first;
//! NaN comes last.

/// The family's cases.
pub mod cases;

use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::Choice;
use std::cmp::Ordering;

/// The k greatest numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopK;

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<TopK>> {
    Ok((source.name == "TOPK_V2").then_some(TopK))
}

/// Falling order of reals, NaN last.
pub(super) fn falling(a: f32, b: f32) -> Ordering {
    b.partial_cmp(&a).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

impl Operator for TopK {
    fn name(&self) -> &'static str {
        "TOPK_V2"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let input = operands.input(0)?;
        if matches!(input.ty.dtype, DType::Bool | DType::String | DType::Resource) {
            return Err(Refusal::new(format!("it does not take {}", input.ty.dtype)));
        }
        if operands.outputs.get(1).is_some_and(|indices| indices.dtype.integer_range().is_none()) {
            return Err(Refusal::new("its second output should hold integers"));
        }
        let k = match operands.integers(1)?.as_deref() {
            None => None,
            Some(&[k]) => Some(k),
            Some(_) => return Err(Refusal::new("its k should be one integer")),
        };
        let (Some(shape), Some(k)) = (operands.shape(0)?, k) else { return Ok(vec![None, None]) };
        let fits = |n: usize| usize::try_from(k).ok().filter(|&k| k <= n);
        let k = shape.last().and_then(|&n| fits(n));
        let k = k.ok_or_else(|| Refusal::new(format!("its k does not fit its input {shape:?}")))?;
        let mut shape = shape.to_vec();
        shape.pop();
        shape.push(k);
        Ok(vec![Some(shape.clone()), Some(shape)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input), Some(_)] = inputs[..] else { return Err(Refusal::new("it needs two inputs")) };
        let n = input.shape().last().copied().unwrap_or(1);
        let k = outputs[0].shape.last().copied().unwrap_or(1);
        let order = match input.to_integers() {
            Some(integers) => order_rows(&integers, n, k, |a, b| b.cmp(a)),
            None => {
                let reals = input.to_reals();
                let reals =
                    reals.ok_or_else(|| Refusal::new(format!("it does not take {}", input.dtype())))?;
                order_rows(&reals, n, k, |a, b| falling(*a, *b))
            }
        };
        let size = input.dtype().size();
        let mut values = Vec::with_capacity(order.len() * size);
        for at in &order {
            values.extend_from_slice(&input.as_bytes()[at * size..][..size]);
        }
        let places: Vec<i64> = order.iter().map(|at| (at % n.max(1)) as i64).collect();
        let mut found = vec![Tensor::from_bytes(outputs[0].clone(), &values)?];
        if let Some(ty) = outputs.get(1) {
            found.push(Tensor::from_integers(ty.clone(), &places)?);
        }
        Ok(found)
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("it sorts, which the CPU does with fewer comparisons"))
    }
}

/// The indices of the k first elements of each row of n by `compare`; of equals the lesser index is first.
fn order_rows<T>(values: &[T], n: usize, k: usize, compare: impl Fn(&T, &T) -> Ordering) -> Vec<usize> {
    let rows = values.len().checked_div(n).unwrap_or(0);
    let row = |row: usize| {
        let mut indices: Vec<usize> = (row * n..(row + 1) * n).collect();
        indices.sort_by(|&a, &b| compare(&values[a], &values[b]));
        indices.truncate(k);
        indices
    };
    (0..rows).flat_map(row).collect()
}
