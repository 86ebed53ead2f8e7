use super::Transpose;
use crate::ops::case::{Case, constant, given, integers, random_bools, random_integers, values};
use crate::tensor::{DType, Quantization, Tensor, TensorType};

/// Every permutation of four axes, others of all ranks, in whole and broken slices of channels.
pub fn cases() -> Vec<Case> {
    let transposed = |shape: &[usize], order: &[i32]| {
        Case::new(format!("{shape:?}_{order:?}"), Transpose, vec![given(shape), integers(order)])
    };
    let mut cases: Vec<Case> = permutations(4).iter().map(|order| transposed(&[2, 3, 5, 7], order)).collect();
    cases.extend(permutations(3).iter().map(|order| transposed(&[4, 3, 8], order)));
    let more: [(&[usize], &[i32]); 12] = [
        (&[1, 4, 8, 12], &[0, 3, 1, 2]),
        (&[1, 12, 4, 8], &[0, 2, 3, 1]),
        (&[1, 5, 1, 6], &[0, 2, 1, 3]),
        (&[1, 5, 3, 1], &[0, 3, 1, 2]),
        (&[5, 7], &[1, 0]),
        (&[7], &[0]),
        (&[3, 5, 7], &[-1, 0, -2]),
        (&[2, 3, 2, 3, 5], &[0, 3, 1, 4, 2]),
        (&[1, 2, 3, 2, 3, 2], &[0, 1, 3, 2, 5, 4]),
        (&[1, 3, 5, 2, 7], &[0, 1, 2, 4, 3]),
        (&[2, 3, 5, 1, 7], &[0, 1, 4, 2, 3]),
        (&[2, 3, 1, 1, 6], &[4, 0, 1, 2, 3]),
    ];
    cases.extend(more.into_iter().map(|(shape, order)| transposed(shape, order)));
    let none = Case::new("scalar", Transpose, vec![given(&[]), integers(&[])]);
    cases.push(none);
    for dtype in [DType::I8, DType::I16, DType::I64] {
        let ty = TensorType {
            quantization: Some(Quantization::per_tensor(0.5, 0)),
            ..TensorType::new(dtype, [3, 5, 2])
        };
        let order = constant(Tensor::from_slice([3], &[2i64, 0, 1]).expect("three"));
        let inputs = vec![values(random_integers(ty.clone(), -99, 99)), order];
        cases.push(Case::new(dtype.to_string(), Transpose, inputs).outputs(vec![ty]));
    }
    let inputs = vec![values(random_bools(&[3, 5, 2])), integers(&[2, 1, 0])];
    cases.push(Case::new("bool", Transpose, inputs).outputs(vec![TensorType::new(DType::Bool, [])]));
    cases
}

/// Every order of `0..count`.
fn permutations(count: i32) -> Vec<Vec<i32>> {
    let mut all = vec![vec![]];
    for value in 0..count {
        let longer = |order: &Vec<i32>| {
            (0..=order.len()).map(|at| [&order[..at], &[value], &order[at..]].concat()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}
