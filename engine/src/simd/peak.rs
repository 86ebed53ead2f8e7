//! How fast a thread multiplies and adds: what the speed of a model is compared with.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::{Isa, Simd, Vectorized};

/// Sums that do not wait for each other: more than two units with a latency of four cycles need.
const CHAINS: usize = 12;
/// Multiply-adds of each chain that are timed at once: some hundred microseconds.
const STEPS: usize = 100_000;
/// How often; the fastest counts.
const ROUNDS: usize = 40;

struct Chains;

impl Vectorized for Chains {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let (factor, term) = (simd.splat(black_box(0.5)), simd.splat(black_box(1.0)));
        let mut sums = [simd.splat(black_box(0.0)); CHAINS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = simd.mul_add(*sum, factor, term);
            }
        }
        sums.into_iter().map(|sum| simd.largest(sum)).fold(0.0, f32::max)
    }
}

/// Multiply-adds of floats that a thread reaches in a second with this instruction set, as measured now, in some milliseconds.
pub fn peak(isa: Isa) -> f64 {
    let round = |_| {
        let start = Instant::now();
        black_box(isa.run(Chains));
        start.elapsed()
    };
    let fastest = (0..ROUNDS).map(round).min().unwrap_or(Duration::MAX);
    (isa.lanes() * CHAINS * STEPS) as f64 / fastest.as_secs_f64()
}
