//! Transfer encodings (RFC 2045 §6): which ones a label may name.

pub(super) use super::base64::base64;
use super::quoted::quoted_printable;

/// What a Content-Transfer-Encoding field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, and names that no reader knows.
    Identity,
    /// Base64.
    Base64,
    /// Quoted-printable.
    QuotedPrintable,
    /// The encoding of `uuencode`, which some readers honour as a transfer encoding.
    Uuencode,
}

impl Encoding {
    /// Whether undoing this encoding may give something other than `body`.
    pub fn changes(self, body: &[u8]) -> bool {
        match self {
            Encoding::Identity => false,
            Encoding::QuotedPrintable => memchr::memchr(b'=', body).is_some(),
            Encoding::Base64 | Encoding::Uuencode => true,
        }
    }

    /// The octets that `body` stands for.
    pub fn undo(self, body: &[u8]) -> Vec<u8> {
        match self {
            Encoding::Identity => body.to_vec(),
            Encoding::QuotedPrintable => quoted_printable(body),
            Encoding::Base64 => base64(body).bytes,
            Encoding::Uuencode => uudecode(body),
        }
    }
}

/// What a label may ask for, and whether every reader would understand it so.
pub(super) fn named(value: &str) -> (Vec<Encoding>, bool) {
    let value = value.to_ascii_lowercase();
    let outside = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    let mut names = value.split([';', ',']).map(|name| name.trim_matches(outside));
    let first = names.next().unwrap_or_default();
    match first {
        "base64" => return (vec![Encoding::Base64], true),
        "quoted-printable" => return (vec![Encoding::QuotedPrintable], true),
        "uuencode" | "x-uuencode" | "uue" | "x-uue" => {
            return (vec![Encoding::Uuencode, Encoding::Identity], true);
        }
        _ => {}
    }
    let says = |words: &[&str]| words.iter().any(|word| value.contains(word));
    let possible = [
        (Encoding::Base64, says(&["64"])),
        (Encoding::QuotedPrintable, says(&["quot", "qp", "printable"])),
        (Encoding::Uuencode, says(&["uue", "x-uu"])),
    ];
    let mut asked: Vec<Encoding> = possible
        .iter()
        .filter(|(_, said)| *said)
        .map(|(encoding, _)| *encoding)
        .collect();
    let certain = asked.is_empty();
    asked.push(Encoding::Identity);
    (asked, certain)
}

/// Joins the lines that end in a space (RFC 3676 §4.2 with `delsp=yes`), so that nothing is torn apart. The quote
/// marks and the space that stuffs a line (§4.4) go with the line end.
pub(super) fn join_lines(text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    let mut flows = false;
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let (line, content) = if flows {
            (unquoted(line), unquoted(line))
        } else {
            (line, line)
        };
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let flowing = content.strip_suffix(b" ").filter(|_| content != b"-- ");
        flows = flowing.is_some();
        joined.extend_from_slice(flowing.unwrap_or(line));
    }
    joined
}

/// A line without its quote marks and stuffing.
fn unquoted(line: &[u8]) -> &[u8] {
    let marks = line.iter().take_while(|octet| **octet == b'>').count();
    let text = line.get(marks..).unwrap_or_default();
    text.strip_prefix(b" ").unwrap_or(text)
}

/// Decodes the first `begin … end` block of uuencoded text; without one, the lines as they stand.
pub(super) fn uudecode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    // Spaces stand for zeros, and mail servers cut them off where a line ends. No more of them are filled in than whole lines gave octets.
    let mut room = 0;
    for line in encoded.split(|octet| matches!(octet, b'\n' | b'\r')) {
        if line.trim_ascii_end() == b"end" {
            break;
        }
        let before = decoded.len();
        if let Some(whole) = uuencoded_line(line) {
            uudecode_line(whole, &mut decoded);
            room += decoded.len() - before;
        } else if let Some(left) = missing(line).and_then(|octets| usize::checked_sub(room, octets)) {
            uudecode_line(line, &mut decoded);
            room = left;
        }
    }
    decoded
}

/// Whether a line has the length that its count promises, give or take padding, lost spaces and a check digit.
pub(super) fn is_uuencoded(line: &[u8]) -> bool {
    uuencoded_line(line).is_some()
}

/// A line of the length that its count promises, without the spaces that somebody put behind it.
fn uuencoded_line(line: &[u8]) -> Option<&[u8]> {
    let (count, expected) = lengths(line);
    let fits = |line: &[u8]| count > 0 && line.len() > count * 4 / 3 && line.len() <= expected + 3;
    [line, line.trim_ascii_end()].into_iter().find(|line| fits(line))
}

/// How many octets a line lacks that is shorter than its count promises and holds nothing that uuencode does not write.
fn missing(line: &[u8]) -> Option<usize> {
    let (count, expected) = lengths(line);
    let cut = count > 0 && line.len() <= expected && line.iter().all(|octet| matches!(octet, b' '..=b'`'));
    cut.then_some(count - count.min(line.len() * 3 / 4))
}

/// How many octets a line says it holds, and how many characters they take.
fn lengths(line: &[u8]) -> (usize, usize) {
    let count = usize::from(line.first().map_or(0, |octet| octet.wrapping_sub(32) & 63));
    (count, count.div_ceil(3) * 4)
}

/// Appends one line: a count, then groups of four characters.
fn uudecode_line(line: &[u8], decoded: &mut Vec<u8>) {
    let value = |octet: &u8| octet.wrapping_sub(32) & 63;
    let Some((count, groups)) = line.split_first() else {
        return;
    };
    let end = decoded.len() + usize::from(value(count));
    for group in groups.chunks(4) {
        let block = (0..4).fold(0u32, |block, at| {
            block << 6 | u32::from(group.get(at).map_or(0, value))
        });
        decoded.extend(block.to_be_bytes().into_iter().skip(1));
    }
    // What was cut off were zeros.
    decoded.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_understood_in_any_dress() {
        for label in ["base64", " BASE64 ", "\"Base64\"", "base64;", "base64, 7bit"] {
            assert_eq!(named(label), (vec![Encoding::Base64], true), "{label}");
        }
        for (label, encoding) in [
            ("base-64", Encoding::Base64),
            ("; base64", Encoding::Base64),
            ("7bit, base64", Encoding::Base64),
            ("quoted_printable", Encoding::QuotedPrintable),
        ] {
            assert_eq!(
                named(label),
                (vec![encoding, Encoding::Identity], false),
                "{label}"
            );
        }
        assert_eq!(named("7-bit"), (vec![Encoding::Identity], true));
        assert_eq!(named("quoted-printable base64").0.len(), 3);
    }

    #[test]
    fn flowing_lines_are_joined_without_quote_marks_and_stuffing() {
        assert_eq!(
            join_lines(b"> SSN 536- \r\n> 22-8145\r\n> x\r\n"),
            b"> SSN 536-22-8145\r\n> x\r\n"
        );
        assert_eq!(join_lines(b"536-22 \n -8145\n-- \nAnn"), b"536-22-8145\n-- \nAnn");
    }

    #[test]
    fn uuencoded_text_is_read() {
        assert_eq!(
            uudecode(b"begin 644 x\r\n+-3,V+3(R+3@Q-#4\r\n`\r\nend\r\n"),
            b"536-22-8145"
        );
    }

    #[test]
    fn spaces_that_end_an_uuencoded_line_are_zeros_even_where_they_were_cut_off() {
        let decoded = b"a\0\0\0\0\0\0\0\0b\0\0\0\0\0\0\0\0";
        for text in [
            "begin 644 x\n)80          \n)8@          \nend\n",
            "begin 644 x\n)80``````````\n)8@\n`\nend\n",
        ] {
            assert_eq!(uudecode(text.as_bytes()), decoded, "{text}");
        }
    }
}
