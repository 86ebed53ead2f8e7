use super::{Binary, BinaryKind};
use crate::ops::Activation;
use crate::ops::case::{Case, given, random, random_bools, values, weights};
use crate::tensor::{DType, TensorType};

/// Every function, and broadcasting both ways over all ranks.
pub fn cases() -> Vec<Case> {
    let op = |kind| Binary { kind, activation: Activation::None };
    let mut cases = Vec::new();
    for kind in [
        BinaryKind::Add,
        BinaryKind::Sub,
        BinaryKind::Mul,
        BinaryKind::Maximum,
        BinaryKind::Minimum,
        BinaryKind::SquaredDifference,
        BinaryKind::Prelu,
        BinaryKind::Atan2,
    ] {
        cases.push(
            Case::new(
                format!("{kind:?}"),
                op(kind),
                vec![given(&[1, 4, 5, 6]), values(random(&[1, 4, 5, 6], -2.0, 2.0))],
            )
            .tolerance(2e-6),
        );
    }
    for kind in [BinaryKind::Div, BinaryKind::Pow, BinaryKind::FloorDiv, BinaryKind::FloorMod] {
        let inputs = vec![values(random(&[3, 5, 7], 0.2, 4.0)), values(random(&[3, 5, 7], 0.5, 3.0))];
        cases.push(Case::new(format!("{kind:?}"), op(kind), inputs).tolerance(4e-6));
    }
    let comparisons = [
        BinaryKind::Equal,
        BinaryKind::NotEqual,
        BinaryKind::Less,
        BinaryKind::LessEqual,
        BinaryKind::Greater,
        BinaryKind::GreaterEqual,
    ];
    for kind in comparisons {
        let case = Case::new(
            format!("{kind:?}"),
            op(kind),
            vec![given(&[2, 3, 5]), values(random(&[5], -1.0, 1.0))],
        );
        cases.push(case.outputs(vec![TensorType::new(DType::Bool, [])]));
    }
    for kind in [BinaryKind::LogicalAnd, BinaryKind::LogicalOr] {
        let inputs = vec![values(random_bools(&[2, 3, 5])), values(random_bools(&[3, 1]))];
        let case = Case::new(format!("{kind:?}"), op(kind), inputs);
        cases.push(case.outputs(vec![TensorType::new(DType::Bool, [])]));
    }
    let broadcasts: [(&[usize], &[usize]); 12] = [
        (&[1, 4, 5, 6], &[6]),
        (&[1, 4, 5, 6], &[1, 1, 1, 6]),
        (&[1, 4, 5, 6], &[]),
        (&[2, 4, 5, 6], &[2, 1, 1, 6]),
        (&[2, 4, 5, 6], &[1, 4, 5, 1]),
        (&[2, 1, 5, 6], &[2, 4, 1, 6]),
        (&[6], &[3, 4, 6]),
        (&[3, 1], &[1, 5]),
        (&[1], &[7]),
        (&[2, 3, 1, 2, 5], &[3, 4, 1, 5]),
        (&[2, 3, 1, 2, 5], &[2, 3, 4, 1, 5]),
        (&[2, 3, 4, 2, 5], &[4, 1, 1]),
    ];
    for (a, b) in broadcasts {
        cases.push(Case::new(format!("{a:?}+{b:?}"), op(BinaryKind::Sub), vec![given(a), given(b)]));
        cases.push(Case::new(format!("{a:?}+const{b:?}"), op(BinaryKind::Sub), vec![given(a), weights(b)]));
    }
    for activation in [Activation::Relu, Activation::Relu6, Activation::ReluN1To1] {
        let op = Binary { kind: BinaryKind::Add, activation };
        cases.push(Case::new(
            format!("{activation:?}"),
            op,
            vec![given(&[1, 3, 3, 5]), given(&[1, 3, 3, 5])],
        ));
    }
    cases
}
