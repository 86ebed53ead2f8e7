//! A slice that tasks write side by side.

use std::marker::PhantomData;

/// A mutable slice of which each task takes its own part.
pub struct Disjoint<'a, T> {
    start: *mut T,
    length: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: it hands out `&mut T` to other threads only through `slice`, whose callers promise disjoint use.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    /// Lends a slice to the tasks.
    pub fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), length: slice.len(), slice: PhantomData }
    }

    /// The elements from `start` on.
    ///
    /// # Panics
    /// Where the range leaves the slice.
    ///
    /// # Safety
    /// While the result is in use nobody else reads or writes those of its elements that the caller touches.
    #[allow(
        clippy::mut_from_ref,
        reason = "the caller promises that no two results are used for the same element"
    )]
    #[inline(always)]
    pub unsafe fn slice(&self, start: usize, count: usize) -> &mut [T] {
        assert!(start <= self.length && count <= self.length - start, "a task should stay in the slice");
        // SAFETY: the range is inside the slice, which is borrowed mutably for as long as `self` lives.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), count) }
    }
}
