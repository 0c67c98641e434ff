//! People's names near an element: 201 CMR 17.02 speaks of "first name and last name or first initial and last
//! name in combination with" an element.
//!
//! A name is looked for only near a finding, within [`Names::window`] characters or in the same row of a table,
//! because a name anywhere in a message says nothing: most mail has one. For the same reason the display names
//! in `From`, `To` and `Cc` are told apart ([`Names::is_correspondent`]); a name in the `Subject` counts for an
//! element at the beginning of the body, and the other way round, because people read the two as one.

mod dictionary;
mod shape;
mod token;

use std::ops::Range;

use serde::Deserialize;

use self::dictionary::Lists;
use super::quick::QuickSet;

const SHAPES: &str = include_str!("../../../policies/names/shapes.toml");

/// Whether a word is an English word, in any case.
pub(super) fn is_word(word: &[u8]) -> bool {
    Lists::of(word).is_word()
}

/// Knows names and how they are written.
#[derive(Debug)]
pub(super) struct Names {
    words: Words,
}

/// `policies/names/shapes.toml` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    window: usize,
    titles: QuickSet<String>,
    particles: QuickSet<String>,
    labels: QuickSet<String>,
    last_labels: QuickSet<String>,
    not_labels: QuickSet<String>,
    unsure: QuickSet<String>,
    never: QuickSet<String>,
    surnames_too: QuickSet<String>,
    firms: QuickSet<String>,
    never_pairs: QuickSet<String>,
    /// The first words of those pairs.
    #[serde(skip)]
    begin_pairs: QuickSet<String>,
}

impl Names {
    /// Reads the lists that are built into the program.
    ///
    /// # Errors
    /// What is wrong with `shapes.toml`.
    pub fn load() -> Result<Names, String> {
        let words: Result<Words, _> = toml::from_str(SHAPES);
        let mut words = words.map_err(|error| format!("names/shapes.toml: {error}"))?;
        let first = |pair: &String| pair.split(' ').next().unwrap_or_default().to_owned();
        words.begin_pairs = words.never_pairs.iter().map(first).collect();
        dictionary::prepare();
        Ok(Names { words })
    }

    /// How far from an element a name counts, in characters.
    pub fn window(&self) -> usize {
        self.words.window
    }

    /// Whether a word is a given name and no ordinary word besides.
    pub fn is_given(&self, word: &[u8]) -> bool {
        let lists = Lists::of(word);
        lists.is_given() && !lists.is_word()
    }

    /// Whether a capitalised word is a known name or an initial.
    pub fn is_name(&self, word: &[u8]) -> bool {
        let capital = word.first().is_some_and(u8::is_ascii_uppercase);
        let is_listed = || {
            let lists = Lists::of(word);
            lists.is_given() || lists.is_family()
        };
        capital && (word.len() == 1 || is_listed())
    }

    /// Whether a word is a known name in capitals or not, as in hasty mail.
    pub fn may_be_name(&self, word: &[u8]) -> bool {
        let lists = Lists::of(word);
        lists.is_given() || lists.is_family()
    }

    /// All names in a stretch of text, in order.
    pub fn within(&self, bytes: &[u8], from: usize, to: usize) -> Vec<Range<usize>> {
        let tokens = token::tokens(bytes, from, to);
        let mut found = Vec::new();
        let mut rest = tokens.as_slice();
        let mut before: Option<&token::Token> = None;
        while let Some((first, after)) = rest.split_first() {
            let length = shape::name_at(self, before, rest);
            let last = length.checked_sub(1).and_then(|last| rest.get(last));
            found.extend(last.map(|last| first.start..last.end));
            let step = length.max(1);
            before = rest.get(step - 1);
            rest = after.get(step - 1..).unwrap_or_default();
        }
        found
    }

    /// Whether a header field or a file name names a person for certain: given and family name are both known,
    /// or a mail address is made of them (`john.smith@`).
    pub fn is_correspondent(&self, bytes: &[u8]) -> bool {
        let tokens = token::tokens(bytes, 0, bytes.len());
        (0..tokens.len()).any(|from| shape::is_known_name(self, tokens.get(from..).unwrap_or_default()))
    }

    /// How many words a name under the label of a column needs at least; none when the label is for something else.
    pub fn wanted_under(&self, label: &[u8]) -> Option<usize> {
        shape::wanted_under(self, label)
    }

    /// Whether a cell holds a name of at least so many words.
    pub fn fill(&self, cell: &[u8], wanted: usize) -> bool {
        shape::fills(self, cell, wanted)
    }
}

/// Finds the name nearest to each of several places in one text, looking at every stretch once. Not `Debug`: it
/// holds the message.
pub(super) struct Nearby<'v> {
    names: &'v Names,
    bytes: &'v [u8],
    covered: usize,
    /// In order of their beginnings.
    found: Vec<Range<usize>>,
    /// How long the longest is.
    longest: usize,
}

/// How much is read again, so that no name is cut in two.
const OVERLAP: usize = 60;
/// A row may be long, and so may a record; what stands farther away belongs to another one.
const LONGEST_RECORD: usize = 1000;
/// So many names are kept although they stand too far back.
const MOST_OLD: usize = 64;
/// How much is read at a time.
const AHEAD: usize = 1024;

impl<'v> Nearby<'v> {
    pub fn new(names: &'v Names, bytes: &'v [u8]) -> Self {
        Nearby {
            names,
            bytes,
            covered: 0,
            found: Vec::new(),
            longest: 0,
        }
    }

    /// How far the nearest name stands from the octets `start..end`, within the window or the row. Calls come
    /// in order of `start`.
    pub fn distance(&mut self, start: usize, end: usize, row: Option<&Range<usize>>) -> Option<usize> {
        let window = self.names.window();
        let row = row.cloned().or_else(|| self.record(start)).unwrap_or(start..end);
        let from = start
            .saturating_sub(window)
            .min(row.start.max(start.saturating_sub(LONGEST_RECORD)));
        let to = (end + window)
            .max(row.end.min(end + LONGEST_RECORD))
            .min(self.bytes.len());
        self.cover(from, to);
        let passed = |name: &Range<usize>| name.end + LONGEST_RECORD + window <= start;
        let old = self.found.iter().take_while(|name| passed(name)).count();
        // Moving the others up costs something, so that it is done for many at once.
        if old > MOST_OLD {
            self.found.drain(..old);
        }
        let first = self.found.partition_point(|name| name.start < end);
        let (before, after) = self.found.split_at_checked(first).unwrap_or_default();
        let after = after
            .iter()
            .take_while(|name| name.start < to)
            .find(|name| name.end <= to);
        let mut nearest = after.map(|name| name.start - end);
        for name in before.iter().rev().take_while(|name| name.start >= from) {
            if name.end <= start {
                let distance = start - name.end;
                nearest = Some(nearest.map_or(distance, |nearest| nearest.min(distance)));
            }
            // Names before this one end before it, or soon behind.
            if nearest.is_some_and(|nearest| name.start + self.longest + nearest <= start) {
                break;
            }
        }
        nearest
    }

    /// The lines around a labelled value ("SSN: …") up to an empty one: the name above belongs to it.
    fn record(&self, start: usize) -> Option<Range<usize>> {
        let before = self.bytes.get(start.saturating_sub(LONGEST_RECORD)..start)?;
        let line = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        if !before.get(line..)?.iter().any(|byte| matches!(byte, b':' | b'=')) {
            return None;
        }
        let begin = end_of_gap(before);
        let after = self.bytes.get(start..).unwrap_or_default();
        let after = after.get(..LONGEST_RECORD).unwrap_or(after);
        let end = gap(after).unwrap_or(after.len());
        Some(start - before.len() + begin.unwrap_or(0)..start + end)
    }

    fn cover(&mut self, from: usize, to: usize) {
        if to > self.covered {
            let again = self.covered.saturating_sub(OVERLAP);
            let from = from.max(again);
            let to = to.max(from + AHEAD).min(self.bytes.len());
            let known = self.found.len();
            for name in self.names.within(self.bytes, from, to) {
                self.longest = self.longest.max(name.len());
                self.found.push(name);
            }
            // What was read again may come before what was found there.
            let last = known.checked_sub(1).and_then(|last| self.found.get(last));
            let next = self.found.get(known);
            if last.zip(next).is_some_and(|(last, next)| next.start < last.start) {
                self.found.sort_by_key(|name| name.start);
            }
            self.covered = to;
        }
    }
}

/// Where the first empty line begins: with the end of the line before.
fn gap(text: &[u8]) -> Option<usize> {
    let mut ends = memchr::memchr_iter(b'\n', text);
    ends.find(|end| matches!(text.get(end + 1..), Some([b'\n', ..] | [b'\r', b'\n', ..])))
}

/// Where the line after the last empty one begins.
fn end_of_gap(text: &[u8]) -> Option<usize> {
    let mut ends = memchr::memchr_iter(b'\n', text).rev();
    ends.find(|end| matches!(text.get(..*end), Some([.., b'\n'] | [.., b'\n', b'\r'])))
        .map(|end| end + 1)
}

#[cfg(test)]
mod tests;
