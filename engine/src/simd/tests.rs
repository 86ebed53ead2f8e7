//! Every operation on every instruction set of the CPU, against `f64`.

use super::math;
use super::{Isa, Map, Simd, Vectorized, map};
use crate::simd_maps;

struct Apply<'a, F>(&'a [f32], &'a mut [f32], F);

simd_maps! {
    Exp(simd, x) math::exp(simd, x);
    ExpM1(simd, x) math::exp_m1(simd, x);
    Sigmoid(simd, x) math::sigmoid(simd, x);
    Tanh(simd, x) math::tanh(simd, x);
    Erf(simd, x) math::erf(simd, x);
    HardSwish(simd, x) math::hard_swish(simd, x);
    Gelu(simd, x) math::gelu(simd, x);
    GeluTanh(simd, x) math::gelu_tanh(simd, x);
    Round(simd, x) simd.round(x);
    Floor(simd, x) simd.floor(x);
    Sqrt(simd, x) simd.sqrt(x);
}

impl<F: Map> Vectorized for Apply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        map(simd, self.0, self.1, self.2);
    }
}

/// Numbers of every magnitude up to `limit`, both signs, and a dense line through zero.
fn sweep(limit: f32) -> Vec<f32> {
    let dense = (-40_000..=40_000).map(|i| i as f32 / 40_000.0 * limit);
    let magnitudes = (0..4_000).map(|i| limit * (-(i as f32) / 50.0).exp2());
    dense.chain(magnitudes.clone()).chain(magnitudes.map(|x| -x)).collect()
}

/// The error in units of the last place of the true value; below the normal numbers in units of the smallest one.
fn ulps(actual: f32, expected: f64) -> f64 {
    let rounded = expected as f32;
    if actual == rounded || (actual.is_nan() && rounded.is_nan()) {
        return 0.0;
    }
    let exponent = expected.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor();
    (f64::from(actual) - expected).abs() / (exponent - 23.0).exp2()
}

fn check<F: Map>(function: F, limit: f32, bound: f64, truth: impl Fn(f64) -> f64) {
    let inputs = sweep(limit);
    for isa in Isa::all() {
        let mut outputs = vec![0.0; inputs.len()];
        isa.run(Apply(&inputs, &mut outputs, function));
        let bound = if matches!(isa, Isa::Portable(_)) { 2.0 * bound } else { bound };
        for (&x, &y) in inputs.iter().zip(&outputs) {
            let expected = truth(f64::from(x));
            assert!(ulps(y, expected) <= bound, "{}: f({x}) is {y}, not {expected}", isa.name());
        }
    }
}

#[test]
fn exp_is_within_two_ulps() {
    check(Exp, 110.0, 2.0, f64::exp);
}

#[test]
fn exp_m1_is_within_three_ulps_near_zero_too() {
    check(ExpM1, 87.0, 3.0, f64::exp_m1);
}

#[test]
fn sigmoid_is_within_two_ulps() {
    check(Sigmoid, 110.0, 2.0, |x| 1.0 / (1.0 + (-x).exp()));
}

#[test]
fn tanh_is_within_two_ulps() {
    check(Tanh, 12.0, 2.0, f64::tanh);
}

/// erf x = 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)), which `f64` sums to enough digits for |x| ≤ 4.5.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..120 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

#[test]
fn erf_is_within_two_ulps() {
    check(Erf, 4.5, 2.0, erf);
}

#[test]
fn hard_swish_is_within_three_ulps() {
    // Near −3 the sum x + 3 is exact, so the relative error stays small there too.
    check(HardSwish, 12.0, 3.0, |x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0);
}

#[test]
fn rounding_and_roots_are_exact() {
    check(Round, 70_000.0, 0.0, f64::round_ties_even);
    check(Floor, 70_000.0, 0.0, f64::floor);
    check(Sqrt, 1e30, 0.5, f64::sqrt);
}

#[test]
fn gelu_is_close() {
    let inputs = sweep(6.0);
    for isa in Isa::all() {
        let (mut exact, mut by_tanh) = (vec![0.0; inputs.len()], vec![0.0; inputs.len()]);
        isa.run(Apply(&inputs, &mut exact, Gelu));
        isa.run(Apply(&inputs, &mut by_tanh, GeluTanh));
        for ((&x, &e), &t) in inputs.iter().zip(&exact).zip(&by_tanh) {
            let x = f64::from(x);
            let expected = 0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2));
            assert!((f64::from(e) - expected).abs() <= 5e-7 * x.abs().max(1e-30), "{}: {x}", isa.name());
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            let expected = 0.5 * x * (1.0 + inner.tanh());
            assert!((f64::from(t) - expected).abs() <= 5e-7 * x.abs().max(1e-30), "{}: {x}", isa.name());
        }
    }
}

#[test]
fn not_a_number_stays_so() {
    for isa in Isa::all() {
        let inputs = [f32::NAN; 19];
        let mut outputs = [0.0; 19];
        isa.run(Apply(&inputs, &mut outputs, Exp));
        assert!(outputs.iter().all(|y| y.is_nan()), "{}", isa.name());
        isa.run(Apply(&inputs, &mut outputs, HardSwish));
        assert!(outputs.iter().all(|y| y.is_nan()), "{}", isa.name());
    }
}

#[test]
fn tails_touch_only_their_lanes() {
    for isa in Isa::all() {
        for count in 0..40 {
            let inputs: Vec<f32> = (0..count).map(|i| i as f32 + 1.0).collect();
            let mut outputs = vec![-1.0; count + 8];
            isa.run(Apply(&inputs, &mut outputs, Round));
            assert_eq!(outputs[..count], inputs, "{} {count}", isa.name());
            assert!(outputs[count..].iter().all(|&y| y == -1.0), "{} {count}", isa.name());
        }
    }
}

struct Reduce<'a>(&'a [f32]);

impl Vectorized for Reduce<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> (f32, f32) {
        assert!(S::LANES <= self.0.len());
        // SAFETY: the slice has at least as many floats as a vector.
        let value = unsafe { simd.load(self.0.as_ptr()) };
        (simd.sum(value), simd.largest(value))
    }
}

#[test]
fn reductions_see_every_lane() {
    for isa in Isa::all() {
        for hot in 0..isa.lanes() {
            let mut values = vec![0.0; 64];
            values[hot] = 3.0;
            assert_eq!(isa.run(Reduce(&values)), (3.0, 3.0), "{} lane {hot}", isa.name());
        }
    }
}
