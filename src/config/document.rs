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
use super::steps::{Step, begin, dotted, last_key, locate, remove, section, setting, stand_in};
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
