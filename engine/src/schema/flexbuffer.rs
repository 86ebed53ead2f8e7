//! FlexBuffers, the form of most custom options: bytes → [`Value`].
//!
//! A FlexBuffer is read from its end: the last byte is the width of the root value, the one before its type, and
//! the root lies before them. A type is a kind in the upper six bits and a width code w in the lower two, for
//! children of 2^w bytes. Numbers lie where they are used; all else is an unsigned distance back.

use super::{Error, Result};
use std::cell::Cell;

/// How deep values may nest.
const MAX_DEPTH: usize = 32;

/// How many values there may be. A value takes far more memory than the byte or two that it is in the file.
const MAX_VALUES: usize = 1 << 14;

/// A value, owned.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number without fraction.
    Int(i64),
    /// A number without fraction and sign.
    UInt(u64),
    /// A number.
    Float(f64),
    /// Text or a key. Bytes that are not UTF-8 are replaced.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// Values in order, of one type or of several.
    Vector(Vec<Value>),
    /// Values by name, in the file's order.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The value called `key` in a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The number as an integer: also a truth value, and a float without fraction.
    pub fn as_int(&self) -> Option<i64> {
        match *self {
            Self::Bool(value) => Some(value.into()),
            Self::Int(value) => Some(value),
            Self::UInt(value) => value.try_into().ok(),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(value as i64),
            _ => None,
        }
    }

    /// The number as a float.
    pub fn as_float(&self) -> Option<f64> {
        match *self {
            Self::Float(value) => Some(value),
            Self::UInt(value) => Some(value as f64),
            _ => self.as_int().map(|value| value as f64),
        }
    }

    /// The truth value; a number is true where it is not 0.
    pub fn as_bool(&self) -> Option<bool> {
        self.as_float().map(|value| value != 0.0)
    }

    /// The text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values of a vector.
    pub fn as_slice(&self) -> Option<&[Self]> {
        match self {
            Self::Vector(values) => Some(values),
            _ => None,
        }
    }
}

/// Reads the value that the whole of `bytes` stands for.
pub fn read(bytes: &[u8]) -> Result<Value> {
    let (values, len) = (Cell::new(MAX_VALUES), Cell::new(bytes.len() + MAX_VALUES));
    let reader = Reader { bytes, values, len };
    let [.., kind, width] = *bytes else {
        return Err(reader.fail(0, "it has fewer than two bytes"));
    };
    let width = usize::from(width);
    if !matches!(width, 1 | 2 | 4 | 8) {
        return Err(reader.fail(bytes.len() - 1, "the root's width is none of 1, 2, 4 and 8"));
    }
    let at = bytes.len().checked_sub(2 + width).ok_or_else(|| reader.fail(0, "the root leaves the bytes"))?;
    reader.value(at, width, kind, MAX_DEPTH)
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// How many values may still be read, and how many bytes of text and blobs: distances can share their targets.
    values: Cell<usize>,
    len: Cell<usize>,
}

impl Reader<'_> {
    /// The value of the packed type `kind` whose `width` bytes lie at `at`.
    fn value(&self, at: usize, width: usize, kind: u8, depth: usize) -> Result<Value> {
        if depth == 0 {
            return Err(self.fail(at, "values nest too deep"));
        }
        self.charge(&self.values, at, 1)?;
        let child = 1 << (kind & 3);
        let target = || self.target(at, width);
        match kind >> 2 {
            0 => Ok(Value::Null),
            1 => self.int(at, width).map(Value::Int),
            2 => self.uint(at, width).map(Value::UInt),
            3 => self.float(at, width).map(Value::Float),
            4 => self.key(target()?).map(Value::Text),
            5 => Ok(Value::Text(String::from_utf8_lossy(self.sized(target()?, child)?).into_owned())),
            6 => self.int(target()?, child).map(Value::Int),
            7 => self.uint(target()?, child).map(Value::UInt),
            8 => self.float(target()?, child).map(Value::Float),
            9 => self.map(target()?, child, depth),
            10 => self.vector(target()?, child, depth).map(Value::Vector),
            // Vectors of one type: integers, unsigned ones, floats, keys, strings; 36 is of truth values.
            typed @ 11..=15 => self.typed_vector(target()?, child, typed - 10, depth),
            // The same of fixed length 2, 3 and 4.
            typed @ 16..=24 => {
                let (len, element) = (2 + usize::from(typed - 16) / 3, 1 + (typed - 16) % 3);
                self.elements(target()?, len, child, element, depth)
            }
            25 => self.sized(target()?, child).map(|bytes| Value::Blob(bytes.to_vec())),
            26 => self.uint(at, width).map(|value| Value::Bool(value != 0)),
            36 => self.typed_vector(target()?, child, 26, depth),
            _ => Err(self.fail(at, "the type is unknown")),
        }
    }

    fn map(&self, at: usize, width: usize, depth: usize) -> Result<Value> {
        let header =
            at.checked_sub(3 * width).ok_or_else(|| self.fail(at, "the map's keys leave the bytes"))?;
        let keys = self.target(header, width)?;
        let key_width = self.uint(header + width, width)?;
        if !matches!(key_width, 1 | 2 | 4 | 8) {
            return Err(self.fail(header + width, "the keys' width is none of 1, 2, 4 and 8"));
        }
        let key_width = key_width as usize;
        let values = self.vector(at, width, depth)?;
        let mut entries = Vec::with_capacity(values.len());
        for (i, value) in values.into_iter().enumerate() {
            let key =
                keys.checked_add(i * key_width).ok_or_else(|| self.fail(keys, "a key leaves the bytes"))?;
            entries.push((self.key(self.target(key, key_width)?)?, value));
        }
        Ok(Value::Map(entries))
    }

    fn vector(&self, at: usize, width: usize, depth: usize) -> Result<Vec<Value>> {
        let len = self.len_before(at, width)?;
        let kinds = len.checked_mul(width).and_then(|size| at.checked_add(size));
        let kinds = kinds.and_then(|kinds| self.bytes.get(kinds..kinds.checked_add(len)?));
        let kinds = kinds.ok_or_else(|| self.fail(at, "the vector leaves the bytes"))?;
        kinds
            .iter()
            .enumerate()
            .map(|(i, &kind)| self.value(at + i * width, width, kind, depth - 1))
            .collect()
    }

    fn typed_vector(&self, at: usize, width: usize, element: u8, depth: usize) -> Result<Value> {
        self.elements(at, self.len_before(at, width)?, width, element, depth)
    }

    /// `len` values of the unpacked type `element`, `width` bytes each, from `at` on.
    fn elements(&self, at: usize, len: usize, width: usize, element: u8, depth: usize) -> Result<Value> {
        let end = len.checked_mul(width).and_then(|size| at.checked_add(size));
        if end.is_none_or(|end| end > self.bytes.len()) {
            return Err(self.fail(at, "the vector leaves the bytes"));
        }
        let value = |i| self.value(at + i * width, width, element << 2, depth - 1);
        (0..len).map(value).collect::<Result<_>>().map(Value::Vector)
    }

    fn key(&self, at: usize) -> Result<String> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let len = rest.iter().position(|&byte| byte == 0);
        let len = len.ok_or_else(|| self.fail(at, "the key has no end"))?;
        self.charge(&self.len, at, len)?;
        Ok(String::from_utf8_lossy(&rest[..len]).into_owned())
    }

    /// The bytes at `at`, whose number lies before them.
    fn sized(&self, at: usize, width: usize) -> Result<&[u8]> {
        let len = self.len_before(at, width)?;
        self.charge(&self.len, at, len)?;
        let bytes = at.checked_add(len).and_then(|end| self.bytes.get(at..end));
        bytes.ok_or_else(|| self.fail(at, "the text or blob leaves the bytes"))
    }

    fn len_before(&self, at: usize, width: usize) -> Result<usize> {
        let len = at.checked_sub(width).ok_or_else(|| self.fail(at, "the length leaves the bytes"))?;
        usize::try_from(self.uint(len, width)?).map_err(|_| self.fail(len, "the length leaves the bytes"))
    }

    /// Where the distance at `at` leads.
    fn target(&self, at: usize, width: usize) -> Result<usize> {
        let distance = self.uint(at, width)?;
        let target = usize::try_from(distance).ok().and_then(|distance| at.checked_sub(distance));
        target.ok_or_else(|| self.fail(at, "the distance leaves the bytes"))
    }

    fn uint(&self, at: usize, width: usize) -> Result<u64> {
        let bytes = at.checked_add(width).and_then(|end| self.bytes.get(at..end));
        let bytes = bytes.ok_or_else(|| self.fail(at, "the number leaves the bytes"))?;
        Ok(bytes.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte)))
    }

    fn int(&self, at: usize, width: usize) -> Result<i64> {
        let unused = 64 - 8 * width as u32;
        Ok(((self.uint(at, width)? << unused) as i64) >> unused)
    }

    fn float(&self, at: usize, width: usize) -> Result<f64> {
        let bits = self.uint(at, width)?;
        match width {
            2 => Ok(half::f16::from_bits(bits as u16).to_f64()),
            4 => Ok(f32::from_bits(bits as u32).into()),
            8 => Ok(f64::from_bits(bits)),
            _ => Err(self.fail(at, "a number of one byte cannot be a float")),
        }
    }

    fn charge(&self, purse: &Cell<usize>, at: usize, cost: usize) -> Result<()> {
        let left = purse.get().checked_sub(cost);
        purse.set(left.unwrap_or(0));
        left.map(drop).ok_or_else(|| self.fail(at, "it says more than a few thousand values"))
    }

    fn fail(&self, offset: usize, what: &'static str) -> Error {
        Error::FlexBuffer { offset, what }
    }
}
