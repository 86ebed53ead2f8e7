//! One constant of a file, outside a graph: for who edits the file.

use super::constants::Constants;
use super::types::{self, Flaw};
use super::{blocks, graph};
use crate::error::{Error, Result};
use crate::schema::{File, QuantizationDetails};
use crate::tensor::Tensor;

/// The dense elements of tensor `index` of subgraph `graph`, one to a byte or more; none where the file has none. Those
/// with scales by blocks are reals.
pub fn elements(file: &File, graph: usize, index: usize) -> Result<Option<Tensor>> {
    let subgraph = &file.subgraphs[graph];
    let tensor = &subgraph.tensors[index];
    let named = |flaw| match flaw {
        Flaw::Malformed(reason) => Error::malformed(format!("the tensor {} {reason}", tensor.name)),
        Flaw::Unsupported(reason) => {
            Error::Unsupported { node: tensor.name.clone(), operator: "constant".into(), reason }
        }
    };
    if graph::given(subgraph)[index] || tensor.is_variable {
        return Ok(None);
    }
    let mut constants = Constants::new(file, usize::MAX);
    let read = |constants: &mut Constants<'_>, tensor| {
        types::tensor_type(tensor).and_then(|ty| constants.get(tensor, &ty)).map_err(named)
    };
    let Some(integers) = read(&mut constants, tensor)? else { return Ok(None) };
    let details = tensor.quantization.as_ref().map(|quantization| &quantization.details);
    let Some(QuantizationDetails::Blockwise(by_blocks)) = details else { return Ok(Some(integers)) };
    let scales = read(&mut constants, &subgraph.tensors[by_blocks.scales as usize])?;
    let scales = scales.ok_or_else(|| named(Flaw::malformed("has scales that are not constant")))?;
    blocks::reals(&integers, &scales, by_blocks.block_size).map(Some).map_err(named)
}
