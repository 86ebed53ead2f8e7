//! What can go wrong, by who must act.

use std::fmt;

/// The engine's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the engine. Each kind says who can mend it; the text is one sentence that names the file, node or
/// option and, where there is one, the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file is damaged or contradicts itself: get another file.
    Malformed(String),
    /// The engine lacks something: it is named by node, operator and reason.
    Unsupported {
        /// The node's name and index.
        node: String,
        /// The operator and its version.
        operator: String,
        /// What is missing.
        reason: String,
    },
    /// The caller asked for something that does not fit: change the call.
    Invalid(String),
    /// The machine refused: no adapter, no memory, a lost device.
    Device(String),
}

impl Error {
    /// A [`Error::Malformed`] from a sentence.
    pub fn malformed(text: impl Into<String>) -> Self {
        Error::Malformed(text.into())
    }

    /// An [`Error::Invalid`] from a sentence.
    pub fn invalid(text: impl Into<String>) -> Self {
        Error::Invalid(text.into())
    }

    /// A [`Error::Device`] from a sentence.
    pub fn device(text: impl Into<String>) -> Self {
        Error::Device(text.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Malformed(text) | Error::Invalid(text) | Error::Device(text) => f.write_str(text),
            Error::Unsupported { node, operator, reason } => write!(f, "node {node} ({operator}): {reason}"),
        }
    }
}

impl std::error::Error for Error {}
