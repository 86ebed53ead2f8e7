//! Reductions over height and width as a fold of pixels.

use super::{Reduce, Reducer, bytes, reduced_dimensions};
use crate::ops::cpu::{Fold, Folding, Steps, all_f32};
use crate::ops::{Chain, CpuKernel, Link, Operands};

/// Whether the kernel takes a chain: where the results are whole rows of channels.
pub fn carries_chain(reduce: &Reduce, operands: &Operands) -> bool {
    let clamp = Chain { links: vec![Link::Clamp(0.0, 1.0)] };
    kernel(reduce, operands, &clamp).is_some()
}

/// The kernel for axes that are neighbors and neither the first nor the last dimension, such as height and width.
pub fn kernel(reduce: &Reduce, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let shape = &operands.optional(0)?.ty.shape;
    let reduced = reduced_dimensions(shape.len(), &operands.optional(1)?.constant?.to_integers()?).ok()?;
    let first = reduced.iter().position(|&reduced| reduced)?;
    let end = reduced.iter().rposition(|&reduced| reduced)? + 1;
    if end == shape.len() || reduced[first..end].iter().any(|reduced| !reduced) {
        return None;
    }
    let extent = |axes: &[usize]| axes.iter().product::<usize>();
    let (outer, pixels, inner) = (extent(&shape[..first]), extent(&shape[first..end]), extent(&shape[end..]));
    if pixels > 0 && !all_f32(operands, &[0]) {
        return bytes::kernel(reduce.reducer, operands, chain, [outer, pixels, inner]);
    }
    let folding = match reduce.reducer {
        Reducer::Max => Folding::Max,
        Reducer::Mean => Folding::Mean,
        Reducer::Min => Folding::Min,
        Reducer::Sum => Folding::Sum,
        Reducer::All | Reducer::Any | Reducer::Prod => return None,
    };
    let output = crate::ops::chain::nhwc(&operands.outputs[0].shape)?;
    let channels = output[3];
    if pixels == 0 || !all_f32(operands, &[0]) || (inner != channels && !chain.is_empty()) {
        return None;
    }
    let result = if inner == channels { output } else { [outer, 1, 1, inner] };
    Some(Box::new(Fold::new(folding, pixels, Steps::new(result, None, chain)?)))
}
