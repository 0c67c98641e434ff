//! Labels: what a text calls the value that comes next. "Phone: 6175550123" is a telephone number, whatever
//! the line before was about.

use std::ops::Range;

use super::Scene;

/// A label is at most so long, in words and octets; more is prose.
const MOST_WORDS: usize = 4;
const LONGEST: usize = 40;

/// Words in a label that name no kind of value.
const SAYS_NOTHING: [&str; 36] = [
    "number",
    "numbers",
    "no",
    "nos",
    "num",
    "nr",
    "nbr",
    "value",
    "is",
    "was",
    "are",
    "id",
    "full",
    "here",
    "digits",
    "my",
    "your",
    "his",
    "her",
    "their",
    "our",
    "the",
    "this",
    "it",
    "follows",
    "following",
    "below",
    "as",
    "info",
    "information",
    "details",
    "on",
    "file",
    "old",
    "new",
    "of",
];

/// The label directly before a value: letters up to a colon, an equals sign or the end of a tag.
pub(super) fn of(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let before = bytes.get(start.saturating_sub(LONGEST + 8)..start)?;
    let edge = |byte: &u8| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'(' | b'[' | b'*');
    let mut at = before.len() - before.iter().rev().take_while(|byte| edge(byte)).take(6).count();
    let sign = before.get(at.checked_sub(1)?)?;
    if !matches!(sign, b':' | b'=' | b'>') {
        return None;
    }
    at -= 1;
    let quotes = before
        .get(..at)?
        .iter()
        .rev()
        .take_while(|byte| edge(byte))
        .count();
    let end = at - quotes;
    let is_part = |byte: &u8| {
        byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'-' | b'_' | b'\'' | b'#' | b'&' | b'.')
    };
    let length = before
        .get(..end)?
        .iter()
        .rev()
        .take_while(|byte| is_part(byte))
        .count();
    let text = before.get(end - length..end)?;
    // A full stop ends the sentence before; what follows it is the label.
    let sentence = memchr::memmem::rfind(text, b". ").map_or(0, |at| at + 2);
    let text = text.get(sentence..)?;
    let trimmed = text.trim_ascii_start();
    let from = start - before.len() + end - trimmed.len();
    (trimmed.iter().filter(|byte| byte.is_ascii_alphabetic()).count() > 1)
        .then(|| from..start - before.len() + end)
}

/// Whether a label names something that is not the element: no keyword stands in it, it says more than
/// "number", and it is no person's name.
pub(super) fn is_foreign(scene: &Scene, label: &Range<usize>) -> bool {
    let at = scene.hits.partition_point(|hit| hit.end <= label.start);
    let holds_keyword = scene.hits.get(at).is_some_and(|hit| hit.start < label.end);
    let text = scene.bytes.get(label.clone()).unwrap_or_default();
    let words: Vec<&[u8]> = text
        .split(|byte| !byte.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .collect();
    let says = |word: &&[u8]| {
        !SAYS_NOTHING
            .iter()
            .any(|nothing| word.eq_ignore_ascii_case(nothing.as_bytes()))
    };
    !holds_keyword
        && words.len() <= MOST_WORDS
        && words.iter().any(says)
        && scene.names.within(scene.bytes, label.start, label.end).is_empty()
}

/// Whether a keyword after a value is the label of the value that follows: "536-22-8145, Phone 617…".
pub(super) fn labels_the_next(bytes: &[u8], end: usize) -> bool {
    let rest = bytes.get(end..).unwrap_or_default();
    let line = rest.iter().take(15).take_while(|byte| **byte != b'\n');
    line.into_iter().any(u8::is_ascii_digit)
}

/// Whether a number of five or more digits stands in a stretch of text; dates do not count.
pub(super) fn holds_a_number(between: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b' ' | b'/' | b'.');
    between.split(|byte| !is_part(byte)).any(|run| {
        let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        digits >= 5 && !is_date(run)
    })
}

fn is_date(run: &[u8]) -> bool {
    let run = run.trim_ascii();
    let parts: Vec<&[u8]> = run.split(|byte| matches!(byte, b'/' | b'-' | b'.')).collect();
    matches!(parts.as_slice(), [a, b, c] if a.len() <= 4 && b.len() <= 2 && c.len() <= 4 && a.len() + c.len() <= 6)
}
