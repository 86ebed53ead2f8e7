//! SHAPE, RANK, RANGE, FILL, ZEROS_LIKE: tensors that follow from shapes and a few numbers.
//!
//! RANGE: `start, start + delta, …` before limit, each the last plus delta. FILL: operand 1 in the shape that operand 0
//! lists. ZEROS_LIKE: zeros in the operand's shape.

/// The family's cases.
pub mod cases;

use super::rearrange::{self, Rearrangement, rearranging};
use super::strided::pick;
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, extent, merged};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// Why the makers of integers stay with the CPU.
pub const MAKES_SHAPES: &str = "it makes a few integers of shapes, which the CPU has";

/// What is made; the types are the outputs'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Shape {
    Shape,
    Rank,
    Range,
    Fill,
    ZerosLike,
}

/// What `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Shape>> {
    Ok(Some(match source.name {
        "SHAPE" => Shape::Shape,
        "RANK" => Shape::Rank,
        "RANGE" => Shape::Range,
        "FILL" => Shape::Fill,
        "ZEROS_LIKE" => Shape::ZerosLike,
        _ => return Ok(None),
    }))
}

/// Start, limit and step of a range.
enum Bounds {
    Integers([i64; 3]),
    Reals([f32; 3]),
}

impl Bounds {
    fn of(operands: &Operands) -> Verdict<Option<Self>> {
        let mut tensors = Vec::with_capacity(3);
        for index in 0..3 {
            let operand = operands.input(index)?;
            operands.expect_same_dtype(index)?;
            match operand.constant {
                Some(tensor) if tensor.len() == 1 => tensors.push(tensor),
                Some(tensor) => {
                    return Err(Refusal::new(format!("its bound {} is not one number", tensor.ty())));
                }
                None => return Ok(None),
            }
        }
        let integers: Option<Vec<i64>> =
            tensors.iter().map(|tensor| Some(tensor.to_integers()?[0])).collect();
        let reals: Option<Vec<f32>> = tensors.iter().map(|tensor| Some(tensor.to_reals()?[0])).collect();
        match (integers, reals) {
            (Some(list), _) => Ok(Some(Bounds::Integers([list[0], list[1], list[2]]))),
            (None, Some(list)) => Ok(Some(Bounds::Reals([list[0], list[1], list[2]]))),
            _ => Err(Refusal::new("its bounds are not numbers")),
        }
    }

    fn count(&self) -> Verdict<usize> {
        let refuse = || Refusal::new("its range does not end");
        match *self {
            Bounds::Integers([start, limit, delta]) => {
                let ends = (start >= limit && delta < 0) || (start <= limit && delta > 0);
                let steps = limit.abs_diff(start).checked_div(delta.unsigned_abs()).filter(|_| ends);
                let whole = limit.abs_diff(start) % delta.unsigned_abs().max(1) == 0;
                let count = steps.and_then(|steps| steps.checked_add(!whole as u64)).ok_or_else(refuse)?;
                extent(i64::try_from(count).map_err(|_| refuse())?)
            }
            Bounds::Reals([start, limit, delta]) => {
                let ends = (start >= limit && delta < 0.0) || (start <= limit && delta > 0.0);
                let count = ((limit - start) / delta).abs().ceil();
                if ends && count.is_finite() { extent(count as i64) } else { Err(refuse()) }
            }
        }
    }

    fn values(&self, ty: &TensorType) -> Verdict<Tensor> {
        let count = ty.elements();
        Ok(match *self {
            Bounds::Integers([start, _, delta]) => {
                let value = |at: usize| start.wrapping_add(delta.wrapping_mul(at as i64));
                Tensor::from_integers(ty.clone(), &(0..count).map(value).collect::<Vec<_>>())?
            }
            Bounds::Reals([start, _, delta]) => {
                let values = std::iter::successors(Some(start), |value| Some(value + delta));
                Tensor::from_reals(ty.clone(), &values.take(count).collect::<Vec<_>>())?
            }
        })
    }
}

impl Operator for Shape {
    fn name(&self) -> &'static str {
        match self {
            Shape::Shape => "SHAPE",
            Shape::Rank => "RANK",
            Shape::Range => "RANGE",
            Shape::Fill => "FILL",
            Shape::ZerosLike => "ZEROS_LIKE",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        Ok(vec![match self {
            Shape::Shape => operands.shape(0)?.map(|shape| vec![shape.len()]),
            Shape::Rank => Some(vec![]),
            Shape::Range => {
                Bounds::of(operands)?.map(|bounds| bounds.count()).transpose()?.map(|count| vec![count])
            }
            Shape::Fill => {
                operands.expect_same_dtype(1)?;
                if operands.input(1)?.ty.elements() != 1 {
                    return Err(Refusal::new(format!(
                        "it fills with {}, not one element",
                        operands.input(1)?.ty
                    )));
                }
                let listed = operands.integers(0)?;
                listed.map(|list| list.into_iter().map(extent).collect::<Verdict<_>>()).transpose()?
            }
            Shape::ZerosLike => {
                operands.expect_same_dtype(0)?;
                if operands.input(0)?.ty.dtype == DType::String {
                    return Err(Refusal::new("it does not take strings"));
                }
                operands.shape(0)?.map(<[usize]>::to_vec)
            }
        }])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let ty = &outputs[0];
        let input = |index: usize| {
            let input = inputs.get(index).copied().flatten();
            input.ok_or_else(|| Refusal::new(format!("its input {index} is missing")))
        };
        Ok(vec![match self {
            Shape::Shape => {
                let extents: Vec<i64> = input(0)?.shape().iter().map(|&extent| extent as i64).collect();
                Tensor::from_integers(ty.clone(), &extents)?
            }
            Shape::Rank => Tensor::from_integers(ty.clone(), &[input(0)?.shape().len() as i64])?,
            Shape::Range => {
                let bounds = Bounds::of(&Operands::of_tensors(inputs, outputs))?;
                bounds.ok_or_else(|| Refusal::new("its bounds are missing"))?.values(ty)?
            }
            Shape::Fill => pick(input(1)?, &vec![0; ty.elements()], ty)?,
            Shape::ZerosLike => match &ty.quantization {
                Some(_) => Tensor::from_reals(ty.clone(), &vec![0.0; ty.elements()])?,
                None => Tensor::zeros(ty.clone()),
            },
        }])
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let shape = merged::merged(&operands.outputs[0].shape);
        let listed: Vec<i64> = shape.iter().map(|&extent| extent as i64).collect();
        match self {
            Shape::Fill => Merged::new(*self).with(0, &[listed.len()], &listed),
            Shape::ZerosLike => Ok(Merged::new(*self)),
            _ => Err(Refusal::new(MAKES_SHAPES)),
        }
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let (input, kernel) = match self {
            Shape::Fill => (1, "fill"),
            Shape::ZerosLike => (0, "zeros"),
            _ => return Err(Refusal::new(MAKES_SHAPES)),
        };
        let (_, to) = rearrange::shapes(operands, input, 0)?;
        Ok(rearrange::choices(kernel, rearrange::texels(to)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let to = operands.gpu_output(0)?;
        if *self == Shape::Fill {
            let kernel = Rearrangement::affine([0; 4], [0; 4], [0, 1, 2, 3]).kernel(choice, to);
            return Ok(Kernel { inputs: vec![("src", 1)], ..kernel });
        }
        let kernel = Rearrangement {
            source: rearranging!("zeros.wgsl"),
            whole: true,
            fill: Some(0.0),
            defines: vec![],
            params: vec![],
        };
        Ok(kernel.kernel(choice, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_before_their_limit() {
        for (bounds, count) in
            [([0, 5, 1], 5), ([0, 5, 2], 3), ([5, 0, -2], 3), ([3, 3, 1], 0), ([-4, 4, 4], 2)]
        {
            assert_eq!(Bounds::Integers(bounds).count(), Ok(count), "{bounds:?}");
        }
        for bounds in [[0, 5, 0], [0, 5, -1], [5, 0, 1], [i64::MIN, i64::MAX, 1]] {
            assert!(Bounds::Integers(bounds).count().is_err(), "{bounds:?}");
        }
        assert_eq!(Bounds::Reals([0.0, 1.0, 0.3]).count(), Ok(4));
        assert!(Bounds::Reals([0.0, 1.0, 0.0]).count().is_err());
        assert!(Bounds::Reals([0.0, f32::INFINITY, 1.0]).count().is_err());
        assert!(Bounds::Reals([0.0, f32::NAN, 1.0]).count().is_err());
    }
}
