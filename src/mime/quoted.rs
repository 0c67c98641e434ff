//! Quoted-printable (RFC 2045 §6.7) as tolerant readers undo it, and as others do where they differ.

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

/// What a reader sees that undoes soft line breaks before it looks for escapes, and drops an `=` that means
/// nothing, alone or with the two characters that should be its digits; none where that is what
/// [`quoted_printable`] gives.
pub(super) fn other_reading(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    let mut differs = false;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (before, escape) = rest.split_at(at);
        joined.extend_from_slice(before);
        let after = escape.get(1..).unwrap_or_default();
        // A soft break inside an escape, or behind an equals sign.
        differs |= joined.iter().rev().take(2).any(|octet| *octet == b'=');
        differs |= soft_break(after).is_none() && hex_pair(after).is_none();
        match soft_break(after) {
            None => joined.push(b'='),
            Some(_) if joined.ends_with(b"=") => joined.truncate(joined.len() - 1),
            Some(_) => {}
        }
        rest = after.get(soft_break(after).unwrap_or(0)..).unwrap_or_default();
    }
    joined.extend_from_slice(rest);
    differs.then(|| {
        let mut decoded = quoted_printable(&joined);
        decoded.retain(|octet| *octet != b'=');
        if let Some(without) = without_broken(&joined) {
            decoded.push(b'\n');
            decoded.extend(quoted_printable(&without));
        }
        decoded
    })
}

/// The text without the `=` that begin no escape, and without the two characters behind them on the line.
fn without_broken(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    let mut broken = false;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (before, escape) = rest.split_at(at);
        kept.extend_from_slice(before);
        let digits = escape.iter().skip(1).take(2);
        let length = 1 + digits.take_while(|octet| !matches!(octet, b'\r' | b'\n')).count();
        if hex_pair(escape.get(1..).unwrap_or_default()).is_some() {
            kept.extend_from_slice(escape.get(..length).unwrap_or_default());
        } else {
            broken = true;
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    broken.then_some(kept)
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
        .take_while(|octet| matches!(octet, b' ' | b'\t' | b'\x0b' | b'\x0c' | 0))
        .count();
    match (after.get(padding), after.get(padding + 1)) {
        (Some(b'\r'), Some(b'\n')) => Some(padding + 2),
        (Some(b'\r' | b'\n'), _) => Some(padding + 1),
        (None, _) => Some(padding),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_keeps_what_is_no_escape() {
        assert_eq!(
            quoted_printable(b"536=2D22=\r\n-81= \t\r\n45=\n="),
            b"536-22-8145"
        );
        assert_eq!(quoted_printable(b"a=b =ZZ =3"), b"a=b =ZZ =3");
        assert_eq!(quoted_printable(b"=3d=3D"), b"==");
        assert_eq!(quoted_printable(b"536=\x0c\r\n-22"), b"536-22");
    }

    #[test]
    fn a_torn_escape_has_another_reading_and_a_whole_one_has_none() {
        assert_eq!(other_reading(b"536=2=\r\nD22"), Some(b"536-22".to_vec()));
        assert_eq!(other_reading(b"536-==\r\n22"), Some(b"536-22".to_vec()));
        assert_eq!(other_reading(b"536=2D22=\r\n-81"), None);
    }
}
