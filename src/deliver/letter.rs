//! A body on its way through DATA: checked once, then dot-stuffed without a copy (RFC 5321 §4.5.2).

/// Ends DATA. It is never part of [`Letter::stuffed`], so that it is sent on purpose only.
pub(super) const END_OF_DATA: &[u8] = b".\r\n";
/// The longest piece, which must leave within one time-out.
const PIECE: usize = 32 * 1024;

/// A body of which every line ends in CRLF, the last one perhaps excepted.
///
/// There is no other way to send a body: a bare CR or LF could look like the end of DATA to some server, and
/// what follows like the next command ("SMTP smuggling").
#[derive(Clone, Copy)]
pub(super) struct Letter<'a> {
    bytes: &'a [u8],
    /// Whether any octet is above 127.
    pub(super) eight_bit: bool,
}

/// A CR or LF stands alone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BareLineEnd;

impl<'a> Letter<'a> {
    /// Checks the line ends.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Letter<'a>, BareLineEnd> {
        let mut line_feeds = 0;
        for place in memchr::memchr_iter(b'\n', bytes) {
            let before = place.checked_sub(1).and_then(|before| bytes.get(before));
            if before != Some(&b'\r') {
                return Err(BareLineEnd);
            }
            line_feeds += 1;
        }
        // Every LF has its own CR before it; one CR more stands alone.
        if memchr::memchr_iter(b'\r', bytes).count() != line_feeds {
            return Err(BareLineEnd);
        }
        Ok(Letter {
            bytes,
            eight_bit: !bytes.is_ascii(),
        })
    }

    /// Octets as RFC 1870 §3 counts them: with every CRLF, without added dots.
    pub(super) fn size(&self) -> u64 {
        let size = self.bytes.len() + self.missing_line_end().len();
        u64::try_from(size).unwrap_or(u64::MAX)
    }

    /// The octets to send after `354`, in bounded pieces: the body with a dot before each line that begins
    /// with one, and a CRLF at the end if there is none. [`END_OF_DATA`] comes after them.
    pub(super) fn stuffed(self) -> impl Iterator<Item = &'a [u8]> {
        self.pieces(PIECE)
    }

    /// The octets for BDAT (RFC 3030), in bounded pieces: the body as it is, with a CRLF at the end if there is none.
    pub(super) fn plain(self) -> impl Iterator<Item = &'a [u8]> {
        let end = Some(self.missing_line_end()).filter(|end| !end.is_empty());
        self.bytes.chunks(PIECE).chain(end)
    }

    fn pieces(self, longest: usize) -> impl Iterator<Item = &'a [u8]> {
        let first_dot = self.bytes.starts_with(b".").then_some(0);
        let dots = memchr::memmem::find_iter(self.bytes, b"\n.").map(|line_end| line_end + 1);
        // A stretch ends where a dot is to be added, the last one at the end of the body.
        let ends = first_dot.into_iter().chain(dots).map(Some).chain([None]);
        let stretches = ends.scan(0, move |start, end| {
            let stretch = self.bytes.get(*start..end.unwrap_or(self.bytes.len()))?;
            *start = end.unwrap_or(self.bytes.len());
            let added: &[u8] = if end.is_some() {
                b"."
            } else {
                self.missing_line_end()
            };
            Some([stretch, added])
        });
        stretches
            .flatten()
            .flat_map(move |stretch| stretch.chunks(longest))
    }

    fn missing_line_end(&self) -> &'static [u8] {
        if self.bytes.is_empty() || self.bytes.ends_with(b"\r\n") {
            b""
        } else {
            b"\r\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(body: &[u8]) -> Vec<u8> {
        let letter = Letter::new(body).unwrap_or_else(|_| panic!("refused"));
        letter.stuffed().collect::<Vec<_>>().concat()
    }

    /// What a server keeps (RFC 5321 §4.5.2), read independently of how it was written.
    fn received(data: &[u8]) -> Vec<u8> {
        let mut kept = Vec::new();
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            assert_ne!(line, END_OF_DATA, "the end came early");
            kept.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        kept
    }

    #[test]
    fn dots_at_line_starts_are_doubled_and_a_missing_line_end_is_added() {
        for (body, data) in [
            ("", ""),
            ("a\r\n", "a\r\n"),
            ("a", "a\r\n"),
            (".", "..\r\n"),
            (".\r\n", "..\r\n"),
            ("..\r\n.\r\n.", "...\r\n..\r\n..\r\n"),
            ("a.\r\n.b\r\nc.d\r\n", "a.\r\n..b\r\nc.d\r\n"),
            (
                "\r\n.\r\nMAIL FROM:<a@b.c>\r\n",
                "\r\n..\r\nMAIL FROM:<a@b.c>\r\n",
            ),
        ] {
            assert_eq!(sent(body.as_bytes()), data.as_bytes(), "{body:?}");
        }
    }

    #[test]
    fn a_body_with_a_bare_line_end_cannot_be_sent() {
        for body in [
            "\n",
            "\r",
            "a\nb",
            "a\r",
            "a\r\r\n",
            "\r\n\r",
            "\n.\r\n",
            "\r\n.\n",
            "a\r\n.\rb\r\n",
            "\n\r",
            "\r\n\n\r",
        ] {
            assert!(Letter::new(body.as_bytes()).is_err(), "{body:?}");
        }
    }

    #[test]
    fn the_size_counts_line_ends_and_not_the_added_dots() {
        for (body, size) in [("", 0), ("ab", 4), ("ab\r\n", 4), (".\r\n", 3)] {
            assert_eq!(Letter::new(body.as_bytes()).map(|letter| letter.size()), Ok(size));
        }
    }

    #[test]
    fn pieces_are_bounded_even_when_one_line_is_huge() {
        let body = vec![b'x'; 3 * PIECE + 5];
        let letter = Letter::new(&body).unwrap_or_else(|_| panic!("refused"));
        assert!(letter.stuffed().all(|piece| piece.len() <= PIECE));
        assert_eq!(sent(&body).len(), body.len() + 2);
    }

    proptest! {
        #[test]
        fn what_a_server_keeps_is_what_was_given(
            pieces in proptest::collection::vec("\\r\\n|\\.|\\r\\n\\.|a|\\.\\r\\n|[ -~]{0,5}", 0..60),
            longest in 1usize..9,
        ) {
            let body = pieces.concat().into_bytes();
            let letter = Letter::new(&body).unwrap_or_else(|_| panic!("refused"));
            prop_assert!(letter.pieces(longest).all(|piece| (1..=longest).contains(&piece.len())));
            let mut kept = received(&letter.pieces(longest).collect::<Vec<_>>().concat());
            if !body.is_empty() && !body.ends_with(b"\r\n") {
                kept.truncate(kept.len() - 2);
            }
            prop_assert_eq!(kept, body);
        }

        #[test]
        fn any_bytes_are_either_refused_or_sent_with_line_ends_that_are_whole(
            body in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()], 0..40),
        ) {
            let whole = String::from_utf8_lossy(&body).replace("\r\n", "").bytes().all(|b| b != b'\r' && b != b'\n');
            prop_assert_eq!(Letter::new(&body).is_ok(), whole);
            if whole {
                let data = [&sent(&body), END_OF_DATA].concat();
                let ends = [&b"\r\n"[..], &data].concat();
                prop_assert_eq!(memchr::memmem::find_iter(&ends, b"\r\n.\r\n").count(), 1);
            }
        }
    }
}
