//! Reads the message text behind DATA: finds its end, undoes dot-stuffing (RFC 5321 §4.5.2), refuses what other
//! servers might read differently.
//!
//! Only CRLF "." CRLF ends the data (RFC 5321 §4.1.1.4). Servers that also take LF "." LF and the like let a
//! sender hide a second message inside a first one ("SMTP smuggling"), and a message whose line ends are
//! in doubt would be read differently by the next server. So bare CR, bare LF and NUL are refused (RFC 5321
//! §2.3.8), but only after the true end: what stands in the data is never a command.

use super::intake::{Flaw, Intake};
use super::memory::{Budget, Hold};

const CR: u8 = b'\r';
const LF: u8 = b'\n';
const NUL: u8 = 0;
const DOT: u8 = b'.';

/// The reader of one message. Its result does not depend on how the bytes are cut into calls.
#[derive(Debug)]
pub(super) struct Data {
    place: Place,
    intake: Intake,
}

/// Where in a line the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Behind CRLF, or at the very start: the CRLF of the DATA command counts.
    LineStart,
    /// Within a line.
    Text,
    /// Behind a CR within a line.
    Cr,
    /// Behind a dot at the start of a line.
    Dot,
    /// Behind a dot at the start of a line and a CR.
    DotCr,
}

impl Data {
    /// A reader that keeps at most `limit` octets. `expected` is the size that the client announced, or 0.
    pub(super) fn new(budget: Budget, expected: usize, limit: usize) -> Data {
        Data {
            place: Place::LineStart,
            intake: Intake::new(budget, expected, limit),
        }
    }

    /// Reads on. `Some(n)`: the data ended with the first `n` octets of `input`; what follows is not data.
    /// `None`: all of `input` was data, or the start of the end.
    pub(super) fn read(&mut self, input: &[u8]) -> Option<usize> {
        let mut at = 0;
        // What lies between `kept` and `at` belongs to the message and waits to be stored in one go.
        let mut kept = 0;
        loop {
            let Some(&byte) = input.get(at) else {
                self.store(input, kept, at);
                return None;
            };
            match (self.place, byte) {
                (Place::Text, _) => at = self.text(input, at),
                (Place::Cr, LF) => {
                    self.place = Place::LineStart;
                    at += 1;
                }
                (Place::LineStart, DOT) => {
                    self.store(input, kept, at);
                    self.place = Place::Dot;
                    at += 1;
                    kept = at;
                }
                (Place::Dot, CR) => {
                    // Part of the end, or a bare CR which spoils the message: in neither case part of it.
                    self.place = Place::DotCr;
                    at += 1;
                    kept = at;
                }
                (Place::DotCr, LF) => return Some(at + 1),
                (Place::Cr | Place::DotCr, _) => {
                    self.intake.spoil(Flaw::BareCr);
                    self.place = Place::Text;
                }
                (Place::LineStart | Place::Dot, _) => self.place = Place::Text,
            }
        }
    }

    /// The message with the right to its memory, or why it is not taken.
    pub(super) fn finish(self) -> Result<(Vec<u8>, Hold), Flaw> {
        self.intake.finish()
    }

    /// Goes on within a line to the next octet that means something; returns the place behind it.
    fn text(&mut self, input: &[u8], at: usize) -> usize {
        let rest = input.get(at..).unwrap_or_default();
        let Some(offset) = memchr::memchr3(CR, LF, NUL, rest) else {
            return input.len();
        };
        match rest.get(offset) {
            Some(&CR) => self.place = Place::Cr,
            Some(&LF) => self.intake.spoil(Flaw::BareLf),
            _ => self.intake.spoil(Flaw::Nul),
        }
        at + offset + 1
    }

    fn store(&mut self, input: &[u8], from: usize, to: usize) {
        self.intake.store(input.get(from..to).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 1000;

    /// What the reader says of `stream` when it comes in pieces of these lengths (repeated for ever).
    fn read(stream: &[u8], pieces: &[usize]) -> Option<(usize, Result<Vec<u8>, Flaw>)> {
        let mut data = Data::new(Budget::new(1024 * 1024), 0, LIMIT);
        let mut lengths = pieces.iter().cycle();
        let mut at = 0;
        while at < stream.len() {
            let piece = &stream[at..stream.len().min(at + lengths.next().unwrap())];
            if let Some(n) = data.read(piece) {
                return Some((at + n, data.finish().map(|(bytes, _)| bytes)));
            }
            at += piece.len();
        }
        None
    }

    /// The same by the letter of RFC 5321, with no thought of speed.
    fn reference(stream: &[u8]) -> Option<(usize, Result<Vec<u8>, Flaw>)> {
        let whole = [b"\r\n", stream].concat();
        let end = memchr::memmem::find(&whole, b"\r\n.\r\n")?;
        let text = &whole[..end + 2];
        let bare = |at: usize, byte: u8| match byte {
            NUL => Some(Flaw::Nul),
            CR if text.get(at + 1) != Some(&LF) => Some(Flaw::BareCr),
            LF if at == 0 || text[at - 1] != CR => Some(Flaw::BareLf),
            _ => None,
        };
        let flaw = text
            .iter()
            .enumerate()
            .filter_map(|(at, byte)| bare(at, *byte))
            .max();
        let mut message = text.to_vec();
        let mut at = 0;
        while let Some(found) = memchr::memmem::find(&message[at..], b"\r\n.") {
            message.remove(at + found + 2);
            at += found + 2;
        }
        let message = message[2..].to_vec();
        let too_big = (message.len() > LIMIT).then_some(Flaw::TooBig);
        let result = flaw.max(too_big).map_or(Ok(message), Err);
        Some((end + 3, result))
    }

    #[test]
    fn dots_at_line_starts_are_undone_and_others_stay() {
        let stream = b"..a\r\n.b\r\n...\r\nc.\r\n.d.\r\n\r\n.\r\nQUIT\r\n";
        let (end, message) = read(stream, &[1000]).unwrap();
        assert_eq!(message.unwrap(), b".a\r\nb\r\n..\r\nc.\r\nd.\r\n\r\n");
        assert_eq!(&stream[end..], b"QUIT\r\n");
    }

    #[test]
    fn a_message_may_be_empty() {
        assert_eq!(read(b".\r\n", &[1]), Some((3, Ok(Vec::new()))));
    }

    #[test]
    fn lines_of_any_length_are_taken() {
        let line = [&[b'x'; 990][..], b"\r\n.\r\n"].concat();
        assert_eq!(read(&line, &[7]).unwrap().1.unwrap().len(), 992);
    }

    #[test]
    fn nothing_but_crlf_dot_crlf_ends_the_data() {
        let sequences: [&[u8]; 12] = [
            b"a\n.\n",
            b"a\n.\r\n",
            b"a\r.\r\n",
            b"a\r\n.\n",
            b"a\r\n.\rb",
            b"a\r\n\0.\r\n",
            b"a\r.\r",
            b"a\r\n.\0\r\n",
            b"a\r\n.\r\r\n",
            b"a\n\r.\r\n",
            b"a\r\n .\r\n",
            b"a\r\n.\x0b\r\n",
        ];
        for sequence in sequences {
            for size in 1..8 {
                let stream = [sequence, b"MAIL FROM:<evil@example.net>\r\n"].concat();
                assert_eq!(
                    read(&stream, &[size]),
                    None,
                    "{:?}",
                    sequence.escape_ascii().to_string()
                );
            }
        }
    }

    #[test]
    fn a_permanent_flaw_is_told_before_a_passing_one() {
        let mut data = Data::new(Budget::new(0), 0, 10);
        assert_eq!(data.read(b"abc\n0123456789\r\n.\r\n"), Some(19));
        assert_eq!(data.finish().unwrap_err(), Flaw::BareLf);
        let mut data = Data::new(Budget::new(0), 0, 10);
        assert_eq!(data.read(b"0123456789\r\n.\r\n"), Some(15));
        assert_eq!(data.finish().unwrap_err(), Flaw::TooBig);
        let mut data = Data::new(Budget::new(0), 0, 10);
        assert_eq!(data.read(b"01234567\r\n.\r\n"), Some(13));
        assert_eq!(data.finish().unwrap_err(), Flaw::NoRoom);
    }

    #[test]
    fn a_spoiled_message_keeps_no_memory_while_the_rest_is_read() {
        let budget = Budget::new(64 * 1024);
        let mut data = Data::new(budget.clone(), 0, 1000);
        assert_eq!(data.read(b"hello\r\n"), None);
        assert!(budget.free() < 64 * 1024);
        assert_eq!(data.read(&[b'x'; 2000]), None);
        assert_eq!(budget.free(), 64 * 1024);
    }

    /// Streams in which the octets that matter are frequent.
    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => Just(b"\r\n".to_vec()),
            3 => Just(b".".to_vec()),
            3 => Just(b"text".to_vec()),
            1 => Just(b"\r".to_vec()),
            1 => Just(b"\n".to_vec()),
            1 => Just(b"\0".to_vec()),
            1 => Just(b"\r\n.\r\n".to_vec()),
            1 => Just(vec![b'y'; 600]),
            1 => any::<u8>().prop_map(|byte| vec![byte]),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_result_is_the_one_of_the_standard(
            stream in streams(),
            pieces in proptest::collection::vec(1usize..9, 1..6),
        ) {
            let expected = reference(&stream);
            prop_assert_eq!(read(&stream, &[usize::MAX / 2]), expected.clone());
            prop_assert_eq!(read(&stream, &[1]), expected.clone());
            prop_assert_eq!(read(&stream, &pieces), expected);
        }

        #[test]
        fn what_was_stuffed_comes_back(lines in proptest::collection::vec("[.a-c]{0,5}", 0..20)) {
            let message: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let stuffed: String = lines
                .iter()
                .map(|line| format!("{}{line}\r\n", if line.starts_with('.') { "." } else { "" }))
                .collect();
            let stream = format!("{stuffed}.\r\n");
            prop_assert_eq!(read(stream.as_bytes(), &[3]), Some((stream.len(), Ok(message.into_bytes()))));
        }
    }
}
