//! A graph as a GPU runs it: a quantized value is an f32 that keeps to the steps of its quantization.
//!
//! Every kernel computes with reals, `scale · (integer − zero_point)`; what writes a quantized value rounds to its steps and
//! clamps to its range, as the integers would. Constants become the reals they stand for. Values of other integers stay.

use crate::graph::{Graph, Node, NodeId, Value, ValueId};
use crate::ops::{Link, Refusal, Verdict};
use crate::tensor::{DType, Tensor, TensorType};

/// A graph whose quantized values are reals. Ids are those of the graph it was made from.
pub struct Reals {
    /// The graph.
    pub graph: Graph,
    /// For each value how it keeps to its steps, where it was quantized.
    steps: Vec<Option<Link>>,
    /// For each node what brings its sums to the steps of its output.
    sums: Vec<Option<Link>>,
    /// For each value whether integers of the model that stand for no reals were left as they are.
    bare: Vec<bool>,
}

impl Reals {
    /// The reals of `graph`.
    pub fn of(graph: &Graph) -> Self {
        let sums = graph.nodes.iter().map(|node| sums(graph, node)).collect();
        let mut reals = Self { steps: Vec::new(), sums, bare: Vec::new(), graph: graph.clone() };
        for value in &mut reals.graph.values {
            reals.steps.push(steps(&value.ty).filter(|_| value.constant.is_none()));
            make_real(value);
            reals.bare.push(value.constant.is_some() && value.ty.dtype.integer_range().is_some());
        }
        reals
    }

    /// What keeps a value to its steps, where it was quantized.
    pub fn steps(&self, value: ValueId) -> Option<&Link> {
        self.steps[value.0].as_ref()
    }

    /// What brings a node's sums to the steps of its output, where they stand for integers.
    pub fn sums(&self, node: NodeId) -> Option<&Link> {
        self.sums[node.0].as_ref()
    }

    /// Refuses a node that the reals of its quantized operands do not serve.
    pub fn check(&self, node: &Node) -> Verdict<()> {
        let quantized = |value: &&ValueId| self.steps(**value).is_some();
        let Some(&first) = node.inputs.iter().flatten().chain(&node.outputs).find(quantized) else {
            return Ok(());
        };
        let name = |value: ValueId| &self.graph.value(value).name;
        if !node.op.takes_reals() {
            return Err(Refusal::new(format!("it sees the integers of {}", name(first))));
        }
        if let Some(bias) = node.op.bias().and_then(|index| *node.inputs.get(index)?)
            && self.bare[bias.0]
        {
            return Err(Refusal::new(format!("its bias {} has no scale", name(bias))));
        }
        let other =
            |output: &&ValueId| self.steps(**output) != node.inputs[0].and_then(|input| self.steps(input));
        match node.outputs.iter().skip(1).find(other) {
            Some(&output) => Err(Refusal::new(format!("{} has other steps than its input", name(output)))),
            None => Ok(()),
        }
    }
}

/// What keeps reals to the steps of `ty`, whose integers are of sixteen bits at most: f32 tells those apart.
fn steps(ty: &TensorType) -> Option<Link> {
    let q = ty.quantization.as_ref().filter(|q| !q.is_per_channel() && q.scale[0] > 0.0)?;
    let small = matches!(ty.dtype, DType::I4 | DType::I8 | DType::U8 | DType::I16 | DType::U16);
    let (low, high) = ty.dtype.integer_range().filter(|_| small)?;
    let from_zero = |integer: i64| (integer - q.zero_point[0]) as f32;
    Some(Link::Steps { scale: q.scale[0], low: from_zero(low), high: from_zero(high) })
}

/// What brings the weighted sums of a node to the steps of its output, as `ops::weighted` does with those of integers: for weights of one
/// scale, inputs 0 and 1 being multiplied, and an output of eight bits.
fn sums(graph: &Graph, node: &Node) -> Option<Link> {
    node.op.bias()?;
    let ty = |value: Option<&Option<ValueId>>| Some(&graph.value((*value?)?).ty);
    let scale = |ty: &TensorType| {
        let q = ty.quantization.as_ref().filter(|q| !q.is_per_channel() && q.scale[0] > 0.0)?;
        matches!(ty.dtype, DType::I4 | DType::I8 | DType::U8).then_some(q.scale[0])
    };
    let output = &graph.value(*node.outputs.first()?).ty;
    let (x, w, y) = (scale(ty(node.inputs.first())?)?, scale(ty(node.inputs.get(1))?)?, scale(output)?);
    let Some(Link::Steps { low: least, high: greatest, .. }) = steps(output) else { return None };
    let (low, high) = node.op.activation().range()?;
    let step = |real: f32| (real / y).round_ties_even().clamp(least, greatest);
    Some(Link::Sums { unit: x * w, factor: x * w / y, scale: y, low: step(low), high: step(high) })
}

fn make_real(value: &mut Value) {
    let real = TensorType::f32(&value.ty.shape[..]);
    let constant =
        value.constant.as_ref().filter(|_| value.ty.quantization.is_some()).and_then(Tensor::to_reals);
    match constant.map(|reals| Tensor::from_elements(real.clone(), &reals)) {
        Some(Ok(constant)) => (value.constant, value.ty) = (Some(constant), real),
        _ if value.constant.is_none() && steps(&value.ty).is_some() => value.ty = real,
        _ => {}
    }
}
