use super::Conv2d;
use crate::ops::{Operands, Refusal, Verdict, Window, grid};
use crate::wgsl::{Choice, Constant, Kernel};

const CONV2D: &str = include_str!("conv2d.wgsl");

/// Everything a kernel needs to know of one convolution.
struct Shape {
    input: [usize; 4],
    output: [usize; 4],
    weights: [usize; 4],
    window: Window,
}

fn shape(conv: &Conv2d, operands: &Operands) -> Verdict<Shape> {
    let four = |shape: &[usize]| <[usize; 4]>::try_from(shape).map_err(|_| Refusal::new("its rank is not 4"));
    let (input, weights) = (operands.input(0)?.ty, operands.input(1)?);
    operands.gpu_input(0).and_then(|_| operands.gpu_output(0))?;
    if weights.constant.is_none() || operands.optional(2).is_some_and(|bias| bias.constant.is_none()) {
        return Err(Refusal::new("its GPU kernel takes constant weights and bias"));
    }
    let shape = Shape {
        input: four(&input.shape)?,
        output: four(&operands.outputs[0].shape)?,
        weights: four(&weights.ty.shape)?,
        window: conv.window(&weights.ty.shape),
    };
    match shape.input[3] == shape.weights[3] {
        true => Ok(shape),
        false => Err(Refusal::new("its GPU kernel takes one group")),
    }
}

/// The heuristic: as many pixels and slices in registers as keep enough work-groups for the device.
pub fn choices(conv: &Conv2d, operands: &Operands) -> Verdict<Vec<Choice>> {
    let Shape { output: [n, h, w, o], .. } = shape(conv, operands)?;
    let slices = o.div_ceil(4);
    let tiles: [[u32; 3]; 7] = [[4, 1, 2], [2, 2, 2], [4, 1, 1], [2, 1, 2], [2, 1, 1], [1, 1, 2], [1, 1, 1]];
    let fits = |t: &[u32; 3]| {
        (t[0] as usize) <= w.next_power_of_two() && (t[1] as usize) <= h && (t[2] as usize) <= slices
    };
    let invocations = |t: &[u32; 3]| {
        n * w.div_ceil(t[0] as usize) * h.div_ceil(t[1] as usize) * slices.div_ceil(t[2] as usize)
    };
    let mut fitting: Vec<[u32; 3]> = tiles.into_iter().filter(fits).collect();
    let first = fitting.iter().position(|t| invocations(t) >= 1024).unwrap_or(fitting.len() - 1);
    let best = fitting.remove(first);
    fitting.insert(0, best);
    let workgroup = |t: [u32; 3]| {
        let tiles = w.div_ceil(t[0] as usize) * h.div_ceil(t[1] as usize);
        grid::flat_workgroup(tiles, n * slices.div_ceil(t[2] as usize))
    };
    Ok(fitting.into_iter().map(|tile| Choice::new("conv2d", workgroup(tile)).tiled(tile)).collect())
}

pub fn kernel(conv: &Conv2d, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let Shape { input: [_, in_h, in_w, c], output: [n, h, w, o], weights: [_, kh, kw, _], window } =
        shape(conv, operands)?;
    let [tx, ty, ts] = choice.tile.map(|t| t as usize);
    let groups = o.div_ceil(4).div_ceil(ts);
    let (top, left) = (window.before(0, in_h), window.before(1, in_w));
    let pointwise = kh == 1 && kw == 1 && top == 0 && left == 0;
    let (grid, row) = grid::flat(choice.workgroup, w.div_ceil(tx) * h.div_ceil(ty), n * groups);
    let bias = operands.weights(2)?;
    let values = packed(&operands.weights(1)?.unwrap_or_default(), bias.as_deref(), [o, kh, kw, c], ts);
    Ok(Kernel {
        choice: choice.clone(),
        source: CONV2D,
        defines: vec![
            ("TX", tx as i64),
            ("TY", ty as i64),
            ("TS", ts as i64),
            ("POINTWISE", pointwise as i64),
        ],
        params: vec![
            ("row", row.into()),
            ("group_texels", (ts + kh * kw * c.div_ceil(4) * ts * 4).into()),
            ("kernel_h", kh.into()),
            ("kernel_w", kw.into()),
            ("stride_y", conv.stride[0].into()),
            ("stride_x", conv.stride[1].into()),
            ("dilation_y", conv.dilation[0].into()),
            ("dilation_x", conv.dilation[1].into()),
            ("top", top.into()),
            ("left", left.into()),
        ],
        inputs: vec![("src", 0)],
        outputs: vec!["dst"],
        constants: vec![Constant { name: "weights", values }],
        grid,
        macs: (n * h * w * o * kh * kw * c) as u64,
    })
}

/// Bias and OHWI weights in the order the kernel reads them; lanes past the last channel are zero.
pub fn packed(weights: &[f32], bias: Option<&[f32]>, [o, kh, kw, c]: [usize; 4], ts: usize) -> Vec<f32> {
    let (out_slices, in_slices) = (o.div_ceil(4), c.div_ceil(4));
    let mut values = Vec::with_capacity(out_slices.next_multiple_of(ts) * 4 * (1 + kh * kw * in_slices * 4));
    for group in 0..out_slices.div_ceil(ts) {
        let outputs = group * ts * 4..(group + 1) * ts * 4;
        values.extend(outputs.map(|out| bias.and_then(|b| b.get(out)).copied().unwrap_or(0.0)));
        for (tap, slice) in (0..kh * kw).flat_map(|tap| (0..in_slices).map(move |slice| (tap, slice))) {
            for (out_slice, lane) in (0..ts).flat_map(|s| (0..4).map(move |lane| (group * ts + s, lane))) {
                let channel = slice * 4 + lane;
                values.extend((out_slice * 4..out_slice * 4 + 4).map(|out| match out < o && channel < c {
                    true => weights[(out * kh * kw + tap) * c + channel],
                    false => 0.0,
                }));
            }
        }
    }
    values
}
