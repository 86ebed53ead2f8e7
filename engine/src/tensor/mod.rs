//! Values with storage: element types, shapes, quantization, bytes.
//!
//! A [`Tensor`] is dense, row-major and immutable once shared; a clone shares the bytes. Its shape may have any rank;
//! images are `[n, h, w, c]`. Rank 0 is a scalar, and a rank-1 tensor of one element is not one.

mod data;
mod dtype;

pub use data::{Element, Tensor};
pub use dtype::DType;

use crate::error::{Error, Result};
use std::fmt;

/// How integers stand for reals: `real = scale · (integer − zero_point)`, for a whole tensor or along one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantization {
    /// One scale, or one for each index of `axis`.
    pub scale: Vec<f32>,
    /// As many zero points as scales.
    pub zero_point: Vec<i64>,
    /// The axis along which the scales differ; meaningless with one scale.
    pub axis: usize,
}

impl Quantization {
    /// One scale and zero point for the whole tensor.
    pub fn per_tensor(scale: f32, zero_point: i64) -> Self {
        Self { scale: vec![scale], zero_point: vec![zero_point], axis: 0 }
    }

    /// Whether the scales differ along an axis.
    pub fn is_per_channel(&self) -> bool {
        self.scale.len() > 1
    }
}

/// An element type, a shape and, for integers that stand for reals, their quantization.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorType {
    /// The type of an element.
    pub dtype: DType,
    /// The extent of each dimension, outermost first.
    pub shape: Vec<usize>,
    /// How integers stand for reals, if they do.
    pub quantization: Option<Quantization>,
}

impl TensorType {
    /// A type without quantization.
    pub fn new(dtype: DType, shape: impl Into<Vec<usize>>) -> Self {
        Self { dtype, shape: shape.into(), quantization: None }
    }

    /// An f32 tensor of this shape.
    pub fn f32(shape: impl Into<Vec<usize>>) -> Self {
        Self::new(DType::F32, shape)
    }

    /// The same type with another shape.
    pub fn with_shape(&self, shape: impl Into<Vec<usize>>) -> Self {
        Self { shape: shape.into(), ..self.clone() }
    }

    /// The number of elements; shapes are checked against overflow when a model is read.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The number of bytes of a dense tensor of this type.
    pub fn bytes(&self) -> usize {
        self.elements() * self.dtype.size()
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[", self.dtype)?;
        for (i, extent) in self.shape.iter().enumerate() {
            write!(f, "{}{extent}", if i > 0 { "×" } else { "" })?;
        }
        f.write_str("]")?;
        match &self.quantization {
            Some(q) if q.is_per_channel() => write!(f, " q(per channel of axis {})", q.axis),
            Some(q) => write!(f, " q({}, {})", q.scale[0], q.zero_point[0]),
            None => Ok(()),
        }
    }
}

/// The number of elements and bytes of a shape, or an error where they overflow.
pub fn checked_bytes(dtype: DType, shape: &[usize]) -> Result<usize> {
    shape
        .iter()
        .try_fold(1usize, |product, &extent| product.checked_mul(extent))
        .and_then(|elements| elements.checked_mul(dtype.size()))
        .filter(|&bytes| bytes <= isize::MAX as usize)
        .ok_or_else(|| Error::malformed(format!("the shape {shape:?} of {dtype} is too large to address")))
}

/// The row-major strides of a shape, in elements.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (0..shape.len().saturating_sub(1)).rev() {
        strides[axis] = strides[axis + 1] * shape[axis + 1];
    }
    strides
}
