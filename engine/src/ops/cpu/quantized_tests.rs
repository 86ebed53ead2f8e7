//! The cases of f32 once more with operands of bytes: kernels of steps against the reference, and those of rounded reals against
//! the reference on what the reals are rounded to.

use super::quantizer::Grid;
use super::tests::{operands, outputs};
use crate::ops::case::{Case, Given, random_integers};
use crate::ops::{Chain, CpuIo, Op, cases};
use crate::pool::Pool;
use crate::tensor::{DType, Quantization, Tensor, TensorType};

fn reference(case: &Case, outputs: &[TensorType]) -> Option<Vec<Tensor>> {
    let inputs: Vec<Option<&Tensor>> =
        case.inputs.iter().map(|given| given.as_ref().map(|given| &given.tensor)).collect();
    case.op.reference(&inputs, outputs).ok()
}

/// The first output of the case's kernel, if it has one, and the kernel's name.
fn run(case: &Case, outputs: &[TensorType], threads: usize) -> Option<(Tensor, String)> {
    let kernel = case.op.cpu(&operands(case, outputs), &Chain::empty())?;
    let inputs = case
        .inputs
        .iter()
        .map(|given| given.as_ref().map_or(&[][..], |given| given.tensor.as_bytes()))
        .collect();
    let updated = case.op.updates().iter().filter_map(|&index| case.inputs[index].as_ref());
    let updated = updated.map(|given| given.tensor.ty().clone());
    let mut memory: Vec<Tensor> = outputs.iter().cloned().chain(updated).map(Tensor::zeros).collect();
    let mut scratch = vec![[0u64; 8]; kernel.scratch().div_ceil(64)];
    let mut io = CpuIo {
        inputs,
        outputs: memory.iter_mut().map(Tensor::as_bytes_mut).collect(),
        scratch: bytemuck::cast_slice_mut(&mut scratch),
    };
    kernel.run(&mut io, &Pool::new(threads));
    Some((memory.swap_remove(0), kernel.name()))
}

/// Where the weights' output channels are and where a bias is, for the operators that multiply with constant weights.
fn layer(op: &Op) -> Option<[usize; 2]> {
    match op {
        Op::Conv2d(_) | Op::FullyConnected(_) => Some([0, 2]),
        Op::DepthwiseConv2d(_) => Some([3, 2]),
        _ => None,
    }
}

fn is_f32(given: &Given) -> bool {
    given.tensor.dtype() == DType::F32
}

/// The integers of a type, all of them.
fn bytes(shape: &[usize], dtype: DType, quantization: Quantization) -> Tensor {
    let (low, high) = dtype.integer_range().expect("bytes");
    let ty = TensorType { quantization: Some(quantization), ..TensorType::new(dtype, shape) };
    random_integers(ty, low, high)
}

/// Weights with a scale for each channel, or unsigned ones with a zero point.
fn weight_bytes(tensor: &Tensor, dtype: DType, axis: usize) -> Tensor {
    let channels = tensor.shape()[axis];
    let scale = (0..channels).map(|i| 0.004 + 0.0007 * (i % 5) as f32).collect();
    let quantization = match dtype {
        DType::U8 => Quantization::per_tensor(0.006, 119),
        _ => Quantization { scale, zero_point: vec![0; channels], axis },
    };
    bytes(tensor.shape(), dtype, quantization)
}

/// The case with operands and a result of bytes.
fn stepped(case: &Case, dtype: DType) -> Option<Case> {
    let zero_point = if dtype == DType::U8 { 131 } else { -9 };
    let mut case = case.clone();
    if case.outputs.len() != 1
        || case.outputs[0].dtype != DType::F32
        || !case.inputs.iter().flatten().all(is_f32)
    {
        let only_axes = matches!(case.op, Op::Reduce(_));
        if !only_axes || case.outputs[0].dtype != DType::F32 {
            return None;
        }
    }
    // Pooling keeps its operand's steps.
    let pooling = matches!(case.op, Op::Pool2d(_));
    let scale = if pooling { 0.05 } else { 0.037 };
    case.outputs[0].dtype = dtype;
    case.outputs[0].quantization = Some(Quantization::per_tensor(scale, zero_point));
    let layer = layer(&case.op);
    for (index, given) in case.inputs.iter_mut().enumerate() {
        let Some(given) = given.as_mut().filter(|given| is_f32(given)) else { continue };
        given.tensor = match (layer, index) {
            (Some([axis, _]), 1) if given.constant => weight_bytes(&given.tensor, dtype, axis),
            (Some([_, bias]), at) if at == bias => {
                random_integers(TensorType::new(DType::I32, given.tensor.shape()), -3000, 3000)
            }
            (Some(_), 1) => return None,
            _ => bytes(given.tensor.shape(), dtype, Quantization::per_tensor(0.05, zero_point)),
        };
    }
    Some(case)
}

#[test]
fn kernels_of_bytes_agree_with_the_reference() {
    let mut ran = std::collections::BTreeMap::<String, usize>::new();
    for (case, dtype) in cases().iter().flat_map(|case| [(case, DType::I8), (case, DType::U8)]) {
        let Some(case) = stepped(case, dtype) else { continue };
        let Some(outputs) = outputs(&case) else { continue };
        let Some(expected) = reference(&case, &outputs) else { continue };
        // The exponential of vectors is a little off, which may be one step.
        let slack = if matches!(case.op, Op::Softmax(_)) { 1 } else { 0 };
        for threads in [1, 3] {
            let Some((got, kernel)) = run(&case, &outputs, threads) else { continue };
            *ran.entry(kernel.split('.').next().unwrap_or_default().to_string()).or_default() += 1;
            let expected = expected[0].to_integers().expect("bytes");
            let got = got.to_integers().expect("bytes");
            let off = expected.iter().zip(&got).position(|(a, b)| (a - b).abs() > slack);
            assert_eq!(off.map(|at| (expected[at], got[at])), None, "{} {dtype} by {kernel}", case.name);
        }
    }
    for kernel in ["conv2d_windows", "conv2d_pointwise", "depthwise_conv2d", "fully_connected", "pool2d_mean"]
    {
        assert!(ran.contains_key(kernel), "no case ran {kernel}, only {ran:?}");
    }
}

/// The input of a layer as it is rounded: each of `groups` equal parts to its own steps.
fn rounded(input: &Tensor, groups: usize) -> Tensor {
    let mut reals = input.to_reals().expect("f32");
    let size = (reals.len() / groups).max(1);
    for group in reals.chunks_mut(size) {
        let least = group.iter().copied().fold(0.0, f32::min);
        let greatest = group.iter().copied().fold(0.0, f32::max);
        let grid = Grid::of(least, greatest);
        for x in group {
            let step = ((*x * grid.inverse).round_ties_even() as i32 + grid.zero_point).clamp(-128, 127);
            *x = (step - grid.zero_point) as f32 * grid.scale;
        }
    }
    Tensor::from_slice(input.shape(), &reals).expect("as many reals")
}

#[test]
fn reals_meet_weights_of_bytes_as_they_are_rounded() {
    let mut ran = 0;
    for case in cases() {
        let Some([axis, _]) = layer(&case.op) else { continue };
        let mut case = case;
        let reals = case.inputs.iter().flatten().all(is_f32) && case.outputs[0].dtype == DType::F32;
        let Some([Some(input), Some(weights), ..]) = case.inputs.get_mut(..3).filter(|_| reals) else {
            continue;
        };
        if !weights.constant {
            continue;
        }
        weights.tensor = weight_bytes(&weights.tensor, DType::I8, axis);
        let depth = weights.tensor.shape()[1];
        let groups = match case.op {
            Op::FullyConnected(_) => input.tensor.len() / depth,
            _ => input.tensor.shape()[0],
        };
        let plain = rounded(&input.tensor, groups);
        let outputs = outputs(&case).expect("a known shape");
        let mut on_rounded = case.clone();
        if let Some(given) = &mut on_rounded.inputs[0] {
            given.tensor = plain;
        }
        let expected = reference(&on_rounded, &outputs).expect("a reference")[0].to_reals().expect("reals");
        let greatest = expected.iter().fold(1.0, |greatest: f32, x| greatest.max(x.abs()));
        for threads in [1, 3] {
            let (got, kernel) = run(&case, &outputs, threads).expect("a kernel");
            assert!(kernel.contains(".hybrid."), "{} runs {kernel}", case.name);
            for (got, expected) in got.to_reals().expect("reals").iter().zip(&expected) {
                assert!((got - expected).abs() <= 4e-6 * greatest, "{}: {got} is not {expected}", case.name);
            }
            ran += 1;
        }
    }
    assert!(ran > 40, "only {ran} runs");
}

#[test]
fn a_step_of_memory_meets_weights_of_bytes_as_its_operands_are_rounded() {
    let mut ran = 0;
    for mut case in cases() {
        let Op::Lstm(lstm) = &case.op else { continue };
        // A projection rounds what lies inside.
        if lstm.sequence || case.inputs[16].is_some() {
            continue;
        }
        for given in case.inputs[1..9].iter_mut().flatten() {
            given.tensor = bytes(given.tensor.shape(), DType::I8, Quantization::per_tensor(0.006, 0));
        }
        let outputs = outputs(&case).expect("a known shape");
        let Some((got, kernel)) = run(&case, &outputs, 1) else { continue };
        assert!(kernel.starts_with("lstm.hybrid."), "{} runs {kernel}", case.name);
        let mut on_rounded = case.clone();
        for index in [0, 18] {
            let Some(given) = &mut on_rounded.inputs[index] else { continue };
            given.tensor = rounded(&given.tensor, given.tensor.shape()[0]);
        }
        let expected = reference(&on_rounded, &outputs).expect("a reference")[0].to_reals().expect("reals");
        for (got, expected) in got.to_reals().expect("reals").iter().zip(&expected) {
            assert!((got - expected).abs() <= 4e-6, "{}: {got} is not {expected}", case.name);
        }
        ran += 1;
    }
    assert!(ran >= 3, "only {ran} runs");
}

#[test]
fn zero_is_a_step_of_every_grid() {
    assert_eq!(Grid::of(0.0, 0.0), Grid { scale: 1.0, inverse: 1.0, zero_point: 127 });
    assert_eq!(Grid::of(0.0, 255.0), Grid { scale: 1.0, inverse: 1.0, zero_point: -128 });
    assert_eq!(Grid::of(-255.0, 0.0), Grid { scale: 1.0, inverse: 1.0, zero_point: 127 });
    // Numbers on one side of zero have it among their steps.
    assert_eq!(Grid::of(51.0, 255.0), Grid::of(0.0, 255.0));
    assert_eq!(Grid::of(-1.0, 1.0).zero_point, 0);
}
