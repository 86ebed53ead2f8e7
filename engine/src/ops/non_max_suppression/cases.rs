use super::NonMaxSuppression;
use crate::ops::case::{Case, Given, constant, random, values};
use crate::tensor::{DType, Tensor, TensorType};

/// Few and many boxes, both versions, thresholds that drop all, some and none.
pub fn cases() -> Vec<Case> {
    let scalar = |value: f32| constant(Tensor::from_slice([], &[value]).expect("a scalar"));
    let most = |value: i32| constant(Tensor::from_slice([], &[value]).expect("a scalar"));
    let settings = [
        (1, 1, 0.5, 0.0),
        (7, 3, 0.5, -0.5),
        (33, 40, 0.3, 0.0),
        (33, 10, 1.0, -2.0),
        (5, 5, 0.5, 2.0),
        (9, 0, 0.5, 0.0),
    ];
    let mut cases = Vec::new();
    for (boxes, limit, overlap, score) in settings {
        let inputs = || -> Vec<Option<Given>> {
            let (boxes, scores) = (random(&[boxes, 4], 0.0, 3.0), random(&[boxes], -1.0, 1.0));
            vec![values(boxes), values(scores), most(limit), scalar(overlap), scalar(score)]
        };
        let (index, real) = (TensorType::new(DType::I32, []), TensorType::f32([]));
        let name = format!("{limit} of {boxes} over {overlap} and {score}");
        let hard = Case::new(format!("V4 {name}"), NonMaxSuppression { soft: false }, inputs());
        cases.push(hard.outputs(vec![index.clone(), index.clone()]));
        for sigma in [0.0, 0.5] {
            let mut inputs = inputs();
            inputs.push(scalar(sigma));
            let soft =
                Case::new(format!("V5 {name} sigma {sigma}"), NonMaxSuppression { soft: true }, inputs);
            cases.push(soft.outputs(vec![index.clone(), real.clone(), index.clone()]));
        }
    }
    cases
}
