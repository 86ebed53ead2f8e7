use crate::error::{Error, Result};
use std::slice;

/// A block of memory aligned to cache lines, from which disjoint ranges are lent.
pub struct Arena {
    lines: Vec<Line>,
    len: usize,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// A range: its offset and its size in bytes.
type Range = (usize, usize);

impl Arena {
    /// A block of zeros.
    pub fn new(len: usize) -> Result<Self> {
        let mut lines = Vec::new();
        let count = len.div_ceil(64);
        lines
            .try_reserve_exact(count)
            .map_err(|_| Error::device(format!("there are no {len} bytes of memory for a model")))?;
        lines.resize(count, Line([0; 64]));
        Ok(Self { lines, len })
    }

    /// Bytes of the block.
    pub fn len(&self) -> usize {
        self.len
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `lines` is `len.div_ceil(64)` initialised arrays of 64 bytes, without padding between them.
        unsafe { slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    /// All bytes for writing.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed for writing.
        unsafe { slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }

    /// Lends ranges to read (empty where there is none) and ranges to write, which overlap neither those nor each other. They are
    /// appended to lists, so that nothing is allocated where these have room.
    pub fn lend<'a>(
        &'a mut self,
        reads: &[Option<Range>],
        writes: &[Range],
        read: &mut Vec<&'a [u8]>,
        written: &mut Vec<&'a mut [u8]>,
    ) {
        let inside = |&(offset, size): &Range| offset.checked_add(size).is_some_and(|end| end <= self.len);
        assert!(
            reads.iter().flatten().chain(writes).all(inside),
            "the planner keeps every range inside the arena"
        );
        let apart = |a: &Range, b: &Range| a.1 == 0 || b.1 == 0 || a.0 + a.1 <= b.0 || b.0 + b.1 <= a.0;
        for (index, write) in writes.iter().enumerate() {
            let others = reads.iter().flatten().chain(&writes[index + 1..]);
            assert!(
                others.into_iter().all(|other| apart(write, other)),
                "the planner keeps live values apart"
            );
        }
        let base: *mut u8 = self.lines.as_mut_ptr().cast();
        let lent = |&(offset, size): &Range| -> &'a [u8] {
            // SAFETY: every range is inside the block, and those lent for writing overlap no other (both checked above).
            unsafe { slice::from_raw_parts(base.add(offset), size) }
        };
        let lent_mut = |&(offset, size): &Range| -> &'a mut [u8] {
            // SAFETY: as for reading.
            unsafe { slice::from_raw_parts_mut(base.add(offset), size) }
        };
        read.extend(reads.iter().map(|range| range.as_ref().map_or(&[][..], lent)));
        written.extend(writes.iter().map(lent_mut));
    }
}
