//! RTF → its texts and what is embedded in it. Reads whatever is there, however the groups stand.

use std::collections::HashMap;

use super::destination::{Open, hexadecimal};
use super::document::Document;
use super::lexer::{Lexer, Token};
use super::words::{self, Aside};
use crate::documents::codepage;
use crate::mime::printable;

/// Groups that nest deeper share their properties.
const DEEPEST: usize = 10_000;

/// What a group inherits and may change.
#[derive(Clone, Copy)]
pub(super) struct State {
    /// Characters to be skipped behind a `\u`.
    pub skipped: usize,
    pub page: u32,
    pub hidden: bool,
    pub deleted: bool,
    pub in_table: bool,
    /// Inside of what HTML readers leave out ([MS-OXRTFEX] §2.1.3.1.3).
    pub only_rtf: bool,
    /// Inside of the drawing for old programs.
    pub spare: bool,
}

pub(super) struct Reader {
    pub(super) document: Document,
    pub(super) state: State,
    states: Vec<State>,
    depth: usize,
    pub(super) open: Vec<Open>,
    /// Octets that are not decoded yet.
    pending: Vec<u8>,
    /// The first half of a character outside of the Basic Multilingual Plane.
    surrogate: Option<u16>,
    /// Characters that are still to be skipped.
    skip: usize,
    /// `\*` stood before: an unknown word begins a destination.
    starred: bool,
    pub(super) pages: HashMap<i32, u32>,
    /// The font that the font table is about to describe.
    pub(super) font: i32,
    pub(super) page: u32,
    /// The font of text that names none.
    pub(super) default_font: i32,
    pub(super) from_html: bool,
}

pub(super) fn read(bytes: &[u8]) -> Document {
    let state = State {
        skipped: 1,
        page: 1252,
        hidden: false,
        deleted: false,
        in_table: false,
        only_rtf: false,
        spare: false,
    };
    let mut reader = Reader {
        document: Document::default(),
        state,
        states: Vec::new(),
        depth: 0,
        open: Vec::new(),
        pending: Vec::new(),
        surrogate: None,
        skip: 0,
        starred: false,
        pages: HashMap::new(),
        font: 0,
        page: 1252,
        default_font: 0,
        from_html: false,
    };
    let mut lexer = Lexer::new(bytes);
    while let Some(token) = lexer.next() {
        reader.token(token, lexer.left().is_empty());
    }
    reader.end()
}

impl Reader {
    fn token(&mut self, token: Token<'_>, last: bool) {
        let starred = std::mem::take(&mut self.starred);
        match token {
            Token::Text(text) => return self.text(text),
            Token::Octet(octet) => return self.octet(octet),
            _ => self.flush(),
        }
        match token {
            Token::Open => self.begin_group(),
            Token::Close => self.end_group(),
            Token::Symbol(b'*') => self.starred = true,
            Token::Symbol(symbol) => {
                if !self.skips_one()
                    && let Some(text) = words::symbol(symbol)
                {
                    self.push(text);
                    self.end_paragraph(text);
                }
            }
            Token::Word(word, number) => self.word(word, number, starred),
            Token::Binary(data) => self.binary(data, last),
            Token::Text(_) | Token::Octet(_) => {}
        }
    }

    fn begin_group(&mut self) {
        self.skip = 0;
        self.depth += 1;
        match self.states.len() < DEEPEST {
            true => self.states.push(self.state),
            false => self.document.too_deep = true,
        }
    }

    fn end_group(&mut self) {
        self.skip = 0;
        while self.open.last().is_some_and(|open| open.depth >= self.depth) {
            self.end_destination();
        }
        if self.depth == 0 {
            self.document.damage = Some("it closes more groups than it opens");
            return;
        }
        if self.depth <= DEEPEST
            && let Some(state) = self.states.pop()
        {
            self.state = state;
        }
        self.depth -= 1;
    }

    fn begin_destination(&mut self, aside: Aside) {
        // A second word in the same group begins anew; deeper ones than are followed go on in the one around.
        if self.open.last().is_some_and(|open| open.depth == self.depth) {
            self.end_destination();
        }
        if self.open.len() >= DEEPEST {
            self.document.too_deep = true;
            return;
        }
        self.open.push(Open::new(aside, self.depth));
    }

    fn end_destination(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let document = &mut self.document;
        let aside = if open.is_data() { Aside::Other } else { open.aside };
        match open.aside {
            Aside::Picture => document.keep(open.data, true, self.state.spare),
            Aside::Object => document.keep(open.data, false, false),
            Aside::Html => return document.html.push_str(&open.text),
            Aside::Other if let Some(data) = hexadecimal(&open.text) => {
                return document.keep(data, false, false);
            }
            _ => {}
        }
        let number = Aside::TEXTS.iter().position(|(text, _)| *text == aside);
        if let Some(text) = number.and_then(|number| document.asides.get_mut(number))
            && !open.text.trim().is_empty()
        {
            text.push_str(&open.text);
            text.push('\n');
        }
    }

    fn text(&mut self, text: &[u8]) {
        let is_data = self.open.last().is_some_and(Open::is_data);
        if is_data {
            if let Some(open) = self.open.last_mut() {
                open.hexadecimal(text);
            }
            return;
        }
        for line in text.split(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            let (skipped, rest) = line.split_at(line.len().min(self.skip));
            self.skip -= skipped.len();
            self.fall_back(skipped);
            self.characters(rest);
        }
    }

    /// What programs without Unicode show. A question mark is what writers put there who do not care.
    fn fall_back(&mut self, skipped: &[u8]) {
        let telling = skipped.iter().filter(|octet| octet.is_ascii() && **octet != b'?');
        self.document
            .fallback
            .extend(telling.map(|octet| char::from(*octet)));
    }

    fn characters(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let page = self.state.page;
        if !self.pending.is_empty() && !codepage::is_wide(page) {
            self.flush();
        }
        match std::str::from_utf8(text) {
            Ok(ascii) if self.pending.is_empty() && text.is_ascii() => self.push(ascii),
            _ => self.pending.extend_from_slice(text),
        }
    }

    fn octet(&mut self, octet: u8) {
        if self.skip > 0 {
            self.skip -= 1;
            return self.fall_back(&[octet]);
        }
        self.pending.push(octet);
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let text = codepage::decode(self.state.page, &self.pending);
        self.pending.clear();
        self.push(&text);
    }

    fn skips_one(&mut self) -> bool {
        let skips = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        skips
    }

    pub(super) fn push(&mut self, text: &str) {
        if let Some(open) = self.open.last_mut() {
            return open.text.push_str(text);
        }
        if self.from_html && !self.state.only_rtf {
            self.document.html.push_str(text);
        }
        let hidden = self.state.hidden || self.state.deleted;
        self.document.story.push(text, hidden);
    }

    fn end_paragraph(&mut self, text: &str) {
        if text == "\n" && self.open.is_empty() {
            self.document.story.end_paragraph(self.state.in_table);
        }
    }

    fn word(&mut self, word: &[u8], number: Option<i32>, starred: bool) {
        if word == b"u" {
            return self.unicode(number.unwrap_or(0));
        }
        let skipped = self.skips_one();
        if let Some(text) = words::character(word) {
            if !skipped {
                self.push(text);
                self.end_paragraph(text);
            }
        } else if let Some(aside) = words::destination(word) {
            self.begin_destination(aside);
        } else if !self.property(word, number) && starred && !is_transparent(word) {
            self.begin_destination(Aside::Other);
        }
    }

    /// `\u`: the number is signed, and two of them may be one character.
    fn unicode(&mut self, number: i32) {
        let unit = u16::try_from(number & 0xffff).unwrap_or(0);
        let pair = self.surrogate.take().map(|high| [high, unit]);
        self.skip = self.state.skipped;
        if unit == 0 {
            return;
        }
        if (0xd800..0xdc00).contains(&unit) {
            self.surrogate = Some(unit);
            return;
        }
        let units: &[u16] = pair.as_ref().map_or(std::slice::from_ref(&unit), |pair| pair);
        self.push(&String::from_utf16_lossy(units));
    }

    fn binary(&mut self, data: &[u8], last: bool) {
        if last {
            self.document.damage = Some("it ends inside of its binary data");
        }
        if self.skips_one() {
            return;
        }
        match self.open.last_mut() {
            Some(open) if open.is_data() => open.data.extend_from_slice(data),
            _ => {
                let text = printable(data);
                self.begin_destination(Aside::Other);
                self.push(&text);
                self.end_destination();
            }
        }
    }

    fn end(mut self) -> Document {
        self.flush();
        if self.depth > 0 {
            self.document.damage = Some("it ends too early");
        }
        while !self.open.is_empty() {
            self.end_destination();
        }
        self.document.story.end_table();
        self.document
    }
}

/// Groups with `\*` whose text belongs to the text around them.
fn is_transparent(word: &[u8]) -> bool {
    matches!(
        word,
        b"shppict" | b"shpinst" | b"do" | b"nesttableprops" | b"ud" | b"upr" | b"cs" | b"ds" | b"ts"
    )
}
