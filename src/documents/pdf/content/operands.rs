//! The operands that stand before an operator.

use std::borrow::Cow;

use crate::documents::pdf::syntax::{Token, decode_text, unescaped, unhexed};

/// Tokens that wait for their operator.
#[derive(Default)]
pub(super) struct Operands<'c>(Vec<Token<'c>>);

/// No operator needs more; a longer array of strings is shown in portions.
const MOST: usize = 100_000;

/// A member of what is shown.
pub(super) enum Shown<'c> {
    Text(Cow<'c, [u8]>),
    /// Thousandths of the size to step back.
    Step(f64),
}

impl<'c> Operands<'c> {
    /// Adds one, and tells whether there are too many to wait.
    pub fn push(&mut self, token: Token<'c>) -> bool {
        self.0.push(token);
        self.0.len() >= MOST
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The last name.
    pub fn name(&self) -> Option<&'c [u8]> {
        self.0.iter().rev().find_map(|token| match token {
            Token::Name(name) => Some(*name),
            _ => None,
        })
    }

    /// The last number, or nought.
    pub fn last_number(&self) -> f64 {
        let mut numbers = self.0.iter().rev().filter_map(number);
        numbers.next().unwrap_or(0.0)
    }

    /// The last numbers.
    pub fn numbers<const COUNT: usize>(&self) -> Option<[f64; COUNT]> {
        let start = self.0.len().checked_sub(COUNT)?;
        collect(self.0.get(start..)?)
    }

    /// The first numbers.
    pub fn first_numbers<const COUNT: usize>(&self) -> Option<[f64; COUNT]> {
        collect(self.0.get(..COUNT)?)
    }

    /// Strings, and the steps between them.
    pub fn shown(&self) -> impl Iterator<Item = Shown<'c>> {
        self.0.iter().filter_map(|token| match token {
            Token::Number(step) => Some(Shown::Step(*step)),
            other => string(other).map(Shown::Text),
        })
    }

    /// The text that follows a key.
    pub fn text_after(&self, key: &[u8]) -> Option<String> {
        let place = self.0.iter().position(|token| *token == Token::Name(key))?;
        string(self.0.get(place + 1)?).map(|string| decode_text(&string))
    }
}

fn number(token: &Token<'_>) -> Option<f64> {
    match token {
        Token::Number(number) => Some(*number),
        _ => None,
    }
}

fn string<'c>(token: &Token<'c>) -> Option<Cow<'c, [u8]>> {
    match token {
        Token::Literal(literal) => Some(unescaped(literal)),
        Token::Hex(hex) => Some(Cow::Owned(unhexed(hex))),
        _ => None,
    }
}

fn collect<const COUNT: usize>(tokens: &[Token<'_>]) -> Option<[f64; COUNT]> {
    let mut numbers = [0.0; COUNT];
    for (slot, token) in numbers.iter_mut().zip(tokens) {
        *slot = number(token)?;
    }
    Some(numbers)
}
