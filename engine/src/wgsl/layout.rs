//! Between row-major `[n, h, w, c]` and texels of four channels.

/// Texels `n · slices × h × w` of row-major numbers; lanes past the last channel are zero.
pub fn texels_from_nhwc(values: &[f32], [n, h, w, c]: [usize; 4]) -> Vec<f32> {
    let slices = c.div_ceil(4);
    let mut texels = vec![0.0; n * slices * h * w * 4];
    for batch in 0..n {
        for pixel in 0..h * w {
            let from = (batch * h * w + pixel) * c;
            for (channel, &value) in values[from..from + c].iter().enumerate() {
                texels[((batch * slices + channel / 4) * h * w + pixel) * 4 + channel % 4] = value;
            }
        }
    }
    texels
}

/// Row-major numbers of texels.
pub fn nhwc_from_texels(texels: &[f32], [n, h, w, c]: [usize; 4]) -> Vec<f32> {
    let slices = c.div_ceil(4);
    let mut values = Vec::with_capacity(n * h * w * c);
    for batch in 0..n {
        for pixel in 0..h * w {
            let lane = |channel: usize| ((batch * slices + channel / 4) * h * w + pixel) * 4 + channel % 4;
            values.extend((0..c).map(|channel| texels[lane(channel)]));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::{nhwc_from_texels, texels_from_nhwc};

    #[test]
    fn texels_hold_every_number_once() {
        for shape in [[1, 1, 1, 1], [2, 3, 1, 5], [1, 2, 2, 8], [3, 1, 2, 3]] {
            let values: Vec<f32> = (0..shape.iter().product::<usize>()).map(|i| i as f32 + 1.0).collect();
            let texels = texels_from_nhwc(&values, shape);
            assert_eq!(texels.len() % 4, 0);
            assert_eq!(nhwc_from_texels(&texels, shape), values);
        }
    }
}
