//! One node's kernel on tensors, for nodes that run outside an [`Executable`](super::Executable)'s arena.

use crate::graph::{Graph, NodeId, ValueId};
use crate::ops::{Chain, CpuIo, CpuKernel};
use crate::pool::Pool;
use crate::tensor::{DType, Tensor, TensorType};

/// A node's kernel and the types it is made for: the results are those of its outputs, then what it updates.
pub struct Single {
    kernel: Box<dyn CpuKernel>,
    inputs: Vec<Option<TensorType>>,
    outputs: Vec<TensorType>,
}

impl Single {
    /// The node's kernel; none where it has none, or where it changes more than its outputs and its operands.
    pub fn new(graph: &Graph, id: NodeId) -> Option<Self> {
        let node = graph.node(id);
        let updates = node.op.updates();
        let fixed =
            |value: ValueId| !graph.value(value).dynamic && graph.value(value).ty.dtype != DType::String;
        let constant_or_kept = |(index, input): (usize, &Option<ValueId>)| {
            input.is_none_or(|value| {
                fixed(value) && (updates.contains(&index) || !graph.value(value).variable)
            })
        };
        let inputs_fit = node.inputs.iter().enumerate().all(constant_or_kept);
        let outputs_fit = node.outputs.iter().all(|&value| fixed(value) && !graph.value(value).variable);
        if !inputs_fit || !outputs_fit || node.op.has_effects() && updates.is_empty() {
            return None;
        }
        let ty = |value| graph.value(value).ty.clone();
        Some(Self {
            kernel: node.op.cpu(&graph.operands(node), &Chain::empty())?,
            inputs: node.inputs.iter().map(|input| input.map(ty)).collect(),
            outputs: node
                .outputs
                .iter()
                .copied()
                .chain(updates.iter().filter_map(|&index| node.inputs[index]))
                .map(ty)
                .collect(),
        })
    }

    /// The kernel's name.
    pub fn name(&self) -> String {
        self.kernel.name()
    }

    /// Bytes of scratch memory a run needs.
    pub fn scratch(&self) -> usize {
        self.kernel.scratch()
    }

    /// Whether the kernel is made for operands of these types.
    pub fn takes(&self, inputs: &[Option<Tensor>]) -> bool {
        let same = |(ty, tensor): (&Option<TensorType>, &Option<Tensor>)| match (ty, tensor) {
            (Some(ty), Some(tensor)) => ty.dtype == tensor.dtype() && ty.shape == tensor.shape(),
            (None, None) => true,
            _ => false,
        };
        self.inputs.len() == inputs.len() && self.inputs.iter().zip(inputs).all(same)
    }

    /// The results for operands that [`Single::takes`].
    pub fn run(&self, inputs: &[Option<Tensor>], scratch: &mut [u8], pool: &Pool) -> Vec<Tensor> {
        let mut outputs: Vec<Tensor> = self.outputs.iter().cloned().map(Tensor::zeros).collect();
        let inputs = inputs.iter().map(|input| input.as_ref().map_or(&[][..], Tensor::as_bytes)).collect();
        let written = outputs.iter_mut().map(Tensor::as_bytes_mut).collect();
        self.kernel.run(&mut CpuIo { inputs, outputs: written, scratch }, pool);
        outputs
    }
}
