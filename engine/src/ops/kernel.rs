//! What a CPU kernel is to the plan's executor.

use crate::pool::Pool;
use crate::tensor::Element;

/// A prepared CPU kernel: weights packed, shapes known. It does not fail, allocate or lock.
pub trait CpuKernel: Send + Sync {
    /// The variant's name, such as `conv2d_gemm.avx2.6x16`.
    fn name(&self) -> String;

    /// Bytes of scratch memory a run needs.
    fn scratch(&self) -> usize {
        0
    }

    /// Runs on the operands of `io`, on the threads of `pool`.
    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool);
}

/// The memory a CPU kernel works on. Inputs are those of the step: the node's own in order, then those its chain reads;
/// absent ones are empty.
pub struct CpuIo<'a> {
    /// The inputs' bytes.
    pub inputs: Vec<&'a [u8]>,
    /// The outputs' bytes.
    pub outputs: Vec<&'a mut [u8]>,
    /// Scratch memory of at least [`CpuKernel::scratch`] bytes, aligned to 64.
    pub scratch: &'a mut [u8],
}

impl CpuIo<'_> {
    /// Input `index` as elements.
    pub fn input<T: Element>(&self, index: usize) -> &[T] {
        bytemuck::cast_slice(self.inputs[index])
    }

    /// Output `index` as elements.
    pub fn output<T: Element>(&mut self, index: usize) -> &mut [T] {
        bytemuck::cast_slice_mut(self.outputs[index])
    }
}
