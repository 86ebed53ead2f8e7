//! REVERSE_V2, REVERSE_SEQUENCE: axes read backward.
//!
//! REVERSE_V2 reverses the axes that operand 1 lists. REVERSE_SEQUENCE reverses, for each index of one axis, the first
//! places of another, as many as operand 1 says; more than there are is an error, on a GPU all.

/// The family's cases.
pub mod cases;

use super::rearrange::{self, Rearrangement, indexing};
use super::strided::{Strided, pick};
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, axis, merged};
use crate::tensor::{Tensor, TensorType, strides};
use crate::wgsl::{Choice, Kernel};

/// A reversal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reverse {
    /// `REVERSE_V2`
    Axes,
    /// `REVERSE_SEQUENCE`
    Sequences {
        /// The axis whose first places are reversed.
        sequence: i64,
        /// The axis that has a length for each index.
        batch: i64,
    },
}

/// The reversal that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Reverse>> {
    Ok(Some(match source.name {
        "REVERSE_V2" => Reverse::Axes,
        "REVERSE_SEQUENCE" => {
            Reverse::Sequences { sequence: source.int("seq_dim", 0)?, batch: source.int("batch_dim", 0)? }
        }
        _ => return Ok(None),
    }))
}

/// The axes that operand 1 lists; `None` where only the run tells.
fn listed(operands: &Operands) -> Verdict<Option<Vec<usize>>> {
    let (Some(shape), Some(list)) = (operands.shape(0)?, operands.integers(1)?) else { return Ok(None) };
    let axes = list.iter().map(|&at| axis(at, shape.len())).collect::<Verdict<Vec<usize>>>()?;
    let twice = (1..axes.len()).any(|at| axes[..at].contains(&axes[at]));
    if twice { Err(Refusal::new(format!("it reverses an axis twice: {list:?}"))) } else { Ok(Some(axes)) }
}

impl Operator for Reverse {
    fn name(&self) -> &'static str {
        match self {
            Reverse::Axes => "REVERSE_V2",
            Reverse::Sequences { .. } => "REVERSE_SEQUENCE",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_same_dtype(0)?;
        let Some(shape) = operands.shape(0)? else { return Ok(vec![None]) };
        match *self {
            Reverse::Axes => drop(listed(operands)?),
            Reverse::Sequences { sequence, batch } => {
                let (along, by) = (axis(sequence, shape.len())?, axis(batch, shape.len())?);
                let lengths = operands.shape(1)?;
                if along == by || lengths.is_some_and(|lengths| lengths != [shape[by]]) {
                    return Err(Refusal::new(format!(
                        "its lengths {lengths:?} do not fit its input {shape:?}"
                    )));
                }
            }
        }
        Ok(vec![Some(shape.to_vec())])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input), Some(by)] = inputs[..] else { return Err(Refusal::new("it needs two inputs")) };
        let ty = &outputs[0];
        let Reverse::Sequences { sequence, batch } = *self else {
            let axes = listed(&Operands::of_tensors(inputs, outputs))?.unwrap_or_default();
            let way = axes.into_iter().fold(Strided::new(input.shape()), |way, axis| {
                let extent = input.shape()[axis];
                way.sliced(axis, extent as isize - 1, -1, extent)
            });
            return Ok(vec![way.read(input, ty)?]);
        };
        let rank = input.shape().len();
        let (along, of) = (axis(sequence, rank)?, axis(batch, rank)?);
        let lengths = by.to_integers().ok_or_else(|| Refusal::new("its lengths are not integers"))?;
        let extent = input.shape()[along];
        if let Some(length) = lengths.iter().find(|&&length| !(0..=extent as i64).contains(&length)) {
            return Err(Refusal::new(format!("it reverses {length} places of {extent}")));
        }
        let strides = strides(input.shape());
        let source = |element: usize| {
            let at = |axis: usize| element / strides[axis] % input.shape()[axis];
            let (place, length) = (at(along), lengths[at(of)] as usize);
            let from = if place < length { length - 1 - place } else { place };
            element - place * strides[along] + from * strides[along]
        };
        Ok(vec![pick(input, &(0..input.len()).map(source).collect::<Vec<_>>(), ty)?])
    }

    fn takes_indices(&self, _operands: &Operands, index: usize) -> bool {
        index == 1 && *self != Reverse::Axes
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let shape = &operands.input(0)?.ty.shape;
        let constant = || Refusal::new("its GPU kernel takes constant axes");
        if let Reverse::Sequences { sequence, batch } = *self {
            let place =
                |named: i64| Ok::<i64, Refusal>(merged::lone(shape, axis(named, shape.len())?)? as i64);
            let (sequence, batch) = (place(sequence)?, place(batch)?);
            return Ok(Merged::new(Reverse::Sequences { sequence, batch }));
        }
        let axes = listed(operands)?.ok_or_else(constant)?;
        let axes = axes.into_iter().filter(|&axis| shape[axis] != 1);
        let axes = axes.map(|axis| Ok(merged::lone(shape, axis)? as i64)).collect::<Verdict<Vec<i64>>>()?;
        Merged::new(*self).with(1, &[axes.len()], &axes)
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        match self {
            Reverse::Sequences { .. } => {
                operands.gpu_indices(1)?;
                rearrange::check_indices(to)?;
                Ok(rearrange::choices("reverse_sequences", rearrange::texels(to)))
            }
            Reverse::Axes if listed(operands)?.is_some() => {
                Ok(rearrange::choices("reverse", rearrange::texels(to)))
            }
            Reverse::Axes => Err(Refusal::new("its GPU kernel takes constant axes")),
        }
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let (from, to) = rearrange::shapes(operands, 0, 0)?;
        let rank = operands.input(0)?.ty.rank();
        let lead = 4 - rank;
        if let Reverse::Sequences { sequence, batch } = *self {
            let (along, by) = (axis(sequence, rank)? + lead, axis(batch, rank)? + lead);
            let kernel = Rearrangement {
                source: indexing!("sequences.wgsl"),
                whole: along < 3 && by < 3,
                fill: None,
                defines: vec![("SEQUENCE", along as i64), ("BATCH", by as i64)],
                params: vec![("extent", to[along].into())],
            };
            return Ok(kernel.by_indices(choice, to, 0, 1));
        }
        let (mut begin, mut step) = ([0; 4], [1; 4]);
        for axis in listed(operands)?.unwrap_or_default() {
            (begin[axis + lead], step[axis + lead]) = (from[axis + lead] as i64 - 1, -1);
        }
        Ok(Rearrangement::affine(begin, step, [0, 1, 2, 3]).kernel(choice, to))
    }

    fn carries_prologue(&self, operands: &Operands, input: usize) -> bool {
        input == 0 && rearrange::moves_whole_texels(self, operands)
    }
}
