use super::Cumsum;
use crate::ops::case::{Case, given, integers, random_integers, values};
use crate::tensor::{DType, TensorType};

/// Every axis, both directions, with and without a place's own number.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (exclusive, reverse) in [(false, false), (false, true), (true, false), (true, true)] {
        let op = Cumsum { exclusive, reverse };
        let name = format!("exclusive {exclusive} reverse {reverse}");
        for (shape, axis) in [(&[7][..], 0), (&[3, 5], -1), (&[2, 3, 5, 7], 1), (&[2, 3, 1, 2, 5], 3)] {
            let inputs = vec![given(shape), integers(&[axis])];
            cases.push(Case::new(format!("{name} {shape:?} axis {axis}"), op, inputs));
        }
        for dtype in [DType::I32, DType::I64] {
            let ty = TensorType::new(dtype, [3, 5]);
            let inputs = vec![values(random_integers(ty.clone(), -1 << 30, 1 << 30)), integers(&[0])];
            cases.push(Case::new(format!("{name} {dtype}"), op, inputs).outputs(vec![ty]));
        }
    }
    cases
}
