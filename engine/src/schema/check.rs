//! Whether the indices of a [`File`] are in range.

use super::{Error, File, Operator, Options, QuantizationDetails, Result, SubGraph, Tensor, Value};

/// An error for the first index of `file` that points past its list.
pub fn indices(file: &File) -> Result<()> {
    for (row, graph) in file.subgraphs.iter().enumerate() {
        subgraph(graph, row, file)?;
    }
    let buffers = file.buffers.len();
    for (row, metadata) in file.metadata.iter().enumerate() {
        index("Metadata", "buffer", row, metadata.buffer.into(), buffers)?;
    }
    for (row, signature) in file.signature_defs.iter().enumerate() {
        let graph = signature.subgraph_index;
        index("SignatureDef", "subgraph_index", row, graph.into(), file.subgraphs.len())?;
        let tensors = file.subgraphs[graph as usize].tensors.len();
        for map in signature.inputs.iter().chain(&signature.outputs) {
            index("SignatureDef", "tensor_index", row, map.tensor_index.into(), tensors)?;
        }
    }
    Ok(())
}

fn subgraph(graph: &SubGraph, row: usize, file: &File) -> Result<()> {
    let tensors = graph.tensors.len();
    for &input in &graph.inputs {
        index("SubGraph", "inputs", row, input.into(), tensors)?;
    }
    for &output in &graph.outputs {
        index("SubGraph", "outputs", row, output.into(), tensors)?;
    }
    for (row, tensor) in graph.tensors.iter().enumerate() {
        index("Tensor", "buffer", row, tensor.buffer.into(), file.buffers.len())?;
        quantization(tensor, row, tensors)?;
    }
    for (row, operator) in graph.operators.iter().enumerate() {
        index("Operator", "opcode_index", row, operator.opcode_index.into(), file.operator_codes.len())?;
        // −1 stands for an operand left out.
        let operands =
            operator.inputs.iter().chain(&operator.intermediates).filter(|&&operand| operand != -1);
        for &operand in operands {
            index("Operator", "inputs", row, operand.into(), tensors)?;
        }
        for &output in operator.outputs.iter().filter(|&&output| output != -1) {
            index("Operator", "outputs", row, output.into(), tensors)?;
        }
        options(operator, row, file.subgraphs.len())?;
    }
    Ok(())
}

/// Options name subgraphs in fields whose names say so.
fn options(operator: &Operator, row: usize, subgraphs: usize) -> Result<()> {
    let both = [&operator.builtin_options, &operator.builtin_options_2];
    for (field, value) in both.into_iter().flatten().flat_map(Options::fields) {
        let indices = match value {
            Some(Value::Int(index)) if field.name.ends_with("subgraph_index") || field.name == "subgraph" => {
                std::slice::from_ref(index)
            }
            Some(Value::Ints(indices)) if field.name.ends_with("subgraph_indices") => indices,
            _ => continue,
        };
        for &subgraph in indices {
            index("Operator", field.name, row, subgraph, subgraphs)?;
        }
    }
    Ok(())
}

fn quantization(tensor: &Tensor, row: usize, tensors: usize) -> Result<()> {
    let (scales, zero_points) = match tensor.quantization.as_ref().map(|quantization| &quantization.details) {
        Some(QuantizationDetails::Blockwise(details)) => (details.scales, details.zero_points),
        Some(QuantizationDetails::MultiAxis(details)) => (details.scales, details.zero_points),
        _ => return Ok(()),
    };
    index("Tensor", "scales", row, scales.into(), tensors)?;
    // −1 stands for zero points that are all 0.
    if zero_points != -1 { index("Tensor", "zero_points", row, zero_points.into(), tensors) } else { Ok(()) }
}

fn index(table: &'static str, field: &'static str, row: usize, index: i64, count: usize) -> Result<()> {
    match usize::try_from(index) {
        Ok(place) if place < count => Ok(()),
        _ => Err(Error::Index { table, field, row, index, count }),
    }
}
