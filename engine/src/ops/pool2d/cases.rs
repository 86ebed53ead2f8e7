use super::{Pool2d, Pooling};
use crate::ops::case::{Case, given, random_integers, values};
use crate::ops::{Activation, Padding, Window};
use crate::tensor::{DType, Quantization, TensorType};

/// Each pooling over windows of every kind, whole images among them.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for pooling in [Pooling::Average, Pooling::L2, Pooling::Max] {
        let pool = |size, stride, padding, activation| Pool2d {
            pooling,
            window: Window { size, stride, dilation: [1, 1], padding },
            activation,
        };
        let table: [(&str, [usize; 4], Pool2d); 12] = [
            ("2x2", [1, 8, 6, 8], pool([2, 2], [2, 2], Padding::Valid, Activation::None)),
            ("2x2_odd", [1, 7, 9, 5], pool([2, 2], [2, 2], Padding::Same, Activation::None)),
            ("3x3", [2, 7, 5, 3], pool([3, 3], [1, 1], Padding::Same, Activation::None)),
            ("3x3_stride2", [1, 9, 12, 4], pool([3, 3], [2, 2], Padding::Same, Activation::Relu)),
            ("5x2", [1, 9, 7, 6], pool([5, 2], [1, 3], Padding::Valid, Activation::None)),
            ("wider_than_image", [1, 3, 4, 2], pool([7, 7], [1, 1], Padding::Same, Activation::None)),
            (
                "explicit",
                [1, 6, 5, 4],
                pool([3, 3], [2, 1], Padding::Explicit([1, 2, 0, 1]), Activation::None),
            ),
            ("relu6", [1, 4, 4, 7], pool([3, 3], [1, 1], Padding::Same, Activation::Relu6)),
            ("one_pixel", [1, 1, 1, 1], pool([1, 1], [1, 1], Padding::Valid, Activation::None)),
            ("steps_over", [1, 9, 9, 4], pool([1, 1], [2, 2], Padding::Valid, Activation::None)),
            ("whole", [1, 7, 7, 33], pool([7, 7], [1, 1], Padding::Valid, Activation::None)),
            ("whole_batches", [3, 17, 16, 5], pool([17, 16], [2, 2], Padding::Valid, Activation::ReluN1To1)),
        ];
        for (name, input, op) in table {
            cases.push(Case::new(format!("{pooling:?}_{name}"), op, vec![given(&input)]).tolerance(2e-6));
        }
    }
    cases.extend([Pooling::Average, Pooling::Max].into_iter().flat_map(|pooling| {
        [(DType::I8, -128, 127), (DType::U8, 0, 255), (DType::I16, -500, 500)].map(|(dtype, low, high)| {
            let ty = TensorType {
                quantization: Some(Quantization::per_tensor(0.05, 0)),
                ..TensorType::new(dtype, [1, 5, 7, 3])
            };
            let window = Window { size: [3, 2], stride: [2, 1], dilation: [1, 1], padding: Padding::Same };
            let op = Pool2d { pooling, window, activation: Activation::Relu6 };
            let input = values(random_integers(ty.clone(), low, high));
            Case::new(format!("{pooling:?}_{dtype}"), op, vec![input]).outputs(vec![ty.with_shape([])])
        })
    }));
    cases
}
