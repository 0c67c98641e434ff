//! What stands between a keyword and a value, or about both: whether the keyword has had its number, and whether it is the label of
//! the next one.

use std::ops::Range;

use super::super::checks::Check;
use super::super::names::is_word;
use super::super::rule::compact;
use super::super::sentence;
use super::Scene;
use super::label::{ends_as_number, is_in, words};

/// Of lines that take turns, so much is looked at.
const LONGEST_LINE: usize = 80;
/// A line that is a value has so many.
const FEWEST_DIGITS: usize = 5;

/// So many dots may lead from a label to its value.
const MOST_LEADER: usize = 80;

/// Whether a keyword after a value is the label of the value that follows: "536-22-8145, Phone 617…".
pub(super) fn labels_the_next(bytes: &[u8], end: usize) -> bool {
    let rest = bytes.get(end..).unwrap_or_default();
    // "Checking acct no. ......... 4830127755"
    let leader = rest
        .iter()
        .take(MOST_LEADER)
        .take_while(|byte| matches!(byte, b'.' | b' '))
        .count();
    let dots = rest.get(..leader).unwrap_or_default();
    let led = memchr::memmem::find(dots, b"...").and_then(|_| rest.get(leader..));
    let rest = led.unwrap_or(rest);
    let line = rest.iter().take(15).take_while(|byte| **byte != b'\n').count();
    let line = rest.get(..line).unwrap_or_default();
    // The full stop of "acct no." ends no sentence.
    let short = line
        .strip_prefix(b".")
        .filter(|_| sentence::ends_short(bytes.get(..end).unwrap_or_default()));
    let line = short.unwrap_or(line);
    let line = line
        .get(..sentence::first_ends(line).unwrap_or(line.len()))
        .unwrap_or_default();
    line.iter().any(u8::is_ascii_digit)
}

/// Whether a line without a number stands above a value that begins its own line, nothing but a label is on the line of the keyword
/// below, and a number on the next: "Requisition no.\n2843-20-325\nSocial Security number\n536-22-8145".
pub(super) fn takes_turns(bytes: &[u8], start: usize, keyword: Range<usize>) -> bool {
    let before = bytes
        .get(start.saturating_sub(LONGEST_LINE)..start)
        .unwrap_or_default();
    let mut above = before.rsplit(|byte| *byte == b'\n');
    let begins = above.next().is_some_and(|line| line.trim_ascii().is_empty());
    let digits = |line: &[u8]| line.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = |line: &[u8]| line.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    // "Bank routing (9 digits)"
    let is_label = |line: &[u8]| letters(line) > 1 && digits(line) < 3;
    let after = bytes.get(keyword.end..).unwrap_or_default();
    let after = after.get(..LONGEST_LINE).unwrap_or(after);
    let mut below = after.split(|byte| *byte == b'\n');
    let ends = below
        .next()
        .is_some_and(|line| !line.iter().any(u8::is_ascii_digit));
    begins && above.next().is_some_and(is_label) && ends && below.next().is_some_and(is_value)
}

/// Whether a value stands in a column of values written alike below a label of its own, and the keyword is the label of the next column:
/// "Routing number\n211317197\n011075338\nBank account number\n54832615493", as a page gives them that was laid out by columns.
pub(super) fn ends_column(bytes: &[u8], value: Range<usize>, keyword: Range<usize>) -> bool {
    const FAR: usize = 16 * LONGEST_LINE;
    let own = bytes.get(value.clone()).unwrap_or_default();
    let alike = |line: &[u8]| {
        let form = |byte: &u8| match byte {
            b'0'..=b'9' => b'0',
            other => *other,
        };
        line.trim_ascii_end().iter().map(form).eq(own.iter().map(form))
    };
    let blank = |line: &[u8]| line.trim_ascii().is_empty();
    let gap = bytes.get(value.end..keyword.start).unwrap_or_default();
    let gap: Vec<&[u8]> = gap.split(|byte| *byte == b'\n').collect();
    let [behind, following @ .., ahead] = gap.as_slice() else {
        return false;
    };
    let before = bytes
        .get(value.start.saturating_sub(FAR)..value.start)
        .unwrap_or_default();
    let mut above = before.rsplit(|byte| *byte == b'\n');
    let alone = blank(behind) && blank(ahead) && above.next().is_some_and(blank);
    if !alone || !following.iter().all(|line| alike(line)) {
        return false;
    }
    let mut values = 1 + following.len();
    let label = above.find(|line| {
        let one = alike(line);
        values += usize::from(one);
        !one
    });
    let numbers = |label: &[u8]| ends_as_number(label) && !label.iter().any(u8::is_ascii_digit);
    let after = bytes.get(keyword.end..).unwrap_or_default();
    let after = after.get(..LONGEST_LINE).unwrap_or(after);
    let mut below = after.split(|byte| *byte == b'\n');
    values > 1
        && label.is_some_and(numbers)
        && below.next().is_some_and(blank)
        && below.next().is_some_and(is_value)
}

/// Whether a line is no more than a value.
pub(super) fn is_value(line: &[u8]) -> bool {
    let count = |is: fn(&u8) -> bool| line.iter().filter(|byte| is(byte)).count();
    count(u8::is_ascii_digit) >= FEWEST_DIGITS && count(u8::is_ascii_alphabetic) <= 2
}

/// Whether a number of five or more digits stands in a stretch of text; dates do not count, nor do numbers
/// that pass the check `but`.
pub(super) fn holds_a_number(between: &[u8], but: Option<&'static Check>) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b' ' | b'/' | b'.');
    between.split(|byte| !is_part(byte)).any(|run| {
        let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        digits >= 5 && !is_date(run) && !but.is_some_and(|check| (check.test)(&compact(run)))
    })
}

/// Whether a label has had its number before the text goes on to another: "Invoice 1234 was paid with", or to another line.
pub(super) fn is_spent(between: &[u8]) -> bool {
    let line = memchr::memrchr(b'\n', between).and_then(|end| between.get(..end));
    if line.is_some_and(|earlier| holds_a_number(earlier, None)) {
        return true;
    }
    let Some(last) = between.iter().rposition(u8::is_ascii_digit) else {
        return false;
    };
    let digits = between.iter().filter(|byte| byte.is_ascii_digit()).count();
    let rest = between.get(last..).unwrap_or_default();
    // "ticket INC3227475: …"
    let labels = digits >= 5 && rest.get(1) == Some(&b':');
    let goes_on = || {
        rest.windows(2)
            .any(|pair| pair.iter().all(u8::is_ascii_alphabetic))
    };
    digits >= 3 && (labels || goes_on())
}

/// Whether a form has a blank in a stretch of text, to be filled in by hand, and goes on after it: "DL #: ______  State:".
pub(super) fn is_left_blank(between: &[u8]) -> bool {
    let Some(blank) = memchr::memmem::find(between, b"___") else {
        return false;
    };
    let rest = between.get(blank..).unwrap_or_default();
    rest.iter().any(u8::is_ascii_alphabetic)
}

/// Whether a number stands in a stretch of text whose digits nobody is meant to read: "XXX-XX-8145", "******7755".
pub(super) fn is_masked(between: &[u8]) -> bool {
    // "SSN (XXX-XX-XXXX): " only says how it is written.
    let hint = between.trim_ascii_start().strip_prefix(b"(").and_then(|hint| {
        let end = memchr::memchr(b')', hint)?;
        let rest = hint.get(end + 1..)?;
        let form = hint
            .get(..end)?
            .iter()
            .all(|byte| !byte.is_ascii_alphanumeric() || byte.eq_ignore_ascii_case(&b'x'));
        (form && matches!(rest.trim_ascii_start(), [b':' | b'=', ..])).then_some(rest)
    });
    let between = hint.unwrap_or(between);
    let signs = between
        .windows(3)
        .any(|three| matches!(three, b"***" | b"XXX" | b"xxx"));
    signs || memchr::memmem::find(between, "\u{2022}\u{2022}".as_bytes()).is_some()
}

/// Whether a keyword that begins at an octet, and the value behind it, are parts of a path: "GET /account/482139071".
pub(super) fn is_in_path(bytes: &[u8], keyword: usize, between: &[u8]) -> bool {
    let before = keyword.checked_sub(1).and_then(|before| bytes.get(before));
    between == b"/" && before == Some(&b'/')
}

fn is_date(run: &[u8]) -> bool {
    let run = run.trim_ascii();
    let parts: Vec<&[u8]> = run.split(|byte| matches!(byte, b'/' | b'-' | b'.')).collect();
    matches!(parts.as_slice(), [a, b, c] if !a.is_empty() && a.len() <= 4 && b.len() <= 2 && c.len() <= 4 && a.len() + c.len() <= 6)
}

/// Whether a list may go on over a stretch of text: it holds separators, numbers, names and little words.
pub(super) fn keeps_a_list(scene: &Scene, between: &[u8]) -> bool {
    const LINKS: [&str; 21] = [
        "and", "but", "now", "or", "then", "also", "plus", "for", "of", "the", "as", "well", "s", "to", "is",
        "mine", "yours", "his", "hers", "ours", "theirs",
    ];
    let is_link = |word: &[u8]| is_in(&LINKS, word);
    // "Routing 011000015 / account 4830127755\nBatch 77985053": a line or a sentence that begins with a word.
    let mut breaks = between
        .iter()
        .enumerate()
        .filter(|(_, byte)| matches!(byte, b'\n' | b'.'));
    let begins = |word: &[u8]| is_word(word) && !is_link(word);
    let goes_off = |at: usize| {
        let mut opening = words(between.get(at + 1..).unwrap_or_default());
        opening.next().is_some_and(begins) && opening.next().is_none()
    };
    if breaks.any(|(at, _)| goes_off(at)) {
        return false;
    }
    words(between).all(|word| is_link(word) || scene.names.is_name(word))
}
