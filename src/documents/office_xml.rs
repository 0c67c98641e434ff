//! XML as a stream of tokens, by local names: `w:t` and `t` are one. Never fails: what is damaged is read as far as
//! it goes, and said. Declared entities are never expanded.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};

use crate::mime::charset;

/// A piece of a document.
pub(super) enum Token<'x> {
    Open(Element<'x>),
    Close(Name<'x>),
    /// Character data up to the next markup, with its references resolved.
    Text(Cow<'x, str>),
    /// A comment, which nobody sees.
    Comment(Cow<'x, str>),
}

/// The begin of an element. An empty one is closed at once.
pub(super) struct Element<'x>(BytesStart<'x>);

/// The end of an element.
pub(super) struct Name<'x>(BytesEnd<'x>);

impl Name<'_> {
    pub fn local(&self) -> &str {
        self.0.local_name().into_inner()
    }
}

impl Element<'_> {
    pub fn local(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// Its attributes by local name, in order. Names of namespaces are not among them.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let mut attributes = self.0.html_attributes();
        attributes.with_checks(false);
        attributes.flatten().filter_map(|attribute| {
            let key = attribute.key.into_inner();
            let local = key.rsplit(':').next().unwrap_or(key);
            let value = match attribute.value {
                Cow::Borrowed(raw) => unescape(raw).unwrap_or(Cow::Borrowed(raw)),
                Cow::Owned(raw) => Cow::Owned(unescape(&raw).map(Cow::into_owned).unwrap_or(raw)),
            };
            (!key.starts_with("xmlns")).then_some((local, value))
        })
    }

    /// The first attribute with this local name.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attributes()
            .find(|(local, _)| *local == name)
            .map(|(_, value)| value)
    }

    /// A count that an attribute gives.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.attribute(name)?.trim().parse().ok()
    }

    /// Whether a switch like `w:vanish` is on: it is unless it says that it is not.
    pub fn is_on(&self) -> bool {
        self.attribute("val")
            .is_none_or(|value| !matches!(&*value, "0" | "false" | "off"))
    }

    /// The namespaces that it declares.
    fn declares(&self, wanted: &[&str]) -> bool {
        let raw = self.0.attributes_raw();
        let plain = unescape(raw).unwrap_or(Cow::Borrowed(raw));
        wanted.iter().any(|namespace| plain.contains(namespace))
    }
}

/// A document, token by token.
pub(super) struct Tokens<'x> {
    source: &'x str,
    reader: Reader<&'x [u8]>,
    /// Where the reader began.
    base: usize,
    restarts: usize,
    ended: bool,
    /// A token that was read to see whether text goes on.
    next: Option<Token<'x>>,
    /// Something is not well-formed.
    pub malformed: bool,
    /// The document declares entities, which may stand for text.
    pub declares_entities: bool,
}

/// How often reading begins again behind something that is damaged; then the rest is plain text.
const MOST_RESTARTS: usize = 20;

impl<'x> Tokens<'x> {
    pub fn new(source: &'x str) -> Self {
        Tokens {
            source,
            reader: reader(source),
            base: 0,
            restarts: 0,
            ended: false,
            next: None,
            malformed: false,
            declares_entities: false,
        }
    }

    /// Goes on behind the octet that could not be read.
    fn restart(&mut self) -> Option<Token<'x>> {
        self.malformed = true;
        self.restarts += 1;
        let position = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        let at = self.base.saturating_add(position);
        let next = self
            .source
            .ceil_char_boundary(at.saturating_add(1).max(self.base + 1));
        let rest = self.source.get(next..).unwrap_or_default();
        if self.restarts > MOST_RESTARTS || rest.is_empty() {
            self.ended = true;
            return Some(Token::Text(Cow::Borrowed(rest)));
        }
        (self.base, self.reader) = (next, reader(rest));
        Some(Token::Text(Cow::Borrowed("")))
    }

    fn read(&mut self) -> Option<Token<'x>> {
        while !self.ended {
            return Some(match self.reader.read_event() {
                Ok(Event::Start(start) | Event::Empty(start)) => Token::Open(Element(start)),
                Ok(Event::End(end)) => Token::Close(Name(end)),
                Ok(Event::Text(text)) => Token::Text(text.into_inner()),
                Ok(Event::CData(text)) => Token::Text(text.into_inner()),
                Ok(Event::GeneralRef(reference)) => self.reference(&reference),
                Ok(Event::Comment(comment)) => Token::Comment(comment.into_inner()),
                Ok(Event::DocType(declaration)) => {
                    self.declares_entities |= declaration.contains("<!ENTITY");
                    Token::Comment(declaration.into_inner())
                }
                Ok(Event::PI(instruction)) => Token::Comment(Cow::Owned(instruction.to_string())),
                Ok(Event::Decl(_)) => continue,
                Ok(Event::Eof) => return None,
                Err(_) => return self.restart(),
            });
        }
        None
    }

    fn reference(&mut self, reference: &BytesRef<'x>) -> Token<'x> {
        let known = match reference.resolve_char_ref() {
            Ok(Some(character)) => Some(Cow::Owned(character.to_string())),
            _ => resolve_predefined_entity(reference).map(Cow::Borrowed),
        };
        self.malformed |= known.is_none();
        Token::Text(known.unwrap_or_else(|| Cow::Owned(format!("&{};", &**reference))))
    }
}

impl<'x> Iterator for Tokens<'x> {
    type Item = Token<'x>;

    fn next(&mut self) -> Option<Token<'x>> {
        let mut text = match self.next.take().or_else(|| self.read())? {
            Token::Text(text) => text,
            other => return Some(other),
        };
        loop {
            match self.read() {
                Some(Token::Text(more)) if text.is_empty() => text = more,
                Some(Token::Text(more)) => text.to_mut().push_str(&more),
                other => {
                    self.next = other;
                    return Some(Token::Text(text));
                }
            }
        }
    }
}

fn reader(source: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(source);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    config.expand_empty_elements = true;
    reader
}

/// The root of a document: its local name, and whether it declares one of `namespaces`.
pub(super) fn root(source: &str, namespaces: &[&str]) -> Option<(String, bool)> {
    let start = source.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if !start.starts_with('<') {
        return None;
    }
    let root = Tokens::new(start).find_map(|token| match token {
        Token::Open(element) => Some(element),
        _ => None,
    })?;
    Some((root.local().to_owned(), root.declares(namespaces)))
}

/// The text of an XML file: UTF-8 or UTF-16 by its octets, else what its declaration says (XML 1.0 §4.3.3);
/// `None` when the octets are no XML at all.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let begins = |bytes: &[u8]| bytes.trim_ascii_start().starts_with(b"<");
    if begins(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
        return Some(charset::read(bytes, declared(bytes).as_deref()).text);
    }
    if !charset::is_wide(bytes) {
        return None;
    }
    let text = charset::read(bytes, None).text;
    text.trim_start_matches(['\u{feff}', ' ', '\r', '\n'])
        .starts_with('<')
        .then_some(text)
}

/// Octets that stand in a document as base64; what is not of its alphabet is skipped.
pub(super) fn base64(encoded: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(encoded.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for value in encoded.bytes().filter_map(sextet) {
        bits = (bits << 6 | value) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    octets
}

fn sextet(octet: u8) -> Option<u32> {
    Some(u32::from(match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// The encoding that an XML declaration names, where it matters.
fn declared(bytes: &[u8]) -> Option<String> {
    if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
        return Some("utf-8".to_owned());
    }
    let start = bytes.get(..bytes.len().min(200))?;
    let at = memchr::memmem::find(start, b"encoding=")? + 10;
    let value = start.get(at..)?;
    let length = value
        .iter()
        .take_while(|octet| !matches!(octet, b'"' | b'\''))
        .count();
    Some(String::from_utf8_lossy(value.get(..length)?).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> (String, bool) {
        let mut tokens = Tokens::new(source);
        let mut text = String::new();
        for token in tokens.by_ref() {
            match token {
                Token::Open(element) => text.push_str(&format!("[{}]", element.local())),
                Token::Close(_) => text.push('.'),
                Token::Text(piece) => text.push_str(&piece),
                Token::Comment(_) => {}
            }
        }
        (text, tokens.malformed)
    }

    #[test]
    fn names_are_local_and_references_are_resolved() {
        assert_eq!(
            shown("<?xml version='1.0'?><w:p xmlns:w='x'>5&#51;6&amp;<w:tab/><![CDATA[<22>]]></w:p>"),
            ("[p]536&[tab].<22>.".to_owned(), false)
        );
        let texts =
            Tokens::new("<a>5&#51;6<![CDATA[ & ]]>22</a>").filter(|token| matches!(token, Token::Text(_)));
        assert_eq!(texts.count(), 1);
    }

    #[test]
    fn damage_is_said_and_does_not_hide_what_follows() {
        for source in [
            "<a>x</b>536",
            "<a>&nope;</a>536",
            "<a><!-- 536",
            "<a b=\"<c>536",
            "<a>536<",
            "<?x 536",
            "536<a",
        ] {
            assert!(shown(source).0.contains("536"), "{source}");
        }
        assert!(shown("<a>&nope;</a>").1);
        assert!(shown("<a><!-- x").1);
    }

    #[test]
    fn declared_entities_are_told_and_not_expanded() {
        let mut tokens = Tokens::new("<!DOCTYPE a [<!ENTITY b \"536\">]><a>&b;</a>");
        let texts: Vec<String> = tokens
            .by_ref()
            .filter_map(|token| match token {
                Token::Text(text) => Some(text.into_owned()),
                _ => None,
            })
            .collect();
        assert_eq!((texts, tokens.declares_entities), (vec!["&b;".to_owned()], true));
    }

    #[test]
    fn base64_becomes_octets() {
        assert_eq!(base64("NTM2LTIy\n LTgxNDU="), b"536-22-8145");
        assert_eq!(base64("=!"), b"");
    }

    #[test]
    fn broken_markup_of_any_length_ends() {
        for piece in [
            "<",
            "<a ",
            "<!--",
            "<![CDATA[",
            "<!DOCTYPE ",
            "&",
            "<?",
            "<a b='",
            "</",
            "<a>",
        ] {
            shown(&piece.repeat((256 << 10) / piece.len()));
        }
    }
}
