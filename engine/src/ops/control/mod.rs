//! Control flow, calls and variables: operators that run other graphs of the model or outlive a run.
//!
//! They have no kernel: the executor of the CPU carries them out. Graphs are given by their index in the
//! model. A called graph gets the node's inputs as its graph inputs, in order, and its graph outputs become the node's
//! outputs, in order; their number, element types and (at run time) shapes are those of the called graph.
//!
//! - `If`: input 0 is a bool of one element; the others go to one graph or the other.
//! - `While`: all inputs are the state. The condition gets the state and gives a bool of one element; while it is true
//!   the body gets the state and gives the next one. The last state is the output. The state's shapes may change.
//! - `CallOnce`: calls a graph without operands in the first run of a session, and never again.
//! - `Call`: calls a graph.
//! - `VarHandle`: gives the handle of the variable that container and name denote. Equal pairs denote the same variable
//!   in all graphs of a session.
//! - `ReadVariable`: gives the elements of the variable of handle 0; reading one that was never assigned is an error.
//! - `AssignVariable`: the variable of handle 0 takes the elements of input 1.
//!
//! Such nodes run in the graph's order: a read between two assignments sees the first.

/// The family's cases.
pub mod cases;

use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::Choice;

/// An operator that the executor of the graph carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Calls one of two graphs.
    If {
        /// The graph called where the condition is true.
        then_graph: usize,
        /// The graph called where it is false.
        else_graph: usize,
    },
    /// Calls a graph again and again.
    While {
        /// The graph that says whether to go on.
        condition: usize,
        /// The graph that gives the next state.
        body: usize,
    },
    /// Calls a graph in the first run only.
    CallOnce {
        /// The graph called.
        graph: usize,
    },
    /// Calls a graph.
    Call {
        /// The graph called.
        graph: usize,
    },
    /// Gives the handle of a variable.
    VarHandle {
        /// The first half of the variable's key.
        container: String,
        /// The second half of the variable's key.
        name: String,
    },
    /// Gives a variable's elements.
    ReadVariable,
    /// Changes a variable's elements.
    AssignVariable,
}

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Control>> {
    let graph = |field: &str| {
        let index = source.int(field, 0)?;
        usize::try_from(index).map_err(|_| Refusal::new(format!("its {field} is {index}")))
    };
    let text = |field: &str| {
        Ok::<_, Refusal>(
            source.options.map(|options| options.text(field)).transpose()?.unwrap_or("").to_string(),
        )
    };
    Ok(Some(match source.name {
        "IF" => Control::If {
            then_graph: graph("then_subgraph_index")?,
            else_graph: graph("else_subgraph_index")?,
        },
        "WHILE" | "STABLEHLO_WHILE" => {
            Control::While { condition: graph("cond_subgraph_index")?, body: graph("body_subgraph_index")? }
        }
        "CALL_ONCE" => Control::CallOnce { graph: graph("init_subgraph_index")? },
        "CALL" => Control::Call { graph: graph("subgraph")? },
        "VAR_HANDLE" => Control::VarHandle { container: text("container")?, name: text("shared_name")? },
        "READ_VARIABLE" => Control::ReadVariable,
        "ASSIGN_VARIABLE" => Control::AssignVariable,
        _ => return Ok(None),
    }))
}

impl Control {
    /// The graphs the operator may call.
    pub fn graphs(&self) -> Vec<usize> {
        match *self {
            Control::If { then_graph, else_graph } => vec![then_graph, else_graph],
            Control::While { condition, body } => vec![condition, body],
            Control::CallOnce { graph } | Control::Call { graph } => vec![graph],
            Control::VarHandle { .. } | Control::ReadVariable | Control::AssignVariable => vec![],
        }
    }
}

impl Operator for Control {
    fn name(&self) -> &'static str {
        match self {
            Control::If { .. } => "IF",
            Control::While { .. } => "WHILE",
            Control::CallOnce { .. } => "CALL_ONCE",
            Control::Call { .. } => "CALL",
            Control::VarHandle { .. } => "VAR_HANDLE",
            Control::ReadVariable => "READ_VARIABLE",
            Control::AssignVariable => "ASSIGN_VARIABLE",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let handle = |ty: &TensorType| match ty.dtype == DType::Resource && ty.elements() == 1 {
            true => Ok(()),
            false => Err(Refusal::new(format!("its handle should be one resource, not {ty}"))),
        };
        match self {
            Control::If { .. } => {
                let condition = operands.input(0)?;
                let scalar = condition.dynamic || condition.ty.elements() == 1;
                if condition.ty.dtype != DType::Bool || !scalar {
                    return Err(Refusal::new(format!(
                        "its condition should be one bool, not {}",
                        condition.ty
                    )));
                }
            }
            Control::While { .. } if operands.inputs.len() != operands.outputs.len() => {
                return Err(Refusal::new("its inputs and outputs differ in number"));
            }
            Control::VarHandle { .. } => {
                let output = operands.outputs.first().ok_or_else(|| Refusal::new("it has no output"))?;
                handle(output)?;
                return Ok(vec![Some(output.shape.clone())]);
            }
            Control::ReadVariable | Control::AssignVariable => handle(operands.input(0)?.ty)?,
            _ => {}
        }
        if *self == Control::AssignVariable {
            operands.input(1)?;
        }
        Ok(vec![None; operands.outputs.len()])
    }

    fn has_effects(&self) -> bool {
        !matches!(self, Control::VarHandle { .. } | Control::ReadVariable)
    }

    fn reference(&self, _inputs: &[Option<&Tensor>], _outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        Err(Refusal::new("it can only run as part of a model"))
    }

    fn gpu(&self, _operands: &Operands) -> Verdict<Vec<Choice>> {
        Err(Refusal::new("it runs other graphs, or keeps values from run to run"))
    }
}
