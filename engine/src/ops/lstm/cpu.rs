//! The four gates as one product each for the input, of all steps at once, and for the state, step by step.

use super::Lstm;
use crate::gemm::{Packed, Product, Source};
use crate::ops::cpu::{ByteWeights, HybridLayer, Quantizer, isa};
use crate::ops::rnn::Steps;
use crate::ops::{Activation, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;
use crate::simd::{Isa, Simd, Vectorized, math};
use crate::tensor::DType;

/// Products of rows of reals with weights that are reals, or bytes: then each row is rounded as it comes.
enum Products {
    Reals(Packed),
    Bytes { layer: HybridLayer, quantizer: Quantizer, depth: usize },
}

impl Products {
    /// Weights `[cells, depth]` of each operand, one below the other, for `rows` rows at once.
    fn new(operands: &Operands, weights: &[usize], rows: usize, biases: Option<&[f32]>) -> Option<Self> {
        let &[cells, depth] = &operands.optional(weights[0])?.ty.shape[..] else { return None };
        let (n, bias) = (cells * weights.len(), |n: usize| biases.map_or(0.0, |biases| biases[n]));
        let of_bytes = |&index: &usize| ByteWeights::hybrid(operands, index, 0);
        if let Some(bytes) = weights.iter().map(of_bytes).collect::<Option<Vec<_>>>() {
            if depth == 0 || !bytes.iter().all(|bytes| bytes.fits(cells)) {
                return None;
            }
            let bytes = ByteWeights::stacked(bytes, cells);
            let weight = |n: usize, k: usize| bytes.at(n * depth + k);
            let layer = HybridLayer::new(isa(), [n, depth], &bytes, weight, |n| n, biases);
            return Some(Self::Bytes { layer, quantizer: Quantizer::new(isa(), rows, depth), depth });
        }
        let reals = |&index: &usize| {
            let tensor = operands.optional(index)?.constant?;
            tensor.dtype().is_float().then(|| tensor.to_reals()).flatten()
        };
        let reals = weights.iter().map(reals).collect::<Option<Vec<_>>>()?;
        let weight = |n: usize, k: usize| reals[n / cells][n % cells * depth + k];
        Some(Self::Reals(Packed::new(isa(), [n, depth], weight, bias)))
    }

    fn scratch(&self) -> usize {
        match self {
            Self::Reals(_) => 0,
            Self::Bytes { quantizer, .. } => quantizer.scratch(),
        }
    }

    fn columns(&self) -> usize {
        match self {
            Self::Reals(weights) => weights.columns(),
            Self::Bytes { layer, .. } => layer.columns(),
        }
    }

    /// `to = from · weightsᵀ + bias`
    fn run(&self, pool: &Pool, from: &[f32], to: &mut [f32], clip: f32, scratch: &mut [u8]) {
        let clamp = if clip > 0.0 { [-clip, clip] } else { [f32::NEG_INFINITY, f32::INFINITY] };
        let stride = self.columns();
        let count = to.len() / stride.max(1);
        match self {
            Self::Reals(weights) => {
                let source = Source::Rows { count, stride: weights.depth() };
                Product { weights, source, from, stride, clamp, epilogue: &() }.run(pool, to);
            }
            Self::Bytes { layer, quantizer, depth } => {
                let (rounded, _) = quantizer.run(pool, from, scratch);
                let source = Source::Rows { count, stride: *depth };
                layer.run(pool, &rounded, 0, source, 1, to, stride, clamp, &());
            }
        }
    }
}

struct Kernel {
    isa: Isa,
    steps: Steps,
    cells: usize,
    outputs: usize,
    /// Whether the input gate is one less the forget gate.
    coupled: bool,
    cell_clip: f32,
    projection_clip: f32,
    input: Products,
    recurrent: Products,
    projection: Option<Products>,
    /// Of the input, the forget and the output gate.
    peepholes: [Option<Vec<f32>>; 3],
}

/// The kernel where numbers outside the weights are f32, the activation is tanh and nothing is normalized.
pub fn kernel(lstm: &Lstm, operands: &Operands) -> Option<Box<dyn CpuKernel>> {
    let input = operands.optional(0)?;
    let f32s = [0, 18, 19].iter().all(|&index| {
        operands.optional(index).is_some_and(|state| state.ty.dtype == DType::F32 && !state.dynamic)
    });
    let normalized = (20..24).any(|index| operands.optional(index).is_some());
    let plain = lstm.activation == Activation::Tanh && lstm.intermediates.is_empty() && !normalized;
    if !f32s || !plain || operands.outputs[0].dtype != DType::F32 {
        return None;
    }
    let steps = Steps::of(&input.ty.shape, lstm.sequence, lstm.time_major).ok()?;
    let (cells, outputs) = lstm.sizes(operands).ok()?;
    let coupled = operands.optional(1).is_none();
    let first = usize::from(coupled);
    let gates = |base: usize| (base + first..base + 4).collect::<Vec<usize>>();
    let reals = |index: usize| match operands.optional(index) {
        None => Some(None),
        Some(operand) => Some(Some(operand.constant?.to_reals()?)),
    };
    let biases = gates(12).into_iter().map(reals).collect::<Option<Option<Vec<_>>>>()??.concat();
    let projection = match operands.optional(16) {
        None => None,
        Some(_) => Some(Products::new(operands, &[16], steps.batches, reals(17)?.as_deref())?),
    };
    Some(Box::new(Kernel {
        isa: isa(),
        input: Products::new(operands, &gates(1), steps.count * steps.batches, Some(&biases))?,
        recurrent: Products::new(operands, &gates(5), steps.batches, None)?,
        projection,
        peepholes: [reals(9)?, reals(10)?, reals(11)?],
        cell_clip: lstm.cell_clip,
        projection_clip: lstm.projection_clip,
        steps,
        cells,
        outputs,
        coupled,
    }))
}

/// Bytes of so many floats, up to a whole cache line.
fn room(floats: usize) -> usize {
    (floats * 4).next_multiple_of(64)
}

/// The first floats of scratch memory, and the rest of it.
fn floats(scratch: &mut [u8], count: usize) -> (&mut [f32], &mut [u8]) {
    let (own, rest) = scratch.split_at_mut(room(count));
    (&mut bytemuck::cast_slice_mut(own)[..count], rest)
}

impl Kernel {
    /// Floats of the input's sums, of the state's sums of a step and of the cells' results of a step.
    fn sizes(&self) -> [usize; 3] {
        let Steps { count, batches, .. } = self.steps;
        let columns = self.input.columns();
        [count * batches * columns, batches * columns, batches * self.cells]
    }
}

impl CpuKernel for Kernel {
    fn name(&self) -> String {
        let form = if matches!(self.input, Products::Bytes { .. }) { "hybrid." } else { "" };
        format!("lstm.{form}{}", self.isa.name())
    }

    fn scratch(&self) -> usize {
        let products = [Some(&self.input), Some(&self.recurrent), self.projection.as_ref()];
        let rounded = products.into_iter().flatten().map(Products::scratch).max().unwrap_or(0);
        self.sizes().into_iter().map(room).sum::<usize>() + rounded
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let CpuIo { inputs, outputs, scratch } = io;
        let [y, h, c] = &mut outputs[..] else {
            unreachable!("the kernel writes the output and two states");
        };
        h.copy_from_slice(inputs[18]);
        c.copy_from_slice(inputs[19]);
        let [y, h, c] = [y, h, c].map(|bytes| bytemuck::cast_slice_mut::<u8, f32>(bytes));
        let [of_input, of_state, of_cells] = self.sizes();
        let (from_input, scratch) = floats(scratch, of_input);
        let (from_state, scratch) = floats(scratch, of_state);
        let (hidden, scratch) = floats(scratch, of_cells);
        self.input.run(pool, bytemuck::cast_slice(inputs[0]), from_input, 0.0, scratch);
        let columns = self.input.columns();
        for step in 0..self.steps.count {
            self.recurrent.run(pool, h, from_state, 0.0, scratch);
            for batch in 0..self.steps.batches {
                let place = self.steps.place(step, batch);
                self.isa.run(Cells {
                    kernel: self,
                    sums: [
                        &from_input[place * columns..][..columns],
                        &from_state[batch * columns..][..columns],
                    ],
                    c: &mut c[batch * self.cells..][..self.cells],
                    hidden: &mut hidden[batch * self.cells..][..self.cells],
                });
            }
            match &self.projection {
                Some(projection) => projection.run(pool, hidden, h, self.projection_clip, scratch),
                None => h.copy_from_slice(hidden),
            }
            for batch in 0..self.steps.batches {
                let place = self.steps.place(step, batch);
                y[place * self.outputs..][..self.outputs]
                    .copy_from_slice(&h[batch * self.outputs..][..self.outputs]);
            }
        }
    }
}

/// One step of one sequence, after the products: `c ← clip(f∘c + i∘g)`, `hidden = o∘tanh(c)`.
struct Cells<'a> {
    kernel: &'a Kernel,
    /// The two parts of the gates' sums.
    sums: [&'a [f32]; 2],
    c: &'a mut [f32],
    hidden: &'a mut [f32],
}

impl Vectorized for Cells<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Cells { kernel, sums: [x, h], c, hidden } = self;
        let Kernel { coupled, cell_clip, peepholes: [of_input, of_forget, of_output], .. } = kernel;
        let cells = c.len().min(hidden.len());
        let first = usize::from(*coupled);
        assert!(
            x.len() >= (4 - first) * cells && h.len() >= x.len(),
            "the sums should be those of all gates"
        );
        let whole = |peephole: &Option<Vec<f32>>| peephole.as_ref().is_none_or(|all| all.len() >= cells);
        assert!(whole(of_input) && whole(of_forget) && whole(of_output), "peepholes should have all cells");
        for at in (0..cells).step_by(S::LANES) {
            let count = S::LANES.min(cells - at);
            // SAFETY: `at + count ≤ cells`, and the sums of gate `g` begin at `(g − first) · cells` of lists that long.
            unsafe {
                let load = |from: &[f32], at: usize| simd.load_up_to(from.as_ptr().add(at), count);
                let sum = |gate: usize, peephole: &Option<Vec<f32>>, c: S::F32| {
                    let start = (gate - first) * cells + at;
                    let sum = simd.add(load(x, start), load(h, start));
                    match peephole {
                        Some(peephole) => simd.mul_add(load(peephole, at), c, sum),
                        None => sum,
                    }
                };
                let old = load(c, at);
                let forget = math::sigmoid(simd, sum(1, of_forget, old));
                let input = match coupled {
                    true => simd.sub(simd.splat(1.0), forget),
                    false => math::sigmoid(simd, sum(0, of_input, old)),
                };
                let gate = math::tanh(simd, sum(2, &None, old));
                let mut new = simd.mul_add(forget, old, simd.mul(input, gate));
                if *cell_clip > 0.0 {
                    new = simd.clamp(new, simd.splat(-*cell_clip), simd.splat(*cell_clip));
                }
                let output = math::sigmoid(simd, sum(3, of_output, new));
                simd.store_up_to(c.as_mut_ptr().add(at), new, count);
                let result = simd.mul(output, math::tanh(simd, new));
                simd.store_up_to(hidden.as_mut_ptr().add(at), result, count);
            }
        }
    }
}
