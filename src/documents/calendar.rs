//! Calendars (RFC 5545) and contact cards (RFC 6350): folded lines are joined, escapes undone, embedded files opened.

use super::{Visit, text};
use crate::mime::{TextKind, charset, decode_base64, quoted_printable};

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    let beginning: String = readings
        .text
        .trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .chars()
        .take(15)
        .collect::<String>()
        .to_ascii_uppercase();
    if !beginning.starts_with("BEGIN:VCALENDAR") && !beginning.starts_with("BEGIN:VCARD") {
        return false;
    }
    visit.notes(readings);
    for reading in readings.all() {
        visit.card(reading);
    }
    text::residues(visit, &readings.text);
    true
}

impl Visit<'_> {
    fn card(&mut self, source: &str) {
        let joined = unfold(source);
        let mut card = String::with_capacity(joined.len());
        for line in joined.lines() {
            match embedded(line) {
                Some((media_type, file)) => {
                    card.push_str(line.split(':').next().unwrap_or_default());
                    card.push('\n');
                    self.decoded_file(None, &media_type, file);
                }
                None => property(line, &mut card),
            }
        }
        self.text(TextKind::Body, card);
    }
}

/// Joins lines that go on with a space or tab (RFC 5545 §3.1), and those that quoted-printable breaks (vCard 2.1).
fn unfold(source: &str) -> String {
    let mut joined = String::with_capacity(source.len());
    let mut quoted = false;
    for line in source.lines() {
        let continued = quoted && joined.ends_with('=');
        let folded = line.strip_prefix([' ', '\t']).filter(|_| !continued);
        if continued {
            joined.pop();
        } else if folded.is_none() {
            joined.push('\n');
            let head = line.split(':').next().unwrap_or_default();
            quoted = head.to_ascii_uppercase().contains("QUOTED-PRINTABLE");
        }
        joined.push_str(folded.unwrap_or(line));
    }
    joined
}

/// Appends a property. Its parameters may hold a name, and its name is the label of its value.
fn property(line: &str, card: &mut String) {
    let (head, value) = line.split_once(':').unwrap_or(("", line));
    let upper = head.to_ascii_uppercase();
    let decoded = upper.contains("QUOTED-PRINTABLE").then(|| {
        let octets = quoted_printable(value.as_bytes());
        String::from_utf8_lossy(&octets).into_owned()
    });
    let value = decoded.as_deref().unwrap_or(value);
    if upper == "N" || upper.starts_with("N;") {
        name(value, card);
    }
    card.push_str(head);
    card.push_str(if head.is_empty() { "" } else { ": " });
    unescape(value, card);
    card.push('\n');
}

/// The parts of a name come family name first (RFC 6350 §6.2.2); people write the given name first.
fn name(value: &str, card: &mut String) {
    let mut parts = value.split(';').map(str::trim);
    let (family, given) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if !given.is_empty() && !family.is_empty() {
        card.push_str("Name: ");
        unescape(given, card);
        card.push(' ');
        unescape(family, card);
        card.push('\n');
    }
}

/// Undoes escapes (RFC 5545 §3.3.11).
fn unescape(value: &str, card: &mut String) {
    let mut escaped = false;
    for character in value.chars() {
        match character {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            'n' | 'N' if escaped => card.push('\n'),
            _ => card.push(character),
        }
        escaped = false;
    }
}

/// The file that a property holds, with its media type.
fn embedded(line: &str) -> Option<(String, Vec<u8>)> {
    let (head, value) = line.split_once(':')?;
    let upper = head.to_ascii_uppercase();
    let coded = upper.contains("ENCODING=B") || upper.contains(";BASE64");
    let url = value
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("data:"));
    let (kind, data) = match value.split_once(',') {
        Some((kind, data)) if url && kind.to_ascii_lowercase().ends_with(";base64") => (kind.get(5..)?, data),
        _ if coded => (parameter(head, "FMTTYPE=").unwrap_or_default(), value),
        _ => return None,
    };
    let kind = kind.split(';').next().unwrap_or_default().to_ascii_lowercase();
    let file = decode_base64(data.as_bytes());
    (!file.is_empty()).then_some((kind, file))
}

fn parameter<'a>(head: &'a str, key: &str) -> Option<&'a str> {
    head.split(';')
        .find(|parameter| {
            parameter
                .get(..key.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(key))
        })
        .and_then(|parameter| parameter.get(key.len()..))
}
