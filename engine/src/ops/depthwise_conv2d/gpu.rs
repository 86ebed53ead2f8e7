use super::DepthwiseConv2d;
use crate::ops::grid::{self, tiles};
use crate::ops::{Operands, Verdict, Window};
use crate::wgsl::{Choice, Constant, Kernel};

/// The kernel with its window unrolled, which reads each row of the input once for all taps and outputs of a tile.
const ROWS: &str = "depthwise_conv2d_rows";
/// The kernel for every window and multiplier.
const TAPS: &str = "depthwise_conv2d_taps";

/// Everything a kernel needs to know of one convolution.
struct Shape {
    input: [usize; 4],
    output: [usize; 4],
    window: Window,
}

fn shape(conv: &DepthwiseConv2d, operands: &Operands) -> Verdict<Shape> {
    let weights = operands.input(1)?.ty;
    let window = conv.window(&weights.shape);
    window.expect_small()?;
    operands.weights(1)?;
    operands.weights(2)?;
    Ok(Shape { input: operands.gpu_input(0)?, output: operands.gpu_output(0)?, window })
}

pub fn choices(conv: &DepthwiseConv2d, operands: &Operands) -> Verdict<Vec<Choice>> {
    let Shape { input, output: [n, h, w, o], window } = shape(conv, operands)?;
    let results = [w, h, n * o.div_ceil(4)];
    let unrolls = window.dilation == [1, 1]
        && window.stride.iter().all(|&stride| stride <= 2)
        && window.size.iter().all(|&size| size <= 7);
    let mut choices = match unrolls && input[3] == o {
        true => {
            let mut choices =
                grid::choices(ROWS, results, &[[4, 2, 1], [4, 1, 1], [2, 2, 1], [2, 1, 1], [1, 1, 1]]);
            choices.extend(grid::choices(TAPS, results, &[[1, 1, 1]]));
            choices
        }
        false => grid::choices(TAPS, results, &[[4, 1, 1], [2, 1, 1], [1, 1, 1]]),
    };
    for choice in &mut choices {
        let [columns, rows, layers] = tiles(results, choice.tile);
        choice.workgroup = grid::flat_workgroup(columns * rows, layers);
    }
    Ok(choices)
}

pub fn kernel(conv: &DepthwiseConv2d, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let Shape { input: [_, in_h, in_w, c], output: [n, h, w, o], window } = shape(conv, operands)?;
    let [kh, kw] = window.size;
    let (top, left) = (window.before(0, in_h), window.before(1, in_w));
    let [tx, ty, _] = choice.tile.map(i64::from);
    let [columns, rows, layers] = tiles([w, h, n * o.div_ceil(4)], choice.tile);
    let (grid, row) = grid::flat(choice.workgroup, columns * rows, layers);
    let mut params = vec![("row", row.into()), ("top", top.into()), ("left", left.into())];
    let mut defines = vec![("TX", tx), ("TY", ty)];
    let [sy, sx] = window.stride;
    if choice.kernel == ROWS {
        defines.extend([("KH", kh as i64), ("KW", kw as i64), ("SY", sy as i64), ("SX", sx as i64)]);
        defines.extend([("HOIST", (kh * kw <= 9) as i64)]);
    } else {
        defines.push(("MULTIPLIED", (o != c) as i64));
        params.extend([("kernel_h", kh.into()), ("kernel_w", kw.into())]);
        params.extend([("stride_y", sy.into()), ("stride_x", sx.into())]);
        params.extend([("dilation_y", window.dilation[0].into()), ("dilation_x", window.dilation[1].into())]);
        params.extend([("multiplier", (o / c).into()), ("src_c", c.into())]);
    }
    Ok(Kernel {
        choice: choice.clone(),
        source: match choice.kernel == ROWS {
            true => include_str!("rows.wgsl"),
            false => include_str!("taps.wgsl"),
        },
        defines,
        params,
        inputs: vec![("src", 0)],
        outputs: vec!["dst"],
        constants: vec![Constant { name: "weights", values: packed(operands, kh * kw, o)? }],
        grid,
        macs: (n * h * w * o * kh * kw) as u64,
    })
}

/// For each slice a texel of bias and one for each tap; lanes past the last channel are zero.
pub fn packed(operands: &Operands, taps: usize, o: usize) -> Verdict<Vec<f32>> {
    let weights = operands.weights(1)?.unwrap_or_default();
    let bias = operands.weights(2)?.unwrap_or_else(|| vec![0.0; o]);
    let texel = |row: &[f32], slice: usize| {
        std::array::from_fn::<f32, 4, _>(|lane| row.get(slice * 4 + lane).copied().unwrap_or(0.0))
    };
    let mut values = Vec::with_capacity(o.next_multiple_of(4) * (1 + taps));
    for slice in 0..o.div_ceil(4) {
        values.extend(texel(&bias, slice));
        (0..taps).for_each(|tap| values.extend(texel(&weights[tap * o..][..o], slice)));
    }
    Ok(values)
}
