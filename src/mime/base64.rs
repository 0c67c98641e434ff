//! Base64 (RFC 2045 §6.8) as tolerant readers undo it, and as others do where they differ.

use memchr::{memchr, memchr2};

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
        let inner = text.trim_ascii_end();
        let inner = inner.strip_suffix(b"=").unwrap_or(inner);
        let inner = inner.strip_suffix(b"=").unwrap_or(inner);
        let odd = padded || !text.iter().all(digit) || memchr(b'=', inner).is_some();
        if !text.is_empty() && odd {
            strays.extend_from_slice(text);
            strays.push(b'\n');
        }
        padded |= text.ends_with(b"=");
    }
    strays
}

/// What readers make of base64 with noise in it: each line by itself, each stretch between stray octets from each
/// of four places, padding that does not end a block, and the alphabet of URLs (RFC 4648 §5).
pub(super) fn other_readings(encoded: &[u8]) -> Vec<Vec<u8>> {
    let mut readings = vec![base64_lines(encoded), stretches(encoded)];
    if memchr(b'=', encoded).is_some() {
        let unpadded: Vec<u8> = encoded.iter().copied().filter(|octet| *octet != b'=').collect();
        readings.push(base64(&unpadded).bytes);
    }
    if memchr2(b'-', b'_', encoded).is_some() {
        let plain = encoded.iter().map(|octet| match octet {
            b'-' => b'+',
            b'_' => b'/',
            octet => *octet,
        });
        readings.push(base64(&plain.collect::<Vec<u8>>()).bytes);
    }
    readings
}

/// Each line decoded by itself: what stands between the lines of a body then shifts nothing.
pub(super) fn base64_lines(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len() / 4 * 3);
    for line in encoded.split(|octet| *octet == b'\n') {
        decoded.extend(base64(line).bytes);
        decoded.push(b'\n');
    }
    decoded
}

/// Each stretch of the alphabet decoded from its first, second, third and fourth letter.
fn stretches(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let stretches = encoded.split(|octet| !is_letter(*octet) && !octet.is_ascii_whitespace());
    for stretch in stretches.filter(|stretch| stretch.len() >= 8) {
        for from in 0..4 {
            decoded.extend(base64(stretch.get(from..).unwrap_or_default()).bytes);
            decoded.push(b'\n');
        }
    }
    decoded
}

/// Whether an octet stands for six bits.
pub(super) fn is_letter(octet: u8) -> bool {
    BASE64_VALUES
        .get(usize::from(octet))
        .is_some_and(|value| *value < 64)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
