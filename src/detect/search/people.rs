//! People who are named in one text and meant in another: the Subject and the beginning of a body are read as
//! one, the name of a file says whose papers it holds, and the header says who writes to whom.

use std::cell::OnceCell;

use super::super::Rules;
use super::super::normal::View;
use crate::message::Place;
use crate::mime::{Text, TextKind};

/// Where a person is named who may be meant by an element in another text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// In the Subject, or at the beginning of the body.
    Opening,
    /// In the name of the file.
    FileName,
}

/// Header fields that name authors and recipients (RFC 5322 §3.6.2, §3.6.3).
const PERSONS: [&str; 6] = ["from", "sender", "reply-to", "to", "cc", "bcc"];

/// Fields that hold the name of a file (RFC 2183 §2.3, RFC 2045 §5.1, §8).
const FILE_NAMES: [&str; 3] = ["content-disposition", "content-type", "content-description"];

/// The texts of a message that name people for other texts. Each is looked at once, and only when asked for.
pub(super) struct People<'t> {
    texts: &'t [Text],
    subject: OnceCell<bool>,
    body: OnceCell<bool>,
    /// Parts whose header names a person as author or recipient.
    correspondents: OnceCell<Vec<&'t str>>,
    /// Parts whose file name names a person.
    files: OnceCell<Vec<&'t str>>,
}

impl<'t> People<'t> {
    pub fn of(texts: &'t [Text]) -> Self {
        People {
            texts,
            subject: OnceCell::new(),
            body: OnceCell::new(),
            correspondents: OnceCell::new(),
            files: OnceCell::new(),
        }
    }

    /// Where else a person is named, for an element at `start` of `text`.
    pub fn elsewhere(&self, rules: &Rules, text: &Text, start: usize) -> Option<Elsewhere> {
        let opening = match text.kind {
            _ if is_subject(text) => *self
                .body
                .get_or_init(|| self.opens_with_a_name(rules, |text| text.kind == TextKind::Body)),
            TextKind::Body if start >= rules.names.window() => false,
            TextKind::Body | TextKind::Header => *self
                .subject
                .get_or_init(|| self.opens_with_a_name(rules, is_subject)),
            TextKind::Table => false,
        };
        let file = || {
            let files = self
                .files
                .get_or_init(|| self.parts(is_file_name, |text| names_in_file(rules, text)));
            text.kind != TextKind::Header && holds(files, &text.place.part)
        };
        match opening {
            true => Some(Elsewhere::Opening),
            false => file().then_some(Elsewhere::FileName),
        }
    }

    /// Whether the header of a message that holds `text` names a person as author or recipient, by given and
    /// family name.
    pub fn in_header(&self, rules: &Rules, text: &Text) -> bool {
        let correspondents = self.correspondents.get_or_init(|| {
            self.parts(names_correspondents, |text| {
                rules.names.is_correspondent(&folded(text))
            })
        });
        holds(correspondents, &text.place.part)
    }

    fn opens_with_a_name(&self, rules: &Rules, wanted: impl Fn(&Text) -> bool) -> bool {
        self.texts.iter().find(|text| wanted(text)).is_some_and(|text| {
            let end = text.text.floor_char_boundary(rules.names.window());
            let view = View::plain(text.text.get(..end).unwrap_or_default());
            !rules.names.within(&view.bytes, 0, view.bytes.len()).is_empty()
        })
    }

    /// The parts of the texts that are `wanted` and name a person.
    fn parts(&self, wanted: impl Fn(&Text) -> bool, named: impl Fn(&Text) -> bool) -> Vec<&'t str> {
        let texts = self.texts.iter().filter(|text| wanted(text) && named(text));
        texts.map(|text| text.place.part.as_str()).collect()
    }
}

/// Whether one of the parts is this part or holds it.
fn holds(parts: &[&str], part: &str) -> bool {
    parts.iter().any(|outer| {
        let inner = part.strip_prefix(*outer);
        *outer == Place::MESSAGE || inner.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn names_in_file(rules: &Rules, text: &Text) -> bool {
    let words = words_of_file_name(&folded(text));
    rules.names.is_correspondent(&words) || !rules.names.within(&words, 0, words.len()).is_empty()
}

/// The beginning of a text in the one spelling; names stand there.
fn folded(text: &Text) -> Vec<u8> {
    const LONGEST: usize = 16 << 10;
    let end = text.text.floor_char_boundary(LONGEST);
    View::plain(text.text.get(..end).unwrap_or_default())
        .bytes
        .into_owned()
}

/// `JohnSmith_W2-2024.pdf` as words: "John Smith W pdf".
fn words_of_file_name(name: &[u8]) -> Vec<u8> {
    let mut words = Vec::with_capacity(name.len());
    let mut before = b' ';
    for byte in name {
        let letter = byte.is_ascii_alphabetic() || !byte.is_ascii() || matches!(byte, b'\'' | b',');
        if before.is_ascii_lowercase() && byte.is_ascii_uppercase() {
            words.push(b' ');
        }
        let shown = if letter { *byte } else { b' ' };
        if shown != b' ' || words.last() != Some(&b' ') {
            words.push(shown);
        }
        before = *byte;
    }
    words
}

fn names_correspondents(text: &Text) -> bool {
    has_field(text, &PERSONS)
}

/// A label of the part, or the name of a file inside of a document, which is a field of nothing.
fn is_file_name(text: &Text) -> bool {
    let inside = text.kind == TextKind::Header && text.place.field.is_none();
    inside || text.place.part != Place::MESSAGE && has_field(text, &FILE_NAMES)
}

/// Whether a text is the Subject.
pub(super) fn is_subject(text: &Text) -> bool {
    has_field(text, &["subject"])
}

fn has_field(text: &Text, fields: &[&str]) -> bool {
    let field = text.place.field.as_deref();
    field.is_some_and(|field| fields.iter().any(|wanted| field.eq_ignore_ascii_case(wanted)))
}

#[cfg(test)]
mod tests {
    use super::{holds, words_of_file_name};

    #[test]
    fn file_names_are_taken_apart_into_words() {
        for (name, words) in [
            ("JohnSmith_W2-2024.pdf", "John Smith W pdf"),
            ("smith, john (ssn).docx", "smith, john ssn docx"),
            ("O'Brien.txt", "O'Brien txt"),
        ] {
            assert_eq!(
                String::from_utf8_lossy(&words_of_file_name(name.as_bytes())),
                words
            );
        }
    }

    #[test]
    fn a_part_is_held_by_itself_its_containers_and_the_message() {
        for outer in ["0", "2", "2.1"] {
            assert!(holds(&[outer], "2.1"), "{outer}");
        }
        for outer in ["1", "2.1.1", "2.", "20"] {
            assert!(!holds(&[outer], "2.1"), "{outer}");
        }
    }
}
