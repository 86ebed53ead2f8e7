//! SCATTER_ND, SPARSE_TO_DENSE, DYNAMIC_UPDATE_SLICE: numbers put at places of a tensor.
//!
//! SCATTER_ND adds operand 1 to zeros of the shape that operand 2 lists, at coordinates of the first axes that operand 0
//! lists along its last axis. SPARSE_TO_DENSE puts operand 2, one number or one for each place, at the places of operand 0
//! in a tensor of the shape of operand 1 that holds operand 3 elsewhere. DYNAMIC_UPDATE_SLICE puts operand 1 over
//! operand 0 at the corner that operand 2 names, moved so that it fits.
//!
//! A place outside is an error. A GPU, which learns of it only while it runs, puts nothing there.

/// The family's cases.
pub mod cases;

use super::binary::wrapped;
use super::rearrange;
use super::strided::{Strided, pick, pooled};
use super::{Operands, Operator, Refusal, Source, Verdict, extent};
use crate::tensor::{DType, Tensor, TensorType, strides};
use crate::wgsl::{Choice, Kernel};

/// How numbers are put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scatter {
    /// `SCATTER_ND`
    Add,
    /// `SPARSE_TO_DENSE`
    Sparse,
    /// `DYNAMIC_UPDATE_SLICE`
    Update,
}

/// What `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Scatter>> {
    Ok(Some(match source.name {
        "SCATTER_ND" => Scatter::Add,
        "SPARSE_TO_DENSE" => Scatter::Sparse,
        "DYNAMIC_UPDATE_SLICE" => Scatter::Update,
        _ => return Ok(None),
    }))
}

impl Scatter {
    /// Which input lists the result's extents.
    fn lister(&self) -> usize {
        if *self == Scatter::Add { 2 } else { 1 }
    }

    fn listed(&self, operands: &Operands) -> Verdict<Option<Vec<usize>>> {
        let listed = operands.integers(self.lister())?;
        listed.map(|list| list.into_iter().map(extent).collect()).transpose()
    }

    fn check_types(&self, operands: &Operands) -> Verdict<()> {
        let integers = [DType::I32, DType::I64];
        match self {
            Scatter::Add => {
                operands.expect_dtype(0, &integers)?;
                operands.expect_same_dtype(1)?;
            }
            Scatter::Sparse => {
                operands.expect_dtype(0, &integers)?;
                operands.expect_same_dtype(2)?;
                operands.expect_same_dtype(3)?;
            }
            Scatter::Update => {
                operands.expect_dtype(2, &integers)?;
                operands.expect_same_dtype(0)?;
                operands.expect_same_dtype(1)?;
            }
        }
        match operands.outputs.iter().any(|output| matches!(output.dtype, DType::String | DType::Resource)) {
            true => Err(Refusal::new("it takes numbers")),
            false => Ok(()),
        }
    }

    /// Refuses shapes that do not fit the result's.
    fn check_shapes(&self, operands: &Operands, result: &[usize]) -> Verdict<()> {
        let (Some(first), Some(second), Some(third)) =
            (operands.shape(0)?, operands.shape(1)?, operands.shape(2)?)
        else {
            return Ok(());
        };
        let fits = match self {
            Scatter::Add => first.split_last().is_some_and(|(&depth, outer)| {
                result.get(depth..).is_some_and(|rest| second == [outer, rest].concat())
            }),
            Scatter::Sparse => {
                let (places, depth) = places_and_depth(first);
                let values: usize = third.iter().product();
                let one = operands.input(3)?.ty.elements() == 1;
                depth == Some(result.len())
                    && one
                    && third.len() < 2
                    && (third.is_empty() || values == places)
            }
            Scatter::Update => {
                third == [first.len()]
                    && second.len() == first.len()
                    && second.iter().zip(first).all(|(part, whole)| part <= whole)
            }
        };
        match fits {
            true => Ok(()),
            false => {
                let shapes = [first, second, third];
                Err(Refusal::new(format!("its inputs {shapes:?} do not fit its result {result:?}")))
            }
        }
    }
}

/// Comparisons of places, each of a texel with an index, that are worth a GPU's time.
const MOST_COMPARISONS: usize = 1 << 26;

impl Scatter {
    /// The input that holds indices.
    fn indices(&self) -> usize {
        if *self == Scatter::Update { 2 } else { 0 }
    }

    /// How many places the indices name and with how many coordinates each, on a GPU: in a list or in one texel each.
    fn named(&self, operands: &Operands) -> Verdict<(usize, usize)> {
        let indices = &operands.input(0)?.ty.shape[..];
        let (places, depth) = match (self, indices) {
            (Scatter::Sparse, _) => places_and_depth(indices),
            (_, [outer @ .., depth]) => (outer.iter().product(), Some(*depth)),
            _ => (0, None),
        };
        match depth {
            Some(depth @ 1..=4) => Ok((places, depth)),
            _ => Err(Refusal::new(format!(
                "its GPU kernel takes places of up to 4 coordinates, not {indices:?}"
            ))),
        }
    }

    fn scatter_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let to = operands.gpu_output(0)?;
        let (places, depth) = self.named(operands)?;
        let rank = operands.outputs[0].rank();
        let indices = operands.input(0)?.ty.rank();
        let numbers = if *self == Scatter::Add { 1 } else { 2 };
        let up = operands.input(numbers)?.ty.rank();
        // The axes of the places come first, the others are the result's; a list's places are numbered along columns.
        let outer = if *self == Scatter::Add { indices - 1 } else { up };
        let coordinate = |at: usize| match (at + up).checked_sub(4) {
            None => NO_COORDINATE,
            Some(axis) if axis >= outer => 4 - rank + depth + axis - outer,
            Some(axis) if *self == Scatter::Add => 4 + (4 - indices) + axis,
            Some(_) => 6,
        };
        let mut defines = vec![
            ("ADDS", (*self == Scatter::Add) as i64),
            ("LISTED", (*self == Scatter::Sparse && indices < 2) as i64),
            ("FIRST", (4 - rank) as i64),
            ("DEPTH", depth as i64),
            ("CHANNELS", (depth == rank) as i64),
        ];
        let names = ["UP_N", "UP_Y", "UP_X", "UP_C"].into_iter().enumerate();
        defines.extend(names.map(|(at, name)| (name, coordinate(at) as i64)));
        let mut inputs = vec![("by", 0), ("up", numbers)];
        if *self == Scatter::Sparse {
            inputs.push(("other", 3));
        }
        Ok(Kernel {
            choice: choice.clone(),
            source: concat!(include_str!("../rearrange/indices.wgsl"), include_str!("scatter.wgsl")),
            defines,
            params: vec![("places", places.into())],
            inputs,
            outputs: vec!["dst"],
            constants: vec![],
            grid: choice.grid(rearrange::texels(to)),
            macs: 0,
        })
    }
}

/// The number of a place's coordinates and the result's, where a zero stands.
const NO_COORDINATE: usize = 7;

/// How many places sparse indices of this shape name, and with how many coordinates each.
fn places_and_depth(indices: &[usize]) -> (usize, Option<usize>) {
    match *indices {
        [] => (1, Some(1)),
        [places] => (places, Some(1)),
        [places, depth] => (places, Some(depth)),
        _ => (0, None),
    }
}

impl Operator for Scatter {
    fn name(&self) -> &'static str {
        match self {
            Scatter::Add => "SCATTER_ND",
            Scatter::Sparse => "SPARSE_TO_DENSE",
            Scatter::Update => "DYNAMIC_UPDATE_SLICE",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        self.check_types(operands)?;
        let result = match self {
            Scatter::Update => operands.shape(0)?.map(<[usize]>::to_vec),
            _ => self.listed(operands)?,
        };
        if let Some(result) = &result {
            self.check_shapes(operands, result)?;
        }
        Ok(vec![result])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = |index: usize| {
            let input = inputs.get(index).copied().flatten();
            input.ok_or_else(|| Refusal::new(format!("its input {index} is missing")))
        };
        let ty = &outputs[0];
        self.check_shapes(&Operands::of_tensors(inputs, outputs), &ty.shape)?;
        Ok(vec![match self {
            Scatter::Add => added(input(0)?, input(1)?, ty)?,
            Scatter::Sparse => {
                let (_, depth) = places_and_depth(input(0)?.shape());
                let firsts = firsts(input(0)?, depth.unwrap_or(1), &ty.shape)?;
                let values = input(2)?;
                // The number elsewhere stands behind the values.
                let mut chosen = vec![values.len(); ty.elements()];
                for (at, first) in firsts.into_iter().enumerate() {
                    chosen[first] = if values.shape().is_empty() { 0 } else { at };
                }
                pick(&pooled(values, input(3)?)?, &chosen, ty)?
            }
            Scatter::Update => updated(input(0)?, input(1)?, input(2)?, ty)?,
        }])
    }

    fn takes_indices(&self, _operands: &Operands, index: usize) -> bool {
        index == self.indices()
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let to = operands.gpu_output(0)?;
        operands.gpu_indices(self.indices())?;
        rearrange::check_indices(to)?;
        let texels = rearrange::texels(to);
        if *self == Scatter::Update {
            operands.gpu_input(0)?;
            operands.gpu_input(1)?;
            return Ok(rearrange::choices("update_slice", texels));
        }
        operands.gpu_input(if *self == Scatter::Add { 1 } else { 2 })?;
        let (places, depth) = self.named(operands)?;
        let extents: Vec<usize> = operands.outputs[0].shape.iter().copied().take(depth).collect();
        rearrange::check_listed(operands.integers(0)?, &extents)?;
        let comparisons = texels.iter().product::<usize>().saturating_mul(places);
        match (self, comparisons <= MOST_COMPARISONS) {
            (_, false) => {
                Err(Refusal::new(format!("its GPU kernel would compare places {comparisons} times")))
            }
            (Scatter::Add, true) => Ok(rearrange::choices("scatter", texels)),
            (_, true) => {
                operands.gpu_input(3)?;
                Ok(rearrange::choices("sparse_to_dense", texels))
            }
        }
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        if *self != Scatter::Update {
            return self.scatter_kernel(operands, choice);
        }
        let (to, part) = (operands.gpu_output(0)?, operands.gpu_input(1)?);
        let rank = operands.outputs[0].rank();
        Ok(Kernel {
            choice: choice.clone(),
            source: concat!(include_str!("../rearrange/lane.wgsl"), include_str!("update.wgsl")),
            defines: vec![
                ("FIRST", (4 - rank) as i64),
                ("RANK", rank as i64),
                ("WHOLE", (part[3] == to[3]) as i64),
            ],
            params: vec![("channels", to[3].into()), ("part_channels", part[3].into())],
            inputs: vec![("src", 0), ("part", 1), ("by", 2)],
            outputs: vec!["dst"],
            constants: vec![],
            grid: choice.grid(rearrange::texels(to)),
            macs: 0,
        })
    }

    fn carries_prologue(&self, _operands: &Operands, input: usize) -> bool {
        input == 0 && *self == Scatter::Update
    }
}

/// The first element at each place, given by coordinates of the first `depth` axes.
fn firsts(places: &Tensor, depth: usize, shape: &[usize]) -> Verdict<Vec<usize>> {
    let coordinates = places.to_integers().ok_or_else(|| Refusal::new("its indices are not integers"))?;
    let strides = strides(shape);
    // Points without coordinates are as many as the outer axes hold.
    let outer = || places.shape().iter().rev().skip(1).product();
    let count = coordinates.len().checked_div(depth).unwrap_or_else(outer);
    let first = |at: usize| {
        let point = coordinates[at * depth..(at + 1) * depth].iter().zip(shape).zip(&strides);
        point
            .map(|((&at, &extent), stride)| {
                let inside = usize::try_from(at).ok().filter(|&at| at < extent);
                inside
                    .map(|at| at * stride)
                    .ok_or_else(|| Refusal::new(format!("index {at} is not below {extent}")))
            })
            .sum::<Verdict<usize>>()
    };
    (0..count).map(first).collect()
}

/// Zeros with `updates` added at their places.
fn added(places: &Tensor, updates: &Tensor, ty: &TensorType) -> Verdict<Tensor> {
    let depth = places.shape().last().copied().unwrap_or(0);
    let run: usize = ty.shape[depth..].iter().product();
    let firsts = firsts(places, depth, &ty.shape)?;
    let elements = || firsts.iter().flat_map(|&first| first..first + run);
    if let (false, Some(updates)) = (ty.dtype.is_float(), updates.to_integers()) {
        let mut sums = vec![0i64; ty.elements()];
        elements().zip(updates).for_each(|(at, update)| sums[at] = sums[at].wrapping_add(update));
        return wrapped(ty, sums);
    }
    let mut sums = vec![0.0; ty.elements()];
    elements().zip(super::operand::reals(updates)?).for_each(|(at, update)| sums[at] += update);
    Ok(Tensor::from_reals(ty.clone(), &sums)?)
}

/// `whole` with `part` over it at `corner`, moved so that it fits.
fn updated(whole: &Tensor, part: &Tensor, corner: &Tensor, ty: &TensorType) -> Verdict<Tensor> {
    let corner = corner.to_integers().ok_or_else(|| Refusal::new("its corner is not integers"))?;
    let all = Strided::new(whole.shape());
    let covered = corner.iter().enumerate().fold(all, |way, (axis, &at)| {
        let extent = part.shape()[axis];
        let begin = at.clamp(0, (whole.shape()[axis] - extent) as i64);
        way.sliced(axis, begin as isize, 1, extent)
    });
    // The part stands behind the whole.
    let mut chosen: Vec<usize> = (0..whole.len()).collect();
    covered.indices().into_iter().enumerate().for_each(|(at, place)| chosen[place] = whole.len() + at);
    pick(&pooled(whole, part)?, &chosen, ty)
}
