use super::{choices, shapes, texels};
use crate::ops::{Operands, Refusal, Verdict};
use crate::wgsl::{Choice, Kernel};

const MOST: usize = 16;
const SLOTS: [&str; MOST] = [
    "src_0", "src_1", "src_2", "src_3", "src_4", "src_5", "src_6", "src_7", "src_8", "src_9", "src_10",
    "src_11", "src_12", "src_13", "src_14", "src_15",
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

/// The kernel that writes operands one after the other along an axis.
pub struct Join {
    /// The result's axis, as one of `[n, h, w, c]`.
    pub axis: usize,
    /// Whether the operands lack the axis.
    pub stacks: bool,
}

impl Join {
    /// Work-groups for the kernel `name`.
    pub fn choices(&self, name: &'static str, operands: &Operands) -> Verdict<Vec<Choice>> {
        let count = operands.inputs.len();
        if count == 0 || count > MOST {
            return Err(Refusal::new(format!("its GPU kernel takes up to {MOST} inputs, not {count}")));
        }
        let mut to = [1; 4];
        for index in 0..count {
            to = shapes(operands, index, 0)?.1;
        }
        Ok(choices(name, texels(to)))
    }

    /// The kernel's description.
    pub fn kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let count = operands.inputs.len().min(MOST);
        let extents = (0..count)
            .map(|index| Ok(if self.stacks { 1 } else { shapes(operands, index, 0)?.0[self.axis] }))
            .collect::<Verdict<Vec<usize>>>()?;
        let begins = extents.iter().scan(0, |begin, extent| Some(std::mem::replace(begin, *begin + extent)));
        let whole = self.axis < 3 || (!self.stacks && begins.into_iter().all(|begin| begin % 4 == 0));
        let mut defines = vec![
            ("INPUTS", count as i64),
            ("AXIS", self.axis as i64),
            ("STACKS", self.stacks as i64),
            ("WHOLE", whole as i64),
        ];
        // Operands of one rank less stand one coordinate further right.
        let from = |axis: usize| if axis > self.axis { axis } else { axis - 1 } as i64;
        defines.extend([("FROM_Y", from(1)), ("FROM_X", from(2)), ("FROM_C", from(3))]);
        let (_, to) = shapes(operands, 0, 0)?;
        Ok(Kernel {
            choice: choice.clone(),
            source: concat!(include_str!("lane.wgsl"), include_str!("join.wgsl")),
            defines,
            params: EXTENTS.into_iter().zip(extents.into_iter().map(Into::into)).collect(),
            inputs: SLOTS.into_iter().zip(0..count).collect(),
            outputs: vec!["dst"],
            constants: vec![],
            grid: choice.grid(texels(to)),
            macs: 0,
        })
    }
}
