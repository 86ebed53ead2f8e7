use super::{Interpolation, Resize};
use crate::ops::grid;
use crate::ops::{Operands, Verdict};
use crate::wgsl::{Choice, Kernel};

const RESIZE: &str = "resize";

pub fn choices(operands: &Operands) -> Verdict<Vec<Choice>> {
    operands.gpu_input(0)?;
    let [n, h, w, c] = operands.gpu_output(0)?;
    let mut choices = grid::choices(RESIZE, [w, h, n * c.div_ceil(4)], &[[1, 1, 1]]);
    let wide = Choice::new(RESIZE, [32, 1, 1]);
    if w >= 32 && !choices.contains(&wide) {
        choices.push(wide);
    }
    Ok(choices)
}

pub fn kernel(resize: &Resize, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let ([_, in_h, in_w, _], [n, h, w, c]) = (operands.gpu_input(0)?, operands.gpu_output(0)?);
    let (y, x) = (resize.axis(in_h, h), resize.axis(in_w, w));
    let nearest = resize.interpolation == Interpolation::Nearest;
    Ok(Kernel {
        choice: choice.clone(),
        source: include_str!("resize.wgsl"),
        defines: vec![("NEAREST", nearest as i64), ("ROUNDED", resize.align_corners as i64)],
        params: vec![("scale_y", y.scale.into()), ("scale_x", x.scale.into()), ("shift", x.shift.into())],
        inputs: vec![("src", 0)],
        outputs: vec!["dst"],
        constants: vec![],
        grid: choice.grid([w, h, n * c.div_ceil(4)]),
        macs: (n * h * w * c * if nearest { 0 } else { 4 }) as u64,
    })
}
