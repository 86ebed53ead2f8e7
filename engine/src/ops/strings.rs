//! TFLite's packed strings: a count, the offsets of each string and of the end, then the bytes; integers are little-endian.

use super::{Refusal, Verdict};
use crate::tensor::{Tensor, TensorType};

/// The strings of a tensor in row-major order.
pub fn strings(tensor: &Tensor) -> Verdict<Vec<&[u8]>> {
    let bytes = tensor.as_bytes();
    let damaged = || Refusal::new("its strings are damaged");
    let number = |index: usize| {
        let at = index.checked_mul(4)?;
        let four = bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(four.try_into().ok()?) as usize)
    };
    let count = if bytes.is_empty() { 0 } else { number(0).ok_or_else(damaged)? };
    if count != tensor.len() {
        return Err(Refusal::new(format!("a tensor {} holds {count} strings", tensor.ty())));
    }
    let string = |index: usize| bytes.get(number(index + 1)?..number(index + 2)?);
    (0..count).map(|index| string(index).ok_or_else(damaged)).collect()
}

/// A tensor of these strings.
pub fn tensor_of_strings(ty: TensorType, strings: &[&[u8]]) -> Verdict<Tensor> {
    let overflow = || Refusal::new("its strings take more than 4 GiB");
    let mut bytes = Vec::new();
    let mut put = |number: usize| {
        bytes.extend(u32::try_from(number).map_err(|_| overflow())?.to_le_bytes());
        Ok::<(), Refusal>(())
    };
    put(strings.len())?;
    let mut at = 4 * (strings.len() + 2);
    put(at)?;
    for string in strings {
        at += string.len();
        put(at)?;
    }
    strings.iter().for_each(|string| bytes.extend_from_slice(string));
    Ok(Tensor::from_bytes(ty, &bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    #[test]
    fn strings_survive_a_round_trip_and_damage_is_refused() {
        let ty = TensorType::new(DType::String, [3]);
        let list: [&[u8]; 3] = [b"one", b"", b"three"];
        let tensor = tensor_of_strings(ty.clone(), &list).expect("small");
        assert_eq!(strings(&tensor).expect("well-formed"), list);
        assert_eq!(tensor.as_bytes()[..8], [3, 0, 0, 0, 20, 0, 0, 0]);
        for length in [0, 3, 4, 16, 24] {
            let cut = Tensor::from_bytes(ty.clone(), &tensor.as_bytes()[..length]).expect("any length");
            assert!(strings(&cut).is_err(), "{length} bytes");
        }
    }
}
