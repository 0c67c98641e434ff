//! Character references (HTML Standard §13.2.5.72): the named ones that mail uses, and all numeric ones.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The names of U+00A0 to U+00FF in order. Readers know these also without a semicolon.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn \
    sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde \
    Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc \
    Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring \
    aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml \
    divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// Names that stand between digits or in names, and the signs that HTML itself uses.
const OTHERS: [(&str, char); 50] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("AMP", '&'),
    ("LT", '<'),
    ("GT", '>'),
    ("QUOT", '"'),
    ("apos", '\''),
    ("num", '#'),
    ("colon", ':'),
    ("semi", ';'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("bsol", '\\'),
    ("vert", '|'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("lpar", '('),
    ("rpar", ')'),
    ("lsqb", '['),
    ("rsqb", ']'),
    ("plus", '+'),
    ("equals", '='),
    ("ast", '*'),
    ("commat", '@'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("hyphen", '\u{2010}'),
    ("dash", '\u{2010}'),
    ("ndash", '\u{2013}'),
    ("mdash", '\u{2014}'),
    ("horbar", '\u{2015}'),
    ("minus", '\u{2212}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("numsp", '\u{2007}'),
    ("puncsp", '\u{2008}'),
    ("thinsp", '\u{2009}'),
    ("hairsp", '\u{200a}'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("NoBreak", '\u{2060}'),
    ("NonBreakingSpace", '\u{a0}'),
    ("lsquo", '\u{2018}'),
    ("rsquo", '\u{2019}'),
    ("bull", '\u{2022}'),
    ("numero", '\u{2116}'),
];

/// The text with all references that are known replaced; others stand as they are.
pub(in crate::documents) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        match reference(after) {
            Some((character, length)) => {
                decoded.push(character);
                rest = after.get(length..).unwrap_or_default();
            }
            None => {
                decoded.push('&');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// The character that follows the ampersand, and the length of its reference.
fn reference(after: &str) -> Option<(char, usize)> {
    if let Some(number) = after.strip_prefix('#') {
        return numeric(number).map(|(character, length)| (character, length + 1));
    }
    let length = after
        .bytes()
        .take(32)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let name = after.get(..length)?;
    let ended = after.get(length..)?.starts_with(';');
    if ended && let Some(character) = named(name) {
        return Some((character, length + 1));
    }
    // Without its semicolon, one of the old names may stand before other letters: `&nbspMa`.
    let prefixes = (2..=length.min(6)).rev().filter_map(|length| name.get(..length));
    let mut known = prefixes.filter_map(|prefix| NAMES.get(prefix).map(|found| (prefix, found)));
    known
        .find(|(_, (_, old))| *old)
        .map(|(prefix, (character, _))| (*character, prefix.len()))
}

fn named(name: &str) -> Option<char> {
    NAMES.get(name).map(|(character, _)| *character)
}

/// Every name with its character, and whether it is known without its semicolon.
static NAMES: LazyLock<HashMap<&str, (char, bool)>> = LazyLock::new(|| {
    let latin = LATIN
        .split_ascii_whitespace()
        .zip('\u{a0}'..)
        .map(|(name, character)| (name, (character, true)));
    let old =
        |(number, (name, character)): (usize, &(&'static str, char))| (*name, (*character, number < OLD));
    latin.chain(OTHERS.iter().enumerate().map(old)).collect()
});

/// How many of [`OTHERS`] are known without their semicolon.
const OLD: usize = 8;

/// `&#53;`, `&#x35;`, with any number of zeros and without the semicolon. C1 controls mean windows-1252.
fn numeric(text: &str) -> Option<(char, usize)> {
    let hexadecimal = text.starts_with(['x', 'X']);
    let (radix, prefix) = if hexadecimal { (16, 1) } else { (10, 0) };
    let digits = text.get(prefix..)?;
    let length = digits
        .bytes()
        .take_while(|octet| char::from(*octet).is_digit(radix))
        .count();
    let code = digits.get(..length)?.trim_start_matches('0');
    let code = u32::from_str_radix(code, radix).ok()?;
    let character = match u8::try_from(code) {
        Ok(octet @ 0x80..=0x9f) => encoding_rs::WINDOWS_1252.decode(&[octet]).0.chars().next()?,
        _ => char::from_u32(code)?,
    };
    let end = prefix + length;
    Some((character, end + usize::from(text.get(end..)?.starts_with(';'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_with_and_without_semicolon() {
        assert_eq!(
            decode("5&#51;&#x36;&#0000045;22&ndash;8145"),
            "536-22\u{2013}8145"
        );
        assert_eq!(
            decode("a&nbspb&amp;lt;&eacute;&Eacute&hyphen;"),
            "a\u{a0}b&lt;éÉ\u{2010}"
        );
        assert_eq!(decode("&#53 6&#x2D22"), "5 6\u{2d22}");
        assert_eq!(decode("&#150;"), "\u{2013}");
    }

    #[test]
    fn what_is_no_reference_stays() {
        for text in ["a & b", "&;", "&#;", "&#x;", "&unknown;", "&#99999999999;", "&"] {
            assert_eq!(decode(text), text);
        }
    }
}
