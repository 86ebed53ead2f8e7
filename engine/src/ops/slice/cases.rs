use super::{Masks, Slice};
use crate::ops::case::{Case, Given, constant, given, integers, random_bools, random_integers, values};
use crate::tensor::{DType, Tensor, TensorType};

/// Boxes and strided slices on every axis, in whole and broken slices of channels, with every mask.
pub fn cases() -> Vec<Case> {
    let boxes: [(&[usize], &[i32], &[i32]); 14] = [
        (&[1, 5, 7, 8], &[0, 1, 2, 0], &[1, 3, 4, 8]),
        (&[1, 5, 7, 8], &[0, 0, 0, 4], &[1, 5, 7, 4]),
        (&[1, 5, 3, 8], &[0, 0, 0, 1], &[1, 5, 3, 5]),
        (&[1, 3, 5, 6], &[0, 0, 0, 4], &[-1, -1, -1, -1]),
        (&[3, 3, 5, 7], &[1, 0, 0, 0], &[1, 3, 5, 7]),
        (&[2, 5, 3, 12], &[0, 1, 0, 4], &[2, 3, 3, 6]),
        (&[1, 6, 3, 3], &[0, 2, 0, 0], &[1, 3, 3, 3]),
        (&[7], &[3], &[4]),
        (&[5, 7], &[1, 0], &[3, 7]),
        (&[5, 3, 7], &[0, 1, 3], &[5, 1, -1]),
        (&[2, 3, 2, 3, 5], &[0, 1, 0, 2, 1], &[2, 2, 1, 1, 3]),
        (&[2, 3, 2, 3, 5], &[1, 0, 0, 2, 1], &[1, 3, 1, 1, 3]),
        (&[1, 5, 2, 3, 8], &[0, 2, 0, 0, 0], &[1, 2, 2, 3, 8]),
        (&[1, 1, 1, 1], &[0, 0, 0, 0], &[1, 1, 1, 1]),
    ];
    let mut cases: Vec<Case> = boxes
        .into_iter()
        .map(|(shape, begin, size)| {
            let inputs = vec![given(shape), integers(begin), integers(size)];
            Case::new(format!("{shape:?}_{begin:?}_{size:?}"), Slice::Box, inputs)
        })
        .collect();
    cases.extend(strided());
    let bools = vec![values(random_bools(&[3, 5])), integers(&[1, 2]), integers(&[2, 3])];
    cases.push(Case::new("bool", Slice::Box, bools).outputs(vec![TensorType::new(DType::Bool, [])]));
    let ty = TensorType::new(DType::I64, [3, 5]);
    let longs = |list: &[i64]| constant(Tensor::from_slice([list.len()], list).expect("a list"));
    let inputs = vec![values(random_integers(ty.clone(), -9, 9)), longs(&[1, 2]), longs(&[2, -1])];
    cases.push(Case::new("i64", Slice::Box, inputs).outputs(vec![ty]));
    cases
}

fn strided() -> Vec<Case> {
    let none = Masks::default();
    type Row = (&'static str, Masks, &'static [usize], &'static [i32], &'static [i32], &'static [i32]);
    let table: [Row; 20] = [
        ("unit", none, &[1, 5, 7, 8], &[0, 1, 2, 0], &[1, 4, 6, 8], &[1, 1, 1, 1]),
        ("steps", none, &[1, 5, 7, 8], &[0, 0, 1, 0], &[1, 5, 7, 8], &[1, 2, 3, 1]),
        ("channel_steps", none, &[1, 3, 5, 9], &[0, 0, 0, 1], &[1, 3, 5, 9], &[1, 1, 1, 3]),
        ("reversed", none, &[1, 5, 3, 6], &[0, 4, 2, 5], &[1, -6, -4, -7], &[1, -1, -2, -1]),
        ("negative", none, &[2, 5, 3, 4], &[-1, -4, -3, -4], &[2, -1, 100, 100], &[1, 1, 1, 1]),
        ("flip", Masks { begin: 15, end: 15, ..none }, &[1, 5, 3, 4], &[0; 4], &[0; 4], &[1, -1, 1, 1]),
        ("open", Masks { begin: 5, end: 10, ..none }, &[2, 5, 3, 7], &[9, 1, 9, 2], &[2, 9, 2, 9], &[1; 4]),
        ("shrink_c", Masks { shrink: 8, ..none }, &[1, 5, 3, 7], &[0, 0, 0, 5], &[1, 5, 3, 6], &[1; 4]),
        ("shrink_h", Masks { shrink: 2, ..none }, &[1, 5, 3, 8], &[0, -2, 0, 0], &[1, 0, 3, 8], &[1; 4]),
        ("shrink_n", Masks { shrink: 1, ..none }, &[3, 5, 3, 6], &[1, 0, 0, 0], &[2, 5, 3, 6], &[1; 4]),
        ("shrink_all", Masks { shrink: 3, ..none }, &[3, 5], &[1, 2], &[2, 3], &[1, 1]),
        ("new_axis", Masks { new_axis: 2, ..none }, &[5, 3, 7], &[0, 0, 1], &[5, 0, 3], &[1; 3]),
        ("new_axis_last", Masks { new_axis: 4, end: 3, ..none }, &[5, 6], &[0; 3], &[0; 3], &[1; 3]),
        ("ellipsis", Masks { ellipsis: 1, ..none }, &[1, 5, 3, 7], &[0, 2], &[0, 6], &[1, 1]),
        (
            "ellipsis_new_shrink",
            Masks { ellipsis: 2, new_axis: 4, shrink: 1, ..none },
            &[2, 5, 3, 7],
            &[1, 0, 0, 2],
            &[2, 0, 0, 7],
            &[1; 4],
        ),
        ("short", none, &[5, 3, 7], &[1], &[4], &[1]),
        ("offset", Masks { offset: true, ..none }, &[5, 7], &[1, 2], &[3, 4], &[1, 1]),
        ("vector", none, &[9], &[7], &[0], &[-3]),
        (
            "rank5",
            Masks { shrink: 4, ..none },
            &[2, 3, 2, 3, 5],
            &[0, 1, 1, 0, 0],
            &[2, 3, 2, 3, 5],
            &[1, 1, 1, 2, 2],
        ),
        (
            "rank5_first",
            Masks { shrink: 1, ..none },
            &[4, 3, 2, 3, 5],
            &[2, 0, 0, 2, 4],
            &[3, 3, 2, -4, -9],
            &[1, 1, 1, -1, -2],
        ),
    ];
    let list = |list: &[i32]| -> Option<Given> { integers(list) };
    let case = |(name, masks, shape, begin, end, step): Row| {
        let inputs = vec![given(shape), list(begin), list(end), list(step)];
        Case::new(format!("strided_{name}"), Slice::Strided(masks), inputs)
    };
    table.into_iter().map(case).collect()
}
