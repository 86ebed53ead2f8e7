use super::Select;
use crate::ops::case::{Case, Given, given, random, random_bools, random_integers, values, weights};
use crate::tensor::{DType, TensorType};

fn truths(shape: &[usize]) -> Option<Given> {
    values(random_bools(shape))
}

fn others(shape: &[usize]) -> Option<Given> {
    values(random(shape, 2.0, 3.0))
}

/// Conditions of every form, broadcasting of each operand in all ranks.
pub fn cases() -> Vec<Case> {
    let alike: [(&[usize], &[usize]); 8] = [
        (&[1, 3, 5, 7], &[1, 3, 5, 7]),
        (&[2, 3, 5, 4], &[2, 3, 5, 4]),
        (&[], &[3, 5, 2]),
        (&[1], &[3, 5, 2]),
        (&[3], &[3, 5, 2]),
        (&[5], &[5, 3]),
        (&[7], &[7]),
        (&[2, 1, 3, 1, 5], &[2, 1, 3, 1, 5]),
    ];
    let mut cases: Vec<Case> = alike
        .into_iter()
        .map(|(condition, shape)| {
            let inputs = vec![truths(condition), given(shape), others(shape)];
            Case::new(format!("{condition:?}_{shape:?}"), Select::Alike, inputs)
        })
        .collect();
    let broadcast: [[&[usize]; 3]; 9] = [
        [&[1, 3, 5, 7], &[1, 3, 5, 7], &[1, 3, 5, 7]],
        [&[1, 3, 5, 1], &[1, 3, 5, 6], &[1, 3, 5, 6]],
        [&[2, 3, 5, 6], &[6], &[]],
        [&[3, 1], &[1, 5], &[3, 5]],
        [&[1], &[3, 5, 7], &[1, 1, 7]],
        [&[], &[3, 1, 1], &[5, 7]],
        [&[2, 1, 1, 1], &[1, 3, 1, 5], &[1, 1, 4, 5]],
        [&[3, 1, 1, 9], &[3, 3, 5, 1], &[1, 1, 1, 1]],
        [&[3, 1, 2, 1, 5], &[2, 1, 5], &[1, 4, 1, 1, 1]],
    ];
    cases.extend(broadcast.into_iter().map(|[condition, a, b]| {
        let inputs = vec![truths(condition), given(a), others(b)];
        Case::new(format!("v2_{condition:?}_{a:?}_{b:?}"), Select::Broadcast, inputs)
    }));
    let inputs = vec![truths(&[3, 5]), others(&[3, 5]), weights(&[5])];
    cases.push(Case::new("constant", Select::Broadcast, inputs));
    let ty = TensorType::new(DType::I32, [3, 5]);
    let integers = |low: i64| values(random_integers(ty.clone(), low, low + 9));
    let inputs = vec![truths(&[3, 1]), integers(0), integers(100)];
    cases.push(Case::new("i32", Select::Broadcast, inputs).outputs(vec![ty.clone()]));
    cases
}
