use super::BatchMatMul;
use crate::ops::grid::{self, tiles};
use crate::ops::{Operands, Verdict};
use crate::wgsl::{Choice, Kernel};

const BATCH_MATMUL: &str = "batch_matmul";

/// The output's fours of rows, slices of columns and products.
fn results([n, h, w, c]: [usize; 4]) -> [usize; 3] {
    [w.div_ceil(4), c.div_ceil(4), n * h]
}

pub fn choices(operands: &Operands) -> Verdict<Vec<Choice>> {
    operands.gpu_input(0)?;
    operands.gpu_input(1)?;
    Ok(grid::choices(BATCH_MATMUL, results(operands.gpu_output(0)?), &[[1, 2, 1], [1, 1, 1]]))
}

pub fn kernel(product: &BatchMatMul, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let ([_, _, w, c], output) = (operands.gpu_input(0)?, operands.gpu_output(0)?);
    let k = if product.adj_x { w } else { c };
    Ok(Kernel {
        choice: choice.clone(),
        source: include_str!("batch_matmul.wgsl"),
        defines: vec![
            ("TS", choice.tile[1].into()),
            ("ADJ_X", product.adj_x as i64),
            ("ADJ_Y", product.adj_y as i64),
        ],
        params: vec![("k", k.into())],
        inputs: vec![("a", 0), ("b", 1)],
        outputs: vec!["dst"],
        constants: vec![],
        grid: choice.grid(tiles(results(output), choice.tile)),
        macs: (output.iter().product::<usize>() * k) as u64,
    })
}
