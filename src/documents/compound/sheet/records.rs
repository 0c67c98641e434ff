//! Records of a workbook, each with the ones that continue it ([MS-XLS] §2.1.4).

use crate::documents::octets::Octets;

/// A record and its continuations.
pub(super) struct Record<'a> {
    pub kind: u16,
    /// Where it begins in the stream.
    pub at: usize,
    /// The record's own octets, then those of each continuation.
    pub chunks: Vec<&'a [u8]>,
}

const CONTINUE: u16 = 0x3c;
const FILEPASS: u16 = 0x2f;

impl<'a> Record<'a> {
    /// Its own octets.
    pub fn octets(&self) -> Octets<'a> {
        Octets::new(self.chunks.first().copied().unwrap_or_default())
    }

    /// Whether all that follows is encrypted ([MS-XLS] §2.4.117).
    pub fn is_filepass(&self) -> bool {
        self.kind == FILEPASS
    }
}

/// Splits a stream into records.
pub(super) struct Records<'a> {
    octets: Octets<'a>,
    length: usize,
    cut: bool,
}

impl<'a> Records<'a> {
    pub fn new(stream: &'a [u8]) -> Self {
        Records {
            octets: Octets::new(stream),
            length: stream.len(),
            cut: false,
        }
    }

    pub fn next(&mut self) -> Option<Record<'a>> {
        let at = self.length - self.octets.rest().len();
        let (kind, first) = self.one()?;
        let mut chunks = vec![first];
        while self.octets.rest().starts_with(&CONTINUE.to_le_bytes())
            && let Some((_, chunk)) = self.one()
        {
            chunks.push(chunk);
        }
        Some(Record { kind, at, chunks })
    }

    /// What is left after the last record.
    pub fn rest(&self) -> &'a [u8] {
        self.octets.rest()
    }

    /// Whether the last record is not all there.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// One record; zeros fill the end of a stream and are none.
    fn one(&mut self) -> Option<(u16, &'a [u8])> {
        let mut ahead = self.octets;
        let (kind, length) = (ahead.u16()?, usize::from(ahead.u16()?));
        if kind == 0 && length == 0 {
            return None;
        }
        self.cut = ahead.rest().len() < length;
        let body = ahead.take_most(length);
        self.octets = ahead;
        Some((kind, body))
    }
}
