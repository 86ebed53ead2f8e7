//! Elementwise functions of two operands with NumPy's broadcasting: `z = a ∘ b`.
//!
//! Comparisons and logic give bool. Reals are computed in f32; quantized integers as reals, rounded to the output's
//! steps; plain integers exactly (wrapping), with division toward zero for DIV and toward −∞ for FLOOR_DIV.

/// The family's cases.
pub mod cases;
mod gpu;

use super::chain::{Broadcast, Chain, Link, Other, carried};
#[cfg(feature = "cpu")]
use super::cpu;
use super::window::finite;
use super::{Activation, CpuKernel, Merged, Operands, Operator, Refusal, Source, Verdict, merged};
use crate::tensor::{DType, Tensor, TensorType, strides};
use crate::wgsl::Choice;

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryKind {
    Add,
    Atan2,
    Div,
    Equal,
    FloorDiv,
    FloorMod,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    LogicalAnd,
    LogicalOr,
    Maximum,
    Minimum,
    Mul,
    NotEqual,
    Pow,
    /// x for x ≥ 0, αx otherwise; α is the right operand.
    Prelu,
    SquaredDifference,
    Sub,
}

/// A function of two operands and a fused activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binary {
    /// The function.
    pub kind: BinaryKind,
    /// What is applied to its result.
    pub activation: Activation,
}

impl BinaryKind {
    /// The function of two reals.
    pub fn apply(self, a: f32, b: f32) -> f32 {
        let truth = |value: bool| value as u8 as f32;
        match self {
            BinaryKind::Add => finite(a + b),
            BinaryKind::Atan2 => a.atan2(b),
            BinaryKind::Div => finite(a / b),
            BinaryKind::Equal => truth(a == b),
            BinaryKind::FloorDiv => (a / b).floor(),
            BinaryKind::FloorMod => floor_mod(a, b),
            BinaryKind::Greater => truth(a > b),
            BinaryKind::GreaterEqual => truth(a >= b),
            BinaryKind::Less => truth(a < b),
            BinaryKind::LessEqual => truth(a <= b),
            BinaryKind::LogicalAnd => truth(a != 0.0 && b != 0.0),
            BinaryKind::LogicalOr => truth(a != 0.0 || b != 0.0),
            BinaryKind::Maximum => {
                if a > b {
                    a
                } else {
                    b
                }
            }
            BinaryKind::Minimum => {
                if a < b {
                    a
                } else {
                    b
                }
            }
            BinaryKind::Mul => finite(a * b),
            BinaryKind::NotEqual => truth(a != b),
            BinaryKind::Pow => a.powf(b),
            BinaryKind::Prelu => {
                if a >= 0.0 {
                    a
                } else {
                    a * b
                }
            }
            BinaryKind::SquaredDifference => (a - b) * (a - b),
            BinaryKind::Sub => finite(a - b),
        }
    }

    /// The function of two integers; none where it is not defined (a division by zero).
    fn apply_integer(self, a: i64, b: i64) -> Option<i64> {
        Some(match self {
            BinaryKind::Add => a.wrapping_add(b),
            BinaryKind::Atan2 => return None,
            BinaryKind::Div => a.checked_div(b)?,
            BinaryKind::Equal => (a == b) as i64,
            BinaryKind::FloorDiv => a.checked_div(b)? - (a % b != 0 && (a < 0) != (b < 0)) as i64,
            BinaryKind::FloorMod => {
                let remainder = a.checked_rem(b)?;
                if remainder != 0 && (remainder < 0) != (b < 0) { remainder + b } else { remainder }
            }
            BinaryKind::Greater => (a > b) as i64,
            BinaryKind::GreaterEqual => (a >= b) as i64,
            BinaryKind::Less => (a < b) as i64,
            BinaryKind::LessEqual => (a <= b) as i64,
            BinaryKind::LogicalAnd => (a != 0 && b != 0) as i64,
            BinaryKind::LogicalOr => (a != 0 || b != 0) as i64,
            BinaryKind::Maximum => a.max(b),
            BinaryKind::Minimum => a.min(b),
            BinaryKind::Mul => a.wrapping_mul(b),
            BinaryKind::NotEqual => (a != b) as i64,
            BinaryKind::Pow => match u32::try_from(b) {
                Ok(exponent) => a.wrapping_pow(exponent),
                Err(_) => return None,
            },
            BinaryKind::Prelu => {
                if a > 0 {
                    a
                } else {
                    a.wrapping_mul(b)
                }
            }
            BinaryKind::SquaredDifference => a.wrapping_sub(b).wrapping_mul(a.wrapping_sub(b)),
            BinaryKind::Sub => a.wrapping_sub(b),
        })
    }
}

fn floor_mod(a: f32, b: f32) -> f32 {
    let remainder = a % b;
    if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) { remainder + b } else { remainder }
}

/// The shape two shapes broadcast to.
pub fn broadcast_shapes(a: &[usize], b: &[usize]) -> Verdict<Vec<usize>> {
    let rank = a.len().max(b.len());
    let extent =
        |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis]);
    (0..rank)
        .map(|axis| match (extent(a, axis), extent(b, axis)) {
            (x, y) if x == y || y == 1 => Ok(x),
            (1, y) => Ok(y),
            _ => Err(Refusal::new(format!("its inputs {a:?} and {b:?} do not broadcast"))),
        })
        .collect()
}

/// For each element of `to` in row-major order, the index of the element of `from` that stands for it.
pub fn broadcast_indices(from: &[usize], to: &[usize]) -> impl Iterator<Item = usize> {
    let inner = strides(from);
    let lead = to.len() - from.len();
    let steps: Vec<(usize, usize)> = (0..to.len())
        .map(|axis| (to[axis], if axis < lead || from[axis - lead] == 1 { 0 } else { inner[axis - lead] }))
        .collect();
    let count = to.iter().product();
    (0..count).map(move |mut flat: usize| {
        steps.iter().rev().fold(0, |index, &(extent, stride)| {
            let at = flat % extent;
            flat /= extent;
            index + at * stride
        })
    })
}

/// The function that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Binary>> {
    let kind = match source.name {
        "ADD" => BinaryKind::Add,
        "ATAN2" => BinaryKind::Atan2,
        "DIV" => BinaryKind::Div,
        "EQUAL" => BinaryKind::Equal,
        "FLOOR_DIV" => BinaryKind::FloorDiv,
        "FLOOR_MOD" => BinaryKind::FloorMod,
        "GREATER" => BinaryKind::Greater,
        "GREATER_EQUAL" => BinaryKind::GreaterEqual,
        "LESS" => BinaryKind::Less,
        "LESS_EQUAL" => BinaryKind::LessEqual,
        "LOGICAL_AND" => BinaryKind::LogicalAnd,
        "LOGICAL_OR" => BinaryKind::LogicalOr,
        "MAXIMUM" => BinaryKind::Maximum,
        "MINIMUM" => BinaryKind::Minimum,
        "MUL" => BinaryKind::Mul,
        "NOT_EQUAL" => BinaryKind::NotEqual,
        "POW" => BinaryKind::Pow,
        "PRELU" => BinaryKind::Prelu,
        "SQUARED_DIFFERENCE" => BinaryKind::SquaredDifference,
        "SUB" => BinaryKind::Sub,
        _ => return Ok(None),
    };
    let fused = matches!(kind, BinaryKind::Add | BinaryKind::Div | BinaryKind::Mul | BinaryKind::Sub);
    let activation = if fused { source.activation()? } else { Activation::None };
    Ok(Some(Binary { kind, activation }))
}

impl Operator for Binary {
    fn name(&self) -> &'static str {
        match self.kind {
            BinaryKind::Add => "ADD",
            BinaryKind::Atan2 => "ATAN2",
            BinaryKind::Div => "DIV",
            BinaryKind::Equal => "EQUAL",
            BinaryKind::FloorDiv => "FLOOR_DIV",
            BinaryKind::FloorMod => "FLOOR_MOD",
            BinaryKind::Greater => "GREATER",
            BinaryKind::GreaterEqual => "GREATER_EQUAL",
            BinaryKind::Less => "LESS",
            BinaryKind::LessEqual => "LESS_EQUAL",
            BinaryKind::LogicalAnd => "LOGICAL_AND",
            BinaryKind::LogicalOr => "LOGICAL_OR",
            BinaryKind::Maximum => "MAXIMUM",
            BinaryKind::Minimum => "MINIMUM",
            BinaryKind::Mul => "MUL",
            BinaryKind::NotEqual => "NOT_EQUAL",
            BinaryKind::Pow => "POW",
            BinaryKind::Prelu => "PRELU",
            BinaryKind::SquaredDifference => "SQUARED_DIFFERENCE",
            BinaryKind::Sub => "SUB",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let (Some(a), Some(b)) = (operands.shape(0)?, operands.shape(1)?) else { return Ok(vec![None]) };
        Ok(vec![Some(broadcast_shapes(a, b)?)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(a), Some(b)] = inputs[..] else { return Err(Refusal::new("it needs two inputs")) };
        let ty = &outputs[0];
        let pairs = || broadcast_indices(a.shape(), &ty.shape).zip(broadcast_indices(b.shape(), &ty.shape));
        let plain = |t: &Tensor| t.ty().quantization.is_none();
        let refuse = || Refusal::new(format!("it does not take {} and {}", a.dtype(), b.dtype()));
        if let (Some(x), Some(y), true, true) = (a.to_integers(), b.to_integers(), plain(a), plain(b)) {
            let values: Option<Vec<i64>> =
                pairs().map(|(i, j)| self.kind.apply_integer(x[i], y[j])).collect();
            let mut values = values.ok_or_else(|| Refusal::new("it divides an integer by zero"))?;
            if let (Some((low, high)), true) = (self.activation.range(), self.activation != Activation::None)
            {
                values.iter_mut().for_each(|v| *v = (*v).clamp(low as i64, high as i64));
            }
            return Ok(vec![wrapped(ty, values)?]);
        }
        let (x, y) = (a.to_reals().ok_or_else(refuse)?, b.to_reals().ok_or_else(refuse)?);
        let values: Vec<f32> =
            pairs().map(|(i, j)| self.activation.apply(self.kind.apply(x[i], y[j]))).collect();
        Ok(vec![Tensor::from_reals(ty.clone(), &values)?])
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        merged::check_spread(operands)?;
        Ok(Merged::new(*self))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        (0..2).try_for_each(|index| operands.gpu_input(index).map(drop))?;
        Err(Refusal::new("its operands spread in a way that no chain has"))
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::elementwise(self, operands, chain).or_else(|| cpu::staged(self, operands, chain))
    }

    #[cfg(feature = "cpu")]
    fn cpu_carries_epilogue(&self, operands: &Operands) -> bool {
        cpu::elementwise(self, operands, &Chain::empty()).is_some()
    }

    fn link(&self, operands: &Operands, of: usize) -> Option<Chain> {
        let (of_ty, other) = (operands.optional(of)?.ty, operands.optional(1 - of)?);
        let output = operands.outputs[0];
        if !carried(of_ty) || !carried(other.ty) || !carried(output) {
            return None;
        }
        let broadcast = Broadcast::between(&other.ty.shape, &output.shape)?;
        let other = match other.constant {
            Some(tensor) if tensor.len() == 1 && tensor.to_reals()?[0].is_finite() => {
                Other::Scalar(tensor.to_reals()?[0])
            }
            _ => Other::Input { index: 1 - of, broadcast },
        };
        let mut links = vec![Link::Binary { kind: self.kind, other, reversed: of == 1 }];
        links.extend(self.activation.link());
        Some(Chain { links })
    }
}

/// Integers in the output's type, wrapping as two's complement does.
pub fn wrapped(ty: &TensorType, values: Vec<i64>) -> Verdict<Tensor> {
    let wrap = |v: i64| match ty.dtype {
        DType::I4 => (v << 60) >> 60,
        DType::I8 => (v as i8).into(),
        DType::U8 => (v as u8).into(),
        DType::I16 => (v as i16).into(),
        DType::U16 => (v as u16).into(),
        DType::I32 => (v as i32).into(),
        DType::U32 => (v as u32).into(),
        _ => v,
    };
    Ok(Tensor::from_integers(ty.clone(), &values.into_iter().map(wrap).collect::<Vec<_>>())?)
}
