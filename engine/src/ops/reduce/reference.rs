use super::Reducer;
use crate::ops::binary::wrapped;
use crate::ops::operand::reals;
use crate::ops::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType, strides};

pub fn run(reducer: Reducer, input: &Tensor, reduced: &[bool], ty: &TensorType) -> Verdict<Tensor> {
    let places = places(input.shape(), reduced);
    let count: usize =
        input.shape().iter().zip(reduced).filter(|(_, reduced)| **reduced).map(|(n, _)| n).product();
    if input.dtype().is_float() || input.ty().quantization.is_some() {
        let folded = fold(ty.elements(), &places, &reals(input)?, start_real(reducer), |a, b| {
            fold_reals(reducer, a, f64::from(b))
        });
        let divisor = if reducer == Reducer::Mean { count as f64 } else { 1.0 };
        let results: Vec<f32> = folded.into_iter().map(|v| (v / divisor) as f32).collect();
        return Ok(Tensor::from_reals(ty.clone(), &results)?);
    }
    let integers =
        input.to_integers().ok_or_else(|| Refusal::new(format!("it does not take {}", input.dtype())))?;
    let folded =
        fold(ty.elements(), &places, &integers, start_integer(reducer), |a, b| fold_integers(reducer, a, b));
    let divisor = if reducer == Reducer::Mean { count.max(1) as i64 } else { 1 };
    wrapped(ty, folded.into_iter().map(|v| v / divisor).collect())
}

/// For each element of the input in row-major order, the element of the output that it is folded into.
fn places(shape: &[usize], reduced: &[bool]) -> Vec<usize> {
    let kept: Vec<usize> =
        shape.iter().zip(reduced).map(|(&n, &reduced)| if reduced { 1 } else { n }).collect();
    let steps = strides(&kept);
    let mut places = vec![0];
    for axis in (0..shape.len()).rev() {
        let step = if reduced[axis] { 0 } else { steps[axis] };
        places = (0..shape[axis]).flat_map(|at| places.iter().map(move |place| place + at * step)).collect();
    }
    places
}

fn fold<T: Copy, A: Copy>(
    results: usize,
    places: &[usize],
    elements: &[T],
    start: A,
    folded: impl Fn(A, T) -> A,
) -> Vec<A> {
    let mut values = vec![start; results];
    for (&place, &element) in places.iter().zip(elements) {
        values[place] = folded(values[place], element);
    }
    values
}

fn start_real(reducer: Reducer) -> f64 {
    match reducer {
        Reducer::Sum | Reducer::Mean | Reducer::Any => 0.0,
        Reducer::Prod | Reducer::All => 1.0,
        Reducer::Max => f32::MIN.into(),
        Reducer::Min => f32::MAX.into(),
    }
}

fn fold_reals(reducer: Reducer, a: f64, b: f64) -> f64 {
    match reducer {
        Reducer::Sum | Reducer::Mean => overflowing(a + b),
        Reducer::Prod => overflowing(a * b),
        Reducer::Max => a.max(b),
        Reducer::Min => a.min(b),
        Reducer::Any => (a != 0.0 || b != 0.0) as u8 as f64,
        Reducer::All => (a != 0.0 && b != 0.0) as u8 as f64,
    }
}

/// Infinite where an f32 would be.
fn overflowing(x: f64) -> f64 {
    if (x as f32).is_infinite() { (x as f32).into() } else { x }
}

fn start_integer(reducer: Reducer) -> i64 {
    match reducer {
        Reducer::Sum | Reducer::Mean | Reducer::Any => 0,
        Reducer::Prod | Reducer::All => 1,
        Reducer::Max => i64::MIN,
        Reducer::Min => i64::MAX,
    }
}

fn fold_integers(reducer: Reducer, a: i64, b: i64) -> i64 {
    match reducer {
        Reducer::Sum | Reducer::Mean => a.wrapping_add(b),
        Reducer::Prod => a.wrapping_mul(b),
        Reducer::Max => a.max(b),
        Reducer::Min => a.min(b),
        Reducer::Any => (a != 0 || b != 0) as i64,
        Reducer::All => (a != 0 && b != 0) as i64,
    }
}
