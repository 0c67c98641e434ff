//! Sorted lists of words, searched where they stand: one table says for each word in which of them it is.

use std::sync::OnceLock;

use super::super::quick;

/// The lists in which a word is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lists(u8);

const GIVEN: u8 = 1;
const FAMILY: u8 = 2;
const WORDS: u8 = 4;

/// Lower-case words, one a line; lines with `#` at the top are comments.
static LISTS: [(&str, u8); 5] = [
    (include_str!("../../../policies/names/given.txt"), GIVEN),
    (include_str!("../../../policies/names/given_more.txt"), GIVEN),
    (include_str!("../../../policies/names/family.txt"), FAMILY),
    (include_str!("../../../policies/names/family_more.txt"), FAMILY),
    (include_str!("../../../policies/names/words.txt"), WORDS),
];

/// Longer words are in no list.
const LONGEST: usize = 16;

/// Reads the lists once, so that nobody has to wait for it when they are asked for.
pub(super) fn prepare() {
    INDEX.get_or_init(Index::read);
}

impl Lists {
    /// The lists that have a word. Capital letters, apostrophes, hyphens and the ending of the possessive make no
    /// difference, and one part of a name with a hyphen is enough.
    pub fn of(word: &[u8]) -> Lists {
        let word = without_possessive(word);
        let whole = Lists::with(word);
        if !word.contains(&b'-') {
            return whole;
        }
        let parts = word.split(|byte| *byte == b'-').filter(|part| part.len() > 2);
        parts.fold(whole, |lists, part| Lists(lists.0 | Lists::with(part).0))
    }

    /// Whether it is a given name.
    pub fn is_given(self) -> bool {
        self.0 & GIVEN != 0
    }

    /// Whether it is a family name.
    pub fn is_family(self) -> bool {
        self.0 & FAMILY != 0
    }

    /// Whether it is an English word.
    pub fn is_word(self) -> bool {
        self.0 & WORDS != 0
    }

    fn with(word: &[u8]) -> Lists {
        let mut folded = [0_u8; LONGEST];
        let letters = word.iter().filter(|byte| !matches!(byte, b'\'' | b'-'));
        let mut length = 0;
        for letter in letters {
            let Some(place) = folded.get_mut(length) else {
                return Lists::default();
            };
            *place = letter.to_ascii_lowercase();
            length += 1;
        }
        match folded.get(..length) {
            Some(word) if length > 1 => INDEX.get_or_init(Index::read).lists(word),
            _ => Lists::default(),
        }
    }
}

static INDEX: OnceLock<Index> = OnceLock::new();

/// Where the words of all lists stand, by their hash.
struct Index {
    slots: Vec<Slot>,
}

/// A word: in which text and where, and in which lists it is. Free when in none.
#[derive(Clone, Copy, Default)]
struct Slot {
    at: u32,
    text: u8,
    length: u8,
    lists: u8,
}

impl Index {
    fn read() -> Index {
        let words = LISTS.iter().map(|(text, _)| text.len() / 5).sum::<usize>();
        let mut index = Index {
            slots: vec![Slot::default(); words.next_power_of_two()],
        };
        for (text, (words, list)) in (0_u8..).zip(&LISTS) {
            let mut at = 0;
            for line in words.split('\n') {
                if !line.starts_with('#') {
                    index.add(line.as_bytes(), (text, at), *list);
                }
                at += line.len() + 1;
            }
        }
        index
    }

    fn add(&mut self, word: &[u8], (text, at): (u8, usize), list: u8) {
        let (Ok(length), Ok(at)) = (u8::try_from(word.len()), u32::try_from(at)) else {
            return;
        };
        let place = self.place(word);
        let Some(slot) = self.slots.get_mut(place).filter(|_| word.len() <= LONGEST) else {
            return;
        };
        if slot.lists == 0 {
            (slot.at, slot.text, slot.length) = (at, text, length);
        }
        slot.lists |= list;
    }

    fn lists(&self, word: &[u8]) -> Lists {
        Lists(self.slots.get(self.place(word)).map_or(0, |slot| slot.lists))
    }

    /// The slot of a word, or the free one where it would be. At least every other slot is free.
    fn place(&self, word: &[u8]) -> usize {
        let last = self.slots.len().wrapping_sub(1);
        let mut place = quick::hash(word) as usize & last;
        while let Some(slot) = self.slots.get(place).filter(|slot| slot.lists != 0) {
            if slot.word() == word {
                break;
            }
            place = (place + 1) & last;
        }
        place
    }
}

impl Slot {
    fn word(&self) -> &'static [u8] {
        let text = LISTS.get(usize::from(self.text)).map_or("", |(text, _)| text);
        let from = self.at as usize;
        let word = text.as_bytes().get(from..from + usize::from(self.length));
        word.unwrap_or_default()
    }
}

/// A word without the `'s` at its end.
pub(super) fn without_possessive(word: &[u8]) -> &[u8] {
    let bare = word.strip_suffix(b"'s").or_else(|| word.strip_suffix(b"'S"));
    bare.filter(|bare| bare.len() > 1).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{INDEX, LISTS, LONGEST, Lists};

    #[test]
    fn every_listed_name_is_found_and_others_are_not() {
        let mut expected: HashMap<&str, u8> = HashMap::new();
        for (text, list) in &LISTS {
            for word in text.lines().filter(|line| !line.starts_with('#')) {
                *expected.entry(word).or_default() |= list;
            }
        }
        for (word, lists) in &expected {
            assert!((2..=LONGEST).contains(&word.len()), "{word}");
            assert_eq!(Lists::of(word.as_bytes()), Lists(*lists), "{word}");
            assert_eq!(
                Lists::of(word.to_ascii_uppercase().as_bytes()),
                Lists(*lists),
                "{word}"
            );
        }
        for other in [
            "",
            "q",
            "#",
            "zzzzzzzz",
            "aaaaaaa",
            "smithsmithsmithsmith",
            "a\nb",
            "smitq",
            "smithx",
        ] {
            assert_eq!(Lists::of(other.as_bytes()), Lists::default(), "{other}");
        }
        for other in [&b"Smith's"[..], b"SMITH'S", b"Qwertz-Smith", b"O'Brien"] {
            assert!(Lists::of(other).is_family());
        }
        assert!(Lists::of(b"Mary").is_given());
    }

    #[test]
    fn at_least_every_other_slot_is_free() {
        super::prepare();
        let slots = &INDEX.get().unwrap().slots;
        let taken = slots.iter().filter(|slot| slot.lists != 0).count();
        assert!(taken * 2 <= slots.len(), "{taken} of {}", slots.len());
    }
}
