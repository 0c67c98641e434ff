//! Base64 in lines (RFC 2045 §6.8), written straight behind what a buffer holds.

use std::io::{self, Write};

/// Octets that make one line of 76 characters.
const LINE: usize = 57;
/// Characters of such a line, with its end.
const ARMORED: usize = 78;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The two characters of each twelve bits: half as many look-ups as there are characters.
static PAIRS: [[u8; 2]; 4096] = pairs();

#[allow(clippy::indexing_slicing, reason = "worked out when the program is compiled")]
const fn pairs() -> [[u8; 2]; 4096] {
    let mut pairs = [[0; 2]; 4096];
    let mut bits = 0;
    while bits < 4096 {
        pairs[bits] = [ALPHABET[bits >> 6], ALPHABET[bits & 0x3f]];
        bits += 1;
    }
    pairs
}

/// How long `size` octets are in base64 lines.
pub(super) fn armored_size(size: usize) -> usize {
    size.div_ceil(3) * 4 + size.div_ceil(LINE) * 2
}

/// Takes octets and appends base64 lines; [`Armor::finish`] writes the last one.
pub(super) struct Armor<'a> {
    out: &'a mut Vec<u8>,
    /// Octets that do not fill a line yet.
    rest: Vec<u8>,
}

impl<'a> Armor<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Armor {
            out,
            rest: Vec::with_capacity(LINE),
        }
    }

    pub(super) fn finish(self) {
        if !self.rest.is_empty() {
            encode_line(&self.rest, self.out);
        }
    }
}

impl Write for Armor<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let missing = (LINE - self.rest.len()).min(bytes.len());
        let (first, later) = bytes.split_at(missing);
        self.rest.extend_from_slice(first);
        if self.rest.len() < LINE {
            return Ok(bytes.len());
        }
        encode_line(&self.rest, self.out);
        self.rest.clear();
        let (lines, rest) = later.as_chunks::<LINE>();
        for line in lines {
            self.out.extend_from_slice(&whole_line(line));
        }
        self.rest.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A full line, with its end.
fn whole_line(line: &[u8; LINE]) -> [u8; ARMORED] {
    let mut armored = [b'\n'; ARMORED];
    let (groups, _) = line.as_chunks::<3>();
    let (places, end) = armored.as_chunks_mut::<4>();
    for (place, group) in places.iter_mut().zip(groups) {
        *place = encode_group(*group);
    }
    if let Some(first) = end.first_mut() {
        *first = b'\r';
    }
    armored
}

fn encode_line(bytes: &[u8], out: &mut Vec<u8>) {
    let (groups, rest) = bytes.as_chunks::<3>();
    for group in groups {
        out.extend_from_slice(&encode_group(*group));
    }
    match *rest {
        [one] => {
            let [first, second, ..] = encode_group([one, 0, 0]);
            out.extend_from_slice(&[first, second, b'=', b'=']);
        }
        [one, two] => {
            let [first, second, third, _] = encode_group([one, two, 0]);
            out.extend_from_slice(&[first, second, third, b'=']);
        }
        _ => {}
    }
    out.extend_from_slice(b"\r\n");
}

fn encode_group([one, two, three]: [u8; 3]) -> [u8; 4] {
    let (one, two, three) = (usize::from(one), usize::from(two), usize::from(three));
    let pair = |bits: usize| PAIRS.get(bits & 0xfff).copied().unwrap_or_default();
    let ([first, second], [third, fourth]) = (pair(one << 4 | two >> 4), pair(two << 8 | three));
    [first, second, third, fourth]
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_octets_in_any_pieces_give_the_same_lines_as_openssl(
            pieces in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), 0..8),
        ) {
            let mut out = b"before\r\n".to_vec();
            let mut armor = Armor::new(&mut out);
            for piece in &pieces {
                armor.write_all(piece).unwrap();
            }
            armor.finish();
            let whole = pieces.concat();
            let encoded = openssl::base64::encode_block(&whole);
            let mut expected = b"before\r\n".to_vec();
            for line in encoded.as_bytes().chunks(76) {
                expected.extend_from_slice(line);
                expected.extend_from_slice(b"\r\n");
            }
            proptest::prop_assert_eq!(&out, &expected);
            proptest::prop_assert_eq!(out.len() - 8, armored_size(whole.len()));
        }
    }
}
