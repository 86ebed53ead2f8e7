//! Weighted sums over reals, or exactly over quantized integers.
//!
//! With quantized input, weights and output the terms are the integers less their zero points, whose sums are exact, and
//! a sum becomes a step of the output by one f32 factor, `scale_x · scale_w / scale_y`, rounded to the nearest (ties to
//! even) and clamped to the activation's range: XNNPACK's arithmetic, which LiteRT uses (Jacob et al. 2017,
//! arXiv 1712.05877, give the scheme). Sixteen-bit outputs have TFLite's fixed-point factor. Sums over other types are those of reals.

use super::operand::reals;
use super::{Activation, Verdict};
use crate::tensor::{DType, Quantization, Tensor, TensorType};

/// The terms of weighted sums, and what becomes of the sums.
pub struct Weighted {
    /// The input's numbers.
    pub input: Vec<f32>,
    /// The weights' numbers.
    pub weights: Vec<f32>,
    /// What each output channel's sum starts from.
    pub bias: Vec<f64>,
    activation: Activation,
    steps: Option<Steps>,
}

/// How exact sums become steps.
struct Steps {
    /// For each output channel.
    factors: Vec<Factor>,
    zero_point: i64,
    low: i64,
    high: i64,
}

impl Weighted {
    /// The terms for `channels` output channels, the innermost dimension of the output `ty`.
    pub fn new(
        [input, weights]: [&Tensor; 2],
        bias: Option<&Tensor>,
        channels: usize,
        ty: &TensorType,
        activation: Activation,
    ) -> Verdict<Self> {
        let steps = Steps::between(input.ty(), weights.ty(), ty, channels, activation);
        let integers = bias.and_then(Tensor::to_integers).filter(|_| steps.is_some());
        let bias = match (bias, integers) {
            (None, _) => vec![0.0; channels],
            (Some(_), Some(integers)) => integers.into_iter().map(|b| b as f64).collect(),
            (Some(bias), None) => reals(bias)?.into_iter().map(f64::from).collect(),
        };
        let terms = |tensor: &Tensor| if steps.is_some() { centered(tensor) } else { reals(tensor) };
        Ok(Self { input: terms(input)?, weights: terms(weights)?, bias, activation, steps })
    }

    /// The output from its sums in row-major order.
    pub fn output(&self, ty: &TensorType, sums: &[f64]) -> Verdict<Tensor> {
        let channels = self.bias.len().max(1);
        Ok(match &self.steps {
            None => {
                let reals: Vec<f32> = sums.iter().map(|&sum| self.activation.stored(sum as f32)).collect();
                Tensor::from_reals(ty.clone(), &reals)?
            }
            Some(steps) => {
                let step = |(i, &sum): (usize, &f64)| steps.of(i % channels, sum);
                Tensor::from_integers(ty.clone(), &sums.iter().enumerate().map(step).collect::<Vec<_>>())?
            }
        })
    }
}

/// The factor of a sum.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Factor {
    /// A real.
    Real(f32),
    /// `multiplier / 2^shift` with fifteen bits, rounded half up: what TFLite's kernels for sixteen-bit steps use.
    Fixed { multiplier: i64, shift: u32 },
}

impl Factor {
    fn fixed(scale: f64) -> Option<Self> {
        // scale = fraction · 2^exponent with a fraction of at least a half
        let exponent = scale.log2().floor() as i32 + 1;
        let thirty_one_bits = (scale * 2f64.powi(31 - exponent)).round() as i64;
        let multiplier = ((thirty_one_bits + (1 << 15)) >> 16).min(0x7fff);
        let shift = u32::try_from(15 - exponent).ok().filter(|shift| (1..63).contains(shift))?;
        Some(Self::Fixed { multiplier, shift })
    }

    fn times(self, sum: f64) -> i64 {
        match self {
            Self::Real(factor) => (sum as f32 * factor).round_ties_even() as i64,
            Self::Fixed { multiplier, shift } => {
                let product = i128::from(sum as i64) * i128::from(multiplier) + (1 << (shift - 1));
                (product >> shift) as i64
            }
        }
    }
}

impl Steps {
    /// None where an operand is not quantized, or in a way that integers cannot follow.
    fn between(
        input: &TensorType,
        weights: &TensorType,
        output: &TensorType,
        channels: usize,
        activation: Activation,
    ) -> Option<Self> {
        let whole = |ty: &TensorType| -> Option<Quantization> {
            ty.quantization.clone().filter(|q| ty.dtype.integer_range().is_some() && !q.is_per_channel())
        };
        let (x, y, w) = (whole(input)?, whole(output)?, weights.quantization.as_ref()?);
        weights.dtype.integer_range()?;
        if w.is_per_channel() && w.scale.len() != channels {
            return None;
        }
        let range = output.dtype.integer_range()?;
        let (low, high) = activation.range()?;
        let (zero_point, scale) = (y.zero_point[0], y.scale[0]);
        let step = |real: f32| match real.is_finite() {
            true => ((real / scale).round_ties_even() as i64 + zero_point).clamp(range.0, range.1),
            false if real < 0.0 => range.0,
            false => range.1,
        };
        let factor = |channel: usize| {
            let weight = w.scale[if w.is_per_channel() { channel } else { 0 }];
            match output.dtype {
                DType::I16 => Factor::fixed(f64::from(x.scale[0]) * f64::from(weight) / f64::from(scale)),
                _ => Some(Factor::Real(x.scale[0] * weight / scale)),
            }
        };
        let factors = (0..channels).map(factor).collect::<Option<Vec<Factor>>>()?;
        Some(Self { factors, zero_point, low: step(low), high: step(high) })
    }

    fn of(&self, channel: usize, sum: f64) -> i64 {
        self.factors[channel].times(sum).saturating_add(self.zero_point).clamp(self.low, self.high)
    }
}

/// The integers less their zero points.
fn centered(tensor: &Tensor) -> Verdict<Vec<f32>> {
    let Some((q, integers)) = tensor.ty().quantization.as_ref().zip(tensor.to_integers()) else {
        return reals(tensor);
    };
    let inner: usize = tensor.shape().iter().skip(q.axis + 1).product();
    let zero =
        |i: usize| q.zero_point[if q.is_per_channel() { i / inner.max(1) % q.zero_point.len() } else { 0 }];
    Ok(integers.iter().enumerate().map(|(i, &v)| (v - zero(i)) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(dtype: DType, shape: &[usize], scale: &[f32], zero_point: i64) -> TensorType {
        let zero_point = vec![zero_point; scale.len()];
        let quantization = Some(Quantization { scale: scale.to_vec(), zero_point, axis: 0 });
        TensorType { quantization, ..TensorType::new(dtype, shape) }
    }

    #[test]
    fn sums_become_steps_with_ties_to_even_and_the_activation_as_a_clamp() {
        let input = Tensor::from_elements(ty(DType::I8, &[1], &[0.5], 3), &[5i8]).expect("one number");
        let weights = Tensor::from_elements(ty(DType::I8, &[2, 1], &[1.0, 2.0], 0), &[1i8, -1]).expect("two");
        let output = ty(DType::U8, &[4], &[1.0], 10);
        let relu = Weighted::new([&input, &weights], None, 2, &output, Activation::Relu6).expect("numbers");
        assert_eq!((&relu.input[..], &relu.weights[..]), (&[2.0][..], &[1.0, -1.0][..]));
        let given = relu.output(&output, &[5.0, 5.0, 3.0, -1.0]).expect("four");
        // 2.5 → 2, 5 → 5, 1.5 → 2, −1 → 0
        assert_eq!(given.to_integers(), Some(vec![12, 15, 12, 10]));
        assert_eq!(
            relu.output(&output, &[99.0, 0.0, 0.0, 0.0]).expect("four").to_integers(),
            Some(vec![16, 10, 10, 10])
        );
    }

    #[test]
    fn sixteen_bit_steps_have_a_factor_of_fifteen_bits() {
        let third = Factor::fixed(1.0 / 3.0).expect("a factor");
        assert_eq!(third, Factor::Fixed { multiplier: 21845, shift: 16 });
        assert_eq!((third.times(3.0), third.times(-3.0), third.times(98301.0)), (1, -1, 32767));
        assert_eq!(Factor::fixed(0.5), Some(Factor::Fixed { multiplier: 16384, shift: 15 }));
        assert_eq!(Factor::fixed(1e9), None);
    }

    #[test]
    fn reals_stay_reals() {
        let input = Tensor::from_slice([1], &[0.25f32]).expect("one number");
        let weights = Tensor::from_elements(ty(DType::I8, &[1, 1], &[0.5], 0), &[3i8]).expect("one number");
        let output = TensorType::f32([1]);
        let sums = Weighted::new([&input, &weights], None, 1, &output, Activation::None).expect("numbers");
        assert_eq!(sums.weights, [1.5]);
        assert_eq!(sums.output(&output, &[0.375]).expect("one").to_reals(), Some(vec![0.375]));
    }
}
