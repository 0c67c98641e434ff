//! CMaps (ISO 32000-2 §9.7.5, §9.10.3): codes → glyph numbers, and codes → text.

use super::table::Table;
use crate::documents::pdf::syntax::{Lexer, Token, unhexed};

/// What a CMap says.
#[derive(Debug, Default)]
pub(in super::super) struct CMap {
    /// Lengths of codes in octets, with their first and last.
    spaces: Vec<(usize, u32, u32)>,
    /// Text of codes: a character, or with the high bit the place of a string.
    texts: Table,
    strings: Vec<Box<str>>,
    /// Glyph numbers of codes.
    pub glyphs: Table,
    /// Lines are written downwards.
    pub vertical: bool,
}

/// Marks the place of a string among characters.
const IS_STRING: u32 = 1 << 31;

/// The text of one code.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Character<'f> {
    One(char),
    Many(&'f str),
}

impl Character<'_> {
    /// Appends it to a text.
    pub fn push_to(self, text: &mut String) {
        match self {
            Character::One(character) => text.push(character),
            Character::Many(characters) => text.push_str(characters),
        }
    }
}

impl CMap {
    /// Reads a CMap. What makes no sense in it is skipped.
    pub fn read(bytes: &[u8]) -> CMap {
        let mut map = CMap::default();
        let mut lexer = Lexer::new(bytes, 0);
        let mut before = None;
        while let Some(token) = lexer.token() {
            match token {
                Token::Word(b"begincodespacerange") => map.spaces(&mut lexer),
                Token::Word(b"beginbfchar") => map.characters(&mut lexer),
                Token::Word(b"beginbfrange") => map.ranges(&mut lexer),
                Token::Word(b"begincidchar") => map.numbers(&mut lexer, false),
                Token::Word(b"begincidrange") => map.numbers(&mut lexer, true),
                Token::Number(mode) if before == Some(Token::Name(b"WMode")) => map.vertical = mode == 1.0,
                _ => {}
            }
            before = Some(token);
        }
        map
    }

    /// The text of a code.
    pub fn text(&self, code: u32) -> Option<Character<'_>> {
        let value = self.texts.get(code)?;
        if value & IS_STRING == 0 {
            return char::from_u32(value).map(Character::One);
        }
        let string = self.strings.get(usize::try_from(value & !IS_STRING).ok()?)?;
        Some(Character::Many(string))
    }

    /// Whether it gives any text.
    pub fn has_texts(&self) -> bool {
        !self.texts.is_empty()
    }

    /// Whether it was larger than what is kept.
    pub fn is_cut(&self) -> bool {
        self.texts.cut || self.glyphs.cut
    }

    /// How many octets the code at the start has.
    pub fn length(&self, bytes: &[u8]) -> usize {
        let mut code = 0;
        for (length, octet) in (1..=4).zip(bytes) {
            code = code << 8 | u32::from(*octet);
            let fits = |space: &(usize, u32, u32)| space.0 == length && within(code, space.1, space.2);
            if self.spaces.iter().any(fits) {
                return length;
            }
        }
        self.spaces.iter().map(|space| space.0).min().unwrap_or(2)
    }

    fn spaces(&mut self, lexer: &mut Lexer<'_>) {
        while let (Some(Token::Hex(first)), Some(Token::Hex(last))) = (lexer.token(), lexer.token()) {
            let length = unhexed(first).len();
            if (1..=4).contains(&length) && self.spaces.len() < 20 {
                self.spaces.push((length, number(first), number(last)));
            }
        }
    }

    fn characters(&mut self, lexer: &mut Lexer<'_>) {
        while let (Some(Token::Hex(code)), Some(token)) = (lexer.token(), lexer.token()) {
            let Some(text) = target(token) else { return };
            self.enter(number(code), &text);
        }
    }

    fn ranges(&mut self, lexer: &mut Lexer<'_>) {
        while let (Some(Token::Hex(first)), Some(Token::Hex(last)), Some(token)) =
            (lexer.token(), lexer.token(), lexer.token())
        {
            let (first, last) = (number(first), number(last));
            if token == Token::ArrayStart {
                let mut code = first;
                while let Some(text) = lexer.token().and_then(target) {
                    if code <= last {
                        self.enter(code, &text);
                    }
                    code = code.saturating_add(1);
                }
                continue;
            }
            let Some(text) = target(token) else { return };
            self.enter_range(first, last, &text);
        }
    }

    /// The last character of the text counts up along the range.
    fn enter_range(&mut self, first: u32, last: u32, text: &str) {
        let mut characters = text.chars();
        match (characters.next_back(), characters.as_str()) {
            (Some(only), "") => self.texts.set_range(first, last, u32::from(only), 1),
            (Some(end), start) => {
                for offset in 0..=last.saturating_sub(first).min(255) {
                    let end = char::from_u32(u32::from(end).saturating_add(offset)).unwrap_or(end);
                    self.enter(first.saturating_add(offset), &format!("{start}{end}"));
                }
            }
            (None, _) => {}
        }
    }

    fn enter(&mut self, code: u32, text: &str) {
        let mut characters = text.chars();
        let value = match (characters.next(), characters.next()) {
            (Some(only), None) => u32::from(only),
            (None, _) => return,
            _ => {
                let Some(place) = u32::try_from(self.strings.len())
                    .ok()
                    .filter(|place| *place < 100_000)
                else {
                    return;
                };
                self.strings
                    .push(text.chars().take(64).collect::<String>().into());
                place | IS_STRING
            }
        };
        self.texts.set(code, value);
    }

    fn numbers(&mut self, lexer: &mut Lexer<'_>, ranges: bool) {
        while let Some(Token::Hex(first)) = lexer.token() {
            let first = number(first);
            let last = match lexer.token() {
                Some(Token::Hex(last)) if ranges => number(last),
                Some(Token::Number(glyph)) if !ranges => {
                    self.glyphs.set(first, glyph_number(glyph));
                    continue;
                }
                _ => return,
            };
            let Some(Token::Number(glyph)) = lexer.token() else {
                return;
            };
            self.glyphs.set_range(first, last, glyph_number(glyph), 1);
        }
    }
}

/// Each octet of the code is within its own bounds.
fn within(code: u32, first: u32, last: u32) -> bool {
    let mut octets = code
        .to_be_bytes()
        .into_iter()
        .zip(first.to_be_bytes())
        .zip(last.to_be_bytes());
    octets.all(|((octet, first), last)| (first..=last).contains(&octet))
}

fn number(hex: &[u8]) -> u32 {
    let octets = unhexed(hex.get(..64).unwrap_or(hex));
    octets
        .iter()
        .fold(0, |number: u32, octet| number << 8 | u32::from(*octet))
}

fn glyph_number(number: f64) -> u32 {
    number.clamp(0.0, 65_535.0) as u32
}

/// The text that a code stands for: UTF-16 with the high octet first, or the name of a glyph.
fn target(token: Token<'_>) -> Option<String> {
    match token {
        Token::Hex(hex) => {
            let octets = unhexed(hex.get(..1_024).unwrap_or(hex));
            if let [only] = octets.as_slice() {
                return Some(char::from(*only).to_string());
            }
            Some(
                encoding_rs::UTF_16BE
                    .decode_without_bom_handling(&octets)
                    .0
                    .into_owned(),
            )
        }
        Token::Name(name) => {
            let character = super::names::character(std::str::from_utf8(name).ok()?);
            Some(character.map(String::from).unwrap_or_default())
        }
        _ => None,
    }
}
