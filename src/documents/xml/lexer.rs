//! XML → tokens, in one pass that accepts anything (after XML 1.0 §2).

use memchr::{memchr, memmem};

/// A piece of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Character data with its references.
    Text(&'a str),
    /// Character data as it is (CDATA).
    Verbatim(&'a str),
    /// A start tag.
    Open {
        /// Its name, without the prefix of its namespace.
        name: &'a str,
        /// All that stands behind the name.
        attributes: &'a str,
        /// Whether it is an end tag as well.
        empty: bool,
    },
    /// An end tag, with all that stands in it.
    Close(&'a str),
    /// A comment, a declaration or an instruction.
    Hidden(&'a str),
}

/// Tokens of a document.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// No end of this kind follows any more; looking again for each beginning would take too long.
    no_comment_end: bool,
    no_verbatim_end: bool,
    no_instruction_end: bool,
    no_subset_end: bool,
    no_tag_end: bool,
    /// A quote swallowed the end of a tag once; quotes mean nothing from there on.
    naive: bool,
}

impl<'a> Tokens<'a> {
    pub fn of(text: &'a str) -> Self {
        Tokens {
            rest: text,
            no_comment_end: false,
            no_verbatim_end: false,
            no_instruction_end: false,
            no_subset_end: false,
            no_tag_end: false,
            naive: false,
        }
    }

    /// Everything up to `end`; the next token begins behind `next`.
    fn take(&mut self, from: usize, end: usize, next: usize) -> &'a str {
        let taken = self.rest.get(from..end).unwrap_or_default();
        self.rest = self.rest.get(next..).unwrap_or_default();
        taken
    }

    /// What stands between a beginning of this length and an end, or the whole rest.
    fn until(&mut self, begins: usize, ends: &str, gone: bool) -> (&'a str, bool) {
        let body = self.rest.as_bytes().get(begins..).unwrap_or_default();
        let found = if gone {
            None
        } else {
            memmem::find(body, ends.as_bytes())
        };
        match found {
            Some(at) => (self.take(begins, begins + at, begins + at + ends.len()), gone),
            // Without its end, it ends with the tag.
            None => {
                let at = memchr(b'>', body).map_or(self.rest.len(), |at| begins + at);
                (self.take(begins, at, (at + 1).min(self.rest.len())), true)
            }
        }
    }

    fn markup(&mut self) -> Option<Token<'a>> {
        if self.rest.starts_with("<!--") {
            let (text, gone) = self.until(4, "-->", self.no_comment_end);
            self.no_comment_end = gone;
            return Some(Token::Hidden(text));
        }
        if self.rest.starts_with("<![CDATA[") {
            let (text, gone) = self.until(9, "]]>", self.no_verbatim_end);
            self.no_verbatim_end = gone;
            return Some(Token::Verbatim(text));
        }
        if self.rest.starts_with("<?") {
            let (text, gone) = self.until(2, "?>", self.no_instruction_end);
            self.no_instruction_end = gone;
            return Some(Token::Hidden(text));
        }
        if self.rest.starts_with("<!") {
            return Some(self.declaration());
        }
        let closes = self.rest.starts_with("</");
        let starts_name = |c: char| c.is_alphabetic() || c == '_';
        if !closes && !self.rest.get(1..)?.starts_with(starts_name) {
            return None;
        }
        let end = self.tag_end()?;
        if closes {
            return Some(Token::Close(self.take(2, end, end + 1)));
        }
        Some(self.tag(end))
    }

    /// Where a tag ends. A quote may hold a `>`, unless it is never closed.
    fn tag_end(&mut self) -> Option<usize> {
        let bytes = self.rest.as_bytes();
        let near = bytes.get(..bytes.len().min(LONGEST_TAG)).unwrap_or_default();
        let end = if self.naive { None } else { quoted_end(near) };
        self.naive |= end.is_none();
        let end = end.or_else(|| {
            if self.no_tag_end {
                None
            } else {
                memchr(b'>', bytes)
            }
        });
        self.no_tag_end |= end.is_none();
        end
    }

    fn tag(&mut self, end: usize) -> Token<'a> {
        let inside = self.take(1, end, end + 1);
        let empty = inside.ends_with('/');
        let inside = inside.trim_end_matches('/');
        let length = inside.find(char::is_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(length);
        Token::Open {
            name: local(name),
            attributes,
            empty,
        }
    }

    /// `<!DOCTYPE name [ … ]>`: the declarations inside may hold text.
    fn declaration(&mut self) -> Token<'a> {
        let bytes = self.rest.as_bytes();
        let plain = memchr(b'>', bytes).unwrap_or(self.rest.len());
        let subset = bytes.get(..plain).is_some_and(|start| start.contains(&b'['));
        let near = bytes.get(..bytes.len().min(LONGEST_SUBSET)).unwrap_or_default();
        let searched = subset && !self.no_subset_end;
        let found = if searched { memmem::find(near, b"]>") } else { None };
        self.no_subset_end |= searched && found.is_none();
        let end = found.map_or(plain, |at| at + 1);
        Token::Hidden(self.take(2, end, (end + 1).min(self.rest.len())))
    }
}

/// How far an internal subset is followed.
const LONGEST_SUBSET: usize = 64 << 10;

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        if self.rest.starts_with('<')
            && let Some(token) = self.markup()
        {
            return Some(token);
        }
        let behind = self.rest.as_bytes().get(1..).unwrap_or_default();
        let end = memchr(b'<', behind).map_or(self.rest.len(), |at| at + 1);
        Some(Token::Text(self.take(0, end, end)))
    }
}

/// Where a tag ends, when quotes hold what they should.
fn quoted_end(tag: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memchr::memchr3(b'>', b'"', b'\'', tag.get(at..)?)?;
        let quote = *tag.get(found)?;
        if quote == b'>' {
            return Some(found);
        }
        at = found + memchr(quote, tag.get(found + 1..)?)? + 2;
    }
}

/// Quotes in a longer tag mean nothing.
const LONGEST_TAG: usize = 64 << 10;

/// A name without the prefix of its namespace.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The attributes in the text behind a tag's name.
pub(super) fn attributes(mut text: &str) -> Vec<(&str, &str)> {
    let mut attributes = Vec::new();
    while let Some((name, rest)) = text.split_once('=') {
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let quoted = quote.and_then(|quote| rest.get(1..)?.split_once(quote));
        let (value, behind) = match quoted {
            Some(quoted) => quoted,
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        attributes.push((local(name.trim()), value));
        text = behind;
    }
    if !text.trim().is_empty() {
        attributes.push(("", text.trim()));
    }
    attributes
}

/// Whether a text that begins with `<` is XML: a declaration, or a first tag that is closed somewhere.
pub(super) fn looks_like_xml(text: &str) -> bool {
    if text.starts_with("<?xml") {
        return true;
    }
    let mut tokens = Tokens::of(text);
    let first = tokens.find(|token| !matches!(token, Token::Hidden(_) | Token::Text(_)));
    let Some(Token::Open { name, empty, .. }) = first else {
        return false;
    };
    let ending = text
        .get(text.ceil_char_boundary(text.len().saturating_sub(300))..)
        .unwrap_or(text);
    let closes = ending
        .rsplit("</")
        .next()
        .is_some_and(|tag| local(tag.trim_end()).starts_with(name));
    (empty && tokens.next().is_none()) || (closes && ending.contains("</"))
}
