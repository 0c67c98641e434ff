//! Cross-reference tables and streams (ISO 32000-2 §7.5.4, §7.5.8): which definition of a number counts.

use std::collections::{HashMap, HashSet};

use crate::documents::pdf::syntax::{Dictionary, Lexer, Object, Token, parse};

/// Where the newest table says that an object is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Entry {
    /// Nowhere: it was deleted.
    Free,
    /// At this offset.
    Offset(usize),
    /// In the object stream of this number.
    Inside(u32),
}

/// All tables that belong to the newest revision, joined.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub entries: HashMap<u32, Entry>,
    /// The number of the catalog.
    pub root: Option<u32>,
    /// Places of the dictionaries of trailers, newest first.
    pub trailers: Vec<usize>,
}

/// More tables than this are not followed.
const MOST_TABLES: usize = 2_000;

impl Table {
    /// Reads the tables from the last `startxref` on. `unpack` gives the dictionary and data of the
    /// cross-reference stream at an offset. `shift` is how far the header is from the start of the file.
    pub fn read<'b>(
        bytes: &'b [u8],
        shift: usize,
        mut unpack: impl FnMut(usize) -> Option<(Dictionary<'b>, Vec<u8>)>,
    ) -> Self {
        let mut table = Table::default();
        let Some(start) = start(bytes) else { return table };
        let (mut waiting, mut seen) = (vec![start], HashSet::new());
        while let Some(offset) = waiting.pop() {
            if seen.len() >= MOST_TABLES || !seen.insert(offset) {
                continue;
            }
            let place = |offset: usize| offset.checked_add(shift).unwrap_or(offset);
            for at in [offset, place(offset)] {
                let mut lexer = Lexer::new(bytes, at);
                let dictionary = match lexer.token() {
                    Some(Token::Word(b"xref")) => {
                        table.classic(&mut lexer, shift);
                        table.trailers.push(lexer.offset());
                        match parse(bytes, lexer.offset()).object {
                            Object::Dictionary(dictionary) => dictionary,
                            _ => continue,
                        }
                    }
                    Some(Token::Number(_)) => match unpack(at) {
                        Some((dictionary, data)) => {
                            table.stream(&dictionary, &data, shift);
                            dictionary
                        }
                        None => continue,
                    },
                    _ => continue,
                };
                table.root = table.root.or(dictionary.get("Root").reference());
                // The stream of a hybrid file comes before older tables.
                waiting.extend(dictionary.get("Prev").count());
                waiting.extend(dictionary.get("XRefStm").count());
                break;
            }
        }
        table
    }

    fn enter(&mut self, number: usize, entry: Entry) {
        if let Ok(number) = u32::try_from(number) {
            self.entries.entry(number).or_insert(entry);
        }
    }

    fn classic(&mut self, lexer: &mut Lexer<'_>, shift: usize) {
        loop {
            let before = lexer.offset();
            let (Some(Token::Number(first)), Some(Token::Number(count))) = (lexer.token(), lexer.token())
            else {
                // `trailer` stands here.
                lexer.seek(before);
                lexer.token();
                return;
            };
            let first = Object::Number(first).count().unwrap_or(0);
            for step in 0..Object::Number(count).count().unwrap_or(0) {
                let at = lexer.offset();
                let (Some(Token::Number(offset)), Some(Token::Number(_)), Some(Token::Word(kind))) =
                    (lexer.token(), lexer.token(), lexer.token())
                else {
                    lexer.seek(at);
                    break;
                };
                let offset = Object::Number(offset).count().unwrap_or(0);
                let entry = match kind {
                    b"n" => Entry::Offset(offset.saturating_add(shift)),
                    _ => Entry::Free,
                };
                self.enter(first.saturating_add(step), entry);
            }
        }
    }

    fn stream(&mut self, dictionary: &Dictionary<'_>, data: &[u8], shift: usize) {
        let Some(widths) = dictionary.get("W").numbers::<3>() else {
            return;
        };
        let widths = widths.map(|width| Object::Number(width).count().unwrap_or(0).min(8));
        let width: usize = widths.iter().sum();
        if width == 0 {
            return;
        }
        let size = dictionary.get("Size").number().unwrap_or(0.0);
        let index = match dictionary.get("Index") {
            Object::Array(index) => index.clone(),
            _ => vec![Object::Number(0.0), Object::Number(size)],
        };
        let mut rows = data.chunks_exact(width);
        for section in index.chunks_exact(2) {
            let [Some(first), Some(count)] =
                [section.first(), section.last()].map(|n| n.and_then(Object::count))
            else {
                return;
            };
            for step in 0..count {
                let Some(row) = rows.next() else { return };
                let [kind, second, _] = fields(row, widths);
                let entry = match kind.filter(|_| widths.first() != Some(&0)).unwrap_or(1) {
                    1 => Entry::Offset(second.unwrap_or(0).saturating_add(shift)),
                    2 => Entry::Inside(u32::try_from(second.unwrap_or(0)).unwrap_or(0)),
                    _ => Entry::Free,
                };
                self.enter(first.saturating_add(step), entry);
            }
        }
    }
}

fn fields(row: &[u8], widths: [usize; 3]) -> [Option<usize>; 3] {
    let mut rest = row;
    widths.map(|width| {
        let (field, after) = rest.split_at_checked(width)?;
        rest = after;
        let value = field
            .iter()
            .fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
        usize::try_from(value).ok()
    })
}

fn start(bytes: &[u8]) -> Option<usize> {
    let at = memchr::memmem::rfind(bytes, b"startxref")? + 9;
    match Lexer::new(bytes, at).token()? {
        Token::Number(offset) => Object::Number(offset).count(),
        _ => None,
    }
}
