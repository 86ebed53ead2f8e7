//! One link over a slice.

use crate::ops::binary::BinaryKind;
use crate::ops::unary::Unary;
use crate::simd::{Simd, map_in_place, math, zip_in_place};

/// From here on every float is an integer.
const INTEGERS_FROM: f32 = 4_194_304.0;

/// `x ← clamp(x)`
#[inline(always)]
pub fn clamp<S: Simd>(simd: S, [low, high]: [f32; 2], values: &mut [f32]) {
    let (low, high) = (simd.splat(low), simd.splat(high));
    map_in_place(simd, values, |x| simd.clamp(x, low, high));
}

/// `x ← f(x)`. What has no vector form is computed number by number.
#[inline(always)]
pub fn unary<S: Simd>(simd: S, unary: Unary, values: &mut [f32]) {
    let (zero, one) = (simd.splat(0.0), simd.splat(1.0));
    match unary {
        Unary::Abs => map_in_place(simd, values, |x| simd.abs(x)),
        Unary::Ceil => map_in_place(simd, values, |x| {
            let negative = |x| simd.sub(zero, x);
            integral(simd, x, simd.copysign(negative(simd.floor(negative(x))), x))
        }),
        Unary::Elu => map_in_place(simd, values, |x| {
            let below = simd.sub(math::exp(simd, x), one);
            simd.select(simd.less(zero, x), x, below)
        }),
        Unary::Exp => map_in_place(simd, values, |x| math::exp(simd, x)),
        Unary::Floor => map_in_place(simd, values, |x| integral(simd, x, simd.floor(x))),
        Unary::Gelu { approximate: false } => map_in_place(simd, values, |x| math::gelu(simd, x)),
        Unary::Gelu { approximate: true } => map_in_place(simd, values, |x| math::gelu_tanh(simd, x)),
        Unary::HardSwish => map_in_place(simd, values, |x| math::hard_swish(simd, x)),
        Unary::LeakyRelu { alpha } => {
            let alpha = simd.splat(alpha);
            map_in_place(simd, values, |x| simd.select(simd.less(zero, x), x, simd.mul(alpha, x)));
        }
        Unary::Logistic => map_in_place(simd, values, |x| math::sigmoid(simd, x)),
        Unary::Neg => map_in_place(simd, values, |x| simd.mul(x, simd.splat(-1.0))),
        Unary::Relu => clamp(simd, [0.0, f32::INFINITY], values),
        Unary::Relu0To1 => clamp(simd, [0.0, 1.0], values),
        Unary::Relu6 => clamp(simd, [0.0, 6.0], values),
        Unary::ReluN1To1 => clamp(simd, [-1.0, 1.0], values),
        Unary::Round => map_in_place(simd, values, |x| integral(simd, x, simd.round(x))),
        Unary::Rsqrt => map_in_place(simd, values, |x| simd.div(one, simd.sqrt(x))),
        Unary::Sqrt => map_in_place(simd, values, |x| simd.sqrt(x)),
        Unary::Square => map_in_place(simd, values, |x| simd.mul(x, x)),
        Unary::Tanh => map_in_place(simd, values, |x| math::tanh(simd, x)),
        Unary::Cos | Unary::Log | Unary::LogicalNot | Unary::Sign | Unary::Sin => {
            values.iter_mut().for_each(|x| *x = unary.apply(*x));
        }
    }
}

/// `rounded` where `x` may have a fraction, else `x`.
#[inline(always)]
fn integral<S: Simd>(simd: S, x: S::F32, rounded: S::F32) -> S::F32 {
    simd.select(simd.less(simd.abs(x), simd.splat(INTEGERS_FROM)), rounded, x)
}

/// `x ← x ∘ other`, or `other ∘ x` where reversed.
#[inline(always)]
pub fn with_scalar<S: Simd>(simd: S, kind: BinaryKind, reversed: bool, other: f32, values: &mut [f32]) {
    let o = simd.splat(other);
    match (kind, reversed) {
        (BinaryKind::Add, _) => map_in_place(simd, values, |x| simd.add(x, o)),
        (BinaryKind::Mul, _) => map_in_place(simd, values, |x| simd.mul(x, o)),
        (BinaryKind::Sub, false) => map_in_place(simd, values, |x| simd.sub(x, o)),
        (BinaryKind::Sub, true) => map_in_place(simd, values, |x| simd.sub(o, x)),
        (BinaryKind::Div, false) => map_in_place(simd, values, |x| simd.div(x, o)),
        (BinaryKind::Div, true) => map_in_place(simd, values, |x| simd.div(o, x)),
        (BinaryKind::SquaredDifference, _) => map_in_place(simd, values, |x| square(simd, simd.sub(x, o))),
        (BinaryKind::Prelu, false) => map_in_place(simd, values, |x| prelu(simd, x, o)),
        (_, false) => values.iter_mut().for_each(|x| *x = kind.apply(*x, other)),
        (_, true) => values.iter_mut().for_each(|x| *x = kind.apply(other, *x)),
    }
}

/// `x[i] ← x[i] ∘ others[i]`, or `others[i] ∘ x[i]` where reversed.
#[inline(always)]
pub fn with_slice<S: Simd>(simd: S, kind: BinaryKind, reversed: bool, others: &[f32], values: &mut [f32]) {
    match (kind, reversed) {
        (BinaryKind::Add, _) => zip_in_place(simd, values, others, |x, o| simd.add(x, o)),
        (BinaryKind::Mul, _) => zip_in_place(simd, values, others, |x, o| simd.mul(x, o)),
        (BinaryKind::Sub, false) => zip_in_place(simd, values, others, |x, o| simd.sub(x, o)),
        (BinaryKind::Sub, true) => zip_in_place(simd, values, others, |x, o| simd.sub(o, x)),
        (BinaryKind::Div, false) => zip_in_place(simd, values, others, |x, o| simd.div(x, o)),
        (BinaryKind::Div, true) => zip_in_place(simd, values, others, |x, o| simd.div(o, x)),
        (BinaryKind::SquaredDifference, _) => {
            zip_in_place(simd, values, others, |x, o| square(simd, simd.sub(x, o)));
        }
        (BinaryKind::Prelu, false) => zip_in_place(simd, values, others, |x, o| prelu(simd, x, o)),
        (_, false) => values.iter_mut().zip(others).for_each(|(x, &o)| *x = kind.apply(*x, o)),
        (_, true) => values.iter_mut().zip(others).for_each(|(x, &o)| *x = kind.apply(o, *x)),
    }
}

#[inline(always)]
fn square<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    simd.mul(x, x)
}

#[inline(always)]
fn prelu<S: Simd>(simd: S, x: S::F32, alpha: S::F32) -> S::F32 {
    simd.select(simd.less(simd.splat(0.0), x), x, simd.mul(x, alpha))
}
