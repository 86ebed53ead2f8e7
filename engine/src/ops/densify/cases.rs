use super::Densify;
use crate::ops::case::{Case, given, random_integers, values, weights};
use crate::tensor::{DType, TensorType};

/// The identity over ranks and types.
pub fn cases() -> Vec<Case> {
    let shapes: [&[usize]; 5] = [&[3, 1, 5, 7], &[1, 3, 3, 4], &[2, 3, 5], &[7, 6], &[9]];
    let mut cases: Vec<Case> =
        shapes.map(|shape| Case::new(format!("{shape:?}"), Densify, vec![weights(shape)])).into();
    cases.push(Case::new("given", Densify, vec![given(&[5, 3])]));
    let ty = TensorType::new(DType::I8, [5, 3]);
    let case = Case::new("i8", Densify, vec![values(random_integers(ty.clone(), -128, 127))]);
    cases.push(case.outputs(vec![ty]));
    cases
}
