//! Workbooks of Office 2003 in one XML file (SpreadsheetML 2003).

use std::collections::BTreeMap;

use super::super::Visit;
use super::super::office_xml::{Element, Token, Tokens};
use super::drawing;
use super::format::{Format, plain};
use super::grid::Grid;
use super::sheet;
use crate::mime::TextKind;

pub(super) fn read(visit: &mut Visit<'_>, tokens: &mut Tokens<'_>) {
    let mut book = Book::default();
    for token in tokens {
        match token {
            Token::Open(element) => book.open(&element),
            Token::Close(name) => match name.local() {
                "Worksheet" => book.end_sheet(visit),
                "Cell" => book.end_cell(),
                "Data" => book.in_data = false,
                _ => {}
            },
            Token::Text(text) if book.in_data => book.value.push_str(&text),
            Token::Text(text) if !text.trim().is_empty() => {
                book.aside.push_str(&text);
                book.aside.push('\n');
            }
            Token::Comment(comment) => book.aside.push_str(&comment),
            Token::Text(_) => {}
        }
    }
    book.end_sheet(visit);
    visit.text_in("names and comments", TextKind::Body, book.aside);
}

#[derive(Default)]
struct Book {
    formats: BTreeMap<String, Option<Format>>,
    style: String,
    sheets: usize,
    grid: Grid,
    aside: String,
    row: u32,
    column: u32,
    format: Option<Format>,
    is_number: bool,
    in_comment: bool,
    in_data: bool,
    value: String,
}

impl Book {
    fn open(&mut self, element: &Element<'_>) {
        match element.local() {
            "Style" => self.style = element.attribute("ID").unwrap_or_default().into_owned(),
            "NumberFormat" => {
                let code = element.attribute("Format").unwrap_or_default();
                self.formats.insert(self.style.clone(), Format::parse(&code));
            }
            "Worksheet" | "Table" => (self.row, self.column) = (0, 0),
            "Row" => {
                self.row = element.number("Index").unwrap_or(self.row.saturating_add(1));
                self.column = 0;
            }
            "Cell" => self.cell(element),
            "Comment" => self.in_comment = true,
            "Data" => {
                // What a comment says comes after what the cell says.
                self.in_data = !self.in_comment;
                if self.in_data {
                    self.is_number = element.attribute("Type").as_deref() == Some("Number");
                }
            }
            _ => {}
        }
        drawing::aside(element, &mut self.aside);
    }

    fn cell(&mut self, element: &Element<'_>) {
        self.column = element.number("Index").unwrap_or(self.column.saturating_add(1));
        let style = element.attribute("StyleID").unwrap_or_default();
        self.format = self.formats.get(&*style).cloned().flatten();
        (self.is_number, self.in_comment, self.in_data) = (false, false, false);
        self.value.clear();
    }

    fn end_cell(&mut self) {
        let value = std::mem::take(&mut self.value);
        let digits = if self.is_number { plain(&value) } else { value };
        let shown = self
            .format
            .as_ref()
            .filter(|_| self.is_number)
            .and_then(|format| format.show(&digits));
        self.grid
            .put(self.row, self.column, shown.as_deref().unwrap_or(&digits));
        (self.in_comment, self.in_data) = (false, false);
    }

    fn end_sheet(&mut self, visit: &mut Visit<'_>) {
        self.sheets += 1;
        let grid = std::mem::take(&mut self.grid);
        sheet::tell(visit, Some(&format!("sheet {}", self.sheets)), &grid, false);
    }
}
