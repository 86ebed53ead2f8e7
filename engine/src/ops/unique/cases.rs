use super::Unique;
use crate::ops::case::{Case, constant, given, random_integers};
use crate::tensor::{DType, Tensor, TensorType};

/// Types, both types of index, and the lengths zero and one.
pub fn cases() -> Vec<Case> {
    let outputs = |dtype, index| vec![TensorType::new(dtype, []), TensorType::new(index, [])];
    let mut cases = Vec::new();
    for dtype in [DType::F32, DType::I8, DType::U8, DType::I16, DType::I32, DType::I64] {
        for (n, index) in [(17, DType::I32), (7, DType::I64), (1, DType::I32)] {
            let few = constant(random_integers(TensorType::new(dtype, [n]), 0, 4));
            let case = Case::new(format!("{n} of {dtype}, {index}"), Unique, vec![few]);
            cases.push(case.outputs(outputs(dtype, index)));
        }
    }
    let zeros = Tensor::from_slice([4], &[0.0f32, -0.0, 1.0, 0.0]).expect("four numbers");
    cases.push(Case::new("zeros", Unique, vec![constant(zeros)]).outputs(outputs(DType::F32, DType::I32)));
    cases.push(Case::new("given", Unique, vec![given(&[9])]).outputs(outputs(DType::F32, DType::I32)));
    cases
}
