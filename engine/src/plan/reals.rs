//! A graph as a GPU runs it: a quantized value is an f32 that keeps to the steps of its quantization.
//!
//! Every kernel computes with reals, `scale · (integer − zero_point)`; what writes a quantized value rounds to its steps and
//! clamps to its range, as the integers would. Constants become the reals they stand for.
//!
//! A shape of rank above 4 has its first axes merged.
//!
//! Integers that stand for no reals stay, but for *indices*: integers that operators compare with extents or write as places are
//! f32 as well, which holds them exactly to 2²⁴ and keeps what is greater out of every extent's reach. A node that does more with
//! such a value stays with the CPU, which has the integers.

use crate::graph::{Graph, Node, NodeId, Value, ValueId};
use crate::ops::chain::nhwc;
use crate::ops::{Link, Merged, Refusal, Verdict, merged};
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
    /// For each value whether it is an f32 in place of integers.
    indices: Vec<bool>,
    /// For each node why operands of rank above 4 do not serve it as a GPU holds them.
    apart: Vec<Option<Refusal>>,
}

impl Reals {
    /// The reals of `graph`.
    pub fn of(graph: &Graph) -> Self {
        let sums = graph.nodes.iter().map(|node| sums(graph, node)).collect();
        let indices = indices(graph);
        let mut reals = Self {
            steps: Vec::new(),
            sums,
            bare: Vec::new(),
            indices,
            apart: vec![None; graph.nodes.len()],
            graph: graph.clone(),
        };
        for (value, &is_index) in reals.graph.values.iter_mut().zip(&reals.indices) {
            reals.steps.push(steps(&value.ty).filter(|_| value.constant.is_none()));
            make_real(value);
            if is_index {
                value.ty.dtype = DType::F32;
            }
            reals.bare.push(value.constant.is_some() && value.ty.dtype.integer_range().is_some());
        }
        reals.merge();
        reals
    }

    /// Gives operands of rank above 4 the shapes in which a GPU holds them, and their nodes the operators and constants for that.
    fn merge(&mut self) {
        let is_high = |value: &Value| value.ty.rank() > 4 && carries(value.ty.dtype) && !value.dynamic;
        let high: Vec<bool> = self.graph.values.iter().map(is_high).collect();
        let mut merged = Vec::new();
        for id in self.graph.node_ids() {
            let node = self.graph.node(id);
            if !node.inputs.iter().flatten().chain(&node.outputs).any(|value| high[value.0]) {
                continue;
            }
            match node.op.merged(&self.graph.operands(node)) {
                Ok(found) => merged.push((id, found)),
                Err(refusal) => self.apart[id.0] = Some(refusal),
            }
        }
        for value in self.graph.values.iter_mut().zip(&high).filter_map(|(value, high)| high.then_some(value))
        {
            value.ty.shape = merged::merged(&value.ty.shape);
            let constant = value.constant.take();
            value.constant = constant.and_then(|constant| constant.with_type(value.ty.clone()).ok());
        }
        for (id, Merged { op, constants }) in merged {
            self.graph.nodes[id.0].op = op;
            for (index, tensor) in constants {
                let constant = self.graph.add_value(Value::constant("merged", tensor));
                self.graph.nodes[id.0].inputs[index] = Some(constant);
                self.steps.push(None);
                self.bare.push(true);
                self.indices.push(false);
            }
            self.apart[id.0] = self.is_apart(self.graph.node(id));
        }
    }

    /// Why a node's results are not those of its operator on merged operands, where they are not.
    fn is_apart(&self, node: &Node) -> Option<Refusal> {
        if node.op.reinterprets() {
            return None;
        }
        // Shape rules see integers where a GPU has f32 in their place.
        let integers = |input: &Option<ValueId>| {
            let index = input.filter(|&value| self.is_index(value))?;
            Some(TensorType::new(DType::I32, &self.graph.value(index).ty.shape[..]))
        };
        let integers: Vec<Option<TensorType>> = node.inputs.iter().map(integers).collect();
        let mut operands = self.graph.operands(node);
        for (operand, ty) in operands.inputs.iter_mut().zip(&integers) {
            if let (Some(operand), Some(ty)) = (operand, ty) {
                operand.ty = ty;
            }
        }
        let inferred = match node.op.infer(&operands) {
            Ok(inferred) => inferred,
            Err(refusal) => return Some(refusal),
        };
        let differs = |(output, shape): (&ValueId, Option<Vec<usize>>)| {
            let ty = &self.graph.value(*output).ty;
            (shape.as_deref().and_then(nhwc) != nhwc(&ty.shape)).then(|| merged::apart(&ty.shape))
        };
        node.outputs.iter().zip(inferred).find_map(differs)
    }

    /// Why operands of rank above 4 do not serve a node, where they do not.
    pub fn apart(&self, id: NodeId) -> Option<&Refusal> {
        self.apart[id.0].as_ref()
    }

    /// What keeps a value to its steps, where it was quantized.
    pub fn steps(&self, value: ValueId) -> Option<&Link> {
        self.steps[value.0].as_ref()
    }

    /// What brings a node's sums to the steps of its output, where they stand for integers.
    pub fn sums(&self, node: NodeId) -> Option<&Link> {
        self.sums[node.0].as_ref()
    }

    /// Whether a value is an f32 in place of integers that stand for no reals.
    pub fn is_index(&self, value: ValueId) -> bool {
        self.indices[value.0]
    }

    /// Refuses a node that does more with indices than to use them as such.
    fn check_indices(&self, node: &Node) -> Verdict<()> {
        let operands = self.graph.operands(node);
        let name = |value: ValueId| &self.graph.value(value).name;
        let held = |value: Option<ValueId>| value.is_some_and(|value| self.is_index(value));
        let (first, result) = (node.inputs.first().copied().flatten(), node.outputs.first().copied());
        let renames = node.op.reinterprets() && held(first) && held(result);
        for (index, &value) in node.inputs.iter().enumerate() {
            let Some(value) = value else { continue };
            let taken = node.op.takes_indices(&operands, index);
            let described = self.graph.value(value);
            let bare = described.constant.is_none() && described.ty.dtype.integer_range().is_some();
            let integers = if taken { bare || self.steps(value).is_some() } else { self.is_index(value) };
            if integers && !(renames && index == 0) {
                return Err(Refusal::new(format!("it sees the integers of {}", name(value))));
            }
        }
        match node.outputs.iter().find(|&&output| self.is_index(output)) {
            Some(&output) if !renames && !node.op.gives_indices() => {
                Err(Refusal::new(format!("it writes the integers of {}", name(output))))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a node that the reals of its quantized operands, or those in place of integers, do not serve.
    pub fn check(&self, id: NodeId) -> Verdict<()> {
        let node = self.graph.node(id);
        self.check_indices(node)?;
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

/// Whether a GPU holds elements of this type.
fn carries(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::Bool)
}

/// For each value whether it may be an f32 in place of integers: a node writes places there, or one compares it with extents; also
/// under another shape, if nothing but such comparisons reads that.
fn indices(graph: &Graph) -> Vec<bool> {
    let plain = |value: &Value| {
        let integers = value.ty.dtype.integer_range().is_some() && value.ty.quantization.is_none();
        integers && value.constant.is_none() && !value.dynamic && !value.variable
    };
    let plain: Vec<bool> = graph.values.iter().map(plain).collect();
    let renamed = |node: &Node| match (&node.inputs[..], &node.outputs[..]) {
        (&[Some(input), ..], &[output]) if node.op.reinterprets() => {
            (plain[input.0] && plain[output.0]).then_some((input, output))
        }
        _ => None,
    };
    // Places that kernels write: exact, whoever reads them.
    let mut places = vec![false; graph.values.len()];
    for node in &graph.nodes {
        match renamed(node) {
            Some((input, output)) => places[output.0] = places[input.0],
            None if node.op.gives_indices() => {
                node.outputs.iter().for_each(|output| places[output.0] = plain[output.0])
            }
            None => {}
        }
    }
    // Values that something compares, and those that nothing else reads.
    let mut compared = vec![false; graph.values.len()];
    let mut only = plain.clone();
    graph.outputs.iter().for_each(|output| only[output.0] = false);
    for node in graph.nodes.iter().rev() {
        let operands = graph.operands(node);
        for (index, &input) in node.inputs.iter().enumerate() {
            let Some(input) = input else { continue };
            let through = renamed(node).filter(|_| index == 0).map(|(_, output)| output);
            let taken = match through {
                Some(output) => compared[output.0] && only[output.0],
                None => node.op.takes_indices(&operands, index),
            };
            compared[input.0] |= taken && plain[input.0];
            only[input.0] &= taken;
        }
    }
    // The result of a change of shape is not the caller's to see: a GPU may have rounded it.
    for node in &graph.nodes {
        if let Some((input, output)) = renamed(node) {
            compared[output.0] &= only[output.0] && compared[input.0];
        }
    }
    places.into_iter().zip(compared).map(|(place, compared)| place || compared).collect()
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
