//! A chain prepared for results of one shape, and bound to the memory of a run.

use super::{links, range};
use crate::gemm::{Epilogue, Tile};
use crate::ops::binary::BinaryKind;
use crate::ops::unary::Unary;
use crate::ops::window::FINITE;
use crate::ops::{Activation, Broadcast, Chain, CpuIo, Link, Other};
use crate::pool::Disjoint;
use crate::simd::Simd;

/// Further outputs that a chain may write.
pub const MAX_TAPS: usize = 8;

/// A chain prepared for results of shape `[n, h, w, c]`.
pub struct Steps {
    steps: Vec<Step>,
    shape: [usize; 4],
    bounds: [f32; 2],
}

enum Step {
    Unary(Unary),
    Scalar { kind: BinaryKind, value: f32, reversed: bool },
    Input { kind: BinaryKind, index: usize, spread: Spread, reversed: bool },
    Clamp([f32; 2]),
    Tap(usize),
}

/// Where a smaller operand's value for a pixel lies.
struct Spread {
    /// Floats between neighbors along n, h and w; zero where the operand is spread.
    strides: [usize; 3],
    /// Whether each channel has its own value.
    per_channel: bool,
    /// Floats of a pixel, where the operand has all pixels.
    per_pixel: Option<usize>,
    /// Whether all pixels share one value or one row of channels.
    fixed: bool,
    /// The number of floats.
    count: usize,
}

impl Spread {
    fn new(shape: [usize; 4], broadcast: Broadcast) -> Self {
        // An extent of one is both full and spread.
        let full: [bool; 4] = std::array::from_fn(|axis| broadcast.full[axis] || shape[axis] == 1);
        let extent = |axis: usize| if full[axis] { shape[axis] } else { 1 };
        let c = extent(3);
        let stride = |axis: usize, inner: usize| if full[axis] { inner } else { 0 };
        let strides = [stride(0, extent(1) * extent(2) * c), stride(1, extent(2) * c), stride(2, c)];
        let varies = |axis: usize| full[axis] && shape[axis] > 1;
        Self {
            strides,
            per_channel: full[3],
            per_pixel: (full[0] && full[1] && full[2]).then_some(c),
            fixed: !varies(0) && !varies(1) && !varies(2),
            count: (0..4).map(extent).product(),
        }
    }

    /// The first float of a pixel's channels.
    fn offset(&self, pixel: usize, [_, h, w, _]: [usize; 4]) -> usize {
        match (self.fixed, self.per_pixel) {
            (true, _) => 0,
            (false, Some(floats)) => pixel * floats,
            (false, None) => {
                let at = [pixel / w / h, pixel / w % h, pixel % w];
                at.iter().zip(self.strides).map(|(at, stride)| at * stride).sum()
            }
        }
    }
}

impl Steps {
    /// The links before `chain`, then the chain; `None` where it writes more than [`MAX_TAPS`] further outputs.
    pub fn new(shape: [usize; 4], before: impl IntoIterator<Item = Link>, chain: &Chain) -> Option<Self> {
        Self::within([f32::NEG_INFINITY, f32::INFINITY], shape, before, chain)
    }

    /// What an operator stores by its activation ([`Activation::stored`]), then the chain; `None` as for [`Steps::new`].
    pub fn stored(shape: [usize; 4], activation: Activation, chain: &Chain) -> Option<Self> {
        Self::within(FINITE, shape, activation.link(), chain)
    }

    /// The bounds, the links before `chain`, then the chain. Clamps at the beginning narrow the bounds.
    fn within(
        bounds: [f32; 2],
        shape: [usize; 4],
        before: impl IntoIterator<Item = Link>,
        chain: &Chain,
    ) -> Option<Self> {
        let mut steps = Self { steps: Vec::new(), shape, bounds };
        for link in before.into_iter().chain(chain.links.iter().cloned()) {
            match range(&link) {
                Some([low, high]) if steps.steps.is_empty() => {
                    steps.bounds = steps.bounds.map(|bound| bound.max(low).min(high));
                }
                Some(bounds) => steps.steps.push(Step::Clamp(bounds)),
                None => steps.steps.push(step(&link, shape)?),
            }
        }
        Some(steps)
    }

    /// The smallest and the largest value that the chain's first step leaves; whoever fills the tile applies them.
    pub fn bounds(&self) -> [f32; 2] {
        self.bounds
    }

    /// The shape of the results.
    pub fn shape(&self) -> [usize; 4] {
        self.shape
    }

    /// Whether each value depends on the values at its own index alone.
    pub(super) fn is_flat(&self) -> bool {
        let whole: usize = self.shape.iter().product();
        self.steps.iter().all(|step| match step {
            Step::Input { spread, .. } => spread.count == whole || spread.count == 1,
            _ => true,
        })
    }

    /// The chain on the memory of a run: the first output, and the chain with its operands and further outputs.
    pub fn bind<'a>(&'a self, io: &'a mut CpuIo<'_>) -> (&'a mut [f32], Bound<'a>) {
        let CpuIo { inputs, outputs, .. } = io;
        let mut outputs = outputs.iter_mut().map(|bytes| bytemuck::cast_slice_mut::<u8, f32>(bytes));
        let first = outputs.next().unwrap_or_default();
        let taps = std::array::from_fn(|_| Disjoint::new(outputs.next().unwrap_or_default()));
        (first, Bound { steps: self, inputs, taps, channels: self.shape[3], column: 0 })
    }
}

fn step(link: &Link, shape: [usize; 4]) -> Option<Step> {
    Some(match *link {
        Link::Unary(unary) => Step::Unary(unary),
        Link::Binary { kind, other, reversed } => match other {
            Other::Scalar(value) => Step::Scalar { kind, value, reversed },
            Other::Input { index, broadcast } => {
                Step::Input { kind, index, spread: Spread::new(shape, broadcast), reversed }
            }
        },
        Link::Clamp(low, high) => Step::Clamp([low, high]),
        Link::Tap(output) if (1..=MAX_TAPS).contains(&output) => Step::Tap(output - 1),
        // Quantized values ride on kernels of the GPU alone, where they are reals.
        Link::Tap(_) | Link::Steps { .. } | Link::Sums { .. } => return None,
    })
}

/// A chain on the memory of a run.
pub struct Bound<'a> {
    steps: &'a Steps,
    inputs: &'a [&'a [u8]],
    taps: [Disjoint<'a, f32>; MAX_TAPS],
    /// Channels of a pixel.
    channels: usize,
    /// The channel of the result that is column 0 of the tiles.
    column: usize,
}

impl<'a> Bound<'a> {
    /// The same chain for a kernel whose column 0 is this channel of the result.
    pub fn start_at_column(&mut self, column: usize) {
        self.column = column;
    }

    /// The same chain where the result is seen as one pixel of all its numbers.
    pub(super) fn flat(&mut self) {
        self.channels = self.steps.shape.iter().product();
    }

    /// An input of the run.
    pub fn operand(&self, index: usize) -> &'a [f32] {
        bytemuck::cast_slice(self.inputs[index])
    }
}

impl Epilogue for Bound<'_> {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, mut tile: Tile<'_>) {
        for step in &self.steps.steps {
            match step {
                Step::Unary(unary) => tile.each(|values| links::unary(simd, *unary, values)),
                Step::Clamp(bounds) => tile.each(|values| links::clamp(simd, *bounds, values)),
                Step::Scalar { kind, value, reversed } => {
                    tile.each(|values| links::with_scalar(simd, *kind, *reversed, *value, values));
                }
                Step::Input { kind, index, spread, reversed } => {
                    self.with_input(simd, *kind, *reversed, self.operand(*index), spread, &mut tile);
                }
                Step::Tap(tap) => self.tap(*tap, &mut tile),
            }
        }
    }
}

impl Bound<'_> {
    #[inline(always)]
    fn with_input<S: Simd>(
        &self,
        simd: S,
        kind: BinaryKind,
        reversed: bool,
        input: &[f32],
        spread: &Spread,
        tile: &mut Tile<'_>,
    ) {
        let (first, column) = (tile.first_row, tile.first_column + self.column);
        if spread.count == 1 {
            return tile.each(|values| links::with_scalar(simd, kind, reversed, input[0], values));
        }
        if let (Some(values), true, Some(_)) = (tile.whole(), spread.per_channel, spread.per_pixel) {
            let others = &input[first * self.channels + column..][..values.len()];
            return links::with_slice(simd, kind, reversed, others, values);
        }
        for row in 0..tile.rows {
            let others = &input[spread.offset(first + row, self.steps.shape)..];
            let values = tile.row(row);
            match spread.per_channel {
                true => links::with_slice(simd, kind, reversed, &others[column..][..values.len()], values),
                false => links::with_scalar(simd, kind, reversed, others[0], values),
            }
        }
    }

    #[inline(always)]
    fn tap(&self, tap: usize, tile: &mut Tile<'_>) {
        let (first, column) = (tile.first_row, tile.first_column + self.column);
        for row in 0..tile.rows {
            let start = (first + row) * self.channels + column;
            let values = tile.row(row);
            // SAFETY: tiles are disjoint, so nobody else touches this part of the output.
            let to = unsafe { self.taps[tap].slice(start, values.len()) };
            to.copy_from_slice(values);
        }
    }
}
