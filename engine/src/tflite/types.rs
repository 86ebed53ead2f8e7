//! Element types, shapes and quantizations of the file → those of the engine.

use crate::error::Error;
use crate::schema::{self, QuantizationDetails};
use crate::tensor::{DType, Quantization, TensorType};

/// Why a tensor of the file is no value of the engine: the end of a sentence that begins with its name.
#[derive(Clone, Debug, PartialEq)]
pub enum Flaw {
    /// The file contradicts itself.
    Malformed(String),
    /// The engine does not have it.
    Unsupported(String),
}

/// A tensor's part, or what is wrong with it.
pub type Checked<T> = Result<T, Flaw>;

impl Flaw {
    /// The flaw that the file contradicts itself.
    pub fn malformed(reason: impl Into<String>) -> Self {
        Self::Malformed(reason.into())
    }

    /// The flaw that the engine does not have this.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }
}

impl From<Error> for Flaw {
    fn from(error: Error) -> Self {
        match error {
            Error::Unsupported { reason, .. } => Self::Unsupported(reason),
            error => Self::Malformed(format!("is wrong: {error}")),
        }
    }
}

/// The type of `tensor`. Dimensions that the file leaves open, −1, are 1.
pub fn tensor_type(tensor: &schema::Tensor) -> Checked<TensorType> {
    let dtype = dtype(tensor.kind)?;
    let extent = |&extent: &i32| match extent {
        -1 => Ok(1),
        extent => usize::try_from(extent).map_err(|_| Flaw::malformed(format!("has the extent {extent}"))),
    };
    let shape = tensor.shape.iter().map(extent).collect::<Checked<Vec<usize>>>()?;
    crate::tensor::checked_bytes(dtype, &shape)?;
    let quantization = quantization(tensor, dtype, &shape)?;
    Ok(TensorType { dtype, shape, quantization })
}

fn dtype(kind: schema::TensorType) -> Checked<DType> {
    use schema::TensorType as Kind;
    Ok(match kind {
        Kind::FLOAT32 => DType::F32,
        Kind::FLOAT16 => DType::F16,
        Kind::BFLOAT16 => DType::BF16,
        Kind::FLOAT64 => DType::F64,
        Kind::INT4 => DType::I4,
        // Constants of two bits and of four without sign are unpacked to bytes.
        Kind::INT8 | Kind::INT2 => DType::I8,
        Kind::UINT8 | Kind::UINT4 => DType::U8,
        Kind::INT16 => DType::I16,
        Kind::UINT16 => DType::U16,
        Kind::INT32 => DType::I32,
        Kind::UINT32 => DType::U32,
        Kind::INT64 => DType::I64,
        Kind::UINT64 => DType::U64,
        Kind::BOOL => DType::Bool,
        Kind::STRING => DType::String,
        Kind::RESOURCE => DType::Resource,
        other => {
            return Err(Flaw::unsupported(format!("is of the type {other}, which the engine does not have")));
        }
    })
}

/// How the integers of `tensor` stand for reals, if they do. A scale of 0 says that they do not.
fn quantization(tensor: &schema::Tensor, dtype: DType, shape: &[usize]) -> Checked<Option<Quantization>> {
    let Some(given) = &tensor.quantization else { return Ok(None) };
    if dtype.integer_range().is_none() {
        return Ok(None);
    }
    match given.details {
        QuantizationDetails::None => {}
        // Such integers become reals when they are read.
        QuantizationDetails::Blockwise(_) => return Ok(None),
        QuantizationDetails::Custom(_) | QuantizationDetails::MultiAxis(_) => {
            return Err(Flaw::unsupported("is quantized in a way that the engine does not have"));
        }
    }
    let (scales, zero_points) = (given.scale.len(), given.zero_point.len());
    if scales == 0 || given.scale == [0.0] {
        return Ok(None);
    }
    if given.scale.iter().any(|scale| !scale.is_finite() || *scale < 0.0) {
        return Err(Flaw::malformed("has a scale that is not a positive number"));
    }
    if zero_points != 0 && zero_points != scales {
        return Err(Flaw::malformed(format!("has {scales} scales but {zero_points} zero points")));
    }
    let within = |zero_point: &i64| i32::try_from(*zero_point).is_ok();
    if !given.zero_point.iter().all(within) {
        return Err(Flaw::malformed("has a zero point past 32 bits"));
    }
    let zero_point = if zero_points == 0 { vec![0; scales] } else { given.zero_point.clone() };
    let axis = if scales == 1 { 0 } else { axis(given.quantized_dimension, scales, shape)? };
    Ok(Some(Quantization { scale: given.scale.clone(), zero_point, axis }))
}

/// The axis along which the scales lie, one for each index.
fn axis(dimension: i32, scales: usize, shape: &[usize]) -> Checked<usize> {
    let axis = usize::try_from(dimension).ok().filter(|&axis| shape.get(axis) == Some(&scales));
    axis.ok_or_else(|| {
        Flaw::malformed(format!("has {scales} scales along dimension {dimension} of the shape {shape:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::TensorType as Kind;

    fn tensor(kind: Kind, scale: &[f32], zero_point: &[i64], quantized_dimension: i32) -> schema::Tensor {
        let (scale, zero_point) = (scale.to_vec(), zero_point.to_vec());
        let quantization =
            schema::Quantization { scale, zero_point, quantized_dimension, ..Default::default() };
        schema::Tensor { kind, shape: vec![2, 3], quantization: Some(quantization), ..Default::default() }
    }

    #[test]
    fn scales_of_integers_are_kept_and_those_of_reals_dropped() {
        let per_tensor = tensor_type(&tensor(Kind::INT8, &[0.5], &[-3], 9)).expect("one scale has no axis");
        assert_eq!(per_tensor.quantization, Some(Quantization::per_tensor(0.5, -3)));
        let per_channel = tensor_type(&tensor(Kind::INT8, &[0.5, 1.0, 2.0], &[], 1)).expect("three channels");
        let expected = Quantization { scale: vec![0.5, 1.0, 2.0], zero_point: vec![0; 3], axis: 1 };
        assert_eq!(per_channel.quantization, Some(expected));
        for none in [tensor(Kind::FLOAT32, &[0.5], &[0], 0), tensor(Kind::UINT8, &[0.0], &[0], 0)] {
            assert_eq!(tensor_type(&none).expect("it has a type").quantization, None);
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let reasons = [
            (
                tensor(Kind::INT8, &[0.5, 1.0], &[0, 0], 1),
                "has 2 scales along dimension 1 of the shape [2, 3]",
            ),
            (tensor(Kind::INT8, &[0.5, 1.0], &[0], 0), "has 2 scales but 1 zero points"),
            (tensor(Kind::INT8, &[f32::NAN], &[0], 0), "has a scale that is not a positive number"),
            (schema::Tensor { shape: vec![-2], ..Default::default() }, "has the extent -2"),
        ];
        for (tensor, reason) in reasons {
            assert_eq!(tensor_type(&tensor), Err(Flaw::malformed(reason)));
        }
        let reason = "is of the type COMPLEX64, which the engine does not have";
        assert_eq!(tensor_type(&tensor(Kind::COMPLEX64, &[], &[], 0)), Err(Flaw::unsupported(reason)));
    }
}
