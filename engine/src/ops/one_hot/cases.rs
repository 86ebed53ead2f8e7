use super::OneHot;
use crate::ops::case::{Case, constant, random_integers, values};
use crate::tensor::{DType, Element, Tensor, TensorType};

fn scalar<T: Element>(value: T) -> Option<crate::ops::case::Given> {
    constant(Tensor::from_slice([], &[value]).expect("one"))
}

/// Every new axis, indices outside, other types of numbers.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let table: [(&[usize], i64); 8] = [
        (&[5], -1),
        (&[5], 0),
        (&[3, 5], 1),
        (&[3, 5], 0),
        (&[3, 5], 2),
        (&[], -1),
        (&[2, 3, 5], -2),
        (&[2, 3, 1, 5], 4),
    ];
    for (shape, axis) in table {
        let indices = values(random_integers(TensorType::new(DType::I32, shape), -1, 7));
        let inputs = vec![indices, scalar(7i32), scalar(0.5f32), scalar(-2.0f32)];
        cases.push(Case::new(format!("{shape:?}_axis{axis}"), OneHot { axis }, inputs));
    }
    let longs = || values(random_integers(TensorType::new(DType::I64, [3, 5]), 0, 3));
    let inputs = vec![longs(), scalar(4i32), scalar(3i64), scalar(-1i64)];
    cases.push(Case::new("i64", OneHot { axis: -1 }, inputs).outputs(vec![TensorType::new(DType::I64, [])]));
    let truth = |value: i64| constant(random_integers(TensorType::new(DType::Bool, []), value, value));
    let inputs = vec![longs(), scalar(3i32), truth(1), truth(0)];
    cases.push(Case::new("bool", OneHot { axis: 0 }, inputs).outputs(vec![TensorType::new(DType::Bool, [])]));
    cases
}
