//! The GPU kernel of reductions, which pooling over whole images uses too.

use super::{Reduce, Reducer, reduced_dimensions};
use crate::ops::grid;
use crate::ops::{Operands, Refusal, Verdict};
use crate::wgsl::{Choice, Kernel};

/// The kernel in which one invocation computes a texel.
const EACH: &str = "reduce";
/// The kernel in which one work-group computes a texel.
const TREE: &str = "reduce_tree";

/// What is computed of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    Sum,
    Mean,
    RootMeanSquare,
    Max,
    Min,
    Product,
}

/// A reduction of `[n, h, w, c]`.
pub struct Reduction {
    fold: Fold,
    input: [usize; 4],
    reduced: [bool; 4],
    /// The output's dimension that each kept dimension of the input became.
    place: [usize; 4],
    output: [usize; 4],
}

/// The reduction of a node.
pub fn reduction(reduce: &Reduce, operands: &Operands) -> Verdict<Reduction> {
    let input = operands.gpu_input(0)?;
    operands.gpu_output(0)?;
    let axes = operands.integers(1)?.ok_or_else(|| Refusal::new("its GPU kernel takes constant axes"))?;
    let mut reduced = [false; 4];
    let rank = operands.input(0)?.ty.rank();
    reduced[4 - rank..].copy_from_slice(&reduced_dimensions(rank, &axes)?);
    let fold = match reduce.reducer {
        Reducer::Sum => Fold::Sum,
        Reducer::Mean => Fold::Mean,
        Reducer::Max | Reducer::Any => Fold::Max,
        Reducer::Min | Reducer::All => Fold::Min,
        Reducer::Prod => Fold::Product,
    };
    Ok(Reduction::new(fold, input, reduced, reduce.keep_dims))
}

impl Reduction {
    /// The reduction of these dimensions, which stay with extent 1 where `keep_dims`.
    pub fn new(fold: Fold, input: [usize; 4], reduced: [bool; 4], keep_dims: bool) -> Self {
        let mut output = [1; 4];
        let mut place = [0; 4];
        let mut next = 4;
        for axis in (0..4).rev() {
            if keep_dims {
                next = axis;
            } else if !reduced[axis] {
                next -= 1;
            }
            if !reduced[axis] {
                place[axis] = next;
                output[next] = input[axis];
            }
        }
        Self { fold, input, reduced, place, output }
    }

    /// The texels that are folded into one.
    fn count(&self) -> usize {
        self.extents()
            .iter()
            .zip(self.reduced)
            .filter(|(_, reduced)| *reduced)
            .map(|(extent, _)| extent)
            .product()
    }

    /// The input's extents, its channels counted in slices.
    fn extents(&self) -> [usize; 4] {
        let [n, h, w, c] = self.input;
        [n, h, w, c.div_ceil(4)]
    }

    /// The output's texels as columns, rows and layers.
    fn results(&self) -> [usize; 3] {
        let [n, h, w, c] = self.output;
        [w, h, n * c.div_ceil(4)]
    }

    pub fn choices(&self) -> Vec<Choice> {
        let each = Choice::new(EACH, grid::workgroup(self.results()));
        let mut choices: Vec<Choice> = [64, 256]
            .into_iter()
            .filter_map(|most| self.tree_workgroup(most))
            .map(|size| Choice::new(TREE, size))
            .collect();
        choices.dedup();
        let first = if self.count() < 64 { 0 } else { choices.len() };
        choices.insert(first, each);
        choices
    }

    /// A work-group of at most so many invocations spread over the reduced columns, rows and slices; none where there is
    /// too little to share.
    fn tree_workgroup(&self, most: usize) -> Option<[u32; 3]> {
        let extents = self.extents();
        let spread = |axis: usize, most: usize| match self.reduced[axis] {
            true => extents[axis].next_power_of_two().min(most),
            false => 1,
        };
        let x = spread(2, 16.min(most));
        let y = spread(1, most / x);
        let z = spread(3, most / (x * y));
        let fits = self.results().iter().all(|&groups| groups <= 65535);
        (x * y * z >= 8 && fits).then_some([x as u32, y as u32, z as u32])
    }

    pub fn kernel(&self, choice: &Choice) -> Kernel {
        let tree = choice.kernel == TREE;
        let (fold, square, mean) = match self.fold {
            Fold::Sum => (0, false, false),
            Fold::Mean => (0, false, true),
            Fold::RootMeanSquare => (0, true, true),
            Fold::Max => (1, false, false),
            Fold::Min => (2, false, false),
            Fold::Product => (3, false, false),
        };
        let mut defines =
            vec![("FOLD", fold), ("SQUARE", square as i64), ("ROOT", square as i64), ("MEAN", mean as i64)];
        defines.extend(["R0", "R1", "R2", "R3"].into_iter().zip(self.reduced.map(i64::from)));
        defines.extend(["P0", "P1", "P2"].into_iter().zip(self.place.map(|place| place as i64)));
        let workgroup = choice.workgroup.map(|extent| if tree { i64::from(extent) } else { 1 });
        defines.extend(["STEP_X", "STEP_Y", "STEP_S"].into_iter().zip(workgroup));
        defines.extend([("TREE", tree as i64), ("THREADS", workgroup.iter().product())]);
        defines.push(("LANES", self.output[3].min(4) as i64));
        let elements = |shape: [usize; 4]| shape.iter().product::<usize>();
        let divisor = elements(self.input) / elements(self.output);
        let results = self.results();
        Kernel {
            choice: choice.clone(),
            source: include_str!("reduce.wgsl"),
            defines,
            params: vec![
                ("divisor", (divisor as f32).into()),
                ("src_c", self.input[3].into()),
                ("dst_c", self.output[3].into()),
            ],
            inputs: vec![("src", 0)],
            outputs: vec!["dst"],
            constants: vec![],
            grid: if tree { results.map(|groups| groups as u32) } else { choice.grid(results) },
            macs: elements(self.input) as u64,
        }
    }
}
