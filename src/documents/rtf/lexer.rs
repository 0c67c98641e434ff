//! The words of RTF: braces, control words, control symbols, characters ([MS-OXRTFEX] §2.1, RTF 1.9.1 "Conventions").

use memchr::memchr3;

/// One word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// A control word with its number, if it has one: `\fs24`.
    Word(&'a [u8], Option<i32>),
    /// A control symbol: a backslash and one octet that is no letter.
    Symbol(u8),
    /// `\'hh`
    Octet(u8),
    /// Octets that stand for themselves; line ends among them mean nothing.
    Text(&'a [u8]),
    /// What follows `\bin`.
    Binary(&'a [u8]),
}

/// Splits RTF into its words. Every input has some reading.
pub(super) struct Lexer<'a> {
    rest: &'a [u8],
}

impl<'a> Lexer<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Lexer { rest: bytes }
    }

    /// How much was not read yet.
    pub fn left(&self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn control(&mut self) -> Token<'a> {
        self.take(1);
        let letters = count(self.rest, u8::is_ascii_alphabetic);
        if letters > 0 {
            return self.word(letters);
        }
        match self.take(1).first().copied() {
            Some(b'\'') => self.octet(),
            // A line end behind a backslash is a paragraph; `\r\n` is one line end.
            Some(b'\r') if self.rest.first() == Some(&b'\n') => {
                self.take(1);
                Token::Symbol(b'\n')
            }
            Some(b'\r') => Token::Symbol(b'\n'),
            Some(symbol) => Token::Symbol(symbol),
            None => Token::Text(b"\\"),
        }
    }

    fn word(&mut self, letters: usize) -> Token<'a> {
        let name = self.take(letters);
        let sign = usize::from(self.rest.first() == Some(&b'-'));
        let digits = count(self.rest.get(sign..).unwrap_or_default(), u8::is_ascii_digit);
        let number = match digits {
            0 => None,
            _ => Some(number(self.take(sign + digits))),
        };
        // One space ends the word and belongs to it.
        if self.rest.first() == Some(&b' ') {
            self.take(1);
        }
        match (name, number) {
            (b"bin", Some(length)) => Token::Binary(self.take(usize::try_from(length).unwrap_or(0))),
            _ => Token::Word(name, number),
        }
    }

    fn octet(&mut self) -> Token<'a> {
        let digits = self.rest.get(..2).and_then(|pair| match pair {
            [high, low] => Some(hex(*high)? << 4 | hex(*low)?),
            _ => None,
        });
        match digits {
            Some(octet) => {
                self.take(2);
                Token::Octet(octet)
            }
            None => Token::Text(b""),
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let token = match self.rest.first()? {
            b'{' => {
                self.take(1);
                Token::Open
            }
            b'}' => {
                self.take(1);
                Token::Close
            }
            b'\\' => self.control(),
            _ => {
                let end = memchr3(b'{', b'}', b'\\', self.rest).unwrap_or(self.rest.len());
                Token::Text(self.take(end))
            }
        };
        Some(token)
    }
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

fn count(bytes: &[u8], fits: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|octet| fits(octet)).count()
}

/// Saturates, as nothing sensible is that large.
fn number(text: &[u8]) -> i32 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let value = digits.iter().fold(0i32, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i32::from(digit.saturating_sub(b'0')))
    });
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_the_format_says() {
        let tokens: Vec<Token> = Lexer::new(b"{\\b0 1\\u-3 \\'3fa\\\\\\*\\~x\r\ny\\bin3 {}}}\\").collect();
        assert_eq!(
            tokens,
            [
                Token::Open,
                Token::Word(b"b", Some(0)),
                Token::Text(b"1"),
                Token::Word(b"u", Some(-3)),
                Token::Octet(0x3f),
                Token::Text(b"a"),
                Token::Symbol(b'\\'),
                Token::Symbol(b'*'),
                Token::Symbol(b'~'),
                Token::Text(b"x\r\ny"),
                Token::Binary(b"{}}"),
                Token::Close,
                Token::Text(b"\\"),
            ]
        );
    }
}
