//! RESHAPE, SQUEEZE, EXPAND_DIMS: the same elements in row-major order under another shape.
//!
//! RESHAPE takes its shape from a list of integers, an operand or else an attribute; one −1 stands for what is left.
//! SQUEEZE drops the named dimensions of extent 1, or all of them. EXPAND_DIMS puts a dimension of extent 1 in front of
//! the one that operand 1 names.
//!
//! On a GPU the elements move where slices of four channels fall differently; where they do not, nothing has to.

/// The family's cases.
pub mod cases;

use super::chain::{Chain, carried, nhwc};
use super::rearrange::{self, Rearrangement, rearranging};
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, axis, extent};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A change of shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Reshape {
    /// To the shape of operand 1, or this one where there is no such operand.
    To(Option<Vec<i64>>),
    /// Without these dimensions of extent 1; without any where none are named.
    Squeeze(Vec<i64>),
    /// With one more dimension of extent 1.
    ExpandDims,
}

/// The change of shape that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Reshape>> {
    let list = |field: &str| source.options.map(|options| options.ints(field)).transpose();
    Ok(Some(match source.name {
        "RESHAPE" => Reshape::To(list("new_shape")?.map(<[i64]>::to_vec)),
        "SQUEEZE" => Reshape::Squeeze(list("squeeze_dims")?.unwrap_or_default().to_vec()),
        "EXPAND_DIMS" => Reshape::ExpandDims,
        _ => return Ok(None),
    }))
}

impl Operator for Reshape {
    fn name(&self) -> &'static str {
        match self {
            Reshape::To(_) => "RESHAPE",
            Reshape::Squeeze(_) => "SQUEEZE",
            Reshape::ExpandDims => "EXPAND_DIMS",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_same_dtype(0)?;
        let Some(shape) = operands.shape(0)? else { return Ok(vec![None]) };
        Ok(vec![match self {
            Reshape::To(attribute) => {
                wanted(attribute.as_deref(), operands)?.map(|wanted| filled(shape, &wanted)).transpose()?
            }
            Reshape::Squeeze(axes) => Some(squeezed(shape, axes)?),
            Reshape::ExpandDims => match operands.integer(1)? {
                Some(at) => {
                    let mut expanded = shape.to_vec();
                    expanded.insert(axis(at, shape.len() + 1)?, 1);
                    Some(expanded)
                }
                None => None,
            },
        }])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        match input.len() == outputs[0].elements() {
            true => Ok(vec![input.with_type(outputs[0].clone())?]),
            false => Err(Refusal::new(format!("its input {} is not {}", input.ty(), outputs[0]))),
        }
    }

    fn merged(&self, _operands: &Operands) -> Verdict<Merged> {
        Ok(Merged::new(self.clone()))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        Ok(rearrange::choices("reshape", rearrange::texels(to)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let (from, to) = rearrange::shapes(operands, 0, 0)?;
        let kernel = Rearrangement {
            source: rearranging!("reshape.wgsl"),
            whole: from[3] % 4 == 0 && to[3] % 4 == 0 || from[3] == to[3],
            fill: None,
            defines: vec![],
            params: vec![("src_channels", from[3].into())],
        };
        Ok(kernel.kernel(choice, to))
    }

    fn carries_prologue(&self, operands: &Operands, input: usize) -> bool {
        input == 0 && rearrange::moves_whole_texels(self, operands)
    }

    fn reinterprets(&self) -> bool {
        true
    }

    fn view(&self, operands: &Operands, _index: usize) -> Option<usize> {
        let (from, to) = rearrange::shapes(operands, 0, 0).ok()?;
        rearrange::same_texels(from, to).then_some(0)
    }

    fn link(&self, operands: &Operands, of: usize) -> Option<Chain> {
        let (from, to) = (operands.optional(0)?.ty, operands.outputs.first()?);
        let same = of == 0 && carried(from) && carried(to) && nhwc(&from.shape) == nhwc(&to.shape);
        same.then(Chain::empty)
    }
}

/// The shape asked for, −1 in it, or `None` where only the run tells.
fn wanted(attribute: Option<&[i64]>, operands: &Operands) -> Verdict<Option<Vec<i64>>> {
    if operands.optional(1).is_some_and(|shape| shape.dynamic || shape.ty.rank() == 1) {
        return operands.integers(1);
    }
    match attribute {
        // A scalar, as old converters wrote it.
        Some([0]) => Ok(Some(vec![])),
        Some(list) => Ok(Some(list.to_vec())),
        None => Err(Refusal::new("it has no shape")),
    }
}

/// The shape with what is left in place of −1.
fn filled(shape: &[usize], wanted: &[i64]) -> Verdict<Vec<usize>> {
    let elements: usize = shape.iter().product();
    let refuse = || Refusal::new(format!("its input {shape:?} does not take the shape {wanted:?}"));
    let known = wanted
        .iter()
        .filter(|&&extent| extent != -1)
        .try_fold(1usize, |product, &value| product.checked_mul(extent(value).ok()?))
        .ok_or_else(refuse)?;
    let open = wanted.iter().filter(|&&extent| extent == -1).count();
    let rest = match open {
        0 => (elements == known).then_some(1),
        1 => (known > 0 && elements.is_multiple_of(known)).then(|| elements / known),
        _ => None,
    }
    .ok_or_else(refuse)?;
    Ok(wanted.iter().map(|&extent| usize::try_from(extent).unwrap_or(rest)).collect())
}

fn squeezed(shape: &[usize], axes: &[i64]) -> Verdict<Vec<usize>> {
    if axes.is_empty() {
        return Ok(shape.iter().copied().filter(|&extent| extent != 1).collect());
    }
    let axes = axes.iter().map(|&at| axis(at, shape.len())).collect::<Verdict<Vec<usize>>>()?;
    if axes.iter().any(|&axis| shape[axis] != 1) {
        return Err(Refusal::new(format!("its input {shape:?} is not of extent 1 along {axes:?}")));
    }
    Ok((0..shape.len()).filter(|axis| !axes.contains(axis)).map(|axis| shape[axis]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_fills_the_open_extent() {
        assert_eq!(filled(&[2, 3, 4], &[-1, 6]), Ok(vec![4, 6]));
        assert_eq!(filled(&[1], &[]), Ok(vec![]));
        assert_eq!(filled(&[0, 3], &[0]), Ok(vec![0]));
        for wanted in [&[5, -1][..], &[-1, -1], &[-2, 12], &[24, 2], &[0, -1], &[i64::MAX, -1]] {
            assert!(filled(&[2, 3, 4], wanted).is_err(), "{wanted:?}");
        }
    }

    #[test]
    fn only_extents_of_one_are_squeezed() {
        assert_eq!(squeezed(&[1, 3, 1], &[]), Ok(vec![3]));
        assert_eq!(squeezed(&[1, 3, 1], &[-1]), Ok(vec![1, 3]));
        assert!(squeezed(&[1, 3, 1], &[1]).is_err());
        assert!(squeezed(&[1, 3, 1], &[3]).is_err());
    }
}
