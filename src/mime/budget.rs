//! What reading one message may cost. Every limit that is met is named in an obstacle.

use super::Limits;

/// What is left to spend.
#[derive(Debug)]
pub(super) struct Budget {
    parts: usize,
    fields: usize,
    bytes: usize,
    scan: usize,
}

/// Header fields that become texts of their own; the rest of a longer section becomes one text.
const FIELDS: usize = 20_000;

/// How often the octets of a message may be searched for delimiters, on average. Ordinary mail needs as often as
/// its multiparts nest.
const SCANS: usize = 100;

impl Budget {
    /// The budget of a message with `length` octets.
    pub fn new(limits: &Limits, length: usize) -> Self {
        Budget {
            parts: limits.parts,
            fields: FIELDS,
            bytes: limits.message_size,
            scan: length.saturating_mul(SCANS).saturating_add(1 << 20),
        }
    }

    /// Takes one part.
    pub fn part(&mut self) -> bool {
        take(&mut self.parts, 1)
    }

    /// Takes decoded octets.
    pub fn bytes(&mut self, count: usize) -> bool {
        take(&mut self.bytes, count)
    }

    /// Takes a search for delimiters.
    pub fn scan(&mut self, count: usize) -> bool {
        take(&mut self.scan, count)
    }

    /// Takes header fields.
    pub fn fields(&mut self, count: usize) {
        self.fields = self.fields.saturating_sub(count);
    }

    /// How many parts may still come.
    pub fn parts_left(&self) -> usize {
        self.parts
    }

    /// How many header fields may still come.
    pub fn fields_left(&self) -> usize {
        self.fields
    }
}

fn take(left: &mut usize, count: usize) -> bool {
    let enough = *left >= count;
    if enough {
        *left -= count;
    }
    enough
}
