use super::Reverse;
use crate::ops::case::{Case, given, integers, random_integers, values};
use crate::tensor::{DType, Tensor, TensorType};

/// Every axis, several axes, sequences along and beside every axis.
pub fn cases() -> Vec<Case> {
    let reversed: [(&[usize], &[i32]); 9] = [
        (&[1, 3, 5, 7], &[3]),
        (&[1, 3, 5, 8], &[2]),
        (&[2, 3, 5, 6], &[1]),
        (&[3, 1, 5, 4], &[0]),
        (&[2, 3, 5, 7], &[1, 2]),
        (&[5, 7], &[-1, 0]),
        (&[7], &[0]),
        (&[3, 5, 2], &[]),
        (&[2, 3, 2, 3, 5], &[2, 4]),
    ];
    let mut cases: Vec<Case> = reversed
        .into_iter()
        .map(|(shape, axes)| {
            Case::new(format!("{shape:?}_{axes:?}"), Reverse::Axes, vec![given(shape), integers(axes)])
        })
        .collect();
    let sequences: [(&[usize], i64, i64, &[i64]); 5] = [
        (&[3, 5, 2], 1, 0, &[2, 5, 0]),
        (&[5, 3], 0, 1, &[1, 4, 5]),
        (&[2, 3, 5, 7], 3, 1, &[7, 2, 3]),
        (&[2, 3, 5, 7], 0, 2, &[0, 1, 2, 1, 2]),
        (&[4, 3, 7], -1, -3, &[3, 4, 7, 1]),
    ];
    cases.extend(sequences.into_iter().map(|(shape, sequence, batch, lengths)| {
        let lengths = values(Tensor::from_slice([lengths.len()], lengths).expect("a list"));
        let op = Reverse::Sequences { sequence, batch };
        Case::new(format!("sequences_{shape:?}_{sequence}_{batch}"), op, vec![given(shape), lengths])
    }));
    let ty = TensorType::new(DType::I64, [3, 5]);
    let inputs = vec![values(random_integers(ty.clone(), -9, 9)), integers(&[1])];
    cases.push(Case::new("i64", Reverse::Axes, inputs).outputs(vec![ty]));
    cases
}
