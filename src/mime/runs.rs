//! The legible runs in octets that nobody here can read: cheap, and often enough to see what is inside.

use std::borrow::Cow;

/// Runs shorter than this are noise.
const SHORTEST: usize = 6;

/// All runs of printable ASCII, and of printable ASCII in UTF-16, one per line.
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::new();
    collect(bytes.iter().map(|octet| (*octet, true)), &mut text);
    for start in [0, 1] {
        let pairs = bytes.get(start..).unwrap_or_default().chunks_exact(2);
        collect(
            pairs.map(|pair| (pair.first().copied().unwrap_or(0), pair.last() == Some(&0))),
            &mut text,
        );
    }
    text
}

/// Octets as they stand if they are text, else the legible runs in them.
pub(super) fn legible(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_text = |text: &str| !text.chars().any(|c| c.is_control() && !c.is_ascii_whitespace());
    if std::str::from_utf8(bytes).is_ok_and(is_text) {
        Cow::Borrowed(bytes)
    } else {
        Cow::Owned(printable(bytes).into_bytes())
    }
}

/// Appends each run of printable octets whose neighbour fits.
fn collect(octets: impl Iterator<Item = (u8, bool)>, text: &mut String) {
    let mut start = text.len();
    for (octet, fits) in octets {
        if fits && matches!(octet, b' '..=b'~' | b'\t') {
            text.push(char::from(octet));
        } else {
            start = end_run(text, start);
        }
    }
    end_run(text, start);
}

/// Keeps the run that began at `start` if it is long enough, and tells where the next one begins.
fn end_run(text: &mut String, start: usize) -> usize {
    if text.len() - start < SHORTEST {
        text.truncate(start);
    } else {
        text.push('\n');
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_in_both_widths_and_at_any_offset() {
        assert_eq!(printable(b"\0\x01SSN 536-22-8145\xffab\0"), "SSN 536-22-8145\n");
        let wide: Vec<u8> = "536-22-8145".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(printable(&wide), "536-22-8145\n");
        assert_eq!(printable(&[vec![1], wide].concat()), "536-22-8145\n");
        assert_eq!(printable(b""), "");
    }
}
