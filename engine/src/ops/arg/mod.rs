//! ARG_MAX, ARG_MIN: the first place of the greatest or the least number along an axis, which the result lacks.
//!
//! The axis is operand 1. Places are i32 or i64; a GPU holds them as f32.

/// The family's cases.
pub mod cases;

use super::rearrange;
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, axis, merged};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A search; the type of places is the output's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    /// `ARG_MAX`
    Max,
    /// `ARG_MIN`
    Min,
}

/// Above this extent halves do not hold every place.
const MOST_PLACES: usize = 2048;

/// The search that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Arg>> {
    Ok(Some(match source.name {
        "ARG_MAX" => Arg::Max,
        "ARG_MIN" => Arg::Min,
        _ => return Ok(None),
    }))
}

/// The axis that is searched; `None` where only the run tells.
fn searched(operands: &Operands) -> Verdict<Option<usize>> {
    let (Some(shape), Some(named)) = (operands.shape(0)?, operands.integer(1)?) else { return Ok(None) };
    let along = axis(named, shape.len())?;
    match shape[along] {
        0 => Err(Refusal::new(format!("its input {shape:?} is empty along axis {along}"))),
        _ => Ok(Some(along)),
    }
}

/// The axis that is searched, for a GPU.
fn known(operands: &Operands) -> Verdict<usize> {
    searched(operands)?.ok_or_else(|| Refusal::new("its GPU kernel takes a constant axis"))
}

impl Arg {
    /// For each line along the axis the first place that no other one beats.
    fn places<T: PartialOrd + Copy>(&self, values: &[T], extent: usize, inner: usize) -> Vec<i64> {
        let better = |a: T, b: T| if *self == Arg::Max { a > b } else { a < b };
        let lines = values.len() / extent;
        let line = |line: usize| {
            let first = line / inner * extent * inner + line % inner;
            let at = |place: usize| values[first + place * inner];
            (1..extent).fold(0, |best, place| if better(at(place), at(best)) { place } else { best }) as i64
        };
        (0..lines).map(line).collect()
    }
}

impl Operator for Arg {
    fn name(&self) -> &'static str {
        match self {
            Arg::Max => "ARG_MAX",
            Arg::Min => "ARG_MIN",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let output = operands.outputs.first().map(|output| output.dtype);
        if !matches!(output, Some(DType::I32 | DType::I64 | DType::F32)) {
            return Err(Refusal::new("its output should be i32 or i64"));
        }
        let (Some(along), Some(shape)) = (searched(operands)?, operands.shape(0)?) else {
            return Ok(vec![None]);
        };
        let mut rest = shape.to_vec();
        rest.remove(along);
        Ok(vec![Some(rest)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let along = searched(&Operands::of_tensors(inputs, outputs))?;
        let along = along.ok_or_else(|| Refusal::new("its axis is missing"))?;
        let extent = input.shape()[along];
        let inner = input.shape()[along + 1..].iter().product::<usize>().max(1);
        let places = match input.to_integers() {
            Some(integers) => self.places(&integers, extent, inner),
            None => {
                let reals = input.to_reals();
                let reals =
                    reals.ok_or_else(|| Refusal::new(format!("it does not take {}", input.dtype())))?;
                self.places(&reals, extent, inner)
            }
        };
        Ok(vec![Tensor::from_integers(outputs[0].clone(), &places)?])
    }

    fn gives_indices(&self) -> bool {
        true
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let along = known(operands)?;
        Merged::new(*self).with(1, &[], &[merged::lone(&operands.input(0)?.ty.shape, along)? as i64])
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let from = operands.gpu_input(0)?;
        let to = operands.gpu_index_output(0)?;
        let along = known(operands)?;
        let extent = from[along + 4 - operands.input(0)?.ty.rank()];
        match extent <= MOST_PLACES {
            true => Ok(rearrange::choices("arg", rearrange::texels(to))),
            false => {
                Err(Refusal::new(format!("its GPU kernel finds places up to {MOST_PLACES}, not {extent}")))
            }
        }
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let from = operands.gpu_input(0)?;
        let to = operands.gpu_index_output(0)?;
        let along = known(operands)?;
        let along = along + 4 - operands.input(0)?.ty.rank();
        // A result of one rank less stands one coordinate further right.
        let of_result = |axis: usize| if axis > along { axis } else { (axis + 1).min(3) } as i64;
        Ok(Kernel {
            choice: choice.clone(),
            source: concat!(include_str!("../rearrange/lane.wgsl"), include_str!("arg.wgsl")),
            defines: vec![
                ("LEAST", (*self == Arg::Min) as i64),
                ("AXIS", along as i64),
                ("CHANNELS", (along == 3) as i64),
                ("FROM_N", of_result(0)),
                ("FROM_Y", of_result(1)),
                ("FROM_X", of_result(2)),
                ("FROM_C", of_result(3)),
            ],
            params: vec![("extent", from[along].into()), ("channels", to[3].into())],
            inputs: vec![("src", 0)],
            outputs: vec!["dst"],
            constants: vec![],
            grid: choice.grid(rearrange::texels(to)),
            macs: 0,
        })
    }
}
