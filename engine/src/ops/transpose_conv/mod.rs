//! TRANSPOSE_CONV and Convolution2DTransposeBias: each input pixel is spread over a window of the output,
//! `y[n, i·s + k − p, j·s + l − p, o] += x[n, i, j, c] · w[o, k, l, c]`, then `y = act(y + b[o])`.
//!
//! Input `[n, h, w, c]`, weights OHWI `[o, kh, kw, c]`, bias `[o]` or absent.
//!
//! `TRANSPOSE_CONV` has the output's shape as input 0, its weights as input 1 and the image as input 2; p is the padding
//! of the convolution that maps the output's extent to the input's. The custom operator has image, weights and bias; it
//! makes `(h − 1)·s + kh − t` rows, where t is zero with valid padding and `max(kh − 1 − (h − 1) mod s, 0)` with same,
//! and p is ⌊t / 2⌋; so too for columns.

/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;
mod gpu;
mod reference;

use super::{Activation, Chain, CpuKernel, Operands, Operator, Padding, Refusal, Source, Verdict, Window};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// Where the operands are and what gives the output's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// TRANSPOSE_CONV: output shape, weights, input, bias.
    Sized,
    /// Convolution2DTransposeBias: input, weights, bias.
    Custom,
}

/// Attributes of a transposed convolution; the window's size is the weights'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransposeConv {
    /// Where the operands are.
    pub form: Form,
    /// Steps of the output in rows and columns for one of the input.
    pub stride: [usize; 2],
    /// The padding of the convolution whose transpose this is.
    pub padding: Padding,
    /// What is applied to the result.
    pub activation: Activation,
}

impl Form {
    /// The inputs that hold the image, the weights and the bias.
    fn operands(self) -> [usize; 3] {
        match self {
            Form::Sized => [2, 1, 3],
            Form::Custom => [0, 1, 2],
        }
    }
}

impl TransposeConv {
    /// The window that slides over the output, for weights of this OHWI shape.
    pub fn window(&self, weights: &[usize]) -> Window {
        Window {
            size: [weights[1], weights[2]],
            stride: self.stride,
            dilation: [1, 1],
            padding: self.padding,
        }
    }

    /// The output's shape as an operand gives it; none where it is not constant.
    fn given_shape(&self, operands: &Operands, n: usize, o: usize) -> Verdict<Option<Vec<usize>>> {
        let Some(given) = operands.integers(0)? else { return Ok(None) };
        let shape: Vec<usize> = given.iter().filter_map(|&extent| usize::try_from(extent).ok()).collect();
        match shape[..] {
            [batches, rows, columns, channels]
                if given.len() == 4 && batches == n && channels == o && rows > 0 && columns > 0 =>
            {
                Ok(Some(shape))
            }
            _ => Err(Refusal::new(format!("its output shape {given:?} should be [{n}, rows, columns, {o}]"))),
        }
    }

    /// What the custom operator cuts off its output along `axis`.
    fn cut(&self, axis: usize, input: usize, window: usize) -> usize {
        match self.padding {
            Padding::Same => window.saturating_sub(1 + input.saturating_sub(1) % self.stride[axis]),
            Padding::Valid | Padding::Explicit(_) => 0,
        }
    }

    /// The output's extent along `axis` that the custom operator makes.
    fn spread(&self, axis: usize, input: usize, window: usize) -> Option<usize> {
        let whole = input.checked_sub(1)?.checked_mul(self.stride[axis])?.checked_add(window)?;
        whole.checked_sub(self.cut(axis, input, window)).filter(|&extent| extent > 0)
    }

    /// The rows and columns of the spread image before the output's first, for `[rows, columns]` of the input and the
    /// output and weights of this OHWI shape.
    fn before(&self, input: [usize; 2], output: [usize; 2], weights: &[usize]) -> [usize; 2] {
        let window = self.window(weights);
        [0, 1].map(|axis| match self.form {
            Form::Sized => window.before(axis, output[axis]),
            Form::Custom => self.cut(axis, input[axis], window.size[axis]) / 2,
        })
    }
}

/// The attributes of a transposed convolution.
pub fn decode(source: &Source) -> Verdict<Option<TransposeConv>> {
    Ok(Some(match source.name {
        "TRANSPOSE_CONV" => TransposeConv {
            form: Form::Sized,
            stride: [source.extent("stride_h")?, source.extent("stride_w")?],
            padding: source.padding()?,
            activation: source.activation()?,
        },
        "Convolution2DTransposeBias" => {
            let [padding, stride_w, stride_h] = source.custom_words()?;
            TransposeConv {
                form: Form::Custom,
                stride: [Source::custom_extent(stride_h)?, Source::custom_extent(stride_w)?],
                padding: Source::custom_padding(padding)?,
                activation: Activation::None,
            }
        }
        _ => return Ok(None),
    }))
}

impl Operator for TransposeConv {
    fn name(&self) -> &'static str {
        match self.form {
            Form::Sized => "TRANSPOSE_CONV",
            Form::Custom => "Convolution2DTransposeBias",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let [image, weights, bias] = self.form.operands();
        let (Some(input), Some(weights)) = (operands.shape(image)?, operands.shape(weights)?) else {
            return Ok(vec![None]);
        };
        let (&[n, h, w, c], &[o, kh, kw, i]) = (input, weights) else {
            return Err(Refusal::new(format!(
                "its input {input:?} and weights {weights:?} should have rank 4"
            )));
        };
        if c != i || kh == 0 || kw == 0 {
            return Err(Refusal::new(format!("its input {input:?} does not fit its weights {weights:?}")));
        }
        if let Some(bias) = operands.optional(bias).filter(|bias| bias.ty.elements() != o) {
            return Err(Refusal::new(format!("its bias {} should have {o} elements", bias.ty)));
        }
        let shape = match self.form {
            Form::Sized => self.given_shape(operands, n, o)?,
            Form::Custom => {
                let extents = self.spread(0, h, kh).zip(self.spread(1, w, kw));
                let (rows, columns) =
                    extents.ok_or_else(|| Refusal::new(format!("it cannot spread its input {input:?}")))?;
                Some(vec![n, rows, columns, o])
            }
        };
        Ok(vec![shape])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        Ok(vec![reference::run(self, inputs, &outputs[0])?])
    }

    fn macs(&self, operands: &Operands) -> u64 {
        let image = if self.form == Form::Sized { 2 } else { 0 };
        let (Some(image), Some(weights)) = (operands.optional(image), operands.optional(1)) else { return 0 };
        let pixels = image.ty.elements() / image.ty.shape.last().copied().unwrap_or(1).max(1);
        (pixels * weights.ty.elements()) as u64
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::kernel(self, operands, chain)
    }

    #[cfg(feature = "cpu")]
    fn cpu_carries_epilogue(&self, operands: &Operands) -> bool {
        cpu::applies(self, operands)
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(self, operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(self, operands, choice)
    }

    fn bias(&self) -> Option<usize> {
        Some(self.form.operands()[2])
    }

    fn activation(&self) -> Activation {
        self.activation
    }
}
