//! Floats that begin at a cache line, so that a vector of them never straddles two.

use std::ops::{Deref, DerefMut};

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// A fixed number of floats, the first aligned to 64 bytes.
#[derive(Clone, Default)]
pub struct AlignedFloats {
    lines: Vec<Line>,
    count: usize,
}

impl AlignedFloats {
    /// Zeros.
    pub fn zeros(count: usize) -> Self {
        Self { lines: vec![Line([0.0; 16]); count.div_ceil(16)], count }
    }
}

impl Deref for AlignedFloats {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is sixteen floats without padding, and there are enough lines for the count.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.count) }
    }
}

impl DerefMut for AlignedFloats {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: a `Line` is sixteen floats without padding, and there are enough lines for the count.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.count) }
    }
}
