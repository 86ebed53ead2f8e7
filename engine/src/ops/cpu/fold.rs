//! All pixels of a picture folded into one, channel by channel: global pooling, the mean over height and width.

use super::{Steps, isa};
use crate::gemm::{Epilogue, Tile};
use crate::ops::{CpuIo, CpuKernel};
use crate::pool::{Disjoint, Pool};
use crate::simd::{Clamp, Map, Simd, Vectorized, Zip, map_in_place, zip_in_place};

/// How numbers are folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folding {
    /// The greatest.
    Max,
    /// The mean.
    Mean,
    /// The least.
    Min,
    /// The root of the mean of the squares.
    RootMeanSquare,
    /// The sum.
    Sum,
}

impl Folding {
    /// What a fold begins with.
    pub fn start(self) -> f32 {
        match self {
            Self::Max => f32::MIN,
            Self::Min => f32::MAX,
            Self::Mean | Self::RootMeanSquare | Self::Sum => 0.0,
        }
    }

    /// The fold with one more number.
    #[inline(always)]
    pub fn with<S: Simd>(self, simd: S, folded: S::F32, x: S::F32) -> S::F32 {
        match self {
            Self::Max => simd.max(x, folded),
            Self::Min => simd.min(x, folded),
            Self::Mean | Self::Sum => simd.add(folded, x),
            Self::RootMeanSquare => simd.mul_add(x, x, folded),
        }
    }

    /// Two folds in one.
    #[inline(always)]
    fn join<S: Simd>(self, simd: S, a: S::F32, b: S::F32) -> S::F32 {
        match self {
            Self::RootMeanSquare => simd.add(a, b),
            _ => self.with(simd, a, b),
        }
    }

    /// What the fold of `count` numbers stands for.
    #[inline(always)]
    pub fn finish<S: Simd>(self, simd: S, folded: S::F32, count: usize) -> S::F32 {
        let count = simd.splat(count as f32);
        match self {
            Self::Max | Self::Min | Self::Sum => folded,
            Self::Mean => simd.div(folded, count),
            Self::RootMeanSquare => simd.sqrt(simd.div(folded, count)),
        }
    }
}

/// Numbers worth a part of their own. The parts are the same whatever the number of threads, and so are the sums.
const PART: usize = 32 * 1024;

/// The fold of `pixels` pixels in each picture of a batch.
pub struct Fold {
    folding: Folding,
    pixels: usize,
    steps: Steps,
}

impl Fold {
    /// A fold whose results have the shape of `steps`, each of `pixels` pixels.
    pub fn new(folding: Folding, pixels: usize, steps: Steps) -> Self {
        Self { folding, pixels, steps }
    }

    fn parts(&self) -> usize {
        (self.pixels * self.steps.shape()[3] / PART).clamp(1, 32).min(self.pixels.max(1))
    }

    fn extents(&self) -> [usize; 2] {
        let [n, h, w, c] = self.steps.shape();
        [n * h * w, c]
    }
}

impl CpuKernel for Fold {
    fn name(&self) -> String {
        format!("fold_{:?}.{}", self.folding, isa().name()).to_lowercase()
    }

    fn scratch(&self) -> usize {
        let [pictures, channels] = self.extents();
        pictures * self.parts() * channels * 4
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (parts, [pictures, channels]) = (self.parts(), self.extents());
        let scratch = std::mem::take(&mut io.scratch);
        let folds = &mut bytemuck::cast_slice_mut::<u8, f32>(scratch)[..pictures * parts * channels];
        let (to, chain) = self.steps.bind(io);
        let from = chain.operand(0);
        let shared = Disjoint::new(folds);
        pool.run(pictures * parts, &|task| {
            let (picture, part) = (task / parts, task % parts);
            let [first, end] =
                [part, part + 1].map(|part| (picture * parts * self.pixels + part * self.pixels) / parts);
            // SAFETY: each task has its own part.
            let to = unsafe { shared.slice(task * channels, channels) };
            isa().run(Part { folding: self.folding, from: &from[first * channels..end * channels], to });
        });
        let folds: &[f32] = folds;
        for (picture, to) in to.chunks_exact_mut(channels.max(1)).enumerate() {
            let folds = &folds[picture * parts * channels..][..parts * channels];
            isa().run(Join { fold: self, folds, to, chain: &chain, picture });
        }
    }
}

/// The fold of some pixels.
struct Part<'a> {
    folding: Folding,
    from: &'a [f32],
    to: &'a mut [f32],
}

impl Vectorized for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // The match stands outside the loops.
        match self.folding {
            Folding::Max => self.fold(simd, Folding::Max),
            Folding::Min => self.fold(simd, Folding::Min),
            Folding::RootMeanSquare => self.fold(simd, Folding::RootMeanSquare),
            Folding::Mean | Folding::Sum => self.fold(simd, Folding::Sum),
        }
    }
}

impl Part<'_> {
    #[inline(always)]
    fn fold<S: Simd>(self, simd: S, folding: Folding) {
        let channels = self.to.len();
        let pixels = self.from.len() / channels.max(1);
        for first in (0..channels).step_by(S::LANES) {
            let lanes = S::LANES.min(channels - first);
            // Four folds side by side hide the latency of one.
            let mut folds = [simd.splat(folding.start()); 4];
            let at = |pixel: usize| self.from[pixel * channels + first..][..lanes].as_ptr();
            for pixel in (0..pixels - pixels % 4).step_by(4) {
                for (i, fold) in folds.iter_mut().enumerate() {
                    // SAFETY: the slice has `lanes` floats.
                    *fold = folding.with(simd, *fold, unsafe { simd.load_up_to(at(pixel + i), lanes) });
                }
            }
            for pixel in pixels - pixels % 4..pixels {
                // SAFETY: the slice has `lanes` floats.
                folds[0] = folding.with(simd, folds[0], unsafe { simd.load_up_to(at(pixel), lanes) });
            }
            let [a, b, c, d] = folds;
            let fold = folding.join(simd, folding.join(simd, a, b), folding.join(simd, c, d));
            // SAFETY: `lanes` floats of the result lie from `first` on.
            unsafe { simd.store_up_to(self.to[first..][..lanes].as_mut_ptr(), fold, lanes) };
        }
    }
}

#[derive(Clone, Copy)]
struct Joined(Folding);

impl Zip for Joined {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, a: S::F32, b: S::F32) -> S::F32 {
        self.0.join(simd, a, b)
    }
}

#[derive(Clone, Copy)]
struct Finished(Folding, usize);

impl Map for Finished {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::F32) -> S::F32 {
        self.0.finish(simd, x, self.1)
    }
}

/// The folds of all parts in one, and what follows.
struct Join<'a, E> {
    fold: &'a Fold,
    folds: &'a [f32],
    to: &'a mut [f32],
    chain: &'a E,
    picture: usize,
}

impl<E: Epilogue> Vectorized for Join<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Fold { folding, pixels, steps } = self.fold;
        let channels = self.to.len();
        self.to.copy_from_slice(&self.folds[..channels]);
        for part in self.folds.chunks_exact(channels).skip(1) {
            zip_in_place(simd, self.to, part, Joined(*folding));
        }
        map_in_place(simd, self.to, Finished(*folding, *pixels));
        map_in_place(simd, self.to, Clamp(steps.bounds()));
        let tile = Tile::new(self.to, channels, [self.picture, 1], [0, channels]);
        self.chain.apply(simd, tile);
    }
}
