//! HTML → tokens, in one pass (after HTML Standard §13.2.5, without its tree).

use memchr::{memchr, memmem, memrchr};

/// A piece of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text, with its character references.
    Text(&'a str),
    /// A start tag.
    Open(Tag<'a>),
    /// An end tag's name.
    Close(&'a str),
    /// A comment.
    Comment(&'a str),
    /// The content of a script or style, and the innards of odd tags: never shown, perhaps read.
    Hidden(&'a str),
}

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Its name as written.
    pub name: &'a str,
    /// Names and values as written.
    pub attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Tag<'a> {
    /// The value of the first attribute with this name.
    pub fn value(&self, name: &str) -> Option<&'a str> {
        let found = self
            .attributes
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }
}

/// Tokens of a page.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Where the last `>` stands; no tag begins behind it.
    last_end: Option<usize>,
    /// Where the last quotes of each kind stand; behind them a quote opens nothing.
    last_double: Option<usize>,
    last_single: Option<usize>,
    /// A quote swallowed the rest of the page once; quotes mean nothing from there on.
    naive: bool,
    /// Set after a start tag whose content is no HTML.
    raw: Option<&'static str>,
}

impl<'a> Tokens<'a> {
    pub fn of(text: &'a str) -> Self {
        let octets = text.as_bytes();
        Tokens {
            text,
            at: 0,
            last_end: memrchr(b'>', octets),
            last_double: memrchr(b'"', octets),
            last_single: memrchr(b'\'', octets),
            naive: false,
            raw: None,
        }
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn rest(&self, from: usize) -> &'a [u8] {
        self.text.as_bytes().get(from..).unwrap_or_default()
    }

    /// Everything up to `end`, and on behind `next`.
    fn take(&mut self, from: usize, end: usize, next: usize) -> &'a str {
        self.at = next;
        self.slice(from, end)
    }

    /// The content of a script or style, up to its end tag or the end of the page.
    fn raw_content(&mut self, name: &str) -> Token<'a> {
        let start = self.at;
        let ends = |at: &usize| {
            let tag = self.text.as_bytes().get(at + 2..at + 2 + name.len());
            tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
        };
        let end = memmem::find_iter(self.rest(start), b"</")
            .map(|found| start + found)
            .find(ends);
        let end = end.unwrap_or(self.text.len());
        Token::Hidden(self.take(start, end, end))
    }

    /// What begins with the `<` at the present place, if it is markup at all.
    fn markup(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let rest = self.rest(start + 1);
        if rest.starts_with(b"!--") {
            return Some(self.comment());
        }
        let end = self.last_end.filter(|last| start < *last)?;
        match rest.first()? {
            b'!' | b'?' => {
                let end = memchr(b'>', rest).map_or(end, |found| start + 1 + found);
                Some(Token::Hidden(self.take(start + 2, end, end + 1)))
            }
            b'/' if rest.get(1)?.is_ascii_alphabetic() => Some(self.end_tag()),
            // A comment to browsers (§13.2.5.7).
            b'/' => {
                let end = memchr(b'>', rest).map_or(end, |found| start + 1 + found);
                Some(Token::Hidden(self.take(start + 2, end, end + 1)))
            }
            first if first.is_ascii_alphabetic() => Some(self.start_tag()),
            _ => None,
        }
    }

    fn comment(&mut self) -> Token<'a> {
        let start = self.at + 4;
        let rest = self.rest(start);
        for (abrupt, length) in [(&b">"[..], 1), (b"->", 2)] {
            if rest.starts_with(abrupt) {
                return Token::Comment(self.take(start, start, start + length));
            }
        }
        let closing = memmem::find_iter(rest, b"--").find_map(|found| match rest.get(found + 2..)? {
            [b'>', ..] => Some((found, 3)),
            [b'!', b'>', ..] => Some((found, 4)),
            [b'-', b'>', ..] => Some((found + 1, 3)),
            _ => None,
        });
        match closing {
            Some((found, length)) => Token::Comment(self.take(start, start + found, start + found + length)),
            None => Token::Comment(self.take(start, self.text.len(), self.text.len())),
        }
    }

    fn end_tag(&mut self) -> Token<'a> {
        let start = self.at + 2;
        let length = name_length(self.rest(start));
        let end = memchr(b'>', self.rest(start)).map_or(self.text.len(), |found| start + found);
        let odd = end.saturating_sub(start + length) > 20;
        let name = self.slice(start, start + length);
        if odd {
            return Token::Hidden(self.take(start, end, end + 1));
        }
        self.at = end + 1;
        Token::Close(name)
    }

    fn start_tag(&mut self) -> Token<'a> {
        let start = self.at + 1;
        let length = name_length(self.rest(start));
        let name = self.slice(start, start + length);
        let read = if self.naive {
            None
        } else {
            self.attributes(start + length)
        };
        let (attributes, next) = read.unwrap_or_else(|| {
            self.naive = true;
            let end = memchr(b'>', self.rest(start)).map_or(self.text.len(), |found| start + found);
            (vec![("value", self.slice(start + length, end))], end + 1)
        });
        self.at = next;
        self.raw = ["script", "style"]
            .into_iter()
            .find(|raw| name.eq_ignore_ascii_case(raw));
        Token::Open(Tag { name, attributes })
    }

    /// The attributes that begin here and where the tag ends; nothing if a quote swallows the end.
    fn attributes(&self, mut at: usize) -> Option<(Vec<(&'a str, &'a str)>, usize)> {
        let mut attributes = Vec::new();
        loop {
            at += self
                .rest(at)
                .iter()
                .take_while(|octet| octet.is_ascii_whitespace() || **octet == b'/')
                .count();
            match self.rest(at).first()? {
                b'>' => return Some((attributes, at + 1)),
                _ => {
                    let (attribute, next) = self.attribute(at)?;
                    attributes.push(attribute);
                    at = next;
                }
            }
        }
    }

    fn attribute(&self, start: usize) -> Option<((&'a str, &'a str), usize)> {
        let ends_name = |octet: &u8| octet.is_ascii_whitespace() || matches!(octet, b'=' | b'>' | b'/');
        let first = usize::from(self.rest(start).first() == Some(&b'='));
        let end = start
            + first
            + self
                .rest(start + first)
                .iter()
                .take_while(|octet| !ends_name(octet))
                .count();
        let name = self.slice(start, end);
        let spaces = |from: usize| {
            self.rest(from)
                .iter()
                .take_while(|octet| octet.is_ascii_whitespace())
                .count()
        };
        let equals = end + spaces(end);
        if self.rest(equals).first() != Some(&b'=') {
            return Some(((name, ""), end));
        }
        let value = equals + 1 + spaces(equals + 1);
        let quote = *self.rest(value).first()?;
        let last = if quote == b'"' {
            self.last_double
        } else {
            self.last_single
        };
        if matches!(quote, b'"' | b'\'') && last.is_some_and(|last| last > value) {
            let length = memchr(quote, self.rest(value + 1))?;
            let end = value + 1 + length;
            return Some(((name, self.slice(value + 1, end)), end + 1));
        }
        let length = self
            .rest(value)
            .iter()
            .take_while(|octet| !octet.is_ascii_whitespace() && **octet != b'>')
            .count();
        Some(((name, self.slice(value, value + length)), value + length))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if self.at >= self.text.len() {
            return None;
        }
        if let Some(name) = self.raw.take() {
            return Some(self.raw_content(name));
        }
        let start = self.at;
        let markup = if self.rest(start).first() == Some(&b'<') {
            self.markup()
        } else {
            None
        };
        if markup.is_some() {
            return markup;
        }
        let next = memchr(b'<', self.rest(start + 1)).map_or(self.text.len(), |found| start + 1 + found);
        Some(Token::Text(self.take(start, next, next)))
    }
}

fn name_length(rest: &[u8]) -> usize {
    rest.iter()
        .take_while(|octet| !octet.is_ascii_whitespace() && !matches!(octet, b'>' | b'/'))
        .count()
}
