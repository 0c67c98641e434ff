//! Calendars (RFC 5545) and contact cards (RFC 6350): folded lines are joined, escapes undone.

use super::Visit;
use crate::message::ObstacleKind;
use crate::mime::{TextKind, charset, quoted_printable};

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    let beginning: String = readings
        .text
        .trim_start()
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
    true
}

impl Visit<'_> {
    fn card(&mut self, source: &str) {
        let joined = unfold(source);
        let upper = joined.to_ascii_uppercase();
        // vCard 2.1 writes values in quoted-printable.
        if upper.contains("QUOTED-PRINTABLE") {
            let decoded = quoted_printable(source.as_bytes());
            self.text(TextKind::Body, String::from_utf8_lossy(&decoded).into_owned());
        }
        for line in upper.lines().filter(|line| embeds_data(line)) {
            let picture = line.starts_with("PHOTO") || line.starts_with("LOGO");
            let kind = if picture {
                ObstacleKind::Image
            } else {
                ObstacleKind::UnknownContent
            };
            self.obstacle(kind, "holds embedded data, which cannot be checked");
        }
        self.text(TextKind::Body, joined);
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
