//! The kernel of a chain that rides on nothing else: it copies its operand, or starts from nothing, and applies the chain.

use super::{Bound, Steps, isa, may_ride};
use crate::gemm::{Epilogue, Tile};
use crate::ops::binary::BinaryKind;
use crate::ops::chain::nhwc;
use crate::ops::{Broadcast, Chain, CpuIo, CpuKernel, Link, Operands, Operator, Other};
use crate::pool::{Disjoint, Pool};
use crate::simd::{Clamp, Simd, Vectorized, map};
use std::ops::Range;

/// Numbers of a tile: a part of the first level cache.
const TILE: usize = 2048;
/// Numbers worth a task of their own.
const TASK: usize = 16 * 1024;

/// A chain on an operand of the result's shape, or on −∞, which becomes an operand by MAXIMUM.
struct Elementwise {
    steps: Steps,
    start: Start,
    name: &'static str,
}

/// What the chain starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Input(usize),
    Least,
}

/// The kernel of an elementwise operator followed by `chain`; none where the operator is no chain on any of its inputs.
pub fn elementwise(op: &dyn Operator, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    if !may_ride(operands) {
        return None;
    }
    let shape = nhwc(&operands.outputs[0].shape)?;
    let has_the_shape =
        |of: &usize| operands.optional(*of).is_some_and(|of| nhwc(&of.ty.shape) == Some(shape));
    let own =
        (0..operands.inputs.len()).filter(has_the_shape).find_map(|of| Some((of, op.link(operands, of)?)));
    let (start, links) = match own {
        Some((of, own)) => (Start::Input(of), own.links),
        None => {
            let broadcast = Broadcast::between(&operands.optional(0)?.ty.shape, &operands.outputs[0].shape)?;
            let other = Other::Input { index: 0, broadcast };
            let mut links = vec![Link::Binary { kind: BinaryKind::Maximum, other, reversed: false }];
            links.extend(op.link(operands, 0)?.links);
            (Start::Least, links)
        }
    };
    let steps = Steps::new(shape, links, chain)?;
    Some(Box::new(Elementwise { steps, start, name: op.name() }))
}

impl Elementwise {
    /// Pixels and channels, as one long row where the chain does not tell them apart.
    fn extents(&self) -> [usize; 2] {
        let [n, h, w, c] = self.steps.shape();
        if self.steps.is_flat() { [1, n * h * w * c] } else { [n * h * w, c] }
    }
}

impl CpuKernel for Elementwise {
    fn name(&self) -> String {
        format!("elementwise.{}.{}", self.name.to_lowercase(), isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let [pixels, channels] = self.extents();
        let (outputs, mut chain) = self.steps.bind(io);
        if self.steps.is_flat() {
            chain.flat();
        }
        let from = match self.start {
            Start::Input(index) => Some(chain.operand(index)),
            Start::Least => None,
        };
        // One long row is cut along its channels, anything else along its pixels.
        let extent = if pixels == 1 { channels } else { pixels };
        let pieces = pixels * channels / TASK;
        let outputs = Disjoint::new(outputs);
        pool.split(extent, pieces, &|part| {
            let [rows, columns] = if pixels == 1 { [0..1, part] } else { [part, 0..channels] };
            let bounds = self.steps.bounds();
            isa().run(Part { from, outputs: &outputs, chain: &chain, channels, rows, columns, bounds });
        });
    }
}

struct Part<'a> {
    from: Option<&'a [f32]>,
    outputs: &'a Disjoint<'a, f32>,
    chain: &'a Bound<'a>,
    channels: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    bounds: [f32; 2],
}

impl Vectorized for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let width = self.columns.len().min(TILE);
        if width == 0 {
            return;
        }
        for row in self.rows.clone().step_by(TILE / width) {
            let rows = (TILE / width).min(self.rows.end - row);
            for column in self.columns.clone().step_by(width) {
                let columns = width.min(self.columns.end - column);
                let (start, count) = (row * self.channels + column, (rows - 1) * self.channels + columns);
                // SAFETY: tasks have different rows or columns.
                let to = unsafe { self.outputs.slice(start, count) };
                match self.from {
                    Some(from) => map(simd, &from[start..], to, Clamp(self.bounds)),
                    None => to.fill(f32::NEG_INFINITY),
                }
                self.chain.apply(simd, Tile::new(to, self.channels, [row, rows], [column, columns]));
            }
        }
    }
}
