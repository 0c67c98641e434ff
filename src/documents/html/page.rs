//! What a page shows, and what it hides.

use super::elements::{Attribute, Element, attribute, element, has_number};
use super::embedded::{self, Embedded};
use super::entities::decode;
use super::forms::Forms;
use super::rows::Table;
use super::style::{self, Looks};
use super::tokens::{Tag, Token, Tokens};

/// A page as text.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What people see: lines for blocks, tabs between cells, fields of forms after their labels.
    pub text: String,
    /// The text as styles let people see it, where that tears no number apart and `text` does; else empty.
    pub drawn: String,
    /// Comments, scripts, styles and attribute values, one per line.
    pub hidden: String,
    /// Tables that hold no other table and have at least two rows and columns.
    pub tables: Vec<String>,
    /// Files inside the page itself.
    pub embedded: Vec<Embedded>,
    open_tables: Vec<Table>,
    forms: Forms,
    preformatted: usize,
    /// Whether this is a page inside another one.
    inner: bool,
    /// What styles do to the page.
    looks: Looks,
    /// Where the last cell begins.
    cell: usize,
    /// How many cells before it hold one character.
    single: usize,
}

/// So many cells of one character in a row are boxes of one number.
const FEWEST_BOXES: usize = 5;

/// Tables nested deeper are taken as part of the one around them.
const DEEPEST_TABLE: usize = 50;

/// A longer value of a field is none that a person typed into a form.
const LONGEST_VALUE: usize = 500;

/// Attributes that name one value.
const MOST_NAMES: usize = 6;

impl Page {
    pub fn read(source: &str) -> Self {
        let mut page = Page {
            text: String::with_capacity(source.len() / 4),
            ..Page::default()
        };
        page.add(source);
        page.finish();
        if page.looks.torn {
            page.drawn = Self::drawn(source, page.looks.classes);
        }
        page.looks = Looks::default();
        page
    }

    /// The text as styles let people see it.
    fn drawn(source: &str, classes: style::Classes) -> String {
        let mut page = Page {
            looks: Looks::obeyed(classes),
            ..Page::default()
        };
        page.add(source);
        page.text
    }

    fn finish(&mut self) {
        while !self.open_tables.is_empty() {
            self.end_table();
        }
        self.forms.write(&self.text, &mut self.hidden);
    }

    fn add(&mut self, source: &str) {
        for token in Tokens::of(source) {
            match token {
                Token::Text(text) => self.show(&decode(text)),
                Token::Open(tag) => self.open(&tag),
                Token::Close(name) => {
                    let breaks = self.looks.close(name);
                    let element = element(name);
                    self.close(if breaks || element != Element::Block {
                        element
                    } else {
                        Element::Inline
                    });
                }
                Token::Comment(text) => self.comment(text),
                Token::Hidden(text) => self.script(text),
            }
        }
    }

    /// Appends text that is shown, with white space collapsed as a browser does.
    fn show(&mut self, text: &str) {
        if self.looks.hides() {
            return;
        }
        if self.preformatted > 0 {
            return self
                .text
                .extend(text.chars().filter(|character| *character != '\r'));
        }
        let mut spaced = self.text.is_empty() || self.text.ends_with([' ', '\n', '\t']);
        let mut start = 0;
        for (at, octet) in text.bytes().enumerate() {
            if !is_space(octet) {
                spaced = false;
            } else if octet == b' ' && !spaced {
                spaced = true;
            } else {
                self.text.push_str(text.get(start..at).unwrap_or_default());
                self.text.push_str(if spaced { "" } else { " " });
                (start, spaced) = (at + 1, true);
            }
        }
        self.text.push_str(text.get(start..).unwrap_or_default());
    }

    fn hide(&mut self, text: &str) {
        let text = decode(text);
        if !text.trim().is_empty() {
            self.hidden.push_str(text.trim());
            self.hidden.push('\n');
        }
    }

    /// A script, a style, or the innards of an odd tag.
    fn script(&mut self, text: &str) {
        self.hide(text);
        self.looks.learn(text);
        embedded::in_style(text, &mut self.embedded);
        if let Some(shown) = embedded::unescaped_style(text) {
            self.hide(&shown);
        }
    }

    /// A comment may be shown by some programs (conditional comments), so it is read like a page of its own.
    fn comment(&mut self, text: &str) {
        if self.inner || !text.contains('<') {
            return self.hide(text);
        }
        self.inner_page(text);
    }

    fn inner_page(&mut self, source: &str) {
        let mut inner = Page {
            inner: true,
            ..Page::default()
        };
        inner.add(source);
        inner.finish();
        self.embedded.append(&mut inner.embedded);
        self.tables.append(&mut inner.tables);
        for part in [inner.text, inner.hidden] {
            self.hidden.push_str(&part);
            self.hidden.push('\n');
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        let element = self.drawn_as(tag, element(tag.name));
        match element {
            Element::Inline => {}
            Element::Block | Element::Preformatted => self.line(),
            Element::Table => {
                self.line();
                self.begin_table();
            }
            Element::Row => {
                self.line();
                self.begin_row();
            }
            Element::Cell => self.begin_cell(tag),
            Element::Label => self.forms.begin_label(tag.value("for"), self.text.len()),
            Element::Field => {}
        }
        self.preformatted += usize::from(element == Element::Preformatted);
        if has_number(tag.name) {
            self.hide(tag.name);
        }
        if !tag.attributes.is_empty() {
            self.attributes(tag, element == Element::Field);
        }
    }

    fn close(&mut self, element: Element) {
        match element {
            Element::Block | Element::Row => self.line(),
            Element::Table => {
                self.line();
                self.end_table();
            }
            Element::Cell => self.end_cell(),
            Element::Preformatted => {
                self.line();
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            Element::Label => self.forms.end_label(self.text.len()),
            Element::Inline | Element::Field => {}
        }
    }

    /// What an element does to the text, as far as its style is obeyed.
    fn drawn_as(&mut self, tag: &Tag<'_>, element: Element) -> Element {
        let in_number = |text: &str| text.ends_with(|last: char| last.is_numeric() || style::is_dash(last));
        let inside = in_number(&self.text);
        let near = inside || in_number(self.text.strip_suffix('\n').unwrap_or_default());
        if self.looks.open(tag, inside, near) && element == Element::Block {
            Element::Inline
        } else {
            element
        }
    }

    /// Counts the cells that hold one character. Whether the present one goes on where the last one ends.
    fn goes_on(&mut self) -> bool {
        let last = self.text.get(self.cell..).unwrap_or_default().trim();
        let mut characters = last.chars();
        let single = characters
            .next()
            .is_some_and(|one| one.is_numeric() || style::is_dash(one))
            && characters.next().is_none();
        self.single = if single { self.single + 1 } else { 0 };
        self.looks.torn |= self.single >= FEWEST_BOXES;
        single && self.looks.obeyed
    }

    /// Begins a line, unless the present one is empty.
    fn line(&mut self) {
        if !self.text.ends_with('\n') && !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn attributes(&mut self, tag: &Tag<'_>, field: bool) {
        let mut values = Vec::new();
        for (name, value) in &tag.attributes {
            if has_number(name) {
                self.hide(name);
            }
            if !value.is_empty() {
                match attribute(name) {
                    Attribute::Value => values.push(*value),
                    kind => self.attribute(kind, name, value),
                }
            }
        }
        if !values.is_empty() {
            self.values(tag, &values, field);
        }
    }

    fn attribute(&mut self, kind: Attribute, name: &str, value: &str) {
        match kind {
            Attribute::Style => embedded::in_style(value, &mut self.embedded),
            Attribute::Telling | Attribute::Naming if embedded::is_data(value) => {
                self.embedded.extend(embedded::file(value));
            }
            Attribute::Telling => self.hide(value),
            Attribute::Naming if value.contains(' ') || has_number(value) => self.hide(value),
            Attribute::Page if !self.inner => self.inner_page(&decode(value)),
            Attribute::Page => self.hide(value),
            Attribute::Other if name.starts_with("data-") || has_number(value) => {
                self.hide(&format!("{name}: {value}"));
            }
            _ if memchr::memchr2(b'<', b'>', value.as_bytes()).is_some() => self.hide(value),
            _ => {}
        }
    }

    /// Values, the first one after what says what it is: the field's name, its tooltip, its label.
    fn values(&mut self, tag: &Tag<'_>, values: &[&str], field: bool) {
        let named = |(name, _): &&(&str, &str)| attribute(name) == Attribute::Naming;
        let names = tag.attributes.iter().filter(named).map(|(_, label)| *label);
        let mut line = names.take(MOST_NAMES).collect::<Vec<_>>().join(" ");
        line.push_str(if line.is_empty() { "" } else { ": " });
        if let (Some(id), Some(value)) = (tag.value("id"), values.first()) {
            self.forms.field(id, value);
        }
        for value in values {
            if embedded::is_data(value) {
                self.embedded.extend(embedded::file(value));
                continue;
            }
            line.push_str(value);
            if field && line.len() <= LONGEST_VALUE {
                self.show(" ");
                self.show(&decode(&line));
                self.show(" ");
            } else {
                self.hide(&line);
            }
            line.clear();
        }
    }

    fn begin_table(&mut self) {
        if let Some(outer) = self.open_tables.last_mut() {
            outer.holds_table = true;
        }
        if self.open_tables.len() < DEEPEST_TABLE {
            self.open_tables.push(Table::default());
        }
    }

    fn begin_row(&mut self) {
        self.end_cell();
        if let Some(table) = self.open_tables.last_mut() {
            table.begin_row();
        }
    }

    fn begin_cell(&mut self, tag: &Tag<'_>) {
        self.end_cell();
        let goes_on = self.goes_on();
        if !self.text.ends_with('\n') && !self.text.is_empty() && !goes_on {
            self.text.push('\t');
        }
        self.cell = self.text.len();
        let span = |name: &str| {
            let value = tag
                .value(name)
                .and_then(|value| value.trim().parse::<usize>().ok());
            value.unwrap_or(1)
        };
        let (columns, rows) = (span("colspan").clamp(1, 50), span("rowspan").clamp(1, 1_000));
        let start = self.text.len();
        if let Some(table) = self.open_tables.last_mut() {
            table.begin_cell(start, columns, rows);
        }
    }

    /// Ends the cell that is open, if one is.
    fn end_cell(&mut self) {
        let end = self.text.len();
        if let Some(table) = self.open_tables.last_mut() {
            table.end_cell(end);
        }
    }

    fn end_table(&mut self) {
        self.end_cell();
        let Some(table) = self.open_tables.pop() else {
            return;
        };
        self.tables.extend(table.text(&self.text));
    }
}

fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}
