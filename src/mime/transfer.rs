//! Transfer encodings (RFC 2045 §6): which one a label names, and how a tolerant reader undoes it.

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

/// What a label asks for, and whether every reader would understand it so.
pub(super) fn named(value: &str) -> (Encoding, bool) {
    let name = value.split([';', ',']).next().unwrap_or_default();
    let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "base64" => (Encoding::Base64, true),
        "quoted-printable" => (Encoding::QuotedPrintable, true),
        "uuencode" | "x-uuencode" | "uue" | "x-uue" => (Encoding::Uuencode, true),
        _ if name.contains("64") => (Encoding::Base64, false),
        _ if name.contains("quot") || name.contains("qp") => (Encoding::QuotedPrintable, false),
        _ if name.contains("uue") => (Encoding::Uuencode, false),
        _ => (Encoding::Identity, true),
    }
}

/// Decoded octets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Base64 {
    /// The octets.
    pub bytes: Vec<u8>,
    /// Whether the input was nothing but base64, so that all readers agree. Missing padding is no fault.
    pub clean: bool,
}

/// Decodes base64. Octets outside of the alphabet are skipped; padding ends a block and another may follow.
pub(super) fn base64(encoded: &[u8]) -> Base64 {
    let mut bytes = Vec::with_capacity(encoded.len() / 4 * 3 + 3);
    let mut clean = true;
    let mut padded = false;
    let mut block = 0u32;
    let mut digits = 0u32;
    for octet in encoded {
        let Some(value) = BASE64_VALUES
            .get(usize::from(*octet))
            .copied()
            .filter(|value| *value < 64)
        else {
            if *octet == b'=' {
                flush(&mut bytes, block, digits);
                (block, digits, padded) = (0, 0, true);
            } else if !octet.is_ascii_whitespace() {
                clean = false;
            }
            continue;
        };
        clean &= !padded;
        block = block << 6 | u32::from(value);
        digits += 1;
        if digits == 4 {
            flush(&mut bytes, block, digits);
            (block, digits) = (0, 0);
        }
    }
    flush(&mut bytes, block, digits);
    Base64 {
        bytes,
        clean: clean && digits != 1,
    }
}

/// The octets that base64 stands for, read as tolerantly as mail readers do.
pub fn decode_base64(encoded: &[u8]) -> Vec<u8> {
    base64(encoded).bytes
}

/// Appends the whole octets of a block of up to four digits.
fn flush(bytes: &mut Vec<u8>, block: u32, digits: u32) {
    let whole = match digits {
        4 => 3,
        3 => 2,
        2 => 1,
        _ => return,
    };
    let aligned = block << (6 * (4 - digits));
    bytes.extend(aligned.to_be_bytes().into_iter().skip(1).take(whole));
}

/// The lines of a base64 body that are something else: those with a stray octet, with white space between
/// letters, and all that follow padding. Empty for what encoders write.
pub(super) fn stray_lines(encoded: &[u8]) -> Vec<u8> {
    let mut strays = Vec::new();
    let mut padded = false;
    for line in encoded.split(|octet| *octet == b'\n') {
        let text = line.trim_ascii();
        let digit = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=');
        if !text.is_empty() && (padded || !text.iter().all(digit)) {
            strays.extend_from_slice(text);
            strays.push(b'\n');
        }
        padded |= text.ends_with(b"=");
    }
    strays
}

/// Each line decoded by itself: what stands between the lines of a body then shifts nothing.
pub(super) fn base64_lines(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len() / 4 * 3);
    for line in encoded.split(|octet| *octet == b'\n') {
        decoded.extend(base64(line).bytes);
    }
    decoded
}

/// Joins the lines that end in a space (RFC 3676 §4.2 with `delsp=yes`), so that nothing is torn apart.
pub(super) fn join_lines(text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        match content.strip_suffix(b" ") {
            Some(flowing) if content != b"-- " => joined.extend_from_slice(flowing),
            _ => joined.extend_from_slice(line),
        }
    }
    joined
}

const BASE64_VALUES: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [255u8; 256];
    let mut value = 0;
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated when compiling; a wrong index does not compile"
    )]
    while value < 64 {
        values[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Decodes quoted-printable (RFC 2045 §6.7). An `=` that begins no escape stands for itself, as in mail readers.
pub fn quoted_printable(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (before, escape) = rest.split_at(at);
        decoded.extend_from_slice(before);
        let after = escape.get(1..).unwrap_or_default();
        let length = if let Some(octet) = hex_pair(after) {
            decoded.push(octet);
            2
        } else if let Some(length) = soft_break(after) {
            length
        } else {
            decoded.push(b'=');
            0
        };
        rest = after.get(length..).unwrap_or_default();
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// The octet that two hexadecimal digits stand for.
pub(super) fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|octet| char::from(*octet).to_digit(16));
    let value = digit(0)? * 16 + digit(1)?;
    u8::try_from(value).ok()
}

/// The length of what follows a soft line break's `=`: padding that some gateway added, and the line end.
fn soft_break(after: &[u8]) -> Option<usize> {
    let padding = after
        .iter()
        .take(128)
        .take_while(|octet| matches!(octet, b' ' | b'\t'))
        .count();
    match (after.get(padding), after.get(padding + 1)) {
        (Some(b'\r'), Some(b'\n')) => Some(padding + 2),
        (Some(b'\r' | b'\n'), _) => Some(padding + 1),
        (None, _) => Some(padding),
        _ => None,
    }
}

/// Decodes the first `begin … end` block of uuencoded text; without one, the lines as they stand.
pub(super) fn uudecode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    for line in encoded.split(|octet| *octet == b'\n') {
        let line = line.trim_ascii_end();
        if line == b"end" {
            break;
        }
        if !line.starts_with(b"begin ") {
            uudecode_line(line, &mut decoded);
        }
    }
    decoded
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
    decoded.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_understood_in_any_dress() {
        for label in ["base64", " BASE64 ", "\"Base64\"", "base64;", "base64, 7bit"] {
            assert_eq!(named(label), (Encoding::Base64, true), "{label}");
        }
        assert_eq!(named("base-64"), (Encoding::Base64, false));
        assert_eq!(named("quoted_printable"), (Encoding::QuotedPrintable, false));
        assert_eq!(named("7-bit"), (Encoding::Identity, true));
    }

    #[test]
    fn base64_is_read_through_noise_padding_and_missing_padding() {
        assert_eq!(base64(b"NTM2LTIyLTgxNDU=").bytes, b"536-22-8145");
        assert!(base64(b"NTM2LTIy\r\nLTgxNDU").clean);
        assert_eq!(base64(b"NTM2LTIy\r\nLTgxNDU").bytes, b"536-22-8145");
        assert_eq!(base64(b"NTM2!LTIy*LTgxNDU=").bytes, b"536-22-8145");
        assert!(!base64(b"NTM2!LTIy").clean);
        assert_eq!(base64(b"NTM2LQ==MjItODE0NQ==").bytes, b"536-22-8145");
        assert!(!base64(b"NTM2LQ==MjItODE0NQ==").clean);
        assert_eq!(base64(b"====").bytes, b"");
    }

    #[test]
    fn quoted_printable_keeps_what_is_no_escape() {
        assert_eq!(
            quoted_printable(b"536=2D22=\r\n-81= \t\r\n45=\n="),
            b"536-22-8145"
        );
        assert_eq!(quoted_printable(b"a=b =ZZ =3"), b"a=b =ZZ =3");
        assert_eq!(quoted_printable(b"=3d=3D"), b"==");
    }

    #[test]
    fn uuencoded_text_is_read() {
        assert_eq!(
            uudecode(b"begin 644 x\r\n+-3,V+3(R+3@Q-#4\r\n`\r\nend\r\n"),
            b"536-22-8145"
        );
    }
}
