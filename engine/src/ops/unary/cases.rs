use super::Unary;
use crate::ops::case::{Case, given, random, random_bools, values};
use crate::tensor::{DType, TensorType};

/// Every function on its domain, in odd shapes and all ranks.
pub fn cases() -> Vec<Case> {
    let anywhere = [
        Unary::Abs,
        Unary::Ceil,
        Unary::Cos,
        Unary::Elu,
        Unary::Exp,
        Unary::Floor,
        Unary::Gelu { approximate: false },
        Unary::Gelu { approximate: true },
        Unary::HardSwish,
        Unary::LeakyRelu { alpha: 0.2 },
        Unary::Logistic,
        Unary::Neg,
        Unary::Relu,
        Unary::Relu0To1,
        Unary::Relu6,
        Unary::ReluN1To1,
        Unary::Round,
        Unary::Sign,
        Unary::Sin,
        Unary::Square,
        Unary::Tanh,
    ];
    let wide = |op: Unary| {
        Case::new(format!("{op:?}"), op, vec![values(random(&[1, 5, 3, 7], -8.0, 8.0))]).tolerance(2e-6)
    };
    let mut cases: Vec<Case> = anywhere.into_iter().map(wide).collect();
    let positive = |op: Unary| {
        Case::new(format!("{op:?}"), op, vec![values(random(&[2, 3, 5], 0.01, 9.0))]).tolerance(2e-6)
    };
    cases.extend([Unary::Log, Unary::Rsqrt, Unary::Sqrt].map(positive));
    let not = Case::new("LogicalNot", Unary::LogicalNot, vec![values(random_bools(&[2, 3, 5]))]);
    cases.push(not.outputs(vec![TensorType::new(DType::Bool, [])]));
    for shape in [&[][..], &[1], &[7], &[3, 5], &[2, 3, 4, 8], &[2, 1, 3, 2, 5]] {
        cases.push(Case::new(format!("rank{}_{shape:?}", shape.len()), Unary::Relu, vec![given(shape)]));
    }
    cases
}
