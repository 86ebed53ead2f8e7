use super::{Graph, Model, ValueId};
use std::fmt;

impl fmt::Display for Graph {
    /// One line a node: index, results, operator with its attributes, operands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = |id: ValueId| {
            let value = self.value(id);
            let shape = if value.dynamic { format!("{}[?]", value.ty.dtype) } else { value.ty.to_string() };
            format!("%{} {shape}", id.0)
        };
        let list = |ids: &[ValueId]| ids.iter().map(|&id| typed(id)).collect::<Vec<_>>().join(", ");
        writeln!(f, "inputs {}", list(&self.inputs))?;
        for (index, node) in self.nodes.iter().enumerate() {
            let operands: Vec<String> = node.inputs.iter().map(|input| self.operand_text(*input)).collect();
            writeln!(f, "{index:4}  {} = {:?}({})", list(&node.outputs), node.op, operands.join(", "))?;
        }
        writeln!(f, "outputs {}", list(&self.outputs))
    }
}

impl Graph {
    fn operand_text(&self, input: Option<ValueId>) -> String {
        match input {
            None => "-".into(),
            Some(id) if self.value(id).constant.is_some() => format!("const {}", self.value(id).ty),
            Some(id) => format!("%{}", id.0),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, graph) in self.graphs.iter().enumerate() {
            writeln!(f, "graph {index} {}: {} nodes", graph.name, graph.nodes.len())?;
            write!(f, "{graph}")?;
        }
        Ok(())
    }
}
