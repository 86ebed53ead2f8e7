//! What a convolution's shapes say to the kernels of the CPU.

use super::Conv2d;
use crate::gemm::{Source, Window};
use crate::ops::Operands;

/// The product that a convolution is, one a group.
pub struct Layout {
    pub source: Source,
    /// Groups, output channels of one, depth of its sums, and channels of the input in it.
    pub groups: usize,
    pub per_group: usize,
    pub depth: usize,
    pub channels: usize,
    /// The output `[n, h, w, c]`.
    pub output: [usize; 4],
}

impl Layout {
    /// None where the shapes are not those of images.
    pub fn of(conv: &Conv2d, operands: &Operands) -> Option<Self> {
        let (input, weights) = (operands.optional(0)?, operands.optional(1)?);
        let (&[n, h, w, c], &[_, kh, kw, i]) = (&input.ty.shape[..], &weights.ty.shape[..]) else {
            return None;
        };
        let &[_, rows, columns, o] = &operands.outputs[0].shape[..] else { return None };
        let window = conv.window(&weights.ty.shape);
        let padding = [window.before(0, h), window.before(1, w)];
        let pointwise = [kh, kw, conv.stride[0], conv.stride[1]] == [1; 4]
            && padding == [0; 2]
            && [h, w] == [rows, columns];
        let source = match pointwise {
            true => Source::Rows { count: n * h * w, stride: c },
            false => Source::Windows(Window {
                batch: n,
                input: [h, w],
                channels: i,
                pixel_stride: c,
                output: [rows, columns],
                kernel: [kh, kw],
                stride: conv.stride,
                dilation: conv.dilation,
                padding,
            }),
        };
        Some(Self {
            source,
            groups: c / i,
            per_group: o / (c / i),
            depth: kh * kw * i,
            channels: i,
            output: [n, rows, columns, o],
        })
    }

    /// How the kernel is called.
    pub fn name(&self) -> &'static str {
        if matches!(self.source, Source::Rows { .. }) { "conv2d_pointwise" } else { "conv2d_windows" }
    }
}
