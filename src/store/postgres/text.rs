//! Text that PostgreSQL would not take: it keeps no NUL in a text, and mail may hold one.

use std::borrow::Cow;

/// The text without NUL; [`read`] makes it what it was. Text without NUL and backslash stays as it is.
pub(super) fn write(text: &str) -> Cow<'_, str> {
    match text.contains(['\0', '\\']) {
        true => text.replace('\\', "\\\\").replace('\0', "\\0").into(),
        false => text.into(),
    }
}

/// What [`write()`] was given.
pub(super) fn read(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        read.push(match character {
            '\\' => match characters.next() {
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_and_none_holds_a_nul_on_the_way() {
        for text in ["", "plain", "\0", "\\0", "\\\0\\\\0\0", "a\\", "é\0\u{10ffff}"] {
            assert_eq!(read(&write(text)), text);
            assert!(!write(text).contains('\0'));
        }
    }
}
