//! Entries of a directory (LDIF, RFC 2849): folded lines are joined, and values in base64 decoded, each after its label.

use super::{Visit, text};
use crate::mime::{TextKind, charset, decode_base64};

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    if !is_ldif(&readings.text) {
        return false;
    }
    visit.notes(readings);
    for reading in readings.all() {
        visit.entries(reading);
    }
    text::residues(visit, &readings.text);
    true
}

/// Whether a text begins as LDIF does: with a version or the name of an entry, perhaps after comments.
fn is_ldif(source: &str) -> bool {
    let mut lines = source.trim_start_matches('\u{feff}').lines();
    let first = lines.find(|line| !line.trim().is_empty() && !line.starts_with(['#', ' ']));
    let begins = |line: &str, with: &str| {
        line.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    first.is_some_and(|line| begins(line, "dn:") || begins(line, "version: 1"))
}

impl Visit<'_> {
    fn entries(&mut self, source: &str) {
        let mut joined = String::with_capacity(source.len());
        for line in source.lines() {
            match line.strip_prefix(' ') {
                Some(folded) => joined.push_str(folded),
                None => {
                    joined.push('\n');
                    joined.push_str(line);
                }
            }
        }
        let mut entries = String::with_capacity(joined.len());
        for line in joined.lines() {
            let coded = line
                .split_once("::")
                .filter(|(label, _)| !label.contains([':', ' ']));
            match coded {
                Some((label, value)) => self.value(label, &decode_base64(value.as_bytes()), &mut entries),
                None => entries.push_str(line),
            }
            entries.push('\n');
        }
        self.text(TextKind::Body, entries);
    }

    /// Appends a value that was encoded, or hands it out when it is no text: a certificate, a picture.
    fn value(&mut self, label: &str, octets: &[u8], entries: &mut String) {
        entries.push_str(label);
        entries.push_str(": ");
        match std::str::from_utf8(octets) {
            Ok(value) => entries.push_str(value),
            Err(_) => self.decoded_file(None, "application/octet-stream", octets.to_vec()),
        }
    }
}
