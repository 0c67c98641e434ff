//! Ways through a parsed TOML document: to where an error is, to take out what is wrong, and in words for people.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step from a table or list to what is inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// To the value of this key.
    Key(String),
    /// To this entry of a list, counted from 0.
    Entry(usize),
}

/// The way to the innermost key or value that an error's span belongs to; empty for the document itself.
pub(super) fn locate(table: &DeTable<'_>, span: &Range<usize>) -> Vec<Step> {
    let mut best = Vec::new();
    for (key, value) in table.iter() {
        let step = Step::Key(key.get_ref().clone().into_owned());
        let found = if key.span() == *span {
            Some(vec![step])
        } else {
            locate_in(value, span).map(|inner| prepend(step, inner))
        };
        // A section's span is its header only, so every branch is looked into.
        best = found.filter(|found| found.len() > best.len()).unwrap_or(best);
    }
    best
}

fn locate_in(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Vec<Step>> {
    let inner = match value.get_ref() {
        DeValue::Table(table) => locate(table, span),
        DeValue::Array(array) => array
            .iter()
            .enumerate()
            .find_map(|(index, entry)| Some(prepend(Step::Entry(index), locate_in(entry, span)?)))
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    let here = value.span().start <= span.start && span.end <= value.span().end;
    (here || !inner.is_empty()).then_some(inner)
}

fn prepend(step: Step, rest: Vec<Step>) -> Vec<Step> {
    std::iter::once(step).chain(rest).collect()
}

/// Takes out what the steps lead to; false when they lead nowhere.
pub(super) fn remove(table: &mut DeTable<'_>, steps: &[Step]) -> bool {
    let Some((last, path)) = steps.split_last() else {
        return false;
    };
    let in_table = |table: &mut DeTable<'_>| match last {
        Step::Key(name) => table.remove(name.as_str()).is_some(),
        Step::Entry(_) => false,
    };
    if path.is_empty() {
        return in_table(table);
    }
    match (descend(table, path), last) {
        (Some(DeValue::Table(inner)), _) => in_table(inner),
        (Some(DeValue::Array(array)), Step::Entry(index)) => {
            let before = array.len();
            let others = array.iter().enumerate().filter(|(place, _)| place != index);
            *array = others.map(|(_, entry)| entry.clone()).collect();
            array.len() < before
        }
        _ => false,
    }
}

/// Puts an empty text where a setting is missing; false when there is no such table.
pub(super) fn stand_in(table: &mut DeTable<'_>, steps: &[Step], name: &str) -> bool {
    // A place that nothing in the file has.
    let nowhere = usize::MAX..usize::MAX;
    let key = Spanned::new(nowhere.clone(), name.to_owned().into());
    let value = Spanned::new(nowhere, DeValue::String("".into()));
    let table = match descend(table, steps) {
        Some(DeValue::Table(inner)) => inner,
        _ if steps.is_empty() => table,
        _ => return false,
    };
    table.insert(key, value);
    true
}

/// What the steps lead to.
fn descend<'d, 't>(table: &'d mut DeTable<'t>, steps: &[Step]) -> Option<&'d mut DeValue<'t>> {
    let (first, rest) = steps.split_first()?;
    let Step::Key(name) = first else { return None };
    rest.iter()
        .try_fold(table.get_mut(name.as_str())?.get_mut(), |value, step| {
            match (value, step) {
                (DeValue::Table(table), Step::Key(name)) => Some(table.get_mut(name.as_str())?.get_mut()),
                (DeValue::Array(array), Step::Entry(index)) => Some(array.get_mut(*index)?.get_mut()),
                _ => None,
            }
        })
}

/// Where a table begins, which names it among the entries of a list even when others are taken out.
pub(super) fn begin(table: &DeTable<'_>, steps: &[Step]) -> usize {
    let Some((Step::Key(name), rest)) = steps.split_first() else {
        return 0;
    };
    table.get(name.as_str()).map_or(0, |value| begin_in(value, rest))
}

fn begin_in(value: &Spanned<DeValue<'_>>, steps: &[Step]) -> usize {
    match (value.get_ref(), steps.split_first()) {
        (DeValue::Table(table), Some(_)) => begin(table, steps),
        (DeValue::Array(array), Some((Step::Entry(index), rest))) => {
            array.get(*index).map_or(0, |entry| begin_in(entry, rest))
        }
        _ => value.span().start,
    }
}

/// The name of the last step, when it is a key.
pub(super) fn last_key(steps: &[Step]) -> Option<&str> {
    match steps.last()? {
        Step::Key(name) => Some(name),
        Step::Entry(_) => None,
    }
}

/// `smtp.listen`, without positions in lists.
pub(super) fn dotted(steps: &[Step], name: Option<&str>) -> String {
    let keys = steps.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Entry(_) => None,
    });
    keys.chain(name).collect::<Vec<_>>().join(".")
}

/// How people write the section: `[smtp]`, `[[deliver.route]]`, nothing at the top of the file.
pub(super) fn section(steps: &[Step]) -> String {
    let name = dotted(steps, None);
    match steps.last() {
        None => String::new(),
        Some(Step::Key(_)) => format!("[{name}]"),
        Some(Step::Entry(_)) => format!("[[{name}]]"),
    }
}

/// The setting's own name, with its place when it is a list's entry: `` `listen`, entry 2 ``.
pub(super) fn setting(steps: &[Step]) -> String {
    let mut words = String::new();
    for step in steps.iter().rev() {
        match step {
            Step::Entry(index) => words = format!(", entry {}{words}", index + 1),
            Step::Key(key) => return format!("`{key}`{words}"),
        }
    }
    words
}
