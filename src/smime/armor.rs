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

/// Appends base64 lines.
pub fn armor(octets: &[u8], out: &mut Vec<u8>) {
    let mut armor = Armor::new(out);
    // Writing into memory does not fail.
    let _ = armor.write_all(octets);
    armor.finish();
}

/// By character, its six bits; those of no other one have more.
static BITS: [u8; 256] = bits();
const NO_BITS: u8 = 0xff;

#[allow(clippy::indexing_slicing, reason = "worked out when the program is compiled")]
const fn bits() -> [u8; 256] {
    let mut bits = [NO_BITS; 256];
    let mut number = 0;
    while number < 64 {
        bits[ALPHABET[number] as usize] = number as u8;
        number += 1;
    }
    bits
}

/// The octets that base64 lines stand for, if they are just as [`armor`] writes them, so that it gives the same lines
/// again; otherwise none.
pub fn unarmored(lines: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(lines.len() / ARMORED * LINE + LINE);
    let (whole, rest) = lines.as_chunks::<ARMORED>();
    for line in whole {
        let (groups, end) = line.as_chunks::<4>();
        // The last line may be a whole one in length and end with padding.
        if end != b"\r\n" || line.contains(&b'=') {
            return last_line(line, &mut octets)
                .filter(|()| rest.is_empty())
                .map(|()| octets);
        }
        let mut wrong = 0;
        let mut decoded = [0; LINE];
        let (places, _) = decoded.as_chunks_mut::<3>();
        for (place, group) in places.iter_mut().zip(groups) {
            let bits = group.map(|character| BITS.get(usize::from(character)).copied().unwrap_or(NO_BITS));
            wrong |= bits.iter().fold(0, |all, one| all | one);
            *place = join(bits);
        }
        if wrong > 63 {
            return None;
        }
        octets.extend_from_slice(&decoded);
    }
    if !rest.is_empty() {
        last_line(rest, &mut octets)?;
    }
    Some(octets)
}

fn join([first, second, third, fourth]: [u8; 4]) -> [u8; 3] {
    [
        first << 2 | second >> 4,
        second << 4 | third >> 2,
        third << 6 | fourth & 63,
    ]
}

/// Decodes a line that may end with padding, if it is written as [`encode_line`] writes it.
fn last_line(line: &[u8], octets: &mut Vec<u8>) -> Option<()> {
    let (groups, rest) = line.strip_suffix(b"\r\n")?.as_chunks::<4>();
    let start = octets.len();
    for group in groups {
        let padding = group
            .iter()
            .rev()
            .take_while(|character| **character == b'=')
            .count();
        let bits = group.map(|character| match character {
            b'=' => 0,
            other => BITS.get(usize::from(other)).copied().unwrap_or(NO_BITS),
        });
        octets.extend(join(bits).into_iter().take(3_usize.saturating_sub(padding)));
    }
    let decoded = octets.get(start..)?;
    let mut again = Vec::with_capacity(line.len());
    encode_line(decoded, &mut again);
    (rest.is_empty() && !decoded.is_empty() && again == line).then_some(())
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
            proptest::prop_assert_eq!(unarmored(&out[8..]), Some(whole));
        }

        #[test]
        fn what_is_unarmored_gives_the_same_lines_again(
            octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..300),
            at in proptest::prelude::any::<proptest::sample::Index>(),
            other in proptest::sample::select(b"A/+=zb-\r\n \0\xff".to_vec()),
            insert in proptest::prelude::any::<bool>(),
        ) {
            let mut lines = Vec::new();
            armor(&octets, &mut lines);
            let at = at.index(lines.len());
            match insert {
                true => lines.insert(at, other),
                false => lines[at] = other,
            }
            if let Some(octets) = unarmored(&lines) {
                let mut again = Vec::new();
                armor(&octets, &mut again);
                proptest::prop_assert_eq!(again, lines);
            }
        }
    }
}
