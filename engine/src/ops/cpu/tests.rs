//! Every case that has a CPU kernel: alone and with a chain, on one and on three threads, against the reference.

use crate::ops::binary::BinaryKind;
use crate::ops::case::{Case, random};
use crate::ops::chain::nhwc;
use crate::ops::unary::Unary;
use crate::ops::{Broadcast, Chain, CpuIo, Link, Operand, Operands, Other, cases};
use crate::pool::Pool;
use crate::tensor::{DType, Tensor, TensorType};

/// The families with CPU kernels for f32.
const FAMILIES: [&str; 13] = [
    "binary",
    "concat",
    "conv2d",
    "depthwise_conv2d",
    "fully_connected",
    "lstm",
    "pad",
    "pool2d",
    "reduce",
    "resize",
    "softmax",
    "transpose_conv",
    "unary",
];

/// What a case comes to: the types of its outputs and what they hold by the reference; none where it has no CPU kernel for f32.
struct Prepared<'a> {
    case: &'a Case,
    outputs: Vec<TensorType>,
    expected: Vec<Vec<f32>>,
}

/// The case's operands with outputs of these types.
pub fn operands<'a>(case: &'a Case, outputs: &'a [TensorType]) -> Operands<'a> {
    let operand = |given: &'a crate::ops::case::Given| Operand {
        ty: given.tensor.ty(),
        constant: given.constant.then_some(&given.tensor),
        dynamic: false,
    };
    Operands {
        inputs: case.inputs.iter().map(|given| given.as_ref().map(operand)).collect(),
        outputs: outputs.iter().collect(),
    }
}

/// The types of the case's outputs with the shapes that follow from its inputs.
pub fn outputs(case: &Case) -> Option<Vec<TensorType>> {
    let shapes = case.op.infer(&operands(case, &case.outputs)).ok()?;
    case.outputs.iter().zip(shapes).map(|(ty, shape)| Some(ty.with_shape(shape?))).collect()
}

fn prepare(case: &Case) -> Option<Prepared<'_>> {
    let outputs = outputs(case)?;
    if outputs.iter().any(|ty| ty.dtype != DType::F32) {
        return None;
    }
    case.op.cpu(&operands(case, &outputs), &Chain::empty())?;
    let inputs: Vec<Option<&Tensor>> =
        case.inputs.iter().map(|given| given.as_ref().map(|given| &given.tensor)).collect();
    let expected = case.op.reference(&inputs, &outputs).expect("the reference should take its cases");
    let expected = expected.iter().map(|tensor| tensor.to_reals().expect("f32")).collect();
    Some(Prepared { case, outputs, expected })
}

/// Runs the case's kernel with a chain whose further operands are `extra` and which writes `taps` further outputs.
fn run(prepared: &Prepared, chain: &Chain, extra: &[Tensor], taps: usize, threads: usize) -> Vec<Vec<f32>> {
    let Prepared { case, outputs, .. } = prepared;
    let kernel = case.op.cpu(&operands(case, outputs), chain).expect("a kernel with a chain");
    let mut inputs: Vec<&[u8]> = case
        .inputs
        .iter()
        .map(|given| given.as_ref().map_or(&[][..], |given| given.tensor.as_bytes()))
        .collect();
    inputs.extend(extra.iter().map(|tensor| tensor.as_bytes()));
    let mut memory: Vec<Vec<f32>> =
        prepared.expected.iter().map(|floats| vec![f32::NAN; floats.len()]).collect();
    memory.extend((0..taps).map(|_| vec![f32::NAN; outputs[0].elements()]));
    let mut scratch = vec![0u64; kernel.scratch().div_ceil(8)];
    let mut io = CpuIo {
        inputs,
        outputs: memory.iter_mut().map(|floats| bytemuck::cast_slice_mut(floats)).collect(),
        scratch: bytemuck::cast_slice_mut(&mut scratch),
    };
    kernel.run(&mut io, &Pool::new(threads));
    memory
}

fn assert_close(case: &Case, what: &str, actual: &[f32], expected: &[f32]) {
    assert_eq!(actual.len(), expected.len(), "{} {what}", case.name);
    let largest = expected.iter().filter(|x| x.is_finite()).fold(1.0f32, |most, x| most.max(x.abs()));
    for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        let close = a == e || (a.is_nan() && e.is_nan()) || (a - e).abs() <= case.tolerance * largest;
        assert!(close, "{} {what}: [{i}] is {a}, not {e}", case.name);
    }
}

#[test]
fn kernels_agree_with_the_reference() {
    let cases = cases();
    let prepared: Vec<Prepared> = cases.iter().filter_map(prepare).collect();
    for family in FAMILIES {
        assert!(
            prepared.iter().any(|prepared| prepared.case.name.starts_with(family)),
            "{family} has no CPU kernel"
        );
    }
    for prepared in &prepared {
        for threads in [1, 3] {
            let actual = run(prepared, &Chain::empty(), &[], 0, threads);
            for (actual, expected) in actual.iter().zip(&prepared.expected) {
                assert_close(prepared.case, "alone", actual, expected);
            }
        }
    }
}

/// x ← hard_swish(x) + e₀, tapped; x ← e₁[c] − x; x ← 0.5 x + e₂[h, w], clamped
fn chain(first_input: usize, tap: usize) -> Chain {
    let binary = |kind, index, full, reversed| Link::Binary {
        kind,
        other: Other::Input { index: first_input + index, broadcast: Broadcast { full } },
        reversed,
    };
    let half = Link::Binary { kind: BinaryKind::Mul, other: Other::Scalar(0.5), reversed: false };
    Chain {
        links: vec![
            Link::Unary(Unary::HardSwish),
            binary(BinaryKind::Add, 0, [true; 4], false),
            Link::Tap(tap),
            binary(BinaryKind::Sub, 1, [false, false, false, true], true),
            half,
            binary(BinaryKind::Add, 2, [false, true, true, false], false),
            Link::Clamp(-1.5, 1.75),
        ],
    }
}

#[test]
fn kernels_apply_chains() {
    for case in &cases() {
        let Some(prepared) = prepare(case) else { continue };
        if !case.op.cpu_carries_epilogue(&operands(case, &prepared.outputs)) {
            continue;
        }
        let Some([n, h, w, c]) = nhwc(&prepared.outputs[0].shape) else { continue };
        let extra =
            [random(&[n, h, w, c], -1.0, 1.0), random(&[c], -1.0, 1.0), random(&[h, w, 1], -1.0, 1.0)];
        let reals: Vec<Vec<f32>> = extra.iter().map(|tensor| tensor.to_reals().expect("f32")).collect();
        let (mut tapped, mut expected) = (Vec::new(), Vec::new());
        for (i, &x) in prepared.expected[0].iter().enumerate() {
            let x = Unary::HardSwish.apply(x) + reals[0][i];
            tapped.push(x);
            let x = 0.5 * (reals[1][i % c] - x) + reals[2][i / c % (h * w)];
            expected.push(if x.is_nan() { x } else { x.clamp(-1.5, 1.75) });
        }
        let chain = chain(case.inputs.len(), prepared.outputs.len());
        for threads in [1, 3] {
            let actual = run(&prepared, &chain, &extra, 1, threads);
            assert_close(case, "chained", &actual[0], &expected);
            assert_close(case, "tapped", actual.last().expect("the tap"), &tapped);
        }
    }
}
