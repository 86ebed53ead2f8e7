use super::Pack;
use crate::ops::case::{Case, Given, random, random_integers, values, weights};
use crate::tensor::{DType, TensorType};

/// Numbers that differ from those of the other operands.
fn operand(shape: &[usize], index: usize) -> Option<Given> {
    values(random(shape, index as f32, index as f32 + 1.0))
}

/// Every new axis of every rank.
pub fn cases() -> Vec<Case> {
    let table: [(&[usize], i64, usize); 15] = [
        (&[3, 5, 7], 0, 3),
        (&[3, 5, 7], 1, 2),
        (&[3, 5, 7], 2, 5),
        (&[3, 5, 7], 3, 3),
        (&[3, 5, 8], -1, 7),
        (&[3, 5, 4], -3, 2),
        (&[5, 6], 0, 3),
        (&[5, 6], 1, 1),
        (&[5, 6], 2, 16),
        (&[7], 0, 3),
        (&[7], 1, 4),
        (&[], 0, 5),
        (&[2, 3, 2, 5], 2, 3),
        (&[2, 3, 2, 5], 0, 3),
        (&[1, 3, 2, 5], 1, 3),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .map(|(shape, axis, count)| {
            Case::new(
                format!("{shape:?}_axis{axis}_x{count}"),
                Pack { axis },
                (0..count).map(|index| operand(shape, index)).collect(),
            )
        })
        .collect();
    let inputs = vec![operand(&[3, 5, 4], 1), weights(&[3, 5, 4])];
    cases.push(Case::new("constant", Pack { axis: 0 }, inputs));
    let ty = TensorType::new(DType::I32, [3, 5]);
    let [first, second] = [-1000, 500].map(|low| values(random_integers(ty.clone(), low, low + 499)));
    cases.push(Case::new("i32", Pack { axis: 1 }, vec![first, second]).outputs(vec![ty]));
    cases
}
