//! RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: `[n, h, w, c]` to the rows and columns that input 1 gives.
//!
//! Along each axis output place `i` lies at `i · s` of the input, at `(i + ½) · s − ½` with half-pixel centers, where
//! `s = in / out`, or `(in − 1) / (out − 1)` with aligned corners. Bilinear mixes the four neighbors; nearest takes
//! `⌊i · s⌋`, `⌊(i + ½) · s⌋` or `i · s` rounded, by the same attributes. Places are computed in f32; for int8 and int16
//! bilinear places and weights are integers of 10 fractional bits. Quantized integers are mixed as they are stored.

/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;
mod gpu;
mod reference;

use super::{Chain, CpuKernel, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// How the value between pixels is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The four neighbors, weighted by nearness.
    Bilinear,
    /// One pixel.
    Nearest,
}

/// Attributes of a resize; the size is an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// How the value between pixels is found.
    pub interpolation: Interpolation,
    /// Whether the outermost pixels' centers fall on each other.
    pub align_corners: bool,
    /// Whether a pixel's center lies half a pixel from its edge.
    pub half_pixel_centers: bool,
}

/// How places of an output map to those of its input along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The input's extent.
    pub input: usize,
    /// The input's steps for one of the output.
    pub scale: f32,
    /// What is added to an output place before it is scaled.
    pub shift: f32,
}

impl Resize {
    /// The map along an axis of these extents.
    pub fn axis(&self, input: usize, output: usize) -> Axis {
        let scale = match self.align_corners && output > 1 {
            true => (input - 1) as f32 / (output - 1) as f32,
            false => input as f32 / output as f32,
        };
        Axis { input, scale, shift: if self.half_pixel_centers { 0.5 } else { 0.0 } }
    }
}

/// The attributes of a resize.
pub fn decode(source: &Source) -> Verdict<Option<Resize>> {
    let interpolation = match source.name {
        "RESIZE_BILINEAR" => Interpolation::Bilinear,
        "RESIZE_NEAREST_NEIGHBOR" => Interpolation::Nearest,
        _ => return Ok(None),
    };
    let resize = Resize {
        interpolation,
        align_corners: source.bool("align_corners")?,
        half_pixel_centers: source.bool("half_pixel_centers")?,
    };
    match resize.align_corners && resize.half_pixel_centers {
        true => Err(Refusal::new("it has both aligned corners and half-pixel centers")),
        false => Ok(Some(resize)),
    }
}

impl Operator for Resize {
    fn name(&self) -> &'static str {
        match self.interpolation {
            Interpolation::Bilinear => "RESIZE_BILINEAR",
            Interpolation::Nearest => "RESIZE_NEAREST_NEIGHBOR",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_dtype(1, &[DType::I32])?;
        let (Some(input), Some(size)) = (operands.shape(0)?, operands.integers(1)?) else {
            return Ok(vec![None]);
        };
        let (&[n, h, w, c], &[rows, columns]) = (input, &size[..]) else {
            return Err(Refusal::new(format!(
                "its input {input:?} and size {size:?} should be of 4 and 2 numbers"
            )));
        };
        let extent = |size: i64| usize::try_from(size).ok().filter(|&size| size > 0);
        match (extent(rows), extent(columns)) {
            (Some(rows), Some(columns)) if h > 0 && w > 0 => Ok(vec![Some(vec![n, rows, columns, c])]),
            _ => Err(Refusal::new(format!("it cannot make {size:?} rows and columns of {input:?}"))),
        }
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        Ok(vec![reference::run(self, input, &outputs[0])?])
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::kernel(self, operands, chain)
    }

    #[cfg(feature = "cpu")]
    fn cpu_carries_epilogue(&self, operands: &Operands) -> bool {
        cpu::kernel(self, operands, &Chain::empty()).is_some()
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(self, operands, choice)
    }
}
