//! What a page shows, and what it hides.

use super::entities::decode;
use super::rows::Table;
use super::tokens::{Tag, Token, Tokens};

/// A page as text.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What people see: lines for blocks, tabs between cells.
    pub text: String,
    /// Comments, scripts, styles and attribute values, one per line.
    pub hidden: String,
    /// Tables that hold no other table and have at least two rows and columns.
    pub tables: Vec<String>,
    /// There is a picture inside the page itself.
    pub embeds_picture: bool,
    /// There is other data inside the page itself.
    pub embeds_data: bool,
    open_tables: Vec<Table>,
    preformatted: usize,
    comments: usize,
}

/// Attributes the values of which people see or programs keep for them.
const TELLING: [&str; 14] = [
    "alt",
    "action",
    "aria-label",
    "cite",
    "content",
    "data",
    "href",
    "label",
    "longdesc",
    "placeholder",
    "srcdoc",
    "summary",
    "title",
    "value",
];

/// Tables nested deeper are taken as part of the one around them.
const DEEPEST_TABLE: usize = 50;

impl Page {
    pub fn read(source: &str) -> Self {
        let mut page = Page::default();
        page.add(source);
        while !page.open_tables.is_empty() {
            page.end_table();
        }
        page
    }

    fn add(&mut self, source: &str) {
        for token in Tokens::of(source) {
            match token {
                Token::Text(text) => self.show(&decode(text)),
                Token::Open(tag) => self.open(&tag),
                Token::Close(name) => self.close(&name.to_ascii_lowercase()),
                Token::Comment(text) => self.comment(text),
                Token::Hidden(text) => self.hide(text),
            }
        }
    }

    /// Appends text that is shown, with white space collapsed as a browser does.
    fn show(&mut self, text: &str) {
        if self.preformatted > 0 {
            return self
                .text
                .extend(text.chars().filter(|character| *character != '\r'));
        }
        for (number, word) in text.split([' ', '\t', '\n', '\r', '\x0c']).enumerate() {
            if number > 0 && !self.text.is_empty() && !self.text.ends_with([' ', '\n', '\t']) {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
    }

    fn hide(&mut self, text: &str) {
        let text = decode(text);
        if !text.trim().is_empty() {
            self.hidden.push_str(text.trim());
            self.hidden.push('\n');
        }
    }

    /// A comment may be shown by some programs (conditional comments), so it is read like a page of its own.
    fn comment(&mut self, text: &str) {
        if self.comments > 0 || !text.contains('<') {
            return self.hide(text);
        }
        let mut inner = Page {
            comments: 1,
            ..Page::default()
        };
        inner.add(text);
        self.embeds_picture |= inner.embeds_picture;
        self.embeds_data |= inner.embeds_data;
        for part in [inner.text, inner.hidden] {
            self.hidden.push_str(&part);
            self.hidden.push('\n');
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        self.attributes(tag);
        let name = tag.name.to_ascii_lowercase();
        self.preformatted += usize::from(name == "pre");
        if is_block(&name) {
            self.line();
        }
        match name.as_str() {
            "table" => self.begin_table(),
            "tr" => self.begin_row(),
            "td" | "th" => self.begin_cell(tag),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if is_block(name) {
            self.line();
        }
        match name {
            "table" => self.end_table(),
            "td" | "th" => self.end_cell(),
            "pre" => self.preformatted = self.preformatted.saturating_sub(1),
            _ => {}
        }
    }

    /// Begins a line, unless the present one is empty.
    fn line(&mut self) {
        if !self.text.ends_with('\n') && !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn attributes(&mut self, tag: &Tag<'_>) {
        if has_number(tag.name) {
            self.hide(tag.name);
        }
        for (name, value) in &tag.attributes {
            if has_number(name) {
                self.hide(name);
            }
            let data = value
                .trim_start()
                .get(..5)
                .is_some_and(|start| start.eq_ignore_ascii_case("data:"));
            if data {
                let picture = value
                    .trim_start()
                    .get(5..11)
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("image/"));
                self.embeds_picture |= picture;
                self.embeds_data |= !picture;
            }
            let kept = name
                .get(..5)
                .is_some_and(|start| start.eq_ignore_ascii_case("data-"));
            let telling = kept || TELLING.iter().any(|telling| name.eq_ignore_ascii_case(telling));
            if !data && (telling || value.contains(['<', '>'])) {
                self.hide(value);
            }
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
        if !self.text.ends_with('\n') && !self.text.is_empty() {
            self.text.push('\t');
        }
        let span = tag
            .attributes
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("colspan"));
        let span = span
            .and_then(|(_, value)| value.trim().parse::<usize>().ok())
            .unwrap_or(1);
        let start = self.text.len();
        if let Some(table) = self.open_tables.last_mut() {
            table.begin_cell(start, span.clamp(1, 50));
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

/// Whether a tag begins and ends a line.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "br"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "head"
            | "header"
            | "hr"
            | "html"
            | "legend"
            | "li"
            | "main"
            | "nav"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "section"
            | "select"
            | "summary"
            | "table"
            | "textarea"
            | "title"
            | "tr"
            | "ul"
    )
}

/// Whether a name has room for a number that matters.
fn has_number(name: &str) -> bool {
    name.bytes().filter(u8::is_ascii_digit).count() >= 5
}
