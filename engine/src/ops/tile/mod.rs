//! TILE, BROADCAST_TO, BROADCAST_ARGS: operands repeated along axes.
//!
//! TILE repeats each axis as often as operand 1 says. BROADCAST_TO repeats extents of 1, and axes the operand lacks in
//! front, up to the shape that operand 1 gives. BROADCAST_ARGS gives the shape that two shapes broadcast to.

/// The family's cases.
pub mod cases;

use super::binary::broadcast_shapes;
use super::rearrange::{self, Rearrangement, rearranging};
use super::shape::MAKES_SHAPES;
use super::strided::Strided;
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, extent, merged};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A repetition; none has attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// `TILE`
    Times,
    /// `BROADCAST_TO`
    ToShape,
    /// `BROADCAST_ARGS`
    Shapes,
}

/// The repetition that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Tile>> {
    Ok(Some(match source.name {
        "TILE" => Tile::Times,
        "BROADCAST_TO" => Tile::ToShape,
        "BROADCAST_ARGS" => Tile::Shapes,
        _ => return Ok(None),
    }))
}

/// The extents that operand `index` lists; `None` where only the run tells.
fn extents(operands: &Operands, index: usize) -> Verdict<Option<Vec<usize>>> {
    let listed = operands.integers(index)?;
    listed.map(|list| list.into_iter().map(extent).collect()).transpose()
}

fn tiled(shape: &[usize], times: &[usize]) -> Verdict<Vec<usize>> {
    let products = shape.iter().zip(times).map(|(&extent, &times)| extent.checked_mul(times));
    let tiled: Option<Vec<usize>> = products.collect();
    tiled
        .filter(|_| shape.len() == times.len())
        .ok_or_else(|| Refusal::new(format!("its input {shape:?} does not repeat {times:?} times")))
}

impl Operator for Tile {
    fn name(&self) -> &'static str {
        match self {
            Tile::Times => "TILE",
            Tile::ToShape => "BROADCAST_TO",
            Tile::Shapes => "BROADCAST_ARGS",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_same_dtype(0)?;
        let Some(shape) = operands.shape(0)? else { return Ok(vec![None]) };
        if *self == Tile::Shapes {
            let Some(other) = operands.shape(1)? else { return Ok(vec![None]) };
            return match (shape, other) {
                (&[a], &[b]) => Ok(vec![Some(vec![a.max(b)])]),
                _ => Err(Refusal::new(format!("its shapes {shape:?} and {other:?} are not lists"))),
            };
        }
        let Some(listed) = extents(operands, 1)? else { return Ok(vec![None]) };
        if *self == Tile::Times {
            return Ok(vec![Some(tiled(shape, &listed)?)]);
        }
        match broadcast_shapes(shape, &listed)? == listed {
            true => Ok(vec![Some(listed)]),
            false => Err(Refusal::new(format!("its input {shape:?} does not broadcast to {listed:?}"))),
        }
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let ty = &outputs[0];
        let operands = Operands::of_tensors(inputs, outputs);
        let listed = |index: usize| {
            extents(&operands, index)?.ok_or_else(|| Refusal::new(format!("its input {index} is missing")))
        };
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let all = Strided::new(input.shape());
        let way = match self {
            Tile::Times => {
                let times = listed(1)?;
                (0..times.len()).rev().fold(all, |way, axis| way.repeated(axis, times[axis]))
            }
            Tile::ToShape => {
                let lead = ty.rank() - input.shape().len();
                let spread = |way: Strided, axis: usize| match input.shape()[axis] == ty.shape[lead + axis] {
                    true => way,
                    false => way.dropped(axis).repeated(axis, ty.shape[lead + axis]),
                };
                let way = (0..input.shape().len()).fold(all, spread);
                (0..lead).rev().fold(way, |way, axis| way.repeated(0, ty.shape[axis]))
            }
            Tile::Shapes => {
                let shape = broadcast_shapes(&listed(0)?, &listed(1)?)?;
                let shape: Vec<i64> = shape.into_iter().map(|extent| extent as i64).collect();
                return Ok(vec![Tensor::from_integers(ty.clone(), &shape)?]);
            }
        };
        Ok(vec![way.read(input, ty)?])
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let (shape, result) = (&operands.input(0)?.ty.shape, &operands.outputs[0].shape);
        let count = merged::count(result);
        let is_tiled = |axis: &usize| {
            let own = (axis + shape.len()).checked_sub(result.len());
            own.map_or(1, |own| shape[own]) != result[*axis]
        };
        // Blocks of all later places are repeated: nothing before the repeated axis may have more than one place.
        if let Some(axis) = (0..count).find(is_tiled)
            && (result[..axis].iter().any(|&extent| extent != 1)
                || (axis + 1..count).any(|axis| is_tiled(&axis)))
        {
            return Err(merged::apart(shape));
        }
        let (from, to) = (merged::merged(shape), merged::merged(result));
        let listed: Vec<i64> = match self {
            Tile::Shapes => return Err(Refusal::new(MAKES_SHAPES)),
            Tile::ToShape => to.iter().map(|&extent| extent as i64).collect(),
            Tile::Times => from.iter().zip(&to).map(|(&from, &to)| (to / from.max(1)) as i64).collect(),
        };
        Merged::new(*self).with(1, &[listed.len()], &listed)
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        Ok(rearrange::choices("tile", rearrange::texels(to)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let (from, to) = rearrange::shapes(operands, 0, 0)?;
        let kernel = Rearrangement {
            source: rearranging!("tile.wgsl"),
            whole: from[3] == to[3] || from[3] % 4 == 0,
            fill: None,
            defines: vec![],
            params: vec![("src_channels", from[3].into())],
        };
        Ok(kernel.kernel(choice, to))
    }
}
