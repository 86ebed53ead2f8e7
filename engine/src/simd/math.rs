//! Functions of vectors, to 2 ULP of the true value where the instruction set multiplies and adds with one rounding.
//!
//! The polynomials are Chebyshev fits, computed with 30 digits and rounded to `f32`.

use std::f32::consts::LOG2_E;

use super::Simd;

/// The high bits of ln 2: multiples up to 2⁹ of it are exact.
const LN2_HIGH: f32 = 0.693_359_4;
/// ln 2 − [`LN2_HIGH`].
const LN2_LOW: f32 = -2.121_944_4e-4;

/// `c[0] + x (c[1] + x (c[2] + …))`
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::F32, c: [f32; N]) -> S::F32 {
    let mut sum = simd.splat(c[N - 1]);
    for &coefficient in c[..N - 1].iter().rev() {
        sum = simd.mul_add(sum, x, simd.splat(coefficient));
    }
    sum
}

/// `eˣ`: with `x = n ln 2 + r`, `|r| ≤ ½ ln 2`, it is `2ⁿ (1 + r + r² p(r))`.
#[inline(always)]
pub fn exp<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let (n, m) = power_and_rest(simd, x);
    simd.scale_by_power(simd.add(simd.splat(1.0), m), n)
}

/// `eˣ − 1` for `x ≤ 88`, to 3 ULP near zero too: `2ⁿ (r + r² p(r)) + (2ⁿ − 1)`.
#[inline(always)]
pub fn exp_m1<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let (n, m) = power_and_rest(simd, x);
    let one = simd.splat(1.0);
    simd.add(simd.scale_by_power(m, n), simd.sub(simd.scale_by_power(one, n), one))
}

/// `n` and `r + r² p(r)`, with which `eˣ` is `2ⁿ (1 + r + r² p(r))`.
#[inline(always)]
fn power_and_rest<S: Simd>(simd: S, x: S::F32) -> (S::F32, S::F32) {
    // Beyond these the exponential is infinite or zero.
    let x = simd.clamp(x, simd.splat(-105.0), simd.splat(89.0));
    let n = simd.round(simd.mul(x, simd.splat(LOG2_E)));
    let r = simd.neg_mul_add(n, simd.splat(LN2_HIGH), x);
    let r = simd.neg_mul_add(n, simd.splat(LN2_LOW), r);
    let p = polynomial(
        simd,
        r,
        [0.5, 0.166_666_67, 0.041_666_456, 0.008_333_31, 0.001_393_453_2, 0.000_198_919_7],
    );
    (n, simd.mul_add(simd.mul(r, r), p, r))
}

/// `1 / (1 + e⁻ˣ)`
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let one = simd.splat(1.0);
    // The exponential of a number that is not positive cannot overflow.
    let e = exp(simd, simd.sub(simd.splat(0.0), simd.abs(x)));
    let numerator = simd.select(simd.less(x, simd.splat(0.0)), e, one);
    simd.div(numerator, simd.add(one, e))
}

/// `tanh x`: `x + x³ p(x²)` near zero, `1 − 2 / (e²ˣ + 1)` elsewhere.
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let one = simd.splat(1.0);
    let magnitude = simd.abs(x);
    let z = simd.mul(x, x);
    let p = polynomial(
        simd,
        z,
        [-0.333_333_33, 0.133_333_13, -0.053_961_553, 0.021_788_322, -0.008_410_071, 0.002_370_765_6],
    );
    let near = simd.mul_add(simd.mul(magnitude, z), p, magnitude);
    let e = exp(simd, simd.add(magnitude, magnitude));
    let far = simd.sub(one, simd.div(simd.splat(2.0), simd.add(e, one)));
    simd.copysign(simd.select(simd.less(magnitude, simd.splat(0.6)), near, far), x)
}

/// The error function: `x + x p(x²)` near zero, `1 − exp(q(|x|))` elsewhere, with `q` fitted to `ln erfc`.
#[inline(always)]
pub fn erf<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let magnitude = simd.abs(x);
    let z = simd.mul(x, x);
    let p = polynomial(
        simd,
        z,
        [
            0.128_379_17,
            -0.376_126_4,
            0.112_837_87,
            -0.026_865_717,
            0.005_221_974,
            -0.000_849_989_1,
            0.000_113_967_39,
            -1.009_002_7e-5,
        ],
    );
    // From 4 on the result is one.
    let t = simd.min(simd.splat(4.0), magnitude);
    let q = polynomial(
        simd,
        t,
        [
            0.000_320_441_53,
            -1.130_237_6,
            -0.631_814_5,
            -0.110_094_48,
            0.026_431_018,
            -0.004_763_575_2,
            0.000_597_743_5,
            -4.617_791_4e-5,
            1.643_569_7e-6,
        ],
    );
    let far = simd.sub(simd.splat(1.0), exp(simd, q));
    let near = simd.mul_add(magnitude, p, magnitude);
    simd.copysign(simd.select(simd.less(magnitude, simd.splat(0.92)), near, far), x)
}

/// `x · min(max(x + 3, 0), 6) / 6`
#[inline(always)]
pub fn hard_swish<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let gate = simd.clamp(simd.add(x, simd.splat(3.0)), simd.splat(0.0), simd.splat(6.0));
    simd.mul(simd.mul(x, gate), simd.splat(1.0 / 6.0))
}

/// `½ x (1 + erf(x / √2))`
#[inline(always)]
pub fn gelu<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let e = erf(simd, simd.mul(x, simd.splat(std::f32::consts::FRAC_1_SQRT_2)));
    simd.mul(simd.mul(x, simd.splat(0.5)), simd.add(simd.splat(1.0), e))
}

/// `½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))`
#[inline(always)]
pub fn gelu_tanh<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let cube = simd.mul(simd.mul(x, x), x);
    let inner = simd.mul(simd.mul_add(cube, simd.splat(0.044_715), x), simd.splat(0.797_884_6));
    simd.mul(simd.mul(x, simd.splat(0.5)), simd.add(simd.splat(1.0), tanh(simd, inner)))
}
