//! What is measured against what.

use crate::graph::{Graph, Node, NodeId};
use crate::plan::{Plan, Target};
use crate::store::fingerprint;
use crate::wgsl::Choice;
use std::collections::BTreeMap;

/// Nodes that do the same on operands of the same shapes, and the kernels that may do it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contest {
    /// What the winner is remembered by.
    pub key: String,
    /// The nodes, in order.
    pub nodes: Vec<NodeId>,
    /// The step of the heuristic's plan that runs the first of the nodes.
    pub step: usize,
    /// The kernels with their tiles, the heuristic's choice first.
    pub listed: Vec<Choice>,
}

/// The contests of a plan, in the order of its steps. Nodes that ride on others have no kernel of their own.
pub fn contests(graph: &Graph, target: &Target, plan: &Plan) -> Vec<Contest> {
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    let mut contests: Vec<Contest> = Vec::new();
    for (step, planned) in plan.steps.iter().enumerate() {
        let (Some(id), Some(dispatch)) = (planned.step.node, &planned.dispatch) else { continue };
        let key = key(graph, target, graph.node(id));
        match index.get(&key) {
            Some(&known) => contests[known].nodes.push(id),
            None => {
                let node = graph.node(id);
                let Ok(mut listed) = node.op.gpu(&graph.operands(node)) else { continue };
                listed.retain(|choice| *choice != dispatch.choice);
                listed.insert(0, dispatch.choice.clone());
                index.insert(key.clone(), contests.len());
                contests.push(Contest { key, nodes: vec![id], step, listed });
            }
        }
    }
    contests
}

/// The operator with its attributes, its operands' types, and how numbers are stored and computed.
pub fn key(graph: &Graph, target: &Target, node: &Node) -> String {
    let ty = |value| graph.value(value).ty.to_string();
    let inputs: Vec<String> = node.inputs.iter().map(|input| input.map_or("-".into(), ty)).collect();
    let outputs: Vec<String> = node.outputs.iter().map(|&output| ty(output)).collect();
    let full = node.outputs.iter().any(|output| target.full.contains(output));
    let attributes = format!("{:?} {:?} {} {full}", node.op, target.dialect, target.small_map);
    format!(
        "{} {} → {} {} {:016x}",
        node.op.name(),
        inputs.join(" "),
        outputs.join(" "),
        target.elem,
        fingerprint([attributes.as_bytes()])
    )
}
