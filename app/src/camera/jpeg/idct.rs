//! The inverse discrete cosine transform of 8 × 8 coefficients, in integers of 13 bits' precision: Loeffler,
//! Ligtenberg and Moschytz, *Practical fast 1-D DCT algorithms with 11 multiplications* (ICASSP 1989), arranged and
//! rounded as in libjpeg's accurate transform, so that both give the same samples.

/// Eight lanes: a row of the block, of which every column is transformed at once.
type Lanes = [i32; 8];

const PRECISION: i32 = 13;

/// Bits that the first pass keeps beyond whole numbers.
const KEPT: i32 = 2;

/// The samples of a block: `coefficients` in rows, already multiplied by the quantization table; `out` begins at
/// the block's first sample and has rows `stride` apart.
pub fn samples(coefficients: &[i32; 64], out: &mut [u8], stride: usize) {
    if coefficients[1..].iter().all(|&coefficient| coefficient == 0) {
        let value = ((coefficients[0] + 4) >> 3) + 128;
        let value = value.clamp(0, 255) as u8;
        for row in out.chunks_mut(stride).take(8) {
            row[..8].fill(value);
        }
        return;
    }
    let mut rows = [[0; 8]; 8];
    for (row, values) in rows.iter_mut().zip(coefficients.chunks_exact(8)) {
        row.copy_from_slice(values);
    }
    let columns = transposed(&pass(&rows, PRECISION - KEPT));
    let rows = transposed(&pass(&columns, PRECISION + KEPT + 3));
    for (row, values) in out.chunks_mut(stride).zip(&rows) {
        for (sample, value) in row.iter_mut().zip(values) {
            *sample = (value + 128).clamp(0, 255) as u8;
        }
    }
}

fn transposed(block: &[Lanes; 8]) -> [Lanes; 8] {
    std::array::from_fn(|row| std::array::from_fn(|column| block[column][row]))
}

/// One dimension of the transform along the first index, divided by two to the power of `shift` and rounded.
fn pass(input: &[Lanes; 8], shift: i32) -> [Lanes; 8] {
    let mut output = [[0; 8]; 8];
    for lane in 0..8 {
        let value = |index: usize| input[index][lane];
        let shared = (value(2).wrapping_add(value(6))).wrapping_mul(4433);
        let low = shared.wrapping_sub(value(6).wrapping_mul(15137));
        let high = shared.wrapping_add(value(2).wrapping_mul(6270));
        let sum = value(0).wrapping_add(value(4)) << PRECISION;
        let difference = value(0).wrapping_sub(value(4)) << PRECISION;
        let even = [
            sum.wrapping_add(high),
            difference.wrapping_add(low),
            difference.wrapping_sub(low),
            sum.wrapping_sub(high),
        ];
        let odd = odd_part([value(7), value(5), value(3), value(1)]);
        let half = 1 << (shift - 1);
        for index in 0..4 {
            output[index][lane] = (even[index].wrapping_add(odd[3 - index]).wrapping_add(half)) >> shift;
            output[7 - index][lane] = (even[index].wrapping_sub(odd[3 - index]).wrapping_add(half)) >> shift;
        }
    }
    output
}

/// The rotations of the coefficients 7, 5, 3 and 1.
fn odd_part([a, b, c, d]: [i32; 4]) -> [i32; 4] {
    let both = (a.wrapping_add(c)).wrapping_add(b.wrapping_add(d)).wrapping_mul(9633);
    let first = a.wrapping_add(d).wrapping_mul(-7373);
    let second = b.wrapping_add(c).wrapping_mul(-20995);
    let third = a.wrapping_add(c).wrapping_mul(-16069).wrapping_add(both);
    let fourth = b.wrapping_add(d).wrapping_mul(-3196).wrapping_add(both);
    [
        a.wrapping_mul(2446).wrapping_add(first).wrapping_add(third),
        b.wrapping_mul(16819).wrapping_add(second).wrapping_add(fourth),
        c.wrapping_mul(25172).wrapping_add(second).wrapping_add(third),
        d.wrapping_mul(12299).wrapping_add(first).wrapping_add(fourth),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// The transform's definition: ITU-T T.81, A.3.3.
    fn reference(coefficients: &[i32; 64], x: usize, y: usize) -> f64 {
        let scale = |index: usize| if index == 0 { 0.5f64.sqrt() } else { 1.0 };
        let wave = |at: usize, index: usize| ((2 * at + 1) as f64 * index as f64 * PI / 16.0).cos();
        let term = |index: usize| {
            let (u, v) = (index % 8, index / 8);
            scale(u) * scale(v) * f64::from(coefficients[index]) * wave(x, u) * wave(y, v)
        };
        (0..64).map(term).sum::<f64>() / 4.0 + 128.0
    }

    #[test]
    fn samples_are_those_of_the_definition() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i32 % 2001 - 1000
        };
        for kept in [1, 2, 6, 20, 64] {
            let coefficients: [i32; 64] = std::array::from_fn(|index| {
                let value = noise();
                if index < kept { value / (1 + index as i32 / 4) } else { 0 }
            });
            let mut block = [0; 64];
            samples(&coefficients, &mut block, 8);
            for (index, &sample) in block.iter().enumerate() {
                let want = reference(&coefficients, index % 8, index / 8).clamp(0.0, 255.0);
                assert!((f64::from(sample) - want).abs() <= 1.0, "{kept} at {index}: {sample} for {want}");
            }
        }
    }
}
