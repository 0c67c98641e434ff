//! Words between what announces a number and the number itself that only say where it is to be found or what it is for: "SSN on
//! the order: 536-22-8145", "driver's license (claim): 482139071".

use std::ops::Range;

use super::super::keywords::Hit;
use super::super::rule::Rule;
use super::Scene;
use super::label::{is_in, without_edge, words};

/// What leads to the place where a number stands.
const FOUND: [&str; 10] = [
    "on", "in", "of", "per", "from", "under", "over", "through", "via", "off",
];

/// What leads to the use of a number, or to another thing that has one: "her Social Security card with order 482139071".
const USED: [&str; 6] = ["for", "at", "with", "to", "by", "behind"];

/// What says that more than one thing follows, or none.
const SEVERAL: [&str; 4] = ["and", "or", "not", "no"];

/// What ties a number to what was said before it.
const LINKS: [&str; 6] = ["is", "was", "are", "were", "reads", "says"];

/// What takes up something that was said before.
const OWN: [&str; 6] = ["mine", "hers", "his", "yours", "ours", "theirs"];

/// So many octets may stand between what announces a number and the word that says where it is.
pub(super) const LONGEST: usize = 64;

/// Whether a word for another thing only says where the number is: `before` stands between the sign of the number and the word,
/// `behind` between the word and the number, whose form may be `telling`.
pub(super) fn says_where(before: &[u8], behind: &[u8], telling: bool) -> bool {
    let (text, closed) = match before.trim_ascii_start().strip_prefix(b"(") {
        Some(text) => (text, behind.trim_ascii_start().starts_with(b")")),
        // "Driver License No. that she gave".
        None => (before.strip_prefix(b". ").unwrap_or(before), false),
    };
    let plain = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'\'' | b',');
    let one_of = |choice: &[&str]| words(text).any(|word| is_in(choice, word));
    if !text.iter().all(plain) || one_of(&SEVERAL) {
        return false;
    }
    let linked = || {
        let link = |word: &[u8]| is_in(&LINKS, word);
        // "for the tag application. Mine's Idaho, …"
        let own = |word: &[u8]| is_in(&OWN, word);
        matches!(without_edge(behind), [.., b':' | b'='])
            || words(behind).last().is_some_and(link)
            || words(behind).next().is_some_and(own)
    };
    let first = words(text).next();
    match () {
        () if closed => telling || linked(),
        () if first.is_some_and(|word| is_in(&FOUND, word)) => true,
        () => (one_of(&FOUND) || one_of(&USED)) && (telling || linked()),
    }
}

/// Whether a label only says what the number is for that a sure sign directly before it announces: "driver's license number, for the
/// gate pass: …".
pub(super) fn says_what_for(rule: &Rule, scene: &Scene, label: &Range<usize>) -> bool {
    const NEAR: usize = 2;
    let text = scene.bytes.get(label.clone()).unwrap_or_default();
    let leads = |word: &[u8]| is_in(&FOUND, word) || is_in(&USED, word);
    let is_sign = |hit: &Hit| rule.keywords.announces(hit, true);
    words(text).next().is_some_and(leads)
        && scene
            .behind_last(label.start, NEAR, is_sign)
            .is_some_and(|before| before.starts_with(b","))
}

/// Whether what stands between a word for a thing and a number only says whose thing it is: "badge number for Mary Jones is".
pub(super) fn is_of_somebody(between: &[u8]) -> bool {
    let text = between.trim_ascii();
    let whose = [&b"for "[..], b"of "].iter().any(|of| text.starts_with(of));
    whose && text.ends_with(b" is")
}

/// Whether a label is that of the number of a document, which a sure sign before it names: "Document title: Driver's license,
/// issuing authority: RMV, document number: …".
pub(super) fn is_of_document(rule: &Rule, scene: &Scene, label: &Range<usize>) -> bool {
    const MOST_LINES: usize = 3;
    let text = scene.bytes.get(label.clone()).unwrap_or_default();
    let numbers = words(text)
        .next()
        .is_some_and(|word| is_in(&["document", "doc"], word));
    let is_sign = |hit: &Hit| rule.keywords.announces(hit, true);
    numbers
        && scene
            .behind_last(label.start, LONGEST, is_sign)
            .is_some_and(|before| {
                let other = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'!' | b'?');
                !before.iter().any(other) && memchr::memchr_iter(b'\n', before).count() < MOST_LINES
            })
}

#[cfg(test)]
mod tests {
    use super::says_where;

    #[test]
    fn a_word_behind_a_preposition_or_in_parentheses_says_where_a_number_is() {
        for (before, behind, telling, expected) in [
            (" on the ", ": ", false, true),
            (" from her ", " ", false, true),
            (" for the ", " is ", false, true),
            (" (", "): ", false, true),
            (" for the ", " ", true, true),
            (" for the ", " ", false, false),
            (" field on ", " ", false, false),
            (" card with ", " ", false, false),
            (" and ", ": ", true, false),
            (" on file, no ", ": ", true, false),
            (". that I have on the ", ": ", false, true),
            (" ends. On ", ": ", false, false),
            (" 12 on the ", ": ", false, false),
            (" ", " ", false, false),
        ] {
            let found = says_where(before.as_bytes(), behind.as_bytes(), telling);
            assert_eq!(found, expected, "SSN{before}order{behind}536228145");
        }
    }
}
