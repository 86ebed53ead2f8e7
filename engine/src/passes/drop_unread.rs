//! Nodes that no output depends on are removed.

use super::Found;
use crate::error::Result;
use crate::graph::{Graph, Patch};

/// Finds the nodes that nothing reads.
pub fn run(graph: &Graph) -> Result<Found> {
    let mut read = vec![false; graph.values.len()];
    graph.outputs.iter().for_each(|output| read[output.0] = true);
    let mut patch = Patch::new(graph);
    let mut applied = 0;
    for id in graph.node_ids().rev() {
        let node = graph.node(id);
        if node.op.has_effects() || node.outputs.iter().any(|output| read[output.0]) {
            node.inputs.iter().flatten().for_each(|input| read[input.0] = true);
        } else {
            patch.replace(id, Vec::new());
            applied += 1;
        }
    }
    Ok(Found::edit(patch, applied, Vec::new()))
}
