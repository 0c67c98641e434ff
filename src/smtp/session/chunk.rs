//! BDAT in a session (RFC 3030): counted octets, which are text of the message or dropped, and never commands.

use bytes::{Buf, BytesMut};

use super::{Answer, Chunk, Chunks, Event, Phase, Session, Wait};

/// A chunk on its way in.
#[derive(Debug)]
pub(super) struct Counted {
    /// Octets that are still to come.
    left: u64,
    last: bool,
    /// What its client is told behind the last octet, when the chunk is not taken (RFC 3030 §4.2).
    refusal: Option<Answer>,
}

impl Session {
    /// Goes over to reading the chunk, whether it is taken or not.
    pub(super) fn start_chunk(&mut self, chunk: Chunk) {
        let refusal = self.refusal();
        if refusal.is_none()
            && let Some(transaction) = &mut self.transaction
            && transaction.chunks.is_none()
        {
            let expected = transaction.mail.expected();
            let chunks = Chunks::new(self.budget.clone(), expected, self.rules.message_octets);
            transaction.chunks = Some(chunks);
        }
        self.phase = Phase::Chunk(Counted {
            left: chunk.octets,
            last: chunk.last,
            refusal,
        });
    }

    fn refusal(&self) -> Option<Answer> {
        match &self.transaction {
            _ if self.chunks_failed => Some(Answer::CHUNKS_FAILED),
            None => Some(Answer::MAIL_FIRST),
            Some(transaction) if transaction.recipients.is_empty() => Some(Answer::RECIPIENT_FIRST),
            Some(_) => None,
        }
    }

    /// Takes what is there of a chunk.
    pub(super) fn chunk(&mut self, input: &mut BytesMut) -> Option<Event> {
        let Phase::Chunk(counted) = &mut self.phase else {
            return None;
        };
        let here = usize::try_from(counted.left).map_or(input.len(), |left| left.min(input.len()));
        let chunks = self.transaction.as_mut().and_then(|one| one.chunks.as_mut());
        if let (None, Some(chunks)) = (&counted.refusal, chunks) {
            chunks.read(input.get(..here).unwrap_or_default());
        }
        input.advance(here);
        counted.left = counted.left.saturating_sub(here as u64);
        if counted.left > 0 {
            return Some(Event::Read(Wait::Data));
        }
        let Phase::Chunk(counted) = std::mem::replace(&mut self.phase, Phase::Command) else {
            return None;
        };
        match counted.refusal {
            Some(answer) => {
                self.refuse_chunk(answer);
                None
            }
            None => self.end_chunk(counted.last),
        }
    }

    /// Chunks behind a refused one were sent before its client could know, and are no further errors.
    fn refuse_chunk(&mut self, answer: Answer) {
        if self.chunks_failed {
            self.say(answer);
        } else {
            self.chunks_failed = true;
            self.fail(answer);
        }
    }

    fn end_chunk(&mut self, last: bool) -> Option<Event> {
        let chunks = self.transaction.as_ref().and_then(|one| one.chunks.as_ref());
        let flaw = chunks.and_then(Chunks::flaw);
        if flaw.is_none() && !last {
            self.say(Answer::CHUNK_TAKEN);
            return None;
        }
        self.chunks_failed = flaw.is_some();
        let mut transaction = self.transaction.take()?;
        let taken = transaction.chunks.take()?.finish();
        if !last {
            // One answer to a chunk that is not the last one.
            transaction.answers = 1;
        }
        self.received(transaction, taken)
    }
}
