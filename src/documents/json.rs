//! JSON (RFC 8259) and lines of it: each value after its label, the fields of an object together, and arrays of
//! objects or of arrays as tables.

mod grids;
mod prose;

use self::grids::{Grids, Lines};
use self::prose::Prose;
use super::records::{Fields, Records, is_label, label, pair};
use super::{Visit, markup, text};
use crate::mime::{TextKind, charset};

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    let begins = readings
        .text
        .trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if !begins.starts_with(['{', '[']) {
        return false;
    }
    let read = Reader::read(begins);
    if !read.holds_labels && !read.grids.are_there() {
        return false;
    }
    visit.notes(readings);
    visit.text(TextKind::Body, read.lines);
    for table in read.tables.into_iter().chain(read.grids.tables()) {
        visit.text(TextKind::Table, table);
    }
    visit.text(TextKind::Body, read.prose.text);
    for (place, page) in read.pages.into_iter().enumerate() {
        match place < MOST_PAGES && is_page(&page) {
            true => visit.decoded_file(None, "text/html", page.into_bytes()),
            false => {
                markup::read(visit, &page);
                visit.text(TextKind::Body, page);
            }
        }
    }
    // What was not followed to the end is a text like any other, and so is what another charset would show.
    if !read.whole {
        visit.text(TextKind::Body, readings.text.clone());
    }
    for other in readings.all().skip(1) {
        visit.text(TextKind::Body, other.to_owned());
    }
    text::residues(visit, &readings.text);
    true
}

/// Deeper structures are read as text.
const DEEPEST: usize = 500;

/// Fields in all tables of a text. Each costs many times its length in memory.
const MOST_CELLS: usize = 500_000;

/// Pages of HTML inside of a text that are read like files; more are read as they are.
const MOST_PAGES: usize = 50;

/// A structure that is open.
enum Frame {
    Object {
        /// The label that the object itself has.
        label: String,
        /// The label of the value that comes next.
        key: Option<String>,
        /// The values that are no structures.
        fields: Fields,
        /// The array in it, if there is one only.
        row: Option<Vec<String>>,
        structures: usize,
    },
    Array {
        label: String,
        records: Records,
        lines: Lines,
    },
}

#[derive(Default)]
struct Reader<'a> {
    rest: &'a str,
    frames: Vec<Frame>,
    /// What was read: lines of `label: value`.
    lines: String,
    tables: Vec<String>,
    /// Objects that stand one behind the other outside of any array (JSON lines).
    records: Records,
    grids: Grids,
    prose: Prose,
    /// Texts of several lines that stand in it as arrays of lines, and pages of HTML.
    pages: Vec<String>,
    holds_labels: bool,
    /// Octets that labels may take when they are written again for each value; fields that tables may have.
    repeats: usize,
    cells: usize,
    /// Whether all of the text was followed.
    whole: bool,
}

impl<'a> Reader<'a> {
    fn read(source: &'a str) -> Self {
        let mut reader = Reader {
            rest: source,
            repeats: source.len().saturating_mul(2),
            cells: MOST_CELLS,
            ..Reader::default()
        };
        while reader.step().is_some() {}
        reader.whole = reader.rest.is_empty() && reader.frames.is_empty();
        while !reader.frames.is_empty() {
            reader.close();
        }
        let records = std::mem::take(&mut reader.records);
        reader.tables.extend(records.table());
        reader
    }

    /// Reads one token; nothing at the end, and where this is no JSON.
    fn step(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        let first = self.rest.chars().next()?;
        match first {
            '{' | '[' => self.open(first),
            '}' | ']' => {
                let object = matches!(self.frames.last()?, Frame::Object { .. });
                if object != (first == '}') {
                    return None;
                }
                self.advance(1);
                self.close();
                Some(())
            }
            '"' => {
                let text = self.string()?;
                self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
                match self.frames.last_mut() {
                    Some(Frame::Object { key, .. }) if key.is_none() => {
                        self.rest = self.rest.strip_prefix(':')?;
                        if !is_label(&text) {
                            self.lines.push_str(&text);
                            self.lines.push('\n');
                        }
                        *key = Some(text);
                        self.holds_labels = true;
                    }
                    _ => self.value(text),
                }
                Some(())
            }
            _ => self.word(),
        }
    }

    fn advance(&mut self, octets: usize) {
        self.rest = self.rest.get(octets..).unwrap_or_default();
    }

    fn open(&mut self, first: char) -> Option<()> {
        if self.frames.len() >= DEEPEST || self.awaits_key() {
            return None;
        }
        let label = self.next_label();
        if !label.is_empty() {
            self.lines.push_str(&label);
            self.lines.push_str(":\n");
        }
        self.advance(1);
        self.frames.push(match first {
            '{' => Frame::Object {
                label,
                key: None,
                fields: Fields::new(),
                row: None,
                structures: 0,
            },
            _ => Frame::Array {
                label,
                records: Records::default(),
                lines: Lines::default(),
            },
        });
        Some(())
    }

    fn awaits_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame::Object { key: None, .. }))
    }

    /// The label of the value that comes next.
    fn next_label(&mut self) -> String {
        match self.frames.last_mut() {
            Some(Frame::Object {
                label: around, key, ..
            }) => label(around, &key.take().unwrap_or_default()),
            Some(Frame::Array { label, .. }) => label.clone(),
            None => String::new(),
        }
    }

    /// Takes a value that is no structure.
    fn value(&mut self, value: String) {
        let label = self.next_label();
        if !label.is_empty() && label.len() <= self.repeats {
            self.repeats -= label.len();
            self.lines.push_str(&label);
            self.lines.push_str(": ");
        }
        self.lines.push_str(&value);
        self.lines.push('\n');
        if is_page(&value) {
            self.pages.push(value.clone());
        }
        if self.cells == 0 {
            return;
        }
        self.cells -= 1;
        match self.frames.last_mut() {
            Some(Frame::Object { fields, .. }) => fields.push((label, value)),
            Some(Frame::Array { lines, .. }) => lines.row.push(value),
            None => {}
        }
    }

    fn close(&mut self) {
        match self.frames.pop() {
            Some(Frame::Object {
                fields,
                row,
                structures,
                ..
            }) => {
                if let Some((label, value)) = pair(&fields) {
                    self.lines.push_str(&format!("{label}: {value}\n"));
                }
                if !self.lines.ends_with("\n\n") {
                    self.lines.push('\n');
                }
                self.prose.take(&fields);
                match self.frames.last_mut() {
                    Some(Frame::Array { records, lines, .. }) => {
                        records.add(&fields);
                        match row.filter(|_| structures == 1 && fields.len() <= 2) {
                            Some(row) => lines.rows.push(row),
                            None => lines.row.extend(grids::cell(&fields).map(str::to_owned)),
                        }
                    }
                    None => self.records.add(&fields),
                    Some(Frame::Object { structures, .. }) => *structures += 1,
                }
            }
            Some(Frame::Array { records, lines, .. }) => {
                self.tables.extend(records.table());
                self.close_array(lines);
            }
            None => {}
        }
    }

    /// Hands the row that an array is to what stands around it.
    fn close_array(&mut self, lines: Lines) {
        self.pages.extend(grids::text_of_lines(&lines.row));
        let in_array = matches!(self.frames.last(), Some(Frame::Array { .. }));
        let ended = self.grids.take(lines, in_array);
        match self.frames.last_mut() {
            Some(Frame::Array { lines, .. }) => lines.rows.extend(ended),
            Some(Frame::Object { row, structures, .. }) => {
                *structures += 1;
                *row = ended;
            }
            None => {}
        }
    }

    /// A number, `true`, `false` or `null`. A whole number that was written as a fraction loses the fraction.
    fn word(&mut self) -> Option<()> {
        let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let length = self.rest.chars().take_while(fits).count();
        let word = self.rest.get(..length)?;
        let number = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if self.awaits_key() || !(number || matches!(word, "true" | "false" | "null")) {
            return None;
        }
        let word = word.strip_suffix(".0").unwrap_or(word).to_owned();
        self.advance(length);
        if word == "null" {
            self.next_label();
        } else {
            self.value(word);
        }
        Some(())
    }

    /// A string with its escapes undone; nothing if it does not end.
    fn string(&mut self) -> Option<String> {
        let source = self.rest.get(1..)?;
        let mut text = String::new();
        let mut from = 0;
        loop {
            let at = from + memchr::memchr2(b'"', b'\\', source.as_bytes().get(from..)?)?;
            text.push_str(source.get(from..at)?);
            if source.as_bytes().get(at) == Some(&b'"') {
                self.advance(at + 2);
                return Some(text);
            }
            let (character, length) = escape(source.get(at + 1..)?)?;
            text.push(character);
            from = at + 1 + length;
        }
    }
}

/// Whether a value is a page of HTML or a piece of one.
fn is_page(value: &str) -> bool {
    value.trim_start().starts_with('<') && memchr::memmem::find(value.as_bytes(), b"</").is_some()
}

/// The character that follows the backslash, and the length of the escape behind it.
pub(super) fn escape(after: &str) -> Option<(char, usize)> {
    let character = match after.chars().next()? {
        'n' => '\n',
        't' => '\t',
        'r' | 'b' | 'f' => ' ',
        'u' => return unicode(after),
        other => other,
    };
    Some((character, after.chars().next()?.len_utf8()))
}

/// `u0035`, and two of them for a character beyond the first plane.
fn unicode(after: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = after.get(at..at + 4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(1)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, 5));
    }
    let second = after
        .get(5..7)
        .filter(|escape| *escape == "\\u")
        .and_then(|_| unit(7));
    let pair = [first, second.unwrap_or(0)];
    match char::decode_utf16(pair).next() {
        Some(Ok(character)) => Some((character, 11)),
        _ => Some((char::REPLACEMENT_CHARACTER, 5)),
    }
}
