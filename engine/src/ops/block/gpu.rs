//! What kind of block it is, as its kernels see it.

use super::pooled::Pooled;
use super::separable::Separable;
use super::{Block, Feed, Member, operands_of};
use crate::ops::chain::nhwc;
use crate::ops::{Chain, Link, Op, Operands, Other, Refusal, Verdict};
use crate::tensor::TensorType;
use crate::wgsl::{Choice, Inline, Kernel, Read};

/// A block that has kernels.
pub enum Shape {
    Separable(Box<Separable>),
    Pooled(Pooled),
}

/// A layer of the block with the elementwise steps that follow it inside the block.
pub struct Stage<'a> {
    /// The operator.
    pub op: &'a Op,
    /// Its operands.
    pub operands: Operands<'a>,
    /// The result's shape.
    pub shape: [usize; 4],
    /// Its activation and what follows; inputs are the block's.
    pub chain: Chain,
}

impl Shape {
    pub fn of(block: &Block, operands: &Operands) -> Verdict<Self> {
        operands.gpu_input(0)?;
        operands.gpu_output(0)?;
        let types = block.types(operands)?;
        let types = types.ok_or_else(|| Refusal::new("a member's shape is known only when it runs"))?;
        let stages = stages(block, operands, &types)?;
        match stages.first().map(|stage| stage.op) {
            Some(Op::DepthwiseConv2d(_)) => Separable::new(&stages).map(Box::new).map(Shape::Separable),
            Some(Op::Pool2d(_) | Op::Reduce(_)) => Pooled::new(&stages).map(Shape::Pooled),
            _ => Err(Refusal::new("its GPU kernels begin with a depthwise convolution or a mean")),
        }
    }

    pub fn choices(&self) -> Verdict<Vec<Choice>> {
        match self {
            Shape::Separable(separable) => separable.choices(),
            Shape::Pooled(pooled) => pooled.choices(),
        }
    }

    pub fn kernel(&self, choice: &Choice) -> Verdict<Kernel> {
        match self {
            Shape::Separable(separable) => separable.kernel(choice),
            Shape::Pooled(pooled) => pooled.kernel(choice),
        }
    }

    pub fn inlines(self) -> Vec<Inline> {
        match self {
            Shape::Separable(separable) => vec![separable.between],
            Shape::Pooled(pooled) => pooled.between,
        }
    }
}

/// The members as layers with the elementwise members between them as chains. Each reads the one before it.
fn stages<'a>(block: &'a Block, operands: &Operands<'a>, types: &'a [TensorType]) -> Verdict<Vec<Stage<'a>>> {
    let mut stages: Vec<Stage> = Vec::new();
    for (index, member) in block.members.iter().enumerate() {
        let given = operands_of(member, operands, types, &types[index])?;
        let before = index.checked_sub(1).map_or(Feed::Input(0), Feed::Member);
        let on = member.inputs.iter().position(|&feed| feed == Some(before));
        let on = on.ok_or_else(|| Refusal::new("a member does not read the one before it"))?;
        let others = member.inputs.iter().enumerate().filter(|&(i, _)| i != on);
        if others.into_iter().any(|(_, feed)| matches!(feed, Some(Feed::Member(_)))) {
            return Err(Refusal::new("a member reads two of the block's results"));
        }
        let shape = nhwc(&types[index].shape).ok_or_else(|| Refusal::new("its rank is above 4"))?;
        match (member.op.link(&given, on), stages.last_mut()) {
            (Some(chain), Some(stage)) if stage.shape == shape => {
                stage.chain.links.extend(of_block(&chain, member)?);
            }
            (None, _) if on == 0 => {
                let chain = Chain { links: Vec::new() };
                stages.push(Stage { op: &member.op, operands: given, shape, chain });
            }
            _ => return Err(Refusal::new("an elementwise member changes the shape")),
        }
        if index + 1 < block.members.len()
            && let Some(stage) = stages.last_mut().filter(|stage| stage.chain.is_empty())
        {
            stage.chain.links.extend(stage.op.activation().link());
        }
    }
    match stages.last() {
        Some(last) if last.chain.is_empty() => Ok(stages),
        _ => Err(Refusal::new("elementwise members after the last layer belong to its epilogue")),
    }
}

/// The links of a member's chain, its operands named by the block's inputs.
fn of_block(chain: &Chain, member: &Member) -> Verdict<Vec<Link>> {
    let named = |link: &Link| match *link {
        Link::Binary { kind, other: Other::Input { index, broadcast }, reversed } => {
            match member.inputs.get(index).copied().flatten() {
                Some(Feed::Input(input)) => {
                    let other = Other::Input { index: input, broadcast };
                    Ok(Link::Binary { kind, other, reversed })
                }
                _ => Err(Refusal::new("a chain reads a result of the block")),
            }
        }
        ref other => Ok(other.clone()),
    };
    chain.links.iter().map(named).collect()
}

/// A chain as a function of the kernel.
pub fn inline(name: &'static str, stage: &Stage) -> Inline {
    let reads = stage.chain.links.iter().filter_map(|link| match *link {
        Link::Binary { other: Other::Input { index, broadcast }, .. } => {
            Some(Read { input: index, full: broadcast.full })
        }
        _ => None,
    });
    Inline { name, body: stage.chain.wgsl(), reads: reads.collect(), shape: stage.shape }
}

/// Weights `[o, c]` and bias of a 1×1 convolution or a fully connected layer on one pixel of `c` channels.
pub fn pointwise(stage: &Stage, c: usize) -> Verdict<(Vec<f32>, Vec<f32>)> {
    let pixels = stage.shape[..3].iter().product::<usize>();
    let plain = match stage.op {
        Op::Conv2d(conv) => {
            conv.stride == [1, 1] && stage.operands.input(1)?.ty.shape.get(1..) == Some(&[1, 1, c])
        }
        Op::FullyConnected(_) => pixels == 1 && stage.operands.input(1)?.ty.shape.get(1..) == Some(&[c]),
        _ => false,
    };
    if !plain {
        return Err(Refusal::new("its second layer is no 1×1 convolution of all channels"));
    }
    let weights = stage.operands.weights(1)?.unwrap_or_default();
    let bias = stage.operands.weights(2)?.unwrap_or_else(|| vec![0.0; stage.shape[3]]);
    Ok((weights, bias))
}

/// A texel of bias for each output slice, then for each input channel one for each output slice; lanes past the last
/// channel are zero. Neighboring output slices lie side by side.
pub fn by_channel((weights, bias): &(Vec<f32>, Vec<f32>), c: usize) -> Vec<f32> {
    let outputs = 0..bias.len().next_multiple_of(4);
    let mut values = Vec::with_capacity(outputs.len() * (1 + c.next_multiple_of(4)));
    values.extend(outputs.clone().map(|out| bias.get(out).copied().unwrap_or(0.0)));
    for channel in 0..c.next_multiple_of(4) {
        values.extend(outputs.clone().map(|out| match channel < c && out < bias.len() {
            true => weights[out * c + channel],
            false => 0.0,
        }));
    }
    values
}
