//! Reals → integers of eight or four bits with their scales.

use crate::schema::{self, TensorType as Kind};
use crate::tflite::pack_four_bits;

/// How many scales a constant has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    /// One.
    Tensor,
    /// One for each output channel.
    Channel,
    /// One for each run of so many elements.
    Block(usize),
}

/// Integers of four or eight bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// −7 to 7.
    Four,
    /// −127 to 127.
    Eight,
}

/// Integers that stand for reals: `real = scale · integer`.
#[derive(Clone, Debug, PartialEq)]
pub struct Integers {
    /// One to a byte, in the order of the reals.
    pub values: Vec<i8>,
    /// One scale, or one for each index of the axis.
    pub scales: Vec<f32>,
    /// The axis along which the scales differ.
    pub axis: usize,
    bits: Bits,
}

impl Bits {
    /// The largest integer; the least is its negative.
    pub fn limit(self) -> f32 {
        match self {
            Bits::Four => 7.0,
            Bits::Eight => 127.0,
        }
    }
}

impl Integers {
    /// `reals` of this shape, one scale for each index of `axis`, or one for all.
    ///
    /// A scale is the greatest magnitude over the largest integer, and 1 where all is zero: the converter's rule, which
    /// keeps zero exact and the range symmetric. Halves round away from zero.
    pub fn new(reals: &[f32], shape: &[usize], axis: Option<usize>, bits: Bits) -> Self {
        let inner: usize = axis.map_or(reals.len(), |axis| shape[axis + 1..].iter().product());
        let count = axis.map_or(1, |axis| shape[axis]);
        let channel = |index: usize| index / inner.max(1) % count.max(1);
        let mut greatest = vec![0.0f32; count];
        for (index, real) in reals.iter().enumerate().filter(|(_, real)| real.is_finite()) {
            let channel = channel(index);
            greatest[channel] = greatest[channel].max(real.abs());
        }
        let limit = bits.limit();
        let scale = |greatest: &f32| match greatest / limit {
            // What is subnormal has no reciprocal; nothing of that size matters beside other channels.
            scale if scale.is_normal() => scale,
            _ => 1.0,
        };
        let scales: Vec<f32> = greatest.iter().map(scale).collect();
        let integer =
            |(index, real): (usize, &f32)| (real / scales[channel(index)]).round().clamp(-limit, limit) as i8;
        let values = reals.iter().enumerate().map(integer).collect();
        Self { values, scales, axis: axis.unwrap_or(0), bits }
    }

    /// The element type in a file.
    pub fn kind(&self) -> Kind {
        match self.bits {
            Bits::Four => Kind::INT4,
            Bits::Eight => Kind::INT8,
        }
    }

    /// The bytes as a file holds them.
    pub fn bytes(&self) -> Vec<u8> {
        match self.bits {
            Bits::Four => pack_four_bits(&self.values),
            Bits::Eight => self.values.iter().map(|&value| value as u8).collect(),
        }
    }

    /// The quantization as a file describes it.
    pub fn quantization(&self) -> schema::Quantization {
        schema::Quantization {
            scale: self.scales.clone(),
            zero_point: vec![0; self.scales.len()],
            quantized_dimension: self.axis as i32,
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_reaches_its_own_limit_and_halves_round_away_from_zero() {
        let integers = Integers::new(&[1.27, 0.005, -2.54, 0.01], &[2, 2], Some(0), Bits::Eight);
        assert_eq!(integers.values, [127, 1, -127, 1]);
        assert_eq!(integers.scales, [1.27 / 127.0, 2.54 / 127.0]);
        let inner = Integers::new(&[1.0, 7.0, -0.6, 3.5], &[2, 2], Some(1), Bits::Four);
        assert_eq!((inner.values, inner.axis), (vec![7, 7, -4, 4], 1));
        let whole = Integers::new(&[1.0, 7.0, -0.5, 3.4], &[2, 2], None, Bits::Four);
        assert_eq!((whole.bytes(), whole.scales), (vec![0x71, 0x3f], vec![1.0]));
    }

    #[test]
    fn zeros_have_a_scale_of_one_and_what_is_not_a_number_becomes_zero() {
        let integers = Integers::new(&[0.0, f32::NAN, 0.0, 1e-44], &[2, 2], Some(0), Bits::Eight);
        assert_eq!((integers.values, integers.scales), (vec![0; 4], vec![1.0; 2]));
    }
}
