//! A `.tflite` file → a [`Model`].
//!
//! Reading makes the file's graphs canonical, so that nothing after it knows the format:
//!
//! - each tensor becomes a value of the same index in its graph; its type is the engine's, its constant dense and one
//!   element to a byte or more: integers of two and four bits are unpacked, sparse constants spread out, so that
//!   DENSIFY has nothing left to do but to pass its operand on;
//! - constants with scales by blocks become reals;
//! - a quantization is kept only where integers stand for reals; the ranges seen in training are dropped;
//! - each operator becomes an [`Op`](crate::ops::Op) by its family's decoder; what the decoder, the version table or
//!   the types do not allow is an [`Unsupported`](crate::Error::Unsupported) that names the node;
//! - a StableHLO composite is replaced by the nodes of its decomposition;
//! - the other graphs, which control flow calls, keep their indices.
//!
//! The graphs are verified and their shapes inferred. Constants of one buffer share their elements.

mod blocks;
mod composite;
mod constants;
mod elements;
mod graph;
mod node;
mod packed;
mod sparse;
mod types;
mod versions;

use crate::error::{Error, Result};
use crate::graph::{Model, Signature, ValueId};
use crate::schema::{self, Bytes, File, SignatureDef, TensorMap};
use constants::Constants;

pub use elements::elements;
pub use packed::pack_four_bits;

/// Reads a model from the bytes of a `.tflite` file. The model has no name yet: the caller knows the path.
pub fn read(bytes: impl Into<Bytes>) -> Result<Model> {
    let bytes = bytes.into();
    let size = bytes.len();
    model(&schema::read(bytes)?, size)
}

fn model(file: &File, size: usize) -> Result<Model> {
    if file.subgraphs.is_empty() {
        return Err(Error::malformed("the file has no graph"));
    }
    let mut constants = Constants::new(file, size);
    let mut graphs = Vec::with_capacity(file.subgraphs.len());
    let mut values = Vec::with_capacity(file.subgraphs.len());
    for index in 0..file.subgraphs.len() {
        let (mut graph, ids) = graph::read(file, index, &mut constants)?;
        graph.verify()?;
        graph.infer()?;
        graphs.push(graph);
        values.push(ids);
    }
    let signatures = file.signature_defs.iter();
    let signatures = signatures.map(|def| signature(def, &values[def.subgraph_index as usize])).collect();
    Ok(Model { name: String::new(), graphs, signatures })
}

/// The signature of a graph whose tensors are `values`.
fn signature(def: &SignatureDef, values: &[ValueId]) -> Signature {
    let names = |maps: &[TensorMap]| {
        maps.iter().map(|map| (map.name.clone(), values[map.tensor_index as usize])).collect()
    };
    Signature {
        key: def.signature_key.clone(),
        graph: def.subgraph_index as usize,
        inputs: names(&def.inputs),
        outputs: names(&def.outputs),
    }
}
