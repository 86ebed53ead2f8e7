use super::Shape;
use crate::ops::case::{Case, Given, constant, given, integers, random_integers, values};
use crate::tensor::{DType, Tensor, TensorType};

/// Every maker, its bounds constant and not.
pub fn cases() -> Vec<Case> {
    let of = |dtype| vec![TensorType::new(dtype, [])];
    let mut cases = Vec::new();
    for shape in [&[][..], &[7], &[1, 3, 5, 7], &[2, 3, 1, 2, 5]] {
        for dtype in [DType::I32, DType::I64] {
            let case = Case::new(format!("shape_{shape:?}_{dtype}"), Shape::Shape, vec![given(shape)]);
            cases.push(case.outputs(of(dtype)));
        }
        cases.push(
            Case::new(format!("rank_{shape:?}"), Shape::Rank, vec![given(shape)]).outputs(of(DType::I32)),
        );
        cases.push(Case::new(format!("zeros_{shape:?}"), Shape::ZerosLike, vec![given(shape)]));
    }
    let scalar = |value: i32| constant(Tensor::from_slice([], &[value]).expect("one"));
    for (start, limit, delta) in [(0, 7, 1), (3, 10, 3), (5, -4, -2), (2, 2, 1)] {
        let inputs = vec![scalar(start), scalar(limit), scalar(delta)];
        cases.push(
            Case::new(format!("range_{start}_{limit}_{delta}"), Shape::Range, inputs).outputs(of(DType::I32)),
        );
    }
    let real = |value: f32| -> Option<Given> { values(Tensor::from_slice([], &[value]).expect("one")) };
    for (start, limit, delta) in [(0.0, 1.0, 0.1), (1.0, -2.0, -0.7)] {
        let inputs = vec![real(start), real(limit), real(delta)];
        cases.push(Case::new(format!("range_{start}_{limit}_{delta}"), Shape::Range, inputs));
    }
    for shape in [&[3, 5][..], &[], &[2, 3, 2, 1, 5]] {
        let inputs = vec![integers(shape), real(1.5)];
        cases.push(Case::new(format!("fill_{shape:?}"), Shape::Fill, inputs));
    }
    let inputs = vec![integers(&[3]), scalar(-7)];
    cases.push(Case::new("fill_i32", Shape::Fill, inputs).outputs(of(DType::I32)));
    let inputs = vec![values(random_integers(TensorType::new(DType::I64, [3, 5]), 1, 9))];
    cases.push(Case::new("zeros_i64", Shape::ZerosLike, inputs).outputs(of(DType::I64)));
    cases
}
