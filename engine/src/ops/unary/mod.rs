//! Elementwise functions of one operand: `y = f(x)`.
//!
//! Reals are computed in f32. Quantized integers are computed as reals and rounded to the output's steps; plain
//! integers only where the function maps integers to integers.

/// The family's cases.
pub mod cases;
mod gpu;

use super::chain::{Chain, Link, carried};
#[cfg(feature = "cpu")]
use super::cpu;
use super::{CpuKernel, Merged, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::Choice;

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Unary {
    Abs,
    Ceil,
    Cos,
    /// x for x > 0, eˣ − 1 otherwise
    Elu,
    Exp,
    Floor,
    /// x · Φ(x), or its approximation by tanh
    Gelu {
        approximate: bool,
    },
    /// x · min(max(x + 3, 0), 6) / 6
    HardSwish,
    /// x for x > 0, αx otherwise
    LeakyRelu {
        alpha: f32,
    },
    Log,
    LogicalNot,
    /// 1 / (1 + e⁻ˣ)
    Logistic,
    Neg,
    Relu,
    Relu0To1,
    Relu6,
    ReluN1To1,
    /// To the nearest, ties to even.
    Round,
    Rsqrt,
    Sign,
    Sin,
    Sqrt,
    Square,
    Tanh,
}

impl Unary {
    /// The function of one real.
    pub fn apply(self, x: f32) -> f32 {
        match self {
            Unary::Abs => x.abs(),
            Unary::Ceil => x.ceil(),
            Unary::Cos => x.cos(),
            Unary::Elu => {
                if x > 0.0 {
                    x
                } else {
                    x.exp_m1()
                }
            }
            Unary::Exp => x.exp(),
            Unary::Floor => x.floor(),
            Unary::Gelu { approximate: true } => {
                0.5 * x * (1.0 + (SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)).tanh())
            }
            Unary::Gelu { approximate: false } => (f64::from(x) * normal_cdf(x.into())) as f32,
            Unary::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Unary::LeakyRelu { alpha } => {
                if x > 0.0 {
                    x
                } else {
                    alpha * x
                }
            }
            Unary::Log => x.ln(),
            Unary::LogicalNot => (x == 0.0) as u8 as f32,
            Unary::Logistic => 1.0 / (1.0 + (-x).exp()),
            Unary::Neg => -x,
            Unary::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Unary::Relu0To1 => x.clamp(0.0, 1.0),
            Unary::Relu6 => x.clamp(0.0, 6.0),
            Unary::ReluN1To1 => x.clamp(-1.0, 1.0),
            Unary::Round => x.round_ties_even(),
            Unary::Rsqrt => 1.0 / x.sqrt(),
            Unary::Sign => {
                if x == 0.0 || x.is_nan() {
                    x
                } else {
                    x.signum()
                }
            }
            Unary::Sin => x.sin(),
            Unary::Sqrt => x.sqrt(),
            Unary::Square => x * x,
            Unary::Tanh => x.tanh(),
        }
    }

    /// The function of one integer, where it maps integers to integers.
    fn apply_integer(self, x: i64) -> Option<i64> {
        Some(match self {
            Unary::Abs => x.wrapping_abs(),
            Unary::Neg => x.wrapping_neg(),
            Unary::Sign => x.signum(),
            Unary::Square => x.wrapping_mul(x),
            Unary::Relu => x.max(0),
            Unary::Relu0To1 => x.clamp(0, 1),
            Unary::Relu6 => x.clamp(0, 6),
            Unary::ReluN1To1 => x.clamp(-1, 1),
            Unary::LogicalNot => (x == 0) as i64,
            Unary::Ceil | Unary::Floor | Unary::Round => x,
            _ => return None,
        })
    }
}

const SQRT_2_OVER_PI: f32 = 0.797_884_6;

/// Φ, the distribution function of the standard normal, by Abramowitz & Stegun's 7.1.26 refined in f64 through a series
/// (|x| < 3) and a continued fraction (otherwise).
fn normal_cdf(x: f64) -> f64 {
    if x.abs() < 3.0 {
        // Φ(x) = ½ + φ(x) · Σ x^(2k+1) / (1·3·5…(2k+1))
        let (mut term, mut sum, mut k) = (x, x, 1.0);
        while term.abs() > 1e-17 * sum.abs() {
            term *= x * x / (2.0 * k + 1.0);
            sum += term;
            k += 1.0;
        }
        0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
    } else {
        // Mills' ratio as a continued fraction
        let a = x.abs();
        let mut fraction = a;
        for k in (1..=60).rev() {
            fraction = a + f64::from(k) / fraction;
        }
        let tail = (-0.5 * a * a).exp() / (2.0 * std::f64::consts::PI).sqrt() / fraction;
        if x > 0.0 { 1.0 - tail } else { tail }
    }
}

/// The function that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Unary>> {
    Ok(Some(match source.name {
        "ABS" => Unary::Abs,
        "CEIL" => Unary::Ceil,
        "COS" => Unary::Cos,
        "ELU" => Unary::Elu,
        "EXP" => Unary::Exp,
        "FLOOR" => Unary::Floor,
        "GELU" => Unary::Gelu { approximate: source.bool("approximate")? },
        "HARD_SWISH" => Unary::HardSwish,
        "LEAKY_RELU" => Unary::LeakyRelu { alpha: source.float("alpha", 0.0)? },
        "LOG" => Unary::Log,
        "LOGICAL_NOT" => Unary::LogicalNot,
        "LOGISTIC" => Unary::Logistic,
        "NEG" => Unary::Neg,
        "RELU" => Unary::Relu,
        "RELU_0_TO_1" => Unary::Relu0To1,
        "RELU6" => Unary::Relu6,
        "RELU_N1_TO_1" => Unary::ReluN1To1,
        "ROUND" => Unary::Round,
        "RSQRT" => Unary::Rsqrt,
        "SIGN" => Unary::Sign,
        "SIN" => Unary::Sin,
        "SQRT" => Unary::Sqrt,
        "SQUARE" => Unary::Square,
        "TANH" => Unary::Tanh,
        _ => return Ok(None),
    }))
}

impl Operator for Unary {
    fn name(&self) -> &'static str {
        match self {
            Unary::Abs => "ABS",
            Unary::Ceil => "CEIL",
            Unary::Cos => "COS",
            Unary::Elu => "ELU",
            Unary::Exp => "EXP",
            Unary::Floor => "FLOOR",
            Unary::Gelu { .. } => "GELU",
            Unary::HardSwish => "HARD_SWISH",
            Unary::LeakyRelu { .. } => "LEAKY_RELU",
            Unary::Log => "LOG",
            Unary::LogicalNot => "LOGICAL_NOT",
            Unary::Logistic => "LOGISTIC",
            Unary::Neg => "NEG",
            Unary::Relu => "RELU",
            Unary::Relu0To1 => "RELU_0_TO_1",
            Unary::Relu6 => "RELU6",
            Unary::ReluN1To1 => "RELU_N1_TO_1",
            Unary::Round => "ROUND",
            Unary::Rsqrt => "RSQRT",
            Unary::Sign => "SIGN",
            Unary::Sin => "SIN",
            Unary::Sqrt => "SQRT",
            Unary::Square => "SQUARE",
            Unary::Tanh => "TANH",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        Ok(vec![operands.shape(0)?.map(<[usize]>::to_vec)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let ty = &outputs[0];
        if !input.dtype().is_float() && input.ty().quantization.is_none() {
            let integers = input
                .to_integers()
                .ok_or_else(|| Refusal::new(format!("it does not take {}", input.dtype())))?;
            let mapped: Option<Vec<i64>> = integers.iter().map(|&x| self.apply_integer(x)).collect();
            let mapped = mapped.ok_or_else(|| Refusal::new(format!("it does not take {}", input.dtype())))?;
            return Ok(vec![Tensor::from_integers(ty.clone(), &mapped)?]);
        }
        let reals =
            input.to_reals().ok_or_else(|| Refusal::new(format!("it does not take {}", input.dtype())))?;
        let mapped: Vec<f32> = reals.iter().map(|&x| self.apply(x)).collect();
        Ok(vec![Tensor::from_reals(ty.clone(), &mapped)?])
    }

    fn merged(&self, _operands: &Operands) -> Verdict<Merged> {
        Ok(Merged::new(*self))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        operands.gpu_input(0)?;
        Err(Refusal::new("it is no chain"))
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::elementwise(self, operands, chain).or_else(|| cpu::table(self, operands, chain))
    }

    #[cfg(feature = "cpu")]
    fn cpu_carries_epilogue(&self, operands: &Operands) -> bool {
        cpu::elementwise(self, operands, &Chain::empty()).is_some()
    }

    fn link(&self, operands: &Operands, _of: usize) -> Option<Chain> {
        carried(operands.optional(0)?.ty).then_some(Chain { links: vec![Link::Unary(*self)] })
    }
}
