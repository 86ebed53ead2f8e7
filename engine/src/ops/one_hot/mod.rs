//! ONE_HOT: `y[…, k, …] = on` where the index is k, `off` elsewhere; k runs along a new axis.
//!
//! Operands: indices, the new axis' extent, on, off. An index outside it gives off everywhere.

/// The family's cases.
pub mod cases;

use super::strided::{pick, pooled};
use super::{Operands, Operator, Refusal, Source, Verdict, axis, extent};
use crate::tensor::{DType, Tensor, TensorType};

/// An expansion of indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneHot {
    /// The result's new axis, counted from the end where negative.
    pub axis: i64,
}

/// The attributes of a `ONE_HOT`.
pub fn decode(source: &Source) -> Verdict<Option<OneHot>> {
    match source.name {
        "ONE_HOT" => Ok(Some(OneHot { axis: source.int("axis", -1)? })),
        _ => Ok(None),
    }
}

impl Operator for OneHot {
    fn name(&self) -> &'static str {
        "ONE_HOT"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        for index in [2, 3] {
            operands.expect_same_dtype(index)?;
            let value = operands.input(index)?.ty;
            if value.elements() != 1 || value.dtype == DType::String {
                return Err(Refusal::new(format!("its input {index} is {value}, not one number")));
            }
        }
        operands.expect_dtype(0, &[DType::I8, DType::U8, DType::I16, DType::I32, DType::I64])?;
        let (Some(indices), Some(depth)) = (operands.shape(0)?, operands.integer(1)?) else {
            return Ok(vec![None]);
        };
        let mut shape = indices.to_vec();
        shape.insert(axis(self.axis, indices.len() + 1)?, extent(depth)?);
        Ok(vec![Some(shape)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(indices), _, Some(on), Some(off)] = inputs[..] else {
            return Err(Refusal::new("it needs four inputs"));
        };
        let ty = &outputs[0];
        let list = indices.to_integers().ok_or_else(|| Refusal::new("its indices are not integers"))?;
        let along = axis(self.axis, ty.rank())?;
        let inner: usize = ty.shape[along + 1..].iter().product();
        let depth = ty.shape[along];
        let mut hot = vec![1; ty.elements()];
        for (at, &index) in list.iter().enumerate() {
            if let Some(place) = usize::try_from(index).ok().filter(|&place| place < depth) {
                hot[(at / inner * depth + place) * inner + at % inner] = 0;
            }
        }
        Ok(vec![pick(&pooled(on, off)?, &hot, ty)?])
    }
}
