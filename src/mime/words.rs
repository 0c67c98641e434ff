//! Header values as people see them: encoded words (RFC 2047) undone, broken ones as far as they go.

use memchr::memmem;

use super::base64::{base64, other_readings};
use super::charset;
use super::quoted::quoted_printable;
use super::runs::legible;

/// A header value, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The text.
    pub text: String,
    /// What readers see that join adjacent words before they decode them, or that decode what is broken.
    pub others: Vec<String>,
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

/// Other readings of one header value that are kept.
const MOST_OTHERS: usize = 20;

/// `=?charset*language?encoding?`
struct Opening<'a> {
    charset: &'a [u8],
    base64: bool,
    /// The encoding is spelled out, which few readers understand.
    odd: bool,
    length: usize,
}

/// One more than the longest name of an encoding.
const LONGEST_NAME: usize = 17;

impl<'a> Opening<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.get(2..)?;
        let mark = rest.iter().take(200).position(|octet| *octet == b'?')?;
        // Some readers do not mind a space behind the label.
        let label = rest.get(..mark)?.trim_ascii();
        if label.iter().any(u8::is_ascii_whitespace) {
            return None;
        }
        let behind = rest.get(mark + 1..)?;
        let name = behind
            .iter()
            .take(LONGEST_NAME)
            .position(|octet| *octet == b'?')?;
        let base64 = match behind.get(..name)?.to_ascii_lowercase().as_slice() {
            b"b" | b"b64" | b"base64" => true,
            b"q" | b"qp" | b"quoted-printable" => false,
            _ => return None,
        };
        let charset = label.split(|octet| *octet == b'*').next().unwrap_or_default();
        Some(Opening {
            charset,
            base64,
            odd: name > 1,
            length: mark + name + 4,
        })
    }
}

#[derive(Default)]
struct Decoder<'a> {
    text: String,
    /// The text if adjacent words are joined before they are decoded.
    joined_text: String,
    others: Vec<String>,
    doubtful: bool,
    unread: bool,
    /// Octets of adjacent words that share a charset, not yet turned into text.
    pending: Vec<u8>,
    /// The same by the joined reading, and what it has yet to decode.
    joined: Vec<u8>,
    encoded: Vec<u8>,
    base64: bool,
    charset: &'a [u8],
    /// White space after a word, which counts only when no other word follows.
    gap: &'a [u8],
}

impl<'a> Decoder<'a> {
    fn plain(&mut self, octets: &'a [u8]) {
        if octets.is_empty() {
            return;
        }
        let word_before = !self.pending.is_empty() || !self.encoded.is_empty();
        let between_words = word_before && self.gap.is_empty();
        if between_words && octets.iter().all(u8::is_ascii_whitespace) {
            self.gap = octets;
            return;
        }
        self.flush();
        let text = charset::unlabelled(octets);
        self.text.push_str(&text);
        self.joined_text.push_str(&text);
    }

    fn word(&mut self, opening: &Opening<'a>, encoded: &[u8]) {
        if !self.charset.eq_ignore_ascii_case(opening.charset) {
            self.gap = &[];
            self.flush();
        }
        self.gap = &[];
        self.charset = opening.charset;
        self.doubtful |= opening.odd || !charset::is_ascii_superset(opening.charset);
        if self.base64 != opening.base64 {
            self.join();
            self.base64 = opening.base64;
        }
        self.encoded.extend_from_slice(encoded);
        if opening.base64 {
            let decoded = base64(encoded);
            if !decoded.clean {
                self.doubtful = true;
                self.unclean(encoded);
            }
            self.pending.extend_from_slice(&decoded.bytes);
        } else {
            self.folded(encoded);
            self.pending.extend(q_encoding(encoded));
        }
    }

    /// Keeps what is left of a word that was folded in the middle, at what looks like a soft line break.
    fn folded(&mut self, encoded: &[u8]) {
        if memmem::find(encoded, b"= ").is_some() && self.others.len() < MOST_OTHERS {
            let joined = String::from_utf8_lossy(encoded).replace("= ", "");
            let text = charset::unlabelled(&q_encoding(joined.as_bytes())).into_owned();
            self.others.push(text);
        }
    }

    /// Keeps what readers may make of base64 with noise in it.
    fn unclean(&mut self, encoded: &[u8]) {
        for reading in other_readings(encoded) {
            let legible = String::from_utf8_lossy(&legible(&reading)).into_owned();
            if !legible.trim().is_empty() && self.others.len() < MOST_OTHERS {
                self.others.push(legible);
            }
        }
    }

    /// Decodes the words that were joined.
    fn join(&mut self) {
        let encoded = std::mem::take(&mut self.encoded);
        if self.base64 {
            self.joined.extend(base64(&encoded).bytes);
        } else {
            self.joined.extend(q_encoding(&encoded));
        }
    }

    fn flush(&mut self) {
        self.join();
        if !self.pending.is_empty() || !self.joined.is_empty() {
            let decoded = charset::labelled(&self.pending, self.charset);
            self.doubtful |= decoded.doubtful;
            // Zeros are left of wide characters whose label nobody knows.
            self.unread |= decoded.doubt.is_some() || decoded.text.contains('\0');
            self.text.push_str(&decoded.text);
            if self.joined == self.pending {
                self.joined_text.push_str(&decoded.text);
            } else {
                let joined = charset::labelled(&self.joined, self.charset).text;
                self.joined_text.push_str(&joined);
            }
            let wide = self.pending.contains(&0) || !charset::is_ascii_superset(self.charset);
            if wide && self.others.len() < MOST_OTHERS {
                self.others
                    .push(charset::read(&self.pending, None).text.replace('\0', ""));
            }
            self.pending.clear();
            self.joined.clear();
        }
        let gap = String::from_utf8_lossy(std::mem::take(&mut self.gap));
        self.text.push_str(&gap);
        self.joined_text.push_str(&gap);
    }

    fn finish(mut self) -> Decoded {
        self.flush();
        if self.joined_text != self.text {
            self.others.push(self.joined_text);
        }
        // A word inside a word.
        if self.text.contains("=?") && self.text.contains("?=") {
            self.doubtful = true;
        }
        Decoded {
            text: self.text,
            others: self.others,
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
    fn words_that_tear_their_encoding_apart_are_also_joined_before_they_are_decoded() {
        for torn in [
            "=?utf-8?B?NTM2LTIyL?= =?utf-8?B?TgxNDU=?=",
            "=?utf-8?Q?536-2=?= =?utf-8?Q?32-8145?=",
        ] {
            let others = decode(torn.as_bytes()).others;
            assert!(
                others.iter().any(|other| other == "536-22-8145"),
                "{torn}: {others:?}"
            );
        }
        assert!(
            decode(b"=?utf-8?B?NTM2LTI=?= =?utf-8?B?Mi04MTQ1?=")
                .others
                .is_empty()
        );
        assert!(
            decode(b"=?utf-8?B?NTM2=LTIyLTgxNDU?=")
                .others
                .contains(&"536-22-8145".to_owned())
        );
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
