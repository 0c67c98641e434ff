//! Charsets that switch sets in the middle of a text: HZ (RFC 1843) and ISO-2022-KR (RFC 1557).

use encoding_rs::{EUC_KR, GBK};
use memchr::memmem;

/// Decodes by a label that names one of them.
pub(super) fn labelled(bytes: &[u8], label: &[u8]) -> Option<String> {
    let label = String::from_utf8_lossy(label).trim().to_ascii_lowercase();
    match label.as_str() {
        "hz-gb-2312" | "hz" | "hzgb2312" => Some(hz(bytes)),
        "iso-2022-kr" | "csiso2022kr" => Some(switched(bytes)),
        _ => None,
    }
}

/// ISO-2022-KR by the escape sequence that begins it.
pub(super) fn korean(bytes: &[u8]) -> Option<String> {
    memmem::find(bytes, b"\x1b$)C").map(|_| switched(bytes))
}

/// The reading of a text as HZ, when that shows digits.
pub(super) fn hz_digits(bytes: &[u8]) -> Option<String> {
    memmem::find(bytes, b"~{#").map(|_| hz(bytes))
}

/// `~{` begins two octets a character, `~}` ends it, `~~` is a tilde.
fn hz(bytes: &[u8]) -> String {
    let mut plain = Vec::with_capacity(bytes.len());
    let (mut rest, mut wide) = (bytes, false);
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind.first()) {
            (b'~', Some(b'{')) => wide = true,
            (b'~', Some(b'}')) => wide = false,
            (b'~', Some(b'~' | b'\n')) => plain.extend(behind.first().filter(|next| **next == b'~')),
            (b'\n', _) => {
                wide = false;
                plain.push(b'\n');
                continue;
            }
            (octet, _) => {
                plain.push(if wide { octet | 0x80 } else { *octet });
                continue;
            }
        }
        rest = behind.get(1..).unwrap_or_default();
    }
    GBK.decode_without_bom_handling(&plain).0.into_owned()
}

/// What stands between SO and SI is EUC-KR without its high bits.
fn switched(bytes: &[u8]) -> String {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut wide = false;
    for octet in bytes {
        match octet {
            0x0e | 0x0f => wide = *octet == 0x0e,
            b'!'..=b'~' if wide => plain.push(octet | 0x80),
            _ => plain.push(*octet),
        }
    }
    let text = EUC_KR.decode_without_bom_handling(&plain).0;
    text.replace("\u{1b}$)C", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switched_digits_are_read() {
        assert_eq!(hz(b"SSN ~{#5#3#6~}-22~~8145"), "SSN ５３６-22~8145");
        assert_eq!(hz_digits(b"~{#5#3#6~}").as_deref(), Some("５３６"));
        assert_eq!(hz_digits(b"plain ~{ text"), None);
        assert_eq!(
            korean(b"\x1b$)CSSN \x0e#5#3#6\x0f-22").as_deref(),
            Some("SSN ５３６-22")
        );
        assert_eq!(labelled(b"\x0e#5\x0f", b"ISO-2022-KR").as_deref(), Some("５"));
    }
}
