//! The constants of a file as dense tensors.

use super::sparse;
use super::types::{Checked, Flaw};
use crate::schema::{self, File};
use crate::tensor::{DType, Tensor, TensorType};
use std::collections::BTreeMap;

/// The constants read so far. Those of one buffer share their elements.
pub struct Constants<'a> {
    file: &'a File,
    shared: BTreeMap<Key, Tensor>,
    /// How many bytes the constants may still take beyond those of the buffers: what a small file can ask for with
    /// many sparse tensors is bounded.
    left: usize,
}

/// A buffer's index and, where its elements are unpacked, their number.
type Key = (u32, Option<usize>);

impl<'a> Constants<'a> {
    /// None yet, of a file of `size` bytes.
    pub fn new(file: &'a File, size: usize) -> Self {
        Self { file, shared: BTreeMap::new(), left: size.saturating_mul(64).saturating_add(64 << 20) }
    }

    /// The elements of `tensor`, which is of type `ty`; none where the file has none.
    pub fn get(&mut self, tensor: &schema::Tensor, ty: &TensorType) -> Checked<Option<Tensor>> {
        if tensor.external_buffer != 0 {
            return Err(Flaw::unsupported("has its elements in another file"));
        }
        let stored = &*self.file.buffers[tensor.buffer as usize];
        if stored.is_empty() {
            return Ok(None);
        }
        if let Some(sparsity) = &tensor.sparsity {
            if ty.dtype == DType::I4 {
                return Err(Flaw::unsupported(
                    "has sparse four-bit elements, which the engine does not have",
                ));
            }
            self.charge(ty.bytes())?;
            let bytes = sparse::dense(ty, sparsity, stored)?;
            return Ok(Some(Tensor::from_bytes(ty.clone(), &bytes)?));
        }
        let key = (tensor.buffer, (ty.dtype == DType::I4).then(|| ty.elements()));
        if let Some(shared) = self.shared.get(&key) {
            let same = shared.as_bytes().len() == ty.bytes() || ty.dtype == DType::String;
            return if same {
                Ok(Some(shared.with_type(ty.clone())?))
            } else {
                Err(wrong_size(stored.len(), ty))
            };
        }
        let constant = match key.1 {
            Some(elements) => {
                self.charge(elements)?;
                Tensor::from_bytes(ty.clone(), &unpacked(stored, ty)?)?
            }
            None if stored.len() != ty.bytes() && ty.dtype != DType::String => {
                return Err(wrong_size(stored.len(), ty));
            }
            None => Tensor::from_bytes(ty.clone(), stored)?,
        };
        self.shared.insert(key, constant.clone());
        Ok(Some(constant))
    }

    fn charge(&mut self, bytes: usize) -> Checked<()> {
        let left = self.left.checked_sub(bytes);
        self.left =
            left.ok_or_else(|| Flaw::malformed("would take more memory than a file of this size explains"))?;
        Ok(())
    }
}

/// Four-bit integers, one to a byte: the low half of each byte comes first.
fn unpacked(stored: &[u8], ty: &TensorType) -> Checked<Vec<u8>> {
    let elements = ty.elements();
    if stored.len() != elements.div_ceil(2) {
        return Err(wrong_size(stored.len(), ty));
    }
    // The shifts carry the sign of each half.
    let halves = stored.iter().flat_map(|&pair| [(pair << 4) as i8 >> 4, pair as i8 >> 4]);
    Ok(halves.take(elements).map(|half| half as u8).collect())
}

fn wrong_size(bytes: usize, ty: &TensorType) -> Flaw {
    Flaw::malformed(format!("is {ty}, which does not take the {bytes} bytes of its buffer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bit_integers_are_unpacked_low_half_first() {
        let ty = TensorType::new(DType::I4, [3]);
        assert_eq!(unpacked(&[0x8f, 0x07], &ty), Ok(vec![0xff, 0xf8, 0x07]));
        assert!(unpacked(&[0x8f], &ty).is_err());
    }
}
