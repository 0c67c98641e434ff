//! HTML → the text that people see, its tables as rows, and all that is hidden in it.
//!
//! A tokenizer, never a renderer: what a style hides is searched like everything else. Inline tags vanish without
//! a gap, so that a number in two colours is one number.

mod elements;
mod embedded;
mod entities;
mod forms;
mod page;
mod rows;
mod style;
mod tokens;

use super::{Visit, markup, residue, text, xml};
use crate::mime::{Leaf, TextKind, charset};

use page::Page;

pub(in crate::documents) use entities::decode;

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    if visit.leaf.media_type != "text/html" && !looks_like_html(&readings.text, says_xml(visit.leaf)) {
        return false;
    }
    visit.notes(readings);
    for reading in readings.all() {
        visit.page(Page::read(reading));
    }
    if let Some(own) = by_own_label(visit.leaf).filter(|own| readings.all().all(|reading| reading != own)) {
        visit.page(Page::read(&own));
    }
    if visit.leaf.media_type != "text/html" {
        markup::read(visit, &readings.text);
        if is_other_xml(&readings.text) {
            xml::read(visit, readings);
        }
    }
    true
}

/// The tables of pieces of HTML that stand in another text.
pub(super) fn tables(source: &str) -> Option<String> {
    let octets = source.as_bytes();
    let has = |mark: &str| memchr::memmem::find(octets, mark.as_bytes()).is_some();
    let holds = memchr::memchr(b'<', octets).is_some() && (has("</td") || has("</TD"));
    let tables = holds.then(|| Page::read(source).tables.join("\n"));
    tables.filter(|tables| !tables.is_empty())
}

/// Whether a text that has elements of HTML is XML of another kind, with elements that HTML does not know.
fn is_other_xml(source: &str) -> bool {
    let start = source
        .get(..source.floor_char_boundary(2_048))
        .unwrap_or_default();
    let root = |name: &str| memchr::memmem::find(start.as_bytes(), name.as_bytes()).is_some();
    source.trim_start_matches('\u{feff}').starts_with("<?xml") && !root("<html") && !root("<HTML")
}

/// The text by the charset that the page itself names, where that may matter (HTML Standard §13.2.3.2).
fn by_own_label(leaf: &Leaf) -> Option<String> {
    if leaf.bytes.is_ascii() {
        return None;
    }
    let start = leaf
        .bytes
        .get(..4_096)
        .unwrap_or(&leaf.bytes)
        .to_ascii_lowercase();
    let at = memchr::memmem::find(&start, b"charset=")? + 8;
    let value = start.get(at..)?.trim_ascii_start();
    let value = value
        .strip_prefix(b"\"")
        .or_else(|| value.strip_prefix(b"'"))
        .unwrap_or(value);
    let length = value
        .iter()
        .take_while(|octet| octet.is_ascii_alphanumeric() || b"-_:.".contains(octet))
        .count();
    let label = std::str::from_utf8(value.get(..length)?).ok()?;
    Some(charset::read(&leaf.bytes, Some(label)).text)
}

impl Visit<'_> {
    fn page(&mut self, page: Page) {
        text::residues(self, &page.text);
        residue::read(self, &page.hidden);
        self.text(TextKind::Body, page.text);
        self.text(TextKind::Body, page.drawn);
        self.text(TextKind::Body, page.hidden);
        for table in page.tables {
            self.text(TextKind::Table, table);
        }
        for file in page.embedded {
            self.decoded_file(None, &file.media_type, file.bytes);
        }
    }
}

/// Whether a label or a name says that this is XML. Some of its elements have names of HTML.
fn says_xml(leaf: &Leaf) -> bool {
    let name = leaf.file_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    leaf.media_type.ends_with("xml") || name.ends_with(".xml") || name.ends_with(".svg")
}

/// Whether a text that is not labelled as HTML is some: a page's beginning, behind comments and declarations, or a
/// first tag that only HTML has.
fn looks_like_html(text: &str, says_xml: bool) -> bool {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if !text.starts_with('<') {
        return false;
    }
    let start = text.get(..text.floor_char_boundary(2_000)).unwrap_or_default();
    let start = start.to_ascii_lowercase();
    let tags = ["<html", "<!doctype html", "<head>", "<body", "<table"];
    let name = start.get(1..).unwrap_or_default();
    let name = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or_default();
    let known = matches!(
        name,
        "br" | "center"
            | "div"
            | "font"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "input"
            | "li"
            | "meta"
            | "ol"
            | "p"
            | "pre"
            | "script"
            | "span"
            | "style"
            | "ul"
    );
    (known && !says_xml) || tags.iter().any(|tag| start.contains(tag))
}
