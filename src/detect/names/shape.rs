//! The shapes of names: First [M.] Last; F. [M.] Last; Last, First; Last, F.; title and Last; labelled fields.

use super::token::{Case, Gap, Token};
use super::{FAMILY, GIVEN, Names};

/// How many words of `tokens` are a name, counted from the first; 0 when they are none.
pub(super) fn name_at(names: &Names, before: Option<&Token>, tokens: &[Token]) -> usize {
    let shapes = [labelled, titled, last_first, first_last, initial_last, two_cells];
    let found = shapes
        .iter()
        .map(|shape| shape(names, before, tokens))
        .find(|length| *length > 0);
    found.unwrap_or(0)
}

/// Whether a cell holds a name, given the label of its column.
pub(super) fn fits_label(names: &Names, label: &[u8], cell: &[u8]) -> bool {
    let label: Vec<Token> = super::token::tokens(label, 0, label.len());
    let cell: Vec<Token> = super::token::tokens(cell, 0, cell.len());
    let Some(wanted) = wanted_words(names, &label) else {
        return false;
    };
    is_value(names, &cell, wanted) > 0
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
        if !goes_on || token.case == Case::Other || is_never(names, token) {
            break;
        }
        length += 1;
    }
    let value = tokens.get(..length).unwrap_or_default();
    let known = value
        .iter()
        .any(|token| GIVEN.contains(token.text) || FAMILY.contains(token.text));
    let capital = value
        .iter()
        .all(|token| token.case != Case::Lower || names.words.particles.contains(&lower(token.text)));
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
        [title, last, ..] if names.words.titles.contains(&lower(title.text)) && title.case != Case::Lower => {
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
    if first.gap != Gap::Comma
        || !is_capital(last)
        || is_never(names, last)
        || is_never_pair(names, first, last)
    {
        return 0;
    }
    let initial = first.case == Case::Initial && first.text != b"I" && FAMILY.contains(last.text);
    let whole = is_capital(first)
        && GIVEN.contains(first.text)
        && !is_never(names, first)
        && !is_unsure(names, first);
    if initial || whole { 2 } else { 0 }
}

/// "John Smith", "John Q. Smith", "John Quincy Smith", "Maria de la Cruz".
fn first_last(names: &Names, _: Option<&Token>, tokens: &[Token]) -> usize {
    let [first, rest @ ..] = tokens else { return 0 };
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
        let middle = last.case == Case::Initial || names.words.particles.contains(&lower(last.text));
        if !middle && !is_capital(last) {
            return 0;
        }
        if !middle && is_pair(names, first, last) {
            return place + 2;
        }
        skipped += usize::from(!middle);
        if skipped > 1 || is_never(names, last) {
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
    let Some(last) = tokens.get(initials).filter(|_| initials > 0) else {
        return 0;
    };
    let near = tokens
        .iter()
        .skip(1)
        .take(initials)
        .all(|token| matches!(token.gap, Gap::Space | Gap::Stop));
    let after_word = before.is_some_and(|before| is_never(names, before)) && last.gap == Gap::Space;
    let word = tokens
        .first()
        .is_some_and(|first| matches!(first.text, b"I" | b"A"))
        && last.gap == Gap::Space;
    let known = last.case != Case::Lower && FAMILY.contains(last.text) && last.text.len() > 2;
    if near && !after_word && !word && known && !is_never(names, last) {
        initials + 1
    } else {
        0
    }
}

/// Given and family name in cells of their own, in either order and in any case.
fn two_cells(names: &Names, _: Option<&Token>, tokens: &[Token]) -> usize {
    let [a, b, ..] = tokens else { return 0 };
    let cells = matches!(b.gap, Gap::Cell | Gap::Comma);
    let allowed = [a, b]
        .iter()
        .all(|token| !is_never(names, token) && token.case != Case::Other && token.text.len() > 2);
    let pair = |first: &Token, last: &Token| {
        GIVEN.contains(first.text) && !is_unsure(names, first) && FAMILY.contains(last.text)
    };
    let either = pair(a, b) || pair(b, a) && b.gap == Gap::Cell;
    if cells && allowed && either && a.case == b.case {
        2
    } else {
        0
    }
}

/// Whether two capitalised words are given and family name. One of them must be known as such.
fn is_pair(names: &Names, first: &Token, last: &Token) -> bool {
    if is_never(names, last) || is_never_pair(names, first, last) || last.text.len() < 2 {
        return false;
    }
    let given = GIVEN.contains(first.text);
    let family = FAMILY.contains(last.text);
    match is_unsure(names, first) {
        true => given && family,
        false => given || family,
    }
}

fn is_capital(token: &Token) -> bool {
    // Two capital letters are a state or a title more often than a name.
    token.case == Case::Capital || token.case == Case::Upper && token.text.len() > 2
}

fn is_never(names: &Names, token: &Token) -> bool {
    let word = lower(token.text);
    names
        .words
        .never
        .contains(word.strip_suffix("'s").unwrap_or(&word))
}

fn is_unsure(names: &Names, token: &Token) -> bool {
    names.words.unsure.contains(&lower(token.text))
}

fn is_never_pair(names: &Names, first: &Token, last: &Token) -> bool {
    names
        .words
        .never_pairs
        .contains(&format!("{} {}", lower(first.text), lower(last.text)))
}

fn lower(word: &[u8]) -> String {
    String::from_utf8_lossy(word).to_ascii_lowercase()
}
