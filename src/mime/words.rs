//! Header values as people see them: encoded words (RFC 2047) undone, broken ones as far as they go.

use memchr::memmem;

use super::charset;
use super::transfer::{base64, quoted_printable};

/// A header value, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The text.
    pub text: String,
    /// Whether another reader may well see something else, so that the raw form must be searched too.
    pub doubtful: bool,
    /// Whether an encoded word is in a character set that no reader here knows.
    pub unread: bool,
}

/// Decodes an unfolded value. Encoded words are honoured wherever they stand, also inside quoted strings and in
/// the middle of a word, since some readers do so. Adjacent words are joined octet by octet.
pub(super) fn decode(value: &[u8]) -> Decoded {
    let mut decoder = Decoder::default();
    let mut at = 0;
    let mut unended = false;
    while let Some(start) = memmem::find(value.get(at..).unwrap_or_default(), b"=?").map(|found| at + found) {
        let Some(opening) = Opening::read(value.get(start..).unwrap_or_default()) else {
            decoder.plain(value.get(at..start + 2).unwrap_or_default());
            at = start + 2;
            continue;
        };
        decoder.plain(value.get(at..start).unwrap_or_default());
        let from = start + opening.length;
        let rest = value.get(from..).unwrap_or_default();
        let end = if unended { None } else { memmem::find(rest, b"?=") };
        unended |= end.is_none();
        decoder.doubtful |= end.is_none();
        let length = end.unwrap_or(rest.len());
        decoder.word(&opening, rest.get(..length).unwrap_or_default());
        at = from + length + end.map_or(0, |_| 2);
    }
    decoder.plain(value.get(at..).unwrap_or_default());
    decoder.finish()
}

/// `=?charset*language?encoding?`
struct Opening<'a> {
    charset: &'a [u8],
    base64: bool,
    length: usize,
}

impl<'a> Opening<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.get(2..)?;
        let mark = rest.iter().take(64).position(|octet| *octet == b'?')?;
        let label = rest.get(..mark)?;
        if label.iter().any(u8::is_ascii_whitespace) {
            return None;
        }
        let base64 = match (rest.get(mark + 1)?, rest.get(mark + 2)?) {
            (b'b' | b'B', b'?') => true,
            (b'q' | b'Q', b'?') => false,
            _ => return None,
        };
        let charset = label.split(|octet| *octet == b'*').next().unwrap_or_default();
        Some(Opening {
            charset,
            base64,
            length: mark + 5,
        })
    }
}

#[derive(Default)]
struct Decoder<'a> {
    text: String,
    doubtful: bool,
    unread: bool,
    /// Octets of adjacent words that share a charset, not yet turned into text.
    pending: Vec<u8>,
    charset: &'a [u8],
    /// White space after a word, which counts only when no other word follows.
    gap: &'a [u8],
}

impl<'a> Decoder<'a> {
    fn plain(&mut self, octets: &'a [u8]) {
        if octets.is_empty() {
            return;
        }
        let between_words = !self.pending.is_empty() && self.gap.is_empty();
        if between_words && octets.iter().all(u8::is_ascii_whitespace) {
            self.gap = octets;
            return;
        }
        self.flush();
        self.text.push_str(&charset::unlabelled(octets));
    }

    fn word(&mut self, opening: &Opening<'a>, encoded: &[u8]) {
        if !self.charset.eq_ignore_ascii_case(opening.charset) {
            self.gap = &[];
            self.flush();
        }
        self.gap = &[];
        self.charset = opening.charset;
        self.doubtful |= !charset::is_ascii_superset(opening.charset);
        if opening.base64 {
            let decoded = base64(encoded);
            self.doubtful |= !decoded.clean;
            self.pending.extend_from_slice(&decoded.bytes);
        } else {
            self.pending.extend(q_encoding(encoded));
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let decoded = charset::labelled(&self.pending, self.charset);
            self.doubtful |= decoded.doubtful;
            // Zeros are left of wide characters whose label nobody knows.
            self.unread |= decoded.doubt.is_some() || decoded.text.contains('\0');
            self.text.push_str(&decoded.text);
            self.pending.clear();
        }
        let gap = std::mem::take(&mut self.gap);
        self.text.push_str(&String::from_utf8_lossy(gap));
    }

    fn finish(mut self) -> Decoded {
        self.flush();
        Decoded {
            text: self.text,
            doubtful: self.doubtful,
            unread: self.unread,
        }
    }
}

/// "Q" is quoted-printable in which an underscore stands for a space (RFC 2047 §4.2).
fn q_encoding(encoded: &[u8]) -> Vec<u8> {
    let space = |octet: &u8| if *octet == b'_' { b' ' } else { *octet };
    quoted_printable(&encoded.iter().map(space).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> String {
        decode(value.as_bytes()).text
    }

    #[test]
    fn encoded_words_are_decoded_and_adjacent_ones_joined() {
        assert_eq!(
            text("=?utf-8?Q?J=C3=BCrgen?= <j@x.example>"),
            "Jürgen <j@x.example>"
        );
        assert_eq!(text("=?utf-8?B?NTM2LTI=?= =?utf-8?B?Mi04MTQ1?="), "536-22-8145");
        assert_eq!(text("a =?utf-8?q?b_c?= d"), "a b c d");
        assert_eq!(text("=?utf-8*en?q?=C3?=  =?UTF-8?b?vA==?="), "ü");
        assert_eq!(text("=?iso-8859-1?q?a?= =?utf-8?q?b?= c"), "ab c");
        assert_eq!(text("\"=?utf-8?q?a=5Fb?=\""), "\"a_b\"");
    }

    #[test]
    fn words_in_unknown_charsets_are_not_called_read_unless_they_are_plain() {
        // 536-22-8145 in EBCDIC under a name that nobody knows, and in UTF-16 under one that no standard has.
        assert!(decode(b"=?x-mainframe?B?9fP2YPLyYPjx9PU=?=").unread);
        assert_eq!(text("=?cp037?B?9fP2YPLyYPjx9PU=?="), "536-22-8145");
        assert!(decode(b"=?utf-16-le?B?NQAzADYALQAyADIALQA4ADEANAA1AA==?=").unread);
        assert!(!decode(b"=?x-unknown?Q?Lunch_at_noon?=").unread);
        assert!(!decode("=?iso-8859-1?Q?J=FCrgen?= =?utf-8?Q?J=C3=BCrgen?=".as_bytes()).unread);
    }

    #[test]
    fn broken_words_lose_nothing() {
        assert_eq!(text("=?utf-8?Q?536-22-8145"), "536-22-8145");
        assert!(decode(b"=?utf-8?Q?536-22-8145").doubtful);
        assert_eq!(text("=?utf-8?X?abc?= =?"), "=?utf-8?X?abc?= =?");
        assert_eq!(text("=?no-such-charset?Q?536?="), "536");
        assert_eq!(
            text("caf\u{e9} =?utf-8?B?NTM2LTIyLTgxNDU?="),
            "caf\u{e9} 536-22-8145"
        );
    }

    #[test]
    fn a_charset_that_is_no_superset_of_ascii_is_doubtful() {
        assert!(decode(b"=?utf-16?Q?536-22-8145?=").doubtful);
        assert!(!decode(b"=?utf-8?Q?536-22-8145?=").doubtful);
    }
}
