//! Keeps the octets of one message while they come in, within the limits, or remembers why it is not taken.

use super::memory::{Body, Budget, Hold};

/// Why a message is not taken. Ordered: when several apply, the greatest is told, so that a client does not
/// come back later with a message that can never be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    /// No memory at the moment.
    NoRoom,
    /// More octets than the limit.
    TooBig,
    /// A NUL octet.
    Nul,
    /// CR without LF behind it.
    BareCr,
    /// LF without CR before it.
    BareLf,
}

/// What has come of a message.
#[derive(Debug)]
pub(super) struct Intake {
    body: Option<Body>,
    octets: usize,
    limit: usize,
    flaw: Option<Flaw>,
}

impl Intake {
    /// Room for at most `limit` octets. `expected` is the size that the client announced, or 0.
    pub(super) fn new(budget: Budget, expected: usize, limit: usize) -> Intake {
        Intake {
            body: Some(Body::new(budget, expected, limit)),
            octets: 0,
            limit,
            flaw: None,
        }
    }

    /// Adds octets of the message.
    pub(super) fn store(&mut self, bytes: &[u8]) {
        self.octets = self.octets.saturating_add(bytes.len());
        if self.octets > self.limit {
            self.spoil(Flaw::TooBig);
        } else if let Some(body) = &mut self.body
            && body.push(bytes).is_err()
        {
            self.spoil(Flaw::NoRoom);
        }
    }

    /// Remembers the flaw and gives the memory back at once: nothing of the message will be kept.
    pub(super) fn spoil(&mut self, flaw: Flaw) {
        self.flaw = self.flaw.max(Some(flaw));
        self.body = None;
    }

    /// The flaw, if there is one by now.
    pub(super) fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// The message with the right to its memory, or why it is not taken.
    pub(super) fn finish(self) -> Result<(Vec<u8>, Hold), Flaw> {
        match (self.flaw, self.body) {
            (None, Some(body)) => Ok(body.into_parts()),
            (flaw, _) => Err(flaw.unwrap_or(Flaw::NoRoom)),
        }
    }
}
