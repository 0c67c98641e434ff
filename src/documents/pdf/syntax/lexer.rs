//! Octets → tokens. Never fails: what is no token is skipped.

use std::borrow::Cow;

/// A token; strings and names as they are written, without their delimiters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Token<'a> {
    /// A number.
    Number(f64),
    /// A name without its solidus; `#xx` still stands in it.
    Name(&'a [u8]),
    /// What stands between the parentheses; escapes still stand in it.
    Literal(&'a [u8]),
    /// What stands between the angle brackets.
    Hex(&'a [u8]),
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// `<<`
    DictionaryStart,
    /// `>>`
    DictionaryEnd,
    /// Any other word: an operator, `true`, `obj`.
    Word(&'a [u8]),
}

/// Reads tokens one after the other.
#[derive(Debug, Clone)]
pub(in super::super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    /// A string did not end before the octets did.
    pub unended: bool,
}

/// White space (ISO 32000-2 §7.2.3).
pub(in super::super) fn is_space(octet: u8) -> bool {
    matches!(octet, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// What ends a word without being white space.
pub(in super::super) fn is_delimiter(octet: u8) -> bool {
    matches!(
        octet,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

impl<'a> Lexer<'a> {
    /// Starts at an offset.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Lexer {
            bytes,
            at: at.min(bytes.len()),
            unended: false,
        }
    }

    /// The offset of what comes next.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Goes on at another offset.
    pub fn seek(&mut self, at: usize) {
        self.at = at.min(self.bytes.len());
    }

    /// The next token; `None` at the end.
    pub fn token(&mut self) -> Option<Token<'a>> {
        loop {
            self.skip_space();
            let start = self.at;
            let octet = self.peek(0)?;
            self.at += 1;
            return Some(match octet {
                b'/' => Token::Name(self.regular(start + 1)),
                b'(' => self.literal(),
                b'[' => Token::ArrayStart,
                b']' => Token::ArrayEnd,
                b'<' if self.peek(0) == Some(b'<') => {
                    self.at += 1;
                    Token::DictionaryStart
                }
                b'<' => self.hex(),
                b'>' if self.peek(0) == Some(b'>') => {
                    self.at += 1;
                    Token::DictionaryEnd
                }
                b'>' | b')' | b'{' | b'}' => continue,
                _ => {
                    let word = self.regular(start);
                    number(word).map_or(Token::Word(word), Token::Number)
                }
            });
        }
    }

    /// Skips white space and comments.
    pub fn skip_space(&mut self) {
        while let Some(octet) = self.peek(0) {
            if is_space(octet) {
                self.at += 1;
            } else if octet == b'%' {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            } else {
                break;
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn regular(&mut self, start: usize) -> &'a [u8] {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|octet| is_space(*octet) || is_delimiter(*octet))
            .unwrap_or(rest.len());
        self.at = start + length;
        rest.get(..length).unwrap_or_default()
    }

    fn literal(&mut self) -> Token<'a> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (mut depth, mut at) = (1_usize, 0);
        while let Some(next) = rest
            .get(at..)
            .and_then(|rest| memchr::memchr3(b'(', b')', b'\\', rest))
        {
            at += next;
            match rest.get(at) {
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                _ => at += 1,
            }
            at += 1;
            if depth == 0 {
                self.at += at;
                return Token::Literal(rest.get(..at - 1).unwrap_or_default());
            }
        }
        self.unended = true;
        self.at = self.bytes.len();
        Token::Literal(rest)
    }

    fn hex(&mut self) -> Token<'a> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = memchr::memchr(b'>', rest);
        self.unended |= end.is_none();
        let length = end.unwrap_or(rest.len());
        self.at = (self.at + length + 1).min(self.bytes.len());
        Token::Hex(rest.get(..length).unwrap_or_default())
    }
}

/// Numbers as viewers take them: `+1`, `-.5`, `4.`, `--3`, `12-34` (which is 12).
fn number(word: &[u8]) -> Option<f64> {
    let first = *word.first()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let unsigned = word.iter().position(|octet| !matches!(octet, b'+' | b'-'))?;
    let (mut value, mut scale, mut digits) = (0_f64, 0_f64, 0_usize);
    for octet in word.get(unsigned..)? {
        match octet {
            b'0'..=b'9' if scale == 0.0 => value = value * 10.0 + f64::from(octet - b'0'),
            b'0'..=b'9' => {
                value += f64::from(octet - b'0') * scale;
                scale *= 0.1;
            }
            b'.' if scale == 0.0 => {
                scale = 0.1;
                continue;
            }
            b'-' if digits > 0 => break,
            _ => return None,
        }
        digits += 1;
    }
    let negative = word.get(..unsigned)?.contains(&b'-');
    (digits > 0 || scale > 0.0).then_some(if negative { -value } else { value })
}

/// A literal string without its escapes (ISO 32000-2 §7.3.4.2).
pub(in super::super) fn unescaped(literal: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\\', b'\r', literal).is_none() {
        return Cow::Borrowed(literal);
    }
    let mut octets = literal.iter().copied().peekable();
    let mut string = Vec::with_capacity(literal.len());
    while let Some(octet) = octets.next() {
        match octet {
            b'\r' => {
                octets.next_if_eq(&b'\n');
                string.push(b'\n');
            }
            b'\\' => match octets.next() {
                Some(b'n') => string.push(b'\n'),
                Some(b'r') => string.push(b'\r'),
                Some(b't') => string.push(b'\t'),
                Some(b'b') => string.push(8),
                Some(b'f') => string.push(12),
                Some(b'\r') => _ = octets.next_if_eq(&b'\n'),
                Some(b'\n') | None => {}
                Some(digit @ b'0'..=b'7') => {
                    let mut value = digit - b'0';
                    for _ in 0..2 {
                        let Some(digit) = octets.next_if(|octet| matches!(octet, b'0'..=b'7')) else {
                            break;
                        };
                        value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                    }
                    string.push(value);
                }
                Some(other) => string.push(other),
            },
            other => string.push(other),
        }
    }
    Cow::Owned(string)
}

/// The octets of a hexadecimal string; an odd digit at the end stands for its high half.
pub(in super::super) fn unhexed(hex: &[u8]) -> Vec<u8> {
    let mut digits = hex.iter().filter_map(|octet| char::from(*octet).to_digit(16));
    let mut octets = Vec::with_capacity(hex.len() / 2 + 1);
    while let Some(high) = digits.next() {
        let low = digits.next().unwrap_or(0);
        octets.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    octets
}
