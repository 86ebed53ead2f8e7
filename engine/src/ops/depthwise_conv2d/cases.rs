use super::DepthwiseConv2d;
use crate::ops::case::{Case, given, weights};
use crate::ops::{Activation, Padding};

/// Windows of every kind, steps, dilations and multipliers, odd extents, channels beside multiples of four.
pub fn cases() -> Vec<Case> {
    let conv = |stride: [usize; 2], dilation: [usize; 2], padding, activation| DepthwiseConv2d {
        stride,
        dilation,
        padding,
        activation,
    };
    let plain = conv([1; 2], [1; 2], Padding::Same, Activation::None);
    let table = [
        ("3x3", [1, 12, 10, 8], [1, 3, 3, 8], plain),
        ("3x3_relu6", [1, 7, 9, 5], [1, 3, 3, 5], conv([1; 2], [1; 2], Padding::Same, Activation::Relu6)),
        ("3x3_stride2", [1, 13, 11, 6], [1, 3, 3, 6], conv([2; 2], [1; 2], Padding::Same, Activation::Relu)),
        (
            "3x3_stride2_even",
            [1, 12, 8, 4],
            [1, 3, 3, 4],
            conv([2; 2], [1; 2], Padding::Same, Activation::None),
        ),
        (
            "3x3_valid",
            [2, 9, 7, 3],
            [1, 3, 3, 3],
            conv([1; 2], [1; 2], Padding::Valid, Activation::ReluN1To1),
        ),
        ("5x5", [1, 11, 13, 7], [1, 5, 5, 7], plain),
        ("5x5_stride2", [1, 11, 14, 8], [1, 5, 5, 8], conv([2; 2], [1; 2], Padding::Same, Activation::None)),
        ("7x7", [1, 8, 9, 4], [1, 7, 7, 4], plain),
        ("9x9", [1, 10, 11, 2], [1, 9, 9, 2], plain),
        ("1x1", [1, 5, 3, 6], [1, 1, 1, 6], plain),
        ("row", [1, 6, 17, 4], [1, 1, 5, 4], plain),
        ("column", [3, 6, 5, 4], [1, 4, 1, 4], plain),
        ("strides_differ", [1, 9, 9, 5], [1, 3, 3, 5], conv([1, 2], [1; 2], Padding::Same, Activation::None)),
        ("stride3", [1, 13, 10, 5], [1, 3, 3, 5], conv([3; 2], [1; 2], Padding::Valid, Activation::None)),
        ("dilated", [1, 15, 14, 4], [1, 3, 3, 4], conv([1; 2], [2; 2], Padding::Same, Activation::None)),
        (
            "dilations_differ",
            [1, 11, 14, 3],
            [1, 3, 2, 3],
            conv([1; 2], [3, 1], Padding::Same, Activation::Tanh),
        ),
        (
            "explicit",
            [1, 6, 6, 4],
            [1, 3, 3, 4],
            conv([2; 2], [1; 2], Padding::Explicit([1, 2, 0, 1]), Activation::None),
        ),
        ("one_pixel", [1, 1, 1, 9], [1, 3, 3, 9], plain),
        ("whole", [1, 7, 7, 6], [1, 7, 7, 6], conv([1; 2], [1; 2], Padding::Valid, Activation::None)),
        ("times2", [1, 6, 5, 3], [1, 3, 3, 6], plain),
        ("times3", [2, 5, 6, 5], [1, 3, 3, 15], conv([2; 2], [1; 2], Padding::Same, Activation::Relu)),
        ("times4", [1, 5, 5, 5], [1, 3, 3, 20], plain),
        ("times8_of_one", [1, 7, 9, 1], [1, 5, 5, 8], plain),
        (
            "times5_dilated",
            [1, 7, 9, 2],
            [1, 3, 3, 10],
            conv([1; 2], [2, 1], Padding::Same, Activation::None),
        ),
    ];
    let biased = |(name, input, kernel, op): (&str, [usize; 4], [usize; 4], DepthwiseConv2d)| {
        Case::new(name, op, vec![given(&input), weights(&kernel), weights(&kernel[3..])]).tolerance(4e-6)
    };
    let mut cases: Vec<Case> = table.into_iter().map(biased).collect();
    let inputs = |constant: bool| {
        let kernel = if constant { weights(&[1, 3, 3, 6]) } else { given(&[1, 3, 3, 6]) };
        vec![given(&[1, 4, 4, 6]), kernel, None]
    };
    cases.push(Case::new("no_bias", plain, inputs(true)).tolerance(4e-6));
    cases.push(Case::new("given_weights", plain, inputs(false)).tolerance(4e-6));
    cases
}
