//! ONE_HOT: `y[…, k, …] = on` where the index is k, `off` elsewhere; k runs along a new axis.
//!
//! Operands: indices, the new axis' extent, on, off. An index outside it gives off everywhere.

/// The family's cases.
pub mod cases;

use super::rearrange;
use super::strided::{pick, pooled};
use super::{Operands, Operator, Refusal, Source, Verdict, axis, extent};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

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

    fn takes_indices(&self, _operands: &Operands, index: usize) -> bool {
        index == 0
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        operands.gpu_indices(0)?;
        let (_, to) = rearrange::shapes(operands, 2, 0)?;
        operands.gpu_input(3)?;
        rearrange::check_indices(to)?;
        Ok(rearrange::choices("one_hot", rearrange::texels(to)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let to = operands.gpu_output(0)?;
        let rank = operands.input(0)?.ty.rank();
        let along = axis(self.axis, rank + 1)?;
        let place = 3 - rank + along;
        let by = rearrange::coordinates(rank, rank + 1, |axis| Some(axis + usize::from(axis >= along)));
        Ok(Kernel {
            choice: choice.clone(),
            source: concat!(include_str!("../rearrange/indices.wgsl"), include_str!("one_hot.wgsl")),
            defines: vec![
                ("AXIS", place as i64),
                ("BY_N", by[0] as i64),
                ("BY_Y", by[1] as i64),
                ("BY_X", by[2] as i64),
                ("BY_C", by[3] as i64),
            ],
            params: vec![("channels", to[3].into()), ("depth", to[place].into())],
            inputs: vec![("by", 0), ("on", 2), ("off", 3)],
            outputs: vec!["dst"],
            constants: vec![],
            grid: choice.grid(rearrange::texels(to)),
            macs: 0,
        })
    }
}
