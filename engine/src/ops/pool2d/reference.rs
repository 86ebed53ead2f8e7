use super::{Pool2d, Pooling};
use crate::ops::operand::reals;
use crate::ops::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType};

pub fn run(pool: &Pool2d, input: &Tensor, ty: &TensorType) -> Verdict<Tensor> {
    let exact = input.dtype() == ty.dtype && input.ty().quantization == ty.quantization;
    match input.to_integers() {
        Some(integers) if exact && pool.pooling != Pooling::L2 => {
            let (low, high) = pool.activation.integer_range(ty);
            let pooled = windows(pool, input.shape(), ty, &integers, |numbers| {
                let value = match pool.pooling {
                    Pooling::Max => numbers.iter().copied().max().unwrap_or(low),
                    _ => rounded_mean(numbers),
                };
                value.clamp(low, high)
            })?;
            Ok(Tensor::from_integers(ty.clone(), &pooled)?)
        }
        _ => {
            let pooled = windows(pool, input.shape(), ty, &reals(input)?, |numbers| {
                pool.activation.stored(pooled_reals(pool.pooling, numbers))
            })?;
            Ok(Tensor::from_reals(ty.clone(), &pooled)?)
        }
    }
}

/// The mean of integers, rounded half away from zero.
fn rounded_mean(numbers: &[i64]) -> i64 {
    let (sum, count) = (numbers.iter().sum::<i64>(), numbers.len().max(1) as i64);
    (sum + sum.signum() * (count / 2)) / count
}

fn pooled_reals(pooling: Pooling, numbers: &[f32]) -> f32 {
    let mean = |power: fn(f64) -> f64| {
        numbers.iter().map(|&v| power(f64::from(v))).sum::<f64>() / numbers.len().max(1) as f64
    };
    match pooling {
        Pooling::Average => mean(|v| v) as f32,
        Pooling::L2 => mean(|v| v * v).sqrt() as f32,
        Pooling::Max => numbers.iter().copied().fold(f32::MIN, f32::max),
    }
}

/// `pooled` of the numbers that each window covers of each channel, in the order of the output.
fn windows<T: Copy>(
    pool: &Pool2d,
    shape: &[usize],
    ty: &TensorType,
    numbers: &[T],
    pooled: impl Fn(&[T]) -> T,
) -> Verdict<Vec<T>> {
    let (&[_, h, w, c], &[n, rows, columns, _]) = (shape, &ty.shape[..]) else {
        return Err(Refusal::new("its input and output should have rank 4"));
    };
    let mut results = Vec::with_capacity(ty.elements());
    let mut covered = Vec::new();
    for (batch, row) in (0..n).flat_map(|batch| (0..rows).map(move |row| (batch, row))) {
        for column in 0..columns {
            let pixels: Vec<usize> = pool
                .window
                .taps(0, h, row)
                .flat_map(|(_, y)| pool.window.taps(1, w, column).map(move |(_, x)| (batch * h + y) * w + x))
                .collect();
            for channel in 0..c {
                covered.clear();
                covered.extend(pixels.iter().map(|pixel| numbers[pixel * c + channel]));
                results.push(pooled(&covered));
            }
        }
    }
    Ok(results)
}
