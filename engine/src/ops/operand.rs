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

    /// Refuses unless every present input is of this type.
    pub fn expect_dtype(&self, index: usize, allowed: &[DType]) -> Verdict<DType> {
        let dtype = self.input(index)?.ty.dtype;
        match allowed.contains(&dtype) {
            true => Ok(dtype),
            false => Err(Refusal::new(format!("its input {index} is {dtype}, which is not supported"))),
        }
    }
}

impl From<crate::schema::Error> for Refusal {
    fn from(error: crate::schema::Error) -> Self {
        Self(error.to_string())
    }
}
