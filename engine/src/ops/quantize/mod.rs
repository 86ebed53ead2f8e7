//! QUANTIZE and DEQUANTIZE: reals to steps and back, `integer = round(real / scale) + zero_point`.
//!
//! QUANTIZE takes reals, or integers of another quantization, to the output's steps (half a step away from zero rounds
//! up in magnitude). DEQUANTIZE takes quantized integers and halves to f32. The shape stays.

/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;

use super::{Chain, CpuKernel, Merged, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::Choice;

/// A change between reals and the integers that stand for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantize {
    /// To the output's steps.
    Quantize,
    /// To reals.
    Dequantize,
}

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Quantize>> {
    Ok(match source.name {
        "QUANTIZE" => Some(Quantize::Quantize),
        "DEQUANTIZE" => Some(Quantize::Dequantize),
        _ => None,
    })
}

impl Operator for Quantize {
    fn name(&self) -> &'static str {
        match self {
            Quantize::Quantize => "QUANTIZE",
            Quantize::Dequantize => "DEQUANTIZE",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let input = operands.input(0)?;
        let output = operands.outputs.first().ok_or_else(|| Refusal::new("it has no output"))?;
        check(input.ty, "input")?;
        check(output, "output")?;
        if *self == Quantize::Quantize && output.dtype.is_float() {
            return Err(Refusal::new(format!("its output {output} should be quantized")));
        }
        if *self == Quantize::Dequantize && !output.dtype.is_float() {
            return Err(Refusal::new(format!("its output {output} should be real")));
        }
        Ok(vec![operands.shape(0)?.map(<[usize]>::to_vec)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input)] = inputs[..] else { return Err(Refusal::new("it needs one input")) };
        let reals =
            input.to_reals().ok_or_else(|| Refusal::new(format!("it does not take {}", input.dtype())))?;
        Ok(vec![Tensor::from_reals(outputs[0].clone(), &reals)?])
    }

    fn merged(&self, _operands: &Operands) -> Verdict<Merged> {
        Ok(Merged::new(*self))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        operands.gpu_input(0)?;
        Err(Refusal::new("its steps are of more than sixteen bits, or differ by channel"))
    }

    /// Between reals it is the identity: who writes a quantized value keeps it to its steps.
    fn link(&self, operands: &Operands, of: usize) -> Option<Chain> {
        let reals = |ty: &TensorType| ty.dtype == DType::F32 && ty.rank() <= 4;
        (of == 0 && reals(operands.optional(0)?.ty) && reals(operands.outputs.first()?)).then(Chain::empty)
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::kernel(self, operands, chain)
    }
}

/// Refuses a type that stands for no reals, or whose scales do not fit its shape.
fn check(ty: &TensorType, role: &str) -> Verdict<()> {
    let refuse = |what: &str| Err(Refusal::new(format!("its {role} {ty} {what}")));
    if ty.dtype.is_float() {
        return Ok(());
    }
    if matches!(ty.dtype, DType::Bool | DType::String | DType::Resource) {
        return refuse("stands for no reals");
    }
    match &ty.quantization {
        None => refuse("has no quantization"),
        Some(q) if q.scale.len() != q.zero_point.len() || q.scale.iter().any(|&s| s.is_nan() || s <= 0.0) => {
            refuse("has a scale that is not positive")
        }
        Some(q) if q.is_per_channel() && ty.shape.get(q.axis) != Some(&q.scale.len()) => {
            refuse("has not one scale for each index of its axis")
        }
        Some(_) => Ok(()),
    }
}
