//! Answers above their questions: "It's 412559921" with "> What is your Social Security number?" quoted below, as most people reply.

use std::ops::Range;

use super::super::keywords::Hit;
use super::super::rule::Rule;
use super::super::sentence;
use super::between::holds_a_number;
use super::label::{is_in, words};
use super::{Keyword, Scene, Side};

/// How far below an answer the quoted mail may begin, and how much of it is looked through.
const NEAR: usize = 400;
const QUOTED: usize = 800;

/// What may stand before the number in an answer.
const OPENS: [&str; 35] = [
    "it",
    "it's",
    "its",
    "is",
    "sure",
    "yes",
    "yep",
    "here",
    "here's",
    "you",
    "go",
    "that",
    "that's",
    "would",
    "be",
    "the",
    "number",
    "my",
    "mine",
    "thanks",
    "ok",
    "okay",
    "hi",
    "hello",
    "of",
    "course",
    "as",
    "asked",
    "requested",
    "s",
    "a",
    "they",
    "are",
    "sorry",
    "ah",
];

/// The keyword of the question, when a value that nothing else speaks for answers one that is quoted below it.
pub(super) fn keyword(rule: &Rule, scene: &Scene, value: &Range<usize>) -> Option<Keyword> {
    if !opens(scene.bytes, value.start) || answers_above(scene.bytes, value.start) {
        return None;
    }
    let quoted = quoted_below(scene.bytes, value.end)?;
    let hits = rule.keywords.find(scene.bytes, quoted.start, quoted.end);
    let asks = |hit: &&Hit| rule.keywords.announces(hit, false) && is_asked(scene.bytes, hit.end, quoted.end);
    let hit = hits.iter().find(asks)?;
    Some(Keyword {
        word: hit.word,
        side: Side::After,
        distance: hit.start - value.end,
        strong: true,
        doubtful: false,
    })
}

/// Whether nothing but the opening of an answer stands before a value in its sentence.
fn opens(bytes: &[u8], start: usize) -> bool {
    const MOST: usize = 48;
    let from = start.saturating_sub(MOST);
    let before = bytes.get(from..start).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let begin = sentence::last_begins(before).unwrap_or(0).max(line);
    if begin == 0 && from > 0 {
        return false;
    }
    let opening = before.get(begin..).unwrap_or_default();
    !opening.iter().any(u8::is_ascii_digit) && words(opening).all(|word| is_in(&OPENS, word))
}

/// Whether the line above, but for blank ones, is quoted: then its question is the one that is answered.
fn answers_above(bytes: &[u8], start: usize) -> bool {
    let before = bytes.get(start.saturating_sub(NEAR)..start).unwrap_or_default();
    let mut lines = before.rsplit(|byte| *byte == b'\n');
    let own = depth(lines.next().unwrap_or_default());
    let above = lines.find(|line| line.iter().any(|byte| !byte.is_ascii_whitespace()));
    above.is_some_and(|above| depth(above) > own)
}

/// The mail that is quoted below an octet: deeper than the line of the octet, or behind the line that mail programs write above it.
fn quoted_below(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    const HEADERS: [&[u8]; 3] = [b"-----Original Message", b"From: ", b"________________"];
    let begin = at.saturating_sub(NEAR);
    let line = memchr::memrchr(b'\n', bytes.get(begin..at)?).map_or(begin, |end| begin + end + 1);
    let own = depth(bytes.get(line..at)?);
    let reach = (at + NEAR).min(bytes.len());
    let mut ends = memchr::memchr_iter(b'\n', bytes.get(at..reach)?);
    let start = ends.find_map(|end| {
        let start = at + end + 1;
        let line = bytes.get(start..)?;
        let quotes = depth(line) > own || HEADERS.iter().any(|header| line.starts_with(header));
        quotes.then_some(start)
    })?;
    Some(start..(start + QUOTED).min(bytes.len()))
}

/// How many marks of quotation begin a line.
fn depth(line: &[u8]) -> usize {
    let marks = line.iter().take_while(|byte| matches!(byte, b'>' | b' '));
    marks.filter(|byte| **byte == b'>').count()
}

/// Whether a sentence asks for what a keyword in it names: "What is your Social Security number?", "I need your SSN to file".
fn is_asked(bytes: &[u8], keyword: usize, end: usize) -> bool {
    const MOST: usize = 120;
    const ASKS: [&str; 9] = [
        "please", "need", "needs", "send", "what", "what's", "provide", "give", "confirm",
    ];
    let rest = bytes.get(keyword..end.min(keyword + MOST)).unwrap_or_default();
    let stop = rest.iter().position(|byte| matches!(byte, b'?' | b'.' | b'!'));
    let rest = rest
        .get(..stop.map_or(rest.len(), |stop| stop + 1))
        .unwrap_or_default();
    let before = bytes
        .get(keyword.saturating_sub(MOST)..keyword)
        .unwrap_or_default();
    let begin = sentence::last_begins(before).unwrap_or(0);
    let asks = || words(before.get(begin..).unwrap_or_default()).any(|word| is_in(&ASKS, word));
    !holds_a_number(rest, None) && (rest.ends_with(b"?") || asks())
}

#[cfg(test)]
mod tests {
    use super::{is_asked, opens, quoted_below};

    #[test]
    fn an_answer_opens_with_little_words() {
        for (text, opening) in [
            ("", true),
            ("Hi,\n\nSure. It's ", true),
            ("> Here you go: ", true),
            ("Your confirmation is ", false),
            ("12 ", false),
        ] {
            assert_eq!(opens(text.as_bytes(), text.len()), opening, "{text}");
        }
    }

    #[test]
    fn what_is_quoted_below_begins_with_a_deeper_line_or_its_header() {
        for (text, quoted) in [
            ("1\n\n> SSN?", Some("> SSN?")),
            ("> 1\n> > SSN?", Some("> > SSN?")),
            ("> 1\n> SSN?", None),
            (
                "1\n-----Original Message-----\nSSN?",
                Some("-----Original Message-----\nSSN?"),
            ),
            ("1\nnothing", None),
        ] {
            let at = text.find('1').unwrap() + 1;
            let found = quoted_below(text.as_bytes(), at).map(|place| &text[place]);
            assert_eq!(found, quoted, "{text}");
        }
    }

    #[test]
    fn a_sentence_asks_by_its_sign_or_its_words() {
        for (text, asked) in [
            ("What is your SSN? Thanks", true),
            ("Please send your SSN so that I can file.", true),
            ("Your SSN is on file.", false),
            ("Is your SSN 412559921?", false),
        ] {
            let end = text.find("SSN").unwrap() + 3;
            assert_eq!(is_asked(text.as_bytes(), end, text.len()), asked, "{text}");
        }
    }
}
