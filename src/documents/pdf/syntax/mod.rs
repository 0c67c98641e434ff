//! The grammar of PDF (ISO 32000-2 §7.2, §7.3): tokens and objects. Knows no files, streams or fonts.

mod lexer;
mod object;
mod parser;
mod text;

pub(super) use lexer::{Lexer, Token, is_delimiter, is_space, unescaped, unhexed};
pub(super) use object::{Dictionary, Object};
pub(super) use parser::{Parsed, parse};
pub(super) use text::decode_text;

#[cfg(test)]
mod tests;
