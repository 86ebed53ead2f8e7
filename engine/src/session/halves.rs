//! Which layers halves harm: each in turn is given halves, its weights and its result, on the CPU, and what that moves the
//! model's results by is measured on one sample.
//!
//! A number past the range of halves becomes infinite and shows as an infinite error, so that such a layer stays f32.

use super::canary::apart;
use crate::cpu::{Executable, Program};
use crate::error::Result;
use crate::graph::{Graph, Node, NodeId, Patch, Value, ValueId};
use crate::ops::cast::Cast;
use crate::pool::Pool;
use crate::tensor::{DType, Tensor, TensorType};
use half::f16;
use std::fmt;
use std::sync::Arc;

/// The most that halves in one layer may move a result by, as a part of its greatest number: a step of eight bits.
pub const MOST: f32 = 1.0 / 256.0;

/// What halves in a layer do to the model's results.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerError {
    /// The layer's result.
    pub value: ValueId,
    /// The layer's name.
    pub name: String,
    /// Its operator.
    pub operator: &'static str,
    /// The greatest difference of a result as a part of its greatest number.
    pub error: f32,
}

impl LayerError {
    /// Whether the layer stays f32.
    pub fn is_full(&self) -> bool {
        self.error.is_nan() || self.error > MOST
    }
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stored = if self.is_full() { "f32" } else { "f16" };
        write!(f, "{stored}  error {:8.1e}  {} {}", self.error, self.operator, self.name)
    }
}

/// The errors of a graph's layers on a sample. Layers whose result is of another type, or outlives a run, have none.
pub fn layer_errors(graph: &Graph, sample: &[Tensor], pool: &Arc<Pool>) -> Result<Vec<LayerError>> {
    let run = |graph: Graph| {
        let program = Program::new(std::slice::from_ref(&graph));
        Executable::new(Arc::new(graph), program, pool.clone())?.run(sample)
    };
    let expected = run(graph.clone())?;
    let mut errors = Vec::new();
    for id in graph.node_ids() {
        let Some(value) = result(graph, id) else { continue };
        let mut error = 0.0f32;
        for (expected, result) in expected.iter().zip(&run(with_halves(graph, id, value)?)?) {
            let apart = apart(expected, result)?;
            error = if apart > error || apart.is_nan() { apart } else { error };
        }
        let node = graph.node(id);
        errors.push(LayerError { value, name: node.name.clone(), operator: node.op.name(), error });
    }
    Ok(errors)
}

fn result(graph: &Graph, id: NodeId) -> Option<ValueId> {
    let &[value] = &graph.node(id).outputs[..] else { return None };
    let described = graph.value(value);
    let plain = described.ty.dtype == DType::F32 && !described.dynamic && !described.variable;
    (plain && !graph.node(id).op.has_effects()).then_some(value)
}

/// The graph in which one layer has halves.
fn with_halves(graph: &Graph, id: NodeId, value: ValueId) -> Result<Graph> {
    let mut patch = Patch::new(graph);
    let mut layer = graph.node(id).clone();
    for input in layer.inputs.iter_mut().flatten() {
        if let Some(constant) = graph.value(*input).constant.as_ref().filter(|c| c.dtype() == DType::F32) {
            let halves: Vec<f32> =
                constant.as_slice::<f32>()?.iter().map(|&number| f16::from_f32(number).to_f32()).collect();
            let rounded = Tensor::from_slice(constant.shape(), &halves)?;
            *input = patch.value(Value::constant("halves", rounded));
        }
    }
    let shape = &graph.value(value).ty.shape[..];
    let full = patch.value(Value::new("full", TensorType::f32(shape)));
    let half = patch.value(Value::new("half", TensorType::new(DType::F16, shape)));
    layer.outputs = vec![full];
    let cast = |from, to| Node {
        name: "halves".into(),
        op: Cast::Value.into(),
        inputs: vec![Some(from)],
        outputs: vec![to],
    };
    patch.replace(id, vec![layer, cast(full, half), cast(half, value)]);
    let mut edited = graph.clone();
    patch.apply(&mut edited)?;
    Ok(edited)
}

#[cfg(test)]
mod tests {
    use super::{LayerError, layer_errors};
    use crate::graph::{Graph, Node, Value, ValueId};
    use crate::ops::Activation;
    use crate::ops::binary::{Binary, BinaryKind};
    use crate::pool::Pool;
    use crate::tensor::{Tensor, TensorType};
    use std::sync::Arc;

    /// `x · 1e6 · 1e-6 + 1`.
    fn graph() -> Graph {
        let mut graph = Graph::default();
        let mut value = graph.add_value(Value::new("x", TensorType::f32([4])));
        graph.inputs = vec![value];
        for (kind, number) in [(BinaryKind::Mul, 1e6), (BinaryKind::Mul, 1e-6), (BinaryKind::Add, 1.0f32)] {
            let other = Tensor::from_slice([1], &[number]).expect("one number");
            let other = graph.add_value(Value::constant("other", other));
            let output = graph.add_value(Value::new("y", TensorType::f32([4])));
            graph.nodes.push(Node {
                name: format!("{number:e}"),
                op: Binary { kind, activation: Activation::None }.into(),
                inputs: vec![Some(value), Some(other)],
                outputs: vec![output],
            });
            value = output;
        }
        graph.outputs = vec![value];
        graph.infer().expect("the shapes fit");
        graph
    }

    #[test]
    fn a_layer_that_overflows_halves_stays_full() {
        let sample = [Tensor::from_slice([4], &[0.1f32, 0.2, 0.3, 0.4]).expect("four numbers")];
        let errors = layer_errors(&graph(), &sample, &Arc::new(Pool::new(1))).expect("it runs");
        let full: Vec<bool> = errors.iter().map(LayerError::is_full).collect();
        assert!(full[0], "a million is no half: {errors:?}");
        assert!(!full[2], "numbers near one are: {errors:?}");
        assert_eq!(errors[2].value, ValueId(graph().values.len() - 1));
    }
}
