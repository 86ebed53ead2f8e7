//! What a model is beside its main graph: the graphs that control flow calls, and everything that outlives a run.
//!
//! A called graph is walked node by node. Where it is called on the shapes it was read with, it is the optimized graph whose
//! nodes run their SIMD kernels; a loop's state may change its shape, and then the graph is the one in the file, and shapes
//! are inferred from the values at hand.

use super::single::Single;
use super::{arena::Arena, reference};
use crate::error::{Error, Result};
use crate::graph::{Graph, NodeId, ValueId};
use crate::ops::Op;
use crate::ops::control::Control;
use crate::pool::Pool;
use crate::tensor::{DType, Tensor, TensorType};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How deep graphs may call each other.
const MAX_DEPTH: usize = 64;

/// The graphs of a model, the states of its operators and its variables.
pub struct Program {
    /// As they were read.
    graphs: Arc<[Graph]>,
    fast: Option<Fast>,
    /// The elements of the values that are variable, where a node has changed them.
    states: BTreeMap<(usize, ValueId), Tensor>,
    /// Container and name of each variable; a handle is an index here.
    names: Vec<(String, String)>,
    variables: Vec<Option<Tensor>>,
    /// The graphs that ran because they run once.
    called_once: BTreeSet<usize>,
}

/// What makes a program fast.
struct Fast {
    /// Its graphs after the passes; values keep their ids.
    graphs: Arc<[Graph]>,
    pool: Arc<Pool>,
    /// The kernel of each node met so far, where it has one.
    kernels: BTreeMap<(usize, NodeId), Option<Single>>,
    scratch: Arena,
}

/// A graph by its index, in one of its forms.
#[derive(Clone, Copy)]
struct Called<'a> {
    index: usize,
    graph: &'a Graph,
    /// Whether it is the form after the passes.
    optimized: bool,
}

impl Program {
    /// The main graph's index.
    pub const MAIN: usize = 0;

    /// A program that has not run yet and runs by plain kernels alone.
    pub fn new(graphs: &[Graph]) -> Self {
        Self {
            graphs: graphs.into(),
            fast: None,
            states: BTreeMap::new(),
            names: Vec::new(),
            variables: Vec::new(),
            called_once: BTreeSet::new(),
        }
    }

    /// The program with kernels on these threads, and with `optimized` graphs for the calls they are right for.
    pub fn fast(self, optimized: Vec<Graph>, pool: Arc<Pool>) -> Result<Self> {
        let (graphs, kernels, scratch) = (optimized.into(), BTreeMap::new(), Arena::new(0)?);
        Ok(Self { fast: Some(Fast { graphs, pool, kernels, scratch }), ..self })
    }

    /// The kernel that runs a node of the main graph as it is executed, where it is not the plain one.
    pub fn kernel(&mut self, graph: &Graph, id: NodeId) -> Option<String> {
        let main = Called { index: Self::MAIN, graph, optimized: true };
        Some(self.fast.as_mut()?.kernel(main, id)?.name())
    }

    /// Forgets everything that outlives a run.
    pub fn reset(&mut self) {
        self.states.clear();
        self.names.clear();
        self.variables.clear();
        self.called_once.clear();
    }

    /// Runs a node of the main graph as it is executed. Inputs that are variable are taken from here.
    pub fn run(&mut self, graph: &Graph, id: NodeId, inputs: &[Option<Tensor>]) -> Result<Vec<Tensor>> {
        self.node(Called { index: Self::MAIN, graph, optimized: true }, id, inputs, MAX_DEPTH)
    }

    /// Runs the main graph as it was read, by plain kernels alone.
    pub fn run_main(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.call(Self::MAIN, inputs.to_vec(), MAX_DEPTH)
    }

    /// The elements of a variable value of the main graph as it is executed.
    pub fn state(&self, graph: &Graph, value: ValueId) -> Tensor {
        self.state_of(Self::MAIN, graph, value)
    }

    fn state_of(&self, index: usize, graph: &Graph, value: ValueId) -> Tensor {
        let ty = &graph.value(value).ty;
        self.states.get(&(index, value)).cloned().unwrap_or_else(|| zeros(ty))
    }

    fn node(
        &mut self,
        called: Called<'_>,
        id: NodeId,
        inputs: &[Option<Tensor>],
        depth: usize,
    ) -> Result<Vec<Tensor>> {
        let Called { index, graph, .. } = called;
        let node = graph.node(id);
        if let Op::Control(control) = &node.op {
            let results = self.control(control, inputs, depth).map_err(|error| at(error, graph, id))?;
            return typed(graph, id, results);
        }
        let variable = |value: &ValueId| graph.value(*value).variable;
        let given = |(operand, tensor): (&Option<ValueId>, &Option<Tensor>)| match operand.filter(variable) {
            Some(value) => Some(self.state_of(index, graph, value)),
            None => tensor.clone(),
        };
        let given: Vec<Option<Tensor>> = node.inputs.iter().zip(inputs).map(given).collect();
        let by_kernel = self.fast.as_mut().and_then(|fast| fast.run(called, id, &given)).transpose()?;
        let mut results = match by_kernel {
            Some(results) => results,
            None => reference(graph, id, &given)?,
        };
        let states = results.split_off(node.outputs.len().min(results.len()));
        for (&input, state) in node.op.updates().iter().zip(states) {
            if let Some(value) = node.inputs.get(input).copied().flatten().filter(variable) {
                self.states.insert((index, value), state);
            }
        }
        Ok(results)
    }

    fn control(&mut self, control: &Control, inputs: &[Option<Tensor>], depth: usize) -> Result<Vec<Tensor>> {
        let given = |from: usize| -> Vec<Tensor> { inputs.iter().skip(from).flatten().cloned().collect() };
        match *control {
            Control::If { then_graph, else_graph } => {
                let graph = if truth(inputs.first())? { then_graph } else { else_graph };
                self.call(graph, given(1), depth)
            }
            Control::While { condition, body } => {
                let mut state = given(0);
                while truth(
                    self.call(condition, state.clone(), depth)?.into_iter().map(Some).next().as_ref(),
                )? {
                    state = self.call(body, state, depth)?;
                }
                Ok(state)
            }
            Control::CallOnce { graph } => {
                if self.called_once.insert(graph) {
                    self.call(graph, Vec::new(), depth)?;
                }
                Ok(Vec::new())
            }
            Control::Call { graph } => self.call(graph, given(0), depth),
            Control::VarHandle { ref container, ref name } => {
                let key = (container.clone(), name.clone());
                let known = self.names.iter().position(|names| *names == key);
                let handle = known.unwrap_or_else(|| {
                    self.names.push(key);
                    self.variables.push(None);
                    self.names.len() - 1
                });
                Ok(vec![Tensor::from_integers(TensorType::new(DType::Resource, []), &[handle as i64])?])
            }
            Control::ReadVariable => {
                let (handle, names) = self.variable(inputs)?;
                let value = self.variables[handle].clone();
                Ok(vec![
                    value
                        .ok_or_else(|| Error::invalid(format!("the variable {names} was never assigned")))?,
                ])
            }
            Control::AssignVariable => {
                let (handle, names) = self.variable(inputs)?;
                let value = inputs.get(1).cloned().flatten();
                let value = value
                    .ok_or_else(|| Error::malformed(format!("the variable {names} is assigned nothing")))?;
                self.variables[handle] = Some(value);
                Ok(Vec::new())
            }
        }
    }

    /// The index and the name of the variable whose handle is the first input.
    fn variable(&self, inputs: &[Option<Tensor>]) -> Result<(usize, String)> {
        let handle =
            inputs.first().and_then(|input| input.as_ref()?.as_slice::<u32>().ok()?.first().copied());
        let named = handle.and_then(|handle| Some((handle as usize, self.names.get(handle as usize)?)));
        let (handle, (container, name)) =
            named.ok_or_else(|| Error::malformed("a variable's handle comes from no VAR_HANDLE"))?;
        Ok((handle, format!("{container}/{name}")))
    }

    /// Runs a graph on values for its inputs.
    fn call(&mut self, index: usize, inputs: Vec<Tensor>, depth: usize) -> Result<Vec<Tensor>> {
        let depth =
            depth.checked_sub(1).ok_or_else(|| Error::malformed("graphs call each other without an end"))?;
        let graphs = self.graphs.clone();
        let graph = graphs
            .get(index)
            .ok_or_else(|| Error::malformed(format!("there is no graph {index} to call")))?;
        let fits = |(&value, tensor): (&ValueId, &Tensor)| graph.value(value).ty.dtype == tensor.dtype();
        if graph.inputs.len() != inputs.len() || !graph.inputs.iter().zip(&inputs).all(fits) {
            return Err(Error::malformed(format!(
                "graph {index} is called with other operands than it takes"
            )));
        }
        let expected = |(&value, tensor): (&ValueId, &Tensor)| graph.value(value).ty.shape == tensor.shape();
        let as_read = graph.inputs.iter().zip(&inputs).all(expected);
        let fast = self.fast.as_ref().filter(|_| as_read).map(|fast| fast.graphs.clone());
        let optimized = fast.as_ref().and_then(|graphs| graphs.get(index));
        let called = Called { index, graph: optimized.unwrap_or(graph), optimized: optimized.is_some() };
        self.walk(called, inputs, depth)
    }

    /// Runs a graph node by node.
    fn walk(&mut self, called: Called<'_>, inputs: Vec<Tensor>, depth: usize) -> Result<Vec<Tensor>> {
        let Called { index, graph, .. } = called;
        let mut values: Vec<Option<Tensor>> =
            graph.values.iter().map(|value| value.constant.clone()).collect();
        for (&value, tensor) in graph.inputs.iter().zip(inputs) {
            values[value.0] = Some(tensor);
        }
        for id in graph.node_ids() {
            let node = graph.node(id);
            let inputs: Vec<Option<Tensor>> =
                node.inputs.iter().map(|input| input.and_then(|value| values[value.0].clone())).collect();
            for (output, tensor) in node.outputs.iter().zip(self.node(called, id, &inputs, depth)?) {
                values[output.0] = Some(tensor);
            }
        }
        let output = |&value: &ValueId| match (&values[value.0], graph.value(value).variable) {
            (Some(tensor), _) => Ok(tensor.clone()),
            (None, true) => Ok(self.state_of(index, graph, value)),
            (None, false) => Err(Error::malformed(format!("graph {index} does not compute its output"))),
        };
        graph.outputs.iter().map(output).collect()
    }
}

impl Fast {
    /// The kernel of a node, made when it is first met; none where the plain kernel runs it.
    fn kernel(&mut self, called: Called<'_>, id: NodeId) -> Option<&Single> {
        if !called.optimized {
            return None;
        }
        let make = || Single::new(called.graph, id);
        self.kernels.entry((called.index, id)).or_insert_with(make).as_ref()
    }

    /// A node's results by its kernel; none where it has none for these operands.
    fn run(
        &mut self,
        called: Called<'_>,
        id: NodeId,
        inputs: &[Option<Tensor>],
    ) -> Option<Result<Vec<Tensor>>> {
        let scratch = self.kernel(called, id).filter(|kernel| kernel.takes(inputs))?.scratch();
        if self.scratch.len() < scratch {
            match Arena::new(scratch) {
                Ok(arena) => self.scratch = arena,
                Err(error) => return Some(Err(error)),
            }
        }
        let kernel = self.kernels.get(&(called.index, id))?.as_ref()?;
        Some(Ok(kernel.run(inputs, self.scratch.bytes_mut(), &self.pool)))
    }
}

/// The start of a variable: zeros as reals.
fn zeros(ty: &TensorType) -> Tensor {
    let zero = ty.quantization.as_ref().map_or(0, |q| q.zero_point[0]);
    let filled = Tensor::from_integers(ty.clone(), &vec![zero; ty.elements()]);
    filled.unwrap_or_else(|_| Tensor::zeros(ty.clone()))
}

fn truth(input: Option<&Option<Tensor>>) -> Result<bool> {
    let truth = input.and_then(|input| input.as_ref()?.to_integers()?.first().copied());
    truth.map(|truth| truth != 0).ok_or_else(|| Error::malformed("a condition is no bool"))
}

/// The results under the types that the node's outputs have.
fn typed(graph: &Graph, id: NodeId, results: Vec<Tensor>) -> Result<Vec<Tensor>> {
    let outputs = &graph.node(id).outputs;
    if results.len() < outputs.len() {
        return Err(at(Error::malformed("it gives fewer results than it has outputs"), graph, id));
    }
    let typed = |(&output, tensor): (&ValueId, Tensor)| {
        let ty = &graph.value(output).ty;
        if ty.dtype != tensor.dtype() {
            let text = format!("its output {} is {}", ty, tensor.ty());
            return Err(at(Error::malformed(text), graph, id));
        }
        tensor.with_type(ty.with_shape(tensor.shape()))
    };
    outputs.iter().zip(results).map(typed).collect()
}

/// The error with the node it comes from; errors of nodes inside called graphs name theirs.
fn at(error: Error, graph: &Graph, id: NodeId) -> Error {
    let node = graph.node(id);
    let named = |text: String| format!("node {} {} ({}): {text}", id.0, node.name, node.op.name());
    match error {
        Error::Malformed(text) if !text.starts_with("node ") => Error::Malformed(named(text)),
        Error::Invalid(text) if !text.starts_with("node ") => Error::Invalid(named(text)),
        other => other,
    }
}
