//! Strided views: which element of a row-major tensor stands at each place of another.

use super::strings::{strings, tensor_of_strings};
use super::{Refusal, Verdict};
use crate::tensor::{DType, Tensor, TensorType};

/// A way through the elements of a tensor: the element at place `i` is number `offset + Σ iₐ · strideₐ`.
#[derive(Clone, Debug, PartialEq)]
pub struct Strided {
    axes: Vec<Axis>,
    offset: isize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    extent: usize,
    stride: isize,
}

impl Strided {
    /// All elements of a tensor of this shape, in order.
    pub fn new(shape: &[usize]) -> Self {
        let strides = crate::tensor::strides(shape);
        let axes = shape
            .iter()
            .zip(strides)
            .map(|(&extent, stride)| Axis { extent, stride: stride as isize })
            .collect();
        Self { axes, offset: 0 }
    }

    /// Axis i of the result is axis `order[i]`.
    pub fn permuted(self, order: &[usize]) -> Self {
        Self { axes: order.iter().map(|&axis| self.axes[axis]).collect(), ..self }
    }

    /// Along `axis`, `extent` places from `begin`, each `step` after the last.
    pub fn sliced(mut self, axis: usize, begin: isize, step: isize, extent: usize) -> Self {
        let Axis { stride, .. } = self.axes[axis];
        if extent > 0 {
            self.offset += begin * stride;
        }
        self.axes[axis] = Axis { extent, stride: stride * step };
        self
    }

    /// `axis` as two axes, the second of extent `inner`, which divides its extent.
    pub fn split(mut self, axis: usize, inner: usize) -> Self {
        let Axis { extent, stride } = self.axes[axis];
        let outer = Axis { extent: extent.checked_div(inner).unwrap_or(0), stride: stride * inner as isize };
        self.axes.splice(axis..=axis, [outer, Axis { extent: inner, stride }]);
        self
    }

    /// A new axis at `axis` along which everything repeats.
    pub fn repeated(mut self, axis: usize, extent: usize) -> Self {
        self.axes.insert(axis, Axis { extent, stride: 0 });
        self
    }

    /// Without `axis`, whose first place stays.
    pub fn dropped(mut self, axis: usize) -> Self {
        self.axes.remove(axis);
        self
    }

    /// The numbers of the elements, in order.
    pub fn indices(&self) -> Vec<usize> {
        let count: usize = self.axes.iter().map(|axis| axis.extent).product();
        let mut numbers = Vec::with_capacity(count);
        walk(&self.axes, self.offset, &mut |at, extent, stride| {
            numbers.extend((0..extent as isize).map(|i| (at + i * stride) as usize));
        });
        numbers
    }

    /// The elements of `from` on this way, as a tensor of type `ty`.
    pub fn read(&self, from: &Tensor, ty: &TensorType) -> Verdict<Tensor> {
        if from.dtype() == DType::String {
            return pick(from, &self.indices(), ty);
        }
        let bytes = from.as_bytes();
        let read = match from.dtype().size() {
            1 => self.copied::<u8>(bytes),
            2 => bytemuck::cast_slice(&self.copied::<u16>(bytemuck::cast_slice(bytes))).to_vec(),
            4 => bytemuck::cast_slice(&self.copied::<u32>(bytemuck::cast_slice(bytes))).to_vec(),
            _ => bytemuck::cast_slice(&self.copied::<u64>(bytemuck::cast_slice(bytes))).to_vec(),
        };
        Ok(Tensor::from_bytes(ty.clone(), &read)?)
    }

    fn copied<T: Copy>(&self, from: &[T]) -> Vec<T> {
        let count: usize = self.axes.iter().map(|axis| axis.extent).product();
        let mut to = Vec::with_capacity(count);
        if count == 0 {
            return to;
        }
        walk(&merged(&self.axes), self.offset, &mut |at, extent, stride| match stride {
            1 => to.extend_from_slice(&from[at as usize..at as usize + extent]),
            _ => to.extend((0..extent as isize).map(|i| from[(at + i * stride) as usize])),
        });
        to
    }
}

/// Elements of `from` by their numbers, as a tensor of type `ty`.
pub fn pick(from: &Tensor, indices: &[usize], ty: &TensorType) -> Verdict<Tensor> {
    pick_runs(from, 1, indices, ty)
}

/// Runs of so many elements of `from` by the number of their first, as a tensor of type `ty`.
pub fn pick_runs(from: &Tensor, run: usize, firsts: &[usize], ty: &TensorType) -> Verdict<Tensor> {
    if firsts.iter().any(|&first| first.checked_add(run).is_none_or(|end| end > from.len())) {
        return Err(Refusal::new("it reads an element that is not there"));
    }
    if from.dtype() == DType::String {
        let all = strings(from)?;
        let picked: Vec<&[u8]> = firsts.iter().flat_map(|&first| &all[first..first + run]).copied().collect();
        return tensor_of_strings(ty.clone(), &picked);
    }
    let (size, bytes) = (from.dtype().size(), from.as_bytes());
    let mut picked = Vec::with_capacity(firsts.len() * run * size);
    firsts.iter().for_each(|first| picked.extend_from_slice(&bytes[first * size..(first + run) * size]));
    Ok(Tensor::from_bytes(ty.clone(), &picked)?)
}

/// The elements of two tensors of one type in one list, those of `second` behind.
pub fn pooled(first: &Tensor, second: &Tensor) -> Verdict<Tensor> {
    let both = [first.as_bytes(), second.as_bytes()].concat();
    Ok(Tensor::from_bytes(first.ty().with_shape([first.len() + second.len()]), &both)?)
}

/// The same way with as few axes as it takes.
fn merged(axes: &[Axis]) -> Vec<Axis> {
    let mut merged: Vec<Axis> = Vec::with_capacity(axes.len());
    for &axis in axes.iter().filter(|axis| axis.extent != 1) {
        match merged.last_mut() {
            Some(last) if last.stride == axis.stride * axis.extent as isize => {
                *last = Axis { extent: last.extent * axis.extent, stride: axis.stride };
            }
            _ => merged.push(axis),
        }
    }
    merged
}

/// Calls `visit` with the first number, extent and stride of each run along the last axis.
fn walk(axes: &[Axis], at: isize, visit: &mut impl FnMut(isize, usize, isize)) {
    match axes {
        [] => visit(at, 1, 1),
        [last] => visit(at, last.extent, last.stride),
        [first, rest @ ..] if rest.iter().all(|axis| axis.extent > 0) => {
            (0..first.extent as isize).for_each(|i| walk(rest, at + i * first.stride, visit));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_compose() {
        let all = Strided::new(&[2, 3]);
        assert_eq!(all.indices(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(all.clone().permuted(&[1, 0]).indices(), [0, 3, 1, 4, 2, 5]);
        assert_eq!(all.clone().sliced(1, 2, -2, 2).indices(), [2, 0, 5, 3]);
        assert_eq!(all.clone().sliced(1, 0, 1, 0).indices(), [0usize; 0]);
        assert_eq!(all.clone().repeated(1, 2).indices(), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
        assert_eq!(all.clone().sliced(0, 1, 1, 1).dropped(0).indices(), [3, 4, 5]);
        assert_eq!(Strided::new(&[4]).split(0, 2).permuted(&[1, 0]).indices(), [0, 2, 1, 3]);
        assert_eq!(Strided::new(&[]).indices(), [0]);
    }

    #[test]
    fn reading_follows_the_indices_in_every_size() {
        let way = Strided::new(&[2, 3, 4]).permuted(&[2, 0, 1]).sliced(0, 3, -1, 3);
        let expected: Vec<u8> = way.indices().iter().map(|&i| i as u8).collect();
        let small: Vec<u8> = (0..24).collect();
        let read = |tensor: Tensor| {
            let read = way.read(&tensor, &tensor.ty().with_shape([3, 2, 3])).expect("it fits");
            read.to_integers().expect("integers").iter().map(|&v| v as u8).collect::<Vec<u8>>()
        };
        for dtype in [DType::U8, DType::I16, DType::I32, DType::I64] {
            let values: Vec<i64> = small.iter().map(|&v| v.into()).collect();
            let tensor = Tensor::from_integers(TensorType::new(dtype, [2, 3, 4]), &values).expect("it fits");
            assert_eq!(read(tensor), expected, "{dtype}");
        }
    }
}
