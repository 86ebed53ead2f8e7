use super::AddN;
use crate::ops::case::{Case, Given, random, random_integers, values, weights};
use crate::tensor::{DType, TensorType};

/// Numbers that differ from those of the other operands.
fn operand(shape: &[usize], index: usize) -> Option<Given> {
    values(random(shape, -1.0 - index as f32, 1.0))
}

/// One to many operands, all ranks.
pub fn cases() -> Vec<Case> {
    let table: [(&[usize], usize); 7] = [
        (&[1, 3, 5, 7], 3),
        (&[2, 3, 5, 4], 2),
        (&[5, 7], 5),
        (&[3], 1),
        (&[], 4),
        (&[3, 5, 7], 3),
        (&[2, 3, 1, 2, 5], 3),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .map(|(shape, count)| {
            let inputs = (0..count).map(|index| operand(shape, index)).collect();
            Case::new(format!("{shape:?}x{count}"), AddN, inputs)
        })
        .collect();
    cases.push(Case::new("constant", AddN, vec![operand(&[3, 5], 1), weights(&[3, 5]), operand(&[3, 5], 2)]));
    for dtype in [DType::I32, DType::I64] {
        let ty = TensorType::new(dtype, [3, 5]);
        let [a, b] = [0, 5].map(|low| values(random_integers(ty.clone(), low << 20, 1 << 30)));
        cases.push(Case::new(dtype.to_string(), AddN, vec![a, b.clone(), b]).outputs(vec![ty]));
    }
    cases
}
