//! A sorted list of names that is searched where it stands, beginning with its first two letters.

use std::ops::Range;
use std::sync::OnceLock;

/// Lower-case words, one a line, sorted by octets; lines with `#` at the top are comments.
#[derive(Debug)]
pub(super) struct Dictionary {
    words: &'static str,
    /// By the ranks of the first two octets, where the words that begin so stand.
    begins: OnceLock<Vec<Range<usize>>>,
}

/// So many ranks an octet may have: before the letters, each letter, behind the letters.
const RANKS: usize = 28;

impl Dictionary {
    pub const fn over(words: &'static str) -> Dictionary {
        Dictionary {
            words,
            begins: OnceLock::new(),
        }
    }

    /// Reads the words once, so that nobody has to wait for it when they are asked for.
    pub fn prepare(&self) {
        self.begins();
    }

    fn begins(&self) -> &[Range<usize>] {
        self.begins.get_or_init(|| {
            let mut begins: Vec<Range<usize>> = vec![0..0; RANKS * RANKS];
            let text = self.words.as_bytes();
            let mut start = 0;
            for end in memchr::memchr_iter(b'\n', text)
                .map(|at| at + 1)
                .chain([text.len()])
            {
                let place = beginning(text.get(start..end).unwrap_or_default());
                if let Some(range) = begins.get_mut(place) {
                    *range = match range.start == range.end {
                        true => start..end,
                        false => range.start..end,
                    };
                }
                start = end;
            }
            begins
        })
    }

    /// Whether the word is in the list. Capital letters, apostrophes, hyphens and the ending of the possessive
    /// make no difference, and one part of a name with a hyphen is enough.
    pub fn contains(&self, word: &[u8]) -> bool {
        let word = without_possessive(word);
        let mut parts = word.split(|byte| *byte == b'-').filter(|part| part.len() > 2);
        self.has(word) || word.contains(&b'-') && parts.any(|part| self.has(part))
    }

    fn has(&self, word: &[u8]) -> bool {
        let mut folded = [0_u8; 16];
        let letters = word.iter().filter(|byte| !matches!(byte, b'\'' | b'-'));
        let mut length = 0;
        for (place, letter) in folded.iter_mut().zip(letters.clone()) {
            *place = letter.to_ascii_lowercase();
            length += 1;
        }
        let fits = letters.count() == length && length > 1;
        fits && folded.get(..length).is_some_and(|word| self.holds(word))
    }

    /// Binary search by octets: each probe moves back to the beginning of its line.
    fn holds(&self, word: &[u8]) -> bool {
        let text = self.words.as_bytes();
        let range = self.begins().get(beginning(word)).cloned().unwrap_or(0..0);
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low + (high - low) / 2;
            let before = text.get(low..middle).unwrap_or_default();
            let start = memchr::memrchr(b'\n', before).map_or(low, |at| low + at + 1);
            let rest = text.get(start..high).unwrap_or_default();
            let line = memchr::memchr(b'\n', rest).map_or(rest, |end| rest.get(..end).unwrap_or_default());
            match line.cmp(word) {
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => low = start + line.len() + 1,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        false
    }
}

/// Where a word stands in [`Dictionary::begins`]. Ranks rise with the octets, so that words with the same ones stand
/// together.
fn beginning(word: &[u8]) -> usize {
    let rank = |place: usize| match word.get(place).copied().unwrap_or(0) {
        letter @ b'a'..=b'z' => usize::from(letter - b'a') + 1,
        0..b'a' => 0,
        _ => RANKS - 1,
    };
    rank(0) * RANKS + rank(1)
}

/// A word without the `'s` at its end.
pub(super) fn without_possessive(word: &[u8]) -> &[u8] {
    let bare = word.strip_suffix(b"'s").or_else(|| word.strip_suffix(b"'S"));
    bare.filter(|bare| bare.len() > 1).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::super::{FAMILY, FAMILY_MORE, GIVEN, GIVEN_MORE, WORDS};

    #[test]
    fn every_listed_name_is_found_and_others_are_not() {
        for dictionary in [&GIVEN, &GIVEN_MORE, &FAMILY, &FAMILY_MORE, &WORDS] {
            let words: Vec<&str> = dictionary
                .words
                .lines()
                .filter(|line| !line.starts_with('#'))
                .collect();
            assert!(words.is_sorted());
            assert!(words.iter().all(|word| dictionary.contains(word.as_bytes())));
            for other in [
                "",
                "q",
                "#",
                "zzzzzzzz",
                "aaaaaaa",
                "smithsmithsmithsmith",
                "a\nb",
            ] {
                assert!(!dictionary.contains(other.as_bytes()), "{other}");
            }
        }
        for other in [&b"Smith's"[..], b"SMITH'S", b"Qwertz-Smith"] {
            assert!(FAMILY.contains(other));
        }
        assert!(FAMILY.contains(b"O'Brien") && FAMILY.contains(b"SMITH") && GIVEN.contains(b"Mary"));
    }
}
