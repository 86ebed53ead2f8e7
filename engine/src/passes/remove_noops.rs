//! Nodes that give their first operand back are removed, and their readers read the operand: a resize to the same size, a
//! reshape to the same shape, a cast to the same type, one repetition.

use super::Found;
use crate::error::Result;
use crate::graph::{Graph, Node, Patch, ValueId};
use crate::ops::Op;
use crate::ops::cast::Cast;
use crate::ops::tile::Tile;

/// Finds nodes that do nothing.
pub fn run(graph: &Graph) -> Result<Found> {
    let mut patch = Patch::new(graph);
    let (mut applied, mut declined) = (0, Vec::new());
    for id in graph.node_ids() {
        let node = graph.node(id);
        let Some((operand, result)) = same(graph, node) else { continue };
        if graph.outputs.contains(&result) {
            declined.push(format!("node {} ({}): its result is one of the model's", id.0, node.op.name()));
            continue;
        }
        patch.replace(id, Vec::new());
        patch.redirect(result, operand);
        applied += 1;
    }
    Ok(Found::edit(patch, applied, declined))
}

/// The operand and the result of a node that does nothing. Where the types of both are the same, these operators have
/// nothing to do; others, such as a transposition, may have.
fn same(graph: &Graph, node: &Node) -> Option<(ValueId, ValueId)> {
    let keeps = matches!(
        node.op,
        Op::Resize(_) | Op::Reshape(_) | Op::Cast(Cast::Value) | Op::Tile(Tile::Times | Tile::ToShape)
    );
    let (operand, result) = (node.inputs.first().copied()??, *node.outputs.first()?);
    let [from, to] = [operand, result].map(|value| graph.value(value));
    let fixed = !from.dynamic && !to.dynamic && !from.variable && !to.variable;
    (keeps && fixed && from.ty == to.ty).then_some((operand, result))
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::graph::{Graph, Node, Value};
    use crate::ops::resize::{Interpolation, Resize};
    use crate::ops::unary::Unary;
    use crate::tensor::{Tensor, TensorType};

    /// An image resized to `size`, and the root of that.
    fn resized(size: i32) -> Graph {
        let mut graph = Graph::default();
        let x = graph.add_value(Value::new("x", TensorType::f32([1, 4, 4, 2])));
        let size = graph.add_value(Value::constant("size", Tensor::i32s(&[size, size])));
        let [middle, y] = ["middle", "y"].map(|name| graph.add_value(Value::new(name, TensorType::f32([]))));
        let (interpolation, align_corners) = (Interpolation::Bilinear, true);
        let resize = Resize { interpolation, align_corners, half_pixel_centers: false };
        let node = |op, inputs, outputs| Node { name: String::new(), op, inputs, outputs };
        graph.nodes.push(node(resize.into(), vec![Some(x), Some(size)], vec![middle]));
        graph.nodes.push(node(Unary::Abs.into(), vec![Some(middle)], vec![y]));
        (graph.inputs, graph.outputs) = (vec![x], vec![y]);
        graph.infer().expect("the shapes fit");
        graph
    }

    #[test]
    fn a_resize_to_the_same_size_goes() {
        let mut graph = resized(4);
        let found = run(&graph).expect("the pass runs");
        assert_eq!(found.applied, 1);
        found.patch.expect("there is an edit").apply(&mut graph).expect("the graph stays valid");
        assert_eq!((graph.nodes.len(), graph.nodes[0].inputs[0]), (1, Some(graph.inputs[0])));
    }

    #[test]
    fn one_to_another_size_stays() {
        let found = run(&resized(5)).expect("the pass runs");
        assert!(found.patch.is_none() && found.declined.is_empty());
    }

    #[test]
    fn a_result_of_the_model_keeps_its_name() {
        let mut graph = resized(4);
        graph.outputs.push(graph.nodes[0].outputs[0]);
        let found = run(&graph).expect("the pass runs");
        assert!(found.patch.is_none() && found.declined[0].contains("the model's"), "{:?}", found.declined);
    }
}
