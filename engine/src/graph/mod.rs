//! Nodes, values and the model they make up.
//!
//! - A [`Value`] is written once: by the caller (a graph input), by the file (a constant) or by one node.
//! - A [`Node`] applies an [`Op`] to values; its inputs may be absent where the operator allows it.
//! - Nodes stand in an order in which every value is written before it is read; [`Graph::verify`] checks that.
//! - Ids are indices. Passes edit a graph only through a [`Patch`].
//!
//! A graph knows nothing of devices, kernels or memory: those are the plan's.

mod patch;
mod print;
mod resize;

pub use patch::Patch;

use crate::error::{Error, Result};
use crate::ops::{Op, Operand, Operands};
use crate::tensor::{Tensor, TensorType};

/// The index of a value in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub usize);

/// The index of a node in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// What an edge carries.
#[derive(Clone, Debug)]
pub struct Value {
    /// The name in the file, or one made by a pass.
    pub name: String,
    /// The type; the shape is a placeholder where `dynamic` is set.
    pub ty: TensorType,
    /// The elements, where they are part of the model.
    pub constant: Option<Tensor>,
    /// Whether the shape is known only when the graph runs.
    pub dynamic: bool,
    /// Whether the value keeps its elements from run to run (the state of a recurrent operator).
    pub variable: bool,
}

impl Value {
    /// A value that a node will write.
    pub fn new(name: impl Into<String>, ty: TensorType) -> Self {
        Self { name: name.into(), ty, constant: None, dynamic: false, variable: false }
    }

    /// A constant.
    pub fn constant(name: impl Into<String>, tensor: Tensor) -> Self {
        Self { constant: Some(tensor.clone()), ..Self::new(name, tensor.ty().clone()) }
    }
}

/// An operator applied to values.
#[derive(Clone, Debug)]
pub struct Node {
    /// The name: of its first output where the file gives none.
    pub name: String,
    /// What is applied.
    pub op: Op,
    /// The operands; `None` where an optional one is absent.
    pub inputs: Vec<Option<ValueId>>,
    /// The results.
    pub outputs: Vec<ValueId>,
}

/// A directed acyclic graph of nodes in an order of execution.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The name in the file, often empty.
    pub name: String,
    /// All values; those no node touches any more stay, so that ids stay.
    pub values: Vec<Value>,
    /// The nodes in order of execution.
    pub nodes: Vec<Node>,
    /// What the caller gives, in the model's order.
    pub inputs: Vec<ValueId>,
    /// What the caller gets, in the model's order.
    pub outputs: Vec<ValueId>,
}

/// A named way into a model: which values of which graph stand for which names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signature {
    /// The key the signature is called by.
    pub key: String,
    /// The index of its graph.
    pub graph: usize,
    /// Names of inputs, each with its value.
    pub inputs: Vec<(String, ValueId)>,
    /// Names of outputs, each with its value.
    pub outputs: Vec<(String, ValueId)>,
}

/// A model as read: the main graph first, then those that control flow calls.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The file's path or a name given by the caller, for messages.
    pub name: String,
    /// The graphs; the first is the main one.
    pub graphs: Vec<Graph>,
    /// Named entries.
    pub signatures: Vec<Signature>,
}

impl Graph {
    /// A value.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0]
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Adds a value.
    pub fn add_value(&mut self, value: Value) -> ValueId {
        self.values.push(value);
        ValueId(self.values.len() - 1)
    }

    /// The ids of all nodes in order.
    pub fn node_ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// For each value the node that writes it.
    pub fn producers(&self) -> Vec<Option<NodeId>> {
        let mut producers = vec![None; self.values.len()];
        for id in self.node_ids() {
            for output in &self.node(id).outputs {
                producers[output.0] = Some(id);
            }
        }
        producers
    }

    /// For each value the nodes that read it, once for each operand.
    pub fn consumers(&self) -> Vec<Vec<NodeId>> {
        let mut consumers = vec![Vec::new(); self.values.len()];
        for id in self.node_ids() {
            for input in self.node(id).inputs.iter().flatten() {
                consumers[input.0].push(id);
            }
        }
        consumers
    }

    /// Types and constants of a node's operands.
    pub fn operands(&self, node: &Node) -> Operands<'_> {
        let operand = |id: ValueId| Operand {
            ty: &self.value(id).ty,
            constant: self.value(id).constant.as_ref(),
            dynamic: self.value(id).dynamic,
        };
        Operands {
            inputs: node.inputs.iter().map(|input| input.map(operand)).collect(),
            outputs: node.outputs.iter().map(|&id| &self.value(id).ty).collect(),
        }
    }

    /// Multiply-adds of the products of a run, as far as shapes are known.
    pub fn macs(&self) -> u64 {
        self.nodes.iter().map(|node| node.op.macs(&self.operands(node))).sum()
    }

    /// Checks that ids are in range, values are written once and before they are read, and graph inputs are written
    /// by no node.
    pub fn verify(&self) -> Result<()> {
        let in_range = |id: ValueId| match id.0 < self.values.len() {
            true => Ok(()),
            false => Err(Error::malformed(format!("there is no value {}", id.0))),
        };
        let mut written: Vec<bool> = self.values.iter().map(|v| v.constant.is_some() || v.variable).collect();
        for &input in &self.inputs {
            in_range(input)?;
            written[input.0] = true;
        }
        for (index, node) in self.nodes.iter().enumerate() {
            for &input in node.inputs.iter().flatten() {
                in_range(input)?;
                if !written[input.0] {
                    let value = &self.value(input).name;
                    return Err(Error::malformed(format!(
                        "node {index} ({}) reads {value} before it is written",
                        node.op.name()
                    )));
                }
            }
            for &output in &node.outputs {
                in_range(output)?;
                if std::mem::replace(&mut written[output.0], true) {
                    let value = &self.value(output).name;
                    return Err(Error::malformed(format!(
                        "node {index} ({}) writes {value} a second time",
                        node.op.name()
                    )));
                }
            }
        }
        for &output in &self.outputs {
            in_range(output)?;
            if !written[output.0] {
                return Err(Error::malformed(format!(
                    "no node writes the output {}",
                    self.value(output).name
                )));
            }
        }
        Ok(())
    }

    /// Infers every node's output types from its inputs, in order: after reading and after a resize.
    pub fn infer(&mut self) -> Result<()> {
        for index in 0..self.nodes.len() {
            self.infer_node(NodeId(index))?;
        }
        Ok(())
    }

    /// Infers the output types of one node.
    pub fn infer_node(&mut self, id: NodeId) -> Result<()> {
        let node = self.node(id);
        let inferred = node
            .op
            .infer(&self.operands(node))
            .map_err(|refusal| refusal.at(id.0, &node.name, node.op.name()))?;
        let outputs = node.outputs.clone();
        let fewer = inferred.len() > outputs.len() && !matches!(node.op, Op::Control(_));
        if inferred.len() < outputs.len() || fewer {
            let name = node.op.name();
            return Err(Error::malformed(format!(
                "node {} ({name}) has {} outputs, {name} gives {}",
                id.0,
                outputs.len(),
                inferred.len()
            )));
        }
        for (output, shape) in outputs.into_iter().zip(inferred) {
            let value = &mut self.values[output.0];
            value.dynamic = shape.is_none();
            if let Some(shape) = shape {
                crate::tensor::checked_bytes(value.ty.dtype, &shape)?;
                value.ty.shape = shape;
            }
        }
        Ok(())
    }
}
