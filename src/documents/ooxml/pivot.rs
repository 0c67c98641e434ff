//! Caches of pivot tables: copies of data that may be deleted from every sheet (ECMA-376 part 1 §18.10).

use super::super::Visit;
use super::super::xml::{Element, Token, Tokens};
use super::format::plain;
use super::grid::Grid;
use super::{Shared, drawing, sheet};
use crate::mime::TextKind;

/// The names of the fields.
pub(super) fn fields(source: &str) -> Vec<String> {
    let names = Tokens::new(source).filter_map(|token| match token {
        Token::Open(element) if element.local() == "cacheField" => {
            element.attribute("name").map(|name| name.into_owned())
        }
        _ => None,
    });
    names.collect()
}

/// The distinct values of each field, below its name.
pub(super) fn definition(visit: &mut Visit<'_>, place: &Option<String>, tokens: &mut Tokens<'_>) {
    let (mut grid, mut aside) = (Grid::default(), String::new());
    let (mut column, mut row) = (0, 0);
    for token in tokens {
        match token {
            Token::Open(element) => match element.local() {
                "cacheField" => {
                    (column, row) = (column + 1, 0);
                    grid.put(0, column, &element.attribute("name").unwrap_or_default());
                    drawing::aside(&element, &mut aside);
                }
                _ => match value(&element) {
                    Some(value) => {
                        row += 1;
                        grid.put(row, column, &value);
                    }
                    None => drawing::aside(&element, &mut aside),
                },
            },
            Token::Text(text) => aside.push_str(text.trim()),
            Token::Comment(comment) => aside.push_str(&comment),
            Token::Close(_) => {}
        }
    }
    // Values come field by field, and are a table row by row.
    grid.sort();
    sheet::tell(visit, place.as_deref(), &grid, false);
    visit.text_at(place.as_deref(), TextKind::Body, aside);
}

/// The records, one row each.
pub(super) fn records(
    visit: &mut Visit<'_>,
    shared: &Shared,
    name: &str,
    place: &Option<String>,
    tokens: &mut Tokens<'_>,
) {
    let number: String = name.chars().filter(char::is_ascii_digit).collect();
    let mut grid = Grid::default();
    for (column, field) in (0..).zip(shared.fields.get(&number).into_iter().flatten()) {
        grid.put(0, column, field);
    }
    let (mut row, mut column) = (0_u32, 0_u32);
    for token in tokens {
        let Token::Open(element) = token else {
            continue;
        };
        match element.local() {
            "r" => (row, column) = (row.saturating_add(1), 0),
            // A reference to a value of the definition.
            "x" | "m" => column = column.saturating_add(1),
            _ => {
                if let Some(value) = value(&element) {
                    grid.put(row, column, &value);
                    column = column.saturating_add(1);
                }
            }
        }
    }
    sheet::tell(visit, place.as_deref(), &grid, false);
}

fn value(element: &Element<'_>) -> Option<String> {
    let value = || element.attribute("v").map(|value| value.into_owned());
    match element.local() {
        "s" | "d" | "e" | "b" => value(),
        "n" => value().map(|value| plain(&value)),
        _ => None,
    }
}
