//! Pictures that stand in the content itself (ISO 32000-2 §8.9.7).

use super::{Interpreter, Picture};
use crate::documents::pdf::syntax::{Lexer, Token, is_delimiter, is_space};

impl Interpreter<'_, '_, '_, '_> {
    /// Notes the picture and skips its data. It ends at the first place where any viewer ends it, so that text
    /// behind that place is read.
    pub(super) fn inline_picture(&mut self, lexer: &mut Lexer<'_>, content: &[u8]) {
        let (mut width, mut height, mut key) = (0.0_f64, 0.0_f64, None::<&[u8]>);
        while let Some(token) = lexer.token() {
            match (token, key) {
                (Token::Word(b"ID"), _) => break,
                (Token::Number(number), Some(b"W" | b"Width")) => width = number,
                (Token::Number(number), Some(b"H" | b"Height")) => height = number,
                (Token::Word(b"EI"), _) => return,
                _ => {}
            }
            key = match token {
                Token::Name(name) => Some(name),
                _ => None,
            };
        }
        let data = lexer.offset() + 1;
        lexer.seek(end_of_data(content, data));
        self.canvas.picture(Picture {
            definition: None,
            width: width.clamp(0.0, 1e9) as usize,
            height: height.clamp(0.0, 1e9) as usize,
            area: self.state.transformation.area(),
        });
    }
}

fn end_of_data(content: &[u8], start: usize) -> usize {
    let rest = content.get(start..).unwrap_or_default();
    let ends = memchr::memmem::find_iter(rest, b"EI");
    let alone = |at: &usize| {
        let before = at.checked_sub(1).and_then(|at| rest.get(at));
        let behind = rest.get(at + 2);
        let ends = |octet: &u8| is_space(*octet) || is_delimiter(*octet);
        before.is_none_or(|octet| is_space(*octet)) && behind.is_none_or(ends)
    };
    ends.into_iter()
        .find(alone)
        .map_or(content.len(), |at| start + at + 2)
}
