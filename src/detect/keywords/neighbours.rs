//! Words beside a keyword that make it mean something else: "library card number", "SSN parser".

use std::collections::HashSet;

/// Words that make a keyword mean something else where they stand directly beside it, in small letters.
#[derive(Debug, Default)]
pub(in super::super) struct Neighbours {
    /// "library" before "card number".
    pub before: HashSet<String>,
    /// "parser" after "SSN".
    pub after: HashSet<String>,
}

impl Neighbours {
    /// Whether the words beside a keyword make it mean something else.
    pub(super) fn turn(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        let before = || words_before(bytes.get(start.saturating_sub(BESIDE)..start).unwrap_or_default());
        let after = || {
            words_after(
                bytes
                    .get(end..(end + BESIDE).min(bytes.len()))
                    .unwrap_or_default(),
            )
        };
        let known = |known: &HashSet<String>, words: [String; 2]| {
            words.iter().any(|word| !word.is_empty() && known.contains(word))
        };
        !self.before.is_empty() && known(&self.before, before())
            || !self.after.is_empty() && known(&self.after, after())
    }
}

/// How far words beside a keyword are looked for.
const BESIDE: usize = 30;

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'&' || byte == b'\''
}

fn is_between_words(byte: u8) -> bool {
    matches!(byte, b' ' | b'_' | b'-')
}

/// The last word of a text, and the last two.
fn words_before(text: &[u8]) -> [String; 2] {
    let split = |text: &[u8]| {
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
    };
    let (from, to) = split(text);
    let (first, first_end) = split(text.get(..from).unwrap_or_default());
    let word = lower(text.get(from..to).unwrap_or_default());
    let word = word.strip_suffix("'s").unwrap_or(&word).to_owned();
    let pair = match first_end < from && first < first_end {
        true => format!("{} {word}", lower(text.get(first..first_end).unwrap_or_default())),
        false => String::new(),
    };
    [word, pair]
}

/// The first word of a text, and the first two.
fn words_after(text: &[u8]) -> [String; 2] {
    let split = |from: usize| {
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
    };
    let (from, to) = split(0);
    let (second, second_end) = split(to);
    let word = lower(text.get(from..to).unwrap_or_default());
    let pair = format!(
        "{word} {}",
        lower(text.get(second..second_end).unwrap_or_default())
    );
    [word, pair]
}

fn lower(word: &[u8]) -> String {
    String::from_utf8_lossy(word).to_ascii_lowercase()
}
