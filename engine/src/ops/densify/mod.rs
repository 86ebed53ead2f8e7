//! DENSIFY: a sparse constant as a dense tensor.
//!
//! A sparse constant is laid out by its [`Sparsity`]: the dimensions, then the dimensions of the blocks they are divided
//! into, in the order of a traversal, each dense (all indices) or compressed (the indices that hold values, by segments
//! of the positions one level up), as Kjolstad et al. describe it in "The Tensor Algebra Compiler" (2017).
//! [`expand`] does the work when a model is read, for the inputs of any operator; the operator itself is the identity.

/// The family's cases.
pub mod cases;
#[cfg(test)]
mod tests;

use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::schema::{DimensionMetadata, Sparsity};
use crate::tensor::{Tensor, TensorType, strides};

/// The identity on an expanded constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Densify;

/// The operator that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Densify>> {
    Ok((source.name == "DENSIFY").then_some(Densify))
}

impl Operator for Densify {
    fn name(&self) -> &'static str {
        "DENSIFY"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let (input, output) = (operands.input(0)?, operands.outputs.first());
        match output {
            Some(output) if output.dtype == input.ty.dtype => {
                Ok(vec![operands.shape(0)?.map(<[usize]>::to_vec)])
            }
            _ => Err(Refusal::new(format!("its input {} and its output differ in type", input.ty))),
        }
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input)] = inputs[..] else { return Err(Refusal::new("it needs one input")) };
        Ok(vec![input.with_type(outputs[0].clone())?])
    }
}

/// The elements of `shape`, `size` bytes each, in row-major order, from the stored ones; those not stored are zero.
pub fn expand(sparsity: &Sparsity, shape: &[usize], size: usize, stored: &[u8]) -> Verdict<Vec<u8>> {
    let elements: usize = shape.iter().product();
    let places = places(sparsity, shape, elements)?;
    if places.len().checked_mul(size) != Some(stored.len()) {
        let bytes = stored.len();
        return Err(Refusal::new(format!(
            "its layout has {} values, its buffer {bytes} bytes",
            places.len()
        )));
    }
    let mut dense = vec![0; elements * size];
    for (place, value) in places.into_iter().zip(stored.chunks_exact(size.max(1))) {
        let target = dense.get_mut(place * size..(place + 1) * size);
        target.ok_or_else(|| Refusal::new("a value lies outside its shape"))?.copy_from_slice(value);
    }
    Ok(dense)
}

/// Where each stored value lies in the dense tensor.
fn places(sparsity: &Sparsity, shape: &[usize], elements: usize) -> Verdict<Vec<usize>> {
    let refuse = || Refusal::new("its sparse layout contradicts its shape");
    let levels = levels(sparsity, shape)?;
    // Each position of a level is the coordinates along the dense dimensions so far, with blocks multiplied in.
    let mut places = vec![0usize];
    for (level, metadata) in levels.iter().zip(&sparsity.dim_metadata) {
        let step = |place: usize, index: usize| match index < level.extent {
            true => index.checked_mul(level.stride).and_then(|offset| place.checked_add(offset)),
            false => None,
        };
        let mut next = Vec::new();
        match metadata {
            DimensionMetadata::Dense { .. } => {
                if places.len().checked_mul(level.extent).is_none_or(|count| count > elements) {
                    return Err(refuse());
                }
                for &place in &places {
                    for index in 0..level.extent {
                        next.push(step(place, index).ok_or_else(refuse)?);
                    }
                }
            }
            DimensionMetadata::Compressed { segments, indices } => {
                let (segments, indices) = (segments.to_vec(), indices.to_vec());
                let whole = segments.len() == places.len() + 1
                    && segments.first() == Some(&0)
                    && segments.last() == Some(&(indices.len() as i64))
                    && segments.is_sorted();
                if !whole || indices.len() > elements {
                    return Err(refuse());
                }
                for (segment, &place) in segments.windows(2).zip(&places) {
                    for &index in &indices[segment[0] as usize..segment[1] as usize] {
                        let index = usize::try_from(index).map_err(|_| refuse())?;
                        next.push(step(place, index).ok_or_else(refuse)?);
                    }
                }
            }
        }
        places = next;
    }
    Ok(places)
}

/// One dimension of the traversal: how many indices it has and how far apart, in elements, their values lie.
struct Level {
    extent: usize,
    stride: usize,
}

fn levels(sparsity: &Sparsity, shape: &[usize]) -> Verdict<Vec<Level>> {
    let refuse = || Refusal::new("its sparse layout contradicts its shape");
    let (rank, blocks) = (shape.len(), sparsity.block_map.len());
    let order: Vec<usize> = sparsity
        .traversal_order
        .iter()
        .map(|&axis| usize::try_from(axis))
        .collect::<Result<_, _>>()
        .map_err(|_| refuse())?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank + blocks) || sparsity.dim_metadata.len() != rank + blocks {
        return Err(refuse());
    }
    let mut distinct = sparsity.block_map.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() != blocks {
        return Err(refuse());
    }
    let mut divided = shape.to_vec();
    let mut block = vec![(0, 0); blocks];
    for (&axis, metadata) in order.iter().zip(&sparsity.dim_metadata) {
        let Some(index) = axis.checked_sub(rank) else { continue };
        let DimensionMetadata::Dense { size } = *metadata else { return Err(refuse()) };
        let size = usize::try_from(size).ok().filter(|&size| size > 0).ok_or_else(refuse)?;
        let divides = usize::try_from(sparsity.block_map[index]).ok().filter(|&axis| axis < rank);
        let divides = divides.filter(|&axis| divided[axis].is_multiple_of(size)).ok_or_else(refuse)?;
        divided[divides] /= size;
        block[index] = (divides, size);
    }
    let dense = strides(shape);
    let level = |(&axis, metadata): (&usize, &DimensionMetadata)| {
        let level = match axis.checked_sub(rank) {
            Some(index) => Level { extent: block[index].1, stride: dense[block[index].0] },
            None => {
                Level { extent: divided[axis], stride: dense[axis] * (shape[axis] / divided[axis].max(1)) }
            }
        };
        match metadata {
            DimensionMetadata::Dense { size } if usize::try_from(*size) != Ok(level.extent) => Err(refuse()),
            _ => Ok(level),
        }
    };
    order.iter().zip(&sparsity.dim_metadata).map(level).collect()
}
