//! A sorted list of names that is searched where it stands: no table is built when a child starts.

/// Lower-case words, one a line, sorted by octets; lines with `#` at the top are comments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dictionary {
    words: &'static str,
}

impl Dictionary {
    pub const fn over(words: &'static str) -> Dictionary {
        Dictionary { words }
    }

    /// Whether the word is in the list. Capital letters, apostrophes and hyphens make no difference.
    pub fn contains(&self, word: &[u8]) -> bool {
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
        let (mut low, mut high) = (0, text.len());
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

#[cfg(test)]
mod tests {
    use super::super::{FAMILY, GIVEN};

    #[test]
    fn every_listed_name_is_found_and_others_are_not() {
        for dictionary in [GIVEN, FAMILY] {
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
        assert!(FAMILY.contains(b"O'Brien") && FAMILY.contains(b"SMITH") && GIVEN.contains(b"Mary"));
    }
}
