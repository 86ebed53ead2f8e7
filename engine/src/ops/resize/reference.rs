use super::{Axis, Interpolation, Resize};
use crate::ops::operand::reals;
use crate::ops::{Refusal, Verdict};
use crate::tensor::{DType, Tensor, TensorType};

pub fn run(resize: &Resize, input: &Tensor, ty: &TensorType) -> Verdict<Tensor> {
    let (&[_, h, w, c], &[n, rows, columns, _]) = (input.shape(), &ty.shape[..]) else {
        return Err(Refusal::new("its input and output should have rank 4"));
    };
    let extents = [(h, rows), (w, columns)];
    match (resize.interpolation, input.dtype()) {
        (_, DType::String) => Err(Refusal::new("it does not take strings")),
        (Interpolation::Nearest, _) => nearest(resize, input, ty),
        (Interpolation::Bilinear, DType::I8 | DType::I16) => {
            let numbers =
                input.to_integers().ok_or_else(|| Refusal::new("it does not take its input's type"))?;
            let [y, x] = extents.map(|(input, output)| fixed_neighbors(resize, input, output));
            let mixed = bilinear(&numbers, [n, h, w, c], &y, &x, mixed_fixed);
            Ok(Tensor::from_integers(ty.clone(), &mixed)?)
        }
        (Interpolation::Bilinear, DType::U8) => {
            let numbers: Vec<f32> = input.as_slice::<u8>()?.iter().map(|&v| v.into()).collect();
            let [y, x] = extents.map(|(input, output)| neighbors(resize.axis(input, output), output));
            let mixed = bilinear(&numbers, [n, h, w, c], &y, &x, mixed_real);
            let rounded: Vec<u8> = mixed.into_iter().map(|v| (v + 0.5) as u8).collect();
            Ok(Tensor::from_elements(ty.clone(), &rounded)?)
        }
        (Interpolation::Bilinear, _) => {
            let [y, x] = extents.map(|(input, output)| neighbors(resize.axis(input, output), output));
            let mixed = bilinear(&reals(input)?, [n, h, w, c], &y, &x, mixed_real);
            Ok(Tensor::from_reals(ty.clone(), &mixed)?)
        }
    }
}

/// The pixels that `Interpolation::Nearest` takes, moved as bytes.
fn nearest(resize: &Resize, input: &Tensor, ty: &TensorType) -> Verdict<Tensor> {
    let (&[_, h, w, c], &[n, rows, columns, _]) = (input.shape(), &ty.shape[..]) else {
        return Err(Refusal::new("its input and output should have rank 4"));
    };
    let place = |axis: Axis, at: usize| nearest_place(resize, axis, at);
    let (y, x) = (resize.axis(h, rows), resize.axis(w, columns));
    let columns: Vec<usize> = (0..columns).map(|column| place(x, column)).collect();
    let pixel = c * input.dtype().size();
    let mut bytes = Vec::with_capacity(ty.bytes());
    for (batch, row) in (0..n).flat_map(|batch| (0..rows).map(move |row| (batch, row))) {
        let start = (batch * h + place(y, row)) * w;
        for column in &columns {
            bytes.extend_from_slice(&input.as_bytes()[(start + column) * pixel..][..pixel]);
        }
    }
    Ok(Tensor::from_bytes(ty.clone(), &bytes)?)
}

/// The place of the input that output place `at` takes.
pub fn nearest_place(resize: &Resize, axis: Axis, at: usize) -> usize {
    let scaled = (at as f32 + axis.shift) * axis.scale;
    let whole = if resize.align_corners { scaled.round() } else { scaled.floor() };
    (whole as usize).min(axis.input - 1)
}

/// Two neighbors of each output place and the second one's weight.
pub type Neighbors<W> = Vec<(usize, usize, W)>;

pub fn neighbors(axis: Axis, output: usize) -> Neighbors<f32> {
    let neighbors = |at: usize| {
        let place = ((at as f32 + axis.shift) * axis.scale - axis.shift).max(0.0);
        let low = (place.floor() as usize).min(axis.input - 1);
        (low, (place.ceil() as usize).min(axis.input - 1), place - low as f32)
    };
    (0..output).map(neighbors).collect()
}

/// The neighbors with weights of 10 fractional bits, from a scale rounded to as many.
fn fixed_neighbors(resize: &Resize, input: usize, output: usize) -> Neighbors<i64> {
    let (from, to) = match resize.align_corners && output > 1 {
        true => (input as i64 - 1, output as i64 - 1),
        false => (input as i64, output as i64),
    };
    let scale = ((from << 10) + to / 2) / to;
    let last = input as i64 - 1;
    let neighbors = |at: usize| {
        let shift = if resize.half_pixel_centers { scale / 2 - (1 << 9) } else { 0 };
        let place = at as i64 * scale + shift;
        let low = (place / (1 << 10)).clamp(0, last);
        let high = ((place + (1 << 10) - 1) / (1 << 10)).clamp(0, last);
        (low as usize, high as usize, place - (low << 10))
    };
    (0..output).map(neighbors).collect()
}

fn mixed_real([a, b, c, d]: [f32; 4], y: f32, x: f32) -> f32 {
    a * (1.0 - y) * (1.0 - x) + b * (1.0 - y) * x + c * y * (1.0 - x) + d * y * x
}

fn mixed_fixed([a, b, c, d]: [i64; 4], y: i64, x: i64) -> i64 {
    const ONE: i64 = 1 << 10;
    let sum = a * (ONE - y) * (ONE - x) + b * (ONE - y) * x + c * y * (ONE - x) + d * y * x;
    (sum + if sum > 0 { 1 << 19 } else { -(1 << 19) }) / (1 << 20)
}

/// Every output number from its four neighbors: upper left, upper right, lower left, lower right.
fn bilinear<T: Copy, W: Copy>(
    numbers: &[T],
    [n, h, w, c]: [usize; 4],
    rows: &Neighbors<W>,
    columns: &Neighbors<W>,
    mixed: impl Fn([T; 4], W, W) -> T,
) -> Vec<T> {
    let mut results = Vec::with_capacity(n * rows.len() * columns.len() * c);
    for (batch, &(y0, y1, weight_y)) in (0..n).flat_map(|batch| rows.iter().map(move |row| (batch, row))) {
        for &(x0, x1, weight_x) in columns {
            let pixel = |y: usize, x: usize| &numbers[((batch * h + y) * w + x) * c..][..c];
            let corners = [pixel(y0, x0), pixel(y0, x1), pixel(y1, x0), pixel(y1, x1)];
            results.extend((0..c).map(|i| mixed(corners.map(|corner| corner[i]), weight_y, weight_x)));
        }
    }
    results
}
