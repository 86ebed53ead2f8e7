use super::WhereNonzero;
use crate::ops::case::{Case, constant, random_bools, random_integers};
use crate::tensor::{DType, Tensor, TensorType};

/// Ranks, types, nothing and everything found.
pub fn cases() -> Vec<Case> {
    let output = || vec![TensorType::new(DType::I64, [])];
    let shapes: [&[usize]; 6] = [&[9], &[3, 5], &[2, 3, 7], &[1, 3, 5, 2], &[2, 1, 2, 3, 5], &[]];
    let mut cases: Vec<Case> = Vec::new();
    for shape in shapes {
        let case = Case::new(format!("{shape:?}"), WhereNonzero, vec![constant(random_bools(shape))]);
        cases.push(case.outputs(output()));
    }
    for dtype in [DType::F32, DType::I8, DType::U8, DType::I32, DType::I64] {
        let few = random_integers(TensorType::new(dtype, [5, 7]), 0, 2);
        cases.push(Case::new(format!("{dtype}"), WhereNonzero, vec![constant(few)]).outputs(output()));
    }
    let none = constant(Tensor::zeros(TensorType::new(DType::Bool, [3, 3])));
    cases.push(Case::new("nothing", WhereNonzero, vec![none]).outputs(output()));
    cases
}
