//! A worksheet: its cells as a table, and everything else that it says (ECMA-376 part 1 §18.3).

use super::super::Visit;
use super::super::office_xml::{Element, Token, Tokens};
use super::format::plain;
use super::grid::Grid;
use super::strings::rich;
use super::{Shared, drawing};
use crate::message::ObstacleKind;
use crate::mime::TextKind;

pub(super) fn read(visit: &mut Visit<'_>, shared: &Shared, place: &Option<String>, tokens: &mut Tokens<'_>) {
    let mut sheet = Sheet {
        shared,
        grid: Grid::default(),
        aside: String::new(),
        row: 0,
        column: 0,
        room: visit.room(),
        full: false,
    };
    while let Some(token) = tokens.next() {
        sheet.token(token, tokens);
    }
    let aside = std::mem::take(&mut sheet.aside);
    tell(visit, place.as_deref(), &sheet.grid, sheet.full);
    visit.text_at(place.as_deref(), TextKind::Body, aside);
}

/// Hands the tables of a sheet over.
pub(in super::super) fn tell(visit: &mut Visit<'_>, place: Option<&str>, grid: &Grid, full: bool) {
    let (tables, complete) = grid.tables(visit.room());
    // A few octets of a sheet can stand for many: what comes out is paid for like what was unpacked.
    let octets = tables.iter().map(String::len).sum();
    if full || !complete || !visit.spend(octets) {
        let what = format!(
            "has more cells than can be searched ({})",
            place.unwrap_or("a sheet")
        );
        visit.obstacle(ObstacleKind::LimitReached, &what);
    }
    for table in tables {
        visit.text_at(place, TextKind::Table, table);
    }
    visit.text_at(place, TextKind::Body, grid.spelled());
}

struct Sheet<'s> {
    shared: &'s Shared,
    grid: Grid,
    aside: String,
    row: u32,
    /// The column behind the last cell.
    column: u32,
    room: usize,
    full: bool,
}

impl Sheet<'_> {
    fn token(&mut self, token: Token<'_>, tokens: &mut Tokens<'_>) {
        match token {
            Token::Open(element) => match element.local() {
                "row" => {
                    self.row = element.number("r").unwrap_or(self.row.saturating_add(1));
                    self.column = 0;
                }
                "c" => self.cell(&element, tokens),
                _ => drawing::aside(&element, &mut self.aside),
            },
            Token::Text(text) if !text.trim().is_empty() => self.beside(&text),
            Token::Comment(comment) => self.beside(&comment),
            Token::Close(_) | Token::Text(_) => {}
        }
    }

    /// Headers, footers, conditions of validations and formats.
    fn beside(&mut self, text: &str) {
        self.aside.push_str(&without_codes(text));
        self.aside.push('\n');
    }

    /// Reads a cell to its end (§18.3.1.4).
    fn cell(&mut self, element: &Element<'_>, tokens: &mut Tokens<'_>) {
        let place = element.attribute("r").and_then(|place| column(&place));
        let column = place.unwrap_or(self.column);
        self.column = column.saturating_add(1);
        let kind = element
            .attribute("t")
            .map(|kind| kind.into_owned())
            .unwrap_or_default();
        let style = element.number("s");
        let mut content = Content::default();
        content.read(tokens, &mut self.aside);
        self.formula(&content.formula);
        if self.grid.octets() > self.room {
            self.full = true;
            return;
        }
        self.put(column, &kind, style, &content);
    }

    fn put(&mut self, column: u32, kind: &str, style: Option<u32>, content: &Content) {
        let value = content.value.trim();
        match kind {
            "s" => {
                let shared = self.shared;
                let index = value.parse().unwrap_or(usize::MAX);
                for string in shared.string(index) {
                    self.grid.put(self.row, column, string);
                }
            }
            "b" => self
                .grid
                .put(self.row, column, if value == "1" { "TRUE" } else { "FALSE" }),
            "" | "n" if !value.is_empty() => {
                let digits = plain(value);
                let format = style.and_then(|style| self.shared.format(style));
                let shown = format.and_then(|format| format.show(&digits));
                self.grid
                    .put(self.row, column, shown.as_deref().unwrap_or(&digits));
            }
            _ => self.grid.put(self.row, column, value),
        }
        self.grid.put(self.row, column, &content.rich);
    }

    /// A formula is searched when it holds a text or a long number of its own.
    fn formula(&mut self, formula: &str) {
        let digits = formula
            .as_bytes()
            .chunk_by(|left, right| left.is_ascii_digit() && right.is_ascii_digit());
        let long = digits
            .into_iter()
            .any(|run| run.len() >= 5 && run.iter().all(u8::is_ascii_digit));
        if formula.contains('"') || long {
            self.aside.push_str(formula);
            self.aside.push('\n');
        }
    }
}

/// What stands in a cell.
#[derive(Default)]
struct Content {
    value: String,
    rich: String,
    formula: String,
}

impl Content {
    fn read(&mut self, tokens: &mut Tokens<'_>, aside: &mut String) {
        let mut into = None;
        while let Some(token) = tokens.next() {
            match token {
                Token::Open(element) => match element.local() {
                    "v" => into = Some(false),
                    "f" => into = Some(true),
                    "is" => rich(tokens, "is", &mut self.rich, aside),
                    _ => drawing::aside(&element, aside),
                },
                Token::Close(name) => match name.local() {
                    "c" => return,
                    _ => into = None,
                },
                Token::Text(text) => match into {
                    Some(false) => self.value.push_str(&text),
                    Some(true) => self.formula.push_str(&text),
                    None => aside.push_str(text.trim()),
                },
                Token::Comment(comment) => {
                    aside.push_str(&comment);
                    aside.push('\n');
                }
            }
        }
    }
}

/// The number of a column in a place like `BC12`, from 0.
fn column(place: &str) -> Option<u32> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let number = letters.fold(0_u32, |number, letter| {
        number * 26 + u32::from(letter.to_ascii_uppercase().saturating_sub(b'A')) + 1
    });
    number.checked_sub(1)
}

/// A header or footer without its codes: `&L&"Arial,Bold"&12Text` (§18.3.1.46).
fn without_codes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '&' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('&') => plain.push('&'),
            Some('"') => {
                characters.by_ref().take_while(|c| *c != '"').count();
            }
            Some(digit) if digit.is_ascii_digit() => {
                characters.next_if(char::is_ascii_digit);
                plain.push(' ');
            }
            Some('L' | 'C' | 'R') => plain.push(' '),
            Some('B' | 'I' | 'U' | 'E' | 'S' | 'X' | 'Y' | 'O' | 'H') => {}
            Some(other) => plain.extend(['&', other]),
            None => plain.push('&'),
        }
    }
    plain
}
