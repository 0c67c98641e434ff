//! Enriched text (RFC 1896) and its elder, richtext (RFC 1341): commands in angle brackets, which show nothing.

use super::Visit;
use crate::mime::{TextKind, charset};

/// Adds what readers of these types show. The text with its commands is what all others show, and is read on.
pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    if matches!(visit.leaf.media_type.as_str(), "text/enriched" | "text/richtext") {
        for reading in readings.all() {
            visit.text(TextKind::Body, shown(reading));
        }
    }
    false
}

/// The text without commands and their parameters. A single line end is a space, of several one is lost.
fn shown(source: &str) -> String {
    let mut shown = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((before, behind)) = rest.split_once('<') {
        flow(before, &mut shown);
        rest = behind;
        if let Some(text) = behind.strip_prefix('<') {
            shown.push('<');
            rest = text;
            continue;
        }
        let Some((command, text)) = behind.split_once('>') else {
            shown.push('<');
            break;
        };
        rest = text;
        match command.to_ascii_lowercase().as_str() {
            "param" => rest = behind_end(text, "</param>"),
            "comment" => rest = behind_end(text, "</comment>"),
            "nl" | "np" => shown.push('\n'),
            "lt" => shown.push('<'),
            _ => {}
        }
    }
    flow(rest, &mut shown);
    shown
}

/// What follows `end`; all of the text where it never ends.
fn behind_end<'a>(text: &'a str, end: &str) -> &'a str {
    let window = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    let at = window.to_ascii_lowercase().find(end);
    at.and_then(|at| text.get(at + end.len()..)).unwrap_or(text)
}

/// A parameter or a comment that is longer is text.
const LONGEST: usize = 1_000;

fn flow(text: &str, shown: &mut String) {
    let mut breaks = 0;
    for character in text.chars().filter(|character| *character != '\r') {
        if character == '\n' {
            breaks += 1;
            continue;
        }
        match breaks {
            0 => {}
            1 => shown.push(' '),
            several => shown.extend(std::iter::repeat_n('\n', several - 1)),
        }
        breaks = 0;
        shown.push(character);
    }
    if breaks > 0 {
        shown.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_their_parameters_vanish() {
        assert_eq!(
            shown("SSN 5<Italic>36</italic>-22-<color><param>red</PARAM>8145</color> <<b> a<nl>b"),
            "SSN 536-22-8145 <b> a\nb"
        );
        assert_eq!(shown("a\r\nb\r\n\r\nc <bold"), "a b\nc <bold");
        assert_eq!(shown("<param>536-22-8145"), "536-22-8145");
    }
}
