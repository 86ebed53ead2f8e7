//! GATHER, GATHER_ND, EMBEDDING_LOOKUP: parts of an operand named by indices.
//!
//! GATHER: `y[b…, m…, i…, r…] = x[b…, m…, indices[b…, i…], r…]`, the index standing for `axis`, behind `batch_dims`
//! batch axes b. GATHER_ND: the last axis of the indices lists coordinates of the first axes of x. EMBEDDING_LOOKUP:
//! rows of operand 1 by the numbers in operand 0; rows of quantized integers may come as reals.
//!
//! An index outside is an error. A GPU, which learns of it only while it runs, puts zeros there.

/// The family's cases.
pub mod cases;

use super::rearrange::{self, Rearrangement, indexing};
use super::strided::pick_runs;
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, axis, merged};
use crate::tensor::{DType, Tensor, TensorType, strides};
use crate::wgsl::{Choice, Kernel};
use std::cmp::Ordering;

/// A choice of parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gather {
    /// `GATHER`
    Along {
        /// The axis the indices stand for, counted from the end where negative.
        axis: i64,
        /// How many first axes operand and indices share, counted from the indices' end where negative.
        batch_dims: i64,
    },
    /// `GATHER_ND`
    Coordinates,
    /// `EMBEDDING_LOOKUP`
    Rows,
}

/// The choice that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Gather>> {
    Ok(Some(match source.name {
        "GATHER" => Gather::Along { axis: source.int("axis", 0)?, batch_dims: source.int("batch_dims", 0)? },
        "GATHER_ND" => Gather::Coordinates,
        "EMBEDDING_LOOKUP" => Gather::Rows,
        _ => return Ok(None),
    }))
}

/// Numbers of a table that is worth a place on the GPU for the few rows that are read.
const MOST_OF_A_TABLE: usize = 1 << 24;

/// How a GPU finds places: which coordinates of the operand are indices, and where the others and the indices stand.
struct Places {
    /// The first coordinate that is an index, of `[n, y, x, c]`.
    first: usize,
    /// How many are.
    depth: usize,
    /// For each coordinate of the operand the result's.
    from: [usize; 4],
    /// For each coordinate of the indices the result's.
    by: [usize; 4],
}

/// What is chosen from and by.
struct Choosing<'a> {
    shape: &'a [usize],
    indices: &'a [usize],
    axis: usize,
    batch_dims: usize,
}

impl Gather {
    /// Which input is chosen from; the other one holds the indices.
    fn source(&self) -> usize {
        (*self == Gather::Rows) as usize
    }

    fn choosing<'a>(&self, shape: &'a [usize], indices: &'a [usize]) -> Verdict<Choosing<'a>> {
        let refuse = || Refusal::new(format!("its indices {indices:?} do not fit its input {shape:?}"));
        let (axis, batch_dims) = match *self {
            Gather::Along { axis: along, batch_dims } => {
                let batches = if batch_dims < 0 { batch_dims + indices.len() as i64 } else { batch_dims };
                (axis(along, shape.len())?, usize::try_from(batches).map_err(|_| refuse())?)
            }
            _ => (0, 0),
        };
        let shared = batch_dims <= axis
            && batch_dims <= indices.len()
            && !shape.is_empty()
            && shape[..batch_dims] == indices[..batch_dims];
        match shared {
            true => Ok(Choosing { shape, indices, axis, batch_dims }),
            false => Err(refuse()),
        }
    }

    fn shape(&self, shape: &[usize], indices: &[usize]) -> Verdict<Vec<usize>> {
        if *self == Gather::Coordinates {
            let refuse =
                || Refusal::new(format!("its coordinates {indices:?} do not fit its input {shape:?}"));
            let (&depth, outer) = indices.split_last().ok_or_else(refuse)?;
            return Ok([outer, shape.get(depth..).ok_or_else(refuse)?].concat());
        }
        let Choosing { axis, batch_dims, .. } = self.choosing(shape, indices)?;
        Ok([&shape[..axis], &indices[batch_dims..], &shape[axis + 1..]].concat())
    }

    /// How a GPU finds places, for operands of rank 4 at most.
    fn places(&self, operands: &Operands) -> Verdict<Places> {
        let source = self.source();
        let (shape, indices) =
            (&operands.input(source)?.ty.shape[..], &operands.input(1 - source)?.ty.shape[..]);
        let (rank, by_rank) = (shape.len(), indices.len());
        let result = self.shape(shape, indices)?.len();
        if *self == Gather::Coordinates {
            let depth = indices.last().copied().unwrap_or(0);
            let rest = |axis: usize| axis.checked_sub(depth).map(|axis| axis + by_rank - 1);
            return Ok(Places {
                first: 4 - rank,
                depth,
                from: rearrange::coordinates(rank, result, rest),
                by: rearrange::coordinates(by_rank, result, |axis| (axis + 1 < by_rank).then_some(axis)),
            });
        }
        let Choosing { axis: along, batch_dims, .. } = self.choosing(shape, indices)?;
        let rest = |axis: usize| match axis.cmp(&along) {
            Ordering::Less => Some(axis),
            Ordering::Equal => None,
            Ordering::Greater => Some(axis + by_rank - batch_dims - 1),
        };
        let index = |axis: usize| Some(if axis < batch_dims { axis } else { along + axis - batch_dims });
        Ok(Places {
            first: 4 - rank + along,
            depth: 1,
            from: rearrange::coordinates(rank, result, rest),
            by: rearrange::coordinates(by_rank, result, index),
        })
    }
}

impl Operator for Gather {
    fn name(&self) -> &'static str {
        match self {
            Gather::Along { .. } => "GATHER",
            Gather::Coordinates => "GATHER_ND",
            Gather::Rows => "EMBEDDING_LOOKUP",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let source = self.source();
        let reals = operands.outputs.first().is_some_and(|output| output.dtype == DType::F32);
        if *self != Gather::Rows || !reals {
            operands.expect_same_dtype(source)?;
        }
        operands.expect_dtype(1 - source, &[DType::I16, DType::I32, DType::I64])?;
        let (Some(shape), Some(indices)) = (operands.shape(source)?, operands.shape(1 - source)?) else {
            return Ok(vec![None]);
        };
        Ok(vec![Some(self.shape(shape, indices)?)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(first), Some(second)] = inputs[..] else { return Err(Refusal::new("it needs two inputs")) };
        let (from, by) = if self.source() == 0 { (first, second) } else { (second, first) };
        let indices = by.to_integers().ok_or_else(|| Refusal::new("its indices are not integers"))?;
        let ty = &outputs[0];
        if *self == Gather::Coordinates {
            let (firsts, run) = by_coordinates(from.shape(), by.shape(), &indices)?;
            return Ok(vec![pick_runs(from, run, &firsts, ty)?]);
        }
        let choosing = self.choosing(from.shape(), by.shape())?;
        let run: usize = from.shape()[choosing.axis + 1..].iter().product();
        let firsts = choosing.firsts(&indices, run)?;
        match from.dtype() == ty.dtype {
            true => Ok(vec![pick_runs(from, run, &firsts, ty)?]),
            false => Ok(vec![real_rows(from, &firsts, run, ty)?]),
        }
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let shape = &operands.input(self.source())?.ty.shape;
        match *self {
            Gather::Along { axis: along, batch_dims: 0 } => {
                let axis = merged::lone(shape, axis(along, shape.len())?)? as i64;
                Ok(Merged::new(Gather::Along { axis, batch_dims: 0 }))
            }
            _ => Err(merged::apart(shape)),
        }
    }

    fn takes_indices(&self, _operands: &Operands, index: usize) -> bool {
        index == 1 - self.source()
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let source = self.source();
        let (from, to) = rearrange::shapes(operands, source, 0)?;
        operands.gpu_indices(1 - source)?;
        rearrange::check_indices(from)?;
        let Places { first, depth, .. } = self.places(operands)?;
        rearrange::check_listed(operands.integers(1 - source)?, &from[first..first + depth])?;
        let table = operands.input(source)?;
        match table.constant.is_some() && table.ty.elements() > MOST_OF_A_TABLE {
            false => Ok(rearrange::choices("gather", rearrange::texels(to))),
            true => Err(Refusal::new(format!("its table {} is too large to copy for some rows", table.ty))),
        }
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let source = self.source();
        let (from, to) = rearrange::shapes(operands, source, 0)?;
        let Places { first, depth, from: others, by } = self.places(operands)?;
        let defines = ["FROM_N", "FROM_Y", "FROM_X", "FROM_C", "BY_N", "BY_Y", "BY_X", "BY_C"];
        let coordinates = others.into_iter().chain(by).map(|at| at as i64);
        let kernel = Rearrangement {
            source: indexing!("gather.wgsl"),
            whole: from[3] == to[3] && others[3] == 3 && !by.contains(&3),
            fill: Some(0.0),
            defines: defines
                .into_iter()
                .zip(coordinates)
                .chain([("FIRST", first as i64), ("DEPTH", depth as i64)])
                .collect(),
            params: vec![("src_channels", from[3].into())],
        };
        Ok(kernel.by_indices(choice, to, source, 1 - source))
    }
}

impl Choosing<'_> {
    /// The first element of each run that the indices name.
    fn firsts(&self, indices: &[i64], run: usize) -> Verdict<Vec<usize>> {
        let Self { shape, axis, batch_dims, .. } = *self;
        let batches: usize = shape[..batch_dims].iter().product();
        let between: usize = shape[batch_dims..axis].iter().product();
        let a_batch: usize = self.indices[batch_dims..].iter().product();
        let extent = shape[axis];
        let mut firsts = Vec::with_capacity(batches * between * a_batch);
        for outer in 0..batches * between {
            let batch = outer / between;
            for &index in &indices[batch * a_batch..(batch + 1) * a_batch] {
                let index = usize::try_from(index).ok().filter(|&index| index < extent);
                let index = index.ok_or_else(|| Refusal::new(format!("an index is not below {extent}")))?;
                firsts.push((outer * extent + index) * run);
            }
        }
        Ok(firsts)
    }
}

/// The first element and the length of the runs at coordinates of the first axes.
fn by_coordinates(shape: &[usize], indices: &[usize], coordinates: &[i64]) -> Verdict<(Vec<usize>, usize)> {
    let Some((&depth, outer)) = indices.split_last() else {
        return Err(Refusal::new("it has no coordinates"));
    };
    let run = shape[depth..].iter().product();
    let strides = strides(shape);
    let place = |at: usize| {
        let point = &coordinates[at * depth..(at + 1) * depth];
        let axes = point.iter().zip(shape).zip(&strides);
        axes.map(|((&at, &extent), stride)| {
            let inside = usize::try_from(at).ok().filter(|&at| at < extent);
            inside
                .map(|at| at * stride)
                .ok_or_else(|| Refusal::new(format!("coordinate {at} is not below {extent}")))
        })
        .sum::<Verdict<usize>>()
    };
    let firsts = (0..outer.iter().product()).map(place).collect::<Verdict<Vec<usize>>>()?;
    Ok((firsts, run))
}

/// Rows of quantized integers as reals; the scale may be each row's own.
fn real_rows(table: &Tensor, firsts: &[usize], run: usize, ty: &TensorType) -> Verdict<Tensor> {
    let refuse = || Refusal::new(format!("it does not take rows of {} as reals", table.ty()));
    let quantization = table.ty().quantization.as_ref().ok_or_else(refuse)?;
    if quantization.is_per_channel() && quantization.axis != 0 {
        return Err(refuse());
    }
    let rows = pick_runs(table, run, firsts, &table.ty().with_shape([firsts.len() * run]))?;
    let integers = rows.to_integers().ok_or_else(refuse)?;
    let mut reals = Vec::with_capacity(integers.len());
    for (row, &first) in integers.chunks(run.max(1)).zip(firsts) {
        let channel = if quantization.is_per_channel() { first / run } else { 0 };
        let (scale, zero) = (quantization.scale[channel], quantization.zero_point[channel]);
        reals.extend(row.iter().map(|&q| scale * (q - zero) as f32));
    }
    Ok(Tensor::from_reals(ty.clone(), &reals)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::strings::{strings, tensor_of_strings};

    #[test]
    fn strings_are_gathered() {
        let ty = TensorType::new(DType::String, [3]);
        let words = tensor_of_strings(ty.clone(), &[b"a", b"bc", b""]).expect("small");
        let op = Gather::Along { axis: 0, batch_dims: 0 };
        let indices = Tensor::i32s(&[1, 2, 1, 0]);
        let chosen = op.reference(&[Some(&words), Some(&indices)], &[ty.with_shape([4])]).expect("in range");
        assert_eq!(strings(&chosen[0]).expect("well-formed"), [&b"bc"[..], b"", b"bc", b"a"]);
    }

    #[test]
    fn indices_outside_are_refused() {
        let table = Tensor::zeros(TensorType::f32([3, 2]));
        for index in [-1, 3] {
            let indices = Tensor::i32s(&[index]);
            let given = [Some(&table), Some(&indices)];
            let along = Gather::Along { axis: 0, batch_dims: 0 };
            assert!(along.reference(&given, &[TensorType::f32([1, 2])]).is_err());
            assert!(Gather::Coordinates.reference(&given, &[TensorType::f32([2])]).is_err());
            let given = [Some(&indices), Some(&table)];
            assert!(Gather::Rows.reference(&given, &[TensorType::f32([1, 2])]).is_err());
        }
    }
}
