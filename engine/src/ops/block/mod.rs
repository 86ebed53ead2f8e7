//! Several operators that run as one: each reads the block's inputs and what earlier members gave; the last one's result
//! is the block's. Results between members need no memory of their own where a kernel holds them.
//!
//! No file holds a block: the pass `fuse_blocks` makes them for GPUs. Its GPU kernels are those of
//! - a depthwise convolution, elementwise steps, a 1×1 convolution (*separable*), and
//! - a mean over a whole image, then one or two 1×1 convolutions or fully connected layers with elementwise steps between
//!   them (*pooled*: the squeeze and excitation of Hu et al. 2018, arXiv 1709.01507).

/// The family's cases.
pub mod cases;
mod gpu;
mod pooled;
mod separable;

use super::{Activation, Op, Operand, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Inline, Kernel};

/// Operators in the order they run.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The members; each gives one f32 result.
    pub members: Vec<Member>,
}

/// An operator of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The operator.
    pub op: Op,
    /// Where its operands come from, `None` where an optional one is absent.
    pub inputs: Vec<Option<Feed>>,
}

/// Where an operand of a member comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// The block's input of this index.
    Input(usize),
    /// The result of the member of this index, an earlier one.
    Member(usize),
}

/// No operator of the file format is a block.
pub fn decode(_source: &Source) -> Verdict<Option<Block>> {
    Ok(None)
}

impl Block {
    /// Each member's result type; `None` where one is known only when the graph runs.
    fn types(&self, operands: &Operands) -> Verdict<Option<Vec<TensorType>>> {
        let mut types: Vec<TensorType> = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let result = TensorType::f32([]);
            let inferred = {
                let given = operands_of(member, operands, &types, &result)?;
                member.op.infer(&given)?.into_iter().next().flatten()
            };
            let Some(shape) = inferred else { return Ok(None) };
            types.push(result.with_shape(shape));
        }
        Ok(Some(types))
    }
}

/// The operands of a member, `types` being those of the results before it.
fn operands_of<'a>(
    member: &Member,
    operands: &Operands<'a>,
    types: &'a [TensorType],
    result: &'a TensorType,
) -> Verdict<Operands<'a>> {
    let operand = |feed: &Option<Feed>| match *feed {
        None => Ok(None),
        Some(Feed::Input(index)) => Ok(operands.optional(index)),
        Some(Feed::Member(index)) => {
            let ty =
                types.get(index).ok_or_else(|| Refusal::new("a member reads one that is not before it"))?;
            Ok(Some(Operand { ty, constant: None, dynamic: false }))
        }
    };
    let inputs = member.inputs.iter().map(operand).collect::<Verdict<_>>()?;
    Ok(Operands { inputs, outputs: vec![result] })
}

impl Operator for Block {
    fn name(&self) -> &'static str {
        "BLOCK"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        if self.members.is_empty() {
            return Err(Refusal::new("it has no members"));
        }
        let types = self.types(operands)?;
        Ok(vec![types.and_then(|types| types.into_iter().last()).map(|ty| ty.shape)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], _outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let types = self.types(&Operands::of_tensors(inputs, &[]))?;
        let types = types.ok_or_else(|| Refusal::new("a member's shape is not known"))?;
        let mut results: Vec<Tensor> = Vec::with_capacity(self.members.len());
        for (member, ty) in self.members.iter().zip(types) {
            let given = |feed: &Option<Feed>| match *feed {
                Some(Feed::Input(index)) => inputs.get(index).copied().flatten(),
                Some(Feed::Member(index)) => results.get(index),
                None => None,
            };
            let given: Vec<Option<&Tensor>> = member.inputs.iter().map(given).collect();
            let result = member.op.reference(&given, &[ty])?.into_iter().next();
            results.push(result.ok_or_else(|| Refusal::new("a member gives nothing"))?);
        }
        Ok(results.into_iter().last().into_iter().collect())
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::Shape::of(self, operands)?.choices()
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::Shape::of(self, operands)?.kernel(choice)
    }

    fn gpu_inlines(&self, operands: &Operands) -> Vec<Inline> {
        gpu::Shape::of(self, operands).map_or(Vec::new(), |shape| shape.inlines())
    }

    fn activation(&self) -> Activation {
        self.members.last().map_or(Activation::None, |member| member.op.activation())
    }
}
