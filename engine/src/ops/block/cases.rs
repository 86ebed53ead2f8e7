use super::{Block, Feed, Member};
use crate::ops::binary::{Binary, BinaryKind};
use crate::ops::case::{Case, given, integers, weights};
use crate::ops::conv2d::Conv2d;
use crate::ops::depthwise_conv2d::DepthwiseConv2d;
use crate::ops::fully_connected::FullyConnected;
use crate::ops::pool2d::{Pool2d, Pooling};
use crate::ops::reduce::{Reduce, Reducer};
use crate::ops::unary::Unary;
use crate::ops::{Activation, Op, Padding, Window};

const INPUT: Option<Feed> = Some(Feed::Input(0));

fn member(op: impl Into<Op>, inputs: &[Feed]) -> Member {
    Member { op: op.into(), inputs: inputs.iter().copied().map(Some).collect() }
}

fn pointwise(activation: Activation) -> Conv2d {
    Conv2d { stride: [1; 2], dilation: [1; 2], padding: Padding::Same, activation }
}

/// A depthwise convolution, what stands between, a 1×1 convolution; the weights are inputs 1 to 4.
fn separable(conv: DepthwiseConv2d, between: Vec<Member>, activation: Activation) -> Block {
    let mut members = vec![member(conv, &[Feed::Input(0), Feed::Input(1), Feed::Input(2)])];
    members.extend(between);
    let last = Feed::Member(members.len() - 1);
    members.push(member(pointwise(activation), &[last, Feed::Input(3), Feed::Input(4)]));
    Block { members }
}

fn separable_cases() -> Vec<Case> {
    let conv = |stride: usize, dilation: usize, padding, activation| DepthwiseConv2d {
        stride: [stride; 2],
        dilation: [dilation; 2],
        padding,
        activation,
    };
    let same = Padding::Same;
    let table = [
        ("separable", [1, 12, 10, 8], 3, 16, conv(1, 1, same, Activation::Relu6)),
        ("separable_thin", [1, 9, 7, 5], 3, 3, conv(1, 1, same, Activation::Relu)),
        ("separable_stride2", [2, 13, 11, 24], 3, 40, conv(2, 1, same, Activation::Relu6)),
        ("separable_dilated", [1, 10, 11, 12], 3, 37, conv(1, 4, same, Activation::Relu6)),
        ("separable_5x5", [1, 7, 9, 20], 5, 70, conv(1, 1, same, Activation::None)),
        ("separable_valid", [1, 6, 5, 7], 3, 130, conv(1, 1, Padding::Valid, Activation::Tanh)),
        ("separable_wide", [1, 7, 7, 512], 3, 136, conv(1, 1, same, Activation::Relu6)),
        ("separable_one_pixel", [1, 1, 1, 9], 3, 300, conv(1, 1, same, Activation::None)),
    ];
    let case = |(name, input, size, outputs, conv): (&str, [usize; 4], usize, usize, DepthwiseConv2d)| {
        let c = input[3];
        let operands = vec![
            given(&input),
            weights(&[1, size, size, c]),
            weights(&[c]),
            weights(&[outputs, 1, 1, c]),
            weights(&[outputs]),
        ];
        Case::new(name, separable(conv, Vec::new(), Activation::Relu6), operands).tolerance(4e-6)
    };
    let mut cases: Vec<Case> = table.into_iter().map(case).collect();
    for (name, c, outputs) in [("separable_residual", 16, 16), ("separable_residual_wide", 6, 50)] {
        let add = Binary { kind: BinaryKind::Add, activation: Activation::None };
        let between = vec![
            member(Unary::HardSwish, &[Feed::Member(0)]),
            member(add, &[Feed::Member(1), Feed::Input(0)]),
        ];
        let block = separable(conv(1, 1, same, Activation::None), between, Activation::None);
        let operands = vec![
            given(&[1, 6, 11, c]),
            weights(&[1, 3, 3, c]),
            weights(&[c]),
            weights(&[outputs, 1, 1, c]),
            weights(&[outputs]),
        ];
        cases.push(Case::new(name, block, operands).tolerance(4e-6));
    }
    cases
}

/// A mean over an image of so many rows and columns.
fn pool(size: [usize; 2]) -> Pool2d {
    let window = Window { size, stride: [1; 2], dilation: [1; 2], padding: Padding::Valid };
    Pool2d { pooling: Pooling::Average, window, activation: Activation::None }
}

fn pooled_cases() -> Vec<Case> {
    let table = [
        ("squeeze_excite", [1, 16, 12, 16], 8, 16),
        ("squeeze_excite_odd", [2, 7, 5, 9], 3, 21),
        ("squeeze_excite_wide", [1, 3, 3, 300], 70, 300),
        ("squeeze_excite_large", [1, 60, 40, 6], 4, 6),
        ("squeeze_excite_one_pixel", [1, 1, 1, 5], 1, 1),
    ];
    let mut cases: Vec<Case> = Vec::new();
    for (name, input, hidden, outputs) in table {
        let members = vec![
            member(pool([input[1], input[2]]), &[Feed::Input(0)]),
            member(pointwise(Activation::Relu), &[Feed::Member(0), Feed::Input(1), Feed::Input(2)]),
            member(Unary::HardSwish, &[Feed::Member(1)]),
            member(pointwise(Activation::None), &[Feed::Member(2), Feed::Input(3), Feed::Input(4)]),
        ];
        let operands = vec![
            given(&input),
            weights(&[hidden, 1, 1, input[3]]),
            weights(&[hidden]),
            weights(&[outputs, 1, 1, hidden]),
            weights(&[outputs]),
        ];
        cases.push(Case::new(name, Block { members }, operands).tolerance(4e-6));
    }
    let mean = Reduce { reducer: Reducer::Mean, keep_dims: true };
    let layer = FullyConnected { keep_num_dims: false, activation: Activation::Relu };
    let members = vec![
        member(mean, &[Feed::Input(0), Feed::Input(1)]),
        Member { op: layer.into(), inputs: vec![Some(Feed::Member(0)), Some(Feed::Input(2)), None] },
    ];
    let operands = vec![given(&[1, 5, 6, 10]), integers(&[1, 2]), weights(&[7, 10])];
    cases.push(Case::new("mean_fully_connected", Block { members }, operands).tolerance(4e-6));
    cases
}

/// Blocks with kernels of their own, and one without.
pub fn cases() -> Vec<Case> {
    let mut cases = separable_cases();
    cases.extend(pooled_cases());
    let members =
        vec![Member { op: Unary::Tanh.into(), inputs: vec![INPUT] }, member(Unary::Abs, &[Feed::Member(0)])];
    cases.push(Case::new("elementwise", Block { members }, vec![given(&[2, 3, 5])]));
    cases
}
