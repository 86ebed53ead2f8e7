use super::{Direction, MARGIN, MaxPoolIndices};
use crate::ops::grid;
use crate::ops::{Operands, Refusal, Verdict};
use crate::wgsl::{Choice, Kernel};

pub fn choices(op: &MaxPoolIndices, operands: &Operands) -> Verdict<Vec<Choice>> {
    op.window.expect_small()?;
    let [n, h, w, c] = operands.gpu_output(0)?;
    operands.gpu_input(0)?;
    // Halves hold the integers up to 2048 exactly.
    if op.window.size.iter().product::<usize>() > 2048 {
        return Err(Refusal::new("its window has more taps than a half can count"));
    }
    let kernel = match op.direction {
        Direction::Pool => "max_pool_indices",
        Direction::Unpool => "max_unpool",
    };
    Ok(grid::choices(kernel, [w, h, n * c.div_ceil(4)], &[[1, 1, 1]]))
}

pub fn kernel(op: &MaxPoolIndices, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let (input, [n, h, w, c]) = (operands.gpu_input(0)?, operands.gpu_output(0)?);
    let (input, output) = ([input[1], input[2]], [h, w]);
    let pool = op.direction == Direction::Pool;
    let [top, left] = if pool { op.before(output, input) } else { op.before(input, output) };
    let window = &op.window;
    let mut params = vec![
        ("kernel_h", window.size[0].into()),
        ("kernel_w", window.size[1].into()),
        ("stride_y", window.stride[0].into()),
        ("stride_x", window.stride[1].into()),
        ("top", top.into()),
        ("left", left.into()),
    ];
    params.extend(pool.then_some(("margin", MARGIN.into())));
    Ok(Kernel {
        choice: choice.clone(),
        source: if pool { include_str!("pool.wgsl") } else { include_str!("unpool.wgsl") },
        defines: vec![],
        params,
        inputs: if pool { vec![("src", 0)] } else { vec![("src", 0), ("indices", 1)] },
        outputs: if pool { vec!["dst", "indices"] } else { vec!["dst"] },
        constants: vec![],
        grid: choice.grid([w, h, n * c.div_ceil(4)]),
        macs: (n * h * w * c) as u64,
    })
}
