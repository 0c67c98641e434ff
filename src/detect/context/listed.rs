//! Lists whose heading or label says of which things the numbers are: "these voucher numbers:", "library card numbers: Mary Jones …".

use super::super::rule::Rule;
use super::label::{is_in, words};
use super::things::{FORM, is_form};
use super::words::is_of_people;
use super::{Scene, speaks_between};

/// Whether a value begins its line in a list below a line that says of which things the numbers are: "The auditors picked these
/// voucher numbers:\n\n  536-22-8145   $7,838.14".
pub(super) fn is_listed_as_a_thing(rule: &Rule, scene: &Scene, start: usize) -> bool {
    const MOST: usize = 640;
    const DETERMINED: [&str; 6] = ["these", "the", "following", "those", "our", "your"];
    const MOST_WORDS: usize = 4;
    let mark = |byte: &u8| matches!(byte, b' ' | b'\t' | b'>' | b'-' | b'*');
    let from = start.saturating_sub(MOST);
    let before = scene.bytes.get(from..start).unwrap_or_default();
    let Some(line) = memchr::memrchr(b'\n', before) else {
        return false;
    };
    let (above, edge) = before.split_at(line + 1);
    if !edge.iter().all(mark) {
        return false;
    }
    let is_row = |line: &[u8]| {
        let edge = line.iter().take_while(|byte| mark(byte)).count();
        let rest = line.get(edge..).unwrap_or_default();
        rest.trim_ascii().is_empty() || rest.get(..FORM).is_some_and(is_form)
    };
    let mut above = above.trim_ascii_end();
    let heading = loop {
        let (rest, last) = above.split_at(memchr::memrchr(b'\n', above).map_or(0, |end| end + 1));
        if !is_row(last) || rest.is_empty() {
            break rest.len();
        }
        above = rest.trim_ascii_end();
    };
    let Some(told) = above.get(heading..).and_then(|line| line.strip_suffix(b":")) else {
        return false;
    };
    let words: Vec<&[u8]> = words(told).collect();
    let of_things = |several: &[&[u8]]| {
        several.first().is_some_and(|word| is_in(&DETERMINED, word)) && are_numbers_of_things(rule, several)
    };
    (3..=MOST_WORDS).any(|count| words.windows(count).any(of_things))
        && !words.iter().any(|word| is_of_people(word))
        && !speaks_between(rule, scene, from + heading, start)
}

/// Whether a value goes on with people and their numbers behind a label that says of which things these are: "Library card numbers:
/// Mary Jones 412-55-9921, Ann Lee 536-22-8145".
pub(super) fn is_enumerated_as_a_thing(rule: &Rule, scene: &Scene, start: usize) -> bool {
    const MOST: usize = 240;
    let from = start.saturating_sub(MOST);
    let before = scene.bytes.get(from..start).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let Some(sign) = memchr::memrchr(b':', before).filter(|sign| *sign > line) else {
        return false;
    };
    let entries = before.get(sign + 1..).unwrap_or_default();
    let entry = |word: &[u8]| scene.names.is_name(word) || word.len() == 1 || is_in(&["and"], word);
    let label: Vec<&[u8]> = words(before.get(line..sign).unwrap_or_default()).collect();
    words(entries).all(entry)
        && are_numbers_of_things(rule, &label)
        && !label.iter().any(|word| is_of_people(word))
        && !speaks_between(rule, scene, from + line, start)
}

/// Whether words end in the numbers of some things: "voucher numbers", "library card numbers".
fn are_numbers_of_things(rule: &Rule, words: &[&[u8]]) -> bool {
    const CARDS: [&str; 8] = [
        "library", "loyalty", "rewards", "parking", "gift", "fuel", "access", "club",
    ];
    let [before @ .., thing, numbers] = words else {
        return false;
    };
    let is_card = || is_in(&["card"], thing) && before.last().is_some_and(|kind| is_in(&CARDS, kind));
    // A verb as well, so that it is none of the rule's words.
    let is_claim = is_in(&["claim"], thing);
    // "The following account numbers" may be anybody's.
    let open = is_in(&["account", "acct", "list"], thing);
    is_in(&["numbers", "nos", "ids"], numbers) && !open && (rule.is_thing(thing) || is_claim || is_card())
}
