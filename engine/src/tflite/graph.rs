//! Subgraphs of the file → graphs.

use super::constants::Constants;
use super::node::{self, Place};
use super::types::{self, Checked, Flaw};
use super::{blocks, composite};
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, Value, ValueId};
use crate::schema::{BlockwiseQuantization, File, QuantizationDetails, SubGraph, Tensor, TensorType};
use crate::tensor::{Tensor as Elements, TensorType as Type};
use std::collections::BTreeMap;

/// How deep composites may nest.
const MAX_DEPTH: usize = 32;

/// How many tensors and operators the graphs of a file may have with all composites replaced.
const LIMIT: usize = 1 << 20;

/// The graph number `index` of `file`, and the value that each of its tensors is. The values have the tensors'
/// indices but for those that a composite passes through.
pub fn read<'a>(
    file: &'a File,
    index: usize,
    constants: &mut Constants<'a>,
) -> Result<(Graph, Vec<ValueId>)> {
    let subgraph = &file.subgraphs[index];
    let graph = Graph { name: subgraph.name.clone(), ..Graph::default() };
    let mut reader = Reader { file, constants, graph, left: LIMIT, depth: 0 };
    let mut tensors = Tensors::new(subgraph.tensors.len());
    reader.append(index, &mut tensors)?;
    let id = |&index: &i32| tensors.id(subgraph, index);
    reader.graph.inputs = subgraph.inputs.iter().map(id).collect::<Result<_>>()?;
    for input in reader.graph.inputs.clone() {
        // What the caller gives anew for each run is no state, whatever the file says.
        reader.graph.values[input.0].variable = false;
    }
    reader.graph.outputs = subgraph.outputs.iter().map(id).collect::<Result<_>>()?;
    let ids = (0..).zip(&tensors.values).map(|(index, value)| value.flatten().unwrap_or(ValueId(index)));
    Ok((reader.graph, ids.collect()))
}

/// Reads one graph, and the decompositions of its composites into it.
pub struct Reader<'a, 'b> {
    /// The file.
    pub file: &'a File,
    constants: &'b mut Constants<'a>,
    /// The graph so far.
    pub graph: Graph,
    left: usize,
    depth: usize,
}

/// What the tensors of a subgraph are in the graph.
pub struct Tensors {
    /// The value of each tensor: not yet known, none for an operand left out, or a value.
    pub values: Vec<Option<Option<ValueId>>>,
    /// Why a tensor is no value that the engine has.
    refused: BTreeMap<usize, Flaw>,
}

impl Tensors {
    /// `count` tensors not yet known.
    pub fn new(count: usize) -> Self {
        Self { values: vec![None; count], refused: BTreeMap::new() }
    }

    /// The value of tensor `index`; none for −1 and for an operand left out.
    pub fn value(&self, subgraph: &SubGraph, index: i32) -> Checked<Option<ValueId>> {
        let Ok(index) = usize::try_from(index) else { return Ok(None) };
        let operand = |reason: &str| format!("its operand {} {reason}", subgraph.tensors[index].name);
        match self.refused.get(&index) {
            Some(Flaw::Malformed(reason)) => Err(Flaw::Malformed(operand(reason))),
            Some(Flaw::Unsupported(reason)) => Err(Flaw::Unsupported(operand(reason))),
            None => Ok(self.values[index].flatten()),
        }
    }

    /// The value of an input or output of the graph.
    fn id(&self, subgraph: &SubGraph, index: i32) -> Result<ValueId> {
        let error = |flaw| match flaw {
            Flaw::Malformed(reason) => Error::malformed(format!("the graph {}: {reason}", subgraph.name)),
            Flaw::Unsupported(reason) => Error::Unsupported {
                node: "of the caller".into(),
                operator: "input or output".into(),
                reason,
            },
        };
        let missing =
            || Error::malformed(format!("the graph {} has no input or output {index}", subgraph.name));
        self.value(subgraph, index).map_err(error)?.ok_or_else(missing)
    }
}

impl Reader<'_, '_> {
    /// Appends the nodes of subgraph `index`. Its tensors that are not known yet become new values.
    pub fn append(&mut self, index: usize, tensors: &mut Tensors) -> Result<()> {
        let subgraph = &self.file.subgraphs[index];
        let count = subgraph.tensors.len() + subgraph.operators.len();
        self.depth += 1;
        let left = self.left.checked_sub(count).filter(|_| self.depth <= MAX_DEPTH);
        self.left =
            left.ok_or_else(|| Error::malformed("the file's composites call each other without an end"))?;
        let given = given(subgraph);
        for (index, tensor) in subgraph.tensors.iter().enumerate() {
            if tensors.values[index].is_some() {
                continue;
            }
            let value = self.value(subgraph, tensor, given[index]).unwrap_or_else(|flaw| {
                tensors.refused.insert(index, flaw);
                Value::new(&tensor.name, Type::f32([]))
            });
            tensors.values[index] = Some(Some(self.graph.add_value(value)));
        }
        for operator in 0..subgraph.operators.len() {
            let place = Place { file: self.file, graph: index, index: operator };
            if !composite::replace(self, place, tensors)? {
                let node = self.node(place, tensors)?;
                self.graph.nodes.push(node);
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A tensor as a value; `given` says that a node or the caller writes it.
    fn value(&mut self, subgraph: &SubGraph, tensor: &Tensor, given: bool) -> Checked<Value> {
        let ty = types::tensor_type(tensor)?;
        let constant = self.constants.get(tensor, &ty)?;
        if constant.is_some() && (given || tensor.is_variable) {
            return Err(Flaw::malformed("is written, but has elements of its own"));
        }
        let blocks = match tensor.quantization.as_ref().map(|quantization| &quantization.details) {
            Some(QuantizationDetails::Blockwise(blocks)) => Some(blocks),
            _ => None,
        };
        let constant = match (constant, blocks) {
            (Some(integers), Some(blocks)) => {
                let reals = self.reals(subgraph, &integers, blocks)?;
                return Ok(Value::constant(&tensor.name, reals));
            }
            // A constant without elements has no bytes to tell it from a value to be written.
            (None, None) if ty.elements() == 0 && !given && !tensor.is_variable => {
                Some(Elements::zeros(ty.clone()))
            }
            (None, None) if matches!(tensor.kind, TensorType::INT2 | TensorType::UINT4) => {
                return Err(Flaw::unsupported(format!("is computed, which {} cannot be here", tensor.kind)));
            }
            (None, Some(_)) => return Err(Flaw::unsupported("is computed, but has scales by blocks")),
            (constant, None) => constant,
        };
        Ok(Value { constant, variable: tensor.is_variable, ..Value::new(&tensor.name, ty) })
    }

    /// The reals that a constant with scales by blocks stands for.
    fn reals(
        &mut self,
        subgraph: &SubGraph,
        integers: &Elements,
        blocks: &BlockwiseQuantization,
    ) -> Checked<Elements> {
        let scales = &subgraph.tensors[blocks.scales as usize];
        let scales = self.constants.get(scales, &types::tensor_type(scales)?)?;
        let scales = scales.ok_or_else(|| Flaw::malformed("has scales that are not constant"))?;
        self.constants.charge(integers.len().saturating_mul(size_of::<f32>()))?;
        blocks::reals(integers, &scales, blocks.block_size)
    }

    fn node(&self, place: Place<'_>, tensors: &Tensors) -> Result<Node> {
        let (operator, subgraph) = (place.operator(), &self.file.subgraphs[place.graph]);
        let value = |&index: &i32| tensors.value(subgraph, index);
        let inputs = operator.inputs.iter().map(value).collect::<Checked<_>>();
        let output = |index| value(index)?.ok_or_else(|| Flaw::malformed("one of its outputs is left out"));
        let outputs = operator.outputs.iter().map(output).collect::<Checked<_>>();
        let error = |flaw| place.error(flaw);
        let (inputs, outputs) = (inputs.map_err(error)?, outputs.map_err(error)?);
        Ok(Node { name: place.name().to_owned(), op: node::decode(place)?, inputs, outputs })
    }
}

/// Which tensors a node or the caller writes.
pub fn given(subgraph: &SubGraph) -> Vec<bool> {
    let mut given = vec![false; subgraph.tensors.len()];
    let outputs = subgraph.operators.iter().flat_map(|operator| &operator.outputs);
    for &index in subgraph.inputs.iter().chain(outputs) {
        if let Some(given) = usize::try_from(index).ok().and_then(|index| given.get_mut(index)) {
            *given = true;
        }
    }
    given
}
