//! MaxPoolingWithArgmax2D and MaxUnpooling2D: pooling that says which tap of its window was the greatest, and the way back.
//!
//! Pooling maps `[n, h, w, c]` to the greatest number under each window and the index of its tap, `row · width + column`,
//! of equals the first, as an f32 that is 0.1 larger so that it survives rounding. Unpooling takes such a pair and makes
//! `h · kh` rows and `w · kw` columns of zeros but for each number at its tap; where windows overlap the last one counts,
//! and an index that is no tap of the window gives nothing.

/// The family's cases.
pub mod cases;
mod gpu;
mod reference;

use super::pool2d::pooled_shape;
use super::{Operands, Operator, Padding, Refusal, Source, Verdict, Window};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// What is added to an index.
const MARGIN: f32 = 0.1;

/// Which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From an image to pooled numbers and indices.
    Pool,
    /// From pooled numbers and indices to an image.
    Unpool,
}

/// Attributes of a pooling with indices or of its inverse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPoolIndices {
    /// Which way it goes.
    pub direction: Direction,
    /// The window over the image; its dilation is one.
    pub window: Window,
}

/// The attributes of a pooling with indices: the options are i32 padding, column and row steps, columns and rows of the
/// window, activation.
pub fn decode(source: &Source) -> Verdict<Option<MaxPoolIndices>> {
    let direction = match source.name {
        "MaxPoolingWithArgmax2D" => Direction::Pool,
        "MaxUnpooling2D" => Direction::Unpool,
        _ => return Ok(None),
    };
    let [padding, stride_w, stride_h, width, height, activation] = source.custom_words()?;
    if activation != 0 {
        return Err(Refusal::new(format!("its fused activation {activation} is not supported")));
    }
    let window = Window {
        size: [Source::custom_extent(height)?, Source::custom_extent(width)?],
        stride: [Source::custom_extent(stride_h)?, Source::custom_extent(stride_w)?],
        dilation: [1, 1],
        padding: Source::custom_padding(padding)?,
    };
    Ok(Some(MaxPoolIndices { direction, window }))
}

impl MaxPoolIndices {
    /// The rows and columns of the windows before the image's first, for `[rows, columns]` of the pooled side and the
    /// image.
    fn before(&self, pooled: [usize; 2], image: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| match (self.direction, self.window.padding) {
            (Direction::Pool, Padding::Valid) => 0,
            _ => {
                let reach =
                    pooled[axis].saturating_sub(1) * self.window.stride[axis] + self.window.size[axis];
                reach.saturating_sub(image[axis]) / 2
            }
        })
    }

    fn unpooled_shape(&self, operands: &Operands, pooled: &[usize]) -> Verdict<Option<Vec<usize>>> {
        let Some(indices) = operands.shape(1)? else { return Ok(None) };
        let &[n, h, w, c] = pooled else {
            return Err(Refusal::new(format!("its input {pooled:?} should have rank 4")));
        };
        if indices != pooled {
            return Err(Refusal::new(format!("its indices {indices:?} do not fit its input {pooled:?}")));
        }
        let [rows, columns] = self.window.size;
        match h.checked_mul(rows).zip(w.checked_mul(columns)) {
            Some((rows, columns)) => Ok(Some(vec![n, rows, columns, c])),
            None => Err(Refusal::new(format!("it cannot unpool {pooled:?}"))),
        }
    }
}

impl Operator for MaxPoolIndices {
    fn name(&self) -> &'static str {
        match self.direction {
            Direction::Pool => "MaxPoolingWithArgmax2D",
            Direction::Unpool => "MaxUnpooling2D",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_dtype(0, &[DType::F32])?;
        match self.direction {
            Direction::Pool => {
                let Some(image) = operands.shape(0)? else { return Ok(vec![None, None]) };
                let shape = pooled_shape(&self.window, image)?;
                Ok(vec![Some(shape.clone()), Some(shape)])
            }
            Direction::Unpool => {
                operands.expect_dtype(1, &[DType::F32])?;
                let Some(pooled) = operands.shape(0)? else { return Ok(vec![None]) };
                Ok(vec![self.unpooled_shape(operands, pooled)?])
            }
        }
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        match self.direction {
            Direction::Pool => reference::pool(self, inputs, outputs),
            Direction::Unpool => reference::unpool(self, inputs, &outputs[0]),
        }
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(self, operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(self, operands, choice)
    }
}
