use super::LocalResponseNormalization;
use crate::ops::grid;
use crate::ops::{Operands, Verdict};
use crate::wgsl::{Choice, Kernel};

pub fn choices(operands: &Operands) -> Verdict<Vec<Choice>> {
    operands.gpu_input(0)?;
    let [n, h, w, c] = operands.gpu_output(0)?;
    Ok(grid::choices("local_response_normalization", [w, h, n * c.div_ceil(4)], &[[1, 1, 1]]))
}

pub fn kernel(norm: &LocalResponseNormalization, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let [n, h, w, c] = operands.gpu_output(0)?;
    let radius = norm.radius.min(c);
    Ok(Kernel {
        choice: choice.clone(),
        source: include_str!("local_response_normalization.wgsl"),
        defines: vec![],
        params: vec![
            ("radius", radius.into()),
            ("bias", norm.bias.into()),
            ("alpha", norm.alpha.into()),
            ("beta", norm.beta.into()),
        ],
        inputs: vec![("src", 0)],
        outputs: vec!["dst"],
        constants: vec![],
        grid: choice.grid([w, h, n * c.div_ceil(4)]),
        macs: (n * h * w * c * (2 * radius + 1).min(c)) as u64,
    })
}
