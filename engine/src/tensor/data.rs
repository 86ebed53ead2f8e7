use super::{DType, TensorType};
use crate::error::{Error, Result};
use half::{bf16, f16};
use std::sync::Arc;

/// A type that elements of a tensor can be seen as.
pub trait Element: bytemuck::Pod {
    /// The type a new tensor of these elements gets.
    const DTYPE: DType;

    /// Whether elements of `dtype` have this form in memory (`u8` also serves bool, `i8` also four-bit integers).
    fn holds(dtype: DType) -> bool {
        dtype == Self::DTYPE
    }
}

macro_rules! elements {
    ($($type:ty => $dtype:ident $(| $more:ident)*),*) => {$(
        impl Element for $type {
            const DTYPE: DType = DType::$dtype;
            fn holds(dtype: DType) -> bool {
                matches!(dtype, DType::$dtype $(| DType::$more)*)
            }
        }
    )*};
}
elements!(f32 => F32, f16 => F16, bf16 => BF16, f64 => F64, i8 => I8 | I4, u8 => U8 | Bool | String, i16 => I16, u16 => U16,
    i32 => I32, u32 => U32 | Resource, i64 => I64, u64 => U64);

/// A dense row-major array. A clone shares the bytes; writing to shared bytes copies them first.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    ty: TensorType,
    /// The elements, padded to whole words so that every element type is aligned.
    words: Arc<[u64]>,
    bytes: usize,
}

impl Tensor {
    /// A tensor of zeros.
    pub fn zeros(ty: TensorType) -> Self {
        let bytes = ty.bytes();
        Self { ty, words: vec![0; bytes.div_ceil(8)].into(), bytes }
    }

    /// A tensor from its bytes in row-major order; their number must fit the type (strings take any number).
    pub fn from_bytes(ty: TensorType, bytes: &[u8]) -> Result<Self> {
        let expected = super::checked_bytes(ty.dtype, &ty.shape)?;
        if bytes.len() != expected && ty.dtype != DType::String {
            let actual = bytes.len();
            return Err(Error::malformed(format!(
                "a tensor {ty} takes {expected} bytes, but {actual} are given"
            )));
        }
        let (words, rest) = bytes.as_chunks::<8>();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let last = (!rest.is_empty()).then_some(last);
        // Collected at once, since a list would be copied into its shared place.
        let words = words.iter().copied().chain(last).map(u64::from_ne_bytes).collect();
        Ok(Self { ty, words, bytes: bytes.len() })
    }

    /// A tensor of this shape from its elements in row-major order.
    pub fn from_slice<T: Element>(shape: impl Into<Vec<usize>>, values: &[T]) -> Result<Self> {
        Self::from_bytes(TensorType::new(T::DTYPE, shape), bytemuck::cast_slice(values))
    }

    /// A tensor of this type from its elements in row-major order, which must be of the form the type has in memory.
    pub fn from_elements<T: Element>(ty: TensorType, values: &[T]) -> Result<Self> {
        if !T::holds(ty.dtype) {
            return Err(Error::invalid(format!("elements of {} cannot fill a tensor {ty}", T::DTYPE)));
        }
        Self::from_bytes(ty, bytemuck::cast_slice(values))
    }

    /// An integer scalar or list of i32, as shapes and axes are given.
    pub fn i32s(values: &[i32]) -> Self {
        Self::from_slice([values.len()], values).expect("a list fits its own shape")
    }

    /// The tensor's type.
    pub fn ty(&self) -> &TensorType {
        &self.ty
    }

    /// The shape, outermost dimension first.
    pub fn shape(&self) -> &[usize] {
        &self.ty.shape
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.ty.dtype
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.ty.elements()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same elements under another type of the same size in bytes.
    pub fn with_type(&self, ty: TensorType) -> Result<Self> {
        if ty.bytes() != self.bytes && ty.dtype != DType::String {
            return Err(Error::invalid(format!("a tensor {} cannot be seen as {ty}", self.ty)));
        }
        Ok(Self { ty, words: self.words.clone(), bytes: self.bytes })
    }

    /// All bytes in row-major order.
    pub fn as_bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.bytes]
    }

    /// All bytes for writing; shared bytes are copied first.
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        let bytes = self.bytes;
        &mut bytemuck::cast_slice_mut(Arc::make_mut(&mut self.words))[..bytes]
    }

    /// The elements, or an error where they are of another type.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.check::<T>()?;
        Ok(bytemuck::cast_slice(self.as_bytes()))
    }

    /// The elements for writing; shared elements are copied first.
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T]> {
        self.check::<T>()?;
        Ok(bytemuck::cast_slice_mut(self.as_bytes_mut()))
    }

    fn check<T: Element>(&self) -> Result<()> {
        match T::holds(self.ty.dtype) {
            true => Ok(()),
            false => Err(Error::invalid(format!("a tensor {} is not made of {}", self.ty, T::DTYPE))),
        }
    }

    /// Every element as a real number, quantization applied; none for strings and resources.
    pub fn to_reals(&self) -> Option<Vec<f32>> {
        let plain: Vec<f32> = match self.ty.dtype {
            DType::F32 => return Some(self.cast::<f32>().to_vec()),
            DType::F16 => self.cast::<f16>().iter().map(|v| v.to_f32()).collect(),
            DType::BF16 => self.cast::<bf16>().iter().map(|v| v.to_f32()).collect(),
            DType::F64 => self.cast::<f64>().iter().map(|&v| v as f32).collect(),
            _ => return self.integers_to_reals(),
        };
        Some(plain)
    }

    /// Every element as an integer; none for reals and strings.
    pub fn to_integers(&self) -> Option<Vec<i64>> {
        Some(match self.ty.dtype {
            DType::I4 | DType::I8 => self.cast::<i8>().iter().map(|&v| v.into()).collect(),
            DType::U8 | DType::Bool => self.cast::<u8>().iter().map(|&v| v.into()).collect(),
            DType::I16 => self.cast::<i16>().iter().map(|&v| v.into()).collect(),
            DType::U16 => self.cast::<u16>().iter().map(|&v| v.into()).collect(),
            DType::I32 => self.cast::<i32>().iter().map(|&v| v.into()).collect(),
            DType::U32 => self.cast::<u32>().iter().map(|&v| v.into()).collect(),
            DType::I64 => self.cast::<i64>().to_vec(),
            DType::U64 => self.cast::<u64>().iter().map(|&v| v as i64).collect(),
            _ => return None,
        })
    }

    fn integers_to_reals(&self) -> Option<Vec<f32>> {
        let integers = self.to_integers()?;
        let Some(q) = &self.ty.quantization else {
            return Some(integers.iter().map(|&v| v as f32).collect());
        };
        let inner: usize = self.ty.shape.iter().skip(q.axis + 1).product();
        let channels = q.scale.len();
        let real = |(i, &v): (usize, &i64)| {
            let channel = if channels > 1 { i / inner.max(1) % channels } else { 0 };
            q.scale[channel] * (v - q.zero_point[channel]) as f32
        };
        Some(integers.iter().enumerate().map(real).collect())
    }

    fn cast<T: Element>(&self) -> &[T] {
        bytemuck::cast_slice(self.as_bytes())
    }
}

impl Tensor {
    /// A tensor of this type from reals, rounded to the type's steps where it is quantized or an integer, and clamped to
    /// what it can hold. NaN becomes zero in an integer.
    pub fn from_reals(ty: TensorType, reals: &[f32]) -> Result<Self> {
        match ty.dtype {
            DType::F32 => Self::from_elements(ty, reals),
            DType::F16 => {
                Self::from_elements(ty, &reals.iter().map(|&v| f16::from_f32(v)).collect::<Vec<_>>())
            }
            DType::BF16 => {
                Self::from_elements(ty, &reals.iter().map(|&v| bf16::from_f32(v)).collect::<Vec<_>>())
            }
            DType::F64 => Self::from_elements(ty, &reals.iter().map(|&v| f64::from(v)).collect::<Vec<_>>()),
            _ => {
                let integers = Self::quantized(&ty, reals);
                Self::from_integers(ty, &integers)
            }
        }
    }

    /// A tensor of an integer type from integers, clamped to what the type can hold; bool takes anything but zero as true.
    pub fn from_integers(ty: TensorType, integers: &[i64]) -> Result<Self> {
        fn clamped<T: Element + TryFrom<i64>>(ty: TensorType, integers: &[i64]) -> Result<Tensor> {
            let (low, high) = ty.dtype.integer_range().unwrap_or((0, i64::MAX));
            let fit = |&v: &i64| T::try_from(v.clamp(low, high)).ok();
            let elements: Option<Vec<T>> = integers.iter().map(fit).collect();
            let elements =
                elements.ok_or_else(|| Error::invalid(format!("an integer does not fit {}", ty.dtype)))?;
            Tensor::from_elements(ty, &elements)
        }
        match ty.dtype {
            DType::I4 | DType::I8 => clamped::<i8>(ty, integers),
            DType::U8 => clamped::<u8>(ty, integers),
            DType::I16 => clamped::<i16>(ty, integers),
            DType::U16 => clamped::<u16>(ty, integers),
            DType::I32 => clamped::<i32>(ty, integers),
            DType::U32 | DType::Resource => clamped::<u32>(ty, integers),
            DType::I64 => clamped::<i64>(ty, integers),
            DType::U64 => clamped::<u64>(ty, integers),
            DType::Bool => {
                Self::from_elements(ty, &integers.iter().map(|&v| (v != 0) as u8).collect::<Vec<_>>())
            }
            DType::String => Err(Error::invalid(format!("numbers do not fill a tensor {ty}"))),
            _ => Self::from_reals(ty, &integers.iter().map(|&v| v as f32).collect::<Vec<_>>()),
        }
    }

    fn quantized(ty: &TensorType, reals: &[f32]) -> Vec<i64> {
        let Some(q) = &ty.quantization else {
            return reals.iter().map(|&v| v as i64).collect();
        };
        let inner: usize = ty.shape.iter().skip(q.axis + 1).product();
        let channels = q.scale.len();
        let integer = |(i, &v): (usize, &f32)| {
            let channel = if channels > 1 { i / inner.max(1) % channels } else { 0 };
            (v / q.scale[channel]).round() as i64 + q.zero_point[channel]
        };
        reals.iter().enumerate().map(integer).collect()
    }
}
