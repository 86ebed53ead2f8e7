//! The custom operators with which MediaPipe's face models look at a part of the face more closely.
//!
//! - `Landmarks2TransformMatrix`: landmarks → the 4 × 4 matrix from the pixels of a crop to those of the picture. The
//!   crop is upright along the line between two landmarks and holds a subset of them, with a margin.
//! - `TransformTensorBilinear`: `[1, h, w, c]` and a matrix → the crop `[1, height, width, c]`. The pixel (x, y) of the crop
//!   is read bilinearly at the first two rows' products with (x, y, 0, 1), and is zero where that lies outside. In
//!   version 2 pixel centers lie at halves.
//! - `TransformLandmarks`: landmarks of the crop and the matrix → landmarks of the picture; a third coordinate stays.
//!
//! Version 1 of each takes tensors of rank 4 and its own options. Matrices are row-major.

/// The family's cases.
pub mod cases;
mod decode;
mod gpu;
mod matrix;
mod transform;

pub use decode::decode;
pub use matrix::{Crop, CropVersion1};

use super::{Operands, Operator, Refusal, Verdict};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A custom operator of a face model.
#[derive(Clone, Debug, PartialEq)]
pub enum Landmarks {
    /// Landmarks → matrix.
    Matrix(Crop),
    /// Landmarks → matrix, by version 1's options.
    MatrixVersion1(CropVersion1),
    /// Picture and matrix → crop.
    Bilinear {
        /// Rows and columns of the crop.
        size: [usize; 2],
        /// Whether pixel centers lie at halves.
        half_pixel_centers: bool,
    },
    /// Landmarks and matrix → landmarks.
    Transform {
        /// Coordinates of a landmark: 2, 3, or none where the last extent is their number.
        dimensions: Option<usize>,
        /// What the matrix' shift is multiplied by.
        scale: f32,
    },
}

impl Operator for Landmarks {
    fn name(&self) -> &'static str {
        match self {
            Landmarks::Matrix(_) | Landmarks::MatrixVersion1(_) => "Landmarks2TransformMatrix",
            Landmarks::Bilinear { .. } => "TransformTensorBilinear",
            Landmarks::Transform { .. } => "TransformLandmarks",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_dtype(0, &[DType::F32])?;
        let Some(input) = operands.shape(0)? else { return Ok(vec![None]) };
        let (Landmarks::Bilinear { .. } | Landmarks::Transform { .. }) = self else {
            let landmarks = input.iter().product::<usize>() / 3;
            let greatest = match self {
                Landmarks::Matrix(crop) => crop.greatest_index(),
                Landmarks::MatrixVersion1(crop) => crop.greatest_index(),
                _ => 0,
            };
            return match greatest < landmarks {
                true => Ok(vec![Some(vec![1, 4, 4])]),
                false => Err(Refusal::new(format!("its input {input:?} has no landmark {greatest}"))),
            };
        };
        operands.expect_dtype(1, &[DType::F32])?;
        if let Some(matrix) = operands.shape(1)?.filter(|matrix| matrix.iter().product::<usize>() != 16) {
            return Err(Refusal::new(format!("its matrix {matrix:?} should be 4 × 4")));
        }
        match self {
            Landmarks::Bilinear { size: [height, width], .. } => match *input {
                [1, h, w, c] if h * w > 0 => Ok(vec![Some(vec![1, *height, *width, c])]),
                _ => Err(Refusal::new(format!("its input {input:?} should be one picture"))),
            },
            _ => {
                let last = input.last().copied().unwrap_or(0);
                let dimensions = self.dimensions(last);
                match matches!(dimensions, 2 | 3) && last.is_multiple_of(dimensions) {
                    true => Ok(vec![Some(input.to_vec())]),
                    false => Err(Refusal::new(format!("its input {input:?} holds no landmarks"))),
                }
            }
        }
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let reals = |index: usize| -> Verdict<Vec<f32>> {
            let reals = inputs.get(index).copied().flatten().and_then(Tensor::to_reals);
            reals.ok_or_else(|| Refusal::new(format!("its input {index} is missing")))
        };
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let result = match self {
            Landmarks::Matrix(crop) => crop.matrix(&reals(0)?).to_vec(),
            Landmarks::MatrixVersion1(crop) => crop.matrix(&reals(0)?).to_vec(),
            Landmarks::Bilinear { size, half_pixel_centers } => {
                let &[_, h, w, c] = input.shape() else {
                    return Err(Refusal::new("its input should be a picture"));
                };
                let sample = transform::Sample::new(&reals(1)?, *half_pixel_centers);
                sample.crop(&reals(0)?, [h, w, c], *size)
            }
            Landmarks::Transform { scale, .. } => {
                let dimensions = self.dimensions(input.shape().last().copied().unwrap_or(0));
                transform::landmarks(&reals(0)?, dimensions, &reals(1)?, *scale)
            }
        };
        Ok(vec![Tensor::from_reals(outputs[0].clone(), &result)?])
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(self, operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(self, operands, choice)
    }
}

impl Landmarks {
    fn dimensions(&self, last: usize) -> usize {
        match self {
            Landmarks::Transform { dimensions: Some(dimensions), .. } => *dimensions,
            _ => last,
        }
    }
}
