use super::{Form, TransposeConv};
use crate::ops::case::{Case, given, integers, weights};
use crate::ops::{Activation, Padding};

/// Both operators with windows that meet, overlap and leave gaps, and outputs of odd extents.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = CUSTOM.into_iter().map(custom).collect();
    cases.extend(SIZED.into_iter().map(sized));
    let plain = TransposeConv {
        form: Form::Sized,
        stride: [2, 2],
        padding: Padding::Same,
        activation: Activation::Relu,
    };
    for constant in [false, true] {
        let kernel = if constant { weights(&[3, 3, 3, 5]) } else { given(&[3, 3, 3, 5]) };
        let inputs = vec![integers(&[1, 8, 6, 3]), kernel, given(&[1, 4, 3, 5]), None];
        let name = if constant { "no_bias" } else { "given_weights" };
        cases.push(Case::new(name, plain, inputs).tolerance(4e-6));
    }
    cases
}

type Custom = (&'static str, [usize; 4], [usize; 4], [usize; 2], Padding);

const CUSTOM: [Custom; 8] = [
    ("2x2", [1, 8, 7, 16], [1, 2, 2, 16], [2, 2], Padding::Same),
    ("2x2_wide", [2, 5, 6, 6], [10, 2, 2, 6], [2, 2], Padding::Valid),
    ("1x2", [1, 5, 6, 3], [5, 1, 2, 3], [1, 2], Padding::Same),
    ("3x3_same", [1, 5, 4, 8], [8, 3, 3, 8], [2, 2], Padding::Same),
    ("3x3_valid", [1, 5, 4, 3], [4, 3, 3, 3], [2, 2], Padding::Valid),
    ("4x4", [1, 6, 5, 5], [7, 4, 4, 5], [2, 2], Padding::Same),
    ("gaps", [1, 3, 5, 4], [3, 2, 1, 4], [3, 2], Padding::Same),
    ("one_pixel", [1, 1, 1, 1], [1, 5, 5, 1], [3, 3], Padding::Valid),
];

fn custom((name, input, kernel, stride, padding): Custom) -> Case {
    let op = TransposeConv { form: Form::Custom, stride, padding, activation: Activation::None };
    let inputs = vec![given(&input), weights(&kernel), weights(&kernel[..1])];
    Case::new(format!("custom_{name}"), op, inputs).tolerance(4e-6)
}

type Sized = (&'static str, [usize; 4], [usize; 4], [i32; 4], [usize; 2], Padding, Activation);

const SIZED: [Sized; 9] = [
    ("3x3", [1, 4, 5, 8], [6, 3, 3, 8], [1, 8, 10, 6], [2, 2], Padding::Same, Activation::None),
    ("3x3_odd", [1, 4, 5, 8], [6, 3, 3, 8], [1, 7, 9, 6], [2, 2], Padding::Same, Activation::Relu6),
    ("3x3_step1", [1, 6, 5, 4], [4, 3, 3, 4], [1, 6, 5, 4], [1, 1], Padding::Same, Activation::None),
    ("3x3_valid", [2, 4, 5, 3], [5, 3, 3, 3], [2, 9, 11, 5], [2, 2], Padding::Valid, Activation::Relu),
    ("2x2_odd", [1, 4, 5, 4], [9, 2, 2, 4], [1, 7, 9, 9], [2, 2], Padding::Same, Activation::None),
    ("4x4", [1, 4, 3, 5], [3, 4, 4, 5], [1, 8, 6, 3], [2, 2], Padding::Same, Activation::None),
    ("5x3", [1, 3, 4, 6], [5, 5, 3, 6], [1, 6, 12, 5], [2, 3], Padding::Same, Activation::Tanh),
    ("1x1", [1, 3, 3, 7], [2, 1, 1, 7], [1, 6, 6, 2], [2, 2], Padding::Same, Activation::None),
    ("8x8", [1, 2, 3, 2], [2, 8, 8, 2], [1, 8, 12, 2], [4, 4], Padding::Same, Activation::None),
];

fn sized((name, input, kernel, output, stride, padding, activation): Sized) -> Case {
    let op = TransposeConv { form: Form::Sized, stride, padding, activation };
    let inputs = vec![integers(&output), weights(&kernel), given(&input), weights(&kernel[..1])];
    Case::new(name, op, inputs).tolerance(4e-6)
}
