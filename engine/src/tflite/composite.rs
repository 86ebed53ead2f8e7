//! StableHLO composites: nodes that stand for the nodes of another subgraph, their decomposition.

use super::graph::{self, Reader, Tensors};
use super::node::Place;
use super::types::{Checked, Flaw};
use crate::error::Result;
use crate::schema::BuiltinOperator;

/// Appends the decomposition of the operator at `place` in its stead, where it is a composite; tells whether it is.
pub fn replace(reader: &mut Reader<'_, '_>, place: Place<'_>, tensors: &mut Tensors) -> Result<bool> {
    if place.code().builtin_code != BuiltinOperator::STABLEHLO_COMPOSITE {
        return Ok(false);
    }
    let error = |flaw| place.error(flaw);
    let (operator, caller) = (place.operator(), &reader.file.subgraphs[place.graph]);
    let index = decomposition(place).map_err(error)?;
    let called = &reader.file.subgraphs[index];
    let (inputs, outputs) = (&operator.inputs, &operator.outputs);
    if inputs.len() != called.inputs.len() || outputs.len() != called.outputs.len() {
        return Err(error(Flaw::malformed(
            "it has other numbers of operands and results than its decomposition",
        )));
    }

    let mut inner = Tensors::new(called.tensors.len());
    for (&outer, &input) in inputs.iter().zip(&called.inputs) {
        inner.values[input as usize] = Some(tensors.value(caller, outer).map_err(error)?);
    }
    let written = graph::given(called);
    for (&outer, &output) in outputs.iter().zip(&called.outputs) {
        let value = tensors.value(caller, outer).map_err(error)?;
        if written[output as usize] && inner.values[output as usize].is_none() {
            inner.values[output as usize] = Some(value);
        }
    }
    reader.append(index, &mut inner)?;
    // A result that the decomposition passes through, or gives twice, is the value that it already has.
    for (&outer, &output) in outputs.iter().zip(&called.outputs) {
        if let Ok(outer) = usize::try_from(outer) {
            tensors.values[outer] = inner.values[output as usize];
        }
    }
    Ok(true)
}

/// The index of the subgraph that the composite stands for.
fn decomposition(place: Place<'_>) -> Checked<usize> {
    let options = place.operator().builtin_options_2.as_ref();
    let options = options.ok_or_else(|| Flaw::malformed("it has no options, so no decomposition"))?;
    let index =
        options.int("decomposition_subgraph_index").map_err(|error| Flaw::malformed(error.to_string()))?;
    let index = usize::try_from(index).ok().filter(|&index| index < place.file.subgraphs.len());
    let name = || options.text("name").unwrap_or_default();
    index.ok_or_else(|| Flaw::malformed(format!("its composite {} has no decomposition", name())))
}
