//! Tokens → one object. Nests by a list, never by recursion, and within limits.

use std::borrow::Cow;

use super::{Dictionary, Lexer, Object, Token, unescaped, unhexed};

/// Deeper nesting is flattened, so that nothing in it is lost.
const DEEPEST: usize = 64;
/// An object with more members than this is cut there.
const MOST_MEMBERS: usize = 2_000_000;

/// What was read.
#[derive(Debug)]
pub(in super::super) struct Parsed<'a> {
    /// The object.
    pub object: Object<'a>,
    /// Where reading ended: behind the object, or at the word that ended it.
    pub end: usize,
    /// A string in it has no end.
    pub damaged: bool,
    /// It was cut at a limit.
    pub cut: bool,
}

/// An array or dictionary whose end is still to come.
struct Open<'a> {
    is_dictionary: bool,
    members: Vec<Object<'a>>,
}

/// Reads the object that starts at `at`. Words that mean something outside of objects end it.
pub(in super::super) fn parse(bytes: &[u8], at: usize) -> Parsed<'_> {
    let mut lexer = Lexer::new(bytes, at);
    let mut open = vec![Open {
        is_dictionary: false,
        members: Vec::new(),
    }];
    let (mut flattened, mut count, mut end) = (0_usize, 0_usize, lexer.offset());
    while let Some(token) = lexer.token() {
        count += 1;
        if count > MOST_MEMBERS {
            break;
        }
        if let Token::Word(
            b"endobj" | b"stream" | b"endstream" | b"obj" | b"xref" | b"trailer" | b"startxref",
        ) = token
        {
            break;
        }
        step(token, &mut open, &mut flattened);
        end = lexer.offset();
        if let [outermost] = open.as_slice()
            && let [Object::Dictionary(_) | Object::Array(_) | Object::String(_)] =
                outermost.members.as_slice()
        {
            break;
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    let members = open.pop().map(|open| open.members).unwrap_or_default();
    Parsed {
        object: members.into_iter().next().unwrap_or_default(),
        end,
        damaged: lexer.unended,
        cut: count > MOST_MEMBERS,
    }
}

fn step<'a>(token: Token<'a>, open: &mut Vec<Open<'a>>, flattened: &mut usize) {
    let object = match token {
        Token::ArrayStart | Token::DictionaryStart if open.len() >= DEEPEST => {
            *flattened += 1;
            return;
        }
        Token::ArrayStart | Token::DictionaryStart => {
            return open.push(Open {
                is_dictionary: token == Token::DictionaryStart,
                members: Vec::new(),
            });
        }
        Token::ArrayEnd | Token::DictionaryEnd if *flattened > 0 => {
            *flattened -= 1;
            return;
        }
        Token::ArrayEnd | Token::DictionaryEnd => {
            if open.len() > 1 {
                close(open);
            }
            return;
        }
        Token::Number(number) => Object::Number(number),
        Token::Name(name) => Object::Name(plain_name(name)),
        Token::Literal(literal) => Object::String(unescaped(literal)),
        Token::Hex(hex) => Object::String(Cow::Owned(unhexed(hex))),
        Token::Word(b"true") => Object::Boolean(true),
        Token::Word(b"false") => Object::Boolean(false),
        Token::Word(b"R") => reference(open),
        Token::Word(_) => Object::Null,
    };
    if let Some(innermost) = open.last_mut() {
        innermost.members.push(object);
    }
}

/// The two numbers before `R` are the reference.
fn reference<'a>(open: &mut [Open<'a>]) -> Object<'a> {
    let Some(innermost) = open.last_mut() else {
        return Object::Null;
    };
    let members = &mut innermost.members;
    let number = members
        .len()
        .checked_sub(2)
        .and_then(|at| members.get(at)?.count());
    let generation = members.last().and_then(Object::count);
    match (number.and_then(|number| u32::try_from(number).ok()), generation) {
        (Some(number), Some(_)) => {
            members.truncate(members.len().saturating_sub(2));
            Object::Reference(number)
        }
        _ => Object::Null,
    }
}

fn close(open: &mut Vec<Open<'_>>) {
    let Some(closed) = open.pop() else { return };
    let object = if closed.is_dictionary {
        Object::Dictionary(pairs(closed.members))
    } else {
        Object::Array(closed.members)
    };
    if let Some(outer) = open.last_mut() {
        outer.members.push(object);
    }
}

/// Keys and values; what stands where a key should be is kept without one.
fn pairs(members: Vec<Object<'_>>) -> Dictionary<'_> {
    let mut entries = Vec::with_capacity(members.len() / 2);
    let mut members = members.into_iter();
    while let Some(key) = members.next() {
        match key {
            Object::Name(key) => entries.push((key, members.next().unwrap_or_default())),
            stray => entries.push((Cow::Borrowed(&b""[..]), stray)),
        }
    }
    Dictionary(entries)
}

fn plain_name(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'#') {
        return Cow::Borrowed(name);
    }
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match digits.filter(|_| *first == b'#') {
            Some(digits) => {
                plain.extend(unhexed(digits));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    Cow::Owned(plain)
}
