//! SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND: blocks of pixels become channels or batches, and
//! back.
//!
//! `[n, h, w, c]` ↔ `[n, h/b, w/b, b·b·c]` with the block size b as an attribute; `[n, s…, r…]` ↔ `[Πb·n, (before + s +
//! behind)/b…, r…]` with block extents as operand 1 and `[axes, 2]` paddings, or crops on the way back, as operand 2. A
//! place in a block counts row-major and varies slower than channel and batch.

/// The family's cases.
pub mod cases;

use super::pad::Pad;
use super::rearrange::{self, Rearrangement, rearranging};
use super::strided::Strided;
use super::{Operands, Operator, Refusal, Source, Verdict, extent};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel, Scalar};

/// An exchange of space with channels or batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SpaceDepth {
    /// Blocks of this many rows and columns become channels.
    SpaceToDepth(usize),
    /// Channels become blocks.
    DepthToSpace(usize),
    /// Blocks become batches.
    SpaceToBatch,
    /// Batches become blocks.
    BatchToSpace,
}

/// The exchange that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<SpaceDepth>> {
    Ok(Some(match source.name {
        "SPACE_TO_DEPTH" => SpaceDepth::SpaceToDepth(source.extent("block_size")?),
        "DEPTH_TO_SPACE" => SpaceDepth::DepthToSpace(source.extent("block_size")?),
        "SPACE_TO_BATCH_ND" => SpaceDepth::SpaceToBatch,
        "BATCH_TO_SPACE_ND" => SpaceDepth::BatchToSpace,
        _ => return Ok(None),
    }))
}

/// Extent of a block along each axis behind the batch, and what is padded or cropped there.
struct Blocks {
    extents: Vec<usize>,
    edges: Vec<[usize; 2]>,
}

fn blocks(operands: &Operands) -> Verdict<Option<Blocks>> {
    let (Some(extents), Some(edges)) = (operands.integers(1)?, operands.integers(2)?) else {
        return Ok(None);
    };
    let positive = |&value: &i64| extent(value).ok().filter(|&value| value > 0);
    let refuse = || Refusal::new(format!("its blocks {extents:?} with {edges:?} are not positive pairs"));
    let pair = |pair: &[i64]| match *pair {
        [before, behind] => Ok([extent(before)?, extent(behind)?]),
        _ => Err(refuse()),
    };
    let blocks = Blocks {
        extents: extents.iter().map(positive).collect::<Option<_>>().ok_or_else(refuse)?,
        edges: edges.chunks(2).map(pair).collect::<Verdict<_>>()?,
    };
    let rank = operands.input(0)?.ty.rank();
    match blocks.extents.len() == blocks.edges.len() && blocks.extents.len() < rank {
        true => Ok(Some(blocks)),
        false => Err(refuse()),
    }
}

fn known(operands: &Operands) -> Verdict<Blocks> {
    blocks(operands)?.ok_or_else(|| Refusal::new("its GPU kernel takes constant blocks"))
}

impl SpaceDepth {
    fn shape(&self, shape: &[usize], operands: &Operands) -> Verdict<Option<Vec<usize>>> {
        let refuse = || Refusal::new(format!("its input {shape:?} is not made of whole blocks"));
        match (*self, shape) {
            (SpaceDepth::SpaceToDepth(block), &[n, h, w, c]) => {
                let channels = c.checked_mul(block).and_then(|c| c.checked_mul(block)).ok_or_else(refuse)?;
                let whole = h % block == 0 && w % block == 0;
                whole.then(|| Some(vec![n, h / block, w / block, channels])).ok_or_else(refuse)
            }
            (SpaceDepth::DepthToSpace(block), &[n, h, w, c]) => {
                let area = block.checked_mul(block).filter(|area| c % area == 0).ok_or_else(refuse)?;
                let (rows, columns) = (h.checked_mul(block), w.checked_mul(block));
                rows.zip(columns).map(|(h, w)| Some(vec![n, h, w, c / area])).ok_or_else(refuse)
            }
            (SpaceDepth::SpaceToDepth(_) | SpaceDepth::DepthToSpace(_), _) => {
                Err(Refusal::new(format!("its input {shape:?} should have rank 4")))
            }
            (SpaceDepth::SpaceToBatch | SpaceDepth::BatchToSpace, _) => {
                let Some(Blocks { extents, edges }) = blocks(operands)? else { return Ok(None) };
                let mut result = shape.to_vec();
                for (axis, (block, [before, behind])) in (1..).zip(extents.into_iter().zip(edges)) {
                    let places = self.exchanged(&mut result, axis, block, before + behind);
                    places.ok_or_else(refuse)?;
                }
                Ok(Some(result))
            }
        }
    }

    /// Moves blocks along `axis` to or from batches.
    fn exchanged(&self, shape: &mut [usize], axis: usize, block: usize, edges: usize) -> Option<()> {
        if *self == SpaceDepth::SpaceToBatch {
            let padded = shape[axis].checked_add(edges).filter(|padded| padded % block == 0)?;
            (shape[0], shape[axis]) = (shape[0].checked_mul(block)?, padded / block);
        } else {
            let whole = shape[axis].checked_mul(block)?;
            let batches = shape[0];
            (shape[0], shape[axis]) = (batches / block, whole.checked_sub(edges)?);
            batches.is_multiple_of(block).then_some(())?;
        }
        Some(())
    }
}

impl Operator for SpaceDepth {
    fn name(&self) -> &'static str {
        match self {
            SpaceDepth::SpaceToDepth(_) => "SPACE_TO_DEPTH",
            SpaceDepth::DepthToSpace(_) => "DEPTH_TO_SPACE",
            SpaceDepth::SpaceToBatch => "SPACE_TO_BATCH_ND",
            SpaceDepth::BatchToSpace => "BATCH_TO_SPACE_ND",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_same_dtype(0)?;
        let Some(shape) = operands.shape(0)? else { return Ok(vec![None]) };
        Ok(vec![self.shape(shape, operands)?])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let ty = &outputs[0];
        let all = Strided::new(input.shape());
        let result = match *self {
            SpaceDepth::SpaceToDepth(block) => {
                all.split(2, block).split(1, block).permuted(&[0, 1, 3, 2, 4, 5]).read(input, ty)?
            }
            SpaceDepth::DepthToSpace(block) => {
                let channels = ty.shape[3];
                let apart = all.split(3, block * channels).split(4, channels);
                apart.permuted(&[0, 1, 3, 2, 4, 5]).read(input, ty)?
            }
            SpaceDepth::SpaceToBatch => {
                batches_of_space(input, ty, &known(&Operands::of_tensors(inputs, outputs))?)?
            }
            SpaceDepth::BatchToSpace => {
                space_of_batches(input, ty, &known(&Operands::of_tensors(inputs, outputs))?)?
            }
        };
        Ok(vec![result])
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        self.rearrangement(operands)?;
        let name = match self {
            SpaceDepth::SpaceToDepth(_) => "space_to_depth",
            SpaceDepth::DepthToSpace(_) => "depth_to_space",
            SpaceDepth::SpaceToBatch => "space_to_batch",
            SpaceDepth::BatchToSpace => "batch_to_space",
        };
        Ok(rearrange::choices(name, rearrange::texels(operands.gpu_output(0)?)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        Ok(self.rearrangement(operands)?.kernel(choice, operands.gpu_output(0)?))
    }

    fn carries_prologue(&self, operands: &Operands, input: usize) -> bool {
        input == 0 && rearrange::moves_whole_texels(self, operands)
    }
}

impl SpaceDepth {
    fn rearrangement(&self, operands: &Operands) -> Verdict<Rearrangement> {
        let (from, to) = rearrange::shapes(operands, 0, 0)?;
        if operands.input(0)?.ty.rank() != 4 {
            return Err(Refusal::new("its GPU kernel takes rank 4"));
        }
        let (block, before) = match *self {
            SpaceDepth::SpaceToDepth(block) | SpaceDepth::DepthToSpace(block) => ([block; 2], [0; 2]),
            SpaceDepth::SpaceToBatch | SpaceDepth::BatchToSpace => {
                let Blocks { extents, edges } = known(operands)?;
                if extents.len() > 2 {
                    return Err(Refusal::new("its GPU kernel takes blocks of rows and columns"));
                }
                let along = |axis: usize| extents.get(axis).copied().unwrap_or(1);
                let before = |axis: usize| edges.get(axis).map_or(0, |edge| edge[0]);
                ([along(0), along(1)], [before(0), before(1)])
            }
        };
        let (source, whole) = match self {
            SpaceDepth::SpaceToDepth(_) => (rearranging!("space_to_depth.wgsl"), from[3] % 4 == 0),
            SpaceDepth::DepthToSpace(_) => (rearranging!("depth_to_space.wgsl"), to[3] % 4 == 0),
            SpaceDepth::SpaceToBatch => (rearranging!("space_to_batch.wgsl"), true),
            SpaceDepth::BatchToSpace => (rearranging!("batch_to_space.wgsl"), true),
        };
        let params: [(&'static str, Scalar); 5] = [
            ("src_channels", from[3].into()),
            ("block_y", block[0].into()),
            ("block_x", block[1].into()),
            ("before_y", before[0].into()),
            ("before_x", before[1].into()),
        ];
        let fill = (*self == SpaceDepth::SpaceToBatch).then_some(0.0);
        Ok(Rearrangement { source, whole, fill, defines: vec![], params: params.to_vec() })
    }
}

/// Pads, then takes each place of the blocks as a batch.
fn batches_of_space(input: &Tensor, ty: &TensorType, blocks: &Blocks) -> Verdict<Tensor> {
    let axes = blocks.extents.len();
    let mut shape = input.shape().to_vec();
    let mut counts = vec![0i64; 2 * shape.len()];
    for (axis, &[before, behind]) in (1..).zip(&blocks.edges) {
        shape[axis] += before + behind;
        (counts[2 * axis], counts[2 * axis + 1]) = (before as i64, behind as i64);
    }
    let counts = Tensor::from_slice([input.shape().len(), 2], &counts)?;
    let padded = Pad::Zero.reference(&[Some(input), Some(&counts)], &[ty.with_shape(shape)])?;
    let padded = padded.first().ok_or_else(|| Refusal::new("its padding fails"))?;
    // [n, s₁/b₁, b₁, s₂/b₂, b₂, …] → [b₁, b₂, …, n, s₁/b₁, s₂/b₂, …]
    let apart = (0..axes)
        .rev()
        .fold(Strided::new(padded.shape()), |way, axis| way.split(axis + 1, blocks.extents[axis]));
    let places = (0..axes).map(|axis| 2 + 2 * axis);
    let space = (0..axes).map(|axis| 1 + 2 * axis);
    let rest = 1 + 2 * axes..padded.shape().len() + axes;
    let order: Vec<usize> = places.chain([0]).chain(space).chain(rest).collect();
    apart.permuted(&order).read(padded, ty)
}

/// Takes batches as the places of blocks, then crops.
fn space_of_batches(input: &Tensor, ty: &TensorType, blocks: &Blocks) -> Verdict<Tensor> {
    let axes = blocks.extents.len();
    let mut shape = input.shape().to_vec();
    shape[0] = ty.shape[0];
    // [b₁·b₂·…·n, …] → [b₁, b₂, …, n, …]
    let (mut way, mut batches) = (Strided::new(input.shape()), input.shape()[0]);
    for (axis, block) in blocks.extents.iter().enumerate() {
        batches /= block;
        way = way.split(axis, batches);
    }
    let space = (0..axes).flat_map(|axis| [axes + 1 + axis, axis]);
    let rest = 2 * axes + 1..input.shape().len() + axes;
    let order: Vec<usize> = [axes].into_iter().chain(space).chain(rest).collect();
    for (axis, block) in (1..).zip(&blocks.extents) {
        shape[axis] *= block;
    }
    let whole = way.permuted(&order).read(input, &ty.with_shape(shape))?;
    let edges = (1..).zip(&blocks.edges);
    let cropped = edges.fold(Strided::new(whole.shape()), |way, (axis, edge)| {
        way.sliced(axis, edge[0] as isize, 1, ty.shape[axis])
    });
    cropped.read(&whole, ty)
}
