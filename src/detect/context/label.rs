//! Labels: what a text calls the value that comes next. "Phone: 6175550123" is a telephone number, whatever
//! the line before was about.

use std::ops::Range;

use super::super::keywords::Hit;
use super::super::names::is_word;
use super::super::rule::Rule;
use super::super::sentence::{self, ends_short};
use super::Scene;

/// A label is at most so long, in words and octets; more is prose.
const MOST_WORDS: usize = 4;
pub(super) const LONGEST: usize = 40;

/// Words in a label that name no kind of value.
const SAYS_NOTHING: [&str; 71] = [
    "input",
    "val",
    "data",
    "entry",
    "answer",
    "response",
    "content",
    "mine",
    "yours",
    "hers",
    "ours",
    "theirs",
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
    "provided",
    "given",
    "record",
    "listed",
    "above",
    "shown",
    "entered",
    "required",
    "current",
    "updated",
    "legal",
    "confirmed",
    "verified",
    "per",
    "said",
    "valid",
    "actual",
    "and",
    "has",
    "had",
    "reads",
    "with",
    "same",
];

/// Words in the label of a column that may hold a means of payment, or anything at all.
const OPEN: [&str; 21] = [
    "account",
    "accounts",
    "acct",
    "cc",
    "payment",
    "payments",
    "pay",
    "billing",
    "method",
    "bank",
    "notes",
    "note",
    "comment",
    "comments",
    "memo",
    "message",
    "text",
    "description",
    "remarks",
    "content",
    "body",
];

/// The label directly before a value: `Phone:`, `phone=`, `<phone>`, `phone number`.
pub(super) fn of(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let from = start.saturating_sub(LONGEST + 8);
    let before = without_example(without_edge(bytes.get(from..start)?));
    // "Closes: #936227"
    let bare = before.strip_suffix(b"#").map(without_edge);
    let before = bare.filter(|bare| bare.ends_with(b":")).unwrap_or(before);
    let place = match before.split_last()? {
        // "Routing no. ......... 211864844"
        (b'.', _) if before.ends_with(b"...") => {
            let dots = before
                .iter()
                .rev()
                .take_while(|byte| matches!(byte, b'.' | b' '))
                .count();
            last_words(before.get(..before.len() - dots)?, MOST_WORDS + 1)
        }
        (b'=', rest) => last_words(without_edge(rest), MOST_WORDS + 1).map(|words| behind_pair(rest, words)),
        (b':' | b'>', rest) => last_words(without_edge(rest), MOST_WORDS + 1),
        // "a session number, 710562441"
        (b',', rest) => {
            last_words(rest, 2).filter(|words| rest.get(words.clone()).is_some_and(ends_as_number))
        }
        _ => last_words(before, 2).filter(|words| before.get(words.clone()).is_some_and(ends_as_number)),
    }?;
    let letters = before
        .get(place.clone())?
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    // The address of a page: "?i=562074".
    let of_address = before.get(..place.start)?.ends_with(b"?") || before.get(..place.start)?.ends_with(b"&");
    (letters > 1 || of_address).then(|| from + place.start..from + place.end)
}

/// A text without what announces an example: "the claim control number, e.g. 683926353".
fn without_example(text: &[u8]) -> &[u8] {
    let announced = text.strip_suffix(b"e.g.").or_else(|| text.strip_suffix(b"i.e."));
    let text = announced.map_or(text, without_edge);
    match announced {
        Some(_) => text.strip_suffix(b",").map_or(text, without_edge),
        None => text,
    }
}

/// Of the words before an equals sign, those behind the value of another pair: "type=SSN msgid=585237314".
fn behind_pair(text: &[u8], words: Range<usize>) -> Range<usize> {
    let of_pair = words.start.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'=');
    let first = text.get(words.clone()).unwrap_or_default();
    match memchr::memchr(b' ', first).filter(|_| of_pair) {
        Some(end) => words.start + end + 1..words.end,
        None => words,
    }
}

/// A text without what may stand between a label and its value.
pub(super) fn without_edge(text: &[u8]) -> &[u8] {
    let edge = |byte: &u8| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'(' | b'[' | b'*');
    let behind = text.iter().rev().take_while(|byte| edge(byte)).count();
    text.get(..text.len() - behind).unwrap_or_default()
}

/// Where the last words of a text stand, as far as nothing but spaces and hyphens separates them. A full stop
/// ends the sentence before.
fn last_words(text: &[u8], most: usize) -> Option<Range<usize>> {
    let is_part = |byte: &u8| {
        byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'-' | b'_' | b'\'' | b'#' | b'&' | b'.')
    };
    let mut from = text.len() - text.iter().rev().take_while(|byte| is_part(byte)).count();
    from = text
        .windows(2)
        .enumerate()
        .skip(from)
        .rfind(|(at, pair)| *pair == b". " && !ends_short(text.get(..*at).unwrap_or_default()))
        .map_or(from, |(at, _)| at + 2);
    // The beginnings of words, last first.
    let begins = |at: &usize| {
        let is_space = |at: usize| text.get(at).is_none_or(|byte| *byte == b' ');
        !is_space(*at) && (*at == from || is_space(*at - 1))
    };
    let begin = (from..text.len()).rev().filter(begins).take(most).last()?;
    Some(begin..text.len())
}

/// "employee number", "case no.", "item #", "external_id", "orderNo": the words announce a number.
pub(super) fn ends_as_number(text: &[u8]) -> bool {
    const ANNOUNCE: [&str; 5] = ["number", "no", "num", "nbr", "id"];
    let text = text.trim_ascii_end();
    let last = words(text).last().unwrap_or_default();
    // The last word of several that were written as one.
    let hump = last.iter().rposition(u8::is_ascii_uppercase).filter(|at| {
        let before = at.checked_sub(1).and_then(|before| last.get(before));
        before.is_some_and(u8::is_ascii_lowercase)
    });
    let word = last.get(hump.unwrap_or(0)..).unwrap_or_default();
    text.ends_with(b"#") || is_in(&ANNOUNCE, word)
}

/// Words for people who have a number that is called by their part in the matter: often their Social Security number.
pub(super) const PEOPLE: [&str; 40] = [
    "employee",
    "applicant",
    "borrower",
    "claimant",
    "patient",
    "taxpayer",
    "spouse",
    "dependent",
    "insured",
    "subscriber",
    "participant",
    "beneficiary",
    "tenant",
    "resident",
    "payee",
    "recipient",
    "holder",
    "owner",
    "person",
    "personal",
    "individual",
    "national",
    "identification",
    "identity",
    "tax",
    "security",
    "worker",
    "retiree",
    "debtor",
    "member",
    "partner",
    "shareholder",
    "identifying",
    "decedent",
    "deceased",
    "veteran",
    "annuitant",
    "pensioner",
    "filer",
    "payer",
];

/// Whether a label says that a value is the number of a thing: "study ID", "bid #". "Taxpayer no." is a person's.
pub(super) fn numbers_things(label: &[u8]) -> bool {
    ends_as_number(label.trim_ascii_end()) && is_of_a_thing(label)
}

/// Whether a label names a thing and no person: "Weights", but not "Applicant".
pub(super) fn is_of_a_thing(label: &[u8]) -> bool {
    !words(label).any(|word| is_in(&PEOPLE, word))
}

/// Whether a label may be that of a means of payment, or of anything at all.
pub(super) fn is_open(label: &[u8]) -> bool {
    let is_card = |word: &[u8]| {
        let end = word
            .get(word.len().saturating_sub("cards".len())..)
            .unwrap_or_default();
        let end = end.to_ascii_lowercase();
        end.ends_with(b"card") || end.ends_with(b"cards")
    };
    words(label).any(|word| is_in(&OPEN, word) || is_card(word))
}

/// Words directly before a value that say nothing of what it is: "Please use 4830127755".
pub(super) const CARRIES: [&str; 71] = [
    "right",
    "wrong",
    "correct",
    "corrected",
    "real",
    "mine",
    "yours",
    "his",
    "hers",
    "ours",
    "theirs",
    "you",
    "we",
    "they",
    "asked",
    "wanted",
    "needed",
    "requested",
    "provided",
    "sent",
    "new",
    "old",
    "current",
    "here",
    "use",
    "using",
    "used",
    "try",
    "send",
    "pay",
    "paid",
    "deposit",
    "to",
    "into",
    "from",
    "at",
    "for",
    "under",
    "by",
    "enter",
    "type",
    "typed",
    "wrote",
    "write",
    "gave",
    "give",
    "put",
    "that",
    "s",
    "its",
    "be",
    "or",
    "me",
    "please",
    "called",
    "got",
    "have",
    "need",
    "ran",
    "run",
    "pull",
    "check",
    "verify",
    "confirm",
    "call",
    "against",
    "says",
    "one",
    "shows",
    "read",
    "via",
];

/// Whether no keyword that speaks for a value stands in a label, and it says more than "number".
pub(super) fn says_something_else(rule: &Rule, scene: &Scene, label: &Range<usize>) -> bool {
    let holds_keyword = scene
        .hits_between(label.start, label.end)
        .any(|hit| rule.keywords.may_speak_for(hit));
    let text = scene.bytes.get(label.clone()).unwrap_or_default();
    // "4d NUMBER", as it is printed on a license.
    let says = |word: &[u8]| (word.len() > 1 || word.len() == text.len()) && says_something(word);
    (!holds_keyword || is_id_of_a_thing(rule, scene, label))
        && words(text).count() <= MOST_WORDS
        && words(text).any(says)
}

/// What stands between two words of which either may be meant: " and/or ".
const LONGEST_OR: usize = 8;

/// Whether what begins at an octet names but another thing that a value may be, beside what a keyword before it names: "SSN or
/// employee ID", "License/ID #/SSN".
pub(super) fn is_alternative(rule: &Rule, scene: &Scene, at: usize) -> bool {
    let or = scene.behind_last(at, LONGEST_OR, |hit| rule.keywords.speaks_for(hit));
    let or = or.map(|or| {
        or.trim_ascii_start()
            .strip_prefix(b"#")
            .unwrap_or(or)
            .trim_ascii()
    });
    or.is_some_and(|or| is_in(&["or", "/", "and/or"], or))
}

/// Whether a label ends as "log id" does: nothing in it is a strong keyword, although "id" may be a weak one.
fn is_id_of_a_thing(rule: &Rule, scene: &Scene, label: &Range<usize>) -> bool {
    let text = scene.bytes.get(label.clone()).unwrap_or_default();
    let words: Vec<&[u8]> = words(text).collect();
    let [.., thing, id] = words.as_slice() else {
        return false;
    };
    let is_strong = |hit: &Hit| rule.keywords.announces(hit, false);
    id.eq_ignore_ascii_case(b"id")
        && rule.is_thing(thing)
        && !scene.hits_between(label.start, label.end).any(is_strong)
}

/// Whether a word is one of those, in letters of any size.
pub(super) fn is_in(words: &[&str], word: &[u8]) -> bool {
    words.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes()))
}

/// Whether the label of a column says what its cells hold, and that they are no money and no prose.
pub(super) fn names_something(label: &[u8]) -> bool {
    words(label).any(says_something) && !is_open(label)
}

pub(super) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !byte.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
}

pub(super) fn says_something(word: &[u8]) -> bool {
    !is_in(&SAYS_NOTHING, word)
}

/// Whether a label is no person's, not even by a given name: "Mary: 536-22-8145".
pub(super) fn is_impersonal(scene: &Scene, label: &Range<usize>) -> bool {
    let text = scene.bytes.get(label.clone()).unwrap_or_default();
    let known = words(text).any(|word| scene.names.is_given(word));
    !known && scene.names.within(scene.bytes, label.start, label.end).is_empty()
}

/// Whether a hyphen joins a number to a code of letters before it that is no keyword, nor stands directly behind a strong one:
/// "SR-214977", "ws-310283", but not "DL-482139071" or "Account number: BOA-4830127755".
pub(super) fn has_prefix(rule: &Rule, scene: &Scene, start: usize) -> bool {
    const MOST: usize = 5;
    const NEAR: usize = 4;
    let before = scene
        .bytes
        .get(start.saturating_sub(MOST + 2)..start)
        .unwrap_or_default();
    let Some(text) = before.strip_suffix(b"-") else {
        return false;
    };
    let upper = text.last().is_some_and(u8::is_ascii_uppercase);
    let same = |byte: &&u8| byte.is_ascii_alphabetic() && byte.is_ascii_uppercase() == upper;
    let letters = text.iter().rev().take_while(same).count();
    let (before, code) = text.split_at(text.len() - letters);
    let apart = !before.last().is_some_and(u8::is_ascii_alphanumeric);
    // "ws-310283", but not "for-4830127755" or "mary-412559921".
    let is_code = upper || !is_word(code) && !scene.names.may_be_name(code);
    let end = start - 1;
    let spoken = || {
        scene
            .hits_between(end.saturating_sub(letters), end)
            .next()
            .is_some()
    };
    let is_strong = |hit: &Hit| rule.keywords.announces(hit, false);
    let announced = || {
        scene
            .behind_last(end.saturating_sub(letters), NEAR, is_strong)
            .is_some_and(|between| !between.iter().any(u8::is_ascii_alphabetic))
    };
    (2..=MOST).contains(&letters) && apart && is_code && !spoken() && !announced()
}

/// Whether a number is joined to letters before it: "EQ-536-22-8145".
pub(super) fn is_prefixed(bytes: &[u8], start: usize) -> bool {
    let before = bytes.get(start.saturating_sub(2)..start).unwrap_or_default();
    matches!(before, [letter, b'-' | b'/'] if letter.is_ascii_alphabetic())
}

/// Whether a sentence ends between a keyword, which begins at the first octet, and a value, and the next one says before the
/// value that it is something else: "Bring a driver's license. The appointment is 482139071".
pub(super) fn is_of_next_sentence(rule: &Rule, scene: &Scene, (from, to): (usize, usize)) -> bool {
    // What stands in other cells is no part of it.
    let from = scene.cell.map_or(from, |cell| from.max(cell.own.start));
    let between = scene.bytes.get(from..to).unwrap_or_default();
    let Some(begin) = sentence::last_begins(between) else {
        return false;
    };
    let rest = without_edge(between.get(begin..).unwrap_or_default());
    let rest = rest.strip_suffix(b"#").map_or(rest, without_edge);
    let last = rest.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    if memchr::memmem::find(last, b"://").is_some() {
        return true;
    }
    let Some(place) = last_words(rest, MOST_WORDS) else {
        return false;
    };
    let text = rest.get(place.clone()).unwrap_or_default();
    let (start, end) = (from + begin + place.start, from + begin + place.end);
    let known = scene
        .hits_between(start, end)
        .any(|hit| rule.keywords.speaks_for(hit))
        || !scene.names.within(scene.bytes, start, end).is_empty();
    let carries = |word: &[u8]| is_in(&CARRIES, word);
    let name = |word: &[u8]| word.len() > 2 && scene.names.is_name(word) && !is_word(word);
    let says = |word: &[u8]| word.len() > 1 && says_something(word) && !carries(word) && !name(word);
    // Directly before the value stands what it is, or "number is" and that before.
    let last = words(text).last();
    !known && last.is_some_and(|last| says(last) || !carries(last) && words(text).any(says))
}
