//! CAST, BITCAST: elements of another type, by value or by bits.
//!
//! CAST of reals to integers drops the fraction and stays within the type's range; integers wrap; anything but zero is
//! true. Quantization plays no part. BITCAST between types of other sizes joins the last axis to an element, or adds it.

/// The family's cases.
pub mod cases;

use super::binary::{BinaryKind, wrapped};
use super::chain::{Chain, Link, Other, carried};
use super::{Merged, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::Choice;

/// A change of type; the types are the operand's and the output's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// `CAST`
    Value,
    /// `BITCAST`
    Bits,
}

/// The change that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Cast>> {
    Ok(Some(match source.name {
        "CAST" => Cast::Value,
        "BITCAST" => Cast::Bits,
        _ => return Ok(None),
    }))
}

impl Operator for Cast {
    fn name(&self) -> &'static str {
        match self {
            Cast::Value => "CAST",
            Cast::Bits => "BITCAST",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let from = operands.input(0)?.ty.dtype;
        let to = operands.outputs.first().ok_or_else(|| Refusal::new("its output is missing"))?.dtype;
        if [from, to].iter().any(|dtype| matches!(dtype, DType::String | DType::Resource)) {
            return Err(Refusal::new(format!("it does not turn {from} into {to}")));
        }
        let Some(shape) = operands.shape(0)? else { return Ok(vec![None]) };
        let mut result = shape.to_vec();
        if *self == Cast::Bits {
            match (from.size(), to.size()) {
                (a, b) if a > b => result.push(a / b),
                (a, b) if a < b && result.pop() != Some(b / a) => {
                    return Err(Refusal::new(format!("its input {shape:?} of {from} does not make up {to}")));
                }
                _ => {}
            }
        }
        Ok(vec![Some(result)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        match self {
            Cast::Value => Ok(vec![cast(input, &outputs[0])?]),
            Cast::Bits => Ok(vec![Tensor::from_bytes(outputs[0].clone(), input.as_bytes())?]),
        }
    }

    fn merged(&self, _operands: &Operands) -> Verdict<Merged> {
        Ok(Merged::new(*self))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        operands.gpu_input(0)?;
        Err(Refusal::new(match self {
            Cast::Value => "its GPU kernel gives f32 or bool",
            Cast::Bits => "it sees the bytes of numbers, which a GPU holds in another way",
        }))
    }

    fn takes_reals(&self) -> bool {
        false
    }

    fn takes_indices(&self, operands: &Operands, _index: usize) -> bool {
        let to = operands.outputs.first().map(|to| to.dtype);
        *self == Cast::Value && matches!(to, Some(DType::F32 | DType::Bool))
    }

    fn link(&self, operands: &Operands, of: usize) -> Option<Chain> {
        let (from, to) = (operands.optional(0)?.ty, operands.outputs.first()?);
        if of != 0 || *self == Cast::Bits || !carried(from) || !carried(to) {
            return None;
        }
        let truth = Link::Binary { kind: BinaryKind::NotEqual, other: Other::Scalar(0.0), reversed: false };
        let links = if to.dtype == DType::Bool && from.dtype != DType::Bool { vec![truth] } else { vec![] };
        Some(Chain { links })
    }
}

/// The values as elements of another type.
fn cast(input: &Tensor, ty: &TensorType) -> Verdict<Tensor> {
    let plain = TensorType::new(ty.dtype, ty.shape.clone());
    let cast = match input.to_integers() {
        Some(integers) if ty.dtype == DType::F64 => {
            Tensor::from_elements(plain, &integers.iter().map(|&v| v as f64).collect::<Vec<_>>())?
        }
        Some(integers) if ty.dtype == DType::U64 => {
            Tensor::from_elements(plain, &integers.iter().map(|&v| v as u64).collect::<Vec<_>>())?
        }
        Some(integers) if ty.dtype.is_float() => {
            Tensor::from_reals(plain, &integers.iter().map(|&v| v as f32).collect::<Vec<_>>())?
        }
        Some(integers) => wrapped(&plain, integers)?,
        None => cast_reals(input, plain)?,
    };
    Ok(cast.with_type(ty.clone())?)
}

fn cast_reals(input: &Tensor, ty: TensorType) -> Verdict<Tensor> {
    let reals: Vec<f64> = match input.dtype() {
        DType::F64 => input.as_slice::<f64>()?.to_vec(),
        _ => super::operand::reals(input)?.into_iter().map(f64::from).collect(),
    };
    Ok(match ty.dtype {
        DType::F64 => Tensor::from_elements(ty, &reals)?,
        dtype if dtype.is_float() => {
            Tensor::from_reals(ty, &reals.iter().map(|&v| v as f32).collect::<Vec<_>>())?
        }
        DType::Bool => {
            Tensor::from_integers(ty, &reals.iter().map(|&v| (v != 0.0) as i64).collect::<Vec<_>>())?
        }
        DType::U64 => Tensor::from_elements(ty, &reals.iter().map(|&v| v as u64).collect::<Vec<_>>())?,
        _ => Tensor::from_integers(ty, &reals.iter().map(|&v| v as i64).collect::<Vec<_>>())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_dropped_ranges_kept_and_integers_wrap() {
        let cast_to = |input: &Tensor, dtype| {
            let ty = TensorType::new(dtype, input.shape());
            cast(input, &ty).expect("numbers").to_integers().expect("integers")
        };
        let reals = Tensor::from_slice([5], &[-2.7f32, 0.5, 300.0, f32::NAN, -1e20]).expect("five");
        assert_eq!(cast_to(&reals, DType::I8), [-2, 0, 127, 0, -128]);
        assert_eq!(cast_to(&reals, DType::Bool), [1, 1, 1, 1, 1]);
        assert_eq!(cast_to(&Tensor::i32s(&[300, -1, 256]), DType::U8), [44, 255, 0]);
        assert_eq!(cast_to(&Tensor::i32s(&[8, -9]), DType::I4), [-8, 7]);
    }

    #[test]
    fn bits_join_and_fall_apart() {
        let shape = |dtype, shape: &[usize], to| {
            let input = Tensor::zeros(TensorType::new(dtype, shape));
            Cast::Bits.infer(&Operands::of_tensors(&[Some(&input)], &[TensorType::new(to, [])]))
        };
        assert_eq!(shape(DType::F32, &[3], DType::I16), Ok(vec![Some(vec![3, 2])]));
        assert_eq!(shape(DType::U8, &[3, 4], DType::F32), Ok(vec![Some(vec![3])]));
        assert_eq!(shape(DType::I32, &[3, 4], DType::F32), Ok(vec![Some(vec![3, 4])]));
        assert!(shape(DType::U8, &[3, 2], DType::F32).is_err());
        assert!(shape(DType::U8, &[], DType::F32).is_err());
    }
}
