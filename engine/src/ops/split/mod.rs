//! SPLIT, SPLIT_V, UNPACK: the parts of an operand along an axis, one after the other.
//!
//! SPLIT takes the axis as operand 0 and makes equal parts. SPLIT_V takes their extents as operand 1, one of which may be
//! −1 for what is left, and the axis as operand 2. UNPACK makes parts of extent 1 and drops the axis.

/// The family's cases.
pub mod cases;

use super::rearrange::{self, Part};
use super::strided::Strided;
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, axis, extent, merged};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A division into parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// `SPLIT`: equal parts.
    Equal,
    /// `SPLIT_V`: parts of given extents.
    Given,
    /// `UNPACK`: parts of extent 1 without this axis.
    Unpack {
        /// The axis, counted from the end where negative.
        axis: i64,
    },
}

/// The division that `source` names. The number of parts is that of the outputs.
pub fn decode(source: &Source) -> Verdict<Option<Split>> {
    Ok(Some(match source.name {
        "SPLIT" => Split::Equal,
        "SPLIT_V" => Split::Given,
        "UNPACK" => Split::Unpack { axis: source.int("axis", 0)? },
        _ => return Ok(None),
    }))
}

/// An operand's axis and its parts' extents along it.
struct Parts {
    axis: usize,
    extents: Vec<usize>,
}

impl Split {
    /// Which input is divided.
    pub fn divided(&self) -> usize {
        (*self == Split::Equal) as usize
    }

    fn drops(&self) -> bool {
        matches!(self, Split::Unpack { .. })
    }

    fn parts(&self, operands: &Operands) -> Verdict<Option<Parts>> {
        let Some(shape) = operands.shape(self.divided())? else { return Ok(None) };
        let named = match self {
            Split::Equal => operands.integer(0)?,
            Split::Given => operands.integer(2)?,
            Split::Unpack { axis } => Some(*axis),
        };
        let Some(named) = named else { return Ok(None) };
        let (axis, count) = (axis(named, shape.len())?, operands.outputs.len());
        let whole = shape[axis];
        let extents = match self {
            Split::Equal if count > 0 && whole % count == 0 => vec![whole / count; count],
            Split::Unpack { .. } if count == whole => vec![1; count],
            Split::Given => match operands.integers(1)? {
                Some(given) => given_extents(&given, whole, count)?,
                None => return Ok(None),
            },
            _ => {
                return Err(Refusal::new(format!(
                    "its input {shape:?} does not make {count} parts along {axis}"
                )));
            }
        };
        Ok(Some(Parts { axis, extents }))
    }

    fn part(&self, operands: &Operands) -> Verdict<Part> {
        let parts = self.parts(operands)?;
        let Parts { axis, .. } = parts.ok_or_else(|| Refusal::new("its GPU kernel takes a constant axis"))?;
        let rank = operands.input(self.divided())?.ty.rank();
        Ok(Part { input: self.divided(), axis: axis + 4 - rank.min(4), unstacks: self.drops() })
    }
}

fn given_extents(given: &[i64], whole: usize, count: usize) -> Verdict<Vec<usize>> {
    let refuse = || Refusal::new(format!("its {count} outputs of extents {given:?} do not make up {whole}"));
    let known = given
        .iter()
        .filter(|&&value| value != -1)
        .try_fold(0usize, |sum, &value| sum.checked_add(extent(value)?).ok_or_else(refuse))?;
    let open = given.iter().filter(|&&value| value == -1).count();
    let fits = if open == 0 { known == whole } else { known <= whole };
    if given.len() != count || open > 1 || !fits {
        return Err(refuse());
    }
    Ok(given.iter().map(|&value| usize::try_from(value).unwrap_or(whole - known)).collect())
}

impl Operator for Split {
    fn name(&self) -> &'static str {
        match self {
            Split::Equal => "SPLIT",
            Split::Given => "SPLIT_V",
            Split::Unpack { .. } => "UNPACK",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_same_dtype(self.divided())?;
        let (Some(Parts { axis, extents }), Some(shape)) =
            (self.parts(operands)?, operands.shape(self.divided())?)
        else {
            return Ok(vec![None; operands.outputs.len()]);
        };
        let part = |extent: usize| {
            let mut part = shape.to_vec();
            match self.drops() {
                true => drop(part.remove(axis)),
                false => part[axis] = extent,
            }
            Some(part)
        };
        Ok(extents.into_iter().map(part).collect())
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs.get(self.divided()).copied().flatten();
        let input = input.ok_or_else(|| Refusal::new("its input is missing"))?;
        let parts = self.parts(&Operands::of_tensors(inputs, outputs))?;
        let Parts { axis, extents } = parts.ok_or_else(|| Refusal::new("its axis is missing"))?;
        let all = Strided::new(input.shape());
        let mut begin = 0;
        let mut results = Vec::with_capacity(outputs.len());
        for (extent, ty) in extents.into_iter().zip(outputs) {
            results.push(all.clone().sliced(axis, begin, 1, extent).read(input, ty)?);
            begin += extent as isize;
        }
        Ok(results)
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let shape = &operands.input(self.divided())?.ty.shape;
        let parts =
            self.parts(operands)?.ok_or_else(|| Refusal::new("its GPU kernel takes a constant axis"))?;
        let (axis, inner) = merged::place(shape, parts.axis)?;
        let extents: Vec<i64> = parts.extents.iter().map(|extent| (extent * inner) as i64).collect();
        match self {
            Split::Equal => Merged::new(*self).with(0, &[], &[axis as i64]),
            Split::Given => {
                Merged::new(*self).with(1, &[extents.len()], &extents)?.with(2, &[], &[axis as i64])
            }
            Split::Unpack { .. } => {
                Ok(Merged::new(Split::Unpack { axis: merged::lone(shape, parts.axis)? as i64 }))
            }
        }
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        self.part(operands)?.choices(if self.drops() { "unpack" } else { "split" }, operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        self.part(operands)?.kernel(operands, choice)
    }

    fn carries_prologue(&self, operands: &Operands, input: usize) -> bool {
        input == self.divided() && rearrange::moves_whole_texels(self, operands)
    }

    fn view(&self, operands: &Operands, index: usize) -> Option<usize> {
        if self.divided() != 0 {
            return None;
        }
        let (from, to) = rearrange::shapes(operands, 0, index).ok()?;
        let Parts { axis, extents } = self.parts(operands).ok()??;
        let axis = axis + 4 - operands.input(0).ok()?.ty.rank();
        let (mut begin, mut part) = ([0; 4], from);
        begin[axis] = extents[..index].iter().sum();
        part[axis] = extents[index];
        let run = rearrange::run_of_texels(from, begin, part)?;
        rearrange::same_texels(part, to).then_some(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_the_open_extent() {
        assert_eq!(given_extents(&[2, -1, 3], 9, 3), Ok(vec![2, 4, 3]));
        assert_eq!(given_extents(&[2, -1], 2, 2), Ok(vec![2, 0]));
        for (given, count) in [(&[2, 3][..], 2), (&[-1, -1], 2), (&[9, 1], 2), (&[9], 2), (&[-2, 11], 2)] {
            assert!(given_extents(given, 9, count).is_err(), "{given:?}");
        }
    }
}
