//! Sparse constants → dense ones.
//!
//! The dimensions of the tensor, and those of the blocks that some of them are cut into, are levels in the order of
//! the traversal. A dense level holds every index; a compressed one holds, for each position of the level before,
//! the indices from `segments[position]` to `segments[position + 1]`. The stored elements are those of the positions
//! of the last level, in order. Source: the comments of the schema, after "Format abstraction for sparse tensor
//! algebra compilers" (Chou, Kjolstad, Amarasinghe 2018).

use super::types::{Checked, Flaw};
use crate::schema::{DimensionMetadata, SparseIndex, Sparsity};
use crate::tensor::{self, TensorType};

/// How many dimensions a sparse tensor and its blocks may have together.
const MAX_LEVELS: usize = 64;

/// A level: how many indices it has at most, and how far apart they lie in the dense tensor, in elements.
struct Level<'a> {
    extent: usize,
    stride: usize,
    stored: &'a DimensionMetadata,
}

/// The bytes of the dense tensor of type `ty` whose `stored` elements lie as `sparsity` says; the others are 0.
pub fn dense(ty: &TensorType, sparsity: &Sparsity, stored: &[u8]) -> Checked<Vec<u8>> {
    let positions = positions(&levels(&ty.shape, sparsity)?, ty.elements())?;
    let size = ty.dtype.size();
    if stored.len() != positions.len() * size {
        let (expected, actual) = (positions.len() * size, stored.len());
        return Err(Flaw::malformed(format!(
            "has sparse elements of {actual} bytes, its layout takes {expected}"
        )));
    }
    let mut bytes = vec![0; ty.bytes()];
    for (position, element) in positions.into_iter().zip(stored.chunks_exact(size)) {
        bytes[position * size..(position + 1) * size].copy_from_slice(element);
    }
    Ok(bytes)
}

fn levels<'a>(shape: &[usize], sparsity: &'a Sparsity) -> Checked<Vec<Level<'a>>> {
    let (order, stored) = (&sparsity.traversal_order, &sparsity.dim_metadata);
    if order.len() > MAX_LEVELS {
        return Err(Flaw::unsupported(format!("is sparse in {} dimensions", order.len())));
    }
    let mut sorted = order.clone();
    sorted.sort_unstable();
    let rank = shape.len();
    let permutation =
        sorted.iter().enumerate().all(|(place, &dimension)| usize::try_from(dimension) == Ok(place));
    if !permutation || order.len() != stored.len() || order.len() != rank + sparsity.block_map.len() {
        return Err(contradiction("its traversal does not visit each dimension once"));
    }
    let blocks = blocks(shape, sparsity)?;
    let strides = tensor::strides(shape);
    let level = |(&dimension, stored)| match (dimension as usize).checked_sub(rank) {
        None => {
            let dimension = dimension as usize;
            let block = blocks.iter().find(|block| block.0 == dimension).map_or(1, |block| block.1);
            Level { extent: shape[dimension] / block, stride: strides[dimension] * block, stored }
        }
        Some(block) => Level { extent: blocks[block].1, stride: strides[blocks[block].0], stored },
    };
    Ok(order.iter().zip(stored).map(level).collect())
}

/// For each dimension of the blocks, the tensor's dimension that it divides and its extent.
fn blocks(shape: &[usize], sparsity: &Sparsity) -> Checked<Vec<(usize, usize)>> {
    let mut blocks: Vec<(usize, usize)> = Vec::with_capacity(sparsity.block_map.len());
    for (block, &divided) in sparsity.block_map.iter().enumerate() {
        let level =
            sparsity.traversal_order.iter().position(|&dimension| dimension as usize == shape.len() + block);
        let size = match level.map(|level| &sparsity.dim_metadata[level]) {
            Some(&DimensionMetadata::Dense { size }) => usize::try_from(size).unwrap_or(0),
            _ => 0,
        };
        let divided = usize::try_from(divided).ok().filter(|&divided| divided < shape.len());
        let fits = |&divided: &usize| size > 0 && shape[divided].is_multiple_of(size);
        match divided.filter(fits).filter(|&divided| blocks.iter().all(|block| block.0 != divided)) {
            Some(divided) => blocks.push((divided, size)),
            None => return Err(contradiction("its blocks do not divide its dimensions")),
        }
    }
    Ok(blocks)
}

/// Where in a dense tensor of `elements` elements each stored element lies.
fn positions(levels: &[Level<'_>], elements: usize) -> Checked<Vec<usize>> {
    let mut positions = vec![0];
    for Level { extent, stride, stored } in levels {
        positions = match stored {
            DimensionMetadata::Dense { size } => {
                if usize::try_from(*size) != Ok(*extent) || positions.len().saturating_mul(*extent) > elements
                {
                    return Err(contradiction("a dense dimension has the wrong extent"));
                }
                let children = |position| (0..*extent).map(move |index| position + index * stride);
                positions.into_iter().flat_map(children).collect()
            }
            DimensionMetadata::Compressed { segments, indices } => {
                compressed(&positions, segments, indices, *extent, *stride)?
            }
        };
    }
    Ok(positions)
}

fn compressed(
    positions: &[usize],
    segments: &SparseIndex,
    indices: &SparseIndex,
    extent: usize,
    stride: usize,
) -> Checked<Vec<usize>> {
    let (segments, indices) = (segments.to_vec(), indices.to_vec());
    let whole = segments.first() == Some(&0) && segments.last() == Some(&(indices.len() as i64));
    if segments.len() != positions.len() + 1 || !whole || !segments.is_sorted() {
        return Err(contradiction("its segments do not cover its indices once"));
    }
    if indices.iter().any(|&index| index < 0 || index >= extent as i64) {
        return Err(contradiction("an index leaves its dimension"));
    }
    let children = |(position, segment): (&usize, &[i64])| {
        let position = *position;
        indices[segment[0] as usize..segment[1] as usize]
            .iter()
            .map(move |&index| position + index as usize * stride)
    };
    Ok(positions.iter().zip(segments.windows(2)).flat_map(children).collect())
}

fn contradiction(reason: &str) -> Flaw {
    Flaw::malformed(format!("has a sparse layout that contradicts itself: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    fn compressed(segments: &[u8], indices: &[u8]) -> DimensionMetadata {
        let (segments, indices) = (SparseIndex::U8(segments.to_vec()), SparseIndex::U8(indices.to_vec()));
        DimensionMetadata::Compressed { segments, indices }
    }

    fn matrix(shape: [usize; 2]) -> TensorType {
        TensorType::new(DType::U8, shape)
    }

    #[test]
    fn rows_of_compressed_columns() {
        let dim_metadata = vec![DimensionMetadata::Dense { size: 3 }, compressed(&[0, 2, 2, 3], &[0, 3, 1])];
        let sparsity = Sparsity { traversal_order: vec![0, 1], block_map: vec![], dim_metadata };
        let bytes = dense(&matrix([3, 4]), &sparsity, &[7, 8, 9]).expect("three elements");
        assert_eq!(bytes, [7, 0, 0, 8, 0, 0, 0, 0, 0, 9, 0, 0]);
    }

    #[test]
    fn columns_before_rows() {
        let dim_metadata = vec![DimensionMetadata::Dense { size: 2 }, compressed(&[0, 1, 2], &[2, 0])];
        let sparsity = Sparsity { traversal_order: vec![1, 0], block_map: vec![], dim_metadata };
        let bytes = dense(&matrix([3, 2]), &sparsity, &[7, 8]).expect("two elements");
        assert_eq!(bytes, [0, 8, 0, 0, 7, 0]);
    }

    #[test]
    fn blocks_of_two_by_two() {
        let block = || DimensionMetadata::Dense { size: 2 };
        let dim_metadata = vec![block(), compressed(&[0, 1, 2], &[1, 0]), block(), block()];
        let sparsity = Sparsity { traversal_order: vec![0, 1, 2, 3], block_map: vec![0, 1], dim_metadata };
        let bytes = dense(&matrix([4, 4]), &sparsity, &[1, 2, 3, 4, 5, 6, 7, 8]).expect("two blocks");
        assert_eq!(bytes, [0, 0, 1, 2, 0, 0, 3, 4, 5, 6, 0, 0, 7, 8, 0, 0]);
    }

    #[test]
    fn contradictions_are_refused() {
        let rows = |columns| Sparsity {
            traversal_order: vec![0, 1],
            block_map: vec![],
            dim_metadata: vec![DimensionMetadata::Dense { size: 2 }, columns],
        };
        let wrong = [
            rows(compressed(&[0, 1], &[0])),
            rows(compressed(&[0, 2, 1], &[0])),
            rows(compressed(&[0, 0, 2], &[0])),
            rows(compressed(&[0, 1, 1], &[3])),
            rows(DimensionMetadata::Dense { size: 4 }),
            Sparsity { traversal_order: vec![0, 0], ..rows(compressed(&[0, 1, 1], &[0])) },
            Sparsity { block_map: vec![0], ..rows(compressed(&[0, 1, 1], &[0])) },
        ];
        for sparsity in wrong {
            assert!(dense(&matrix([2, 3]), &sparsity, &[1]).is_err(), "{sparsity:?}");
        }
        assert!(dense(&matrix([2, 3]), &rows(compressed(&[0, 1, 1], &[2])), &[1]).is_ok());
        assert!(dense(&matrix([2, 3]), &rows(compressed(&[0, 1, 1], &[2])), &[1, 2]).is_err());
    }
}
