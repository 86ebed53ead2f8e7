//! One link over a slice.

use crate::ops::binary::BinaryKind;
use crate::ops::unary::Unary;
use crate::ops::window::FINITE;
use crate::simd::{Clamp, Map, Simd, Vectorized, Zip, map_in_place, math, zip_in_place};
use crate::{simd_maps, simd_zips};

/// From here on every float is an integer.
const INTEGERS_FROM: f32 = 4_194_304.0;

simd_maps! {
    Abs(simd, x) simd.abs(x);
    Ceil(simd, x) {
        let zero = simd.splat(0.0);
        let ceil = simd.sub(zero, simd.floor(simd.sub(zero, x)));
        integral(simd, x, simd.copysign(ceil, x))
    };
    Elu(simd, x) simd.select(simd.less(x, simd.splat(0.0)), math::exp_m1(simd, x), x);
    Exp(simd, x) math::exp(simd, x);
    Floor(simd, x) integral(simd, x, simd.floor(x));
    Gelu(simd, x) math::gelu(simd, x);
    GeluTanh(simd, x) math::gelu_tanh(simd, x);
    HardSwish(simd, x) math::hard_swish(simd, x);
    Negative(simd, x) simd.mul(x, simd.splat(-1.0));
    Round(simd, x) integral(simd, x, simd.round(x));
    Rsqrt(simd, x) simd.div(simd.splat(1.0), simd.sqrt(x));
    Sigmoid(simd, x) math::sigmoid(simd, x);
    Sqrt(simd, x) simd.sqrt(x);
    Square(simd, x) simd.mul(x, x);
    Tanh(simd, x) math::tanh(simd, x);
}

simd_zips! {
    Add(simd, a, b) finite(simd, simd.add(a, b));
    Div(simd, a, b) finite(simd, simd.div(a, b));
    DivInto(simd, a, b) finite(simd, simd.div(b, a));
    Maximum(simd, a, b) simd.max(a, b);
    MaximumOf(simd, a, b) simd.max(b, a);
    Minimum(simd, a, b) simd.min(a, b);
    MinimumOf(simd, a, b) simd.min(b, a);
    Mul(simd, a, b) finite(simd, simd.mul(a, b));
    Prelu(simd, x, alpha) simd.select(simd.less(x, simd.splat(0.0)), simd.mul(x, alpha), x);
    SquaredDifference(simd, a, b) {
        let difference = simd.sub(a, b);
        simd.mul(difference, difference)
    };
    Sub(simd, a, b) finite(simd, simd.sub(a, b));
    SubFrom(simd, a, b) finite(simd, simd.sub(b, a));
}

/// The greatest finite number for an infinite one.
#[inline(always)]
fn finite<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let [least, greatest] = FINITE;
    simd.clamp(x, simd.splat(least), simd.splat(greatest))
}

/// A function of two numbers whose second is the same everywhere.
#[derive(Clone, Copy)]
struct With<Z>(Z, f32);

impl<Z: Zip> Map for With<Z> {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::F32) -> S::F32 {
        self.0.of(simd, x, simd.splat(self.1))
    }
}

/// `rounded` where `x` may have a fraction, else `x`.
#[inline(always)]
fn integral<S: Simd>(simd: S, x: S::F32, rounded: S::F32) -> S::F32 {
    simd.select(simd.less(simd.abs(x), simd.splat(INTEGERS_FROM)), rounded, x)
}

/// `x ← f(x)`
struct Mapped<'a, M>(M, &'a mut [f32]);

impl<M: Map> Vectorized for Mapped<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        map_in_place(simd, self.1, self.0);
    }
}

/// `x ← f(x, other)`
struct Zipped<'a, Z>(Z, &'a [f32], &'a mut [f32]);

impl<Z: Zip> Vectorized for Zipped<'_, Z> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        zip_in_place(simd, self.2, self.1, self.0);
    }
}

/// `x ← clamp(x)`
#[inline(always)]
pub fn clamp<S: Simd>(simd: S, bounds: [f32; 2], values: &mut [f32]) {
    simd.vectorize(Mapped(Clamp(bounds), values));
}

/// `x ← f(x)`. What has no vector form is computed number by number.
#[inline(always)]
pub fn unary<S: Simd>(simd: S, unary: Unary, values: &mut [f32]) {
    match unary {
        Unary::Abs => simd.vectorize(Mapped(Abs, values)),
        Unary::Ceil => simd.vectorize(Mapped(Ceil, values)),
        Unary::Elu => simd.vectorize(Mapped(Elu, values)),
        Unary::Exp => simd.vectorize(Mapped(Exp, values)),
        Unary::Floor => simd.vectorize(Mapped(Floor, values)),
        Unary::Gelu { approximate: false } => simd.vectorize(Mapped(Gelu, values)),
        Unary::Gelu { approximate: true } => simd.vectorize(Mapped(GeluTanh, values)),
        Unary::HardSwish => simd.vectorize(Mapped(HardSwish, values)),
        Unary::LeakyRelu { alpha } => simd.vectorize(Mapped(With(Prelu, alpha), values)),
        Unary::Logistic => simd.vectorize(Mapped(Sigmoid, values)),
        Unary::Neg => simd.vectorize(Mapped(Negative, values)),
        Unary::Relu => clamp(simd, [0.0, f32::INFINITY], values),
        Unary::Relu0To1 => clamp(simd, [0.0, 1.0], values),
        Unary::Relu6 => clamp(simd, [0.0, 6.0], values),
        Unary::ReluN1To1 => clamp(simd, [-1.0, 1.0], values),
        Unary::Round => simd.vectorize(Mapped(Round, values)),
        Unary::Rsqrt => simd.vectorize(Mapped(Rsqrt, values)),
        Unary::Sqrt => simd.vectorize(Mapped(Sqrt, values)),
        Unary::Square => simd.vectorize(Mapped(Square, values)),
        Unary::Tanh => simd.vectorize(Mapped(Tanh, values)),
        Unary::Cos | Unary::Log | Unary::LogicalNot | Unary::Sign | Unary::Sin => {
            values.iter_mut().for_each(|x| *x = unary.apply(*x));
        }
    }
}

/// `x ← x ∘ other`, or `other ∘ x` where reversed.
#[inline(always)]
pub fn with_scalar<S: Simd>(simd: S, kind: BinaryKind, reversed: bool, other: f32, values: &mut [f32]) {
    match (kind, reversed) {
        (BinaryKind::Add, _) => simd.vectorize(Mapped(With(Add, other), values)),
        (BinaryKind::Mul, _) => simd.vectorize(Mapped(With(Mul, other), values)),
        (BinaryKind::Sub, false) => simd.vectorize(Mapped(With(Sub, other), values)),
        (BinaryKind::Sub, true) => simd.vectorize(Mapped(With(SubFrom, other), values)),
        (BinaryKind::Div, false) => simd.vectorize(Mapped(With(Div, other), values)),
        (BinaryKind::Div, true) => simd.vectorize(Mapped(With(DivInto, other), values)),
        (BinaryKind::SquaredDifference, _) => simd.vectorize(Mapped(With(SquaredDifference, other), values)),
        (BinaryKind::Prelu, false) => simd.vectorize(Mapped(With(Prelu, other), values)),
        (BinaryKind::Maximum, false) => simd.vectorize(Mapped(With(Maximum, other), values)),
        (BinaryKind::Maximum, true) => simd.vectorize(Mapped(With(MaximumOf, other), values)),
        (BinaryKind::Minimum, false) => simd.vectorize(Mapped(With(Minimum, other), values)),
        (BinaryKind::Minimum, true) => simd.vectorize(Mapped(With(MinimumOf, other), values)),
        (_, false) => values.iter_mut().for_each(|x| *x = kind.apply(*x, other)),
        (_, true) => values.iter_mut().for_each(|x| *x = kind.apply(other, *x)),
    }
}

/// `x[i] ← x[i] ∘ others[i]`, or `others[i] ∘ x[i]` where reversed.
#[inline(always)]
pub fn with_slice<S: Simd>(simd: S, kind: BinaryKind, reversed: bool, others: &[f32], values: &mut [f32]) {
    match (kind, reversed) {
        (BinaryKind::Add, _) => simd.vectorize(Zipped(Add, others, values)),
        (BinaryKind::Mul, _) => simd.vectorize(Zipped(Mul, others, values)),
        (BinaryKind::Sub, false) => simd.vectorize(Zipped(Sub, others, values)),
        (BinaryKind::Sub, true) => simd.vectorize(Zipped(SubFrom, others, values)),
        (BinaryKind::Div, false) => simd.vectorize(Zipped(Div, others, values)),
        (BinaryKind::Div, true) => simd.vectorize(Zipped(DivInto, others, values)),
        (BinaryKind::SquaredDifference, _) => simd.vectorize(Zipped(SquaredDifference, others, values)),
        (BinaryKind::Prelu, false) => simd.vectorize(Zipped(Prelu, others, values)),
        (BinaryKind::Maximum, false) => simd.vectorize(Zipped(Maximum, others, values)),
        (BinaryKind::Maximum, true) => simd.vectorize(Zipped(MaximumOf, others, values)),
        (BinaryKind::Minimum, false) => simd.vectorize(Zipped(Minimum, others, values)),
        (BinaryKind::Minimum, true) => simd.vectorize(Zipped(MinimumOf, others, values)),
        (_, false) => values.iter_mut().zip(others).for_each(|(x, &o)| *x = kind.apply(*x, o)),
        (_, true) => values.iter_mut().zip(others).for_each(|(x, &o)| *x = kind.apply(o, *x)),
    }
}
