//! The register tile of a product of bytes: `R` rows by `V` vectors of columns.

use std::mem::MaybeUninit;

use super::Finish;
use crate::simd::{Integers, VectorizedIntegers};

/// One call of the inner kernel: `tiles` tiles of rows, from row `first` of the strip on.
pub(super) struct Call<'a, F: Finish> {
    /// The strip's row 0, and the bytes from a row to the next.
    pub rows: *const u8,
    pub stride: usize,
    pub first: usize,
    pub tiles: usize,
    /// Quads of a row.
    pub quads: usize,
    /// The panel's quads.
    pub weights: *const u8,
    /// What each column's sum starts from.
    pub starts: *const i32,
    /// For each row of the strip a factor of the start and what is added to it; null for one and zero.
    pub terms: *const [i32; 2],
    /// The output's element of the strip's row 0 and the panel's column 0, and the distance of its rows.
    pub to: *mut F::Element,
    pub to_stride: usize,
    /// Where that element lies in the product.
    pub row: usize,
    pub column: usize,
    /// Columns to write.
    pub columns: usize,
    pub finish: &'a F,
}

/// Runs the kernel of `rows` rows for a panel of `vectors` vectors.
///
/// # Safety
/// Every pointer of the call is valid for what its description says: `first + tiles · rows` rows of `quads` quads, as many terms where
/// there are any, `quads` rows of `vectors` vectors of weights, starts of as many vectors, and for each row `columns` writable
/// elements with `(vectors − 1) · LANES < columns ≤ vectors · LANES`.
#[inline(always)]
pub(super) unsafe fn run<N: Integers, F: Finish>(n: N, rows: usize, vectors: usize, call: Call<'_, F>) {
    match vectors {
        1 => with_vectors::<N, F, 1>(n, rows, call),
        2 => with_vectors::<N, F, 2>(n, rows, call),
        _ => unreachable!("no instruction set has more than two vectors in a tile's row"),
    }
}

#[inline(always)]
fn with_vectors<N: Integers, F: Finish, const V: usize>(n: N, rows: usize, call: Call<'_, F>) {
    macro_rules! with_rows {
        ($($rows:literal)+) => {
            match rows {
                $($rows if $rows <= N::TILE_ROWS => n.vectorize(Micro::<F, $rows, V>(call)),)+
                _ => unreachable!("a tile should have at most the rows of its instruction set"),
            }
        };
    }
    with_rows!(1 2 3 4 5 6 7 8 9 10 11 12)
}

struct Micro<'a, F: Finish, const R: usize, const V: usize>(Call<'a, F>);

impl<F: Finish, const R: usize, const V: usize> VectorizedIntegers for Micro<'_, F, R, V> {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, n: N) {
        let call = self.0;
        for first in (call.first..call.first + call.tiles * R).step_by(R) {
            // SAFETY: `run` passes its caller's promise on, for the rows of this tile.
            unsafe { tile::<N, F, R, V>(n, &call, first) };
        }
    }
}

/// # Safety
/// As for [`run`], for rows `first .. first + R`.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "rows and vectors are positions in several arrays at once")]
unsafe fn tile<N: Integers, F: Finish, const R: usize, const V: usize>(
    n: N,
    call: &Call<'_, F>,
    first: usize,
) {
    let last = call.columns - (V - 1) * N::LANES;
    // SAFETY: all offsets stay within what the caller promises.
    unsafe {
        let mut sums = [[n.splat(0); V]; R];
        for r in 0..R {
            for v in 0..V {
                sums[r][v] = n.load(call.starts.add(v * N::LANES));
            }
        }
        if !call.terms.is_null() {
            for r in 0..R {
                let [factor, term] = *call.terms.add(first + r);
                for v in 0..V {
                    sums[r][v] = n.add(n.mul(sums[r][v], n.splat(factor)), n.splat(term));
                }
            }
        }
        let rows = call.rows.add(first * call.stride);
        let mut weights = call.weights;
        for quad in 0..call.quads {
            let mut w = [n.right(n.splat_byte(0)); V];
            for v in 0..V {
                w[v] = n.right(n.load_bytes(weights.add(v * 4 * N::LANES)));
            }
            weights = weights.add(V * 4 * N::LANES);
            for r in 0..R {
                let a = n.left(n.splat_quad(rows.add(r * call.stride + 4 * quad)));
                for v in 0..V {
                    sums[r][v] = n.dot(sums[r][v], a, w[v]);
                }
            }
        }
        // What becomes of the sums is too long a loop to be unrolled: it reads them from memory of their own, so that they are
        // in registers until here.
        let mut kept = MaybeUninit::<[[N::I32; V]; R]>::uninit();
        let kept = kept.as_mut_ptr().cast::<N::I32>();
        for r in 0..R {
            for v in 0..V {
                kept.add(r * V + v).write(sums[r][v]);
            }
        }
        for r in 0..R {
            for v in 0..V {
                let column = v * N::LANES;
                let to = call.to.add((first + r) * call.to_stride + column);
                let count = if v + 1 == V { last } else { N::LANES };
                let sums = kept.add(r * V + v).read();
                call.finish.store(n, sums, to, call.row + first + r, call.column + column, count);
            }
        }
    }
}
