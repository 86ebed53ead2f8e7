//! What can be wrong with a file, one sentence each.

use std::fmt;

/// The result of reading or writing a file.
pub type Result<T> = std::result::Result<T, Error>;

/// Why bytes are not a `.tflite` file, or why a [`File`](super::File) cannot be written as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes do not carry the identifier `TFL3`.
    NotTflite,
    /// A field's bytes break the rules of the format.
    Malformed {
        /// The table's name in the schema.
        table: &'static str,
        /// The field's name in the schema, empty for the table itself.
        field: &'static str,
        /// Where in the file, in bytes.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// An index points past the list that it indexes.
    Index {
        /// The table's name in the schema.
        table: &'static str,
        /// The field's name in the schema.
        field: &'static str,
        /// Which table of that name, counted in its list.
        row: usize,
        /// The index found.
        index: i64,
        /// How many entries there are.
        count: usize,
    },
    /// A code that the schema does not name where nothing can be read without knowing it.
    UnknownCode {
        /// The table's name in the schema.
        table: &'static str,
        /// The field's name in the schema.
        field: &'static str,
        /// The code found.
        code: i64,
    },
    /// An operator's options were asked for a field that they do not have.
    Options {
        /// The options' table in the file.
        table: &'static str,
        /// What was asked for.
        wanted: String,
    },
    /// The file would pass what the format's 32-bit offsets can address.
    TooLarge {
        /// The number of bytes reached.
        bytes: usize,
    },
    /// A FlexBuffer's bytes break the rules of the format.
    FlexBuffer {
        /// Where in the FlexBuffer, in bytes.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTflite => write!(f, "the bytes are not a .tflite file: the identifier TFL3 is missing"),
            Self::Malformed { table, field: "", offset, what } => {
                write!(f, "the file is malformed at byte {offset}, table {table}: {what}")
            }
            Self::Malformed { table, field, offset, what } => {
                write!(f, "the file is malformed at byte {offset}, field {table}.{field}: {what}")
            }
            Self::Index { table, field, row, index, count } => {
                write!(f, "the file is malformed: {field} of {table} {row} is {index}, but there are {count}")
            }
            Self::UnknownCode { table, field, code } => {
                write!(f, "{table}.{field} has the code {code}, which schema version 3 does not name")
            }
            Self::Options { table, wanted } => write!(f, "the options {table} have no {wanted}"),
            Self::TooLarge { bytes } => {
                write!(f, "the file would pass 2 GiB with its tables alone, at {bytes} bytes")
            }
            Self::FlexBuffer { offset, what } => {
                write!(f, "the FlexBuffer is malformed at byte {offset}: {what}")
            }
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for crate::error::Error {
    fn from(error: Error) -> Self {
        Self::malformed(error.to_string())
    }
}
