use super::Reshape;
use crate::ops::case::{Case, given, integers, random_bools, random_integers, values};
use crate::tensor::{DType, Quantization, TensorType};

/// Shapes between all ranks, where slices of four channels stay and where they fall differently.
pub fn cases() -> Vec<Case> {
    let to: [(&[usize], &[i32]); 16] = [
        (&[1, 4, 6, 3], &[1, 24, 1, 3]),
        (&[2, 3, 5, 7], &[2, -1]),
        (&[1, 3, 5, 8], &[1, 5, 3, 8]),
        (&[2, 3, 5, 8], &[1, 6, 5, 8]),
        (&[2, 3, 5, 8], &[3, 10, 8]),
        (&[1, 3, 2, 12], &[1, 3, 6, 4]),
        (&[1, 7, 1, 4], &[1, 1, 1, 28]),
        (&[1, 1, 1, 35], &[5, 7]),
        (&[5, 7], &[7, 5]),
        (&[1, 1, 1, 24], &[6, 1, 1, 4]),
        (&[30], &[1, 2, 3, 5]),
        (&[2, 3, 5], &[-1]),
        (&[1], &[]),
        (&[], &[1, 1]),
        (&[2, 3, 2, 2, 3], &[6, -1, 6]),
        (&[1, 5, 3, 6], &[5, 1, 9, 2]),
    ];
    let mut cases: Vec<Case> = to
        .into_iter()
        .map(|(from, to)| {
            Case::new(format!("{from:?}_{to:?}"), Reshape::To(None), vec![given(from), integers(to)])
        })
        .collect();
    let attribute = |shape: &[i64]| Reshape::To(Some(shape.to_vec()));
    cases.push(Case::new("attribute", attribute(&[3, -1]), vec![given(&[1, 5, 3, 7])]));
    cases.push(Case::new("attribute_scalar", attribute(&[0]), vec![given(&[1, 1])]));
    cases.push(Case::new("squeeze", Reshape::Squeeze(vec![]), vec![given(&[1, 5, 1, 3])]));
    cases.push(Case::new("squeeze_axes", Reshape::Squeeze(vec![0, -1]), vec![given(&[1, 5, 7, 1])]));
    for at in [0, 1, -1, -2] {
        let inputs = vec![given(&[3, 5, 2]), integers(&[at])];
        cases.push(Case::new(format!("expand_dims{at}"), Reshape::ExpandDims, inputs));
    }
    let bools = values(random_bools(&[2, 3, 5]));
    cases.push(
        Case::new("bool", Reshape::To(None), vec![bools, integers(&[5, 6])])
            .outputs(vec![TensorType::new(DType::Bool, [])]),
    );
    let quantized = TensorType {
        quantization: Some(Quantization::per_tensor(0.1, 3)),
        ..TensorType::new(DType::I8, [3, 4])
    };
    let inputs = vec![values(random_integers(quantized.clone(), -128, 127)), integers(&[2, 6])];
    cases.push(Case::new("int8", Reshape::To(None), inputs).outputs(vec![quantized]));
    cases
}
