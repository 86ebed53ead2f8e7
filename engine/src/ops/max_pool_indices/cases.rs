use super::{Direction, MARGIN, MaxPoolIndices};
use crate::ops::case::{Case, given, random_integers, values};
use crate::ops::{Padding, Window};
use crate::tensor::{DType, Tensor, TensorType};

/// An image's shape with the size, step and padding of a window.
type Pooled = ([usize; 4], [usize; 2], [usize; 2], Padding);

/// Both directions with windows that meet, overlap and leave gaps.
pub fn cases() -> Vec<Case> {
    let table: [Pooled; 8] = [
        ([1, 8, 6, 8], [2, 2], [2, 2], Padding::Same),
        ([1, 7, 9, 5], [2, 2], [2, 2], Padding::Same),
        ([1, 7, 9, 5], [2, 2], [2, 2], Padding::Valid),
        ([2, 6, 5, 3], [3, 3], [2, 2], Padding::Same),
        ([1, 5, 5, 6], [3, 3], [1, 1], Padding::Same),
        ([1, 9, 8, 4], [1, 2], [3, 3], Padding::Valid),
        ([1, 6, 9, 7], [3, 2], [2, 3], Padding::Valid),
        ([1, 1, 1, 1], [1, 1], [1, 1], Padding::Same),
    ];
    let mut cases = Vec::new();
    for (shape, size, stride, padding) in table {
        let window = Window { size, stride, dilation: [1, 1], padding };
        let name = |direction| format!("{direction:?}_{shape:?}_{size:?}_{stride:?}_{padding:?}");
        let op = MaxPoolIndices { direction: Direction::Pool, window };
        let outputs = vec![TensorType::f32([]), TensorType::f32([])];
        cases.push(Case::new(name(op.direction), op, vec![given(&shape)]).outputs(outputs));
        let op = MaxPoolIndices { direction: Direction::Unpool, window };
        let inputs = vec![given(&shape), values(indices(&shape, size[0] * size[1]))];
        cases.push(Case::new(name(op.direction), op, inputs));
    }
    cases
}

/// Indices as pooling makes them, with some that are no taps.
fn indices(shape: &[usize], taps: usize) -> Tensor {
    let places = random_integers(TensorType::new(DType::I32, shape), -1, taps as i64);
    let marked: Vec<f32> = places.to_reals().into_iter().flatten().map(|place| place + MARGIN).collect();
    Tensor::from_slice(shape, &marked).expect("as many numbers as the shape holds")
}
