//! What a Content-Type field may mean to one reader or another (RFC 2045 §5).

use unicode_normalization::UnicodeNormalization;

use super::parameters::percent_decoded;
use super::words;

/// The ways to take a part that matter for its structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Parts between boundaries.
    Multipart,
    /// A whole message.
    Message,
    /// A reference to content that is kept elsewhere (RFC 2046 §5.2.3).
    ExternalBody,
    /// Content.
    Leaf,
}

impl Class {
    fn of(media_type: &str) -> Class {
        match media_type {
            "message/external-body" => Class::ExternalBody,
            "message/rfc822" | "message/global" | "message/news" | "message/partial" => Class::Message,
            _ if media_type == "multipart" || media_type.starts_with("multipart/") => Class::Multipart,
            _ => Class::Leaf,
        }
    }
}

/// The readings of one field's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaType {
    /// What most readers take it for, in lower case; empty when the field holds none.
    pub name: String,
    /// The classes that readers may put it in, most likely first.
    pub classes: Vec<Class>,
    /// The type of a segment of a larger message, when a reader might see one (RFC 2046 §5.2.2).
    pub segment: Option<&'static str>,
}

/// Reads the type from an unfolded value.
pub(super) fn media_type(value: &[u8]) -> MediaType {
    let forms = forms(value);
    let names: Vec<String> = forms.iter().map(|form| type_of(form)).collect();
    let mut classes: Vec<Class> = Vec::new();
    for class in names.iter().map(|name| Class::of(name)) {
        if !classes.contains(&class) {
            classes.push(class);
        }
    }
    let name = names.into_iter().next().unwrap_or_default();
    MediaType {
        name,
        classes,
        segment: forms.iter().find_map(|form| segment(form)),
    }
}

/// The value as different readers take it: as it stands, comments removed, encoded words decoded, percent
/// escapes undone, and compatibility characters replaced by what they look like.
fn forms(value: &[u8]) -> Vec<String> {
    let plain = String::from_utf8_lossy(value).to_ascii_lowercase();
    let decoded = words::decode(value).text.to_ascii_lowercase();
    let mut forms = vec![plain.clone(), without_comments(&plain)];
    if decoded != plain {
        forms.extend([decoded.clone(), without_comments(&decoded)]);
    }
    if value.contains(&b'%') {
        forms.push(String::from_utf8_lossy(&percent_decoded(value)).to_ascii_lowercase());
    }
    if !decoded.is_ascii() {
        forms.push(without_comments(&decoded.nfkc().collect::<String>()).to_ascii_lowercase());
    }
    forms
}

/// The type in one form: up to the first semicolon, without quotes, and without white space around the slash.
fn type_of(form: &str) -> String {
    let spaced = form.split(';').next().unwrap_or_default();
    let visible = |c: char| c.is_ascii_graphic() || c.is_ascii_whitespace();
    let visible: String = spaced
        .chars()
        .filter(|c| visible(*c) && !matches!(c, '"' | '\'' | '\\'))
        .collect();
    let (top, sub) = visible.split_once('/').unwrap_or((&visible, ""));
    let top = top.trim();
    let sub = sub
        .split([' ', '\t', ',', '('])
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    if sub.is_empty() {
        top.to_owned()
    } else {
        format!("{top}/{sub}")
    }
}

/// Whether a form of the field names a segment, however strangely. An ordinary field never puts these words
/// together, so this errs on the side of seeing one.
fn segment(form: &str) -> Option<&'static str> {
    let squeezed = squeeze(form);
    for (name, top) in [("message/partial", "message"), ("multipart/partial", "multipart")] {
        let named = squeezed.split(';').next().unwrap_or_default();
        let before_slash = named.split('/').next().unwrap_or_default();
        let odd = before_slash.contains(top) && named.len() > before_slash.len() && named.contains("partial");
        if odd || squeezed.contains(name) {
            return Some(name);
        }
    }
    None
}

/// Only what shows, and no marks of quoting.
pub(super) fn squeeze(form: &str) -> String {
    let kept = form
        .chars()
        .filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\'));
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// Removes comments, which nest (RFC 5322 §3.2.2). One that never ends runs to the end of the value.
pub(super) fn without_comments(value: &str) -> String {
    let mut kept = String::with_capacity(value.len());
    let mut depth = 0usize;
    let mut quoted = false;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let escaped = characters.next();
                if depth == 0 {
                    kept.push(character);
                    kept.extend(escaped);
                }
                continue;
            }
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            kept.push(character);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_fields_have_one_reading() {
        for (field, name, class) in [
            (
                "text/plain; charset=us-ascii (Plain text)",
                "text/plain",
                Class::Leaf,
            ),
            ("TEXT/HTML charset=utf-8", "text/html", Class::Leaf),
            (
                "multipart/report; report-type=delivery-status; boundary=x",
                "multipart/report",
                Class::Multipart,
            ),
            (
                "application/pdf; name=\"partial message.pdf\"",
                "application/pdf",
                Class::Leaf,
            ),
            ("message/rfc822", "message/rfc822", Class::Message),
            ("text", "text", Class::Leaf),
            ("", "", Class::Leaf),
        ] {
            let read = media_type(field.as_bytes());
            assert_eq!(
                (read.name.as_str(), read.classes, read.segment),
                (name, vec![class], None),
                "{field}"
            );
        }
    }

    #[test]
    fn a_multipart_behind_a_comment_or_an_encoded_word_is_one_for_some_readers() {
        for field in [
            "multi(x)part/mixed",
            "=?us-ascii?Q?multipart/mixed?=; boundary=x",
            "text(/plain) /multipart",
        ] {
            let classes = media_type(field.as_bytes()).classes;
            assert!(
                classes.contains(&Class::Multipart) || field.starts_with("text"),
                "{field}: {classes:?}"
            );
        }
    }

    #[test]
    fn comments_nest_and_end() {
        assert_eq!(without_comments("a(b(c)\\)d)e \"(f)\" g)"), "ae \"(f)\" g)");
        assert_eq!(without_comments("a(b"), "a");
    }
}
