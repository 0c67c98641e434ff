//! Things that are numbered: what stands directly before a number tells that it is one's of them and no person's.

use std::ops::Range;

use super::super::keywords::Hit;
use super::super::names::is_word;
use super::super::rule::Rule;
use super::super::sentence;
use super::label::{CARRIES, LONGEST, is_impersonal, is_in, says_something, without_edge, words};
use super::words::{ANNOUNCES, LEADS, WHERE, is_common, is_of_people, may_be_a_thing};
use super::{Scene, aside};

/// Whether a label is no more than one of the rule's words for things: "instrument", "Press release". What was read "from the
/// registration screen" may be anything.
pub(super) fn is_called_a_thing(rule: &Rule, label: &[u8]) -> bool {
    const MOST_WORDS: usize = 2;
    const ELSEWHERE: [&str; 9] = ["from", "the", "on", "in", "per", "of", "a", "this", "says"];
    let mut words: Vec<&[u8]> = words(label).collect();
    if words.len() > MOST_WORDS || words.iter().any(|word| is_in(&ELSEWHERE, word)) {
        return false;
    }
    while words.last().is_some_and(|word| is_in(&ANNOUNCES, word)) {
        words.pop();
    }
    words.last().is_some_and(|word| rule.is_thing(word))
}

/// Whether a label is the name of a field for something that is no person's: no word in it tells of somebody or of what has people's
/// numbers for its own, and the last one is a common word: "Flood cert", "Mail piece", "Off-site box #".
pub(super) fn is_field_of_a_thing(rule: &Rule, scene: &Scene, label: &Range<usize>) -> bool {
    const MOST_WORDS: usize = 4;
    // What any number may be called by.
    const OPEN: [&str; 81] = [
        "identifier",
        "identifiers",
        "verification",
        "credential",
        "credentials",
        "login",
        "username",
        "password",
        "user",
        "match",
        "lookup",
        "trace",
        "screen",
        "check",
        "field",
        "verified",
        "self",
        "head",
        "household",
        "family",
        "relative",
        "primary",
        "secondary",
        "joint",
        "first",
        "second",
        "third",
        "last",
        "full",
        "whole",
        "complete",
        "correct",
        "original",
        "actual",
        "after",
        "before",
        "result",
        "output",
        "input",
        "secret",
        "private",
        "sensitive",
        "confidential",
        "contact",
        "name",
        "names",
        "bride",
        "groom",
        "occupant",
        "signer",
        "signatory",
        "author",
        "alias",
        "estate",
        "earner",
        "maker",
        "drawer",
        "digits",
        "hidden",
        "masked",
        "unmasked",
        "plain",
        "redacted",
        "scanned",
        "typed",
        "spoken",
        "printed",
        "federal",
        "government",
        "official",
        "issued",
        "state",
        "her",
        "his",
        "their",
        "my",
        "your",
        "our",
        "what",
        "who",
        "from",
    ];
    let text = scene.bytes.get(label.clone()).unwrap_or_default();
    let mut words: Vec<Vec<u8>> = words(text).map(<[u8]>::to_ascii_lowercase).collect();
    while words.last().is_some_and(|word| is_in(&ANNOUNCES, word)) {
        words.pop();
    }
    let open = |word: &Vec<u8>| {
        let one = word.strip_suffix(b"s").unwrap_or(word);
        is_in(&OPEN, word) || is_in(&OPEN, one) || is_of_people(word)
    };
    let last = |word: &Vec<u8>| may_be_a_thing(rule, word);
    words.len() <= MOST_WORDS
        && words.last().is_some_and(last)
        && !words.iter().any(open)
        && !scene
            .hits_between(label.start, label.end)
            .any(|hit| rule.keywords.may_speak_for(hit))
        && is_impersonal(scene, label)
}

/// Whether a label begins its line, and nothing but the sign of a label stands between it and the value.
pub(super) fn is_in_form(bytes: &[u8], label: &Range<usize>, start: usize) -> bool {
    const MOST: usize = 16;
    let before = bytes
        .get(label.start.saturating_sub(MOST)..label.start)
        .unwrap_or_default();
    let mark = |byte: &u8| matches!(byte, b' ' | b'\t' | b'>' | b'-' | b'*' | b'|');
    let edge = before.iter().rev().take_while(|byte| mark(byte)).count();
    let line = before.len() - edge;
    let begins = line
        .checked_sub(1)
        .map_or(label.start <= MOST, |at| before.get(at) == Some(&b'\n'));
    let sign = bytes.get(label.end..start).unwrap_or_default();
    begins
        && sign
            .iter()
            .all(|byte| matches!(byte, b' ' | b'\t' | b':' | b'.' | b'#'))
}

/// Where a list of Social Security numbers, or of what looks like them, begins whose last one begins at `start`: "part
/// 464-22-5143 (seal kit) and 235-87-5253".
pub(super) fn list_begin(bytes: &[u8], start: usize) -> usize {
    const MOST: usize = 8;
    let mut begin = start;
    for _ in 0..MOST {
        let mut before = bytes.get(..begin).unwrap_or_default().trim_ascii_end();
        for link in [&b" and"[..], b" or", b" &", b","] {
            before = before.strip_suffix(link).map_or(before, <[u8]>::trim_ascii_end);
        }
        if let Some(aside) = before.strip_suffix(b")") {
            let near = aside
                .get(aside.len().saturating_sub(LONGEST)..)
                .unwrap_or_default();
            let open = memchr::memrchr(b'(', near).map_or(before.len(), |at| aside.len() - near.len() + at);
            before = before.get(..open).unwrap_or_default().trim_ascii_end();
        }
        let from = before.len().saturating_sub(FORM);
        match before.get(from..).is_some_and(is_form) {
            true => begin = from,
            false => return begin,
        }
    }
    begin
}

/// How long a number is that is written as Social Security numbers are.
pub(super) const FORM: usize = "536-22-8145".len();

/// Whether a text is a number that is written as Social Security numbers are.
pub(super) fn is_form(text: &[u8]) -> bool {
    let [a, b, c, sign, d, e, other, rest @ ..] = text else {
        return false;
    };
    let digits = [a, b, c, d, e].into_iter().chain(rest);
    digits.into_iter().all(u8::is_ascii_digit)
        && rest.len() == 4
        && sign == other
        && matches!(sign, b'-' | b' ' | b'.' | b'/')
}

/// The last word of a text, without a sign behind it.
fn last_word(text: &[u8]) -> Range<usize> {
    let text = without_edge(text);
    let text = text.strip_suffix(b"#").map_or(text, without_edge);
    let text = text.strip_suffix(b".").unwrap_or(text);
    let letters = text
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    text.len() - letters..text.len()
}

/// The word for a thing that stands directly before a value as its label, and is a label of another value than the one a
/// keyword before announces: "her driver's license; chart 482139071". None where the keyword says that the number is to be found
/// there: "the SSN in his chart: …".
pub(super) fn label_of(rule: &Rule, scene: &Scene, start: usize) -> Option<Range<usize>> {
    let from = start.saturating_sub(LONGEST);
    let before = scene.bytes.get(from..start)?;
    let mut place = last_word(before);
    let announced = is_in(&ANNOUNCES, before.get(place.clone())?);
    if announced {
        place = last_word(before.get(..place.start)?);
    }
    let thing = from + place.start..from + place.end;
    // "CDL, license no. 482139071"
    let speaks = |hit: &Hit| rule.keywords.may_speak_for(hit);
    let may_be_one = announced || rule.is_thing(before.get(place)?);
    if !may_be_one
        || scene.hits_between(thing.start, start).any(speaks)
        || !follows_a_thing(rule, scene, start)
    {
        return None;
    }
    let is_sign = |hit: &Hit| rule.keywords.announces(hit, true);
    let between = scene.behind_last(thing.start, aside::LONGEST, is_sign);
    let behind = scene.bytes.get(thing.end..start).unwrap_or_default();
    let is_found_there = between.is_some_and(|between| aside::says_where(between, behind, false));
    (!is_found_there).then_some(thing)
}

/// Whether the word directly before a value is one of the rule's for things: "quote 742-42-8542", but not "Mary Page
/// 536-22-8145". Before "no." it may be any word that is no person's: "our culvert nos. 115-24-8030 and 115-28-6376".
pub(super) fn follows_a_thing(rule: &Rule, scene: &Scene, start: usize) -> bool {
    let start = list_begin(scene.bytes, start);
    let from = start.saturating_sub(LONGEST);
    let before = scene.bytes.get(from..start).unwrap_or_default();
    let mut place = last_word(before);
    let mut word = before.get(place.clone()).unwrap_or_default();
    let announced = is_in(&ANNOUNCES, word);
    if announced {
        // "The worksheet, no. 536-22-8145", but not "checking (Webster Five, number 4830127755)".
        let named = before.get(..place.start).unwrap_or_default().trim_ascii_end();
        let apart = named.strip_suffix(b",").unwrap_or(named);
        let small = |place: &Range<usize>| apart.get(place.start).is_some_and(u8::is_ascii_lowercase);
        place = Some(last_word(apart)).filter(small).unwrap_or(last_word(named));
        word = before.get(place.clone()).unwrap_or_default();
    } else if before.get(place.end..).is_some_and(|rest| rest.contains(&b'.')) {
        // The end of a sentence.
        return false;
    }
    let text = before.get(..place.end).unwrap_or_default();
    if announced && aside::is_of_document(rule, scene, &(from + place.start..start)) {
        return false;
    }
    // "What we have on file 536-22-8145"
    let on_file = text
        .len()
        .checked_sub("on file".len())
        .and_then(|from| text.get(from..));
    if word.len() < 2 || on_file.is_some_and(|end| end.eq_ignore_ascii_case(b"on file")) {
        return false;
    }
    let is_name = || {
        let capital = word.first().is_some_and(u8::is_ascii_uppercase);
        // "It came from the dealer. Stock 536-22-8145."
        if capital
            && rule.is_thing(word)
            && before
                .get(..place.start)
                .is_some_and(|text| text.ends_with(b". "))
        {
            return false;
        }
        let names = || scene.names.within(scene.bytes, from, from + place.end);
        scene.names.is_given(word)
            || capital && scene.names.is_name(word)
            || names().last().is_some_and(|name| name.end == from + place.end)
    };
    let is_any = || {
        let says = says_something(word) && !is_in(&CARRIES, word) && !is_in(&LEADS, word);
        says && !is_of_people(word) && (is_word(word) || !scene.names.is_name(word))
    };
    // "Subject codes 264-81-3468", but not "in our records 536-22-8145".
    let kept = is_in(&["records"], word);
    let is_several = || !kept && word.strip_suffix(b"s").is_some_and(|one| rule.is_thing(one));
    let end = from + place.end;
    let speaks = |hit: &Hit| hit.end == end && rule.keywords.speaks_for(hit);
    // "The grievance 536-22-8145 goes to step two": a word in the same line that is no name and tells of nobody.
    let behind = before.get(place.end..).unwrap_or_default();
    let is_common = || {
        matches!(behind, b" " | b" #" | b"# ")
            && (is_common(word) || is_note(before.get(..place.start).unwrap_or_default(), word))
            && !is_title(scene, from..from + place.start)
            && !is_led(before.get(..place.start).unwrap_or_default())
    };
    let is_thing = match announced {
        true => rule.is_thing(word) || is_any(),
        false => (rule.is_thing(word) || is_several() || is_common()) && !is_name(),
    };
    is_thing && !scene.hits_between(end - 1, end).any(speaks)
}

/// Whether a person's name ends a stretch of text, so that the word behind it may be what somebody is: "Mary Jones, cashier
/// 536-22-8145".
fn is_title(scene: &Scene, before: Range<usize>) -> bool {
    let names = scene.names.within(scene.bytes, before.start, before.end);
    let between = names
        .last()
        .and_then(|name| scene.bytes.get(name.end..before.end));
    between.is_some_and(|between| {
        let edge = |byte: &u8| matches!(byte, b' ' | b',' | b'(' | b'-');
        between.iter().all(edge)
    })
}

/// Whether a word is the note that goes with goods or money: "Consignment note", and not "Please note" or "Quick note".
fn is_note(before: &[u8], word: &[u8]) -> bool {
    const KINDS: [&str; 9] = [
        "consignment",
        "delivery",
        "credit",
        "debit",
        "advice",
        "dispatch",
        "shipping",
        "freight",
        "packing",
    ];
    let kind = before.get(last_word(before)).unwrap_or_default();
    word.eq_ignore_ascii_case(b"note") && is_in(&KINDS, kind)
}

/// Whether what a sentence says before a word tells that the word is no thing with a number of its own: it is where something was
/// found ("she typed it in the chat 536-22-8145"), or somebody's ("the tax form 536-22-8145").
fn is_led(before: &[u8]) -> bool {
    const NEAR: usize = 2;
    let line = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let begin = sentence::last_begins(before).unwrap_or(0).max(line);
    let words: Vec<&[u8]> = words(before.get(begin..).unwrap_or_default()).collect();
    words.last().is_some_and(|word| is_of_people(word))
        || words.iter().rev().take(NEAR).any(|word| is_in(&WHERE, word))
}
