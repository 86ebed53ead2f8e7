//! Operators that take quantized numbers as reals: their f32 kernel between a table of reals and rounding to steps.

use super::layer::byte_steps;
use crate::ops::{Chain, CpuIo, CpuKernel, Operand, Operands, Operator};
use crate::pool::{Disjoint, Pool};
use crate::simd::{Integers, Isa, Simd, VectorizedIntegers};
use crate::tensor::{Tensor, TensorType};

/// Numbers worth a task of their own.
const TASK: usize = 32 << 10;

/// Rounds reals to bytes of one scale: half a step away from zero rounds up in magnitude.
#[derive(Clone, Copy)]
pub struct ToBytes {
    isa: Isa,
    scale: f32,
    zero_point: i32,
    range: [i32; 2],
}

impl ToBytes {
    /// For elements of this type, where it is bytes of one scale.
    pub fn of(isa: Isa, ty: &TensorType) -> Option<Self> {
        let q = byte_steps(ty)?;
        let (low, high) = ty.dtype.integer_range()?;
        let zero_point = i32::try_from(q.zero_point[0]).ok().filter(|zero| zero.abs() < 1 << 20)?;
        Some(Self { isa, scale: q.scale[0], zero_point, range: [low as i32, high as i32] })
    }

    /// Rounds all of `from`.
    pub fn run(&self, pool: &Pool, from: &[f32], to: &mut [u8]) {
        let count = from.len().min(to.len());
        let pieces = count / TASK;
        let to = Disjoint::new(to);
        pool.split(count, pieces, &|part| {
            // SAFETY: the parts of tasks are disjoint.
            let to = unsafe { to.slice(part.start, part.len()) };
            self.isa.run_integers(Part { rounding: *self, from: &from[part], to });
        });
    }
}

struct Part<'a> {
    rounding: ToBytes,
    from: &'a [f32],
    to: &'a mut [u8],
}

impl VectorizedIntegers for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, n: N) {
        let simd = n.floats();
        let ToBytes { scale, zero_point, range, .. } = self.rounding;
        let [low, high] = range.map(|step| simd.splat((step - zero_point) as f32));
        let (scale, zero, half) = (simd.splat(scale), n.splat(zero_point), simd.splat(0.5));
        let count = self.from.len().min(self.to.len());
        for at in (0..count).step_by(N::LANES) {
            let lanes = N::LANES.min(count - at);
            // SAFETY: `at + lanes ≤ count`, which neither slice is shorter than.
            unsafe {
                let x = simd.div(simd.load_up_to(self.from.as_ptr().add(at), lanes), scale);
                // The clamp comes first, so that what is rounded has a fraction; what is not a number becomes zero.
                let x = simd.min(high, simd.max(low, x));
                let whole = simd.floor(simd.abs(x));
                let fraction = simd.sub(simd.abs(x), whole);
                let up = simd.select(simd.less(fraction, half), whole, simd.add(whole, simd.splat(1.0)));
                let steps = n.add(n.rounded(simd.copysign(up, x)), zero);
                n.store_low_bytes(self.to.as_mut_ptr().add(at), steps, lanes);
            }
        }
    }
}

/// Where the inner kernel finds an input.
enum Given {
    /// Where the kernel does.
    Own,
    /// Made of bytes by a table, in scratch memory.
    Bytes { table: Box<[f32; 256]>, count: usize },
    /// Reals made of a constant.
    Constant(Tensor),
}

struct Staged {
    inner: Box<dyn CpuKernel>,
    given: Vec<Given>,
    results: usize,
    rounding: ToBytes,
}

/// The kernel of `op` on reals, for operands some of which are bytes of one scale and a result that is; none where there is no kernel
/// for reals.
pub fn staged(op: &dyn Operator, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let output = *operands.outputs.first()?;
    let rounding = ToBytes::of(super::isa(), output)?;
    if operands.outputs.len() != 1 || !chain.is_empty() {
        return None;
    }
    let mut given = Vec::new();
    let mut types = Vec::new();
    for input in &operands.inputs {
        let Some(input) = input else {
            given.push(Given::Own);
            types.push(None);
            continue;
        };
        let bytes = byte_steps(input.ty);
        if input.dynamic || bytes.is_none() && input.constant.is_none() {
            return None;
        }
        types.push(Some(TensorType::f32(&input.ty.shape[..])).filter(|_| bytes.is_some()));
        given.push(match (input.constant, bytes) {
            (Some(tensor), Some(_)) => {
                Given::Constant(Tensor::from_slice(tensor.shape(), &tensor.to_reals()?).ok()?)
            }
            (None, Some(q)) => {
                let signed = input.ty.dtype == crate::tensor::DType::I8;
                let number = |byte: usize| if signed { (byte as u8 as i8).into() } else { byte as i64 };
                let table = std::array::from_fn(|byte| q.scale[0] * (number(byte) - q.zero_point[0]) as f32);
                Given::Bytes { table: Box::new(table), count: input.ty.elements() }
            }
            (_, None) => Given::Own,
        });
    }
    let reals = TensorType::f32(&output.shape[..]);
    let inner_operands = Operands {
        inputs: operands
            .inputs
            .iter()
            .zip(&types)
            .zip(&given)
            .map(|((input, ty), given)| {
                let input = input.as_ref()?;
                Some(match (ty, given) {
                    (Some(ty), Given::Constant(tensor)) => {
                        Operand { ty, constant: Some(tensor), dynamic: false }
                    }
                    (Some(ty), _) => Operand { ty, constant: None, dynamic: false },
                    (None, _) => Operand { ty: input.ty, constant: input.constant, dynamic: false },
                })
            })
            .collect(),
        outputs: vec![&reals],
    };
    let inner = op.cpu(&inner_operands, &Chain::empty())?;
    Some(Box::new(Staged { inner, given, results: output.elements(), rounding }))
}

/// Bytes of so many floats, up to a whole cache line.
fn room(floats: usize) -> usize {
    (floats * 4).next_multiple_of(64)
}

impl CpuKernel for Staged {
    fn name(&self) -> String {
        format!("{}.i8", self.inner.name())
    }

    fn scratch(&self) -> usize {
        let inputs = self.given.iter().map(|given| match given {
            Given::Own => 0,
            Given::Bytes { count, .. } => room(*count),
            Given::Constant(tensor) => room(tensor.len()),
        });
        inputs.sum::<usize>() + room(self.results) + self.inner.scratch()
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (results, mut scratch) = std::mem::take(&mut io.scratch).split_at_mut(room(self.results));
        for (input, given) in io.inputs.iter_mut().zip(&self.given) {
            let count = match given {
                Given::Own => continue,
                Given::Bytes { count, .. } => *count,
                Given::Constant(tensor) => tensor.len(),
            };
            let (own, rest) = scratch.split_at_mut(room(count));
            let own = &mut own[..count * 4];
            match given {
                Given::Bytes { table, .. } => {
                    let floats: &mut [f32] = bytemuck::cast_slice_mut(own);
                    for (float, &byte) in floats.iter_mut().zip(*input) {
                        *float = table[usize::from(byte)];
                    }
                }
                Given::Constant(tensor) => own.copy_from_slice(tensor.as_bytes()),
                Given::Own => {}
            }
            *input = own;
            scratch = rest;
        }
        io.scratch = scratch;
        let bytes = std::mem::replace(&mut io.outputs[0], &mut results[..self.results * 4]);
        self.inner.run(io, pool);
        self.rounding.run(pool, io.output(0), bytes);
    }
}
