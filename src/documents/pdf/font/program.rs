//! What embedded font programs say of their glyphs: the `cmap` of TrueType and OpenType in reverse, and the
//! built-in encoding of Type 1.

use encoding_rs::MACINTOSH;

use crate::documents::pdf::syntax::{Lexer, Token};

/// More pairs than this are not read from one font.
const MOST_PAIRS: usize = 150_000;

/// Glyphs with the characters that lead to them, in order.
#[derive(Debug, Default)]
pub(in super::super) struct Glyphs(Vec<(u32, char)>);

impl Glyphs {
    /// Reads the table of an sfnt (OpenType specification, `cmap`). Empty when there is none.
    pub fn read(font: &[u8]) -> Glyphs {
        let mut pairs = Vec::new();
        let mut left = MOST_PAIRS;
        if let Some(table) = table(font, *b"cmap") {
            for record in 0..u16_at(table, 2).unwrap_or(0).min(64) {
                let at = 4 + 8 * usize::from(record);
                let platform = (u16_at(table, at), u16_at(table, at + 2));
                let subtable = u32_at(table, at + 4)
                    .and_then(|offset| usize::try_from(offset).ok())
                    .and_then(|offset| table.get(offset..));
                if let (Some(subtable), Some(kind)) = (subtable, kind(platform)) {
                    subtable_pairs(subtable, kind, &mut left, &mut pairs);
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        Glyphs(pairs)
    }

    /// How many pairs there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The first character of a glyph.
    pub fn character(&self, glyph: u32) -> Option<char> {
        let place = self.0.partition_point(|(other, _)| *other < glyph);
        self.0
            .get(place)
            .filter(|(other, _)| *other == glyph)
            .map(|(_, character)| *character)
    }

    /// Whether a character leads to a glyph.
    pub fn has(&self, glyph: u32, character: char) -> bool {
        self.0.binary_search(&(glyph, character)).is_ok()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Unicode,
    Symbol,
    Macintosh,
}

fn kind(platform: (Option<u16>, Option<u16>)) -> Option<Kind> {
    match platform {
        (Some(0), _) | (Some(3), Some(1 | 10)) => Some(Kind::Unicode),
        (Some(3), Some(0)) => Some(Kind::Symbol),
        (Some(1), Some(0)) => Some(Kind::Macintosh),
        _ => None,
    }
}

fn subtable_pairs(table: &[u8], kind: Kind, left: &mut usize, pairs: &mut Vec<(u32, char)>) {
    let mut enter = |code: u32, glyph: u32| {
        let character = match kind {
            Kind::Unicode => char::from_u32(code),
            Kind::Symbol => char::from_u32(code & 0xff),
            Kind::Macintosh => u8::try_from(code)
                .ok()
                .and_then(|code| MACINTOSH.decode_without_bom_handling(&[code]).0.chars().next()),
        };
        if let Some(character) = character.filter(|character| glyph != 0 && !character.is_control()) {
            pairs.push((glyph, character));
        }
        *left = left.saturating_sub(1);
        *left > 0
    };
    match u16_at(table, 0) {
        Some(0) => {
            for (code, glyph) in (0..256).zip(table.get(6..).unwrap_or_default()) {
                enter(code, u32::from(*glyph));
            }
        }
        Some(4) => segments(table, enter),
        Some(6) => {
            let first = u32::from(u16_at(table, 6).unwrap_or(0));
            for place in 0..u16_at(table, 8).unwrap_or(0) {
                let Some(glyph) = u16_at(table, 10 + 2 * usize::from(place)) else {
                    return;
                };
                enter(first + u32::from(place), u32::from(glyph));
            }
        }
        Some(12) => {
            for group in table.get(16..).unwrap_or_default().chunks_exact(12) {
                let [Some(first), Some(last), Some(glyph)] = [0, 4, 8].map(|at| u32_at(group, at)) else {
                    return;
                };
                for offset in 0..=last.saturating_sub(first) {
                    if !enter(first.saturating_add(offset), glyph.saturating_add(offset)) {
                        return;
                    }
                }
            }
        }
        _ => {}
    }
}

/// Format 4: segments of codes.
fn segments(table: &[u8], mut enter: impl FnMut(u32, u32) -> bool) {
    let count = usize::from(u16_at(table, 6).unwrap_or(0) / 2);
    for segment in 0..count {
        let entry = |part: usize| u16_at(table, 14 + 2 * segment + part);
        let (Some(last), Some(first), Some(delta)) = (entry(0), entry(2 * count + 2), entry(4 * count + 2))
        else {
            return;
        };
        let offset_at = 14 + 2 * segment + 6 * count + 2;
        let offset = usize::from(u16_at(table, offset_at).unwrap_or(0));
        for code in first..=last {
            let glyph = match offset {
                0 => code.wrapping_add(delta),
                _ => match u16_at(table, offset_at + offset + 2 * usize::from(code - first)) {
                    Some(0) | None => 0,
                    Some(glyph) => glyph.wrapping_add(delta),
                },
            };
            if !enter(u32::from(code), u32::from(glyph)) {
                return;
            }
        }
    }
}

fn table(font: &[u8], tag: [u8; 4]) -> Option<&[u8]> {
    let count = u16_at(font, 4)?;
    let mut records = font.get(12..)?.chunks_exact(16).take(usize::from(count));
    let record = records.find(|record| record.starts_with(&tag))?;
    let offset = usize::try_from(u32_at(record, 8)?).ok()?;
    font.get(offset..)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let octets = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(octets.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let octets = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(octets.try_into().ok()?))
}

/// The encoding in the clear part of a Type 1 program: `dup 53 /five put`.
pub(super) fn built_in(program: &[u8]) -> Vec<(u8, String)> {
    let clear = memchr::memmem::find(program, b"eexec").unwrap_or(program.len());
    let clear = program.get(..clear.min(1 << 20)).unwrap_or_default();
    let Some(at) = memchr::memmem::find(clear, b"/Encoding") else {
        return Vec::new();
    };
    let mut lexer = Lexer::new(clear, at + 9);
    let mut encoding = Vec::new();
    while let Some(token) = lexer.token() {
        if token == Token::Word(b"def") || token == Token::Word(b"readonly") {
            break;
        }
        if token != Token::Word(b"dup") {
            continue;
        }
        if let (Some(Token::Number(code)), Some(Token::Name(name))) = (lexer.token(), lexer.token())
            && (0.0..256.0).contains(&code)
        {
            encoding.push((code as u8, String::from_utf8_lossy(name).into_owned()));
        }
    }
    encoding
}
