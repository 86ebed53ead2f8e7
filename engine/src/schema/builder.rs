//! A tree of tables → the bytes of a FlatBuffer.
//!
//! Tables come first in the order of the tree's levels, so that the large vectors, which hang deepest, come last.
//! Equal vtables are stored once, and so are equal texts and small vectors where the later offset can reach the earlier
//! bytes: offsets point forward only; and as long as a reader's [`budget`] for shared targets lets it read all of them.
//! Every number lies at a multiple of its size, counted from the file's start.

use super::{
    Error, Result,
    flatbuffer::{TABLE_COST, budget},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
};

/// The largest distance that every reader of the format accepts.
const LIMIT: usize = i32::MAX as usize;

/// Vectors of more bytes are not compared with others: constants are, by who edits a file.
const LARGEST_SHARED: usize = 1 << 12;

/// A table to be written: its fields by slot.
#[derive(Default)]
pub struct Table<'a>(Vec<(u16, Item<'a>)>);

/// What a field of a table holds.
pub enum Item<'a> {
    /// The little-endian bytes of a number.
    Scalar(Vec<u8>),
    /// A table of its own.
    Table(Table<'a>),
    /// A vector of tables.
    Tables(Vec<Table<'a>>),
    /// Text, written with a final zero byte.
    Text(&'a str),
    /// A vector of `bytes.len() / size` numbers whose first lies at a multiple of `align`.
    Vector {
        /// The bytes of one number.
        size: usize,
        /// The alignment of the first number, a power of two.
        align: usize,
        /// All numbers, little-endian.
        bytes: Cow<'a, [u8]>,
    },
}

impl<'a> Table<'a> {
    /// This table with `item` in `slot`.
    pub fn with(mut self, slot: u16, item: Item<'a>) -> Self {
        self.0.push((slot, item));
        self
    }

    /// This table with `item` in `slot`, if there is one.
    pub fn with_some(self, slot: u16, item: Option<Item<'a>>) -> Self {
        match item {
            Some(item) => self.with(slot, item),
            None => self,
        }
    }

    /// The FlatBuffer with this root table and file identifier.
    pub fn into_bytes(self, identifier: [u8; 4]) -> Result<Vec<u8>> {
        let mut layout = Layout {
            bytes: vec![0; 8],
            vtables: BTreeMap::new(),
            vectors: BTreeMap::new(),
            waiting: VecDeque::new(),
            cost: TABLE_COST,
        };
        layout.bytes[4..8].copy_from_slice(&identifier);
        layout.waiting.push_back((0, Item::Table(self)));
        while let Some((offset, item)) = layout.waiting.pop_front() {
            let at = layout.place(item, offset);
            if layout.bytes.len() > LIMIT {
                return Err(Error::TooLarge { bytes: layout.bytes.len() });
            }
            layout.put(offset, &((at - offset) as u32).to_le_bytes());
        }
        Ok(layout.bytes)
    }
}

impl Item<'_> {
    /// The bytes that the field takes in its table.
    fn size(&self) -> usize {
        match self {
            Self::Scalar(bytes) => bytes.len(),
            _ => 4,
        }
    }
}

struct Layout<'a> {
    bytes: Vec<u8>,
    /// Where each vtable lies, by its contents.
    vtables: BTreeMap<Vec<u8>, usize>,
    /// Where the last vector of these elements lies, by their number and bytes.
    vectors: BTreeMap<(usize, Vec<u8>), usize>,
    /// What is still to be placed, each with the offset field that points at it.
    waiting: VecDeque<(usize, Item<'a>)>,
    /// What reading all that was placed or waits costs; vectors cost from when they are placed.
    cost: usize,
}

impl<'a> Layout<'a> {
    /// Appends `item` for the offset field at `from` and tells where it begins.
    fn place(&mut self, item: Item<'a>, from: usize) -> usize {
        match item {
            Item::Table(table) => self.table(table),
            Item::Tables(tables) => {
                self.cost += TABLE_COST * tables.len();
                let at = self.vector(tables.len(), 4, &vec![0; 4 * tables.len()]);
                let offsets = (at + 4..).step_by(4);
                self.waiting.extend(offsets.zip(tables.into_iter().map(Item::Table)));
                at
            }
            Item::Text(text) => {
                let terminated: Vec<u8> = text.bytes().chain([0]).collect();
                self.shared(text.len(), 4, &terminated, from)
            }
            Item::Vector { size, align, bytes } => self.shared(bytes.len() / size, align, &bytes, from),
            Item::Scalar(bytes) => self.vector(1, 4, &bytes),
        }
    }

    fn table(&mut self, Table(mut fields): Table<'a>) -> usize {
        let slots = fields.iter().map(|(slot, _)| usize::from(*slot) + 1).max().unwrap_or(0);
        fields.sort_by_key(|(slot, item)| (std::cmp::Reverse(item.size()), *slot));
        let mut vtable = vec![0; 4 + 2 * slots];
        let mut end = 4_usize;
        let mut distances = Vec::with_capacity(fields.len());
        for (slot, item) in &fields {
            let distance = end.next_multiple_of(item.size());
            end = distance + item.size();
            distances.push(distance);
            let entry = 4 + 2 * usize::from(*slot);
            vtable[entry..entry + 2].copy_from_slice(&(distance as u16).to_le_bytes());
        }
        let vtable_len = vtable.len() as u16;
        vtable[0..2].copy_from_slice(&vtable_len.to_le_bytes());
        vtable[2..4].copy_from_slice(&(end as u16).to_le_bytes());
        let vtable = self.vtable(vtable);

        let align = fields.iter().map(|(_, item)| item.size()).fold(4, usize::max);
        let at = self.align(align, 0);
        self.bytes.resize(at + end, 0);
        self.put(at, &((at - vtable) as i32).to_le_bytes());
        for ((_, item), distance) in fields.into_iter().zip(distances) {
            match item {
                Item::Scalar(bytes) => self.put(at + distance, &bytes),
                item => {
                    self.cost += if let Item::Table(_) = item { TABLE_COST } else { 0 };
                    self.waiting.push_back((at + distance, item));
                }
            }
        }
        at
    }

    fn vtable(&mut self, vtable: Vec<u8>) -> usize {
        if let Some(&at) = self.vtables.get(&vtable) {
            return at;
        }
        let at = self.align(2, 0);
        self.bytes.extend_from_slice(&vtable);
        self.vtables.insert(vtable, at);
        at
    }

    /// The place of these elements after `from`: where they lie already, or at the end.
    fn shared(&mut self, len: usize, align: usize, bytes: &[u8], from: usize) -> usize {
        self.cost += bytes.len();
        // A vector of its own adds more to the budget than it costs.
        if bytes.len() > LARGEST_SHARED || self.cost > budget(self.bytes.len()) {
            return self.vector(len, align, bytes);
        }
        let key = (len, bytes.to_vec());
        let reached = |at: &usize| *at > from && (at + 4).is_multiple_of(align);
        if let Some(at) = self.vectors.get(&key).copied().filter(reached) {
            return at;
        }
        let at = self.vector(len, align, bytes);
        self.vectors.insert(key, at);
        at
    }

    fn vector(&mut self, len: usize, align: usize, bytes: &[u8]) -> usize {
        let at = self.align(align.max(4), 4);
        self.bytes.extend_from_slice(&(len as u32).to_le_bytes());
        self.bytes.extend_from_slice(bytes);
        at
    }

    /// Pads so that the byte `ahead` of the end lies at a multiple of `align`, and tells where the end is.
    fn align(&mut self, align: usize, ahead: usize) -> usize {
        let at = (self.bytes.len() + ahead).next_multiple_of(align) - ahead;
        self.bytes.resize(at, 0);
        at
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }
}
