//! XML: each element's text after its name, attributes likewise, and repeated siblings with the same children as
//! tables. All texts of comments, declarations and instructions are kept as well.

mod entities;
mod lexer;
mod tree;

use self::entities::Expanded;
use super::{Visit, text};
use crate::message::ObstacleKind;
use crate::mime::{TextKind, charset};

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    let start = readings
        .text
        .trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if !start.starts_with('<') || !lexer::looks_like_xml(start) {
        return false;
    }
    visit.notes(readings);
    for reading in readings.all() {
        hand_out(visit, tree::read(reading));
        match entities::expand(reading) {
            Expanded::None => {}
            Expanded::Text(text) => hand_out(visit, tree::read(&text)),
            Expanded::Endless => visit.obstacle(
                ObstacleKind::LimitReached,
                "declares entities that would fill more than can be checked",
            ),
            Expanded::Hidden => visit.unread(
                ObstacleKind::UnknownContent,
                "declares entities by other entities, which cannot be checked",
            ),
        }
    }
    text::residues(visit, &readings.text);
    if is_drawn(start) {
        visit.unread(
            ObstacleKind::Image,
            "is a drawing whose text may be lines, which cannot be checked",
        );
    }
    true
}

fn hand_out(visit: &mut Visit<'_>, read: tree::Document) {
    visit.text(TextKind::Body, read.lines);
    visit.text(TextKind::Body, read.hidden);
    for table in read.tables {
        visit.text(TextKind::Table, table);
    }
}

/// So many outlines may be writing.
const OUTLINES: usize = 300;

/// Whether a text is a drawing of many outlines and hardly any text (SVG 2 §9.3, §5.5).
fn is_drawn(source: &str) -> bool {
    let count = |tag: &str| memchr::memmem::find_iter(source.as_bytes(), tag).count();
    if memchr::memmem::find(source.as_bytes(), b"<svg").is_none() {
        return false;
    }
    count("<path") + count("<use") > OUTLINES && count("<text") + count("<tspan") < OUTLINES / 50
}
