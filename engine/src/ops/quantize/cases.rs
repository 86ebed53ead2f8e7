use super::Quantize;
use crate::ops::case::{Case, random, random_integers, values};
use crate::tensor::{DType, Quantization, Tensor, TensorType};

/// Every integer type, per tensor and per channel, halves, and steps to other steps.
pub fn cases() -> Vec<Case> {
    let quantized = |dtype, shape: &[usize], scale, zero_point| TensorType {
        quantization: Some(Quantization::per_tensor(scale, zero_point)),
        ..TensorType::new(dtype, shape)
    };
    let mut cases = Vec::new();
    let types = [(DType::I4, 0), (DType::I8, 3), (DType::U8, 128), (DType::I16, 0), (DType::I32, 0)];
    for (dtype, zero_point) in types {
        let (low, high) = dtype.integer_range().unwrap_or((0, 0));
        let scale = 2.5 / (high as f32 - low as f32);
        for shape in [&[1, 3, 5, 7][..], &[2, 7, 6], &[5, 3], &[9], &[]] {
            let ty = quantized(dtype, shape, scale, zero_point);
            let reals = vec![values(random(shape, -1.5, 1.5))];
            let case = Case::new(format!("{dtype} of {shape:?}"), Quantize::Quantize, reals);
            cases.push(case.outputs(vec![ty.clone()]));
            let integers = vec![values(random_integers(ty, low.max(-1000), high.min(1000)))];
            cases.push(Case::new(format!("{dtype} to reals {shape:?}"), Quantize::Dequantize, integers));
        }
    }
    for axis in 0..4 {
        let shape = [3, 2, 5, 7];
        let scales = (1..=shape[axis]).map(|i| 0.01 * i as f32).collect();
        let q = Quantization { scale: scales, zero_point: vec![0; shape[axis]], axis };
        let ty = TensorType { quantization: Some(q), ..TensorType::new(DType::I8, shape) };
        let integers = vec![values(random_integers(ty.clone(), -128, 127))];
        cases.push(Case::new(format!("axis {axis} to reals"), Quantize::Dequantize, integers));
        let case =
            Case::new(format!("axis {axis}"), Quantize::Quantize, vec![values(random(&shape, -1.0, 1.0))]);
        cases.push(case.outputs(vec![ty]));
    }
    let pairs =
        [(DType::I8, DType::U8), (DType::U8, DType::I8), (DType::I16, DType::I8), (DType::I8, DType::I16)];
    for (from, to) in pairs {
        let (low, high) = from.integer_range().unwrap_or((0, 0));
        let input = random_integers(quantized(from, &[1, 5, 3, 7], 0.02, (low + high + 1) / 2), low, high);
        let case = Case::new(format!("{from} to {to}"), Quantize::Quantize, vec![values(input)]);
        let (low, high) = to.integer_range().unwrap_or((0, 0));
        cases.push(case.outputs(vec![quantized(to, &[], 0.03, (low + high + 1) / 2)]));
    }
    for shape in [&[1, 3, 5, 7][..], &[6]] {
        let reals = random(shape, -3.0, 3.0).to_reals().unwrap_or_default();
        let halves: Vec<half::f16> = reals.iter().map(|&v| half::f16::from_f32(v)).collect();
        let halves = Tensor::from_slice(shape, &halves).expect("as many numbers as the shape holds");
        cases.push(Case::new(format!("f16 to f32 {shape:?}"), Quantize::Dequantize, vec![values(halves)]));
    }
    cases
}
