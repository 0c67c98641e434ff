//! Replies of the next hop (RFC 5321 §4.2), from bytes that are not trusted.
//!
//! Of all replies it keeps a bounded number of octets, whatever the host sends. It knows no connection.

use bytes::{Buf, BytesMut};

/// RFC 5321 §4.5.3.1.5 allows 512; real servers write longer ones.
const LINE_LIMIT: usize = 4096;
const REPLY_LIMIT: usize = 16 * 1024;
/// What of a reply goes into queue listings and notices.
const TEXT_LIMIT: usize = 500;

/// One whole reply. All its lines carry the same code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// From 200 to 599.
    pub(super) code: u16,
    /// The texts behind the codes, without control characters.
    pub(super) lines: Vec<String>,
}

/// What came is no reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nonsense(pub(super) &'static str);

/// Cuts what arrives into replies.
#[derive(Default)]
pub(super) struct Replies {
    /// Arrived and not read yet.
    pub(super) inbox: BytesMut,
    begun: Option<Reply>,
    octets: usize,
}

impl Replies {
    /// The next whole reply, if it has arrived.
    pub(super) fn next(&mut self) -> Result<Option<Reply>, Nonsense> {
        while let Some(end) = memchr::memchr(b'\n', &self.inbox) {
            let line = self.inbox.split_to(end);
            self.inbox.advance(1);
            self.octets += end + 1;
            if end > LINE_LIMIT || self.octets > REPLY_LIMIT {
                return Err(Nonsense("a reply without end"));
            }
            if self.line(line.strip_suffix(b"\r").unwrap_or(&line))? {
                self.octets = 0;
                return Ok(self.begun.take());
            }
        }
        if self.inbox.len() > LINE_LIMIT {
            return Err(Nonsense("a line without end"));
        }
        Ok(None)
    }

    /// Whether bytes have arrived that no command asked for.
    pub(super) fn unasked(&self) -> bool {
        !self.inbox.is_empty() || self.begun.is_some()
    }

    /// Takes one line; answers whether it was the last of its reply.
    fn line(&mut self, line: &[u8]) -> Result<bool, Nonsense> {
        let (code, rest) = line
            .split_first_chunk::<3>()
            .ok_or(Nonsense("a line that is no SMTP reply"))?;
        let code = read_code(code).ok_or(Nonsense("a line that is no SMTP reply"))?;
        // RFC 5321 §4.2.1: the text, and with it the space, may be left out.
        let (last, text) = match rest.split_first() {
            None => (true, rest),
            Some((b' ', text)) => (true, text),
            Some((b'-', text)) => (false, text),
            Some(_) => return Err(Nonsense("a line that is no SMTP reply")),
        };
        let begun = self.begun.get_or_insert(Reply {
            code,
            lines: Vec::new(),
        });
        if begun.code != code {
            return Err(Nonsense("one reply with two different codes"));
        }
        begun.lines.push(clean(text));
        Ok(last)
    }
}

impl Reply {
    /// The first digit.
    pub(super) fn class(&self) -> u16 {
        self.code / 100
    }

    /// The enhanced status code (RFC 2034 §4), when there is one that agrees with the code.
    pub(super) fn enhanced(&self) -> Option<&str> {
        let word = self.lines.first()?.split(' ').next()?;
        let mut numbers = word.split('.');
        let class = numbers.next()?;
        let small = |part: Option<&str>| {
            part.is_some_and(|part| {
                (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        let fits = class == self.class().to_string()
            && small(numbers.next())
            && small(numbers.next())
            && numbers.next().is_none();
        fits.then_some(word)
    }

    /// `550 5.1.1 no such user`: the whole reply in one line of at most 500 characters.
    pub(super) fn text(&self) -> String {
        let mut text = self.code.to_string();
        let enhanced = self.enhanced();
        if let Some(status) = enhanced {
            text.push(' ');
            text.push_str(status);
        }
        for line in &self.lines {
            // Every line repeats the status code; once is enough.
            let words = enhanced
                .and_then(|status| line.strip_prefix(status))
                .unwrap_or(line)
                .trim();
            if !words.is_empty() {
                text.push(' ');
                text.push_str(words);
            }
        }
        text.chars().take(TEXT_LIMIT).collect()
    }
}

/// See [`super::replies`].
pub(super) fn all(said: &[u8]) -> Vec<String> {
    let mut replies = Replies::default();
    let mut texts = Vec::new();
    // As it comes from a network, in pieces.
    for piece in said.chunks(7) {
        replies.inbox.extend_from_slice(piece);
        loop {
            match replies.next() {
                Ok(Some(reply)) => texts.push(reply.text()),
                Ok(None) => break,
                Err(_) => return texts,
            }
        }
    }
    texts
}

/// Any text, as it may stand in a queue listing.
pub(super) fn one_line(text: &str) -> String {
    clean(text.as_bytes()).chars().take(TEXT_LIMIT).collect()
}

fn read_code(digits: &[u8; 3]) -> Option<u16> {
    let ([b'2'..=b'5', _, _], true) = (digits, digits.iter().all(u8::is_ascii_digit)) else {
        return None;
    };
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Text of a stranger, made fit for a log, a terminal and a notice.
fn clean(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut visible = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_control() || c.is_whitespace()) {
        let word = word.chars().filter(|c| !is_invisible(*c));
        let end = visible.len();
        visible.extend(word);
        if visible.len() > end {
            visible.push(' ');
        }
    }
    visible.truncate(visible.trim_end().len());
    visible
}

/// Characters that turn or hide the text around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Reply>, Nonsense> {
        let mut replies = Replies::default();
        replies.inbox.extend_from_slice(bytes);
        replies.next()
    }

    fn text(bytes: &[u8]) -> String {
        read(bytes).unwrap().unwrap().text()
    }

    #[test]
    fn a_reply_becomes_one_line_with_code_and_status() {
        assert_eq!(text(b"550 5.1.1 no such user\r\n"), "550 5.1.1 no such user");
        assert_eq!(
            text(b"550-5.1.1 no such\r\n550 5.1.1 user\r\n"),
            "550 5.1.1 no such user"
        );
        assert_eq!(text(b"250\r\n"), "250");
        assert_eq!(text(b"250 \r\n"), "250");
        assert_eq!(text(b"354 Go\n"), "354 Go");
    }

    #[test]
    fn a_status_of_another_class_is_no_status() {
        for (line, status) in [
            ("550 5.7.1 x\r\n", Some("5.7.1")),
            ("550 2.7.1 x\r\n", None),
            ("550 5.7 x\r\n", None),
            ("550 5.7.1.2 x\r\n", None),
            ("550 5.7.1111 x\r\n", None),
            ("550 5..1 x\r\n", None),
            ("550 x 5.7.1\r\n", None),
        ] {
            let reply = read(line.as_bytes()).unwrap().unwrap();
            assert_eq!(reply.enhanced(), status, "{line}");
        }
    }

    #[test]
    fn control_characters_and_tricks_of_direction_do_not_reach_the_log() {
        let reply = text("550 a\u{1b}[2J\tb\u{202e}c\0d\u{85}e\rf \u{200b} g\r\n".as_bytes());
        assert_eq!(reply, "550 a [2J bc d e f g");
    }

    #[test]
    fn what_is_no_reply_is_nonsense() {
        for bytes in [
            "\r\n",
            "25\r\n",
            "2x0 a\r\n",
            "150 a\r\n",
            "650 a\r\n",
            "000 a\r\n",
            "250_a\r\n",
            "HTTP/1.1 400 Bad Request\r\n",
            "+OK\r\n",
        ] {
            assert!(read(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }

    #[test]
    fn one_reply_has_one_code() {
        assert_eq!(
            read(b"550-a\r\n250 b\r\n"),
            Err(Nonsense("one reply with two different codes"))
        );
    }

    #[test]
    fn endless_lines_and_endless_replies_end() {
        let mut replies = Replies::default();
        let mut taken = 0;
        while replies.next() == Ok(None) {
            replies.inbox.extend_from_slice(b"250-\r\n");
            taken += 6;
        }
        assert!(taken <= REPLY_LIMIT + 6, "{taken}");
        assert!(read(&[b'2'; LINE_LIMIT + 1]).is_err());
        let long = [&[b'2'; LINE_LIMIT + 1], &b"\r\n"[..]].concat();
        assert!(read(&long).is_err());
    }

    #[test]
    fn replies_that_come_together_are_told_apart() {
        let mut replies = Replies::default();
        replies.inbox.extend_from_slice(b"250-a\r\n250 b\r\n550 c\r\n354");
        assert_eq!(replies.next().unwrap().unwrap().lines, ["a", "b"]);
        assert_eq!(replies.next().unwrap().unwrap().code, 550);
        assert_eq!(replies.next(), Ok(None));
        assert!(replies.unasked());
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_texts_stay_short(bytes: Vec<u8>, cut in 1usize..9) {
            let mut replies = Replies::default();
            for piece in bytes.chunks(cut) {
                replies.inbox.extend_from_slice(piece);
                while let Ok(Some(reply)) = replies.next() {
                    prop_assert!(reply.text().chars().count() <= TEXT_LIMIT);
                    prop_assert!((200..600).contains(&reply.code));
                }
            }
        }

        #[test]
        fn no_reply_text_panics_or_keeps_a_control_character(
            lines in proptest::collection::vec("[245]50[ -]([245]\\.[0-9]\\.[0-9]{1,4} )?\\PC*[\\x00-\\x1f\\x7f]?.*", 1..9),
        ) {
            let mut replies = Replies::default();
            for line in lines {
                replies.inbox.extend_from_slice(line.as_bytes());
                replies.inbox.extend_from_slice(b"\r\n");
            }
            while let Ok(Some(reply)) = replies.next() {
                prop_assert!(!reply.text().contains(char::is_control));
                prop_assert!(reply.text().chars().count() <= TEXT_LIMIT);
            }
        }

        #[test]
        fn how_a_reply_arrives_does_not_change_it(cut in 1usize..40) {
            let bytes = b"250-5.0.0 one\r\n250-\r\n250 three \xff\r\n";
            let mut replies = Replies::default();
            let mut read_so_far = None;
            for piece in bytes.chunks(cut) {
                replies.inbox.extend_from_slice(piece);
                read_so_far = read_so_far.or(replies.next().unwrap());
            }
            prop_assert_eq!(read_so_far, read(bytes).unwrap());
            prop_assert!(!replies.unasked());
        }
    }
}
