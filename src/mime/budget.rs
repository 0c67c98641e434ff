//! What reading one message may cost. Every limit that is met is named in an obstacle.

use super::Limits;

/// What is left to spend.
#[derive(Debug)]
pub(super) struct Budget {
    parts: usize,
    fields: usize,
    field_octets: usize,
    bytes: usize,
    work: usize,
    raw: usize,
}

/// Header fields that become texts of their own; the rest of a longer section becomes one text.
const FIELDS: usize = 20_000;

/// Octets of header fields that are decoded. Longer ones are searched as they stand.
const FIELD_OCTETS: usize = 8 << 20;

/// How often the octets of a message may be gone over, on average: ordinary mail needs a few times for each level
/// of nesting.
const TIMES: usize = 100;

/// Octets that may be gone over in any message: a few seconds' work.
const WORK: usize = 2 << 30;

impl Budget {
    /// The budget of a message with `length` octets.
    pub fn new(limits: &Limits, length: usize) -> Self {
        Budget {
            parts: limits.parts,
            fields: FIELDS,
            field_octets: FIELD_OCTETS,
            bytes: limits.message_size,
            work: length.saturating_mul(TIMES).saturating_add(1 << 20).min(WORK),
            raw: length.saturating_mul(2).saturating_add(1 << 20),
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

    /// Takes the work of going over octets.
    pub fn work(&mut self, count: usize) -> bool {
        take(&mut self.work, count)
    }

    /// Takes octets that are handed out as they stand, beside a better reading.
    pub fn raw(&mut self, count: usize) -> bool {
        take(&mut self.raw, count)
    }

    /// Takes octets of a header field that is to be decoded.
    pub fn field(&mut self, count: usize) -> bool {
        take(&mut self.field_octets, count)
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
