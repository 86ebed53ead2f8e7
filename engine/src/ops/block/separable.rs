//! A depthwise convolution and the 1×1 convolution that reads it.

use super::gpu::{Stage, by_channel, inline, pointwise};
use crate::ops::conv2d::gpu::packed;
use crate::ops::depthwise_conv2d::gpu::packed as depthwise_packed;
use crate::ops::grid::{self, tiles};
use crate::ops::{Op, Refusal, Verdict, Window};
use crate::wgsl::{Choice, Constant, Inline, Kernel};

/// The kernel that keeps its pixels' depthwise results in registers; it computes them anew for each group of slices.
const OWN: &str = "block_separable_own";
/// The kernel whose work-groups share depthwise results.
const SHARED: &str = "block_separable_shared";
/// Texels of depthwise results that a work-group holds at once: 16,320 bytes.
const SHARED_TEXELS: usize = 1020;

/// A separable block's numbers.
pub struct Separable {
    input: [usize; 4],
    output: [usize; 4],
    window: Window,
    depthwise: Vec<f32>,
    pointwise: (Vec<f32>, Vec<f32>),
    pub between: Inline,
}

impl Separable {
    pub fn new(stages: &[Stage]) -> Verdict<Self> {
        let [first, second] = stages else {
            return Err(Refusal::new("its GPU kernel takes a depthwise and one 1×1 convolution"));
        };
        let Op::DepthwiseConv2d(conv) = first.op else {
            return Err(Refusal::new("it does not begin with a depthwise convolution"));
        };
        let input = first.operands.gpu_input(0)?;
        let window = conv.window(&first.operands.input(1)?.ty.shape);
        let unrolls = window.size.iter().all(|&size| size <= 5)
            && window.stride.iter().all(|&stride| stride <= 2)
            && window.dilation.iter().all(|&dilation| dilation <= 8);
        if !unrolls {
            return Err(Refusal::new("its GPU kernel takes windows of at most 5×5, steps of at most 2"));
        }
        if first.shape[3] != input[3] {
            return Err(Refusal::new("its GPU kernel takes one output a channel"));
        }
        let taps = window.size[0] * window.size[1];
        let depthwise = depthwise_packed(&first.operands, taps, input[3])?;
        let pointwise = pointwise(second, input[3])?;
        Ok(Self {
            input,
            output: second.shape,
            window,
            depthwise,
            pointwise,
            between: inline("between", first),
        })
    }

    fn slices(&self) -> [usize; 2] {
        [self.input[3].div_ceil(4), self.output[3].div_ceil(4)]
    }

    /// Few output slices stay in one invocation's registers; the depthwise results for more are shared.
    pub fn choices(&self) -> Verdict<Vec<Choice>> {
        let [n, h, w, _] = self.output;
        let [_, out] = self.slices();
        let mut own = Vec::new();
        for slices in [out.min(8), 2].into_iter().filter(|&slices| slices <= out) {
            for pixels in [4u32, 2, 1].into_iter().filter(|&pixels| pixels as usize * slices <= 16) {
                let tile = [pixels, 1, slices as u32];
                let [columns, rows, layers] = tiles([w, h, n * out], tile);
                let size = grid::flat_workgroup(columns * rows, layers);
                own.push(Choice::new(OWN, size).tiled(tile));
            }
        }
        own.dedup();
        if out <= 8 {
            own.truncate(3);
            return Ok(own);
        }
        // Lanes over all output slices, so that a depthwise result is computed once; or rows of lanes over pixels, which
        // read the same weights.
        let lanes = (out.next_multiple_of(8) as u32).min(256);
        let shared = [(lanes, 1, 16), (lanes, 1, 8), (16, 4, 4)];
        let kept = |lanes: u32| if out as u32 >= 4 * lanes { 4 } else { 1 };
        let mut choices: Vec<Choice> = shared
            .map(|(lanes, rows, pixels)| {
                Choice::new(SHARED, [lanes, rows, 1]).tiled([pixels, 1, kept(lanes)])
            })
            .to_vec();
        choices.extend(own.first().cloned());
        choices.dedup();
        Ok(choices)
    }

    pub fn kernel(&self, choice: &Choice) -> Verdict<Kernel> {
        match choice.kernel == OWN {
            true => self.own(choice),
            false => self.shared(choice),
        }
    }

    fn defines(&self, choice: &Choice) -> Vec<(&'static str, i64)> {
        let number = |value: usize| value as i64;
        let Window { size, stride, dilation, .. } = &self.window;
        vec![
            ("TX", choice.tile[0].into()),
            ("TS", choice.tile[2].into()),
            ("KH", number(size[0])),
            ("KW", number(size[1])),
            ("SY", number(stride[0])),
            ("SX", number(stride[1])),
            ("DY", number(dilation[0])),
            ("DX", number(dilation[1])),
        ]
    }

    fn edges(&self) -> [(&'static str, crate::wgsl::Scalar); 2] {
        let before = |axis: usize| self.window.before(axis, self.input[axis + 1]);
        [("top", before(0).into()), ("left", before(1).into())]
    }

    fn macs(&self) -> u64 {
        let [n, h, w, o] = self.output;
        let taps: usize = self.window.size.iter().product();
        (n * h * w * self.input[3] * (taps + o)) as u64
    }

    fn own(&self, choice: &Choice) -> Verdict<Kernel> {
        let [n, h, w, o] = self.output;
        let [slices, out] = self.slices();
        let ts = choice.tile[2] as usize;
        let (weights, bias) = &self.pointwise;
        let (grid, row) =
            grid::flat(choice.workgroup, w.div_ceil(choice.tile[0] as usize) * h, n * out.div_ceil(ts));
        let values = packed(weights, Some(bias), [o, 1, 1, self.input[3]], ts);
        Ok(Kernel {
            choice: choice.clone(),
            source: include_str!("separable_own.wgsl"),
            defines: self.defines(choice),
            params: [("row", row.into()), ("group_texels", (ts + slices * ts * 4).into())]
                .into_iter()
                .chain(self.edges())
                .collect(),
            inputs: vec![("src", 0)],
            outputs: vec!["dst"],
            constants: vec![
                Constant { name: "depthwise", values: self.depthwise.clone() },
                Constant { name: "pointwise", values },
            ],
            grid,
            macs: self.macs(),
        })
    }

    fn shared(&self, choice: &Choice) -> Verdict<Kernel> {
        let [n, h, w, _] = self.output;
        let [slices, out] = self.slices();
        let ([pixels, _, ts], [lanes, rows, _]) = (choice.tile, choice.workgroup);
        let tile = (pixels * rows) as usize;
        let padded = |wide: &usize| w.next_multiple_of(*wide) * h.next_multiple_of(tile / wide);
        let wide =
            [8, 4, 16].into_iter().filter(|&wide| tile.is_multiple_of(wide)).min_by_key(padded).unwrap_or(4);
        let high = tile / wide;
        let group = (lanes * ts) as usize;
        let mut defines = self.defines(choice);
        defines.extend([
            ("PW", wide as i64),
            ("PH", high as i64),
            ("CHUNK", (SHARED_TEXELS / tile).min(slices) as i64),
            ("LANES", lanes.into()),
            ("ROWS", rows.into()),
        ]);
        Ok(Kernel {
            choice: choice.clone(),
            source: include_str!("separable_shared.wgsl"),
            defines,
            params: self.edges().to_vec(),
            inputs: vec![("src", 0)],
            outputs: vec!["dst"],
            constants: vec![
                Constant { name: "depthwise", values: self.depthwise.clone() },
                Constant { name: "pointwise", values: by_channel(&self.pointwise, self.input[3]) },
            ],
            grid: [w.div_ceil(wide) as u32, h.div_ceil(high) as u32, (n * out.div_ceil(group)) as u32],
            macs: self.macs(),
        })
    }
}
