//! The `.tflite` file format: bytes ⇄ [`File`].
//!
//! A `.tflite` file is a FlatBuffer whose root table is TFLite's `Model`, schema version 3. [`read`] checks every
//! offset, vtable, vector and index before it uses it and hands over plain structs; [`write()`] lays the same structs
//! out again as a file that any TFLite runtime loads. Nothing here knows what an operator computes.
//!
//! * Weights are never copied: a buffer is a [`Bytes`], a range of the file's one shared allocation.
//! * Every index of a [`File`] that was read is in range: operator codes, tensors, buffers, subgraphs.
//! * Options are typed tables, found by name ([`Options`]); which tables exist is data ([`layout`]).
//! * Codes (tensor types, operators) are kept as numbers with names, so that a file newer than this reader can still
//!   be looked at; whoever runs it refuses what it does not know.
//! * Memory and time are bounded by the file's size: offsets that share one target are charged for each use.
//!
//! ```
//! use matte_engine::schema::{self, File, SubGraph, Tensor, TensorType};
//!
//! let tensor = Tensor { name: "x".into(), shape: vec![1, 4], kind: TensorType::FLOAT32, ..Tensor::default() };
//! let subgraph = SubGraph { tensors: vec![tensor], inputs: vec![0], outputs: vec![0], ..SubGraph::default() };
//! let file = File { subgraphs: vec![subgraph], buffers: vec![Default::default()], ..File::default() };
//!
//! let bytes = schema::write(&file)?;
//! assert_eq!(schema::read(bytes.clone())?, file);
//! assert!(schema::read(&bytes[..bytes.len() / 2]).is_err());
//! # Ok::<(), schema::Error>(())
//! ```

mod builder;
mod bytes;
mod check;
mod codes;
mod error;
mod file;
mod flatbuffer;
pub mod flexbuffer;
pub mod layout;
mod options;
mod read;
mod write;

pub use bytes::Bytes;
pub use codes::{BuiltinOperator, TensorType};
pub use error::{Error, Result};
pub use file::{
    BlockwiseQuantization, DimensionMetadata, ExternalBuffer, File, Metadata, MultiAxisQuantization,
    Operator, OperatorCode, Quantization, QuantizationDetails, SignatureDef, SparseIndex, Sparsity, SubGraph,
    Tensor, TensorMap, VariantSubType,
};
pub use options::{Options, Value};
pub use read::read;
pub use write::write;

/// The four bytes at offset 4 of every `.tflite` file.
pub const IDENTIFIER: [u8; 4] = *b"TFL3";
