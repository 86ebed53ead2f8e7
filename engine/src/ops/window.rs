//! Attributes that convolutions and pooling share.

use super::binary::BinaryKind;
use super::chain::{Link, Other};
use super::unary::Unary;
use super::{Refusal, Verdict};
use crate::tensor::TensorType;

/// The least and the greatest finite number.
pub const FINITE: [f32; 2] = [f32::MIN, f32::MAX];

/// The greatest finite number for an infinite one, as TFLite's kernels store sums and picks. What is not a number stays so.
pub fn finite(x: f32) -> f32 {
    x.clamp(FINITE[0], FINITE[1])
}

/// An activation fused into an operator's store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// The identity.
    #[default]
    None,
    /// max(x, 0)
    Relu,
    /// min(max(x, −1), 1)
    ReluN1To1,
    /// min(max(x, 0), 6)
    Relu6,
    /// tanh x
    Tanh,
    /// 1 where the sign bit is set, else 0
    SignBit,
}

impl Activation {
    /// The activation of one number.
    pub fn apply(self, x: f32) -> f32 {
        match self {
            Activation::None => x,
            Activation::Relu if x < 0.0 => 0.0,
            Activation::Relu => x,
            Activation::ReluN1To1 => x.clamp(-1.0, 1.0),
            Activation::Relu6 => x.clamp(0.0, 6.0),
            Activation::Tanh => x.tanh(),
            Activation::SignBit => x.is_sign_negative() as u8 as f32,
        }
    }

    /// The activation of what an operator adds up or picks, which stays finite.
    pub fn stored(self, x: f32) -> f32 {
        finite(self.apply(x))
    }

    /// The activation as a link of a chain; none for the identity.
    pub fn link(self) -> Option<Link> {
        match (self, self.range()) {
            (Activation::None, _) => None,
            (Activation::Tanh, _) => Some(Link::Unary(Unary::Tanh)),
            (_, Some((low, high))) => Some(Link::Clamp(low, high)),
            (_, None) => {
                Some(Link::Binary { kind: BinaryKind::Less, other: Other::Scalar(0.0), reversed: false })
            }
        }
    }

    /// The integers of a quantized type that the activation clamps to; the type's own range where it is no clamp.
    pub fn integer_range(self, ty: &TensorType) -> (i64, i64) {
        let (least, greatest) = ty.dtype.integer_range().unwrap_or((i64::MIN, i64::MAX));
        let (Some((low, high)), Some(q)) = (self.range(), &ty.quantization) else { return (least, greatest) };
        let integer = |real: f32| q.zero_point[0].saturating_add((real / q.scale[0]).round() as i64);
        (integer(low).clamp(least, greatest), integer(high).clamp(least, greatest))
    }

    /// The range the activation clamps to, where it is a clamp; all reals for none.
    pub fn range(self) -> Option<(f32, f32)> {
        match self {
            Activation::None => Some((f32::NEG_INFINITY, f32::INFINITY)),
            Activation::Relu => Some((0.0, f32::INFINITY)),
            Activation::ReluN1To1 => Some((-1.0, 1.0)),
            Activation::Relu6 => Some((0.0, 6.0)),
            Activation::Tanh | Activation::SignBit => None,
        }
    }
}

/// How a window hangs over the edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// output = ⌈input / stride⌉, with zeros split evenly, the odd one after.
    #[default]
    Same,
    /// Only whole windows.
    Valid,
    /// A number of rows and columns before and after, as merged from a PAD: top, bottom, left, right.
    Explicit([usize; 4]),
}

/// A window that slides over height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns of the window.
    pub size: [usize; 2],
    /// Steps in rows and columns.
    pub stride: [usize; 2],
    /// Distances between the window's taps.
    pub dilation: [usize; 2],
    /// What happens at the edges.
    pub padding: Padding,
}

impl Window {
    /// The extent of the output along `axis` (0 rows, 1 columns) for an input's extent; `None` where nothing fits.
    pub fn output(&self, axis: usize, input: usize) -> Option<usize> {
        let span = self.span(axis)?;
        let stride = self.stride[axis];
        if stride == 0 {
            return None;
        }
        match self.padding {
            Padding::Same => Some(input.div_ceil(stride)),
            Padding::Valid => Some((input.checked_sub(span)?) / stride + 1),
            Padding::Explicit(pad) => {
                let total = input.checked_add(pad[2 * axis])?.checked_add(pad[2 * axis + 1])?;
                Some(total.checked_sub(span)? / stride + 1)
            }
        }
    }

    /// The zeros before the first row or column.
    pub fn before(&self, axis: usize, input: usize) -> usize {
        match self.padding {
            Padding::Valid => 0,
            Padding::Explicit(pad) => pad[2 * axis],
            Padding::Same => {
                let output = input.div_ceil(self.stride[axis].max(1));
                let needed = (output.saturating_sub(1)) * self.stride[axis] + self.span(axis).unwrap_or(1);
                needed.saturating_sub(input) / 2
            }
        }
    }

    /// The output's rows and columns for an input's; refuses where nothing fits.
    pub fn outputs(&self, input: [usize; 2]) -> Verdict<[usize; 2]> {
        let fits = |axis| {
            self.output(axis, input[axis]).ok_or_else(|| {
                Refusal::new(format!("its window {:?} does not fit its input {input:?}", self.size))
            })
        };
        Ok([fits(0)?, fits(1)?])
    }

    /// The taps of output place `at` along `axis` that fall into the input: each tap with its place in the input.
    pub fn taps(&self, axis: usize, input: usize, at: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (first, before, dilation) =
            (at * self.stride[axis], self.before(axis, input), self.dilation[axis]);
        let low = before.saturating_sub(first).div_ceil(dilation);
        let high = (input + before).saturating_sub(first).div_ceil(dilation).min(self.size[axis]);
        (low..high).map(move |tap| (tap, first + tap * dilation - before))
    }

    /// Refuses windows whose places a GPU kernel's 32-bit integers might not hold.
    pub fn expect_small(&self) -> Verdict<()> {
        let small = |extent: usize| extent <= 1 << 14;
        let spans = (0..2).all(|axis| self.span(axis).is_some_and(small) && small(self.stride[axis]));
        let padded = match self.padding {
            Padding::Explicit(pad) => pad.into_iter().all(small),
            Padding::Same | Padding::Valid => true,
        };
        match spans && padded {
            true => Ok(()),
            false => Err(Refusal::new("its window is too large for its GPU kernel")),
        }
    }

    /// The extent the dilated window covers.
    fn span(&self, axis: usize) -> Option<usize> {
        self.size[axis].checked_sub(1)?.checked_mul(self.dilation[axis])?.checked_add(1)
    }
}
