//! Large mailboxes (mbox) are read in pieces of whole messages, so that they may be larger than any limit on a file,
//! and so that several readers can work on one.
//!
//! A piece is a mailbox itself. This splits at lines; what a message is, the jailed reader decides.

use std::io::{BufRead, Read, Result};

use crate::inspect::Examined;

/// Files that are not larger are read whole, as they would be as an attachment.
const PIECE: usize = 256 << 10;

/// The pieces of a file: of a mailbox whole messages, of anything else all of it.
pub struct Pieces<R> {
    source: R,
    /// The first line of the next piece.
    carried: Vec<u8>,
    mailbox: bool,
    /// Octets that a piece may have.
    largest: usize,
    size: usize,
    messages: usize,
}

/// A part of a file that is read on its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its octets. More than the largest piece means that something is left out.
    pub bytes: Vec<u8>,
    /// How many messages of the mailbox come before it.
    pub before: usize,
}

impl<R: BufRead> Pieces<R> {
    /// Reads from `source`; of something larger than `largest` one octet more is read, so that it shows.
    pub fn of(source: R, largest: u64) -> Pieces<R> {
        Pieces {
            source,
            carried: Vec::new(),
            mailbox: false,
            largest: usize::try_from(largest).unwrap_or(usize::MAX),
            size: PIECE,
            messages: 0,
        }
    }

    /// The next piece, `None` after the last. An empty file has one empty piece.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn next(&mut self) -> Result<Option<Piece>> {
        let first = self.messages == 0 && self.carried.is_empty();
        let mut bytes = std::mem::take(&mut self.carried);
        if first {
            self.fill(&mut bytes, b"From ".len())?;
            self.mailbox = bytes == b"From ";
        } else if bytes.is_empty() {
            return Ok(None);
        }
        let before = self.messages;
        if !self.mailbox {
            self.fill(&mut bytes, self.largest.saturating_add(1))?;
            // Any number but none: there is no next piece.
            self.messages = 1;
            return Ok(Some(Piece { bytes, before }));
        }
        self.messages += 1;
        self.read_messages(&mut bytes)?;
        Ok(Some(Piece { bytes, before }))
    }

    /// Reads lines until the piece is large enough and a message begins, whose first line is kept for the next one.
    fn read_messages(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        let room = self.largest.saturating_add(1);
        while bytes.len() < room {
            let start = bytes.len();
            let line = (room - start) as u64;
            if self.source.by_ref().take(line).read_until(b'\n', bytes)? == 0 {
                return Ok(());
            }
            let (above, line) = bytes.split_at(start);
            if !line.starts_with(b"From ") {
                continue;
            }
            if start >= self.size && is_cut(above, line) {
                self.carried = bytes.split_off(start);
                return Ok(());
            }
            self.messages += 1;
        }
        Ok(())
    }

    fn fill(&mut self, bytes: &mut Vec<u8>, length: usize) -> Result<usize> {
        let room = length.saturating_sub(bytes.len()) as u64;
        self.source.by_ref().take(room).read_to_end(bytes)
    }
}

/// Whether a message surely begins here: a separator with a time, below an empty line. A cut elsewhere would part what
/// belongs together.
fn is_cut(above: &[u8], line: &[u8]) -> bool {
    let timed = line.windows(5).any(|at| {
        let [a, b, colon, c, d] = at else { return false };
        *colon == b':' && [a, b, c, d].into_iter().all(u8::is_ascii_digit)
    });
    timed && (above.ends_with(b"\n\n") || above.ends_with(b"\n\r\n"))
}

/// Joins what was learned of a piece to what was learned of those before it.
pub fn join(all: &mut Examined, mut piece: Examined, before: usize) {
    let places = piece.inspection.findings.iter_mut().map(|one| &mut one.place);
    let places = places.chain(piece.extras.rejected.iter_mut().map(|one| &mut one.place));
    let places = places.chain(piece.extras.texts.iter_mut().map(|one| &mut one.place));
    let parts = places.map(|place| &mut place.part);
    let parts = parts.chain(piece.inspection.obstacles.iter_mut().map(|one| &mut one.part));
    parts.for_each(|part| count_on(part, before));
    all.inspection.findings.append(&mut piece.inspection.findings);
    all.inspection.obstacles.append(&mut piece.inspection.obstacles);
    all.extras.values.append(&mut piece.extras.values);
    all.extras.texts.append(&mut piece.extras.texts);
    all.extras.rejected.append(&mut piece.extras.rejected);
    all.extras
        .rejected_values
        .append(&mut piece.extras.rejected_values);
}

/// Part `1.2.3` is in the second message of the mailbox, or in a later one when others come before this piece.
fn count_on(part: &mut String, before: usize) {
    let mut steps: Vec<String> = part.split('.').map(str::to_owned).collect();
    if let Some(number) = steps.get_mut(1)
        && let Ok(within) = number.parse::<usize>()
    {
        *number = within.saturating_add(before).to_string();
        *part = steps.join(".");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(bytes: &[u8], size: usize, largest: u64) -> Vec<Piece> {
        let mut pieces = Pieces::of(bytes, largest);
        pieces.size = size;
        std::iter::from_fn(|| pieces.next().unwrap()).collect()
    }

    #[test]
    fn a_mailbox_is_cut_between_messages_and_its_pieces_know_how_many_came_before() {
        let one = "From a Mon Jan  1 00:00:00 2024\nSubject: 1\n\nFrom here on\n\n";
        let mailbox = one.repeat(4);
        let cut = pieces(mailbox.as_bytes(), 60, 1 << 20);
        let texts: Vec<&str> = cut
            .iter()
            .map(|piece| std::str::from_utf8(&piece.bytes).unwrap())
            .collect();
        assert_eq!(texts.concat(), mailbox);
        assert!(
            texts.iter().all(|text| text.starts_with("From a Mon")),
            "{texts:?}"
        );
        assert_eq!(cut.len(), 2);
        // Readers take each line that begins with "From " for the beginning of a message.
        assert_eq!(cut.iter().map(|piece| piece.before).collect::<Vec<_>>(), [0, 4]);
    }

    #[test]
    fn anything_else_is_one_piece_and_too_much_shows() {
        assert_eq!(pieces(b"", 4, 9).len(), 1);
        let [piece] = pieces(b"no mailbox\n\nFrom a\n", 4, 9).try_into().unwrap();
        assert_eq!(piece.bytes, b"no mailbox");
    }

    #[test]
    fn parts_say_which_message_of_the_whole_mailbox_they_are_in() {
        for (part, counted) in [("1.2.1", "1.12.1"), ("1.1", "1.11"), ("1", "1"), ("0", "0")] {
            let mut part = part.to_owned();
            count_on(&mut part, 10);
            assert_eq!(part, counted);
        }
    }

    proptest! {
        #[test]
        fn no_octet_is_lost_or_doubled(lines in prop::collection::vec(prop_oneof![
            Just("From a 10:00"), Just("From b"), Just(""), Just("\r"), Just("text"), Just(">From ")], 0..60), size in 0usize..80) {
            let text = format!("From x\n{}", lines.join("\n"));
            let cut = pieces(text.as_bytes(), size, 1 << 20);
            let joined: Vec<u8> = cut.into_iter().flat_map(|piece| piece.bytes).collect();
            prop_assert_eq!(joined, text.into_bytes());
        }
    }
}
