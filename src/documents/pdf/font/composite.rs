//! Composite fonts (ISO 32000-2 §9.7): codes of one to four octets, glyph numbers, and `ToUnicode`.

use std::rc::Rc;

use super::encoding::{Charset, collected};
use super::table::Table;
use super::{CMap, Character, Glyph, Glyphs, Source, disagree};
use crate::documents::pdf::syntax::Object;

/// A composite font.
pub(super) struct Composite {
    codes: Codes,
    to_unicode: Option<Rc<CMap>>,
    glyphs: Option<Rc<Glyphs>>,
    glyph_map: Option<Vec<u8>>,
    ordering: Vec<u8>,
    widths: Table,
    default_width: f64,
    pub vertical: bool,
}

/// How octets become codes, and codes glyph numbers.
enum Codes {
    /// Two octets are the number of a glyph.
    Identity,
    /// They are text in a charset.
    Charset(Charset),
    /// The file says it.
    Mapped(Rc<CMap>),
}

impl Composite {
    pub fn new(source: &Source<'_>) -> Composite {
        let name = source.dictionary.get("Encoding").name().unwrap_or_default();
        let name = String::from_utf8_lossy(name);
        let codes = match &source.encoding {
            Some(map) => Codes::Mapped(Rc::clone(map)),
            None => Charset::of(&name).map_or(Codes::Identity, Codes::Charset),
        };
        let ordering = source.descendant.get("CIDSystemInfo").dictionary();
        let ordering = ordering.and_then(|info| info.get("Ordering").string());
        Composite {
            vertical: match &codes {
                Codes::Mapped(map) => map.vertical,
                _ => name.ends_with("-V"),
            },
            codes,
            to_unicode: source.to_unicode.clone().filter(|map| map.has_texts()),
            glyphs: source.glyphs.clone(),
            glyph_map: source.glyph_map.clone(),
            ordering: ordering.unwrap_or_default().to_vec(),
            widths: widths(source.descendant.get("W").members()),
            default_width: source.descendant.get("DW").number().unwrap_or(1000.0),
        }
    }

    pub fn read<'f>(&'f self, string: &[u8], scale: f64, mut each: impl FnMut(Glyph<'f>)) {
        let mut rest = string;
        while !rest.is_empty() {
            let length = match &self.codes {
                Codes::Identity => 2,
                Codes::Charset(charset) => charset.length(rest),
                Codes::Mapped(map) => map.length(rest),
            };
            let (octets, after) = rest.split_at_checked(length.max(1)).unwrap_or((rest, &[]));
            rest = after;
            each(self.glyph(octets, scale));
        }
    }

    pub fn is_cut(&self) -> bool {
        self.to_unicode.as_ref().is_some_and(|map| map.is_cut())
    }

    fn glyph(&self, octets: &[u8], scale: f64) -> Glyph<'_> {
        let code = octets
            .iter()
            .fold(0, |code: u32, octet| code << 8 | u32::from(*octet));
        let number = match &self.codes {
            Codes::Mapped(map) => map.glyphs.get(code).unwrap_or(code),
            _ => code,
        };
        let copied = self.to_unicode.as_ref().and_then(|map| map.text(code));
        let shown = self.shown(octets, number);
        let other = match (copied, shown) {
            (Some(copied @ Character::One(character)), Some(shown))
                if disagree(copied, Character::One(shown)) && !self.leads(number, character) =>
            {
                Some(Character::One(shown))
            }
            _ => None,
        };
        let width = self
            .widths
            .get(number)
            .map_or(self.default_width, |width| f64::from(width) / 16.0);
        Glyph {
            text: copied.or(shown.map(Character::One)),
            other,
            guessed: copied.is_none() && shown.is_none() && number != 0,
            width: if self.vertical { 1.0 } else { width * scale },
            is_space: octets == b" ",
        }
    }

    /// The character whose picture a glyph is, by what the font itself says.
    fn shown(&self, octets: &[u8], number: u32) -> Option<char> {
        if let Codes::Charset(charset) = &self.codes {
            return charset.character(octets);
        }
        let glyphs = self.glyphs.as_ref();
        glyphs
            .and_then(|glyphs| glyphs.character(self.in_program(number)))
            .or_else(|| collected(&self.ordering, number))
    }

    fn leads(&self, number: u32, character: char) -> bool {
        let number = self.in_program(number);
        self.glyphs
            .as_ref()
            .is_some_and(|glyphs| glyphs.has(number, character))
    }

    fn in_program(&self, number: u32) -> u32 {
        let Some(map) = &self.glyph_map else { return number };
        let at = usize::try_from(number).unwrap_or(0).saturating_mul(2);
        match map.get(at..at.saturating_add(2)) {
            Some([high, low]) => u32::from(*high) << 8 | u32::from(*low),
            _ => 0,
        }
    }
}

/// `c [w1 w2 …]` and `first last w` (ISO 32000-2 §9.7.4.3), in sixteenths of thousandths.
fn widths(members: &[Object<'_>]) -> Table {
    let sixteenths = |object: &Object<'_>| (object.number().unwrap_or(0.0).clamp(0.0, 1e6) * 16.0) as u32;
    let code = |object: &Object<'_>| {
        object
            .count()
            .and_then(|code| u32::try_from(code).ok())
            .unwrap_or(0)
    };
    let mut table = Table::default();
    let mut rest = members;
    loop {
        rest = match rest {
            [first, Object::Array(listed), after @ ..] => {
                for (offset, width) in (0..).zip(listed) {
                    table.set(code(first).saturating_add(offset), sixteenths(width));
                }
                after
            }
            [first, last, width, after @ ..] => {
                table.set_range(code(first), code(last), sixteenths(width), 0);
                after
            }
            _ => return table,
        };
    }
}
