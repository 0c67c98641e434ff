//! Opens a file: scans it, finds the key, unpacks its object streams, asks its tables.

use std::collections::HashMap;

use memchr::memmem::Finder;

use super::crypt::{self, Key};
use super::scan::{self, Scanned};
use super::xref::{Entry, Table};
use super::{Definition, File, Trouble};
use crate::documents::Visit;
use crate::documents::pdf::syntax::{Dictionary, Lexer, Object, Token, parse};

/// Octets of object streams that are kept at the same time.
const MOST_OBJECT_STREAMS: usize = 160 << 20;

/// A trailer ends before so many octets.
const LONGEST_TRAILER: usize = 64 << 10;

/// Reads what objects a file has. `header` is where `%PDF-` stands.
pub(in super::super) fn open<'a>(visit: &mut Visit<'a>, bytes: &'a [u8], header: usize) -> File<'a> {
    let Scanned {
        definitions,
        trailers,
        lengths,
        gaps,
        trouble,
    } = scan::scan(bytes);
    let mut file = File {
        bytes,
        buffers: Vec::new(),
        definitions,
        by_number: Vec::new(),
        live: HashMap::new(),
        root: None,
        gaps,
        revisions: memchr::memmem::find_iter(bytes, b"%%EOF").collect(),
        key: None,
        trouble,
    };
    file.sort();
    file.lengthen(&lengths);
    file.unlock(&trailers);
    if file.trouble.locked {
        return file;
    }
    let table = Table::read(bytes, header, |at| file.table_stream(visit, at));
    file.add_hidden(&table);
    file.open_object_streams(visit);
    file.sort();
    file.choose(&table);
    file.root = table
        .root
        .or_else(|| file.root_of(&trailers))
        .or_else(|| file.catalog());
    file
}

impl<'a> File<'a> {
    fn sort(&mut self) {
        let numbers = self.definitions.iter().enumerate();
        self.by_number = numbers
            .map(|(index, definition)| (definition.number, index))
            .collect();
        let at = |index: usize| self.definitions.get(index).map_or(0, |definition| definition.at);
        self.by_number
            .sort_by_key(|(number, index)| (*number, at(*index)));
    }

    /// A stream may hold `endstream` when its length, which stands elsewhere, says so.
    fn lengthen(&mut self, lengths: &[(usize, u32)]) {
        for (index, number) in lengths {
            let length = self.find(*number).and_then(|length| self.object(length).count());
            let data = self
                .definitions
                .get(*index)
                .and_then(|definition| definition.data);
            let (Some(length), Some((start, end))) = (length, data) else {
                continue;
            };
            let stated = start.saturating_add(length);
            if stated != end
                && scan::ends_stream(self.bytes, stated)
                && let Some(definition) = self.definitions.get_mut(*index)
            {
                definition.data = Some((start, stated));
            }
        }
    }

    /// The dictionaries of all trailers and cross-reference streams, in the order of the file.
    fn heads<'s>(&'s self, trailers: &'s [usize]) -> impl DoubleEndedIterator<Item = Object<'s>> {
        let streams = self.definitions.iter().filter(|definition| {
            let head = self.slice(definition.start, definition.end);
            definition.data.is_some() && memchr::memmem::find(head, b"XRef").is_some()
        });
        let streams: Vec<(usize, usize)> = streams
            .map(|definition| (definition.start, definition.end))
            .collect();
        let trailers = trailers
            .iter()
            .map(|at| (*at, at.saturating_add(LONGEST_TRAILER).min(self.bytes.len())));
        let heads: Vec<(usize, usize)> = streams.into_iter().chain(trailers).collect();
        heads
            .into_iter()
            .map(|(start, end)| parse(self.bytes.get(..end).unwrap_or_default(), start).object)
    }

    fn unlock(&mut self, trailers: &[usize]) {
        let mut locks = Vec::new();
        for head in self.heads(trailers) {
            let Some(head) = head.dictionary() else { continue };
            if !matches!(head.get("Encrypt"), Object::Null) {
                let lock = self.follow(head.get("Encrypt"));
                let first = head.get("ID").members().first().and_then(Object::string);
                locks.push((crypt::Lock::read(&lock), first.unwrap_or_default().to_vec()));
            }
        }
        if locks.is_empty() {
            return;
        }
        self.key = locks
            .iter()
            .rev()
            .find_map(|(lock, id)| Key::with_no_password(lock.as_ref()?, id));
        self.trouble.locked = self.key.is_none();
    }

    fn root_of(&self, trailers: &[usize]) -> Option<u32> {
        let mut heads = self.heads(trailers);
        heads
            .by_ref()
            .rev()
            .find_map(|head| head.dictionary()?.get("Root").reference())
    }

    /// The last catalog, when no trailer tells.
    fn catalog(&self) -> Option<u32> {
        let mut definitions = self.definitions.iter().rev();
        let found = definitions.find(|definition| {
            let object = self.parsed(definition).object;
            object
                .dictionary()
                .is_some_and(|dictionary| dictionary.is("Type", "Catalog"))
        });
        found.map(|definition| definition.number)
    }

    fn table_stream(&self, visit: &mut Visit<'_>, at: usize) -> Option<(Dictionary<'a>, Vec<u8>)> {
        let place = self.definitions.partition_point(|definition| definition.at < at);
        let near = self.definitions.get(place)?;
        if near.at > at + 8 {
            return None;
        }
        let Object::Dictionary(dictionary) = parse(self.bytes, near.start).object else {
            return None;
        };
        let decoded = {
            let (start, end) = near.data?;
            let filter = dictionary.get("Filter");
            let parameters = dictionary.get("DecodeParms");
            crate::documents::pdf::filters::decode(
                self.slice(start, end).into(),
                filter,
                parameters,
                visit.room(),
            )
        };
        visit.spend(decoded.spent);
        let data = decoded.bytes.into_owned();
        Some((dictionary, data))
    }

    /// A table may point into the data of a stream, where the scan did not look.
    fn add_hidden(&mut self, table: &Table) {
        let known: std::collections::HashSet<usize> = self
            .definitions
            .iter()
            .map(|definition| definition.start)
            .collect();
        let stream_end = Finder::new("endstream");
        let mut hidden = Vec::new();
        let mut work = self.bytes.len().saturating_mul(2);
        for entry in table.entries.values() {
            let Entry::Offset(at) = *entry else { continue };
            let mut lexer = Lexer::new(self.bytes, at);
            let (Some(Token::Number(number)), Some(Token::Number(generation)), Some(Token::Word(b"obj"))) =
                (lexer.token(), lexer.token(), lexer.token())
            else {
                continue;
            };
            let behind = lexer.offset();
            let numbers = [number, generation].map(|number| Object::Number(number).count());
            let ([Some(number), Some(generation)], false) = (numbers, known.contains(&behind)) else {
                continue;
            };
            let number = u32::try_from(number).unwrap_or(0);
            let generation = u16::try_from(generation).unwrap_or(0);
            let defined = scan::define(self.bytes, number, generation, at, behind, &stream_end);
            let read = defined
                .data
                .map_or(defined.end, |(_, end)| end)
                .saturating_sub(behind);
            if read > work {
                self.trouble.limit = true;
                break;
            }
            work -= read;
            hidden.push(Definition::from(defined));
        }
        if !hidden.is_empty() {
            self.definitions.extend(hidden);
            self.definitions.sort_by_key(|definition| definition.at);
            self.sort();
        }
    }

    fn open_object_streams(&mut self, visit: &mut Visit<'_>) {
        let mut found = Vec::new();
        let mut kept = 0_usize;
        for index in 0..self.definitions.len() {
            let Some(definition) = self.definitions.get(index) else {
                break;
            };
            let head = self.slice(definition.start, definition.end);
            if definition.data.is_none() || memchr::memmem::find(head, b"ObjStm").is_none() {
                continue;
            }
            let Object::Dictionary(dictionary) = self.object(index) else {
                continue;
            };
            let at = definition.at;
            let Some(decoded) = self.stream(index, &dictionary, visit.room()) else {
                continue;
            };
            let mut trouble = Trouble {
                damaged: decoded.damaged || decoded.rest.is_some(),
                limit: decoded.cut || !visit.spend(decoded.spent),
                ..Trouble::default()
            };
            let data = decoded.bytes.into_owned();
            let first = dictionary.get("First").count().unwrap_or(0);
            kept = kept.saturating_add(data.len());
            if kept > MOST_OBJECT_STREAMS {
                trouble.limit = true;
            } else {
                members(&data, first, self.buffers.len(), at, &mut found);
                self.buffers.push(data);
            }
            self.trouble.damaged |= trouble.damaged;
            self.trouble.limit |= trouble.limit;
        }
        self.definitions.append(&mut found);
        self.definitions.sort_by_key(|definition| definition.at);
    }

    /// Which definition of each number the tables name.
    fn choose(&mut self, table: &Table) {
        let mut live = HashMap::new();
        for (index, definition) in self.definitions.iter().enumerate() {
            let named = match table.entries.get(&definition.number) {
                Some(Entry::Offset(at)) => {
                    definition.buffer.is_none() && *at <= definition.at + 1 && definition.at <= *at + 16
                }
                Some(Entry::Inside(_)) => definition.buffer.is_some(),
                _ => false,
            };
            // Of several in object streams the one in the last stream stays.
            if named {
                live.insert(definition.number, index);
            }
        }
        self.live = live;
    }
}

/// The objects of an object stream (ISO 32000-2 §7.5.7): pairs of number and offset, then the objects.
fn members(data: &[u8], first: usize, buffer: usize, at: usize, found: &mut Vec<Definition>) {
    let mut lexer = Lexer::new(data, 0);
    let mut places = Vec::new();
    while lexer.offset() < first.max(1) {
        let (Some(Token::Number(number)), Some(Token::Number(offset))) = (lexer.token(), lexer.token())
        else {
            break;
        };
        let numbers = [number, offset].map(|number| Object::Number(number).count().unwrap_or(0));
        let [number, offset] = numbers;
        places.push((u32::try_from(number).unwrap_or(0), first.saturating_add(offset)));
    }
    places.sort_by_key(|(_, start)| *start);
    let ends: Vec<usize> = places
        .iter()
        .skip(1)
        .map(|(_, start)| *start)
        .chain([data.len()])
        .collect();
    for ((number, start), end) in places.into_iter().zip(ends) {
        if start >= data.len() {
            continue;
        }
        found.push(Definition {
            number,
            generation: 0,
            at,
            buffer: Some(buffer),
            start,
            end,
            data: None,
        });
    }
}
