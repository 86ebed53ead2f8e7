//! Elementwise loops over slices: whole vectors, then one partial vector.

use super::Simd;

/// `to[i] = f(from[i])`, over the length of the shorter.
#[inline(always)]
pub fn map<S: Simd>(simd: S, from: &[f32], to: &mut [f32], f: impl Fn(S::F32) -> S::F32) {
    let count = from.len().min(to.len());
    // SAFETY: both pointers are valid for `count` floats.
    unsafe { map_raw(simd, from.as_ptr(), to.as_mut_ptr(), count, f) }
}

/// `values[i] = f(values[i])`.
#[inline(always)]
pub fn map_in_place<S: Simd>(simd: S, values: &mut [f32], f: impl Fn(S::F32) -> S::F32) {
    let values_ptr = values.as_mut_ptr();
    // SAFETY: the pointer is valid for the length of the slice; each vector is read before it is written.
    unsafe { map_raw(simd, values_ptr, values_ptr, values.len(), f) }
}

/// `to[i] = f(a[i], b[i])`, over the length of the shortest.
#[inline(always)]
pub fn zip<S: Simd>(simd: S, a: &[f32], b: &[f32], to: &mut [f32], f: impl Fn(S::F32, S::F32) -> S::F32) {
    let count = a.len().min(b.len()).min(to.len());
    // SAFETY: the pointers are valid for `count` floats.
    unsafe { zip_raw(simd, a.as_ptr(), b.as_ptr(), to.as_mut_ptr(), count, f) }
}

/// `to[i] = f(to[i], b[i])`, over the length of the shorter.
#[inline(always)]
pub fn zip_in_place<S: Simd>(simd: S, to: &mut [f32], b: &[f32], f: impl Fn(S::F32, S::F32) -> S::F32) {
    let count = b.len().min(to.len());
    let to = to.as_mut_ptr();
    // SAFETY: the pointers are valid for `count` floats; each vector is read before it is written.
    unsafe { zip_raw(simd, to, b.as_ptr(), to, count, f) }
}

/// # Safety
/// `from` must be readable and `to` writable for `count` floats; they may be the same.
#[inline(always)]
unsafe fn map_raw<S: Simd>(
    simd: S,
    from: *const f32,
    to: *mut f32,
    count: usize,
    f: impl Fn(S::F32) -> S::F32,
) {
    let whole = count - count % S::LANES;
    // SAFETY: `i + LANES ≤ whole ≤ count`, and the rest ends at `count`.
    unsafe {
        for i in (0..whole).step_by(S::LANES) {
            simd.store(to.add(i), f(simd.load(from.add(i))));
        }
        if whole < count {
            let value = f(simd.load_partial(from.add(whole), count - whole));
            simd.store_partial(to.add(whole), value, count - whole);
        }
    }
}

/// # Safety
/// `a` and `b` must be readable and `to` writable for `count` floats; they may be the same.
#[inline(always)]
unsafe fn zip_raw<S: Simd>(
    simd: S,
    a: *const f32,
    b: *const f32,
    to: *mut f32,
    count: usize,
    f: impl Fn(S::F32, S::F32) -> S::F32,
) {
    let whole = count - count % S::LANES;
    // SAFETY: `i + LANES ≤ whole ≤ count`, and the rest ends at `count`.
    unsafe {
        for i in (0..whole).step_by(S::LANES) {
            simd.store(to.add(i), f(simd.load(a.add(i)), simd.load(b.add(i))));
        }
        if whole < count {
            let rest = count - whole;
            let value = f(simd.load_partial(a.add(whole), rest), simd.load_partial(b.add(whole), rest));
            simd.store_partial(to.add(whole), value, rest);
        }
    }
}
