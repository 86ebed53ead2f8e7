use super::Cast;
use crate::ops::case::{Case, given, random, random_bools, random_integers, values};
use crate::tensor::{DType, TensorType};

const NUMBERS: [DType; 12] = [
    DType::F32,
    DType::F16,
    DType::BF16,
    DType::F64,
    DType::I8,
    DType::U8,
    DType::I16,
    DType::U16,
    DType::I32,
    DType::U32,
    DType::I64,
    DType::Bool,
];

/// Between f32 or i32 and every number type, values and bits.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in NUMBERS {
        let to = vec![TensorType::new(dtype, [])];
        let reals = values(random(&[1, 3, 5, 6], 0.0, 100.0));
        cases.push(Case::new(format!("f32_{dtype}"), Cast::Value, vec![reals]).outputs(to.clone()));
        let integers = values(random_integers(TensorType::new(DType::I32, [3, 5]), -70000, 70000));
        cases.push(Case::new(format!("i32_{dtype}"), Cast::Value, vec![integers]).outputs(to));
        let any = values(random_integers(TensorType::new(dtype, [3, 7]), 0, 9));
        cases.push(Case::new(format!("{dtype}_to_f32"), Cast::Value, vec![any]));
    }
    cases.push(Case::new("truths", Cast::Value, vec![values(random_bools(&[1, 3, 5, 7]))]));
    for (from, shape, to) in [
        (DType::U8, &[3, 4][..], DType::I32),
        (DType::I32, &[3, 5], DType::I16),
        (DType::I16, &[7], DType::U16),
        (DType::I64, &[3], DType::U8),
    ] {
        let bits = values(random_integers(TensorType::new(from, shape), 0, 100));
        let case = Case::new(format!("bits_{from}_{to}"), Cast::Bits, vec![bits]);
        cases.push(case.outputs(vec![TensorType::new(to, [])]));
    }
    let bits = Case::new("bits_f32_i32", Cast::Bits, vec![given(&[3, 5])]);
    cases.push(bits.outputs(vec![TensorType::new(DType::I32, [])]));
    cases
}
