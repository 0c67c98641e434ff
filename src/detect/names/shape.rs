//! The shapes of names: First [M.] Last; F. [M.] Last; Last, First; Last, F.; title and Last; labelled fields.

use super::super::quick::QuickSet;
use super::Names;
use super::dictionary::without_possessive;
use super::token::{Case, Gap, Token};

/// How many words of `tokens` are a name, counted from the first; 0 when they are none.
pub(super) fn name_at(names: &Names, before: Option<&Token>, tokens: &[Token]) -> usize {
    let shapes = [labelled, titled, last_first, first_last, initial_last, two_cells];
    let found = shapes
        .iter()
        .map(|shape| shape(names, before, tokens))
        .find(|length| *length > 0);
    found.unwrap_or(0)
}

/// How many words a name under the label of a column needs at least; none when the label is for something else.
pub(super) fn wanted_under(names: &Names, label: &[u8]) -> Option<usize> {
    let label: Vec<Token> = super::token::tokens(label, 0, label.len());
    wanted_words(names, &label)
}

/// Whether a cell holds a name of at least so many words.
pub(super) fn fills(names: &Names, cell: &[u8], wanted: usize) -> bool {
    let cell: Vec<Token> = super::token::tokens(cell, 0, cell.len());
    is_value(names, &cell, wanted) > 0
}

/// Whether words begin with a given and a family name that are both known, in either order and in any case,
/// with or without an initial between them: "John Q. Smith", "Smith, John", `john.smith@`.
pub(super) fn is_known_name(names: &Names, tokens: &[Token]) -> bool {
    let [first, rest @ ..] = tokens else { return false };
    let rest = match rest {
        [middle, after @ ..] if middle.text.len() == 1 && !after.is_empty() => after,
        _ => rest,
    };
    let Some(last) = rest.first() else { return false };
    let long = first.text.len() > 2 && last.text.len() > 1;
    let pair = |given: &Token, family: &Token| {
        given.lists.is_given()
            && !is_unsure(names, given)
            && family.lists.is_family()
            && !is_never(names, given)
    };
    let known = match last.gap {
        Gap::Space | Gap::Stop => pair(first, last),
        Gap::Comma => pair(last, first) && !is_never(names, first),
        _ => false,
    };
    long && known
        && !is_never(names, last)
        && !is_never_pair(names, first, last)
        && !is_firm(names, rest.get(1))
}

/// "Patient: John Smith", "last name = smith", "Name: SMITH JOHN".
fn labelled(names: &Names, before: Option<&Token>, tokens: &[Token]) -> usize {
    let Some((label, value)) = tokens.split_first() else {
        return 0;
    };
    if value
        .first()
        .is_none_or(|first| !matches!(first.gap, Gap::Label | Gap::Cell))
    {
        return 0;
    }
    let label: Vec<Token> = before.into_iter().chain([label]).copied().collect();
    match wanted_words(names, &label) {
        Some(wanted) => is_value(names, value, wanted)
            .checked_add(1)
            .filter(|length| *length > 1)
            .unwrap_or(0),
        None => 0,
    }
}

/// How many words a name under this label needs at least; none when the label is for something else.
fn wanted_words(names: &Names, label: &[Token]) -> Option<usize> {
    let (last, before) = label.split_last()?;
    let last = lower(last.text);
    let before = before.last().map(|token| lower(token.text)).unwrap_or_default();
    if !names.words.labels.contains(&last) || names.words.not_labels.contains(&before) {
        return None;
    }
    match () {
        () if names.words.last_labels.contains(&last) => Some(1),
        () if last == "name" && matches!(before.as_str(), "last" | "family" | "sur") => Some(1),
        () if last == "name"
            && matches!(before.as_str(), "first" | "given" | "middle" | "nick" | "maiden") =>
        {
            None
        }
        () => Some(2),
    }
}

/// How many of these words are the name that a label promises.
fn is_value(names: &Names, tokens: &[Token], wanted: usize) -> usize {
    let mut length = 0;
    for token in tokens.iter().take(5) {
        let goes_on = length == 0 || matches!(token.gap, Gap::Space | Gap::Comma | Gap::Stop);
        let never = is_never(names, token) && token.case != Case::Initial && !is_surname_too(names, token);
        if !goes_on || token.case == Case::Other || never {
            break;
        }
        length += 1;
    }
    let value = tokens.get(..length).unwrap_or_default();
    let known = value
        .iter()
        .any(|token| token.lists.is_given() || token.lists.is_family());
    let capital = value
        .iter()
        .all(|token| token.case != Case::Lower || holds(&names.words.particles, token.text));
    let long = value.iter().any(|token| token.text.len() > 1);
    if length >= wanted && long && (capital || known && length <= 3) {
        length
    } else {
        0
    }
}

/// "Dr. Wilson", "Ms. J. Wilson".
fn titled(names: &Names, _: Option<&Token>, tokens: &[Token]) -> usize {
    match tokens {
        [title, last, ..] if title.case != Case::Lower && holds(&names.words.titles, title.text) => {
            let near = matches!(last.gap, Gap::Space | Gap::Stop);
            let fits = near && is_capital(last) && !is_never(names, last) && last.text.len() > 2;
            if fits { 2 } else { 0 }
        }
        _ => 0,
    }
}

/// "Smith, John", "SMITH, J."
fn last_first(names: &Names, _: Option<&Token>, tokens: &[Token]) -> usize {
    let [last, first, ..] = tokens else { return 0 };
    let rare = || is_rare_pair(names, first, last);
    if first.gap != Gap::Comma
        || !is_capital(last)
        || is_never(names, last) && !rare()
        || is_never_pair(names, first, last)
    {
        return 0;
    }
    let strange = is_strange(last) && last.text.len() > 3;
    let initial = first.case == Case::Initial && first.text != b"I" && (last.lists.is_family() || strange);
    let family = last.lists.is_family();
    let given = match is_unsure(names, first) {
        true => family && !last.lists.is_word(),
        false => {
            let rare = is_strange(first) || is_strange_in_capitals(first);
            first.lists.is_given() || family && rare || strange && is_strange(first) && first.text.len() > 3
        }
    };
    let whole = is_capital(first) && given && !is_never(names, first);
    if initial || whole { 2 } else { 0 }
}

/// "John Smith", "John Q. Smith", "John Quincy Smith", "Maria de la Cruz".
fn first_last(names: &Names, _: Option<&Token>, tokens: &[Token]) -> usize {
    let [first, rest @ ..] = tokens else { return 0 };
    if is_small_pair(names, first, rest) {
        return 2;
    }
    if !is_capital(first) || is_never(names, first) {
        return 0;
    }
    // The last name is the next word, or the one after a middle name, an initial or particles.
    let mut skipped = 0;
    for (place, last) in rest.iter().take(4).enumerate() {
        let near = last.gap == Gap::Space || place > 0 && last.gap == Gap::Stop;
        if !near {
            return 0;
        }
        let goes_on = || {
            rest.get(place + 1)
                .is_some_and(|next| next.gap == Gap::Space && next.case != Case::Lower)
        };
        let particle = holds(&names.words.particles, last.text);
        let middle = last.case == Case::Initial || particle && (last.case == Case::Lower || goes_on());
        if !middle && !is_capital(last) && !particle {
            return 0;
        }
        if !middle && (is_pair(names, first, last) || place == 0 && is_rare_pair(names, first, last)) {
            return if is_firm(names, rest.get(place + 1)) {
                0
            } else {
                place + 2
            };
        }
        skipped += usize::from(!middle);
        if skipped > 1 || !middle && is_never(names, last) {
            return 0;
        }
    }
    0
}

/// "J. Smith", "J Smith", "J. P. Smith".
fn initial_last(names: &Names, before: Option<&Token>, tokens: &[Token]) -> usize {
    let initials = tokens
        .iter()
        .take(3)
        .take_while(|token| token.case == Case::Initial)
        .count();
    if initials == 0 {
        return 0;
    }
    let particles = tokens
        .iter()
        .skip(initials)
        .take(3)
        .take_while(|token| token.case == Case::Lower && holds(&names.words.particles, token.text))
        .count();
    let Some(last) = tokens.get(initials + particles) else {
        return 0;
    };
    let near = tokens
        .iter()
        .skip(1)
        .take(initials + particles)
        .all(|token| matches!(token.gap, Gap::Space | Gap::Stop));
    let stop = tokens.get(1).is_some_and(|second| second.gap == Gap::Stop);
    let after_word = before.is_some_and(|before| is_never(names, before)) && !stop;
    let word = tokens
        .first()
        .is_some_and(|first| matches!(first.text, b"I" | b"A"))
        && !stop;
    let known = match stop {
        true => last.lists.is_family() || is_strange(last) && last.text.len() > 3,
        false => last.lists.is_family() && last.text.len() > 2,
    };
    let never = is_never(names, last) && !(stop && is_surname_too(names, last));
    let firm = is_firm(names, tokens.get(initials + particles + 1));
    if near && !after_word && !word && known && last.case != Case::Lower && !never && !firm {
        initials + particles + 1
    } else {
        0
    }
}

/// Given and family name in cells of their own, in either order and in any case.
fn two_cells(names: &Names, _: Option<&Token>, tokens: &[Token]) -> usize {
    let [a, b, ..] = tokens else { return 0 };
    if !matches!(b.gap, Gap::Cell | Gap::Comma) || a.case != b.case {
        return 0;
    }
    let allowed = [a, b]
        .iter()
        .all(|token| !is_never(names, token) && token.case != Case::Other && token.text.len() > 2);
    let pair = |first: &Token, last: &Token| {
        first.lists.is_given() && !is_unsure(names, first) && last.lists.is_family()
    };
    let either = || pair(a, b) || pair(b, a) && b.gap == Gap::Cell;
    if allowed && either() { 2 } else { 0 }
}

/// Whether two capitalised words are given and family name. Each must be known as such, or be no word at all:
/// "Kamil Czulak", but not "Payroll Smith".
fn is_pair(names: &Names, first: &Token, last: &Token) -> bool {
    if is_never(names, last) || is_never_pair(names, first, last) || last.text.len() < 2 {
        return false;
    }
    let given = first.lists.is_given();
    let family = last.lists.is_family();
    match is_unsure(names, first) {
        true => given && (family || is_strange(last) && last.text.len() > 4),
        false => {
            let known = given || family;
            let strange = |token: &Token| is_strange(token) || known && is_strange_in_capitals(token);
            let first = given || strange(first) || first.lists.is_family() && !first.lists.is_word();
            first && (family || strange(last))
        }
    }
}

/// "hi its linh watson": in small letters both must be known, and neither be an ordinary word.
fn is_small_pair(names: &Names, first: &Token, rest: &[Token]) -> bool {
    let Some(last) = rest.first() else { return false };
    let small = first.case == Case::Lower && last.case == Case::Lower && last.gap == Gap::Space;
    let ordinary = |token: &Token| token.text.len() < 3 || token.lists.is_word() || is_never(names, token);
    small
        && first.lists.is_given()
        && last.lists.is_family()
        && !is_unsure(names, first)
        && !ordinary(first)
        && !ordinary(last)
}

/// "Julie York": a place or a thing after a given name that is no ordinary word, and no street.
fn is_rare_pair(names: &Names, first: &Token, last: &Token) -> bool {
    is_surname_too(names, last) && first.lists.is_given() && !is_unsure(names, first)
}

fn is_surname_too(names: &Names, token: &Token) -> bool {
    holds(&names.words.surnames_too, without_possessive(token.text))
}

/// Whether the word after a name says that it is a firm's: "Baker Hughes Inc."
fn is_firm(names: &Names, next: Option<&Token>) -> bool {
    // After a comma the sentence may go on: "John Smith, bank account".
    const AFTER_COMMA: [&str; 8] = ["inc", "llc", "llp", "ltd", "corp", "plc", "gmbh", "lp"];
    next.is_some_and(|next| match next.gap {
        // "Mary Jones bank account" is hers.
        Gap::Space => {
            holds(&names.words.firms, next.text) && !(next.case == Case::Lower && next.lists.is_word())
        }
        Gap::Comma => AFTER_COMMA.contains(&lower(next.text).as_str()),
        _ => false,
    })
}

/// As [`is_strange`], for words in capitals, which are codes as often as names.
fn is_strange_in_capitals(token: &Token) -> bool {
    token.case == Case::Upper && (4..=14).contains(&token.text.len()) && !token.lists.is_word()
}

/// Whether a capitalised word is in no list of words: a name that is rare here.
fn is_strange(token: &Token) -> bool {
    let capital = token.case == Case::Capital;
    capital && (3..=14).contains(&token.text.len()) && !token.lists.is_word()
}

fn is_capital(token: &Token) -> bool {
    // Two capital letters are a state or a title more often than a name.
    token.case == Case::Capital || token.case == Case::Upper && token.text.len() > 2
}

fn is_never(names: &Names, token: &Token) -> bool {
    holds(&names.words.never, without_possessive(token.text))
}

fn is_unsure(names: &Names, token: &Token) -> bool {
    holds(&names.words.unsure, token.text)
}

fn is_never_pair(names: &Names, first: &Token, last: &Token) -> bool {
    let pairs = &names.words.never_pairs;
    holds(&names.words.begin_pairs, first.text)
        && pairs.contains(&format!("{} {}", lower(first.text), lower(last.text)))
}

/// Whether a list has a word, in small letters.
fn holds(list: &QuickSet<String>, word: &[u8]) -> bool {
    let mut small = [0; LONGEST_LISTED];
    let Some(small) = small.get_mut(..word.len()) else {
        return list.contains(&lower(word));
    };
    small.copy_from_slice(word);
    small.make_ascii_lowercase();
    std::str::from_utf8(small).is_ok_and(|word| list.contains(word))
}

/// Longer words are in no list, or nearly.
const LONGEST_LISTED: usize = 40;

fn lower(word: &[u8]) -> String {
    String::from_utf8_lossy(word).to_ascii_lowercase()
}
