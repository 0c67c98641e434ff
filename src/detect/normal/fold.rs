//! Characters → ASCII where a reader would see ASCII (Unicode NFKC, digits of every script, dashes, spaces).

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::map::Map;

/// The code points of the digit zero in scripts whose digits NFKC leaves alone (Unicode 14, category Nd).
const ZEROS: [u32; 58] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136,
    0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50,
    0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1E140, 0x1E2F0, 0x1E950,
];

/// Folds a text; gives the octets and the way back.
pub(super) fn fold(text: &str) -> (Vec<u8>, Map) {
    let mut folded = Folded::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let from = text.len() - rest.len();
        let plain = rest
            .bytes()
            .position(|byte| !byte.is_ascii())
            .unwrap_or(rest.len());
        folded.copy(rest.as_bytes().get(..plain).unwrap_or_default(), from);
        let mut after = rest.get(plain..).unwrap_or_default().chars();
        if let Some(character) = after.next() {
            let sign = is_unseen(character) && folded.parts(after.as_str());
            folded.push(
                if sign { '-' } else { character },
                from + plain,
                character.len_utf8(),
            );
        }
        rest = after.as_str();
    }
    (folded.bytes, folded.map)
}

/// More characters than the digits behind a first group and what parts them are another number.
const LONGEST_PARTED: usize = 8;

struct Folded {
    bytes: Vec<u8>,
    map: Map,
    /// Whether the last octet came from a raised or lowered digit.
    raised: bool,
    /// Up to here, in folded octets, unseen signs part the digits of a number.
    parted: usize,
}

impl Folded {
    fn with_capacity(octets: usize) -> Self {
        Folded {
            bytes: Vec::with_capacity(octets),
            map: Map::default(),
            raised: false,
            parted: 0,
        }
    }

    /// Whether an unseen sign before `rest` parts nine digits as the groups of a Social Security number are parted: nobody
    /// does that but to hide it, so that the sign is kept.
    fn parts(&mut self, rest: &str) -> bool {
        if self.bytes.len() < self.parted {
            return true;
        }
        let before = self.bytes.iter().rev();
        let first = before.take(4).take_while(|byte| byte.is_ascii_digit()).count();
        if first != 3 || !rest.starts_with(|next: char| next.is_ascii_digit()) {
            return false;
        }
        let mut groups = vec![first];
        let mut last = 0;
        for character in rest.chars().take(LONGEST_PARTED) {
            match character {
                '0'..='9' => last += 1,
                _ if is_unseen(character) => {
                    groups.push(last);
                    last = 0;
                }
                _ => break,
            }
        }
        groups.push(last);
        let parts = groups == [3, 2, 4];
        if parts {
            // The digits to come, and the signs between them.
            self.parted = self.bytes.len() + groups.iter().skip(1).sum::<usize>() + groups.len() - 1;
        }
        parts
    }

    fn copy(&mut self, ascii: &[u8], from: usize) {
        if !ascii.is_empty() {
            self.map.push(self.bytes.len(), from, 1, 1);
            self.bytes.extend_from_slice(ascii);
            self.raised = false;
        }
    }

    fn push(&mut self, character: char, from: usize, wide: usize) {
        let at = self.bytes.len();
        // A raised digit after an ordinary one is a footnote mark, not the next digit of the number.
        let raised = is_raised_digit(character);
        let footnote = raised && !self.raised && self.bytes.last().is_some_and(u8::is_ascii_digit);
        match footnote {
            true => self.bytes.push(b' '),
            false => push_folded(character, &mut self.bytes),
        }
        let thin = self.bytes.len() - at;
        if thin > 0 {
            self.raised = raised;
            self.map.push(at, from, wide, thin);
        }
    }
}

fn is_raised_digit(character: char) -> bool {
    matches!(character, '\u{B2}' | '\u{B3}' | '\u{B9}' | '\u{2070}' | '\u{2074}'..='\u{2079}' | '\u{2080}'..='\u{2089}')
}

fn push_folded(character: char, out: &mut Vec<u8>) {
    if is_unseen(character) {
        return;
    }
    if let Some(ascii) = as_punctuation(character).or_else(|| as_digit(character)) {
        return out.push(ascii);
    }
    if character == '\u{2116}' {
        return out.extend_from_slice(b"No.");
    }
    // The signs beside the routing number in the bottom line of a check (E-13B, ISO 1004), and the others of that line.
    if let '\u{2446}'..='\u{2449}' = character {
        let name: &[u8] = if character == '\u{2446}' { b" MICR " } else { b" " };
        return out.extend_from_slice(name);
    }
    decompose_compatible(character, |part| {
        if is_combining_mark(part) || is_unseen(part) {
            return;
        }
        match (as_punctuation(part).or_else(|| as_digit(part)), as_letters(part)) {
            (Some(ascii), _) => out.push(ascii),
            (None, Some(letters)) => out.extend_from_slice(letters.as_bytes()),
            (None, None) => out.extend_from_slice(part.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    });
}

/// What takes no room on the screen: soft hyphen, zero-width characters, marks of direction, selectors, tags.
fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{20E3}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Letters that Unicode does not take apart and people write without their strokes.
fn as_letters(character: char) -> Option<&'static str> {
    Some(match character {
        'ł' => "l",
        'Ł' => "L",
        'ø' => "o",
        'Ø' => "O",
        'đ' => "d",
        'Đ' => "D",
        'ı' => "i",
        'ß' => "ss",
        'æ' => "ae",
        'Æ' => "Ae",
        'œ' => "oe",
        'Œ' => "Oe",
        _ => return None,
    })
}

fn as_punctuation(character: char) -> Option<u8> {
    match character {
        '\u{58A}'
        | '\u{5BE}'
        | '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{2E3A}'
        | '\u{2E3B}'
        | '\u{FE58}'
        | '\u{FE63}'
        | '\u{FF0D}'
        | '\u{30FC}' => Some(b'-'),
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => Some(b' '),
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some(b'\n'),
        '\u{2018}'..='\u{201B}' | '\u{2032}' | '\u{2BC}' | '\u{B4}' => Some(b'\''),
        '\u{201C}'..='\u{201F}' | '\u{2033}' => Some(b'"'),
        '\u{B7}' | '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' | '\u{30FB}' => Some(b'.'),
        '\u{2044}' | '\u{2215}' => Some(b'/'),
        // Lines of tables that are drawn.
        '\u{2502}' | '\u{2503}' | '\u{2506}' | '\u{2507}' | '\u{250A}' | '\u{250B}' | '\u{2551}' => {
            Some(b'|')
        }
        '\u{2500}'..='\u{257F}' => Some(b'-'),
        _ if character.is_ascii() => Some(character as u8),
        _ => None,
    }
}

fn as_digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    let before = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?;
    let value = code - ZEROS.get(before)?;
    u8::try_from(value)
        .ok()
        .filter(|value| *value < 10)
        .map(|value| b'0' + value)
}
