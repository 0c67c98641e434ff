//! Calendars (RFC 5545) and contact cards (RFC 6350): folded lines are joined, escapes undone.

use super::Document;
use crate::message::ObstacleKind;
use crate::mime::{Leaf, Limits, TextKind, charset, quoted_printable};

pub(super) fn read(leaf: &Leaf, readings: &charset::Readings, _limits: &Limits) -> Option<Document> {
    let beginning: String = readings
        .text
        .trim_start()
        .chars()
        .take(15)
        .collect::<String>()
        .to_ascii_uppercase();
    if !beginning.starts_with("BEGIN:VCALENDAR") && !beginning.starts_with("BEGIN:VCARD") {
        return None;
    }
    let mut document = Document::default();
    document.notes(leaf, readings);
    for reading in readings.all() {
        document.card(leaf, reading);
    }
    Some(document)
}

impl Document {
    fn card(&mut self, leaf: &Leaf, source: &str) {
        let joined = unfold(source);
        let upper = joined.to_ascii_uppercase();
        // vCard 2.1 writes values in quoted-printable.
        if upper.contains("QUOTED-PRINTABLE") {
            let decoded = quoted_printable(source.as_bytes());
            self.text(
                leaf,
                TextKind::Body,
                String::from_utf8_lossy(&decoded).into_owned(),
            );
        }
        for line in upper.lines().filter(|line| embeds_data(line)) {
            let picture = line.starts_with("PHOTO") || line.starts_with("LOGO");
            let kind = if picture {
                ObstacleKind::Image
            } else {
                ObstacleKind::UnknownContent
            };
            self.obstacle(leaf, kind, "holds embedded data, which cannot be checked");
        }
        self.obstacles.dedup();
        self.text(leaf, TextKind::Body, joined);
    }
}

/// Joins lines that go on with a space or tab (RFC 5545 §3.1) and undoes escapes (§3.3.11).
fn unfold(source: &str) -> String {
    let mut joined = source
        .replace("\r\n ", "")
        .replace("\r\n\t", "")
        .replace("\n ", "")
        .replace("\n\t", "");
    if joined.contains('\\') {
        joined = joined
            .replace("\\n", "\n")
            .replace("\\N", "\n")
            .replace("\\,", ",")
            .replace("\\;", ";");
    }
    joined
}

fn embeds_data(line: &str) -> bool {
    let before_value = line.split(':').next().unwrap_or_default();
    before_value.contains("ENCODING=B") || (line.contains(":DATA:") && line.contains(";BASE64,"))
}
