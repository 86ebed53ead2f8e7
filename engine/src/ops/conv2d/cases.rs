use super::Conv2d;
use crate::ops::case::{Case, given, weights};
use crate::ops::{Activation, Padding};

/// Shapes with odd extents, channels beside multiples of four, every padding, stride, dilation and activation.
pub fn cases() -> Vec<Case> {
    let conv = |stride, dilation, padding, activation| Conv2d {
        stride: [stride; 2],
        dilation: [dilation; 2],
        padding,
        activation,
    };
    let table = [
        ("pointwise", [1, 8, 8, 16], [8, 1, 1, 16], conv(1, 1, Padding::Same, Activation::None)),
        ("pointwise_odd", [1, 5, 7, 3], [5, 1, 1, 3], conv(1, 1, Padding::Valid, Activation::Relu)),
        ("pointwise_strided", [1, 9, 7, 6], [9, 1, 1, 6], conv(2, 1, Padding::Same, Activation::Relu6)),
        ("vector", [1, 1, 1, 33], [17, 1, 1, 33], conv(1, 1, Padding::Valid, Activation::None)),
        ("3x3", [1, 12, 10, 8], [16, 3, 3, 8], conv(1, 1, Padding::Same, Activation::None)),
        ("3x3_stride2", [1, 11, 13, 3], [16, 3, 3, 3], conv(2, 1, Padding::Same, Activation::Relu)),
        ("3x3_valid", [1, 7, 9, 5], [7, 3, 3, 5], conv(1, 1, Padding::Valid, Activation::ReluN1To1)),
        ("5x5", [1, 9, 9, 4], [4, 5, 5, 4], conv(1, 1, Padding::Same, Activation::Tanh)),
        ("dilated", [1, 15, 14, 4], [6, 3, 3, 4], conv(1, 2, Padding::Same, Activation::None)),
        ("rows", [2, 6, 5, 4], [3, 1, 3, 4], conv(1, 1, Padding::Same, Activation::None)),
        ("columns", [3, 6, 5, 2], [4, 3, 1, 2], conv(1, 1, Padding::Same, Activation::None)),
        (
            "explicit",
            [1, 6, 6, 4],
            [4, 3, 3, 4],
            conv(2, 1, Padding::Explicit([1, 2, 0, 1]), Activation::None),
        ),
        ("one_pixel", [1, 1, 1, 1], [1, 3, 3, 1], conv(1, 1, Padding::Same, Activation::None)),
        ("grouped", [1, 6, 5, 8], [12, 3, 3, 4], conv(1, 1, Padding::Same, Activation::None)),
    ];
    let biased = |(name, input, kernel, op): (&str, [usize; 4], [usize; 4], Conv2d)| {
        Case::new(name, op, vec![given(&input), weights(&kernel), weights(&kernel[..1])]).tolerance(4e-6)
    };
    let mut cases: Vec<Case> = table.into_iter().map(biased).collect();
    let plain = conv(1, 1, Padding::Same, Activation::None);
    cases.push(
        Case::new("no_bias", plain, vec![given(&[1, 4, 4, 4]), weights(&[4, 3, 3, 4]), None]).tolerance(4e-6),
    );
    cases.push(
        Case::new("given_weights", plain, vec![given(&[1, 4, 4, 4]), given(&[4, 3, 3, 4]), None])
            .tolerance(4e-6),
    );
    cases
}
