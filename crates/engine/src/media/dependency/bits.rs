//! Reading bit by bit.

/// The bits of some bytes, the highest first.
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8]) -> Bits<'a> {
        Bits { bytes, at: 0 }
    }

    /// Bits that have been read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Bits that are left.
    pub fn left(&self) -> usize {
        (8 * self.bytes.len()).saturating_sub(self.at)
    }

    /// Passes over bits. `None` when there are fewer.
    pub fn skip(&mut self, count: usize) -> Option<()> {
        self.at += count;
        (self.at <= 8 * self.bytes.len()).then_some(())
    }

    /// The next `count` bits, at most 32, as a number. `None` when there are fewer.
    pub fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | self.bit()?;
        }
        Some(value)
    }

    pub fn flag(&mut self) -> Option<bool> {
        Some(self.bit()? != 0)
    }

    /// A number below `limit` in the specification's non-symmetric form: values that fit take one bit less.
    pub fn below(&mut self, limit: u32) -> Option<u32> {
        let width = u32::BITS - limit.leading_zeros();
        let short = (1 << width) - limit;
        let value = self.take(width.checked_sub(1)?)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1) - short + self.take(1)?)
    }

    fn bit(&mut self) -> Option<u32> {
        let byte = *self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }
}
