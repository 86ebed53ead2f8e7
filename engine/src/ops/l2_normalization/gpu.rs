use super::LEAST;
use crate::ops::grid;
use crate::ops::{Operands, Verdict};
use crate::wgsl::{Choice, Kernel};

/// The kernel in which one invocation computes a pixel.
const EACH: &str = "l2_normalization";
/// The kernel in which one work-group computes a pixel.
const PARTS: &str = "l2_normalization_parts";

pub fn choices(operands: &Operands) -> Verdict<Vec<Choice>> {
    let [n, h, w, c] = operands.gpu_input(0)?;
    operands.gpu_output(0)?;
    Ok(grid::each_or_parts(EACH, PARTS, [w, h, n], c.div_ceil(4)))
}

pub fn kernel(operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let [n, h, w, c] = operands.gpu_input(0)?;
    let parts = if choice.kernel == PARTS { choice.workgroup[0] } else { 1 };
    Ok(Kernel {
        choice: choice.clone(),
        source: include_str!("l2_normalization.wgsl"),
        defines: vec![("PARTS", parts.into())],
        params: vec![("least", LEAST.into())],
        inputs: vec![("src", 0)],
        outputs: vec!["dst"],
        constants: vec![],
        grid: if parts > 1 { [w, h, n].map(|groups| groups as u32) } else { choice.grid([w, h, n]) },
        macs: (n * h * w * c) as u64,
    })
}
