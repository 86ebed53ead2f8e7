use super::FullyConnected;
use crate::ops::grid;
use crate::ops::{Operands, Refusal, Verdict};
use crate::wgsl::{Choice, Constant, Kernel};

/// The kernel whose invocations sum whole rows.
const WHOLE: &str = "fully_connected";
/// The kernel whose work-groups share the sum of a row.
const PARTS: &str = "fully_connected_parts";

/// Everything a kernel needs to know of one layer.
struct Shape {
    /// The input's extents that lie in a row: rows, columns and channels.
    row: [usize; 3],
    rows: usize,
    outputs: usize,
}

impl Shape {
    fn row_texels(&self) -> usize {
        self.row[0] * self.row[1] * self.row[2].div_ceil(4)
    }

    fn slices(&self) -> usize {
        self.outputs.div_ceil(4)
    }
}

fn shape(operands: &Operands) -> Verdict<Shape> {
    let [n, h, w, c] = operands.gpu_input(0)?;
    operands.gpu_output(0)?;
    operands.weights(1)?;
    operands.weights(2)?;
    let &[outputs, i] = &operands.input(1)?.ty.shape[..] else {
        return Err(Refusal::new("its weights should have rank 2"));
    };
    let row = [[1, 1, c], [1, w, c], [h, w, c]];
    let row = row.into_iter().find(|row| row.iter().product::<usize>() == i);
    let row = row.ok_or_else(|| Refusal::new("its GPU kernel takes rows that are whole dimensions"))?;
    Ok(Shape { row, rows: n * h * w * c / i, outputs })
}

pub fn choices(operands: &Operands) -> Verdict<Vec<Choice>> {
    let shape = shape(operands)?;
    let (slices, rows) = (shape.slices(), shape.rows);
    let mut choices = Vec::new();
    for tile in [4u32, 1].into_iter().filter(|&tile| rows >= tile as usize) {
        let workgroup = grid::workgroup([slices, rows.div_ceil(tile as usize), 1]);
        choices.push(Choice::new(WHOLE, workgroup).tiled([tile, 1, 1]));
    }
    if shape.row_texels() >= 16 {
        let tile = if rows >= 4 { 4 } else { 1 };
        let parts =
            [[8, 8, 1], [16, 16, 1], [4, 32, 1]].map(|size| Choice::new(PARTS, size).tiled([tile, 1, 1]));
        let few = slices * rows.div_ceil(tile as usize) < 2048;
        let at = if few { 0 } else { choices.len() };
        choices.splice(at..at, parts);
    }
    Ok(choices)
}

pub fn kernel(layer: &FullyConnected, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
    let shape = shape(operands)?;
    let [tx, ..] = choice.tile;
    let [wx, wy, _] = choice.workgroup;
    let shared = choice.kernel == PARTS;
    let tiles = shape.rows.div_ceil(tx as usize);
    let grid = match shared {
        true => [shape.slices().div_ceil(wx as usize) as u32, tiles as u32, 1],
        false => choice.grid([shape.slices(), tiles, 1]),
    };
    Ok(Kernel {
        choice: choice.clone(),
        source: include_str!("fully_connected.wgsl"),
        defines: vec![
            ("TX", tx.into()),
            ("PARTS", if shared { wy.into() } else { 1 }),
            ("THREADS", (wx * wy).into()),
            ("ROW_W", (shape.row != [1, 1, shape.row[2]]) as i64),
            ("ROW_H", (shape.row[0] > 1) as i64),
            ("KEEP", layer.keep_num_dims as i64),
        ],
        params: vec![
            ("rows", shape.rows.into()),
            ("row_texels", shape.row_texels().into()),
            ("out_slices", shape.slices().into()),
        ],
        inputs: vec![("src", 0)],
        outputs: vec!["dst"],
        constants: vec![Constant { name: "weights", values: packed(operands, &shape)? }],
        grid,
        macs: (shape.rows * shape.outputs * shape.row.iter().product::<usize>()) as u64,
    })
}

/// Bias and weights in the order the kernel reads them; lanes past the last channel are zero.
fn packed(operands: &Operands, shape: &Shape) -> Verdict<Vec<f32>> {
    let weights = operands.weights(1)?.unwrap_or_default();
    let bias = operands.weights(2)?.unwrap_or_default();
    let [.., c] = shape.row;
    let inputs: usize = shape.row.iter().product();
    let outputs = 0..shape.slices() * 4;
    let mut values = Vec::with_capacity(outputs.len() * (1 + 4 * shape.row_texels()));
    values.extend(outputs.clone().map(|out| bias.get(out).copied().unwrap_or(0.0)));
    for pixel in 0..shape.row[0] * shape.row[1] {
        for channel in 0..c.next_multiple_of(4) {
            values.extend(outputs.clone().map(|out| match channel < c && out < shape.outputs {
                true => weights[out * inputs + pixel * c + channel],
                false => 0.0,
            }));
        }
    }
    Ok(values)
}
