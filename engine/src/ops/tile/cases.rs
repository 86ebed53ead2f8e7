use super::Tile;
use crate::ops::case::{Case, given, integers, random_bools, random_integers, values};
use crate::tensor::{DType, TensorType};

/// Every axis and rank, in whole and broken slices of channels.
pub fn cases() -> Vec<Case> {
    let tiles: [(&[usize], &[i32]); 10] = [
        (&[1, 3, 5, 4], &[1, 2, 3, 1]),
        (&[1, 3, 5, 4], &[1, 1, 1, 3]),
        (&[2, 3, 1, 3], &[2, 1, 5, 3]),
        (&[1, 1, 1, 1], &[1, 5, 7, 6]),
        (&[1, 3, 5, 7], &[3, 1, 1, 1]),
        (&[5], &[3]),
        (&[3, 5], &[2, 1]),
        (&[3, 1, 7], &[1, 4, 2]),
        (&[2, 3, 1, 2, 3], &[1, 2, 3, 1, 2]),
        (&[], &[]),
    ];
    let mut cases: Vec<Case> = tiles
        .into_iter()
        .map(|(shape, times)| {
            Case::new(format!("{shape:?}x{times:?}"), Tile::Times, vec![given(shape), integers(times)])
        })
        .collect();
    let broadcasts: [(&[usize], &[i32]); 10] = [
        (&[1, 1, 1, 8], &[1, 3, 5, 8]),
        (&[1, 3, 5, 1], &[2, 3, 5, 7]),
        (&[7], &[1, 3, 5, 7]),
        (&[1], &[3, 6]),
        (&[], &[2, 3, 5]),
        (&[3, 1], &[3, 5]),
        (&[3, 1, 6], &[2, 3, 5, 6]),
        (&[1, 3, 1, 4], &[3, 3, 5, 4]),
        (&[3, 5], &[3, 5]),
        (&[3, 1, 5], &[2, 3, 3, 4, 5]),
    ];
    cases.extend(broadcasts.into_iter().map(|(shape, to)| {
        Case::new(format!("{shape:?}_to_{to:?}"), Tile::ToShape, vec![given(shape), integers(to)])
    }));
    for (a, b) in [(&[1, 3, 1][..], &[5, 1, 7][..]), (&[4], &[2, 1]), (&[], &[3])] {
        let ty = TensorType::new(DType::I32, []);
        let inputs = vec![integers(a), integers(b)];
        cases.push(Case::new(format!("shapes_{a:?}_{b:?}"), Tile::Shapes, inputs).outputs(vec![ty]));
    }
    let ty = TensorType::new(DType::I64, [3, 2]);
    let inputs = vec![values(random_integers(ty.clone(), -9, 9)), integers(&[2, 3])];
    cases.push(Case::new("i64", Tile::Times, inputs).outputs(vec![ty]));
    let inputs = vec![values(random_bools(&[3, 1])), integers(&[3, 5])];
    cases.push(Case::new("bool", Tile::ToShape, inputs).outputs(vec![TensorType::new(DType::Bool, [])]));
    cases
}
