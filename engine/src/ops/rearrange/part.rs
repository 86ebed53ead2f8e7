use super::{choices, shapes, texels};
use crate::ops::{Operands, Refusal, Verdict};
use crate::wgsl::{Choice, Kernel};

const MOST: usize = 16;
const SLOTS: [&str; MOST] = [
    "dst_0", "dst_1", "dst_2", "dst_3", "dst_4", "dst_5", "dst_6", "dst_7", "dst_8", "dst_9", "dst_10",
    "dst_11", "dst_12", "dst_13", "dst_14", "dst_15",
];
const EXTENTS: [&str; MOST] = [
    "extent_0",
    "extent_1",
    "extent_2",
    "extent_3",
    "extent_4",
    "extent_5",
    "extent_6",
    "extent_7",
    "extent_8",
    "extent_9",
    "extent_10",
    "extent_11",
    "extent_12",
    "extent_13",
    "extent_14",
    "extent_15",
];
const CHANNELS: [&str; MOST] = [
    "channels_0",
    "channels_1",
    "channels_2",
    "channels_3",
    "channels_4",
    "channels_5",
    "channels_6",
    "channels_7",
    "channels_8",
    "channels_9",
    "channels_10",
    "channels_11",
    "channels_12",
    "channels_13",
    "channels_14",
    "channels_15",
];

/// The kernel that writes the parts of an operand that stand one after the other along an axis.
pub struct Part {
    /// The operand that is parted.
    pub input: usize,
    /// The operand's axis, as one of `[n, h, w, c]`.
    pub axis: usize,
    /// Whether the results lack the axis.
    pub unstacks: bool,
}

impl Part {
    fn results(&self, operands: &Operands) -> Verdict<Vec<[usize; 4]>> {
        let count = operands.outputs.len();
        if count == 0 || count > MOST {
            return Err(Refusal::new(format!("its GPU kernel has up to {MOST} outputs, not {count}")));
        }
        (0..count).map(|index| Ok(shapes(operands, self.input, index)?.1)).collect()
    }

    /// Work-groups for the kernel `name`.
    pub fn choices(&self, name: &'static str, operands: &Operands) -> Verdict<Vec<Choice>> {
        Ok(choices(name, invocations(&self.results(operands)?)))
    }

    /// The kernel's description.
    pub fn kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let results = self.results(operands)?;
        let extents: Vec<usize> =
            results.iter().map(|result| if self.unstacks { 1 } else { result[self.axis] }).collect();
        let begins = extents.iter().scan(0, |begin, extent| Some(std::mem::replace(begin, *begin + extent)));
        let whole = self.axis < 3 || (!self.unstacks && begins.into_iter().all(|begin| begin % 4 == 0));
        let mut defines = vec![
            ("OUTPUTS", results.len() as i64),
            ("AXIS", self.axis as i64),
            ("UNSTACKS", self.unstacks as i64),
            ("WHOLE", whole as i64),
        ];
        // Results of one rank less stand one coordinate further right.
        let from = |axis: usize| if axis > self.axis { axis } else { (axis + 1).min(3) } as i64;
        defines.extend([("FROM_N", from(0)), ("FROM_Y", from(1)), ("FROM_X", from(2)), ("FROM_C", from(3))]);
        let channels = results.iter().map(|result| result[3].into());
        let grid = choice.grid(invocations(&results));
        Ok(Kernel {
            choice: choice.clone(),
            source: concat!(include_str!("lane.wgsl"), include_str!("part.wgsl")),
            defines,
            params: EXTENTS
                .into_iter()
                .zip(extents.into_iter().map(Into::into))
                .chain(CHANNELS.into_iter().zip(channels))
                .collect(),
            inputs: vec![("src", self.input)],
            outputs: SLOTS[..results.len()].to_vec(),
            constants: vec![],
            grid,
            macs: 0,
        })
    }
}

/// One invocation for each texel of the widest and the highest result, in the layers of all.
fn invocations(results: &[[usize; 4]]) -> [usize; 3] {
    let most = |axis: usize| results.iter().map(|&result| texels(result)[axis]).max().unwrap_or(1);
    [most(0), most(1), results.iter().map(|&result| texels(result)[2]).sum()]
}
