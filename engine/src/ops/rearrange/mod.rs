//! GPU kernels that only move numbers: where each number of the result stands in the operand.
//!
//! `rearrange.wgsl` writes texels; a map in front of it, the function `source`, says where their channels come from.
//! Where texels of the result are whole texels of the operand, they move as such.

mod join;
mod part;

pub use join::Join;
pub use part::Part;

use super::{Operands, Operator, Refusal, Verdict};
use crate::wgsl::{Choice, Kernel, Scalar};

/// A map put in front of `rearrange.wgsl`.
macro_rules! rearranging {
    ($map:literal) => {
        concat!(
            include_str!("../rearrange/lane.wgsl"),
            include_str!($map),
            include_str!("../rearrange/rearrange.wgsl")
        )
    };
}
pub(super) use rearranging;

/// A map that reads indices, put in front of `rearrange.wgsl`.
macro_rules! indexing {
    ($map:literal) => {
        concat!(include_str!("../rearrange/indices.wgsl"), crate::ops::rearrange::rearranging!($map))
    };
}
pub(super) use indexing;

/// The place behind a result's coordinates, where a zero stands.
const NONE: usize = 4;

/// Extents whose indices an f32 tells apart.
const MOST_INDICES: usize = 1 << 24;

const AFFINE: &str = rearranging!("../rearrange/affine.wgsl");

/// A kernel that moves numbers of input 0 to output 0.
pub struct Rearrangement {
    /// The map and `rearrange.wgsl`.
    pub source: &'static str,
    /// Whether texels move whole.
    pub whole: bool,
    /// What stands where the map names no place.
    pub fill: Option<f32>,
    /// The map's defines.
    pub defines: Vec<(&'static str, i64)>,
    /// The map's parameters.
    pub params: Vec<(&'static str, Scalar)>,
}

/// The operand's and the result's shape as `[n, h, w, c]`, or why a GPU kernel cannot take them.
pub fn shapes(operands: &Operands, input: usize, output: usize) -> Verdict<([usize; 4], [usize; 4])> {
    Ok((operands.gpu_input(input)?, operands.gpu_output(output)?))
}

/// Work-groups for one invocation a texel of `columns × rows × layers`: those that leave fewest idle, wide ones first.
pub fn choices(kernel: &'static str, [columns, rows, layers]: [usize; 3]) -> Vec<Choice> {
    let mut all: Vec<Choice> =
        [[8, 8, 1], [16, 4, 1], [64, 1, 1], [4, 4, 4], [1, 1, 64], [1, 8, 8], [2, 2, 16], [32, 1, 1]]
            .map(|workgroup| Choice::new(kernel, workgroup))
            .to_vec();
    let extents = [columns, rows, layers];
    all.sort_by_key(|choice| {
        let covered = |axis: usize| extents[axis].next_multiple_of(choice.workgroup[axis] as usize);
        covered(0) * covered(1) * covered(2)
    });
    all.truncate(3);
    all
}

/// The invocations for one texel each of a tensor.
pub fn texels([n, h, w, c]: [usize; 4]) -> [usize; 3] {
    [w, h, n * c.div_ceil(4)]
}

impl Rearrangement {
    /// The map in which coordinate a of the operand is `begin[a] + step[a] ·` coordinate `from[a]` of the result, all
    /// as `[n, h, w, c]`.
    pub fn affine(begin: [i64; 4], step: [i64; 4], from: [usize; 4]) -> Self {
        let scalar = |value: i64| Scalar::I32(value as i32);
        Self {
            source: AFFINE,
            whole: from[3] == 3 && !from[..3].contains(&3) && step[3] == 1 && begin[3] % 4 == 0,
            fill: None,
            defines: ["FROM_N", "FROM_Y", "FROM_X", "FROM_C"]
                .into_iter()
                .zip(from.map(|axis| axis as i64))
                .collect(),
            params: ["begin_n", "begin_y", "begin_x", "begin_c"]
                .into_iter()
                .zip(begin.map(scalar))
                .chain(["step_n", "step_y", "step_x", "step_c"].into_iter().zip(step.map(scalar)))
                .collect(),
        }
    }

    /// The kernel that writes a tensor of shape `to` and reads the operand `src` by indices, the operand `by`.
    pub fn by_indices(self, choice: &Choice, to: [usize; 4], src: usize, by: usize) -> Kernel {
        Kernel { inputs: vec![("src", src), ("by", by)], ..self.kernel(choice, to) }
    }

    /// The kernel that writes a tensor of shape `to`.
    pub fn kernel(self, choice: &Choice, to: [usize; 4]) -> Kernel {
        let Self { source, whole, fill, mut defines, mut params } = self;
        defines.extend([("WHOLE", whole as i64), ("FILLS", fill.is_some() as i64)]);
        params.push(("channels", to[3].into()));
        params.extend(fill.map(|fill| ("fill", Scalar::F32(fill))));
        Kernel {
            choice: choice.clone(),
            source,
            defines,
            params,
            inputs: vec![("src", 0)],
            outputs: vec!["dst"],
            constants: vec![],
            grid: choice.grid(texels(to)),
            macs: 0,
        }
    }
}

/// Refuses extents that are too large for indices in f32.
pub fn check_indices(extents: [usize; 4]) -> Verdict<()> {
    match extents.into_iter().find(|&extent| extent > MOST_INDICES) {
        None => Ok(()),
        Some(extent) => {
            Err(Refusal::new(format!("its GPU kernel has indices to {MOST_INDICES}, not {extent}")))
        }
    }
}

/// Refuses an index of the model's own that is outside, so that it is an error as on the CPU; each list of coordinates has one for
/// each extent.
pub fn check_listed(indices: Option<Vec<i64>>, extents: &[usize]) -> Verdict<()> {
    let indices = indices.unwrap_or_default();
    let mut pairs = indices.iter().zip(extents.iter().cycle());
    match pairs.find(|&(&index, &extent)| !(0..extent as i64).contains(&index)) {
        None => Ok(()),
        Some((index, extent)) => Err(Refusal::new(format!("its index {index} is not below {extent}"))),
    }
}

/// For each coordinate `[n, y, x, c]` of a tensor of this rank the coordinate of the result, of rank `result`, whose axis
/// `axis(a)` is its own axis a; 4, a zero's, where it is of none.
pub fn coordinates(rank: usize, result: usize, axis: impl Fn(usize) -> Option<usize>) -> [usize; 4] {
    std::array::from_fn(|at| {
        let own = (at + rank).checked_sub(4);
        own.and_then(&axis).map_or(NONE, |axis| axis + 4 - result)
    })
}

/// Whether the operator's kernel moves whole texels, so that it reads each about once.
pub fn moves_whole_texels(op: &dyn Operator, operands: &Operands) -> bool {
    let described = op.gpu(operands).ok().and_then(|choices| op.gpu_kernel(operands, choices.first()?).ok());
    described.is_some_and(|kernel| kernel.defines.contains(&("WHOLE", 1)))
}

/// Whether two shapes of as many elements have the same texels in the same order.
pub fn same_texels(from: [usize; 4], to: [usize; 4]) -> bool {
    let [n, h, w, c] = from;
    let dense = |[_, h, w, c]: [usize; 4]| c % 4 == 0 && (c == 4 || h * w == 1);
    // One slice: pixel after pixel. Several: a batch is a plane of pixels for each slice.
    let planes = c == to[3] && (c <= 4 || (n == to[0] && h * w == to[1] * to[2]));
    planes || (dense(from) && dense(to))
}

/// The first texel of the box at `begin` of extent `part` in a tensor of shape `whole`, where the box is one run of
/// texels.
pub fn run_of_texels(whole: [usize; 4], begin: [usize; 4], part: [usize; 4]) -> Option<usize> {
    let slices = |channels: usize| channels.div_ceil(4);
    if !begin[3].is_multiple_of(4) || (!part[3].is_multiple_of(4) && begin[3] + part[3] != whole[3]) {
        return None;
    }
    let order = |[n, h, w, c]: [usize; 4]| [n, slices(c), h, w];
    let (all, at, box_of) = (order(whole), order(begin), order(part));
    let first = box_of.iter().position(|&extent| extent > 1).unwrap_or(4);
    let run = (first + 1..4).all(|axis| box_of[axis] == all[axis]);
    run.then(|| (0..4).fold(0, |texel, axis| texel * all[axis] + at[axis]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::case::Case;
    use crate::ops::cases;
    use crate::ops::chain::nhwc;
    use crate::tensor::{Tensor, TensorType};
    use crate::wgsl::texels_from_nhwc;

    #[test]
    fn texels_keep_their_order_only_where_slices_allow() {
        assert!(same_texels([1, 4, 6, 3], [1, 24, 1, 3]));
        assert!(same_texels([2, 4, 6, 3], [1, 8, 6, 3]));
        assert!(same_texels([1, 4, 6, 20], [1, 2, 12, 20]));
        assert!(same_texels([1, 1, 1, 24], [6, 1, 1, 4]));
        assert!(same_texels([1, 2, 3, 4], [1, 1, 1, 24]));
        assert!(!same_texels([2, 4, 6, 20], [1, 8, 6, 20]));
        assert!(!same_texels([1, 4, 6, 8], [1, 4, 12, 4]));
        assert!(!same_texels([1, 1, 1, 6], [1, 1, 2, 3]));
    }

    #[test]
    fn a_box_is_a_run_where_everything_inside_it_is_full() {
        assert_eq!(run_of_texels([1, 3, 5, 12], [0, 0, 0, 4], [1, 3, 5, 8]), Some(15));
        assert_eq!(run_of_texels([1, 3, 5, 12], [0, 0, 0, 4], [1, 3, 5, 6]), None);
        assert_eq!(run_of_texels([1, 3, 5, 10], [0, 0, 0, 8], [1, 3, 5, 2]), Some(30));
        assert_eq!(run_of_texels([2, 3, 5, 12], [0, 0, 0, 4], [2, 3, 5, 8]), None);
        assert_eq!(run_of_texels([2, 3, 5, 12], [1, 0, 0, 0], [1, 3, 5, 12]), Some(45));
        assert_eq!(run_of_texels([1, 3, 5, 3], [0, 1, 0, 0], [1, 2, 5, 3]), Some(5));
        assert_eq!(run_of_texels([1, 3, 5, 3], [0, 1, 1, 0], [1, 2, 4, 3]), None);
        assert_eq!(run_of_texels([1, 3, 5, 8], [0, 1, 0, 0], [1, 2, 5, 8]), None);
    }

    /// The results of a case with the types they have.
    fn results(case: &Case) -> Option<(Vec<TensorType>, Vec<Tensor>)> {
        let inputs: Vec<Option<&Tensor>> =
            case.inputs.iter().map(|given| given.as_ref().map(|given| &given.tensor)).collect();
        let shapes = case.op.infer(&Operands::of_tensors(&inputs, &case.outputs)).ok()?;
        let types = case.outputs.iter().zip(shapes).map(|(ty, shape)| Some(ty.with_shape(shape?)));
        let types = types.collect::<Option<Vec<TensorType>>>()?;
        let results = case.op.reference(&inputs, &types).ok()?;
        Some((types, results))
    }

    fn texels_of(tensor: &Tensor) -> Vec<f32> {
        texels_from_nhwc(&tensor.to_reals().expect("numbers"), nhwc(tensor.shape()).expect("rank 4"))
    }

    #[test]
    fn views_and_placements_hold_the_same_texels() {
        let (mut views, mut placements) = (0, 0);
        for case in cases() {
            let Some((types, results)) = results(&case) else { continue };
            let inputs: Vec<Option<&Tensor>> =
                case.inputs.iter().map(|given| given.as_ref().map(|given| &given.tensor)).collect();
            let operands = Operands::of_tensors(&inputs, &types);
            let run = |of: &Tensor, first: usize, count: usize| texels_of(of)[4 * first..][..count].to_vec();
            for (index, result) in results.iter().enumerate().take(types.len()) {
                let Some(first) = case.op.view(&operands, index) else { continue };
                let (result, input) = (texels_of(result), inputs[0].expect("an operand"));
                assert_eq!(run(input, first, result.len()), result, "{} output {index}", case.name);
                views += 1;
            }
            for (index, input) in inputs.iter().enumerate() {
                let Some(first) = case.op.placement(&operands, index) else { continue };
                let input = texels_of(input.expect("an operand"));
                assert_eq!(run(&results[0], first, input.len()), input, "{} input {index}", case.name);
                placements += 1;
            }
        }
        assert!(views > 20 && placements > 10, "{views} views, {placements} placements");
    }
}
