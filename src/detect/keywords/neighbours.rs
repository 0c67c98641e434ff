//! Words beside a keyword that make it mean something else: "library card number", "SSN parser".

use super::super::quick::QuickSet;
use super::Turned;

/// Words, or pairs of them, in small letters.
#[derive(Debug)]
pub(in super::super) struct Words {
    all: QuickSet<String>,
    /// By the first octet: a bit for each length that a word has, the last one for all that are longer.
    lengths: [u64; 256],
}

impl Default for Words {
    fn default() -> Self {
        Words::of([])
    }
}

impl Words {
    pub fn of(words: impl IntoIterator<Item = String>) -> Words {
        let all: QuickSet<String> = words.into_iter().collect();
        let mut lengths = [0; 256];
        for word in &all {
            let first = usize::from(word.bytes().next().unwrap_or(0));
            let lengths = lengths.iter_mut().skip(first).take(1);
            lengths.for_each(|lengths| *lengths |= 1_u64 << word.len().min(63));
        }
        Words { all, lengths }
    }

    fn are_none(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether words, with a space between them, are known in small letters.
    fn know(&self, words: &[&[u8]]) -> bool {
        let first = words.first().and_then(|word| word.first());
        // What begins with no word begins with the space behind it.
        let first = first.map_or(b' ', u8::to_ascii_lowercase);
        let length = words
            .iter()
            .map(|word| word.len() + 1)
            .sum::<usize>()
            .saturating_sub(1);
        let lengths = self.lengths.get(usize::from(first)).copied().unwrap_or(0);
        if lengths >> length.min(63) & 1 == 0 {
            return false;
        }
        let mut small = [0_u8; 2 * BESIDE + 1];
        let spelled = words.iter().enumerate().flat_map(|(place, word)| {
            let space = (place > 0).then_some(&b' ');
            space.into_iter().chain(word.iter())
        });
        let mut length = 0;
        for (small, octet) in small.iter_mut().zip(spelled) {
            *small = octet.to_ascii_lowercase();
            length += 1;
        }
        let spelled = small
            .get(..length)
            .and_then(|spelled| std::str::from_utf8(spelled).ok());
        spelled.is_some_and(|spelled| !spelled.is_empty() && self.all.contains(spelled))
    }
}

/// Words that make a keyword mean something else where they stand directly beside it, in small letters.
#[derive(Debug, Default)]
pub(in super::super) struct Neighbours {
    /// "library" before "card number".
    pub before: Words,
    /// "parser" after "SSN".
    pub after: Words,
}

impl Neighbours {
    /// On which sides words make a keyword mean something else.
    pub(super) fn turn(&self, bytes: &[u8], start: usize, end: usize) -> Turned {
        let before = bytes.get(start.saturating_sub(BESIDE)..start).unwrap_or_default();
        let after = bytes
            .get(end..(end + BESIDE).min(bytes.len()))
            .unwrap_or_default();
        // The full stop of "account no. with carrier" ends no sentence.
        let short = matches!(after, [b'.', b' ', next, ..] if next.is_ascii_lowercase());
        let after = if short {
            after.get(1..).unwrap_or_default()
        } else {
            after
        };
        Turned {
            before: !self.before.are_none() && self.turns_before(before),
            after: !self.after.are_none() && self.turns_after(after),
        }
    }

    /// Whether words that turn what follows stand before an octet, in the same line and not far away.
    pub(super) fn turn_in_line(&self, bytes: &[u8], at: usize) -> bool {
        let before = bytes.get(at.saturating_sub(IN_LINE)..at).unwrap_or_default();
        let line = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        let mut rest = before.get(line..).unwrap_or_default();
        while !rest.is_empty() && !self.turns_before(rest) {
            let (word, _) = last_word(rest);
            rest = rest.get(..word.min(rest.len() - 1)).unwrap_or_default();
        }
        !rest.is_empty()
    }

    /// Whether the last word of a text, or the last two, turn what follows.
    fn turns_before(&self, text: &[u8]) -> bool {
        let (from, to) = last_word(text);
        let word = text.get(from..to).unwrap_or_default();
        let word = without_possessive(word);
        let (first, first_end) = last_word(text.get(..from).unwrap_or_default());
        let pair = first_end < from && first < first_end;
        let first = text.get(first..first_end).filter(|_| pair);
        self.before.know(&[word]) || first.is_some_and(|first| self.before.know(&[first, word]))
    }

    /// Whether the first word of a text, or the first two, turn what stands before.
    fn turns_after(&self, text: &[u8]) -> bool {
        let (from, to) = next_word(text, 0);
        let (second, second_end) = next_word(text, to);
        let word = without_possessive(text.get(from..to).unwrap_or_default());
        let second = text.get(second..second_end).unwrap_or_default();
        self.after.know(&[word]) || self.after.know(&[word, second])
    }
}

/// How far words beside a keyword are looked for.
const BESIDE: usize = 30;

/// How far back they are looked for in a line.
const IN_LINE: usize = 80;

fn without_possessive(word: &[u8]) -> &[u8] {
    word.strip_suffix(b"'s")
        .or(word.strip_suffix(b"'S"))
        .unwrap_or(word)
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'&' || byte == b'\''
}

fn is_between_words(byte: u8) -> bool {
    matches!(byte, b' ' | b'_' | b'-')
}

/// The last word of a text.
fn last_word(text: &[u8]) -> (usize, usize) {
    let gap = text
        .iter()
        .rev()
        .take_while(|byte| is_between_words(**byte))
        .count();
    let end = text.len() - gap.min(1);
    let word = text
        .iter()
        .take(end)
        .rev()
        .take_while(|byte| is_of_word(**byte))
        .count();
    (end - word, end)
}

/// The word of a text that begins at an octet, or one later.
fn next_word(text: &[u8], from: usize) -> (usize, usize) {
    let rest = text.get(from..).unwrap_or_default();
    let gap = rest
        .iter()
        .take_while(|byte| is_between_words(**byte))
        .count()
        .min(1);
    let word = rest
        .iter()
        .skip(gap)
        .take_while(|byte| is_of_word(**byte))
        .count();
    (from + gap, from + gap + word)
}
