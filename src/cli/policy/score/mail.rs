//! One labelled mail: what is read, and what should be found in it.

use std::fmt::Write as _;

use crate::inspect::Source;

/// What introduces a number that only looks like an element: `{{not 978-3-16-148410-0}}`.
const LOOK_ALIKE: &str = "not";

/// One mail or file of the set.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file of the set that it stands in, for people.
    pub file: String,
    /// Its line there, counted from 1; 0 for a file of its own.
    pub line: usize,
    /// How the text travels: `plain`, `html`, `csv`, `docx`.
    pub form: String,
    /// The name that its bytes go by, if they are a file and no message.
    pub name: Option<String>,
    /// What is read.
    pub bytes: Vec<u8>,
    /// The text of a plain mail in pieces, for writing it differently.
    pub letter: Option<Letter>,
    /// What should be found.
    pub expected: Vec<Label>,
    /// What looks like an element and should not be found.
    pub look_alikes: Vec<Label>,
    /// Whether it is personal information under 201 CMR 17.02.
    pub personal: bool,
    /// Whether it is one of the set's mails in another form.
    pub rewritten: bool,
}

/// A value that is marked in the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The element; `not` for a look-alike.
    pub element: String,
    /// Its value, letters and digits only.
    pub value: String,
    /// The line of the mark.
    pub line: usize,
}

/// A mail with a text.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Header fields, one a line.
    pub head: String,
    /// The text, in pieces.
    pub pieces: Vec<Piece>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Words(String),
    /// A marked value.
    Value {
        /// Its element.
        element: String,
        /// What it is.
        value: String,
        /// How it is written, if otherwise.
        written: Option<String>,
    },
}

impl Case {
    /// What the readers are asked to read.
    pub fn source(&self) -> Source<'_> {
        match &self.name {
            Some(name) => Source::File {
                name,
                bytes: &self.bytes,
            },
            None => Source::Message(&self.bytes),
        }
    }
}

impl Piece {
    /// What stands in the mail.
    pub fn text(&self) -> &str {
        match self {
            Piece::Words(words) => words,
            Piece::Value { value, written, .. } => written.as_deref().unwrap_or(value),
        }
    }
}

/// Takes a text with marks apart. A mark is `{{element value}}`, or `{{element value|as it is written}}`.
///
/// # Errors
/// What is wrong with a mark, and the mark.
pub fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((words, after)) = rest.split_once("{{") {
        let wrong = |what: &str| {
            let begin: String = after.chars().take(40).collect();
            format!("{what}: {{{{{begin}")
        };
        let (mark, after_mark) = after
            .split_once("}}")
            .ok_or_else(|| wrong("this mark has no end"))?;
        let (element, value) = mark
            .split_once(' ')
            .ok_or_else(|| wrong("a mark is {{element value}}"))?;
        if !element.chars().all(|c| c.is_ascii_lowercase() || c == '_') || compact(value).is_empty() {
            return Err(wrong("a mark is {{element value}}"));
        }
        let (value, written) = match value.split_once('|') {
            Some((value, written)) => (value, Some(written.to_owned())),
            None => (value, None),
        };
        pieces.push(Piece::Words(words.to_owned()));
        pieces.push(Piece::Value {
            element: element.to_owned(),
            value: value.to_owned(),
            written,
        });
        rest = after_mark;
    }
    pieces.push(Piece::Words(rest.to_owned()));
    Ok(pieces)
}

/// The labels of marked values: those that should be found, and those that should not.
pub fn labels(pieces: &[Piece], line_of: impl Fn(&str, &str) -> usize) -> (Vec<Label>, Vec<Label>) {
    let label = |piece: &Piece| match piece {
        Piece::Words(_) => None,
        Piece::Value { element, value, .. } => Some(Label {
            element: element.clone(),
            value: compact(value),
            line: line_of(element, value),
        }),
    };
    let labels = pieces.iter().filter_map(label);
    labels.partition(|label| label.element != LOOK_ALIKE)
}

/// The letters and digits of a value in one spelling, so that ways to write it compare equal.
pub fn compact(value: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    value
        .nfkc()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect()
}

/// A message whose content is `content`, of type `kind`, in a transfer encoding that is already done.
pub fn message(head: &str, kind: &str, encoding: &str, content: &str) -> Vec<u8> {
    let mut message = head.to_owned();
    let _ = write!(
        message,
        "MIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    );
    message.push_str(&content.replace("\r\n", "\n").replace('\n', "\r\n"));
    message.into_bytes()
}

/// A message with a few words and an attached file.
pub fn with_attachment(head: &str, kind: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"part\"\r\n\r\n");
    let file = format!(
        "--part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlease see the attached file.\r\n\
         --part\r\nContent-Type: {kind}; name=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n"
    );
    [&head, &file, &base64(content), "\r\n--part--\r\n"]
        .concat()
        .into_bytes()
}

/// Base 64 in lines (RFC 2045 §6.8).
pub fn base64(content: &[u8]) -> String {
    let encoded = openssl::base64::encode_block(content);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(76)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    lines.join("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_out_and_remembered() {
        let text = "SSN {{ssn 536-22-8145}}, book {{not 978-0|ISBN 978-0}}.";
        let pieces = pieces(text).unwrap();
        let read: String = pieces.iter().map(Piece::text).collect();
        assert_eq!(read, "SSN 536-22-8145, book ISBN 978-0.");
        let (expected, look_alikes) = labels(&pieces, |_, _| 7);
        assert_eq!(expected.first().unwrap().value, "536228145");
        assert_eq!(look_alikes.first().unwrap().value, "9780");
    }

    #[test]
    fn a_broken_mark_is_a_mistake_and_not_a_text() {
        for text in [
            "{{ssn 536-22-8145",
            "{{ssn}}",
            "{{536-22-8145}}",
            "{{SSN 536-22-8145}}",
            "{{ssn -}}",
        ] {
            assert!(pieces(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ways_to_write_a_value_compare_equal() {
        for written in [
            "536-22-8145",
            "536 22 8145",
            "５３６-22-8145",
            "536\u{200B}22\u{AD}8145",
        ] {
            assert_eq!(compact(written), "536228145");
        }
    }
}
