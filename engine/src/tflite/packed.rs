//! Integers of fewer bits than a byte → one to a byte. The low bits of each byte come first.

use crate::schema::TensorType;

/// How the integers of a type are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    bits: usize,
    signed: bool,
}

impl Packing {
    /// How integers of type `kind` are packed; none where each takes whole bytes.
    pub fn of(kind: TensorType) -> Option<Self> {
        let (bits, signed) = match kind {
            TensorType::INT2 => (2, true),
            TensorType::INT4 => (4, true),
            TensorType::UINT4 => (4, false),
            _ => return None,
        };
        Some(Self { bits, signed })
    }

    /// The `count` integers that `stored` holds, none where it is not as long as they take.
    pub fn unpack(self, stored: &[u8], count: usize) -> Option<Vec<u8>> {
        let each = 8 / self.bits;
        if stored.len() != count.div_ceil(each) {
            return None;
        }
        let unused = 8 - self.bits;
        let integer = |byte: u8, place: usize| {
            let high = byte << (unused - place * self.bits);
            // A shift of a signed integer carries the sign.
            if self.signed { (high as i8 >> unused) as u8 } else { high >> unused }
        };
        let integers = stored.iter().flat_map(|&byte| (0..each).map(move |place| integer(byte, place)));
        Some(integers.take(count).collect())
    }
}

/// Integers from −8 to 7, two to a byte.
pub fn pack_four_bits(integers: &[i8]) -> Vec<u8> {
    let nibble = |integer: i8| integer as u8 & 0x0f;
    let byte = |pair: &[i8]| nibble(pair[0]) | pair.get(1).map_or(0, |&high| nibble(high) << 4);
    integers.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes and integers are those of LiteRT 2.3's CAST of a constant.
    #[test]
    fn the_low_bits_come_first_and_signs_are_kept() {
        let unpack =
            |kind, stored: &[u8], count| Packing::of(kind).and_then(|packing| packing.unpack(stored, count));
        let signed =
            |integers: &[i8]| Some(integers.iter().map(|&integer| integer as u8).collect::<Vec<_>>());
        assert_eq!(unpack(TensorType::INT4, &[0x8f, 0x72], 4), signed(&[-1, -8, 2, 7]));
        assert_eq!(unpack(TensorType::UINT4, &[0x8f, 0x72], 4), Some(vec![15, 8, 2, 7]));
        let two_bits = [0b1110_0100, 0b0001_1011];
        assert_eq!(unpack(TensorType::INT2, &two_bits, 8), signed(&[0, 1, -2, -1, -1, -2, 1, 0]));
        assert_eq!(unpack(TensorType::INT4, &[0x8f, 0x02], 3), signed(&[-1, -8, 2]));
        assert_eq!(unpack(TensorType::INT4, &[0x8f], 3), None);
        assert_eq!(Packing::of(TensorType::INT8), None);
    }

    #[test]
    fn what_is_packed_unpacks() {
        let integers = [-8, 7, -1, 0, 3];
        assert_eq!(pack_four_bits(&integers), [0x78, 0x0f, 0x03]);
        let unpacked =
            Packing::of(TensorType::INT4).and_then(|packing| packing.unpack(&[0x78, 0x0f, 0x03], 5));
        assert_eq!(unpacked, Some(integers.map(|integer| integer as u8).to_vec()));
    }
}
