use super::{Pool2d, Pooling};
use crate::ops::grid::{self, tiles};
use crate::ops::reduce::gpu::{Fold, Reduction};
use crate::ops::{Operands, Verdict};
use crate::wgsl::{Choice, Kernel};

const POOL: &str = "pool2d";

/// The pooling as a reduction over height and width, where one window covers the whole image.
fn whole_image(pool: &Pool2d, operands: &Operands) -> Verdict<Option<Reduction>> {
    let (input, output) = (operands.gpu_input(0)?, operands.gpu_output(0)?);
    let covers = |axis: usize| {
        let extent = input[axis + 1];
        output[axis + 1] == 1 && pool.window.taps(axis, extent, 0).count() == extent
    };
    let fold = match pool.pooling {
        Pooling::Average => Fold::Mean,
        Pooling::L2 => Fold::RootMeanSquare,
        Pooling::Max => Fold::Max,
    };
    let reduced = [false, true, true, false];
    Ok((covers(0) && covers(1)).then(|| Reduction::new(fold, input, reduced, true)))
}

pub fn choices(pool: &Pool2d, operands: &Operands) -> Verdict<Vec<Choice>> {
    pool.window.expect_small()?;
    let (_, [n, h, w, c]) = (operands.gpu_input(0)?, operands.gpu_output(0)?);
    let mut choices = whole_image(pool, operands)?.map_or(Vec::new(), |reduction| reduction.choices());
    if choices.is_empty() {
        choices = grid::choices(POOL, [w, h, n * c.div_ceil(4)], &[[2, 1, 1], [1, 1, 1]]);
        choices.reverse();
    }
    Ok(choices)
}

pub fn kernel(pool: &Pool2d, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    if let Some(reduction) = whole_image(pool, operands)? {
        return Ok(reduction.kernel(choice));
    }
    let ([_, in_h, in_w, _], [n, h, w, c]) = (operands.gpu_input(0)?, operands.gpu_output(0)?);
    let window = &pool.window;
    Ok(Kernel {
        choice: choice.clone(),
        source: include_str!("pool2d.wgsl"),
        defines: vec![
            ("TX", choice.tile[0].into()),
            ("AVERAGE", (pool.pooling == Pooling::Average) as i64),
            ("L2", (pool.pooling == Pooling::L2) as i64),
        ],
        params: vec![
            ("kernel_h", window.size[0].into()),
            ("kernel_w", window.size[1].into()),
            ("stride_y", window.stride[0].into()),
            ("stride_x", window.stride[1].into()),
            ("top", window.before(0, in_h).into()),
            ("left", window.before(1, in_w).into()),
        ],
        inputs: vec![("src", 0)],
        outputs: vec!["dst"],
        constants: vec![],
        grid: choice.grid(tiles([w, h, n * c.div_ceil(4)], choice.tile)),
        macs: (n * h * w * c * window.size[0] * window.size[1]) as u64,
    })
}
