//! Makes a MIME entity what a signature needs: CRLF line ends and seven bits (RFC 8551 §3.1.1, §3.1.3).
//!
//! Most mail is so already and is not touched. Where it is not, parts with eight bits get a transfer encoding; what
//! they decode to stays the same octets, but for line ends of text. Where that cannot be done for sure (a signature
//! further inside, an unknown encoding, eight bits in a header), the answer is no, and the caller signs in the form
//! that needs no encoding.

use super::super::header::{Field, Header};

/// How deep entities may nest.
const DEPTH: usize = 32;
/// Octets of a line without its end (RFC 5322 §2.1.1).
const LINE: usize = 998;
/// Characters of an encoded line (RFC 2045 §6.7).
const ENCODED: usize = 76;

/// Whether nothing needs to be changed.
pub(super) fn is_ready(header: &[u8], body: &[u8]) -> bool {
    is_plain(header) && is_plain(body) && !labelled(header) && !labelled(body)
}

/// The entity in seven bits; `None` when it cannot be brought there for sure.
pub(super) fn encode(entity: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(entity.len() + entity.len() / 8);
    transform(entity, 0, &mut out)?;
    Some(out)
}

/// Seven bits, whole line ends, no long lines, and no line that a mailbox file would change ("From ").
fn is_plain(bytes: &[u8]) -> bool {
    bytes.split_inclusive(|byte| *byte == b'\n').all(|line| {
        let text = line.strip_suffix(b"\r\n").unwrap_or(line);
        let seven = |byte: &u8| byte.is_ascii() && !matches!(byte, 0 | b'\r' | b'\n');
        text.len() <= LINE && text.iter().all(seven) && !text.starts_with(b"From ")
    })
}

/// Whether a label of more than seven bits might stand in it.
fn labelled(bytes: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(bytes, word).is_some();
    has(b"8bit") || has(b"8BIT") || has(b"8Bit") || has(b"binary") || has(b"BINARY") || has(b"Binary")
}

fn transform(entity: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let header = Header::of(entity);
    let content = Content::of(header)?;
    if depth > DEPTH {
        return None;
    }
    let label = match (&content.kind, content.encoding.as_str()) {
        // What is signed or encrypted inside must not be changed by a single octet.
        (Kind::Frozen, _) if is_ready(b"", entity) => {
            out.extend_from_slice(entity);
            return Some(());
        }
        (Kind::Frozen, _) => return None,
        (Kind::Multipart(_) | Kind::Message, "" | "7bit" | "8bit" | "binary") => "7bit",
        (Kind::Leaf { .. }, "base64" | "quoted-printable") => content.encoding.as_str(),
        (Kind::Leaf { .. }, "" | "7bit" | "8bit") if is_plain(header.body) => "7bit",
        (Kind::Leaf { text: true }, "" | "7bit" | "8bit") if !is_dense(header.body) => "quoted-printable",
        (Kind::Leaf { .. }, "" | "7bit" | "8bit" | "binary") => "base64",
        _ => return None,
    };
    let explicit = !content.encoding.is_empty() || label != "7bit";
    write_header(header, explicit.then_some(label), out)?;
    match (content.kind, label) {
        (Kind::Multipart(boundary), _) => multipart(header.body, &boundary, depth, out),
        (Kind::Message, _) => transform(header.body, depth + 1, out),
        (_, "quoted-printable") if content.encoding != "quoted-printable" => {
            quoted_printable(&with_crlf(header.body), out);
            Some(())
        }
        (Kind::Leaf { text }, "base64") if content.encoding != "base64" => {
            match text && content.encoding != "binary" {
                true => base64(&with_crlf(header.body), out),
                false => base64(header.body, out),
            }
            Some(())
        }
        _ => seven_bits(header.body, out),
    }
}

/// What the header says of the body.
struct Content {
    kind: Kind,
    /// In lower case; empty when nothing is said.
    encoding: String,
}

enum Kind {
    Multipart(Vec<u8>),
    Message,
    /// Signed or encrypted by somebody else, or of a kind that is not known well enough to be changed.
    Frozen,
    Leaf {
        text: bool,
    },
}

impl Content {
    fn of(header: Header<'_>) -> Option<Content> {
        let only = |name: &str| {
            let mut fields = header.fields().filter(|field| field.is(name));
            let first = fields.next();
            fields.next().is_none().then_some(first)
        };
        let written = |field: Field<'_>| std::str::from_utf8(field.value).ok().map(str::to_owned);
        let media = match only("content-type")? {
            Some(field) => written(field)?,
            None => "text/plain".to_owned(),
        };
        let encoding = match only("content-transfer-encoding")? {
            Some(field) => written(field)?.trim().to_ascii_lowercase(),
            None => String::new(),
        };
        let name = media
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let kind = match name.split_once('/').unwrap_or_default() {
            ("multipart", "signed" | "encrypted") => Kind::Frozen,
            ("multipart", _) => Kind::Multipart(boundary(&media)?),
            ("message", "rfc822") => Kind::Message,
            ("message", _) => Kind::Frozen,
            (top, _) => Kind::Leaf { text: top == "text" },
        };
        Some(Content { kind, encoding })
    }
}

/// The boundary, when it is written in a way that all readers read alike.
fn boundary(media: &str) -> Option<Vec<u8>> {
    let low = media.to_ascii_lowercase();
    let mut places = low.match_indices("boundary");
    let (place, name) = places.next()?;
    if places.next().is_some() || media.contains('(') {
        return None;
    }
    let value = media
        .get(place + name.len()..)?
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let text = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split([';', ' ', '\t', '\r', '\n']).next()?,
    };
    let right = (1..=70).contains(&text.len()) && !text.contains('\\') && !text.ends_with(' ');
    right.then(|| text.as_bytes().to_vec())
}

/// The fields as they are, but for the label of the encoding.
fn write_header(header: Header<'_>, label: Option<&str>, out: &mut Vec<u8>) -> Option<()> {
    let mut written = false;
    for field in header.fields() {
        if field.is("content-transfer-encoding") {
            if let Some(label) = label {
                out.extend_from_slice(format!("Content-Transfer-Encoding: {label}\r\n").as_bytes());
                written = true;
            }
            continue;
        }
        seven_bits(field.raw, out)?;
        if !out.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
    }
    if let (Some(label), false) = (label, written) {
        out.extend_from_slice(format!("Content-Transfer-Encoding: {label}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    Some(())
}

fn multipart(body: &[u8], boundary: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let mut part: Option<usize> = None;
    let mut before = 0;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        if let Some(last) = delimiter(line, boundary) {
            // The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
            let content = without_end(body.get(part.unwrap_or(before)..at)?);
            match part {
                Some(_) => transform(content, depth + 1, out)?,
                None => seven_bits(content, out)?,
            }
            if at > 0 {
                out.extend_from_slice(b"\r\n");
            }
            seven_bits(line, out)?;
            (before, part) = (end, Some(end));
            if last {
                return seven_bits(body.get(end..)?, out);
            }
        }
        at = end;
    }
    // Without a last delimiter it is not for sure where the last part ends.
    None
}

/// Whether a line is a delimiter, and then whether it is the last one.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let (rest, last) = match rest.strip_prefix(b"--") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    rest.trim_ascii().is_empty().then_some(last)
}

fn without_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Copies what is seven bits already, with whole line ends.
fn seven_bits(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let copy = with_crlf(bytes);
    let alone = memchr::memchr_iter(b'\r', &copy).any(|at| copy.get(at + 1) != Some(&b'\n'));
    if alone || !copy.is_ascii() || copy.contains(&0) {
        return None;
    }
    out.extend_from_slice(&copy);
    Some(())
}

/// LF alone becomes CRLF.
fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => {
                out.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                out.extend_from_slice(b"\r\n");
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// Whether quoted-printable would be larger than base64.
fn is_dense(bytes: &[u8]) -> bool {
    bytes.iter().filter(|byte| !byte.is_ascii()).count() > bytes.len() / 6
}

/// RFC 2045 §6.7, of lines that end in CRLF.
fn quoted_printable(text: &[u8], out: &mut Vec<u8>) {
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let (line, end) = match line.strip_suffix(b"\r\n") {
            Some(line) => (line, &b"\r\n"[..]),
            None => (line, &b""[..]),
        };
        let mut column = 0;
        for (at, byte) in line.iter().enumerate() {
            let last = at + 1 == line.len();
            let literal = match byte {
                b' ' | b'\t' => !last,
                // A soft line end must make neither a delimiter nor a line that mailbox files change.
                b'-' | b'F' | b'.' if column == 0 => false,
                b'=' => false,
                _ => byte.is_ascii_graphic(),
            };
            let size = if literal { 1 } else { 3 };
            let room = if last { ENCODED } else { ENCODED - 1 };
            if column + size > room {
                out.extend_from_slice(b"=\r\n");
                column = 0;
            }
            let literal = literal && !(column == 0 && matches!(byte, b'-' | b'F' | b'.'));
            match literal {
                true => out.push(*byte),
                false => out.extend_from_slice(format!("={byte:02X}").as_bytes()),
            }
            column += if literal { 1 } else { 3 };
        }
        out.extend_from_slice(end);
    }
}

fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    use std::io::Write;
    let mut armor = super::super::armor::Armor::new(out);
    // Writing to memory does not fail.
    let _ = armor.write_all(bytes);
    armor.finish();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(entity: &str) -> Option<String> {
        encode(entity.as_bytes()).map(|out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn mail_in_seven_bits_is_left_alone() {
        assert!(is_ready(b"Content-Type: text/plain\r\n\r\n", b"Hello\r\n"));
        for (header, body) in [
            ("Content-Transfer-Encoding: 8bit\r\n\r\n", "x"),
            ("\r\n", "\u{e9}"),
            ("\r\n", "a\nb"),
            ("\r\n", "a\rb"),
            ("\r\n", "a\0b"),
            ("\r\n", "a\r\nFrom b"),
            ("\r\n", &"x".repeat(LINE + 1)),
        ] {
            assert!(!is_ready(header.as_bytes(), body.as_bytes()), "{header}{body}");
        }
    }

    #[test]
    fn text_of_eight_bits_becomes_quoted_printable() {
        let mail = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
            S\u{ed}nead = you \r\n-- \nFrom here\r\n.\r\n";
        assert_eq!(
            encoded(mail).unwrap(),
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            S=C3=ADnead =3D you=20\r\n=2D-=20\r\n=46rom here\r\n=2E\r\n"
        );
    }

    #[test]
    fn each_part_gets_the_encoding_that_it_needs_and_the_others_stay() {
        let mail = "Subject: x\r\nContent-Type: multipart/mixed;\r\n boundary=\"b 1\"\r\n\
            Content-Transfer-Encoding: 8bit\r\n\r\npreamble\r\n\
            --b 1\r\n\r\nplain\r\n\
            --b 1\r\nContent-Type: application/x; name=\"y\"\r\nContent-Transfer-Encoding: binary\r\n\r\n\u{e9}\n\u{e8}\r\n\
            --b 1\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\n\u{e9}=\r\n\
            --b 1\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\n\r\n\
            --b 1--\r\nepilogue\r\n";
        let expected = "Subject: x\r\nContent-Type: multipart/mixed;\r\n boundary=\"b 1\"\r\n\
            Content-Transfer-Encoding: 7bit\r\n\r\npreamble\r\n\
            --b 1\r\n\r\nplain\r\n\
            --b 1\r\nContent-Type: application/x; name=\"y\"\r\nContent-Transfer-Encoding: base64\r\n\r\nw6kKw6g=\r\n\r\n\
            --b 1\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Transfer-Encoding: base64\r\n\r\nw6k9\r\n\r\n\
            --b 1\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n\r\n\
            --b 1--\r\nepilogue\r\n";
        assert_eq!(encoded(mail).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_changed_for_sure_is_refused() {
        for mail in [
            "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\u{e9}\r\n--b--\r\n",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\u{e9}\r\n",
            "Content-Type: multipart/mixed\r\n\r\n\u{e9}\r\n",
            "Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--b\r\n\r\n\u{e9}\r\n--b--\r\n",
            "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n\u{e9}",
            "Content-Transfer-Encoding: base64\r\n\r\n\u{e9}",
            "Content-Transfer-Encoding: x-uuencode\r\n\r\n\u{e9}",
            "Content-Type: message/global\r\n\r\nSubject: x\r\n\r\n\u{e9}",
            "Subject: \u{e9}\r\n\r\nx",
            "Subject: a\rb\r\n\r\n\u{e9}",
        ] {
            assert_eq!(encoded(mail), None, "{mail}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let mail = "Content-Type: message/rfc822\r\n\r\n".repeat(100) + "\r\n\u{e9}";
        assert_eq!(encoded(&mail), None);
    }

    proptest::proptest! {
        #[test]
        fn text_decodes_to_what_it_was(text in "[ -~\u{e9}\u{20ac}=\t.-]{0,300}(\r\n[ -~\u{e9}]{0,200}){0,3}") {
            let entity = format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}");
            let out = encode(entity.as_bytes()).unwrap();
            proptest::prop_assert!(is_plain(&out));
            let parsed = mail_parser::MessageParser::default().parse(&out).unwrap();
            let decoded = parsed.part(0).unwrap().contents();
            proptest::prop_assert_eq!(decoded, text.as_bytes());
        }
    }
}
