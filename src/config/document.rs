//! Reads a TOML file into a value and tells every mistake in it, not only the first.
//!
//! serde stops at its first error. So the key that it stumbled over is noted, taken out of the parsed document,
//! and the rest is read again, until nothing is left to stumble over. Knows no setting by name.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::wording::{self, Complaint};

/// A TOML file, parsed, with the places of its keys.
pub(super) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    table: Spanned<DeTable<'t>>,
}

/// What a document says, as far as it could be understood.
pub(super) struct Reading<T> {
    /// The value without the settings that were mistaken; `None` when not even that could be made.
    pub value: Option<T>,
    /// Everything that was wrong.
    pub mistakes: Vec<Mistake>,
    /// Settings (`smtp.listen`) that a mistake speaks of already, so that nobody complains of them twice.
    pub spoken_of: BTreeSet<String>,
}

/// The document while it is being read: what was mistaken is taken out, what was missing is stood in for.
struct Round<'t> {
    table: Spanned<DeTable<'t>>,
    /// Settings that were missing, each by where its table begins.
    stand_ins: BTreeSet<(usize, String)>,
    /// Settings that were noted already, or that an unknown one was probably meant to be.
    noted: BTreeSet<(usize, String)>,
}

/// One step from a table or list to what is inside.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Entry(usize),
}

impl<'t> Document<'t> {
    /// Parses a file's text. `file` is its name for people.
    ///
    /// # Errors
    /// What is no TOML. Nothing can be said of the settings then.
    pub fn parse(file: &'t str, text: &'t str) -> Result<Self, Vec<Mistake>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let document = Document { file, text, table };
        if errors.is_empty() {
            return Ok(document);
        }
        // One slip can make the parser complain several times about one line; the first complaint is the true one.
        let mut mistakes: Vec<Mistake> = errors
            .iter()
            .map(|error| document.mistake(error.span(), wording::syntax(error.message())))
            .collect();
        mistakes.sort_by_key(|mistake| mistake.line);
        mistakes.dedup_by_key(|mistake| mistake.line);
        Err(mistakes)
    }

    /// Reads the whole document into a value.
    pub fn read<T: DeserializeOwned>(&self) -> Reading<T> {
        let mut round = Round {
            table: self.table.clone(),
            stand_ins: BTreeSet::new(),
            noted: BTreeSet::new(),
        };
        let mut reading = Reading {
            value: None,
            mistakes: Vec::new(),
            spoken_of: BTreeSet::new(),
        };
        loop {
            match T::deserialize(toml::de::Deserializer::from(round.table.clone())) {
                Ok(value) => {
                    reading.value = Some(value);
                    return reading;
                }
                Err(error) if self.note(&error, &mut round, &mut reading) => {}
                Err(_) => return reading,
            }
        }
    }

    /// Notes an error and mends the working copy of the document; false when it cannot be mended.
    fn note<T>(&self, error: &toml::de::Error, round: &mut Round<'t>, reading: &mut Reading<T>) -> bool {
        let span = error.span().unwrap_or_default();
        let complaint = Complaint::new(error.message());
        let steps = locate(round.table.get_ref(), &span);
        // In the working copy, entries of lists may have moved.
        let original = locate(self.table.get_ref(), &span);
        let table_steps = owner(&complaint, &steps);
        let table = begin(round.table.get_ref(), table_steps);
        if let Some(name) = complaint.suggestion() {
            round.noted.insert((table, name.to_owned()));
            reading.spoken_of.insert(dotted(table_steps, Some(name)));
        }
        reading.spoken_of.insert(dotted(&steps, None));
        let name = complaint.missing().map(|name| (table, name.to_owned()));
        let own = last_key(&steps).map(|name| (table, name.to_owned()));
        let silent = |place: &Option<(usize, String)>| {
            place
                .as_ref()
                .is_some_and(|place| round.noted.contains(place) || round.stand_ins.contains(place))
        };
        if !silent(&name) && !own.as_ref().is_some_and(|own| round.stand_ins.contains(own)) {
            let message = complaint.sentence(&section(owner(&complaint, &original)), &setting(&original));
            reading.mistakes.push(self.mistake(error.span(), message));
        }
        // What is taken out now must not be called missing later.
        round.noted.extend(own);
        match name {
            // A stand-in lets the rest of its table be read too. Each is tried once.
            Some(place) if round.stand_ins.insert(place.clone()) => {
                stand_in(round.table.get_mut(), &steps, &place.1)
            }
            // Each removal makes the document smaller, so the loop ends.
            _ => remove(round.table.get_mut(), &steps),
        }
    }

    /// The line of a setting, or of the section it belongs to; 0 when the file has neither.
    pub fn line(&self, section: &str, key: &str) -> usize {
        let mut table = self.table.get_ref();
        let mut line = 0;
        for name in section.split('.').chain([key]).filter(|name| !name.is_empty()) {
            let Some((found, value)) = table.iter().find(|(other, _)| other.get_ref() == name) else {
                break;
            };
            line = self.line_at(found.span().start);
            let DeValue::Table(inner) = value.get_ref() else {
                break;
            };
            table = inner;
        }
        line
    }

    fn mistake(&self, span: Option<Range<usize>>, message: String) -> Mistake {
        Mistake {
            file: self.file.to_owned(),
            line: span.map_or(0, |span| self.line_at(span.start)),
            message,
        }
    }

    fn line_at(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

/// The way to the innermost key or value that an error's span belongs to; empty for the document itself.
fn locate(table: &DeTable<'_>, span: &Range<usize>) -> Vec<Step> {
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
fn remove(table: &mut DeTable<'_>, steps: &[Step]) -> bool {
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
fn stand_in(table: &mut DeTable<'_>, steps: &[Step], name: &str) -> bool {
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

/// The table that an error is about: the one around an unknown key, the one that lacks a key, or the one around
/// a value that does not fit.
fn owner<'s>(complaint: &Complaint, steps: &'s [Step]) -> &'s [Step] {
    if complaint.missing().is_some() {
        return steps;
    }
    let last_key = steps.iter().rposition(|step| matches!(step, Step::Key(_)));
    last_key
        .and_then(|position| steps.get(..position))
        .unwrap_or_default()
}

/// Where a table begins, which names it among the entries of a list even when others are taken out.
fn begin(table: &DeTable<'_>, steps: &[Step]) -> usize {
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

fn last_key(steps: &[Step]) -> Option<&str> {
    match steps.last()? {
        Step::Key(name) => Some(name),
        Step::Entry(_) => None,
    }
}

/// `smtp.listen`, without positions in lists.
fn dotted(steps: &[Step], name: Option<&str>) -> String {
    let keys = steps.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Entry(_) => None,
    });
    keys.chain(name).collect::<Vec<_>>().join(".")
}

/// How people write the section: `[smtp]`, `[[deliver.route]]`, nothing at the top of the file.
fn section(steps: &[Step]) -> String {
    let name = dotted(steps, None);
    match steps.last() {
        None => String::new(),
        Some(Step::Key(_)) => format!("[{name}]"),
        Some(Step::Entry(_)) => format!("[[{name}]]"),
    }
}

/// The setting's own name, with its place when it is a list's entry: `` `listen`, entry 2 ``.
fn setting(steps: &[Step]) -> String {
    let mut words = String::new();
    for step in steps.iter().rev() {
        match step {
            Step::Entry(index) => words = format!(", entry {}{words}", index + 1),
            Step::Key(key) => return format!("`{key}`{words}"),
        }
    }
    words
}
