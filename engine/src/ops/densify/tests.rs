use super::expand;
use crate::schema::{DimensionMetadata, SparseIndex, Sparsity};

fn dense(size: i32) -> DimensionMetadata {
    DimensionMetadata::Dense { size }
}

fn compressed(segments: &[i32], indices: &[u8]) -> DimensionMetadata {
    DimensionMetadata::Compressed {
        segments: SparseIndex::I32(segments.to_vec()),
        indices: SparseIndex::U8(indices.to_vec()),
    }
}

/// [[1, 0, 0], [0, 0, 2], [3, 0, 4]] by rows.
fn rows() -> Sparsity {
    Sparsity {
        traversal_order: vec![0, 1],
        block_map: vec![],
        dim_metadata: vec![dense(3), compressed(&[0, 1, 2, 4], &[0, 2, 0, 2])],
    }
}

#[test]
fn compressed_rows_expand() {
    assert_eq!(expand(&rows(), &[3, 3], 1, &[1, 2, 3, 4]), Ok(vec![1, 0, 0, 0, 0, 2, 3, 0, 4]));
    assert_eq!(
        expand(&rows(), &[3, 3], 2, &[1, 1, 2, 2, 3, 3, 4, 4]),
        Ok(vec![1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 3, 3, 0, 0, 4, 4])
    );
}

#[test]
fn compressed_columns_expand() {
    let columns = Sparsity { traversal_order: vec![1, 0], ..rows() };
    assert_eq!(expand(&columns, &[3, 3], 1, &[1, 2, 3, 4]), Ok(vec![1, 0, 3, 0, 0, 0, 0, 2, 4]));
}

#[test]
fn blocks_expand() {
    // Four rows of two blocks of 1 × 2: the second block of row 0, the first of rows 1 and 3.
    let blocks = Sparsity {
        traversal_order: vec![0, 1, 2],
        block_map: vec![1],
        dim_metadata: vec![dense(4), compressed(&[0, 1, 2, 2, 3], &[1, 0, 0]), dense(2)],
    };
    let expected = vec![0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 5, 6, 0, 0];
    assert_eq!(expand(&blocks, &[4, 4], 1, &[1, 2, 3, 4, 5, 6]), Ok(expected));
}

#[test]
fn contradictions_are_refused() {
    let with = |dim_metadata| Sparsity { dim_metadata, ..rows() };
    assert!(expand(&rows(), &[3, 3], 1, &[1, 2, 3]).is_err(), "a value is missing");
    assert!(expand(&rows(), &[3, 2], 1, &[1, 2, 3, 4]).is_err(), "an index is past the columns");
    assert!(expand(&rows(), &[2, 3], 1, &[1, 2, 3, 4]).is_err(), "the rows are two");
    assert!(
        expand(&with(vec![dense(3), compressed(&[0, 2, 1, 4], &[0, 2, 0, 2])]), &[3, 3], 1, &[0; 4]).is_err()
    );
    assert!(
        expand(&with(vec![dense(3), compressed(&[0, 1, 2, 9], &[0, 2, 0, 2])]), &[3, 3], 1, &[0; 4]).is_err()
    );
    assert!(expand(&with(vec![dense(3)]), &[3, 3], 1, &[0; 4]).is_err());
    let huge = with(vec![dense(i32::MAX), dense(i32::MAX)]);
    assert!(expand(&huge, &[3, 3], 1, &[0; 4]).is_err());
}
