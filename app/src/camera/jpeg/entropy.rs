//! The entropy-coded part of a baseline JPEG picture: bits, Huffman codes, coefficients.

use anyhow::{Context, Result, ensure};

/// The place in the block of each coefficient in the order in which they are coded: ITU-T T.81, figure A.6.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The bits that the table of short codes looks at.
const SHORT: u32 = 9;

/// A table of Huffman codes.
#[derive(Clone, Debug)]
pub struct Codes {
    /// For each beginning of [`SHORT`] bits the symbol and its length, zero where the code is longer.
    short: Vec<(u8, u8)>,
    /// For each length the first code that is too large for it, aligned to 16 bits.
    limits: [u32; 17],
    /// For each length what is to be added to a code to get the symbol's index.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Codes {
    /// A table of `counts[n]` codes of `n + 1` bits, for these symbols in order: T.81, annex C.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self> {
        let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
        ensure!(total <= 256 && total == symbols.len(), "a Huffman table has {total} codes");
        let (mut limits, mut offsets) = ([0; 17], [0; 17]);
        let mut short = vec![(0, 0); 1 << SHORT];
        let (mut code, mut index) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = u32::from(counts[length as usize - 1]);
            ensure!(code + count <= 1 << length, "a Huffman table has too many codes of {length} bits");
            offsets[length as usize] = index as i32 - code as i32;
            for _ in 0..count {
                if length <= SHORT {
                    let first = (code << (SHORT - length)) as usize;
                    short[first..first + (1 << (SHORT - length))].fill((symbols[index], length as u8));
                }
                (code, index) = (code + 1, index + 1);
            }
            limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(Self { short, limits, offsets, symbols: symbols.to_vec() })
    }
}

/// Reads bits of entropy-coded data, in which a byte of ones is followed by a zero that does not count.
pub struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, the first one at the top.
    window: u64,
    count: u32,
    /// Bits of zeros that were made up after the end.
    missing: u32,
}

impl<'a> Bits<'a> {
    /// The bits from the beginning of a scan's data.
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, window: 0, count: 0, missing: 0 }
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let byte = match (self.data.get(self.at), self.data.get(self.at + 1)) {
                (Some(0xff), Some(0)) => {
                    self.at += 2;
                    0xff
                }
                (Some(0xff), _) | (None, _) => {
                    self.missing += 8;
                    0
                }
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.window |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    fn skip(&mut self, count: u32) {
        self.window <<= count;
        self.count -= count;
    }

    /// The next symbol.
    fn symbol(&mut self, codes: &Codes) -> Result<u8> {
        if self.count < 16 {
            self.fill();
        }
        let (symbol, length) = codes.short[(self.window >> (64 - SHORT)) as usize];
        if length > 0 {
            self.skip(length.into());
            return Ok(symbol);
        }
        let code = (self.window >> 48) as u32;
        let length = (SHORT + 1..=16).find(|&length| code < codes.limits[length as usize]);
        let length = length.context("a Huffman code has no symbol")?;
        self.skip(length);
        let index = (code >> (16 - length)) as i32 + codes.offsets[length as usize];
        codes.symbols.get(index as usize).copied().context("a Huffman code has no symbol")
    }

    /// A signed number of so many bits, at most 15: T.81, F.2.2.1.
    fn number(&mut self, size: u32) -> i32 {
        if size == 0 {
            return 0;
        }
        if self.count < 16 {
            self.fill();
        }
        let value = (self.window >> (64 - size)) as i32;
        self.skip(size);
        if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value }
    }

    /// Reads a block's coefficients, multiplies them by the quantization table and puts them into rows.
    /// `last` is the component's direct coefficient before, in and out.
    pub fn block(
        &mut self,
        tables: (&Codes, &Codes),
        quantization: &[i32; 64],
        last: &mut i32,
        block: &mut [i32; 64],
    ) -> Result<()> {
        let (direct, alternating) = tables;
        let size = self.symbol(direct)?;
        ensure!(size <= 11, "a coefficient has {size} bits");
        *last = last.wrapping_add(self.number(size.into()));
        block[0] = last.wrapping_mul(quantization[0]);
        let mut index = 1;
        while index < 64 {
            let symbol = self.symbol(alternating)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            match (run, size) {
                (15, 0) => index += 16,
                (_, 0) => break,
                _ => {
                    index += run;
                    ensure!(index < 64, "a block has more than 64 coefficients");
                    let place = usize::from(ZIGZAG[index]);
                    block[place] = self.number(size).wrapping_mul(quantization[index]);
                    index += 1;
                }
            }
        }
        Ok(())
    }

    /// Goes on after the next restart marker.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(self.missing <= self.count, "the picture is cut off");
        let marker = matches!(self.data.get(self.at..self.at + 2), Some([0xff, 0xd0..=0xd7]));
        ensure!(marker, "a restart marker is missing");
        *self = Self { data: self.data, at: self.at + 2, window: 0, count: 0, missing: 0 };
        Ok(())
    }

    /// Whether more bits were read than there are.
    pub fn is_exhausted(&self) -> bool {
        self.missing > self.count
    }
}
