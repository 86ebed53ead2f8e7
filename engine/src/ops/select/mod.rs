//! SELECT, SELECT_V2: `y = a` where the condition holds, `b` elsewhere.
//!
//! SELECT's a and b have one shape; its condition has it too, or holds one truth value, or one for each index of the
//! first axis. SELECT_V2 broadcasts all three.

/// The family's cases.
pub mod cases;

use super::binary::{broadcast_indices, broadcast_shapes};
use super::chain::Broadcast;
use super::rearrange;
use super::strided::{pick, pooled};
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, merged};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A selection; neither has attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// `SELECT`
    Alike,
    /// `SELECT_V2`
    Broadcast,
}

/// The selection that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Select>> {
    Ok(Some(match source.name {
        "SELECT" => Select::Alike,
        "SELECT_V2" => Select::Broadcast,
        _ => return Ok(None),
    }))
}

impl Select {
    /// The condition's shape as it broadcasts to the result's.
    fn condition(&self, condition: &[usize], result: &[usize]) -> Vec<usize> {
        let mut shape = condition.to_vec();
        if *self == Select::Alike && condition.len() == 1 && condition != [1] {
            shape.resize(result.len().max(1), 1);
        }
        shape
    }

    fn shape(&self, [condition, a, b]: [&[usize]; 3]) -> Verdict<Vec<usize>> {
        let result = broadcast_shapes(a, b)?;
        if *self == Select::Broadcast {
            return broadcast_shapes(condition, &result);
        }
        let spread = self.condition(condition, &result);
        let fits = condition == a || condition.iter().product::<usize>() == 1 || condition.len() == 1;
        match a == b && fits && broadcast_shapes(&spread, &result).is_ok_and(|shape| shape == result) {
            true => Ok(result),
            false => {
                Err(Refusal::new(format!("its condition {condition:?} does not select of {a:?} and {b:?}")))
            }
        }
    }
}

impl Operator for Select {
    fn name(&self) -> &'static str {
        match self {
            Select::Alike => "SELECT",
            Select::Broadcast => "SELECT_V2",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_dtype(0, &[DType::Bool])?;
        operands.expect_same_dtype(1)?;
        operands.expect_same_dtype(2)?;
        if operands.input(1)?.ty.dtype == DType::String {
            return Err(Refusal::new("it does not take strings"));
        }
        match (operands.shape(0)?, operands.shape(1)?, operands.shape(2)?) {
            (Some(condition), Some(a), Some(b)) => Ok(vec![Some(self.shape([condition, a, b])?)]),
            _ => Ok(vec![None]),
        }
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(condition), Some(a), Some(b)] = inputs[..] else {
            return Err(Refusal::new("it needs three inputs"));
        };
        let ty = &outputs[0];
        let holds = condition.to_integers().ok_or_else(|| Refusal::new("its condition is not bool"))?;
        let condition = self.condition(condition.shape(), &ty.shape);
        let from_a = broadcast_indices(a.shape(), &ty.shape);
        let from_b = broadcast_indices(b.shape(), &ty.shape).map(|index| index + a.len());
        let places = broadcast_indices(&condition, &ty.shape).zip(from_a.zip(from_b));
        let chosen: Vec<usize> = places.map(|(at, (a, b))| if holds[at] != 0 { a } else { b }).collect();
        Ok(vec![pick(&pooled(a, b)?, &chosen, ty)?])
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        merged::check_spread(operands)?;
        Ok(Merged::new(*self))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let result = operands.outputs.first().ok_or_else(|| Refusal::new("its output is missing"))?;
        for index in 0..3 {
            operands.gpu_input(index)?;
            let shape = &operands.input(index)?.ty.shape;
            let spread = if index == 0 { self.condition(shape, &result.shape) } else { shape.clone() };
            if spread != *shape || Broadcast::between(shape, &result.shape).is_none() {
                return Err(Refusal::new("its GPU kernel takes a condition that broadcasts"));
            }
        }
        Ok(rearrange::choices("select", rearrange::texels(operands.gpu_output(0)?)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let to = operands.gpu_output(0)?;
        let spread = |index: usize| Ok::<i64, Refusal>((operands.gpu_input(index)?[3] != to[3]) as i64);
        Ok(Kernel {
            choice: choice.clone(),
            source: include_str!("select.wgsl"),
            defines: vec![("SPREAD_0", spread(0)?), ("SPREAD_1", spread(1)?), ("SPREAD_2", spread(2)?)],
            params: vec![],
            inputs: vec![("in_0", 0), ("in_1", 1), ("in_2", 2)],
            outputs: vec!["dst"],
            constants: vec![],
            grid: choice.grid(rearrange::texels(to)),
            macs: 0,
        })
    }

    fn carries_prologue(&self, operands: &Operands, input: usize) -> bool {
        operands.gpu_input(input) == operands.gpu_output(0)
    }
}
