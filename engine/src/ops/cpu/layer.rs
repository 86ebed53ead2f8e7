//! Layers whose weights are bytes: sums of steps that become steps, and the *hybrid* ones of reals, whose input is rounded to bytes as
//! it comes.
//!
//! With zero points `z_x` and `z_w` an exact sum is `Σ x w − z_w Σ x + (K z_x z_w − z_x Σ w)`; the last term joins the bias. What
//! becomes of it is what the plain kernels do: one f32 factor, rounded to the nearest step.

use super::quantizer::Rounded;
use crate::gemm::Source;
use crate::gemm::bytes::{ByteProduct, Operand, PackedBytes, Show, Start, ToReals, ToSteps};
use crate::ops::{Activation, Operands};
use crate::pool::Pool;
use crate::simd::{Integers, Isa, VectorizedIntegers};
use crate::tensor::{DType, Quantization, TensorType};

/// What must be toggled in a signed byte to make it a left operand of this instruction set's products.
pub fn flip(isa: Isa) -> u8 {
    isa.run_integers(FlipOf)
}

struct FlipOf;

impl VectorizedIntegers for FlipOf {
    type Output = u8;

    #[inline(always)]
    fn run<N: Integers>(self, _: N) -> u8 {
        N::FLIP
    }
}

/// The quantization of a type whose elements are bytes with one scale.
pub fn byte_steps(ty: &TensorType) -> Option<&Quantization> {
    let bytes = matches!(ty.dtype, DType::I8 | DType::U8);
    ty.quantization.as_ref().filter(|q| bytes && q.scale.len() == 1 && q.zero_point.len() == 1)
}

/// The weights of a layer as signed bytes, with their scales and their zero point.
pub struct ByteWeights {
    bytes: Vec<i8>,
    /// Of the signed bytes.
    pub zero_point: i32,
    scales: Vec<f32>,
}

impl ByteWeights {
    /// The constant operand with this index: bytes with one zero point, one scale or one for each index of `axis`.
    pub fn of(operands: &Operands, index: usize, axis: usize) -> Option<Self> {
        let tensor = operands.optional(index)?.constant?;
        let q = tensor.ty().quantization.as_ref()?;
        if q.is_per_channel() && q.axis != axis || q.scale.is_empty() {
            return None;
        }
        let zero = *q.zero_point.first()?;
        if q.zero_point.iter().any(|&other| other != zero) {
            return None;
        }
        let (bytes, shift) = match tensor.dtype() {
            DType::I8 | DType::I4 => (tensor.as_slice::<i8>().ok()?.to_vec(), 0),
            DType::U8 => {
                (tensor.as_slice::<u8>().ok()?.iter().map(|&byte| (byte ^ 0x80) as i8).collect(), 128)
            }
            _ => return None,
        };
        let zero_point = i32::try_from(zero).ok()? - shift;
        (-128..=127).contains(&zero_point).then(|| Self { bytes, zero_point, scales: q.scale.clone() })
    }

    /// The same, where LiteRT multiplies them with reals rounded to bytes: signed bytes around zero.
    pub fn hybrid(operands: &Operands, index: usize, axis: usize) -> Option<Self> {
        let signed = matches!(operands.optional(index)?.ty.dtype, DType::I8 | DType::I4);
        Self::of(operands, index, axis).filter(|weights| signed && weights.zero_point == 0)
    }

    /// The weights of several layers, each of so many output channels, as those of one.
    pub fn stacked(layers: Vec<Self>, channels: usize) -> Self {
        let scales =
            layers.iter().flat_map(|layer| (0..channels).map(|channel| layer.scale(channel))).collect();
        Self {
            bytes: layers.iter().flat_map(|layer| &layer.bytes).copied().collect(),
            zero_point: layers.first().map_or(0, |layer| layer.zero_point),
            scales,
        }
    }

    /// The weight at an index of the tensor.
    pub fn at(&self, index: usize) -> i8 {
        self.bytes[index]
    }

    /// What stands for no weight.
    pub fn nothing(&self) -> i8 {
        self.zero_point as i8
    }

    /// The scale of an output channel.
    pub fn scale(&self, channel: usize) -> f32 {
        if self.scales.len() == 1 { self.scales[0] } else { self.scales[channel] }
    }

    /// Whether the scales are one, or one for each of so many channels.
    pub fn fits(&self, channels: usize) -> bool {
        self.scales.len() == 1 || self.scales.len() == channels
    }
}

/// How exact sums of steps become steps of the output.
pub struct Stepped {
    /// The input's zero point, as the byte in memory and as the number of the left operand.
    pub zero: u8,
    /// See [`Stepped::zero`].
    pub left_zero: i32,
    /// What is toggled in the input's bytes.
    pub flip: u8,
    input_scale: f32,
    output_scale: f32,
    /// The output's zero point and range.
    pub zero_point: i32,
    /// See [`Stepped::zero_point`].
    pub range: [i32; 2],
    /// Whether the output's bytes are signed.
    pub signed: bool,
    biases: Option<Vec<i32>>,
}

impl Stepped {
    /// For operands `[input, bias]`; none where one of them is of another kind.
    pub fn of(
        isa: Isa,
        operands: &Operands,
        [input, bias]: [usize; 2],
        activation: Activation,
    ) -> Option<Self> {
        let (input, output) = (operands.optional(input)?, *operands.outputs.first()?);
        let (x, y) = (byte_steps(input.ty)?, byte_steps(output)?);
        if input.dynamic {
            return None;
        }
        let biases = match operands.optional(bias) {
            None => None,
            Some(bias) if bias.ty.dtype == DType::I32 => {
                Some(bias.constant?.as_slice::<i32>().ok()?.to_vec())
            }
            Some(_) => return None,
        };
        let (low, high) = activation.range()?;
        let (least, greatest) = output.dtype.integer_range()?;
        let (zero_point, scale) = (y.zero_point[0], y.scale[0]);
        let step = |real: f32| match real.is_finite() {
            true => {
                ((real / scale).round_ties_even() as i64).saturating_add(zero_point).clamp(least, greatest)
            }
            false if real < 0.0 => least,
            false => greatest,
        };
        let signed = |ty: &TensorType| ty.dtype == DType::I8;
        let own = flip(isa);
        let flip = if signed(input.ty) { own } else { 0x80 ^ own };
        let zero = i8::try_from(x.zero_point[0]).map(|z| z as u8).ok().filter(|_| signed(input.ty));
        let zero = zero.or_else(|| u8::try_from(x.zero_point[0]).ok().filter(|_| !signed(input.ty)))?;
        let left_zero = if own == 0 { i32::from((zero ^ flip) as i8) } else { i32::from(zero ^ flip) };
        Some(Self {
            zero,
            left_zero,
            flip,
            input_scale: x.scale[0],
            output_scale: scale,
            zero_point: i32::try_from(zero_point).ok()?,
            range: [step(low) as i32, step(high) as i32],
            signed: signed(output),
            biases,
        })
    }

    /// The factor of a sum of weights of this scale.
    pub fn factor(&self, weights: f32) -> f32 {
        self.input_scale * weights / self.output_scale
    }

    /// The bias of an output channel.
    pub fn bias(&self, channel: usize) -> i32 {
        self.biases.as_ref().map_or(0, |biases| biases[channel])
    }

    /// Whether there is a bias for each of so many channels, or none.
    pub fn fits(&self, channels: usize) -> bool {
        self.biases.as_ref().is_none_or(|biases| biases.len() == channels)
    }
}

/// A product of steps with packed weights.
pub struct StepLayer {
    weights: PackedBytes,
    starts: Vec<i32>,
    finish: ToSteps,
    /// The factor of a row's sum: the weights' zero point, negative.
    row_factor: i32,
    flip: u8,
    zero: [u8; 1],
}

impl StepLayer {
    /// `n` columns of depth `k` with the weights `weight(n, k)`; column `n` is output channel `channel(n)`.
    pub fn new(
        isa: Isa,
        [n, k]: [usize; 2],
        stepped: &Stepped,
        weights: &ByteWeights,
        weight: impl Fn(usize, usize) -> i8,
        channel: impl Fn(usize) -> usize,
    ) -> Self {
        let packed = PackedBytes::new(isa, [n, k], weight);
        let (zero, weight_zero) = (stepped.left_zero, weights.zero_point);
        let start = |column: usize| {
            let both = (k as i32).wrapping_mul(zero).wrapping_mul(weight_zero);
            let one = zero.wrapping_mul(packed.sums()[column]);
            stepped.bias(channel(column)).wrapping_add(both).wrapping_sub(one)
        };
        let starts = packed.column_numbers(0, start);
        let factors = packed.column_numbers(0.0, |column| stepped.factor(weights.scale(channel(column))));
        Self {
            starts,
            finish: ToSteps::new(factors, stepped.zero_point, stepped.range),
            row_factor: -weight_zero,
            flip: stepped.flip,
            zero: [stepped.zero],
            weights: packed,
        }
    }

    /// Columns of the product.
    pub fn columns(&self) -> usize {
        self.weights.columns()
    }

    /// Computes the product of the bytes of `from` into `to`, whose rows lie `stride` apart.
    pub fn run(&self, pool: &Pool, from: &[u8], source: Source, to: &mut [u8], stride: usize) {
        let start = match self.row_factor {
            0 => Start::Columns(&self.starts),
            factor => Start::RowSums(&self.starts, factor),
        };
        let operand = Operand { bytes: from, source, flip: self.flip, zeros: &self.zero, rows_per_zero: 1 };
        ByteProduct { weights: &self.weights, operand, start, stride, finish: &self.finish }.run(
            pool,
            to,
            &(),
        );
    }
}

/// A product of rounded reals with packed weights.
pub struct HybridLayer {
    weights: PackedBytes,
    starts: Vec<i32>,
    scales: Vec<f32>,
    biases: Vec<f32>,
}

impl HybridLayer {
    /// As [`StepLayer::new`].
    pub fn new(
        isa: Isa,
        [n, k]: [usize; 2],
        weights: &ByteWeights,
        weight: impl Fn(usize, usize) -> i8,
        channel: impl Fn(usize) -> usize,
        biases: Option<&[f32]>,
    ) -> Self {
        let packed = PackedBytes::new(isa, [n, k], weight);
        Self {
            starts: packed.column_numbers(0, |column| packed.sums()[column]),
            scales: packed.column_numbers(0.0, |column| weights.scale(channel(column))),
            biases: packed.column_numbers(0.0, |column| biases.map_or(0.0, |biases| biases[channel(column)])),
            weights: packed,
        }
    }

    /// Columns of the product.
    pub fn columns(&self) -> usize {
        self.weights.columns()
    }

    /// Computes the product of rounded reals, from byte `skip` on, into `to`; `rows_per_group` rows of the product share a scale.
    #[allow(clippy::too_many_arguments, reason = "a product's operands")]
    pub fn run<E: Show<f32>>(
        &self,
        pool: &Pool,
        from: &Rounded<'_>,
        skip: usize,
        source: Source,
        rows_per_group: usize,
        to: &mut [f32],
        stride: usize,
        clamp: [f32; 2],
        epilogue: &E,
    ) {
        let finish = ToReals {
            scales: &self.scales,
            biases: &self.biases,
            row_scales: from.scales,
            rows_per_scale: rows_per_group,
            clamp,
        };
        let operand = Operand {
            bytes: from.bytes.get(skip..).unwrap_or_default(),
            source,
            flip: 0,
            zeros: from.zeros,
            rows_per_zero: rows_per_group,
        };
        let start = Start::Scaled(&self.starts, from.factors);
        ByteProduct { weights: &self.weights, operand, start, stride, finish: &finish }
            .run(pool, to, epilogue);
    }
}
