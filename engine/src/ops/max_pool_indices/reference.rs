use super::{MARGIN, MaxPoolIndices};
use crate::ops::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType};

pub fn pool(op: &MaxPoolIndices, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
    let ([Some(image), ..], [pooled, indices]) = (inputs, outputs) else {
        return Err(Refusal::new("it needs an input and two outputs"));
    };
    let (&[_, h, w, c], &[n, rows, columns, _]) = (image.shape(), &pooled.shape[..]) else {
        return Err(Refusal::new("its input and output should have rank 4"));
    };
    let x = image.as_slice::<f32>()?;
    let mut best = Vec::with_capacity(pooled.elements());
    let mut places = Vec::with_capacity(pooled.elements());
    for (batch, row) in (0..n).flat_map(|batch| (0..rows).map(move |row| (batch, row))) {
        for column in 0..columns {
            let taps: Vec<(usize, usize)> = op
                .window
                .taps(0, h, row)
                .flat_map(|(ky, y)| op.window.taps(1, w, column).map(move |(kx, x)| (ky, y, kx, x)))
                .map(|(ky, y, kx, x)| (ky * op.window.size[1] + kx, ((batch * h + y) * w + x) * c))
                .collect();
            for channel in 0..c {
                let values = taps.iter().map(|&(tap, pixel)| (tap, x[pixel + channel]));
                let greatest = values.reduce(|a, b| if b.1 > a.1 { b } else { a }).unwrap_or((0, 0.0));
                best.push(greatest.1);
                places.push(greatest.0 as f32 + MARGIN);
            }
        }
    }
    Ok(vec![Tensor::from_elements(pooled.clone(), &best)?, Tensor::from_elements(indices.clone(), &places)?])
}

pub fn unpool(op: &MaxPoolIndices, inputs: &[Option<&Tensor>], ty: &TensorType) -> Verdict<Vec<Tensor>> {
    let [Some(pooled), Some(indices)] = inputs[..] else {
        return Err(Refusal::new("it needs numbers and indices"));
    };
    let (&[n, h, w, c], &[_, rows, columns, _]) = (pooled.shape(), &ty.shape[..]) else {
        return Err(Refusal::new("its input and output should have rank 4"));
    };
    let [taps_y, taps_x] = op.window.size;
    let [top, left] = op.before([h, w], [rows, columns]);
    let (numbers, indices) = (pooled.as_slice::<f32>()?, indices.as_slice::<f32>()?);
    let mut image = vec![0.0; ty.elements()];
    for (i, (&number, &index)) in numbers.iter().zip(indices).enumerate().take(n * h * w * c) {
        let tap = index.trunc();
        if !(0.0..(taps_y * taps_x) as f32).contains(&tap) {
            continue;
        }
        let (pixel, channel, tap) = (i / c, i % c, tap as usize);
        let (batch, row, column) = (pixel / (h * w), pixel / w % h, pixel % w);
        let y = (row * op.window.stride[0] + tap / taps_x).checked_sub(top).filter(|&y| y < rows);
        let x = (column * op.window.stride[1] + tap % taps_x).checked_sub(left).filter(|&x| x < columns);
        if let (Some(y), Some(x)) = (y, x) {
            image[((batch * rows + y) * columns + x) * c + channel] = number;
        }
    }
    Ok(vec![Tensor::from_elements(ty.clone(), &image)?])
}
