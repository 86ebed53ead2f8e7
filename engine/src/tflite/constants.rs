//! The constants of a file as dense tensors.

use super::packed::Packing;
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

/// A buffer's index and, where its elements are unpacked, their type and number.
type Key = (u32, Option<(schema::TensorType, usize)>);

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
        let packing = Packing::of(tensor.kind);
        if let Some(sparsity) = &tensor.sparsity {
            if packing.is_some() {
                return Err(Flaw::unsupported("has sparse elements of less than a byte"));
            }
            self.charge(ty.bytes())?;
            let bytes = sparse::dense(ty, sparsity, stored)?;
            return Ok(Some(Tensor::from_bytes(ty.clone(), &bytes)?));
        }
        let fits = |bytes: usize| bytes == ty.bytes() || ty.dtype == DType::String;
        let wrong_size = || {
            Flaw::malformed(format!("is {ty}, which does not take the {} bytes of its buffer", stored.len()))
        };
        let key = (tensor.buffer, packing.map(|_| (tensor.kind, ty.elements())));
        if let Some(shared) = self.shared.get(&key) {
            let same = fits(shared.as_bytes().len());
            return if same { Ok(Some(shared.with_type(ty.clone())?)) } else { Err(wrong_size()) };
        }
        let constant = match packing {
            Some(packing) => {
                self.charge(ty.elements())?;
                let bytes = packing.unpack(stored, ty.elements()).ok_or_else(wrong_size)?;
                Tensor::from_bytes(ty.clone(), &bytes)?
            }
            None if fits(stored.len()) => Tensor::from_bytes(ty.clone(), stored)?,
            None => return Err(wrong_size()),
        };
        self.shared.insert(key, constant.clone());
        Ok(Some(constant))
    }

    /// Takes `bytes` of the memory that is left.
    pub fn charge(&mut self, bytes: usize) -> Checked<()> {
        let left = self.left.checked_sub(bytes);
        self.left =
            left.ok_or_else(|| Flaw::malformed("would take more memory than a file of this size explains"))?;
        Ok(())
    }
}
