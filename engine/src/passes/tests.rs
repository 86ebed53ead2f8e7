//! What the passes' tests share.

use crate::graph::{Graph, Node, Value, ValueId};
use crate::ops::Op;
use crate::tensor::TensorType;

/// Adds a node of these inputs behind the others and gives its one output.
pub fn add(graph: &mut Graph, op: impl Into<Op>, inputs: &[ValueId]) -> ValueId {
    let output = graph.add_value(Value::new(format!("v{}", graph.values.len()), TensorType::f32([])));
    let inputs = inputs.iter().copied().map(Some).collect();
    graph.nodes.push(Node { name: String::new(), op: op.into(), inputs, outputs: vec![output] });
    graph.infer().expect("the shapes fit");
    output
}
