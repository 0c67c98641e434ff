//! Base64 in lines (RFC 2045 §6.8), written straight behind what a buffer holds.

use std::io::{self, Write};

use base64_simd::{Out, STANDARD};

/// Octets that make one line of 76 characters.
const LINE: usize = 57;
/// Characters of such a line.
const CHARACTERS: usize = 76;
/// The same with its end.
const ARMORED: usize = 78;
/// Lines that are encoded or decoded at a time, in memory that stays near the processor.
const AT_ONCE: usize = 48;

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
        for lines in lines.chunks(AT_ONCE) {
            encode_lines(lines, self.out);
        }
        self.rest.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Appends full lines, [`AT_ONCE`] at most.
fn encode_lines(lines: &[[u8; LINE]], out: &mut Vec<u8>) {
    let mut room = [0; CHARACTERS * AT_ONCE];
    let Some(room) = room.get_mut(..lines.len() * CHARACTERS) else {
        return;
    };
    let encoded = STANDARD.encode(lines.as_flattened(), Out::from_slice(room));
    for characters in encoded.as_chunks::<CHARACTERS>().0 {
        let mut armored = [b'\n'; ARMORED];
        let (place, end) = armored.split_at_mut(CHARACTERS);
        place.copy_from_slice(characters);
        if let Some(first) = end.first_mut() {
            *first = b'\r';
        }
        out.extend_from_slice(&armored);
    }
}

/// Appends one line of at most [`LINE`] octets.
fn encode_line(octets: &[u8], out: &mut Vec<u8>) {
    STANDARD.encode_append(octets, out);
    out.extend_from_slice(b"\r\n");
}

/// Appends base64 lines.
pub fn armor(octets: &[u8], out: &mut Vec<u8>) {
    let mut armor = Armor::new(out);
    // Writing into memory does not fail.
    let _ = armor.write_all(octets);
    armor.finish();
}

/// The octets that base64 lines stand for, if they are just as [`armor`] writes them, so that it gives the same lines
/// again; otherwise none.
pub fn unarmored(lines: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(lines.len() / ARMORED * LINE + LINE);
    let (mut whole, mut rest) = lines.as_chunks::<ARMORED>();
    // The last line may be a whole one in length and end with padding.
    if rest.is_empty()
        && let Some((last, before)) = whole.split_last()
    {
        (whole, rest) = (before, last);
    }
    for lines in whole.chunks(AT_ONCE) {
        decode_lines(lines, &mut octets)?;
    }
    if !rest.is_empty() {
        decode_line(rest, &mut octets)?;
    }
    Some(octets)
}

/// Decodes full lines, [`AT_ONCE`] at most, which have no padding.
fn decode_lines(lines: &[[u8; ARMORED]], octets: &mut Vec<u8>) -> Option<()> {
    let mut room = [0; CHARACTERS * AT_ONCE];
    let mut decoded = [0; LINE * AT_ONCE];
    for (line, place) in lines.iter().zip(room.as_chunks_mut::<CHARACTERS>().0) {
        let (characters, end) = line.split_at(CHARACTERS);
        if end != b"\r\n" {
            return None;
        }
        place.copy_from_slice(characters);
    }
    let characters = room.get(..lines.len() * CHARACTERS)?;
    let decoded = STANDARD.decode(characters, Out::from_slice(&mut decoded)).ok()?;
    octets.extend_from_slice(decoded);
    // Padding is taken at the very end, and would make it shorter.
    (decoded.len() == lines.len() * LINE).then_some(())
}

/// Decodes the last line, which may end with padding, if it is written as [`encode_line`] writes it.
fn decode_line(line: &[u8], octets: &mut Vec<u8>) -> Option<()> {
    let start = octets.len();
    STANDARD.decode_append(line.strip_suffix(b"\r\n")?, octets).ok()?;
    let decoded = octets.get(start..)?;
    let mut again = Vec::with_capacity(line.len());
    encode_line(decoded, &mut again);
    (!decoded.is_empty() && again == line).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_octets_in_any_pieces_give_the_same_lines_as_openssl(
            pieces in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000), 0..8),
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
            octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..6000),
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
