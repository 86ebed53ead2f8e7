//! The register tile: `R` rows by `V` vectors of columns, summed over segments.

use crate::simd::{Simd, Vectorized};

/// The most rows a tile has on any instruction set.
pub(super) const MAX_ROWS: usize = 12;

/// One call of the inner kernel.
#[derive(Clone, Copy)]
pub(super) struct Call {
    /// Where the segments begin, see [`Rows`].
    pub table: *const *const f32,
    pub rows: Rows,
    pub segments: usize,
    /// Floats of a segment.
    pub length: usize,
    /// A row of the panel for each float of the segments.
    pub weights: *const f32,
    /// The panel's bias; null to go on from what the output holds.
    pub bias: *const f32,
    /// The first float of row 0 of the output, and the distance of its rows.
    pub to: *mut f32,
    pub stride: usize,
    /// Columns to write.
    pub columns: usize,
    pub clamp: [f32; 2],
}

/// How the table leads to the rows of the left operand.
#[derive(Clone, Copy)]
pub(super) enum Rows {
    /// One tile. For each segment the table has a pointer for each row.
    Listed,
    /// `tiles` tiles from row `first` on. For each segment the table has the pointer of row 0; each other one lies `stride` further.
    Strided { first: usize, tiles: usize, stride: usize },
}

/// Runs the kernel of `rows` rows for a panel of `vectors` vectors.
///
/// # Safety
/// Every pointer of the call is valid for what its description says: the table leads to `length` readable floats for each
/// segment and row of each tile; there are `segments · length` rows of `vectors` vectors of weights and one of bias;
/// each row of the output has `columns` writable floats with `(vectors − 1) · LANES < columns ≤ vectors · LANES`.
#[inline(always)]
pub(super) unsafe fn run<S: Simd>(simd: S, rows: usize, vectors: usize, call: Call) {
    match vectors {
        1 => with_vectors::<S, 1>(simd, rows, call),
        2 => with_vectors::<S, 2>(simd, rows, call),
        _ => unreachable!("no instruction set has more than two vectors in a tile's row"),
    }
}

#[inline(always)]
fn with_vectors<S: Simd, const V: usize>(simd: S, rows: usize, call: Call) {
    macro_rules! with_rows {
        ($($rows:literal)+) => {
            match rows {
                $($rows if $rows <= S::TILE_ROWS => simd.vectorize(Micro::<$rows, V>(call)),)+
                _ => unreachable!("a tile should have at most the rows of its instruction set"),
            }
        };
    }
    with_rows!(1 2 3 4 5 6 7 8 9 10 11 12)
}

struct Micro<const R: usize, const V: usize>(Call);

impl<const R: usize, const V: usize> Vectorized for Micro<R, V> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let call = self.0;
        // SAFETY: `run` passes its caller's promise on: row `r < R` of tile `t` exists in every segment and in the output.
        unsafe {
            match call.rows {
                Rows::Listed => {
                    tile::<S, R, V>(simd, &call, call.to, |segment, r| *call.table.add(segment * R + r));
                }
                Rows::Strided { first, tiles, stride } => {
                    for first in (first..first + tiles * R).step_by(R) {
                        let to = call.to.add(first * call.stride);
                        tile::<S, R, V>(simd, &call, to, |segment, r| {
                            (*call.table.add(segment)).add((first + r) * stride)
                        });
                    }
                }
            }
        }
    }
}

/// One tile; `row(segment, r)` is where row `r` of a segment begins.
///
/// # Safety
/// As for [`run`].
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "rows and vectors are positions in several arrays at once")]
unsafe fn tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    call: &Call,
    to: *mut f32,
    row: impl Fn(usize, usize) -> *const f32,
) {
    let last = call.columns - (V - 1) * S::LANES;
    // SAFETY: all offsets stay within what the caller promises: row `r < R` of a segment, `k < length`, vector `v < V` of a
    // weight row, and the columns of an output row up to `columns`.
    unsafe {
        let mut sums = [[simd.splat(0.0); V]; R];
        for r in 0..R {
            for v in 0..V {
                let count = if v + 1 == V { last } else { S::LANES };
                sums[r][v] = if call.bias.is_null() {
                    simd.load_up_to(to.add(r * call.stride + v * S::LANES), count)
                } else {
                    simd.load(call.bias.add(v * S::LANES))
                };
            }
        }
        let mut weights = call.weights;
        for segment in 0..call.segments {
            let mut rows = [std::ptr::null(); R];
            for r in 0..R {
                rows[r] = row(segment, r);
            }
            for k in 0..call.length {
                let mut w = [simd.splat(0.0); V];
                for v in 0..V {
                    w[v] = simd.load(weights.add(v * S::LANES));
                }
                weights = weights.add(V * S::LANES);
                for r in 0..R {
                    let a = simd.splat(*rows[r].add(k));
                    for v in 0..V {
                        sums[r][v] = simd.mul_add(a, w[v], sums[r][v]);
                    }
                }
            }
        }
        let (low, high) = (simd.splat(call.clamp[0]), simd.splat(call.clamp[1]));
        for r in 0..R {
            for v in 0..V {
                let to = to.add(r * call.stride + v * S::LANES);
                let value = simd.clamp(sums[r][v], low, high);
                if v + 1 == V && last < S::LANES {
                    simd.store_partial(to, value, last);
                } else {
                    simd.store(to, value);
                }
            }
        }
    }
}
