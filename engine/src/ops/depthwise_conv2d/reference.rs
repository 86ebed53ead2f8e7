use super::DepthwiseConv2d;
use crate::ops::weighted::Weighted;
use crate::ops::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType};

/// The sum as the formula writes it, in f64.
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
    let bias = bias.first().copied().flatten();
    let weighted = Weighted::new([input, weights], bias, o, ty, conv.activation)?;
    let (x, k) = (&weighted.input, &weighted.weights);
    let window = conv.window(weights.shape());
    let mut y = Vec::with_capacity(ty.elements());
    let mut sums = vec![0.0; o];
    for (batch, row) in (0..n).flat_map(|batch| (0..rows).map(move |row| (batch, row))) {
        for column in 0..columns {
            sums.copy_from_slice(&weighted.bias);
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
            y.extend_from_slice(&sums);
        }
    }
    Ok(vec![weighted.output(ty, &y)?])
}
