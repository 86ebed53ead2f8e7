use super::TransposeConv;
use crate::ops::weighted::Weighted;
use crate::ops::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType};

/// The sum as the formula writes it, in f64.
pub fn run(conv: &TransposeConv, inputs: &[Option<&Tensor>], ty: &TensorType) -> Verdict<Tensor> {
    let [image, weights, bias] = conv.form.operands().map(|index| inputs.get(index).copied().flatten());
    let (Some(image), Some(weights)) = (image, weights) else {
        return Err(Refusal::new("it needs an input and weights"));
    };
    let (&[n, h, w, c], &[o, kh, kw, _], &[_, rows, columns, _]) =
        (image.shape(), weights.shape(), &ty.shape[..])
    else {
        return Err(Refusal::new("its input, weights and output should have rank 4"));
    };
    let weighted = Weighted::new([image, weights], bias, o, ty, conv.activation)?;
    let (x, k) = (&weighted.input, &weighted.weights);
    let mut sums: Vec<f64> = weighted.bias.iter().copied().cycle().take(ty.elements()).collect();
    let before = conv.before([h, w], [rows, columns], weights.shape());
    let landed = |axis: usize, at: usize, tap: usize, extent: usize| {
        (at * conv.stride[axis] + tap).checked_sub(before[axis]).filter(|&place| place < extent)
    };
    for (row, column) in (0..n * h).flat_map(|row| (0..w).map(move |column| (row, column))) {
        let pixel = &x[(row * w + column) * c..][..c];
        let (batch, row) = (row / h, row % h);
        for ky in 0..kh {
            let Some(to_y) = landed(0, row, ky, rows) else { continue };
            for kx in 0..kw {
                let Some(to_x) = landed(1, column, kx, columns) else { continue };
                let results = &mut sums[((batch * rows + to_y) * columns + to_x) * o..][..o];
                for (out, result) in results.iter_mut().enumerate() {
                    let taps = &k[((out * kh + ky) * kw + kx) * c..][..c];
                    *result +=
                        pixel.iter().zip(taps).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
                }
            }
        }
    }
    weighted.output(ty, &sums)
}
