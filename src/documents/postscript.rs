//! PostScript: a program that draws a page. Its strings are read, and since only running it would tell what it
//! shows, it is an obstacle all the same.

use super::{Visit, text};
use crate::message::ObstacleKind;
use crate::mime::{TextKind, charset};

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    let start = readings
        .text
        .trim_start_matches(['\u{feff}', '\u{4}', ' ', '\r', '\n']);
    // Printers are told their language first: `ESC %-12345X@PJL`.
    let start = match start.starts_with("\u{1b}%-12345X") {
        true => start
            .get(start.find("%!").unwrap_or(start.len())..)
            .unwrap_or_default(),
        false => start,
    };
    if !start.starts_with("%!") {
        return false;
    }
    visit.notes(readings);
    for reading in readings.all() {
        let strings = strings(reading);
        visit.text(TextKind::Body, strings.join(" "));
        // Words are often drawn letter by letter.
        visit.text(TextKind::Body, strings.concat());
        visit.text(TextKind::Body, reading.to_owned());
    }
    text::residues(visit, &readings.text);
    visit.obstacle(
        ObstacleKind::UnknownContent,
        "is a PostScript program, which cannot be checked for certain",
    );
    true
}

/// The strings of a program in their order (PostScript Language Reference §3.2.2).
fn strings(source: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut characters = source.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '%' => while characters.next_if(|next| !matches!(next, '\n' | '\r')).is_some() {},
            '(' => strings.push(string(&mut characters)),
            _ => {}
        }
    }
    strings
}

/// A string to its closing parenthesis.
fn string(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let (mut string, mut depth) = (String::new(), 0_usize);
    while let Some(character) = characters.next() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => break,
            ')' => depth -= 1,
            '\\' => {
                string.extend(escaped(characters));
                continue;
            }
            _ => {}
        }
        string.push(character);
    }
    string
}

fn escaped(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let first = characters.next()?;
    if let Some(mut code) = first.to_digit(8) {
        for _ in 0..2 {
            let digit = characters.next_if(|next| next.is_digit(8));
            let Some(digit) = digit.and_then(|digit| digit.to_digit(8)) else {
                break;
            };
            code = code * 8 + digit;
        }
        return char::from_u32(code);
    }
    match first {
        'n' | 'r' | 't' | 'b' | 'f' => Some(' '),
        '\n' | '\r' => None,
        _ => Some(first),
    }
}

#[cfg(test)]
mod tests;
