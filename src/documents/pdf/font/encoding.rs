//! Encodings of simple fonts (ISO 32000-2 annex D), and character collections that fonts need not explain.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, MACINTOSH, SHIFT_JIS, UTF_16BE, WINDOWS_1252};

/// The encodings that have a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Base {
    Standard,
    WinAnsi,
    MacRoman,
}

impl Base {
    /// The encoding of this name.
    pub fn named(name: &[u8]) -> Option<Base> {
        match name {
            b"WinAnsiEncoding" => Some(Base::WinAnsi),
            b"MacRomanEncoding" => Some(Base::MacRoman),
            b"StandardEncoding" => Some(Base::Standard),
            _ => None,
        }
    }

    /// The character of a code.
    pub fn character(self, code: u8) -> Option<char> {
        let character = match self {
            Base::Standard if code == b'\'' => '’',
            Base::Standard if code == b'`' => '‘',
            Base::Standard if code > 0xa0 => *STANDARD.get(usize::from(code - 0xa1))?,
            Base::Standard if code > 0x7e => return None,
            Base::MacRoman => first(MACINTOSH, &[code])?,
            _ => first(WINDOWS_1252, &[code])?,
        };
        (!character.is_control()).then_some(character)
    }
}

fn first(encoding: &'static Encoding, bytes: &[u8]) -> Option<char> {
    encoding.decode_without_bom_handling(bytes).0.chars().next()
}

/// The upper half of StandardEncoding, from 0xA1.
#[rustfmt::skip]
const STANDARD: [char; 95] = [
    '¡', '¢', '£', '⁄', '¥', 'ƒ', '§', '¤', '\'', '“', '«', '‹', '›', 'ﬁ', 'ﬂ', '\0', '–', '†', '‡', '·',
    '\0', '¶', '•', '‚', '„', '”', '»', '…', '‰', '\0', '¿', '\0', '`', '´', 'ˆ', '˜', '¯', '˘', '˙', '¨',
    '\0', '˚', '¸', '\0', '˝', '˛', 'ˇ', '—', '\0', '\0', '\0', '\0', '\0', '\0', '\0', '\0', '\0', '\0',
    '\0', '\0', '\0', '\0', '\0', '\0', 'Æ', '\0', 'ª', '\0', '\0', '\0', '\0', 'Ł', 'Ø', 'Œ', 'º', '\0',
    '\0', '\0', '\0', '\0', 'æ', '\0', '\0', '\0', 'ı', '\0', '\0', 'ł', 'ø', 'œ', 'ß', '\0', '\0', '\0',
    '\0',
];

/// The charset of the codes that a predefined CMap takes (ISO 32000-2 §9.7.5.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Charset(&'static Encoding);

impl Charset {
    /// The charset of the CMap of this name; `None` for those that take glyph numbers.
    pub fn of(name: &str) -> Option<Charset> {
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let encoding = if has(&["UCS2", "UTF16"]) {
            UTF_16BE
        } else if has(&["GBK", "GB-EUC", "GBpc", "GBT", "GB-H", "GB-V"]) {
            GBK
        } else if has(&["B5pc", "ETen", "HKscs", "ETHK", "B5-"]) {
            BIG5
        } else if has(&["RKSJ", "83pv", "90pv"]) {
            SHIFT_JIS
        } else if has(&["KSC"]) {
            EUC_KR
        } else if has(&["EUC-H", "EUC-V"]) {
            EUC_JP
        } else {
            return None;
        };
        Some(Charset(encoding))
    }

    /// How many octets the code that starts here has.
    pub fn length(self, bytes: &[u8]) -> usize {
        let first = bytes.first().copied().unwrap_or(0);
        match first {
            0xd8..=0xdb if self.0 == UTF_16BE => 4,
            _ if self.0 == UTF_16BE => 2,
            0..=0x80 => 1,
            0xa1..=0xdf if self.0 == SHIFT_JIS => 1,
            _ => 2,
        }
    }

    /// The character of a code.
    pub fn character(self, code: &[u8]) -> Option<char> {
        first(self.0, code).filter(|character| *character != char::REPLACEMENT_CHARACTER)
    }
}

/// ASCII among the glyphs of Adobe's character collections; the first glyphs of all four are the same.
pub(super) fn collected(ordering: &[u8], glyph: u32) -> Option<char> {
    let half_width = match ordering {
        b"Japan1" => 231,
        b"GB1" => 814,
        b"CNS1" => 13_648,
        b"Korea1" => 8_094,
        _ => return None,
    };
    let place = match glyph {
        1..=95 => glyph - 1,
        _ => glyph.checked_sub(half_width).filter(|place| *place < 95)?,
    };
    char::from_u32(32 + place)
}
