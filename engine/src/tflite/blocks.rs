//! Constants with one scale a block → reals.
//!
//! A block is `block_size` consecutive elements of a row of the innermost dimension; the scales, halves or f32, stand
//! in the same order as the blocks. Integers stand for reals symmetrically, as LiteRT's kernels take them:
//! real = scale · integer.

use super::types::{Checked, Flaw};
use crate::tensor::{DType, Tensor, TensorType};

/// The reals that `integers` stand for with one of `scales` a block.
pub fn reals(integers: &Tensor, scales: &Tensor, block_size: i32) -> Checked<Tensor> {
    let row = integers.shape().last().copied().unwrap_or(0);
    let block = usize::try_from(block_size).ok().filter(|&block| block > 0 && row.is_multiple_of(block));
    let block =
        block.ok_or_else(|| Flaw::malformed(format!("has blocks of {block_size} in rows of {row}")))?;
    let blocks = integers.len() / block;
    let halves_or_reals = matches!(scales.dtype(), DType::F16 | DType::F32);
    let factors = scales.to_reals().filter(|factors| halves_or_reals && factors.len() == blocks);
    let factors = factors
        .ok_or_else(|| Flaw::malformed(format!("has {blocks} blocks but the scales {}", scales.ty())))?;
    let plain = integers.to_integers();
    let plain = plain.ok_or_else(|| Flaw::malformed("has scales by blocks but is not of integers"))?;
    let pairs = plain.chunks(block).zip(factors);
    let reals: Vec<f32> =
        pairs.flat_map(|(block, factor)| block.iter().map(move |&integer| integer as f32 * factor)).collect();
    Ok(Tensor::from_elements(TensorType::f32(integers.shape()), &reals)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_of_a_row_has_its_scale() {
        let ty = TensorType::new(DType::I4, [2, 4]);
        let integers =
            Tensor::from_elements::<i8>(ty, &[1, 2, 3, 4, -1, -2, -3, -4]).expect("eight elements");
        let scales = Tensor::from_slice([2, 2], &[1.0_f32, 0.5, 2.0, 0.25]).expect("four scales");
        let reals = reals(&integers, &scales, 2).expect("four blocks");
        let expected = [1.0, 2.0, 1.5, 2.0, -2.0, -4.0, -0.75, -1.0];
        assert_eq!(reals.as_slice::<f32>().expect("of f32"), expected);
        assert!(super::reals(&integers, &scales, 3).is_err());
        assert!(super::reals(&integers, &scales, 4).is_err());
        assert!(super::reals(&integers, &scales, 0).is_err());
        assert!(super::reals(&integers, &integers, 1).is_err());
    }
}
