//! Numbers and runs in little-endian octets, for the binary formats.

/// Reads octets from front to back. What is not there reads as `None`, and nothing after it is read.
#[derive(Clone, Copy)]
pub(super) struct Octets<'a> {
    rest: &'a [u8],
}

impl<'a> Octets<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Octets { rest: bytes }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// Like [`Octets::take`]; where less is left, takes that.
    pub fn take_most(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// A number of four octets that counts octets or things in memory.
    pub fn length(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }
}

/// The number of two octets that stands at `at`.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Octets::new(bytes.get(at..)?).u16()
}

/// The number of four octets that stands at `at`.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Octets::new(bytes.get(at..)?).u32()
}

/// The same number, as an offset or a length.
pub(super) fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    Octets::new(bytes.get(at..)?).length()
}

/// The stretch that begins at `start`, as much of it as is there.
pub(super) fn stretch(bytes: &[u8], start: usize, length: usize) -> &[u8] {
    let rest = bytes.get(start..).unwrap_or_default();
    rest.get(..length).unwrap_or(rest)
}
