//! Strings: the shared ones of a workbook, and the rich text of a cell (ECMA-376 part 1 §18.4).

use std::ops::Range;

use super::super::Visit;
use super::super::office_xml::{Token, Tokens};
use crate::mime::TextKind;

/// The shared strings of a workbook.
#[derive(Default)]
pub(in super::super) struct Strings {
    text: String,
    places: Vec<Range<usize>>,
}

impl Strings {
    pub fn get(&self, index: usize) -> Option<&str> {
        self.text.get(self.places.get(index)?.clone())
    }

    /// The strings of a part.
    pub fn of(source: &str) -> Self {
        let mut strings = Strings::default();
        let mut tokens = Tokens::new(source);
        while let Some(token) = tokens.next() {
            if let Token::Open(element) = token
                && element.local() == "si"
            {
                let start = strings.text.len();
                rich(&mut tokens, "si", &mut strings.text, &mut String::new());
                strings.places.push(start..strings.text.len());
            }
        }
        strings
    }
}

/// Strings that people do not see in cells: readings of Japanese words.
pub(super) fn read(visit: &mut Visit<'_>, place: &Option<String>, tokens: &mut Tokens<'_>) {
    let (mut shown, mut aside) = (String::new(), String::new());
    while let Some(token) = tokens.next() {
        if let Token::Open(element) = token
            && element.local() == "si"
        {
            shown.clear();
            rich(tokens, "si", &mut shown, &mut aside);
        }
    }
    visit.text_at(place.as_deref(), TextKind::Body, aside);
}

/// Collects the runs of a string, without a gap, up to the end of `parent`. How it is pronounced goes aside.
pub(super) fn rich(tokens: &mut Tokens<'_>, parent: &str, text: &mut String, aside: &mut String) {
    let (mut in_text, mut phonetic) = (false, false);
    for token in tokens {
        match token {
            Token::Open(element) => match element.local() {
                "t" => in_text = true,
                "rPh" => phonetic = true,
                _ => {}
            },
            Token::Close(name) => match name.local() {
                "t" => in_text = false,
                "rPh" => {
                    phonetic = false;
                    aside.push('\n');
                }
                local if local == parent => return,
                _ => {}
            },
            Token::Text(piece) if in_text && phonetic => aside.push_str(&piece),
            Token::Text(piece) if in_text => text.push_str(&piece),
            Token::Text(piece) => aside.push_str(piece.trim()),
            Token::Comment(comment) => {
                aside.push_str(&comment);
                aside.push('\n');
            }
        }
    }
}
