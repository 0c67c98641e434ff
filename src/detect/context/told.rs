//! Sentences that tell of a number that it is a thing's: "The badge number for Mary Jones is 536-22-8145", "536-22-8145, which is our
//! case number".

use std::ops::Range;

use super::super::keywords::Hit;
use super::super::rule::Rule;
use super::super::sentence;
use super::label::{LONGEST, is_in, words};
use super::listed::{is_enumerated_as_a_thing, is_listed_as_a_thing};
use super::things::{FORM, follows_a_thing, is_form, label_of};
use super::words::{WHERE, is_common, is_of_people, may_be_a_thing, with_announced};
use super::{Keyword, Scene, Side, speaks_between};

/// What begins the name of a certain thing.
const DETERMINERS: [&str; 8] = ["the", "our", "your", "their", "this", "that", "a", "my"];

/// Whether a keyword behind a value says what it is not: "the number 650489070 is the badge number, not the Social Security number",
/// "… is our case number, which only looks like a Social Security number".
pub(super) fn is_denied_behind(scene: &Scene, end: usize, keyword: Keyword) -> bool {
    keyword.side == Side::After && denies(scene, end, end + keyword.distance)
}

/// Whether a word that denies stands between two octets.
fn denies(scene: &Scene, from: usize, to: usize) -> bool {
    const DENIES: [&str; 8] = ["not", "isn't", "isnt", "never", "nor", "no", "looks", "resembles"];
    words(scene.bytes.get(from..to).unwrap_or_default()).any(|word| is_in(&DENIES, word))
}

/// Whether what stands around a number tells that it is a thing's.
pub(super) fn of_a_thing(rule: &Rule, scene: &Scene, value: &Range<usize>) -> bool {
    is_told_of_a_thing(rule, scene, value.start)
        || goes_on_from_a_thing(rule, scene, value.start)
        || question(rule, scene, value.start).is_some()
        || is_said_behind(rule, scene, value.end)
        || stands_for_a_thing(rule, scene, value)
        || is_listed_as_a_thing(rule, scene, value.start)
        || is_enumerated_as_a_thing(rule, scene, value.start)
}

/// Whether a sentence says of a thing that the value is its number: "The badge number for Mary Jones is 536-22-8145", "The panel
/// number is 536-22-8145".
fn is_told_of_a_thing(rule: &Rule, scene: &Scene, start: usize) -> bool {
    const MOST: usize = 96;
    let from = start.saturating_sub(MOST);
    let before = scene.bytes.get(from..start).unwrap_or_default();
    let text = before.trim_ascii_end();
    let Some(told) = text.strip_suffix(b" is").or_else(|| text.strip_suffix(b" was")) else {
        return false;
    };
    // "Per our records for the policy it is"
    if told.ends_with(b" it") {
        return false;
    }
    let line = memchr::memrchr(b'\n', told).map_or(0, |end| end + 1);
    let begin = sentence::last_begins(told).unwrap_or(0).max(line);
    let speaks = |hit: &Hit| rule.keywords.speaks_for(hit);
    if scene.hits_between(from + begin, start).any(speaks) {
        return false;
    }
    let told = told.get(begin..).unwrap_or_default();
    let of = [&b" of "[..], b" for "].into_iter();
    let of = of.filter_map(|of| memchr::memmem::find(told, of)).min();
    let (subject, announced) = with_announced(told.get(..of.unwrap_or(told.len())).unwrap_or_default());
    let Some(thing) = subject.last().filter(|thing| thing.len() > 2) else {
        return false;
    };
    match of {
        // "The case of Mary Jones, whose number is"
        Some(of) => {
            let goes_on = |byte: &u8| !matches!(byte, b',' | b':' | b';');
            told.iter().skip(of).all(goes_on) && rule.is_thing(thing)
        }
        None if announced => rule.is_thing(thing) || is_common(thing) && !scene.names.is_name(thing),
        // "The box is 536-22-8145", but not "What she gave on the form is 536-22-8145".
        None => {
            const MOST_WORDS: usize = 4;
            let owned = subject.first().is_some_and(|word| is_in(&DETERMINERS, word));
            let elsewhere = subject.iter().any(|word| is_in(&WHERE, word));
            owned && !elsewhere && subject.len() <= MOST_WORDS && rule.is_thing(thing)
        }
    }
}

/// Whether a number stands in apposition to a thing: "The old position, 536-22-8145, is abolished".
fn stands_for_a_thing(rule: &Rule, scene: &Scene, value: &Range<usize>) -> bool {
    const MOST_WORDS: usize = 4;
    let from = value.start.saturating_sub(LONGEST);
    let before = scene.bytes.get(from..value.start).unwrap_or_default();
    let Some(text) = before
        .strip_suffix(b", ")
        .filter(|_| scene.bytes.get(value.end) == Some(&b','))
    else {
        return false;
    };
    let begin = text
        .iter()
        .rposition(|byte| !byte.is_ascii_alphabetic() && *byte != b' ');
    let begin = begin.map_or(0, |at| at + 1);
    let words: Vec<&[u8]> = words(text.get(begin..).unwrap_or_default()).collect();
    let owned = words
        .iter()
        .rev()
        .take(MOST_WORDS)
        .skip(1)
        .any(|word| is_in(&DETERMINERS, word));
    let last = |word: &&[u8]| may_be_a_thing(rule, word) && word.first().is_some_and(u8::is_ascii_lowercase);
    owned
        && words.last().is_some_and(last)
        && !words.iter().any(|word| is_of_people(word))
        && scene
            .names
            .within(scene.bytes, from + begin, value.start)
            .is_empty()
        && !speaks_between(rule, scene, from + begin, value.start)
}

/// The question in the line above for the number of a thing that a value is the answer to: "What is the company code?\nA: 730708043".
pub(super) fn question(rule: &Rule, scene: &Scene, start: usize) -> Option<Range<usize>> {
    const MOST: usize = 160;
    const MOST_DIGITS: usize = 6;
    let from = start.saturating_sub(MOST);
    let before = scene.bytes.get(from..start).unwrap_or_default();
    let (above, who) = before.split_at(memchr::memrchr(b'\n', before)?);
    let who = who.trim_ascii();
    let digits = who.iter().filter(|byte| byte.is_ascii_digit()).count();
    let answers = who.is_empty() || who.ends_with(b":") && digits <= MOST_DIGITS;
    let asked = above.trim_ascii_end().strip_suffix(b"?").filter(|_| answers)?;
    let begin = memchr::memrchr(b'\n', asked).map_or(0, |end| end + 1);
    let (words, announced) = with_announced(asked.get(begin..).unwrap_or_default());
    let (thing, before) = words.split_last()?;
    // "Q: What is the company code?", but not "Is this the one in the file?"
    let what = || {
        let mut before = before.iter().skip_while(|word| is_in(&["q"], word));
        let mut next = |choice: &[&str]| before.next().is_some_and(|word| is_in(choice, word));
        let asks = next(&["what", "which"]) && next(&["is", "was", "s"]);
        asks && next(&DETERMINERS) && before.count() <= 1 && rule.is_thing(thing)
    };
    // Whatever proves who somebody is.
    let open = is_in(&["document", "doc", "id", "identification", "card"], thing);
    let is_thing = !open && (announced && may_be_a_thing(rule, thing) || what());
    let asks = is_thing && !speaks_between(rule, scene, from + begin, start);
    asks.then_some(from + begin..from + asked.len())
}

/// Whether what follows a number says that it is a thing's: "Reply quoting 536-22-8145, which is their letter number".
fn is_said_behind(rule: &Rule, scene: &Scene, end: usize) -> bool {
    const MOST: usize = 64;
    let after = scene
        .bytes
        .get(end..(end + MOST).min(scene.bytes.len()))
        .unwrap_or_default();
    let told = after.strip_prefix(b",").unwrap_or(after);
    let told = told.strip_prefix(b" which").unwrap_or(told);
    let Some(said) = told.strip_prefix(b" is ").or_else(|| told.strip_prefix(b" was ")) else {
        return false;
    };
    let stops = said
        .iter()
        .position(|byte| !byte.is_ascii_alphabetic() && *byte != b' ');
    let said = said.get(..stops.unwrap_or(said.len())).unwrap_or_default();
    let of = [&b" of "[..], b" for ", b" on ", b" in "].into_iter();
    let of = of.filter_map(|of| memchr::memmem::find(said, of)).min();
    let (words, announced) = with_announced(said.get(..of.unwrap_or(said.len())).unwrap_or_default());
    let owned = words.first().is_some_and(|word| is_in(&DETERMINERS, word));
    let thing = words
        .last()
        .is_some_and(|thing| rule.is_thing(thing) || announced && is_common(thing));
    let of_person = words.iter().any(|word| is_of_people(word));
    let speaks = |hit: &Hit| rule.keywords.may_speak_for(hit) && !denies(scene, end, hit.start);
    owned && words.len() > 1 && thing && !of_person && !scene.hits_between(end, end + MOST).any(speaks)
}

/// Whether a number of the same form stands before in the sentence, is a thing's, and nobody is named in between: "part 412-55-9921 is
/// superseded by 536-22-8145"; or a thing of the other side is named there: "our file 21-118177-10, yours 536-22-8145".
fn goes_on_from_a_thing(rule: &Rule, scene: &Scene, start: usize) -> bool {
    const MOST: usize = 72;
    let from = start.saturating_sub(MOST);
    let before = scene.bytes.get(from..start).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let begin = sentence::last_begins(before).unwrap_or(0).max(line);
    let told = before.get(begin..).unwrap_or_default();
    let told: Vec<&[u8]> = words(told).collect();
    if told
        .last()
        .is_some_and(|word| is_in(&["ours", "yours", "theirs"], word))
    {
        return told.iter().any(|word| rule.is_thing(word));
    }
    let Some(number) = last_form(before, begin) else {
        return false;
    };
    let end = from + number + FORM;
    let between = scene.bytes.get(end..start).unwrap_or_default();
    let of_another = |word: &[u8]| scene.names.is_given(word) || is_of_people(word);
    let last = words(between).last();
    !last.is_some_and(|last| is_in(&["for", "of"], last))
        && scene.names.within(scene.bytes, end, start).is_empty()
        && !words(between).any(of_another)
        && !speaks_between(rule, scene, end, start)
        && follows_a_thing(rule, scene, from + number)
}

/// Where the last number in the form of a Social Security number begins that stands in a text behind an octet.
fn last_form(text: &[u8], from: usize) -> Option<usize> {
    let mut forms = (from..(text.len() + 1).saturating_sub(FORM)).rev();
    forms.find(|at| text.get(*at..*at + FORM).is_some_and(is_form))
}

/// The word for a thing directly before a value, where the keyword so many octets before it has a number of the same form already:
/// "SSN 412-55-9921, our file 536-22-8145".
pub(super) fn label_behind_another(
    rule: &Rule,
    scene: &Scene,
    start: usize,
    distance: usize,
) -> Option<Range<usize>> {
    let between = scene.bytes.get(start.saturating_sub(distance)..start)?;
    last_form(between, 0)?;
    label_of(rule, scene, start)
}
