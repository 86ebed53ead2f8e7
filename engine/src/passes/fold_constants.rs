//! Nodes whose operands are all constant become constants: halves behind DEQUANTIZE, sparse weights behind DENSIFY,
//! shapes computed from constants.

use super::Found;
use crate::error::Result;
use crate::graph::{Graph, NodeId, Patch, Value};
use crate::tensor::Tensor;

/// A constant that grows beyond this many times its operands, and beyond a megabyte, stays computed.
const GROWTH: usize = 16;

/// Finds the nodes whose operands are constant.
pub fn run(graph: &Graph) -> Result<Found> {
    let mut patch = Patch::new(graph);
    let (mut applied, mut declined) = (0, Vec::new());
    for id in graph.node_ids() {
        let node = graph.node(id);
        let constants: Option<Vec<Option<&Tensor>>> = node
            .inputs
            .iter()
            .map(|input| input.map_or(Some(None), |id| graph.value(id).constant.as_ref().map(Some)))
            .collect();
        let Some(constants) = constants.filter(|list| list.iter().any(Option::is_some)) else { continue };
        match evaluate(graph, id, &constants) {
            Ok(tensors) => {
                for (&output, tensor) in node.outputs.iter().zip(tensors) {
                    let folded = patch.value(Value::constant(graph.value(output).name.clone(), tensor));
                    patch.redirect(output, folded);
                }
                patch.replace(id, Vec::new());
                applied += 1;
            }
            Err(reason) => declined.push(format!("node {} ({}): {reason}", id.0, node.op.name())),
        }
    }
    Ok(Found::edit(patch, applied, declined))
}

fn evaluate(
    graph: &Graph,
    id: NodeId,
    constants: &[Option<&Tensor>],
) -> std::result::Result<Vec<Tensor>, String> {
    let node = graph.node(id);
    let types: Vec<_> = node.outputs.iter().map(|&output| graph.value(output).ty.clone()).collect();
    if node.outputs.iter().any(|&output| graph.value(output).dynamic) {
        return Err("its shape is not known".into());
    }
    let (given, made): (usize, usize) = (
        constants.iter().flatten().map(|tensor| tensor.as_bytes().len()).sum(),
        types.iter().map(|ty| ty.bytes()).sum(),
    );
    if made > GROWTH * given && made > 1 << 20 {
        return Err(format!("its {given} bytes would become {made}"));
    }
    node.op.reference(constants, &types).map_err(|refusal| refusal.0)
}
