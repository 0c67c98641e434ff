//! Text → words with their case and what separates them.

use super::dictionary::Lists;

/// A word and how it is written. Not `Debug`: it holds the message.
#[derive(Clone, Copy)]
pub(super) struct Token<'t> {
    pub start: usize,
    pub end: usize,
    pub text: &'t [u8],
    pub case: Case,
    /// What stands between the word before and this one.
    pub gap: Gap,
    /// The lists that have it.
    pub lists: Lists,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// `Smith`, `McDonald`, `O'Brien`.
    Capital,
    /// `SMITH`.
    Upper,
    Lower,
    /// A single capital letter.
    Initial,
    /// Part of something that is no word: `S12345678`.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    Space,
    /// A full stop, with or without spaces.
    Stop,
    Comma,
    /// The edge of a cell.
    Cell,
    /// The end of a label: a colon, an equals sign, a tag.
    Label,
    Other,
}

/// Words of a stretch of text. The stretch may begin or end inside a word, which then counts as it is.
pub(super) fn tokens(bytes: &[u8], from: usize, to: usize) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let text = bytes.get(..to.min(bytes.len())).unwrap_or(bytes);
    let (mut at, mut last_end) = (from, from);
    while let Some(start) = text
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| is_letter(*byte)))
        .map(|skip| at + skip)
    {
        let end = word_end(text, start);
        let word = text.get(start..end).unwrap_or_default();
        let gap = gap(text.get(last_end..start).unwrap_or_default());
        found.push(Token {
            start,
            end,
            text: word,
            case: case(text, start, end),
            gap,
            lists: Lists::of(word),
        });
        (at, last_end) = (end, end);
    }
    found
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || !byte.is_ascii()
}

/// Apostrophes and hyphens belong to a word when letters stand on both sides.
fn word_end(text: &[u8], start: usize) -> usize {
    let mut end = start;
    while let Some(byte) = text.get(end) {
        let inner = matches!(byte, b'\'' | b'-') && text.get(end + 1).is_some_and(|next| is_letter(*next));
        if !is_letter(*byte) && !inner {
            break;
        }
        end += 1;
    }
    end
}

fn case(text: &[u8], start: usize, end: usize) -> Case {
    let beside = |at: Option<usize>| {
        at.and_then(|at| text.get(at))
            .is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'@'))
    };
    // "_Mary Jones_" is emphasis.
    let emphasis = |sign: Option<usize>, beyond: Option<usize>| {
        let octet = |at: Option<usize>| at.and_then(|at| text.get(at));
        octet(sign) == Some(&b'_') && !octet(beyond).is_some_and(u8::is_ascii_alphanumeric)
    };
    let stands_before =
        || beside(start.checked_sub(1)) && !emphasis(start.checked_sub(1), start.checked_sub(2));
    let stands_behind = || beside(Some(end)) && !emphasis(Some(end), Some(end + 1));
    let word = text.get(start..end).unwrap_or_default();
    let mut letters = word.iter().filter(|byte| is_letter(**byte));
    let first = letters.next().copied().unwrap_or_default();
    let mut rest = letters.peekable();
    match () {
        () if stands_before() || stands_behind() => Case::Other,
        () if first.is_ascii_lowercase() => Case::Lower,
        () if rest.peek().is_none() => Case::Initial,
        () if rest.all(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) => Case::Upper,
        () => Case::Capital,
    }
}

fn gap(between: &[u8]) -> Gap {
    let solid = between
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b' ' | b'"' | b'\'' | b'*'));
    // No more than these are looked at.
    let (mut first, mut length) = ([0; 3], 0);
    for (place, byte) in first.iter_mut().zip(solid) {
        *place = byte;
        length += 1;
    }
    match first.get(..length).unwrap_or_default() {
        [] if between.len() <= 3 => Gap::Space,
        [b'.'] => Gap::Stop,
        // As HL7 writes names: "JONES^MARY".
        [b',' | b'^'] | [b'.', b','] => Gap::Comma,
        [b'\t' | b'|' | b';'] | [b' ', ..] => Gap::Cell,
        [] => Gap::Cell,
        [b':' | b'='] | [b':' | b'=', b'\t' | b'|'] | [b'>'] | [b':', b'\n' | b'\r', ..] => Gap::Label,
        _ => Gap::Other,
    }
}
