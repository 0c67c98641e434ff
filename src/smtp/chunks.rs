//! Message text that comes in counted chunks (BDAT, RFC 3030). BINARYMIME is not offered, so that it is lines of text
//! here as well, and a bare CR, a bare LF or a NUL is refused as in [`super::data`].
//!
//! How long a chunk is stands in its command. No octet of it is looked at to find its end, and none is ever read as a
//! command: those of a chunk that is refused are counted and dropped.

use super::intake::{Flaw, Intake};
use super::memory::{Budget, Hold};

const CR: u8 = b'\r';
const LF: u8 = b'\n';
const NUL: u8 = 0;

/// What BDAT says of the octets behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) octets: u64,
    /// Whether the message ends with it.
    pub(super) last: bool,
}

/// The arguments of BDAT: `chunk-size [LAST]`, the size in up to 20 digits (RFC 3030 §2).
pub(super) fn parse(rest: &str) -> Option<Chunk> {
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    let size = words.next()?;
    let last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return None,
    };
    let digits = size.len() <= 20 && size.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || words.next().is_some() {
        return None;
    }
    let octets = size.parse().ok()?;
    Some(Chunk { octets, last })
}

/// The reader of all chunks of one message. Its result depends neither on how the octets are cut into chunks nor on how
/// they are cut into calls.
#[derive(Debug)]
pub(super) struct Chunks {
    intake: Intake,
    /// The last octet was a CR.
    cr: bool,
    /// The last octets were CRLF, or there was none.
    line_start: bool,
}

impl Chunks {
    /// A reader that keeps at most `limit` octets. `expected` is the size that the client announced, or 0.
    pub(super) fn new(budget: Budget, expected: usize, limit: usize) -> Chunks {
        Chunks {
            intake: Intake::new(budget, expected, limit),
            cr: false,
            line_start: true,
        }
    }

    /// Reads on; every octet is one of the message.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if self.cr {
                self.cr = false;
                if first == LF {
                    self.line_start = true;
                    rest = rest.get(1..).unwrap_or_default();
                    continue;
                }
                self.intake.spoil(Flaw::BareCr);
            }
            rest = self.text(rest);
        }
        self.intake.store(bytes);
    }

    /// Why the message cannot be taken any more.
    pub(super) fn flaw(&self) -> Option<Flaw> {
        self.intake.flaw()
    }

    /// The message with the right to its memory. Its last line gets the CRLF that it may lack: to DATA, by which the
    /// message may have to leave, there is no other line.
    pub(super) fn finish(mut self) -> Result<(Vec<u8>, Hold), Flaw> {
        if self.cr {
            self.intake.spoil(Flaw::BareCr);
        } else if !self.line_start {
            self.intake.store(b"\r\n");
        }
        self.intake.finish()
    }

    /// Goes on to the next octet that means something; returns what stands behind it.
    fn text<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        self.line_start = false;
        let Some(offset) = memchr::memchr3(CR, LF, NUL, rest) else {
            return &[];
        };
        match rest.get(offset) {
            Some(&CR) => self.cr = true,
            Some(&LF) => self.intake.spoil(Flaw::BareLf),
            _ => self.intake.spoil(Flaw::Nul),
        }
        rest.get(offset + 1..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<u8>, Flaw> {
        let mut chunks = Chunks::new(Budget::new(1024 * 1024), 0, 1000);
        for piece in pieces {
            chunks.read(piece);
        }
        chunks.finish().map(|(bytes, _)| bytes)
    }

    #[test]
    fn arguments_are_a_size_and_perhaps_the_word_last() {
        let chunk = |octets, last| Some(Chunk { octets, last });
        assert_eq!(parse("5"), chunk(5, false));
        assert_eq!(parse("0 last"), chunk(0, true));
        assert_eq!(parse(" 00012  LAST"), chunk(12, true));
        assert_eq!(parse("18446744073709551615"), chunk(u64::MAX, false));
        for wrong in [
            "",
            "LAST",
            "-1",
            "+1",
            "1 LAST LAST",
            "1 x",
            "0x10",
            "18446744073709551616",
            "999999999999999999999",
        ] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn dots_are_text_and_nothing_ends_the_message_but_its_count() {
        let text = b".a\r\n.\r\n..\r\nMAIL FROM:<x@y.example>\r\n";
        assert_eq!(read(&[text]).unwrap(), text);
    }

    #[test]
    fn line_ends_that_are_in_doubt_are_refused_wherever_the_chunks_are_cut() {
        assert_eq!(read(&[b"a\r", b"\nb"]).unwrap(), b"a\r\nb\r\n");
        assert_eq!(read(&[b"a\r", b"b"]), Err(Flaw::BareCr));
        assert_eq!(read(&[b"a\r"]), Err(Flaw::BareCr));
        assert_eq!(read(&[b"a\r", b"\r\n"]), Err(Flaw::BareCr));
        assert_eq!(read(&[b"\na\r\n"]), Err(Flaw::BareLf));
        assert_eq!(read(&[b"a\r\n", b"\n"]), Err(Flaw::BareLf));
        assert_eq!(read(&[b"a\0"]), Err(Flaw::Nul));
        assert_eq!(read(&[&[b'x'; 1001]]), Err(Flaw::TooBig));
        assert_eq!(read(&[]).unwrap(), b"");
    }

    proptest! {
        #[test]
        fn however_the_octets_are_cut_the_message_is_the_same(
            octets in proptest::collection::vec(
                prop_oneof![4 => Just(b'x'), 2 => Just(b'\r'), 2 => Just(b'\n'), 1 => Just(0), 1 => any::<u8>()], 0..60),
            at in 0usize..60,
        ) {
            let (first, second) = octets.split_at(at.min(octets.len()));
            prop_assert_eq!(read(&[first, second]), read(&[&octets]));
            let single: Vec<&[u8]> = octets.chunks(1).collect();
            prop_assert_eq!(read(&single), read(&[&octets]));
        }

        #[test]
        fn what_is_taken_is_lines(octets in "[a\r\n]{0,30}") {
            if let Ok(message) = read(&[octets.as_bytes()]) {
                let text = String::from_utf8(message).unwrap();
                prop_assert!(text.is_empty() || text.ends_with("\r\n"));
                prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
            }
        }
    }
}
