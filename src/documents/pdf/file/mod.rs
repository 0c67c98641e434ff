//! The objects of a file: every definition that stands in it, whether a table of references knows it or not.
//!
//! A viewer follows the cross-reference table; what a sender removed, replaced or never referred to still leaves
//! with the file. So the file is scanned from its first octet to its last, and the table only decides which of
//! several definitions of a number is the one that viewers show.

mod ciphers;
mod crypt;
mod scan;
mod streams;
mod xref;

use std::borrow::Cow;
use std::collections::HashMap;

use super::filters::{self, Decoded};
use super::syntax::{Dictionary, Object, Parsed, parse};

use crypt::Key;

pub(super) use streams::open;

/// A definition of an object.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    /// The object's number; nought for dictionaries of trailers.
    pub number: u32,
    generation: u16,
    /// The place in the file: of itself, or of the object stream that holds it.
    pub at: usize,
    /// The unpacked object stream that holds it.
    buffer: Option<usize>,
    /// Where the object starts, in the file or the buffer.
    start: usize,
    /// Where reading it ended.
    end: usize,
    /// The data of its stream.
    data: Option<(usize, usize)>,
}

/// A file and what is known of its objects.
pub(super) struct File<'a> {
    bytes: &'a [u8],
    /// Unpacked object streams.
    buffers: Vec<Vec<u8>>,
    /// Every definition, in the order of the file.
    pub definitions: Vec<Definition>,
    /// Numbers with the places of their definitions, in order.
    by_number: Vec<(u32, usize)>,
    /// The definition that the newest table names.
    live: HashMap<u32, usize>,
    /// The number of the catalog.
    pub root: Option<u32>,
    /// Octets that belong to no object.
    pub gaps: Vec<(usize, usize)>,
    /// Where each revision ends.
    revisions: Vec<usize>,
    key: Option<Key>,
    /// What was wrong with the file.
    pub trouble: Trouble,
}

/// What can be wrong with a file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trouble {
    /// It needs a password that is not known.
    pub locked: bool,
    /// It ends before its end.
    pub truncated: bool,
    /// Objects or object streams are damaged.
    pub damaged: bool,
    /// It is larger or more tangled than can be read.
    pub limit: bool,
}

impl<'a> File<'a> {
    /// The definition of a number that viewers show.
    pub fn find(&self, number: u32) -> Option<usize> {
        self.live
            .get(&number)
            .copied()
            .or_else(|| self.find_before(number, usize::MAX))
    }

    /// The definition of a number that a revision ending at `before` showed.
    pub fn find_before(&self, number: u32, before: usize) -> Option<usize> {
        let all = self.definitions_of(number);
        let place = all.partition_point(|(_, index)| {
            self.definitions
                .get(*index)
                .is_some_and(|definition| definition.at < before)
        });
        all.get(place.checked_sub(1)?)
            .or(all.last())
            .map(|(_, index)| *index)
    }

    fn definitions_of(&self, number: u32) -> &[(u32, usize)] {
        let start = self.by_number.partition_point(|(other, _)| *other < number);
        let end = self.by_number.partition_point(|(other, _)| *other <= number);
        self.by_number.get(start..end).unwrap_or_default()
    }

    /// The object of a definition, with its strings deciphered.
    pub fn object(&self, index: usize) -> Object<'_> {
        let Some(definition) = self.definitions.get(index) else {
            return Object::Null;
        };
        let mut object = self.parsed(definition).object;
        if let (Some(key), None) = (&self.key, definition.buffer) {
            key.decipher_strings(definition.number, definition.generation, &mut object);
        }
        object
    }

    /// How many octets the object of a definition takes, without its stream.
    pub fn cost(&self, index: usize) -> usize {
        self.definitions
            .get(index)
            .map_or(0, |definition| definition.end.saturating_sub(definition.start))
    }

    fn parsed(&self, definition: &Definition) -> Parsed<'_> {
        let source = match definition.buffer {
            Some(buffer) => self.buffers.get(buffer).map_or(&[][..], Vec::as_slice),
            None => self.bytes,
        };
        // Nothing past its own end can become part of an object later on.
        let source = source.get(..definition.end).unwrap_or(source);
        parse(source, definition.start)
    }

    /// Whether a definition has a stream.
    pub fn has_stream(&self, index: usize) -> bool {
        self.definitions
            .get(index)
            .is_some_and(|definition| definition.data.is_some())
    }

    /// How many octets the stream of a definition takes in the file.
    pub fn stream_length(&self, index: usize) -> usize {
        let data = self.definitions.get(index).and_then(|definition| definition.data);
        data.map_or(0, |(start, end)| end.saturating_sub(start))
    }

    /// The stream of a definition, decoded within `room`; `dictionary` is its own.
    pub fn stream(&self, index: usize, dictionary: &Dictionary<'_>, room: usize) -> Option<Decoded<'_>> {
        let definition = self.definitions.get(index)?;
        let (start, end) = definition.data?;
        let mut raw = Cow::Borrowed(self.bytes.get(start..end)?);
        if let Some(key) = &self.key {
            raw = key.decipher_stream(definition.number, definition.generation, dictionary, raw);
        }
        let filter = self.follow(either(dictionary, "Filter", "F"));
        let parameters = self.follow(either(dictionary, "DecodeParms", "DP"));
        Some(filters::decode(raw, &filter, &parameters, room))
    }

    /// The object itself, or the one that a reference means.
    pub fn follow<'o>(&'o self, object: &Object<'o>) -> Object<'o> {
        let mut object = object.clone();
        for _ in 0..8 {
            let Some(index) = object.reference().map(|number| self.find(number)) else {
                return object;
            };
            object = index.map(|index| self.object(index)).unwrap_or_default();
        }
        Object::Null
    }

    /// Where the revision that holds this place ends.
    pub fn revision_end(&self, at: usize) -> usize {
        let place = self.revisions.partition_point(|end| *end < at);
        self.revisions.get(place).copied().unwrap_or(usize::MAX)
    }

    /// The octets between two places.
    pub fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }
}

fn either<'d, 'a>(dictionary: &'d Dictionary<'a>, name: &str, short: &str) -> &'d Object<'a> {
    match dictionary.get(name) {
        Object::Null => dictionary.get(short),
        found => found,
    }
}
