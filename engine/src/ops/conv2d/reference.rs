use super::Conv2d;
use crate::ops::weighted::Weighted;
use crate::ops::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType};

/// The sum as the formula writes it, in f64.
pub fn run(conv: &Conv2d, inputs: &[Option<&Tensor>], ty: &TensorType) -> Verdict<Vec<Tensor>> {
    let [Some(input), Some(weights), ref bias @ ..] = inputs[..] else {
        return Err(Refusal::new("it needs an input and weights"));
    };
    let (&[_, h, w, c], &[o, kh, kw, i]) = (input.shape(), weights.shape()) else {
        return Err(Refusal::new("its input and weights should have rank 4"));
    };
    let bias = bias.first().copied().flatten();
    let sums = Weighted::new([input, weights], bias, o, ty, conv.activation)?;
    let (x, k) = (&sums.input, &sums.weights);
    let window = conv.window(weights.shape());
    let (top, left) = (window.before(0, h), window.before(1, w));
    let per_group = o / (c / i);
    let &[n, rows, columns, _] = &ty.shape[..] else {
        return Err(Refusal::new("its output should have rank 4"));
    };
    let mut y = Vec::with_capacity(ty.elements());
    for (batch, row, column, out) in places([n, rows, columns, o]) {
        let mut sum = sums.bias[out];
        for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
            let at_y = (row * conv.stride[0] + ky * conv.dilation[0]).checked_sub(top).filter(|&at| at < h);
            let at_x =
                (column * conv.stride[1] + kx * conv.dilation[1]).checked_sub(left).filter(|&at| at < w);
            let (Some(at_y), Some(at_x)) = (at_y, at_x) else { continue };
            let from = ((batch * h + at_y) * w + at_x) * c + out / per_group * i;
            let taps = ((out * kh + ky) * kw + kx) * i;
            let products = x[from..from + i].iter().zip(&k[taps..taps + i]);
            sum += products.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
        }
        y.push(sum);
    }
    Ok(vec![sums.output(ty, &y)?])
}

/// All places of an `[n, h, w, c]` tensor in row-major order.
fn places([n, h, w, c]: [usize; 4]) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..n * h * w * c).map(move |i| (i / (h * w * c), i / (w * c) % h, i / c % w, i % c))
}
