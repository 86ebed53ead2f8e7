//! Elementwise loops over slices: whole vectors, then one partial vector.
//!
//! What is done to a vector is a value of [`Map`] or [`Zip`] and not a closure: only `#[inline(always)]` makes sure that it is compiled
//! with the instructions of its loop, and a closure cannot ask for that.

use super::Simd;

/// A function of a vector.
pub trait Map: Copy {
    /// The function's value. Implementations are `#[inline(always)]`.
    fn of<S: Simd>(self, simd: S, x: S::F32) -> S::F32;
}

/// A function of two vectors.
pub trait Zip: Copy {
    /// The function's value. Implementations are `#[inline(always)]`.
    fn of<S: Simd>(self, simd: S, a: S::F32, b: S::F32) -> S::F32;
}

/// Declares functions of a vector: `Name(simd, x) value;` makes a type `Name` that is a [`Map`].
#[macro_export]
macro_rules! simd_maps {
    ($($(#[$doc:meta])* $vis:vis $name:ident($simd:ident, $x:ident) $value:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        $vis struct $name;

        impl $crate::simd::Map for $name {
            #[inline(always)]
            fn of<S: $crate::simd::Simd>(self, $simd: S, $x: S::F32) -> S::F32 {
                $value
            }
        }
    )+};
}

/// Declares functions of two vectors: `Name(simd, a, b) value;` makes a type `Name` that is a [`Zip`].
#[macro_export]
macro_rules! simd_zips {
    ($($(#[$doc:meta])* $vis:vis $name:ident($simd:ident, $a:ident, $b:ident) $value:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        $vis struct $name;

        impl $crate::simd::Zip for $name {
            #[inline(always)]
            fn of<S: $crate::simd::Simd>(self, $simd: S, $a: S::F32, $b: S::F32) -> S::F32 {
                $value
            }
        }
    )+};
}

/// `min(max(x, low), high)`; what is not a number stays so.
#[derive(Clone, Copy)]
pub struct Clamp(pub [f32; 2]);

impl Map for Clamp {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::F32) -> S::F32 {
        simd.clamp(x, simd.splat(self.0[0]), simd.splat(self.0[1]))
    }
}

/// `to[i] = f(from[i])`, over the length of the shorter.
#[inline(always)]
pub fn map<S: Simd>(simd: S, from: &[f32], to: &mut [f32], f: impl Map) {
    let count = from.len().min(to.len());
    // SAFETY: both pointers are valid for `count` floats.
    unsafe { map_raw(simd, from.as_ptr(), to.as_mut_ptr(), count, f) }
}

/// `values[i] = f(values[i])`.
#[inline(always)]
pub fn map_in_place<S: Simd>(simd: S, values: &mut [f32], f: impl Map) {
    let values_ptr = values.as_mut_ptr();
    // SAFETY: the pointer is valid for the length of the slice; each vector is read before it is written.
    unsafe { map_raw(simd, values_ptr, values_ptr, values.len(), f) }
}

/// `to[i] = f(to[i], b[i])`, over the length of the shorter.
#[inline(always)]
pub fn zip_in_place<S: Simd>(simd: S, to: &mut [f32], b: &[f32], f: impl Zip) {
    let count = b.len().min(to.len());
    let (to, b) = (to.as_mut_ptr(), b.as_ptr());
    let whole = count - count % S::LANES;
    // SAFETY: `i + LANES ≤ whole ≤ count`, and the rest ends at `count`, which neither slice is shorter than.
    unsafe {
        for i in (0..whole).step_by(S::LANES) {
            simd.store(to.add(i), f.of(simd, simd.load(to.add(i)), simd.load(b.add(i))));
        }
        if whole < count {
            let rest = count - whole;
            let value =
                f.of(simd, simd.load_partial(to.add(whole), rest), simd.load_partial(b.add(whole), rest));
            simd.store_partial(to.add(whole), value, rest);
        }
    }
}

/// # Safety
/// `from` must be readable and `to` writable for `count` floats; they may be the same.
#[inline(always)]
unsafe fn map_raw<S: Simd>(simd: S, from: *const f32, to: *mut f32, count: usize, f: impl Map) {
    let whole = count - count % S::LANES;
    // SAFETY: `i + LANES ≤ whole ≤ count`, and the rest ends at `count`.
    unsafe {
        for i in (0..whole).step_by(S::LANES) {
            simd.store(to.add(i), f.of(simd, simd.load(from.add(i))));
        }
        if whole < count {
            let value = f.of(simd, simd.load_partial(from.add(whole), count - whole));
            simd.store_partial(to.add(whole), value, count - whole);
        }
    }
}
