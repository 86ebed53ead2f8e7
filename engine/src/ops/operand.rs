use super::chain::{carried, nhwc};
use crate::error::Error;
use crate::tensor::{DType, Tensor, TensorType};

/// What an operator is told of one input.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// The type.
    pub ty: &'a TensorType,
    /// The elements, where they are known before the graph runs.
    pub constant: Option<&'a Tensor>,
    /// Whether the shape is known only when the graph runs.
    pub dynamic: bool,
}

/// What an operator is told of its operands and results.
#[derive(Clone, Debug)]
pub struct Operands<'a> {
    /// The inputs, `None` where an optional one is absent.
    pub inputs: Vec<Option<Operand<'a>>>,
    /// The outputs' types: as inferred, or as the file declares them while they are being inferred.
    pub outputs: Vec<&'a TensorType>,
}

/// Why an operator cannot be, or cannot be run in some way: the second half of a sentence after the node's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// An operator's answer.
pub type Verdict<T> = Result<T, Refusal>;

impl Refusal {
    /// A refusal with this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// The error that names the node.
    pub fn at(self, index: usize, name: &str, operator: &str) -> Error {
        Error::Unsupported { node: format!("{index} {name}"), operator: operator.into(), reason: self.0 }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl<'a> Operands<'a> {
    /// The operands of an application whose elements are all there.
    pub fn of_tensors(inputs: &[Option<&'a Tensor>], outputs: &'a [TensorType]) -> Self {
        let operand =
            |tensor: &'a Tensor| Operand { ty: tensor.ty(), constant: Some(tensor), dynamic: false };
        Self {
            inputs: inputs.iter().map(|input| input.map(operand)).collect(),
            outputs: outputs.iter().collect(),
        }
    }

    /// An input that must be there.
    pub fn input(&self, index: usize) -> Verdict<Operand<'a>> {
        self.inputs
            .get(index)
            .copied()
            .flatten()
            .ok_or_else(|| Refusal::new(format!("its input {index} is missing")))
    }

    /// An input that may be absent.
    pub fn optional(&self, index: usize) -> Option<Operand<'a>> {
        self.inputs.get(index).copied().flatten()
    }

    /// Multiply-adds of an output each of whose elements is a sum over the weights, input 1, of one index of their dimension `axis`.
    pub fn products_of_channels(&self, axis: usize) -> u64 {
        let Some(weights) = self.optional(1) else { return 0 };
        let channels = weights.ty.shape.get(axis).copied().unwrap_or(1).max(1);
        let elements = self.outputs.first().map_or(0, |output| output.elements());
        (elements * (weights.ty.elements() / channels)) as u64
    }

    /// The shape of an input, `None` where it is known only when the graph runs.
    pub fn shape(&self, index: usize) -> Verdict<Option<&'a [usize]>> {
        let input = self.input(index)?;
        Ok((!input.dynamic).then_some(&input.ty.shape[..]))
    }

    /// The integers of an input such as a shape or axes, `None` where they are known only when the graph runs.
    pub fn integers(&self, index: usize) -> Verdict<Option<Vec<i64>>> {
        let input = self.input(index)?;
        match input.constant {
            None => Ok(None),
            Some(tensor) => tensor.to_integers().map(Some).ok_or_else(|| {
                Refusal::new(format!("its input {index} should hold integers, not {}", tensor.dtype()))
            }),
        }
    }

    fn output(&self, index: usize) -> Verdict<&'a TensorType> {
        let output = self.outputs.get(index).copied();
        output.ok_or_else(|| Refusal::new(format!("its output {index} is missing")))
    }

    /// The shape of an input as `[n, h, w, c]`, where a GPU kernel can read it.
    pub fn gpu_input(&self, index: usize) -> Verdict<[usize; 4]> {
        gpu_shape(self.input(index)?.ty)
    }

    /// The shape of an output as `[n, h, w, c]`, where a GPU kernel can write it.
    pub fn gpu_output(&self, index: usize) -> Verdict<[usize; 4]> {
        gpu_shape(self.output(index)?)
    }

    /// The shape of an input of indices as `[n, h, w, c]`, where a GPU kernel can read it: integers, or what a GPU holds them as.
    pub fn gpu_indices(&self, index: usize) -> Verdict<[usize; 4]> {
        index_shape(self.input(index)?.ty)
    }

    /// The same of an output.
    pub fn gpu_index_output(&self, index: usize) -> Verdict<[usize; 4]> {
        index_shape(self.output(index)?)
    }

    /// The numbers of an input that is part of the model; none where it is absent.
    pub fn weights(&self, index: usize) -> Verdict<Option<Vec<f32>>> {
        let Some(input) = self.optional(index) else { return Ok(None) };
        let reals = input.constant.and_then(Tensor::to_reals);
        reals.map(Some).ok_or_else(|| {
            Refusal::new(format!("its GPU kernel takes numbers of the model as input {index}"))
        })
    }

    /// Refuses unless every output has the element type of input `index`.
    pub fn expect_same_dtype(&self, index: usize) -> Verdict<()> {
        let input = self.input(index)?.ty.dtype;
        match self.outputs.iter().find(|output| output.dtype != input) {
            None => Ok(()),
            Some(output) => Err(Refusal::new(format!("its output is {}, its input {input}", output.dtype))),
        }
    }

    /// The one integer an input holds, such as an axis; `None` where it is known only when the graph runs.
    pub fn integer(&self, index: usize) -> Verdict<Option<i64>> {
        match self.integers(index)?.as_deref() {
            None => Ok(None),
            Some(&[value]) => Ok(Some(value)),
            Some(list) => {
                Err(Refusal::new(format!("its input {index} should hold one integer, not {}", list.len())))
            }
        }
    }

    /// Refuses unless every present input is of this type.
    pub fn expect_dtype(&self, index: usize, allowed: &[DType]) -> Verdict<DType> {
        let dtype = self.input(index)?.ty.dtype;
        match allowed.contains(&dtype) {
            true => Ok(dtype),
            false => Err(Refusal::new(format!("its input {index} is {dtype}, which is not supported"))),
        }
    }
}

fn index_shape(ty: &TensorType) -> Verdict<[usize; 4]> {
    let held = ty.dtype.integer_range().is_some() || ty.dtype == DType::F32;
    match nhwc(&ty.shape) {
        Some(shape) if held && ty.quantization.is_none() && ty.elements() > 0 => Ok(shape),
        _ => Err(Refusal::new(format!("its GPU kernel has indices of rank ≤ 4, not {ty}"))),
    }
}

/// The elements of a tensor of any number type, as reals.
pub fn reals(tensor: &Tensor) -> Verdict<Vec<f32>> {
    tensor.to_reals().ok_or_else(|| Refusal::new(format!("it does not take {}", tensor.dtype())))
}

fn gpu_shape(ty: &TensorType) -> Verdict<[usize; 4]> {
    match nhwc(&ty.shape) {
        Some(shape) if carried(ty) && ty.elements() > 0 => Ok(shape),
        _ => Err(Refusal::new(format!("its GPU kernel takes f32 of rank ≤ 4, not {ty}"))),
    }
}

/// An axis of a tensor of this rank; a negative one counts from the end.
pub fn axis(axis: i64, rank: usize) -> Verdict<usize> {
    let from_start = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    usize::try_from(from_start)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| Refusal::new(format!("its axis {axis} is not one of its {rank} dimensions")))
}

/// A count or an extent given as an integer.
pub fn extent(value: i64) -> Verdict<usize> {
    usize::try_from(value)
        .ok()
        .filter(|&value| value <= i32::MAX as usize)
        .ok_or_else(|| Refusal::new(format!("its extent {value} is out of range")))
}

impl From<crate::schema::Error> for Refusal {
    fn from(error: crate::schema::Error) -> Self {
        Self(error.to_string())
    }
}
