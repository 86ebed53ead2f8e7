//! MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ALL and REDUCE_ANY: one number for all elements along some axes.
//!
//! The axes are input 1: integers, negative ones counted from the end, in any order, repeated without effect. Reduced axes
//! become 1 or vanish. Reals and quantized integers are folded in f64; plain integers exactly, wrapping in their type, and
//! their mean is rounded toward zero.

#[cfg(feature = "cpu")]
mod bytes;
/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;
pub(super) mod gpu;
mod reference;

use super::{Chain, CpuKernel, Merged, Operands, Operator, Refusal, Source, Verdict, merged};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// What is computed of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reducer {
    All,
    Any,
    Max,
    Mean,
    Min,
    Prod,
    Sum,
}

/// A reduction's attributes; the axes are an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduce {
    /// What is computed.
    pub reducer: Reducer,
    /// Whether a reduced axis stays with extent 1.
    pub keep_dims: bool,
}

/// The reduction that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Reduce>> {
    let reducer = match source.name {
        "MEAN" => Reducer::Mean,
        "REDUCE_ALL" => Reducer::All,
        "REDUCE_ANY" => Reducer::Any,
        "REDUCE_MAX" => Reducer::Max,
        "REDUCE_MIN" => Reducer::Min,
        "REDUCE_PROD" => Reducer::Prod,
        "SUM" => Reducer::Sum,
        _ => return Ok(None),
    };
    Ok(Some(Reduce { reducer, keep_dims: source.bool("keep_dims")? }))
}

/// For each dimension whether it is among `axes`.
pub fn reduced_dimensions(rank: usize, axes: &[i64]) -> Verdict<Vec<bool>> {
    let mut reduced = vec![false; rank];
    for &axis in axes {
        let place = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
        *usize::try_from(place).ok().and_then(|place| reduced.get_mut(place)).ok_or_else(|| {
            Refusal::new(format!("its axis {axis} is not one of the {rank} dimensions of its input"))
        })? = true;
    }
    Ok(reduced)
}

impl Operator for Reduce {
    fn name(&self) -> &'static str {
        match self.reducer {
            Reducer::All => "REDUCE_ALL",
            Reducer::Any => "REDUCE_ANY",
            Reducer::Max => "REDUCE_MAX",
            Reducer::Mean => "MEAN",
            Reducer::Min => "REDUCE_MIN",
            Reducer::Prod => "REDUCE_PROD",
            Reducer::Sum => "SUM",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        if matches!(self.reducer, Reducer::All | Reducer::Any) {
            operands.expect_dtype(0, &[DType::Bool])?;
        }
        operands.input(1)?;
        let (Some(shape), Some(axes)) = (operands.shape(0)?, operands.integers(1)?) else {
            return Ok(vec![None]);
        };
        let reduced = reduced_dimensions(shape.len(), &axes)?;
        let extents = shape.iter().zip(reduced);
        let shape = match self.keep_dims {
            true => extents.map(|(&extent, reduced)| if reduced { 1 } else { extent }).collect(),
            false => extents.filter(|(_, reduced)| !reduced).map(|(&extent, _)| extent).collect(),
        };
        Ok(vec![Some(shape)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input), Some(axes)] = inputs[..] else {
            return Err(Refusal::new("it needs an input and axes"));
        };
        let axes = axes.to_integers().ok_or_else(|| Refusal::new("its axes are not integers"))?;
        let reduced = reduced_dimensions(input.shape().len(), &axes)?;
        Ok(vec![reference::run(self.reducer, input, &reduced, &outputs[0])?])
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::kernel(self, operands, chain)
    }

    #[cfg(feature = "cpu")]
    fn cpu_carries_epilogue(&self, operands: &Operands) -> bool {
        cpu::carries_chain(self, operands)
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let shape = &operands.input(0)?.ty.shape;
        let axes = operands.integers(1)?.ok_or_else(|| Refusal::new("its GPU kernel takes constant axes"))?;
        let reduced = reduced_dimensions(shape.len(), &axes)?;
        let count = merged::count(shape);
        let mut long = (0..count).filter(|&axis| shape[axis] != 1).map(|axis| reduced[axis]);
        let first = long.next().unwrap_or(false);
        if long.any(|also| also != first) {
            return Err(merged::apart(shape));
        }
        let kept = (count..shape.len()).filter(|&axis| reduced[axis]).map(|axis| (axis + 1 - count) as i64);
        let axes: Vec<i64> = first.then_some(0).into_iter().chain(kept).collect();
        Merged::new(*self).with(1, &[axes.len()], &axes)
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        Ok(gpu::reduction(self, operands)?.choices())
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        Ok(gpu::reduction(self, operands)?.kernel(choice))
    }
}
