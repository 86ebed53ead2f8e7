//! ADD_N: the sum of any number of operands of one shape. Integers wrap.

/// The family's cases.
pub mod cases;

use super::binary::BinaryKind;
use super::chain::{Broadcast, Chain, Link, Other, carried};
use super::{Merged, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::Choice;

/// A sum; it has no attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddN;

/// The operator of an `ADD_N`.
pub fn decode(source: &Source) -> Verdict<Option<AddN>> {
    Ok((source.name == "ADD_N").then_some(AddN))
}

impl Operator for AddN {
    fn name(&self) -> &'static str {
        "ADD_N"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let first = operands.shape(0)?;
        for index in 0..operands.inputs.len() {
            operands.expect_same_dtype(index)?;
            operands.expect_dtype(index, &[DType::F32, DType::I32, DType::I64])?;
            let shape = operands.shape(index)?;
            if let (Some(first), Some(shape)) = (first, shape)
                && first != shape
            {
                return Err(Refusal::new(format!("its inputs {first:?} and {shape:?} differ in shape")));
            }
        }
        Ok(vec![first.map(<[usize]>::to_vec)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let present = inputs.iter().map(|input| input.ok_or_else(|| Refusal::new("an input is missing")));
        let inputs = present.collect::<Verdict<Vec<&Tensor>>>()?;
        let ty = &outputs[0];
        let mut sum = Tensor::zeros(ty.clone());
        for input in inputs {
            match ty.dtype {
                DType::I32 => add(&mut sum, input, i32::wrapping_add)?,
                DType::I64 => add(&mut sum, input, i64::wrapping_add)?,
                _ => add(&mut sum, input, |a: f32, b| a + b)?,
            }
        }
        Ok(vec![sum])
    }

    fn merged(&self, _operands: &Operands) -> Verdict<Merged> {
        Ok(Merged::new(*self))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        (0..operands.inputs.len()).try_for_each(|index| operands.gpu_input(index).map(drop))?;
        Err(Refusal::new("it is no chain"))
    }

    fn link(&self, operands: &Operands, of: usize) -> Option<Chain> {
        let all = operands.inputs.iter().map(|input| input.filter(|input| carried(input.ty)));
        let count = all.collect::<Option<Vec<_>>>()?.len();
        let added = |index: usize| {
            let other = Other::Input { index, broadcast: Broadcast::NONE };
            Link::Binary { kind: BinaryKind::Add, other, reversed: false }
        };
        Some(Chain { links: (0..count).filter(|&index| index != of).map(added).collect() })
    }
}

fn add<T: crate::tensor::Element>(sum: &mut Tensor, input: &Tensor, plus: impl Fn(T, T) -> T) -> Verdict<()> {
    let values = input.as_slice::<T>()?;
    sum.as_mut_slice::<T>()?.iter_mut().zip(values).for_each(|(sum, &value)| *sum = plus(*sum, value));
    Ok(())
}
