use super::DepthwiseConv2d;
use crate::ops::operand::reals;
use crate::ops::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType};

/// The sum as the formula writes it, in f64 over reals.
pub fn run(conv: &DepthwiseConv2d, inputs: &[Option<&Tensor>], ty: &TensorType) -> Verdict<Vec<Tensor>> {
    let [Some(input), Some(weights), ref bias @ ..] = inputs[..] else {
        return Err(Refusal::new("it needs an input and weights"));
    };
    let (&[_, h, w, c], &[_, _, kw, o]) = (input.shape(), weights.shape()) else {
        return Err(Refusal::new("its input and weights should have rank 4"));
    };
    let &[n, rows, columns, _] = &ty.shape[..] else {
        return Err(Refusal::new("its output should have rank 4"));
    };
    let (x, k) = (reals(input)?, reals(weights)?);
    let bias = bias.first().copied().flatten().map(reals).transpose()?.unwrap_or_else(|| vec![0.0; o]);
    let window = conv.window(weights.shape());
    let mut y = Vec::with_capacity(ty.elements());
    let mut sums = vec![0.0; o];
    for (batch, row) in (0..n).flat_map(|batch| (0..rows).map(move |row| (batch, row))) {
        for column in 0..columns {
            sums.iter_mut().zip(&bias).for_each(|(sum, &b)| *sum = f64::from(b));
            for (ky, at_y) in window.taps(0, h, row) {
                for (kx, at_x) in window.taps(1, w, column) {
                    let pixel = &x[((batch * h + at_y) * w + at_x) * c..][..c];
                    let taps = &k[(ky * kw + kx) * o..][..o];
                    let each = sums.chunks_mut(o / c).zip(taps.chunks(o / c)).zip(pixel);
                    each.for_each(|((sums, taps), &value)| {
                        sums.iter_mut()
                            .zip(taps)
                            .for_each(|(sum, &tap)| *sum += f64::from(value) * f64::from(tap));
                    });
                }
            }
            y.extend(sums.iter().map(|&sum| conv.activation.apply(sum as f32)));
        }
    }
    Ok(vec![Tensor::from_reals(ty.clone(), &y)?])
}
