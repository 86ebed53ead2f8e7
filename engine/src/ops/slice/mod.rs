//! SLICE, STRIDED_SLICE: a box of the operand, with steps and reversal.
//!
//! SLICE takes begin and size, a size of −1 reaching to the end. STRIDED_SLICE takes begin, end and step for each entry
//! of its specification, with bits that leave begin or end open, stand for all axes not named (ellipsis), add an axis
//! of extent 1, or drop an axis after taking one place; indices from the end are negative, out-of-range ends are cut.

/// The family's cases.
pub mod cases;
mod specification;

use super::rearrange::{self, Rearrangement};
use super::strided::Strided;
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, extent, merged};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};
pub use specification::{Masks, Taken};

/// A slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slice {
    /// `SLICE`: begin and size.
    Box,
    /// `STRIDED_SLICE`: begin, end and step.
    Strided(Masks),
}

/// The slice that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Slice>> {
    Ok(Some(match source.name {
        "SLICE" => Slice::Box,
        "STRIDED_SLICE" => Slice::Strided(Masks {
            begin: source.int("begin_mask", 0)?,
            end: source.int("end_mask", 0)?,
            ellipsis: source.int("ellipsis_mask", 0)?,
            new_axis: source.int("new_axis_mask", 0)?,
            shrink: source.int("shrink_axis_mask", 0)?,
            offset: source.bool("offset")?,
        }),
        _ => return Ok(None),
    }))
}

impl Slice {
    /// What is taken along each axis of the operand, new axes among them; `None` where only the run tells.
    pub fn taken(&self, operands: &Operands) -> Verdict<Option<Vec<Taken>>> {
        let Some(shape) = operands.shape(0)? else { return Ok(None) };
        let (Some(begin), Some(end)) = (operands.integers(1)?, operands.integers(2)?) else {
            return Ok(None);
        };
        match self {
            Slice::Box => boxed(shape, &begin, &end).map(Some),
            Slice::Strided(masks) => match operands.integers(3)? {
                Some(step) => masks.taken(shape, &begin, &end, &step).map(Some),
                None => Ok(None),
            },
        }
    }

    /// What is taken, or a refusal of the GPU where that is not known.
    fn known(&self, operands: &Operands) -> Verdict<Vec<Taken>> {
        self.taken(operands)?.ok_or_else(|| Refusal::new("its GPU kernel takes a constant begin and end"))
    }
}

fn boxed(shape: &[usize], begin: &[i64], size: &[i64]) -> Verdict<Vec<Taken>> {
    let refuse =
        || Refusal::new(format!("its begin {begin:?} and size {size:?} do not fit its input {shape:?}"));
    if begin.len() != shape.len() || size.len() != shape.len() {
        return Err(refuse());
    }
    let along = |axis: usize| {
        let first = extent(begin[axis]).ok().filter(|&first| first <= shape[axis])?;
        let rest = shape[axis] - first;
        let extent = if size[axis] == -1 { rest } else { extent(size[axis]).ok()? };
        (extent <= rest).then_some(Taken::Range { begin: first as i64, step: 1, extent, dropped: false })
    };
    (0..shape.len()).map(|axis| along(axis).ok_or_else(refuse)).collect()
}

impl Operator for Slice {
    fn name(&self) -> &'static str {
        match self {
            Slice::Box => "SLICE",
            Slice::Strided(_) => "STRIDED_SLICE",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_same_dtype(0)?;
        let taken = self.taken(operands)?;
        Ok(vec![taken.map(|taken| taken.iter().filter_map(Taken::extent).collect())])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let taken = self.taken(&Operands::of_tensors(inputs, outputs))?;
        let taken = taken.ok_or_else(|| Refusal::new("its begin and end are missing"))?;
        let ranges = taken.iter().filter_map(|taken| match *taken {
            Taken::Range { begin, step, extent, .. } => Some((begin as isize, step as isize, extent)),
            Taken::NewAxis => None,
        });
        let all = Strided::new(input.shape());
        let way = ranges
            .enumerate()
            .fold(all, |way, (axis, (begin, step, extent))| way.sliced(axis, begin, step, extent));
        Ok(vec![way.read(input, &outputs[0])?])
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let shape = &operands.input(0)?.ty.shape;
        let (mut begins, mut ends, mut steps, mut shrink) = (vec![], vec![], vec![], 0);
        let merged_axes = merged::count(shape);
        let mut first = (0, 1, shape[..merged_axes].iter().product::<usize>());
        for (axis, taken) in self.known(operands)?.into_iter().enumerate() {
            let Taken::Range { begin, step, extent, dropped } = taken else {
                return Err(merged::apart(shape));
            };
            let whole = extent == shape[axis] && step == 1;
            if axis >= merged_axes {
                shrink |= i64::from(dropped) << (axis + 1 - merged_axes);
                begins.push(begin);
                ends.push(extent);
                steps.push(step);
            } else if !whole {
                let (_, inner) = merged::place(shape, axis)?;
                if inner > 1 && step != 1 && extent > 1 {
                    return Err(merged::apart(shape));
                }
                first = (begin * inner as i64, if inner > 1 { 1 } else { step }, extent * inner);
            }
        }
        begins.insert(0, first.0);
        steps.insert(0, first.1);
        ends.insert(0, first.2);
        let sizes: Vec<i64> = ends.iter().map(|&extent| extent as i64).collect();
        let count = [begins.len()];
        if *self == Slice::Box {
            return Merged::new(Slice::Box).with(1, &count, &begins)?.with(2, &count, &sizes);
        }
        let ends: Vec<i64> = (0..begins.len()).map(|axis| begins[axis] + steps[axis] * sizes[axis]).collect();
        let before_all = |(axis, &end): (usize, &i64)| i64::from(end < 0) << axis;
        let end = ends.iter().enumerate().map(before_all).sum();
        let masks = Masks { shrink, end, ..Masks::default() };
        let merged = Merged::new(Slice::Strided(masks));
        merged.with(1, &count, &begins)?.with(2, &count, &ends)?.with(3, &count, &steps)
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        self.known(operands)?;
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        Ok(rearrange::choices("slice", rearrange::texels(to)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        let taken = self.known(operands)?;
        let extents = taken.iter().filter_map(Taken::extent).count();
        let ranges = taken.len() - taken.iter().filter(|taken| **taken == Taken::NewAxis).count();
        let (mut begin, mut step, mut from) = ([0; 4], [0; 4], [0, 1, 2, 3]);
        let (mut source, mut result) = (4 - ranges.min(4), 4 - extents.min(4));
        for taken in taken {
            let Taken::Range { begin: first, step: by, dropped, .. } = taken else {
                result += 1;
                continue;
            };
            begin[source] = first;
            if !dropped {
                (step[source], from[source]) = (by, result);
                result += 1;
            }
            source += 1;
        }
        Ok(Rearrangement::affine(begin, step, from).kernel(choice, to))
    }

    fn carries_prologue(&self, operands: &Operands, input: usize) -> bool {
        input == 0 && rearrange::moves_whole_texels(self, operands)
    }

    fn view(&self, operands: &Operands, _index: usize) -> Option<usize> {
        let (from, to) = rearrange::shapes(operands, 0, 0).ok()?;
        let taken = self.taken(operands).ok()??;
        let (mut begin, mut part) = ([0; 4], [1; 4]);
        let ranges = taken.iter().filter(|taken| **taken != Taken::NewAxis);
        let first = 4 - ranges.clone().count();
        for (axis, taken) in (first..).zip(ranges) {
            let Taken::Range { begin: at, step: 1, extent, .. } = *taken else { return None };
            (begin[axis], part[axis]) = (at as usize, extent);
        }
        let run = rearrange::run_of_texels(from, begin, part)?;
        rearrange::same_texels(part, to).then_some(run)
    }
}
