//! What the elements of a document say, with their names as labels.

use std::collections::BTreeMap;

use super::super::html::decode;
use super::super::one_line;
use super::super::records::{Fields, Records, is_label, label, pair};
use super::lexer::{Token, Tokens, attributes};

/// A document as text.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// `name: value` for each element with text and each attribute.
    pub lines: String,
    /// Comments, declarations, instructions.
    pub hidden: String,
    /// Siblings with the same name and with fields.
    pub tables: Vec<String>,
}

/// An element that is open.
#[derive(Default)]
struct Element<'a> {
    name: &'a str,
    /// What its values are called: its name, or what an attribute says of it.
    label: String,
    /// Its own text.
    own: String,
    /// All text in it without any gap, while it is short: a number may be split over several elements.
    flow: String,
    children: usize,
    /// Whether all of its children are elements that only mark up a text.
    inline: bool,
    /// The text of each child, as the cells of a row, and the name that all of them have.
    cells: Vec<String>,
    cell: Option<&'a str>,
    /// The values of children that have no children, and of attributes.
    fields: Fields,
    /// Records among its children, by name.
    records: BTreeMap<&'a str, Records>,
}

/// Elements deeper than this belong to the one around them.
const DEEPEST: usize = 500;

/// Fields in all tables of a document. Each costs many times its length in memory.
const MOST_CELLS: usize = 500_000;

/// Longer texts are not put together from several elements.
const LONGEST_FLOW: usize = 512;

/// Attributes that say what the value of their element is.
const NAMING: [&str; 6] = ["name", "label", "key", "field", "id", "title"];

pub(super) fn read(source: &str) -> Document {
    let mut reader = Reader {
        repeats: source.len().saturating_mul(2),
        cells: MOST_CELLS,
        ..Reader::default()
    };
    for token in Tokens::of(source) {
        match token {
            Token::Text(text) => reader.text(&decode(text)),
            Token::Verbatim(text) => reader.text(text),
            Token::Hidden(text) => reader.hide(text),
            Token::Close(text) => {
                reader.hide_number(text);
                reader.close();
            }
            Token::Open {
                name,
                attributes,
                empty,
            } => reader.open(name, attributes, empty),
        }
    }
    while !reader.open.is_empty() {
        reader.close();
    }
    reader.end_rows();
    reader.document
}

#[derive(Default)]
struct Reader<'a> {
    document: Document,
    open: Vec<Element<'a>>,
    /// Elements that are open beyond the deepest.
    beyond: usize,
    /// Octets that labels may take when they are written again for each value; fields that tables may have.
    repeats: usize,
    cells: usize,
    rows: Rows<'a>,
}

/// Rows of a table, whatever the vocabulary calls them: elements of one name at one depth, one after the other,
/// with as many children of one name each.
#[derive(Default)]
struct Rows<'a> {
    name: &'a str,
    depth: usize,
    width: usize,
    count: usize,
    text: String,
}

/// Wider rows are none.
const WIDEST_ROW: usize = 200;

impl<'a> Reader<'a> {
    fn text(&mut self, text: &str) {
        let Some(element) = self.open.last_mut() else {
            return self.hide(text);
        };
        element.own.push_str(text);
        element.flows(text);
    }

    fn hide(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.document.hidden.push_str(&decode(text));
            self.document.hidden.push('\n');
        }
    }

    /// A name is kept only where it has room for a number that matters.
    fn hide_number(&mut self, name: &str) {
        if name.bytes().filter(u8::is_ascii_digit).count() >= 5 {
            self.hide(name);
        }
    }

    fn open(&mut self, name: &'a str, rest: &'a str, empty: bool) {
        self.hide_number(name);
        if !is_label(name) {
            self.hide(name);
        }
        let around = self.open.last().map_or("", |element| element.label.as_str());
        let mut element = Element {
            name,
            label: label(around, name),
            inline: true,
            ..Element::default()
        };
        if !rest.trim().is_empty() {
            self.attributes(&mut element, rest);
        }
        if self.open.len() >= DEEPEST {
            self.beyond += usize::from(!empty);
            return;
        }
        self.open.push(element);
        if empty {
            self.close();
        }
    }

    fn attributes(&mut self, element: &mut Element<'a>, rest: &'a str) {
        for (name, value) in attributes(rest) {
            let value = decode(value);
            if value.trim().is_empty() {
                continue;
            }
            let owner = self.affordable(element.name);
            self.document
                .lines
                .push_str(&format!("{owner} {name}: {value}\n"));
            let naming = NAMING.iter().any(|naming| name.eq_ignore_ascii_case(naming));
            if naming && value.len() <= 60 && value.contains(char::is_alphabetic) {
                element.label = value.to_string();
            }
            if self.cells > 0 {
                self.cells -= 1;
                element
                    .fields
                    .push((label(element.name, name), value.into_owned()));
            }
        }
    }

    fn close(&mut self) {
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        let Some(element) = self.open.pop() else {
            return;
        };
        let own = element.own.trim();
        let joined = element.children > 0 && (!own.is_empty() || element.inline);
        let flow = element.flow.trim();
        for text in [own, if joined && flow != own { flow } else { "" }] {
            if !text.is_empty() {
                let label = self.affordable(&element.label);
                self.document.lines.push_str(&format!("{label}: {text}\n"));
            }
        }
        if element.fields.len() > 1 {
            if let Some((label, value)) = pair(&element.fields) {
                self.document.lines.push_str(&format!("{label}: {value}\n"));
            }
            self.document.lines.push('\n');
        }
        self.row(&element);
        self.give_up(element);
    }

    /// A label, unless labels were written too often already. A tag may hold many attributes.
    fn affordable<'l>(&mut self, label: &'l str) -> &'l str {
        if !is_label(label) || label.len() > self.repeats {
            return "";
        }
        self.repeats -= label.len();
        label
    }

    /// Adds an element to the rows when it may be one.
    fn row(&mut self, element: &Element<'a>) {
        let filled = element.cells.iter().filter(|cell| !cell.is_empty()).count();
        let width = element.cells.len();
        if filled < 2
            || element.cell.is_none()
            || element.inline
            || width > WIDEST_ROW
            || !element.own.trim().is_empty()
        {
            return;
        }
        let depth = self.open.len();
        let rows = &self.rows;
        if (rows.name, rows.depth, rows.width) != (element.name, depth, width) {
            self.end_rows();
        }
        let rows = &mut self.rows;
        (rows.name, rows.depth, rows.width) = (element.name, depth, width);
        rows.count += 1;
        rows.text.push_str(&element.cells.join("\t"));
        rows.text.push('\n');
    }

    fn end_rows(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        if rows.count > 1 {
            self.document.tables.push(rows.text);
        }
    }

    /// Gives what is known of a closed element to the one around it.
    fn give_up(&mut self, mut element: Element<'a>) {
        for records in std::mem::take(&mut element.records).into_values() {
            self.document.tables.extend(records.table());
        }
        let Some(around) = self.open.last_mut() else {
            return;
        };
        around.children += 1;
        around.inline &= is_inline(element.name);
        around.flows(&element.flow);
        if self.cells > 0 && around.cells.len() <= WIDEST_ROW {
            self.cells -= 1;
            let first = around.cells.is_empty();
            around.cell = around.cell.or(Some(element.name).filter(|_| first));
            around.cell = around.cell.filter(|name| *name == element.name);
            around.cells.push(one_line(&element.flow));
        }
        let value = element.own.trim();
        if element.children == 0 && !value.is_empty() && self.cells > 0 {
            self.cells -= 1;
            around.fields.push((element.label.clone(), value.to_owned()));
            element.fields.push((element.label, value.to_owned()));
        }
        if element.fields.len() > 1 {
            around
                .records
                .entry(element.name)
                .or_default()
                .add(&element.fields);
        }
    }
}

impl Element<'_> {
    fn flows(&mut self, text: &str) {
        if self.flow.len() + text.len() <= LONGEST_FLOW {
            self.flow.push_str(text);
        }
    }
}

/// Names of elements that mark up a text, in SVG, XHTML, DocBook and Office.
fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "b"
            | "bold"
            | "em"
            | "emphasis"
            | "font"
            | "i"
            | "italic"
            | "phrase"
            | "r"
            | "run"
            | "s"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "t"
            | "text"
            | "tspan"
            | "u"
    )
}
