//! Random damage to files.

/// Marsaglia's xorshift64: the same damage each time.
pub struct Random(pub u64);

impl Random {
    /// A number from 0 to `end`, which is not among them.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    /// Overwrites a few places of `bytes` with odd numbers, or cuts or repeats a part of them.
    pub fn damage(&mut self, bytes: &mut Vec<u8>) {
        let places = bytes.len() - 8;
        self.damage_at(bytes, |random| random.below(places));
    }

    /// The same at places that `place` gives, each at least 8 before the end.
    pub fn damage_at(&mut self, bytes: &mut Vec<u8>, place: impl Fn(&mut Self) -> usize) {
        for _ in 0..1 + self.below(4) {
            let at = place(self);
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.below(256) as u8,
                2 => bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes()),
                3 => bytes[at..at + 4].copy_from_slice(&(i32::MAX - self.below(9) as i32).to_le_bytes()),
                4 => {
                    let from = self.below(bytes.len() - 8);
                    bytes.copy_within(from..from + 8, at);
                }
                _ => {
                    let near = self.below(bytes.len()) as u32;
                    bytes[at..at + 4].copy_from_slice(&near.to_le_bytes());
                }
            }
        }
        if self.below(16) == 0 {
            bytes.truncate(16 + self.below(bytes.len() - 16));
        }
    }
}
