use super::TransposeConv;
use crate::ops::conv2d::gpu::packed;
use crate::ops::grid::{self, tiles};
use crate::ops::{Operands, Refusal, Verdict, Window};
use crate::wgsl::{Choice, Constant, Kernel};

/// The kernel whose invocations read for their output pixels.
const PHASES: &str = "transpose_conv_phases";
/// The kernel for windows that do not overlap, whose invocations write what their input pixels spread.
const BLOCKS: &str = "transpose_conv_blocks";

/// Everything a kernel needs to know of one transposed convolution.
struct Shape {
    output: [usize; 4],
    weights: [usize; 4],
    window: Window,
    before: [usize; 2],
}

impl Shape {
    /// Blocks of `stride` pixels as columns and rows, and the output's layers.
    fn blocks(&self) -> [usize; 3] {
        let ([n, h, w, o], [sy, sx]) = (self.output, self.window.stride);
        [w.div_ceil(sx), h.div_ceil(sy), n * o.div_ceil(4)]
    }
}

fn shape(conv: &TransposeConv, operands: &Operands) -> Verdict<Shape> {
    let [image, weights, bias] = conv.form.operands();
    let [_, in_h, in_w, _] = operands.gpu_input(image)?;
    operands.weights(weights)?;
    operands.weights(bias)?;
    let shape = &operands.input(weights)?.ty.shape;
    let weights =
        <[usize; 4]>::try_from(&shape[..]).map_err(|_| Refusal::new("its weights are not of rank 4"))?;
    let output = operands.gpu_output(0)?;
    let window = conv.window(shape);
    window.expect_small()?;
    let before = conv.before([in_h, in_w], [output[1], output[2]], &weights);
    Ok(Shape { output, weights, window, before })
}

pub fn choices(conv: &TransposeConv, operands: &Operands) -> Verdict<Vec<Choice>> {
    let shape = shape(conv, operands)?;
    let [columns, rows, layers] = shape.blocks();
    let taps = shape.window.size.iter().product::<usize>();
    let phases = shape.window.stride.iter().product::<usize>();
    let mut choices = Vec::new();
    if shape.window.size == shape.window.stride && shape.before == [0, 0] && taps <= 4 {
        choices =
            grid::choices(BLOCKS, [columns, rows, layers], &[[2, 1, 2], [2, 1, 1], [1, 1, 2], [1, 1, 1]]);
    }
    let results = [columns, rows, layers * phases];
    let mut candidates = grid::choices(PHASES, results, &[[4, 1, 2], [4, 1, 1], [2, 1, 1], [1, 1, 1]]);
    let slices = shape.output[3].div_ceil(4);
    candidates.retain(|choice| choice.tile[2] as usize <= slices);
    choices.retain(|choice| choice.tile[2] as usize <= slices);
    choices.extend(candidates);
    Ok(choices)
}

pub fn kernel(conv: &TransposeConv, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let shape = shape(conv, operands)?;
    let [n, h, w, o] = shape.output;
    let [_, kh, kw, c] = shape.weights;
    let [sy, sx] = shape.window.stride;
    let [image, weights, bias] = conv.form.operands();
    let [tx, _, ts] = choice.tile.map(|t| t as usize);
    let [columns, rows, _] = shape.blocks();
    let layers = n * o.div_ceil(4).div_ceil(ts);
    let blocks = choice.kernel == BLOCKS;
    let mut defines = vec![("TX", tx as i64), ("TS", ts as i64)];
    let mut params = vec![("group_texels", (ts + kh * kw * c.div_ceil(4) * ts * 4).into())];
    if blocks {
        defines.extend([("SY", sy as i64), ("SX", sx as i64)]);
    } else {
        params.extend([("kernel_h", kh.into()), ("kernel_w", kw.into())]);
        params.extend([("stride_y", sy.into()), ("stride_x", sx.into())]);
        params.extend([("top", shape.before[0].into()), ("left", shape.before[1].into())]);
    }
    let values = packed(
        &operands.weights(weights)?.unwrap_or_default(),
        operands.weights(bias)?.as_deref(),
        shape.weights,
        ts,
    );
    let invocations = tiles([columns, rows, 1], [tx as u32, 1, 1]);
    let depth = layers * if blocks { 1 } else { sy * sx };
    Ok(Kernel {
        choice: choice.clone(),
        source: if blocks { include_str!("blocks.wgsl") } else { include_str!("phases.wgsl") },
        defines,
        params,
        inputs: vec![("src", image)],
        outputs: vec!["dst"],
        constants: vec![Constant { name: "weights", values }],
        grid: choice.grid([invocations[0], invocations[1], depth]),
        macs: (n * h * w * o * c * kh.div_ceil(sy) * kw.div_ceil(sx)) as u64,
    })
}
