use super::Scatter;
use crate::ops::case::{Case, Given, constant, given, integers, random, random_integers, values};
use crate::tensor::{DType, Tensor, TensorType};

fn places(shape: &[usize], list: &[i32]) -> Option<Given> {
    values(Tensor::from_slice(shape, list).expect("as many as the shape holds"))
}

/// Places once and twice, coordinates of some and of all axes, corners that must move.
pub fn cases() -> Vec<Case> {
    type Row = (&'static [usize], &'static [i32], &'static [usize], &'static [i32]);
    let added: [Row; 6] = [
        (&[4, 1], &[4, 3, 1, 7], &[4], &[8]),
        (&[3, 1], &[0, 2, 0], &[3, 5], &[3, 5]),
        (&[2, 2], &[1, 2, 0, 1], &[2], &[2, 3]),
        (&[2, 2, 2], &[0, 1, 1, 0, 0, 1, 1, 2], &[2, 2, 3], &[2, 3, 3]),
        (&[1, 3], &[1, 0, 2], &[1], &[2, 1, 3]),
        (&[5, 1], &[0, 1, 2, 1, 1], &[5, 1, 7], &[3, 1, 7]),
    ];
    let mut cases = Vec::new();
    for (shape, list, updates, result) in added {
        let inputs = vec![places(shape, list), given(updates), integers(result)];
        cases.push(Case::new(format!("add_{shape:?}_{result:?}"), Scatter::Add, inputs));
    }
    for dtype in [DType::I8, DType::I32, DType::I64, DType::Bool] {
        let ty = TensorType::new(dtype, [3]);
        let inputs =
            vec![places(&[3, 1], &[1, 1, 4]), values(random_integers(ty.clone(), 1, 100)), integers(&[5])];
        cases.push(Case::new(format!("add_{dtype}"), Scatter::Add, inputs).outputs(vec![ty]));
    }
    let one = |value: f32| values(Tensor::from_slice([], &[value]).expect("one"));
    let sparse: [Row; 5] = [
        (&[], &[3], &[], &[5]),
        (&[3], &[0, 2, 4], &[3], &[5]),
        (&[3], &[0, 2, 4], &[], &[7]),
        (&[3, 2], &[0, 1, 1, 0, 2, 2], &[3], &[3, 3]),
        (&[2, 4], &[0, 1, 2, 3, 1, 0, 0, 0], &[2], &[2, 3, 3, 5]),
    ];
    for (shape, list, numbers, result) in sparse {
        let inputs =
            vec![places(shape, list), integers(result), values(random(numbers, 1.0, 2.0)), one(-0.5)];
        cases.push(Case::new(format!("sparse_{shape:?}_{numbers:?}_{result:?}"), Scatter::Sparse, inputs));
    }
    let updates: [Row; 6] = [
        (&[7], &[2], &[3], &[]),
        (&[7], &[6], &[3], &[]),
        (&[5, 3], &[1, 0], &[2, 3], &[]),
        (&[5, 3], &[-4, 1], &[1, 2], &[]),
        (&[2, 3, 5, 7], &[1, 2, 2, 9], &[1, 1, 3, 4], &[]),
        (&[3, 5], &[0, 0], &[3, 5], &[]),
    ];
    for (shape, corner, part, _) in updates {
        let inputs = vec![given(shape), values(random(part, 2.0, 3.0)), integers(corner)];
        cases.push(Case::new(format!("update_{shape:?}_{part:?}_{corner:?}"), Scatter::Update, inputs));
    }
    let ty = TensorType::new(DType::I64, [4, 3]);
    let corner = constant(Tensor::from_slice([2], &[1i64, 1]).expect("two"));
    let part = values(random_integers(ty.with_shape([2, 2]), 100, 200));
    let inputs = vec![values(random_integers(ty.clone(), 0, 9)), part, corner];
    cases.push(Case::new("update_i64", Scatter::Update, inputs).outputs(vec![ty]));
    cases
}
