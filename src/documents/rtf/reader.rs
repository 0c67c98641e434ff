//! RTF → its texts and what is embedded in it. Reads whatever is there, however the groups stand.

use std::collections::HashMap;

use super::lexer::{Lexer, Token, hex};
use super::story::Story;
use super::words::{self, Aside};
use crate::documents::codepage;
use crate::mime::printable;

/// What a document holds.
#[derive(Default)]
pub(super) struct Document {
    pub story: Story,
    /// Texts outside of the body, numbered like [`Aside::TEXTS`].
    pub asides: [String; Aside::TEXTS.len()],
    /// The HTML that the document was made from, if it was.
    pub html: String,
    /// What old programs show in place of Unicode characters.
    pub fallback: String,
    /// Data of pictures and of objects.
    pub pictures: Vec<Vec<u8>>,
    pub objects: Vec<Vec<u8>>,
    /// Drawings that most programs never show, as there is a better picture.
    pub spare_pictures: Vec<Vec<u8>>,
    /// What is wrong with it, for people.
    pub damage: Option<&'static str>,
    /// Groups nest deeper than is followed, or hold more files than are opened.
    pub too_deep: bool,
}

/// Groups that nest deeper share their properties.
const DEEPEST: usize = 10_000;

/// More pictures or objects than these are not opened.
const MOST_FILES: usize = 10_000;

/// What a group inherits and may change.
#[derive(Clone, Copy)]
struct State {
    /// Characters to be skipped behind a `\u`.
    skipped: usize,
    page: u32,
    hidden: bool,
    deleted: bool,
    in_table: bool,
    /// Inside of what HTML readers leave out ([MS-OXRTFEX] §2.1.3.1.3).
    only_rtf: bool,
    /// Inside of the drawing for old programs.
    spare: bool,
}

/// A destination that is open.
struct Open {
    aside: Aside,
    /// The depth of its group.
    depth: usize,
    text: String,
    data: Vec<u8>,
    nibble: Option<u8>,
}

pub(super) struct Reader {
    document: Document,
    state: State,
    states: Vec<State>,
    depth: usize,
    open: Vec<Open>,
    /// Octets that are not decoded yet.
    pending: Vec<u8>,
    /// The first half of a character outside of the Basic Multilingual Plane.
    surrogate: Option<u16>,
    /// Characters that are still to be skipped.
    skip: usize,
    /// `\*` stood before: an unknown word begins a destination.
    starred: bool,
    pages: HashMap<i32, u32>,
    /// The font that the font table is about to describe.
    font: i32,
    page: u32,
    /// The font of text that names none.
    default_font: i32,
    from_html: bool,
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
        self.open.push(Open {
            aside,
            depth: self.depth,
            text: String::new(),
            data: Vec::new(),
            nibble: None,
        });
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

    fn push(&mut self, text: &str) {
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
        if (0xd800..0xdc00).contains(&unit) {
            self.surrogate = Some(unit);
            return;
        }
        let units: &[u16] = pair.as_ref().map_or(std::slice::from_ref(&unit), |pair| pair);
        self.push(&String::from_utf16_lossy(units));
    }

    fn property(&mut self, word: &[u8], number: Option<i32>) -> bool {
        let on = number != Some(0);
        match word {
            b"uc" => self.state.skipped = usize::try_from(number.unwrap_or(1)).unwrap_or(0).min(1_000),
            b"v" => self.state.hidden = on,
            b"deleted" => self.state.deleted = on,
            b"intbl" => self.state.in_table = true,
            b"htmlrtf" => self.state.only_rtf = on,
            b"fromhtml" => self.from_html = on,
            b"nonshppict" => self.state.spare = true,
            b"pard" => self.state.in_table = false,
            b"plain" => {
                self.state.page = self.page_of(self.default_font);
                self.state.hidden = false;
            }
            b"cell" | b"row" if self.open.is_empty() => match word {
                b"cell" => self.document.story.end_cell(),
                _ => self.document.story.end_row(),
            },
            b"cell" => self.push("\t"),
            b"row" => self.push("\n"),
            _ => return self.code_page(word, number),
        }
        true
    }

    fn code_page(&mut self, word: &[u8], number: Option<i32>) -> bool {
        let number = number.unwrap_or(0);
        let describes = self.open.last().is_some_and(|open| open.aside == Aside::Fonts);
        match word {
            b"mac" => self.page = 10_000,
            b"pc" => self.page = 437,
            b"pca" => self.page = 850,
            b"ansicpg" => self.page = u32::try_from(number).unwrap_or(1252),
            b"f" if describes => self.font = number,
            b"fcharset" if describes => {
                if let Some(page) = words::page_of_charset(number) {
                    self.pages.insert(self.font, page);
                    self.state.page = page;
                }
            }
            b"cpg" if describes => {
                self.pages
                    .insert(self.font, u32::try_from(number).unwrap_or(1252));
            }
            b"f" | b"af" => {
                self.state.page = self.page_of(number);
                return true;
            }
            b"deff" => self.default_font = number,
            _ => return false,
        }
        if matches!(word, b"mac" | b"pc" | b"pca" | b"ansicpg") {
            self.state.page = self.page;
        }
        true
    }

    fn page_of(&self, font: i32) -> u32 {
        self.pages.get(&font).copied().unwrap_or(self.page)
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

impl Document {
    fn keep(&mut self, data: Vec<u8>, is_picture: bool, is_spare: bool) {
        let list = match (is_picture, is_spare) {
            (false, _) => &mut self.objects,
            (true, false) => &mut self.pictures,
            (true, true) => &mut self.spare_pictures,
        };
        if list.len() >= MOST_FILES {
            self.too_deep = true;
        } else if !data.is_empty() {
            list.push(data);
        }
    }
}

impl Open {
    fn is_data(&self) -> bool {
        matches!(self.aside, Aside::Picture | Aside::Object)
    }

    fn hexadecimal(&mut self, text: &[u8]) {
        let is_odd = |octet: &u8| !octet.is_ascii_hexdigit() && !octet.is_ascii_whitespace();
        if text.iter().any(is_odd) {
            self.text.push_str(&String::from_utf8_lossy(text));
        }
        for digit in text.iter().filter_map(|octet| hex(*octet)) {
            match self.nibble.take() {
                Some(high) => self.data.push(high << 4 | digit),
                None => self.nibble = Some(digit),
            }
        }
    }
}

/// Groups with `\*` whose text belongs to the text around them.
fn is_transparent(word: &[u8]) -> bool {
    matches!(
        word,
        b"shppict" | b"shpinst" | b"do" | b"nesttableprops" | b"ud" | b"upr" | b"cs" | b"ds" | b"ts"
    )
}

/// Data in a destination that nobody knows. What is short may well be a number for people.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let is_data = text.len() >= 64 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
    if !is_data || text.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let digits: Vec<u8> = text.bytes().filter_map(hex).collect();
    let pairs = digits.chunks_exact(2).filter_map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    Some(pairs.collect())
}
