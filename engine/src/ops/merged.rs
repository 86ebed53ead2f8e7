//! Operands of rank above 4 as a GPU holds them: their first axes are one, so that four are left.
//!
//! Row-major elements stay where they are, so an operator may be given such operands where it does not tell the merged axes
//! apart: it takes all places of theirs alike, or only one of them has more than one place.

use super::{Op, Operands, Refusal, Verdict};
use crate::tensor::Tensor;

/// Axes that stay.
const KEPT: usize = 3;

/// An operator for operands whose first axes are merged.
pub struct Merged {
    /// The operator.
    pub op: Op,
    /// What stands in place of its constant inputs, such as axes.
    pub constants: Vec<(usize, Tensor)>,
}

impl Merged {
    /// An operator with its own constants.
    pub fn new(op: impl Into<Op>) -> Self {
        Self { op: op.into(), constants: Vec::new() }
    }

    /// The same with a list of integers as input `index`.
    pub fn with(mut self, index: usize, shape: &[usize], list: &[i64]) -> Verdict<Self> {
        let list: Vec<i32> =
            list.iter().map(|&value| value.clamp(i32::MIN.into(), i32::MAX.into()) as i32).collect();
        self.constants.push((index, Tensor::from_slice(shape, &list)?));
        Ok(self)
    }
}

/// A shape with its first axes merged.
pub fn merged(shape: &[usize]) -> Vec<usize> {
    match shape.len() > KEPT + 1 {
        true => {
            let (first, kept) = shape.split_at(shape.len() - KEPT);
            [&[first.iter().product()], kept].concat()
        }
        false => shape.to_vec(),
    }
}

/// The axes of a shape that are merged: how many, the first one alone where none are.
pub fn count(shape: &[usize]) -> usize {
    shape.len().saturating_sub(KEPT).max(1)
}

/// An axis of the shape in the merged one, with the places that a place of it is there: more than one where it is merged with
/// later axes.
pub fn place(shape: &[usize], axis: usize) -> Verdict<(usize, usize)> {
    let count = count(shape);
    if axis >= count {
        return Ok((axis + 1 - count, 1));
    }
    match shape[..axis].iter().all(|&extent| extent == 1) {
        true => Ok((0, shape[axis + 1..count].iter().product())),
        false => Err(apart(shape)),
    }
}

/// The same for an axis whose order of places matters.
pub fn lone(shape: &[usize], axis: usize) -> Verdict<usize> {
    match place(shape, axis)? {
        (axis, 1) => Ok(axis),
        _ => Err(apart(shape)),
    }
}

/// The refusal of an operator that tells merged axes apart.
pub fn apart(shape: &[usize]) -> Refusal {
    let count = count(shape);
    Refusal::new(format!("a GPU holds the first {count} axes of {shape:?} as one, which it tells apart"))
}

/// Refuses operands that do not spread over the merged axes of the result together.
pub fn check_spread(operands: &Operands) -> Verdict<()> {
    let result = &operands.outputs[0].shape;
    let count = count(result);
    for operand in operands.inputs.iter().flatten() {
        let shape = &operand.ty.shape;
        let first: Vec<usize> = (0..count)
            .map(|axis| (axis + shape.len()).checked_sub(result.len()).map_or(1, |own| shape[own]))
            .collect();
        if first != result[..count] && first.iter().any(|&extent| extent != 1) {
            return Err(apart(shape));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_axes_are_left() {
        assert_eq!(merged(&[2, 3, 5, 7]), [2, 3, 5, 7]);
        assert_eq!(merged(&[2, 3, 5, 7, 11]), [6, 5, 7, 11]);
        assert_eq!(merged(&[2, 3, 5, 7, 11, 13]), [30, 7, 11, 13]);
    }

    #[test]
    fn an_axis_has_a_place_where_those_before_it_are_of_one_place() {
        assert_eq!(place(&[2, 3, 5, 7, 11], 0), Ok((0, 3)));
        assert_eq!(place(&[2, 3, 5, 7, 11], 2), Ok((1, 1)));
        assert_eq!(place(&[1, 3, 5, 7, 11], 1), Ok((0, 1)));
        assert!(place(&[2, 3, 5, 7, 11], 1).is_err());
        assert_eq!(lone(&[2, 3, 5, 7], 1), Ok(1));
        assert!(lone(&[2, 3, 5, 7, 11], 0).is_err());
    }
}
