use super::{Graph, Node, NodeId, Value, ValueId};
use crate::error::Result;
use std::collections::BTreeMap;

/// An edit of a graph: what is removed, added and read in another's place. The only way a pass changes a graph.
///
/// New values get ids past the graph's last one, so that a patch can refer to them before it is applied.
#[derive(Debug)]
pub struct Patch {
    values: Vec<Value>,
    base: usize,
    replace: BTreeMap<NodeId, Vec<Node>>,
    redirect: BTreeMap<ValueId, ValueId>,
}

impl Patch {
    /// An empty patch of this graph.
    pub fn new(graph: &Graph) -> Self {
        Self {
            values: Vec::new(),
            base: graph.values.len(),
            replace: BTreeMap::new(),
            redirect: BTreeMap::new(),
        }
    }

    /// Adds a value.
    pub fn value(&mut self, value: Value) -> ValueId {
        self.values.push(value);
        ValueId(self.base + self.values.len() - 1)
    }

    /// Puts nodes in a node's place; none to remove it.
    pub fn replace(&mut self, node: NodeId, by: Vec<Node>) {
        self.replace.insert(node, by);
    }

    /// Lets every reader of `old`, graph outputs included, read `new`.
    pub fn redirect(&mut self, old: ValueId, new: ValueId) {
        self.redirect.insert(old, new);
    }

    /// Applies the patch and checks the graph; on an error the graph is as it was.
    pub fn apply(self, graph: &mut Graph) -> Result<()> {
        let mut edited = graph.clone();
        edited.values.extend(self.values);
        let mut nodes = Vec::with_capacity(edited.nodes.len());
        let mut replace = self.replace;
        for (index, node) in edited.nodes.drain(..).enumerate() {
            match replace.remove(&NodeId(index)) {
                Some(by) => nodes.extend(by),
                None => nodes.push(node),
            }
        }
        let target = |mut id: ValueId| {
            while let Some(&next) = self.redirect.get(&id) {
                id = next;
            }
            id
        };
        for node in &mut nodes {
            node.inputs.iter_mut().flatten().for_each(|input| *input = target(*input));
        }
        edited.outputs.iter_mut().for_each(|output| *output = target(*output));
        edited.nodes = nodes;
        edited.verify()?;
        *graph = edited;
        Ok(())
    }
}
