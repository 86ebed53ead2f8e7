//! Bounded access to a FlatBuffer: tables, scalars, vectors and strings, each checked before it is read.
//!
//! A table at `p` begins with a signed 32-bit distance back to its vtable: the vtable's size, the table's size, then
//! one 16-bit offset a field, 0 where the field is absent. Tables, vectors and strings inside a field are unsigned
//! 32-bit distances forward from the field; a vector is its length and its elements. All numbers are little-endian.
//!
//! Many offsets may share one target, so a small file can describe a huge tree. Every table and vector read is
//! charged against a [`budget`] in proportion to the file's size.

use super::{Error, Result};
use std::{cell::Cell, ops::Range};

/// What reading one table costs, in bytes of the budget. Reading a vector costs its bytes.
pub const TABLE_COST: usize = 64;

/// What may be read of a file of `bytes` bytes. An offset and the smallest table, eight bytes, pay for a table.
pub fn budget(bytes: usize) -> usize {
    bytes.saturating_mul(8).saturating_add(1 << 16)
}

/// The bytes of a FlatBuffer and what may still be read of them.
pub struct Source<'a> {
    bytes: &'a [u8],
    budget: Cell<usize>,
}

impl<'a> Source<'a> {
    /// `bytes` with a budget that every honest file keeps.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, budget: Cell::new(budget(bytes.len())) }
    }

    fn scalar<T: Scalar>(&self, at: usize) -> Option<T> {
        self.bytes.get(at..at.checked_add(T::SIZE)?).map(T::from_slice)
    }

    /// The target of the unsigned offset at `at`.
    fn target(&self, at: usize) -> Option<usize> {
        at.checked_add(self.scalar::<u32>(at)? as usize)
    }

    fn charge(&self, cost: usize) -> bool {
        let left = self.budget.get().checked_sub(cost);
        self.budget.set(left.unwrap_or(0));
        left.is_some()
    }
}

/// A number of fixed size, little-endian.
pub trait Scalar: Copy {
    /// Its bytes.
    const SIZE: usize;
    /// The number in `bytes`, which are [`SIZE`](Self::SIZE) long.
    fn from_slice(bytes: &[u8]) -> Self;
    /// Appends its bytes.
    fn append_to(self, bytes: &mut Vec<u8>);
}

macro_rules! scalars {
    ($($number:ty)*) => {$(
        impl Scalar for $number {
            const SIZE: usize = size_of::<$number>();
            fn from_slice(bytes: &[u8]) -> Self {
                let mut array = [0; size_of::<$number>()];
                array.copy_from_slice(bytes);
                <$number>::from_le_bytes(array)
            }
            fn append_to(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}

scalars!(u8 i8 u16 i32 u32 i64 u64 f32);

impl Scalar for bool {
    const SIZE: usize = 1;
    fn from_slice(bytes: &[u8]) -> Self {
        bytes[0] != 0
    }
    fn append_to(self, bytes: &mut Vec<u8>) {
        bytes.push(self.into());
    }
}

/// A table whose vtable and extent lie within the file.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    source: &'a Source<'a>,
    name: &'static str,
    at: usize,
    len: usize,
    vtable: usize,
    vtable_len: usize,
}

impl<'a> Table<'a> {
    /// The root table of the file, called `name` in errors.
    pub fn root(source: &'a Source<'a>, name: &'static str) -> Result<Self> {
        let at = source.target(0).ok_or_else(|| malformed(name, "", 0, "the root offset leaves the file"))?;
        Self::at(source, name, "", at)
    }

    fn at(source: &'a Source<'a>, name: &'static str, field: &'static str, at: usize) -> Result<Self> {
        let fail = |what| malformed(name, field, at, what);
        if !source.charge(TABLE_COST) {
            return Err(fail("the file's offsets share their targets too often"));
        }
        let back: i32 = source.scalar(at).ok_or_else(|| fail("the table leaves the file"))?;
        let vtable = (at as i64).checked_sub(i64::from(back)).and_then(|vtable| usize::try_from(vtable).ok());
        let vtable = vtable.ok_or_else(|| fail("the vtable leaves the file"))?;
        let vtable_len: u16 = source.scalar(vtable).ok_or_else(|| fail("the vtable leaves the file"))?;
        let len: u16 = vtable
            .checked_add(2)
            .and_then(|at| source.scalar(at))
            .ok_or_else(|| fail("the vtable leaves the file"))?;
        let (vtable_len, len) = (usize::from(vtable_len), usize::from(len));
        if vtable_len < 4 || vtable_len % 2 != 0 || vtable_len > source.bytes.len() - vtable {
            return Err(fail("the vtable's size is wrong"));
        }
        if len < 4 || len > source.bytes.len() - at {
            return Err(fail("the table's size is wrong"));
        }
        Ok(Self { source, name, at, len, vtable, vtable_len })
    }

    /// The slots that hold a value, in ascending order.
    pub fn slots(&self) -> impl Iterator<Item = u16> + use<'_> {
        let slots = ((self.vtable_len - 4) / 2) as u16;
        (0..slots).filter(|&slot| self.distance(slot).is_some_and(|distance| distance != 0))
    }

    /// The number in `slot`, or `default` where the file leaves it out.
    pub fn scalar<T: Scalar>(&self, slot: u16, field: &'static str, default: T) -> Result<T> {
        Ok(self.present(slot, field)?.unwrap_or(default))
    }

    /// The number in `slot`, if there is one.
    pub fn present<T: Scalar>(&self, slot: u16, field: &'static str) -> Result<Option<T>> {
        match self.position(slot, field, T::SIZE)? {
            Some(at) => {
                let number = self.source.scalar(at);
                Ok(Some(number.ok_or_else(|| self.malformed(field, at, "the field leaves the file"))?))
            }
            None => Ok(None),
        }
    }

    /// The table in `slot`, called `name` in errors.
    pub fn table(&self, slot: u16, field: &'static str, name: &'static str) -> Result<Option<Table<'a>>> {
        self.target(slot, field)?.map(|at| Table::at(self.source, name, "", at)).transpose()
    }

    /// The tables of the vector in `slot`, each called `name` in errors; empty where the file leaves it out.
    pub fn tables(&self, slot: u16, field: &'static str, name: &'static str) -> Result<Vec<Table<'a>>> {
        let range = self.range(slot, field, 4)?.unwrap_or(0..0);
        let table = |at| {
            let target = self.source.target(at);
            let target =
                target.ok_or_else(|| self.malformed(field, at, "the element's offset leaves the file"))?;
            Table::at(self.source, name, "", target)
        };
        range.step_by(4).map(table).collect()
    }

    /// The numbers of the vector in `slot`; empty where the file leaves it out.
    pub fn vector<T: Scalar>(&self, slot: u16, field: &'static str) -> Result<Vec<T>> {
        Ok(self.present_vector(slot, field)?.unwrap_or_default())
    }

    /// The numbers of the vector in `slot`, if there is one.
    pub fn present_vector<T: Scalar>(&self, slot: u16, field: &'static str) -> Result<Option<Vec<T>>> {
        let Some(range) = self.range(slot, field, T::SIZE)? else { return Ok(None) };
        self.charge(field, &range)?;
        Ok(Some(self.source.bytes[range].chunks_exact(T::SIZE).map(T::from_slice).collect()))
    }

    /// The text in `slot`; empty where the file leaves it out.
    pub fn text(&self, slot: u16, field: &'static str) -> Result<String> {
        Ok(self.present_text(slot, field)?.unwrap_or_default())
    }

    /// The text in `slot`, if there is one. Bytes that are not UTF-8 are replaced.
    pub fn present_text(&self, slot: u16, field: &'static str) -> Result<Option<String>> {
        let Some(range) = self.range(slot, field, 1)? else { return Ok(None) };
        self.charge(field, &range)?;
        Ok(Some(String::from_utf8_lossy(&self.source.bytes[range]).into_owned()))
    }

    /// Where in the file the elements of the vector in `slot` lie, `size` bytes each.
    pub fn range(&self, slot: u16, field: &'static str, size: usize) -> Result<Option<Range<usize>>> {
        let Some(at) = self.target(slot, field)? else { return Ok(None) };
        let fail = || self.malformed(field, at, "the vector leaves the file");
        let len = self.source.scalar::<u32>(at).ok_or_else(fail)? as usize;
        let start = at + 4;
        let end = len.checked_mul(size).and_then(|len| start.checked_add(len)).ok_or_else(fail)?;
        if end > self.source.bytes.len() {
            return Err(fail());
        }
        Ok(Some(start..end))
    }

    /// The error that `field`, at byte `offset`, is wrong as `what` says.
    pub fn malformed(&self, field: &'static str, offset: usize, what: &'static str) -> Error {
        malformed(self.name, field, offset, what)
    }

    /// Where the table begins, in bytes.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn charge(&self, field: &'static str, range: &Range<usize>) -> Result<()> {
        if self.source.charge(range.len()) {
            return Ok(());
        }
        Err(self.malformed(field, range.start, "the file's offsets share their targets too often"))
    }

    fn target(&self, slot: u16, field: &'static str) -> Result<Option<usize>> {
        let Some(at) = self.position(slot, field, 4)? else { return Ok(None) };
        let target = self.source.target(at);
        target.map(Some).ok_or_else(|| self.malformed(field, at, "the offset leaves the file"))
    }

    /// Where the `size` bytes of `slot` lie, if the table has them.
    fn position(&self, slot: u16, field: &'static str, size: usize) -> Result<Option<usize>> {
        match self.distance(slot) {
            None | Some(0) => Ok(None),
            Some(distance) if distance >= 4 && distance + size <= self.len => Ok(Some(self.at + distance)),
            Some(_) => Err(self.malformed(field, self.at, "the field leaves its table")),
        }
    }

    fn distance(&self, slot: u16) -> Option<usize> {
        let entry = 4 + 2 * usize::from(slot);
        if entry + 2 > self.vtable_len {
            return None;
        }
        self.source.scalar::<u16>(self.vtable + entry).map(usize::from)
    }
}

fn malformed(table: &'static str, field: &'static str, offset: usize, what: &'static str) -> Error {
    Error::Malformed { table, field, offset, what }
}
