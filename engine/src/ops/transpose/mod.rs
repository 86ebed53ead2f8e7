//! TRANSPOSE: axis i of the result is axis `permutation[i]` of the operand. The permutation is operand 1.

/// The family's cases.
pub mod cases;

use super::chain::{Chain, carried, nhwc};
use super::rearrange::{self, Rearrangement};
use super::strided::Strided;
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, axis, merged};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A transposition; it has no attributes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transpose;

/// The operator of a `TRANSPOSE`.
pub fn decode(source: &Source) -> Verdict<Option<Transpose>> {
    Ok((source.name == "TRANSPOSE").then_some(Transpose))
}

impl Transpose {
    /// The axis of the operand that each axis of the result is; `None` where only the run tells.
    pub fn order(&self, operands: &Operands) -> Verdict<Option<Vec<usize>>> {
        let (Some(shape), Some(named)) = (operands.shape(0)?, operands.integers(1)?) else { return Ok(None) };
        let order = named.iter().map(|&at| axis(at, shape.len())).collect::<Verdict<Vec<usize>>>()?;
        let complete = order.len() == shape.len() && (0..shape.len()).all(|axis| order.contains(&axis));
        match complete {
            true => Ok(Some(order)),
            false => Err(Refusal::new(format!("its {named:?} is not a permutation of {} axes", shape.len()))),
        }
    }

    /// The permutation of `[n, h, w, c]`.
    fn order_of_four(&self, operands: &Operands) -> Verdict<[usize; 4]> {
        let order = self.order(operands)?;
        let order = order.ok_or_else(|| Refusal::new("its GPU kernel takes a constant permutation"))?;
        let lead = 4 - order.len().min(4);
        Ok(std::array::from_fn(|axis| if axis < lead { axis } else { order[axis - lead] + lead }))
    }
}

impl Operator for Transpose {
    fn name(&self) -> &'static str {
        "TRANSPOSE"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_same_dtype(0)?;
        let (Some(shape), Some(order)) = (operands.shape(0)?, self.order(operands)?) else {
            return Ok(vec![None]);
        };
        Ok(vec![Some(order.into_iter().map(|axis| shape[axis]).collect())])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let order = self.order(&Operands::of_tensors(inputs, outputs))?;
        let order = order.ok_or_else(|| Refusal::new("its permutation is missing"))?;
        Ok(vec![Strided::new(input.shape()).permuted(&order).read(input, &outputs[0])?])
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let order = self.order(operands)?;
        let order = order.ok_or_else(|| Refusal::new("its GPU kernel takes a constant permutation"))?;
        let shape = &operands.input(0)?.ty.shape;
        // The axes of more than one place that each merged axis is made of.
        let made_of = |axes: &[usize]| -> Vec<Vec<usize>> {
            let (first, kept) = axes.split_at(merged::count(shape));
            let long = |axes: &[usize]| axes.iter().copied().filter(|&axis| shape[axis] != 1).collect();
            std::iter::once(long(first)).chain(kept.iter().map(|axis| long(&[*axis]))).collect()
        };
        let mut from =
            made_of(&(0..shape.len()).collect::<Vec<_>>()).into_iter().map(Some).collect::<Vec<_>>();
        let mut permutation = Vec::with_capacity(from.len());
        for axes in made_of(&order) {
            let place = from.iter().position(|from| from.as_ref() == Some(&axes));
            let place = place.ok_or_else(|| merged::apart(shape))?;
            from[place] = None;
            permutation.push(place as i64);
        }
        Merged::new(*self).with(1, &[permutation.len()], &permutation)
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        self.order_of_four(operands)?;
        Ok(rearrange::choices("transpose", rearrange::texels(to)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        let mut from = [0; 4];
        for (result, axis) in self.order_of_four(operands)?.into_iter().enumerate() {
            from[axis] = result;
        }
        Ok(Rearrangement::affine([0; 4], [1; 4], from).kernel(choice, to))
    }

    fn carries_prologue(&self, operands: &Operands, input: usize) -> bool {
        input == 0 && rearrange::moves_whole_texels(self, operands)
    }

    fn view(&self, operands: &Operands, _index: usize) -> Option<usize> {
        let (from, to) = rearrange::shapes(operands, 0, 0).ok()?;
        let order = self.order_of_four(operands).ok()?;
        (keeps_order(from, order) && rearrange::same_texels(from, to)).then_some(0)
    }

    fn link(&self, operands: &Operands, of: usize) -> Option<Chain> {
        let (from, to) = (operands.optional(0)?.ty, operands.outputs.first()?);
        let same = of == 0 && carried(from) && carried(to) && nhwc(&from.shape) == nhwc(&to.shape);
        (same && keeps_order(nhwc(&from.shape)?, self.order_of_four(operands).ok()?)).then(Chain::empty)
    }
}

/// Whether only axes of extent 1 move, so that the elements stay in order.
fn keeps_order(shape: [usize; 4], order: [usize; 4]) -> bool {
    order.iter().filter(|&&axis| shape[axis] != 1).is_sorted()
}
