//! Plain text in any charset, and everything else that decodes as text: JSON, XML, logs, source code.

use super::{Visit, coded, excerpt, markup, pairs, residue, sql};
use crate::message::ObstacleKind;
use crate::mime::{Leaf, TextKind, charset};

/// How anything in armor begins.
const ARMOR: &str = "-----BEGIN ";

/// Things that stand in a text and cannot be read: how their armor goes on, and what they are.
const ARMORED: [(&str, ObstacleKind, &str); 3] = [
    (
        "PGP MESSAGE-----",
        ObstacleKind::EncryptedContainer,
        "holds a text encrypted with OpenPGP",
    ),
    (
        "PKCS7-----",
        ObstacleKind::UnknownContent,
        "holds armored S/MIME data, which cannot be checked",
    ),
    (
        "CMS-----",
        ObstacleKind::UnknownContent,
        "holds armored S/MIME data, which cannot be checked",
    ),
];

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    visit.notes(readings);
    visit.text(TextKind::Body, readings.text.clone());
    if let Some(other) = &readings.other {
        visit.text(TextKind::Body, excerpt::of(&readings.text, other.clone()));
    }
    residues(visit, &readings.text);
    true
}

/// Reads what a text holds in another form: rows written as SQL, fields of a form, coded records, text that a program is to set,
/// files and texts that an encoding was left on.
pub(super) fn residues(visit: &mut Visit<'_>, text: &str) {
    for table in sql::tables(text) {
        visit.text(TextKind::Table, table);
    }
    pairs::read(visit, text);
    coded::read(visit, text);
    markup::read(visit, text);
    residue::read(visit, text);
}

impl Visit<'_> {
    /// Hands out a file that was decoded by other means than [`Visit::unpack`], if the budget holds it.
    pub(super) fn decoded_file(&mut self, name: Option<&str>, media_type: &str, bytes: Vec<u8>) {
        if !self.spend(bytes.len()) {
            return self.over_limit("a file");
        }
        self.labelled_file(name, media_type, bytes);
    }

    /// Says that something called `what` was left out.
    pub(super) fn over_limit(&mut self, what: &str) {
        let detail = format!("holds more than may be unpacked ({what})");
        self.obstacle(ObstacleKind::LimitReached, &detail);
    }

    /// Adds what the reading of a text could not settle.
    pub(super) fn notes(&mut self, readings: &charset::Readings) {
        if let Some(doubt) = readings.doubt {
            self.obstacle(ObstacleKind::Malformed, &format!("is a text, but {doubt}"));
        }
        let text = readings.text.as_str();
        let starts_line = |at: &usize| {
            text.get(..*at)
                .is_none_or(|before| before.is_empty() || before.ends_with('\n'))
        };
        let begins = memchr::memmem::find_iter(text.as_bytes(), ARMOR).filter(starts_line);
        let mut found = [false; ARMORED.len()];
        for armor in begins.filter_map(|at| text.get(at + ARMOR.len()..)) {
            for (found, (label, ..)) in found.iter_mut().zip(ARMORED) {
                *found |= armor.starts_with(label);
            }
        }
        for (_, (_, kind, what)) in found.into_iter().zip(ARMORED).filter(|(found, _)| *found) {
            self.obstacle(kind, what);
        }
    }
}

/// The readings of a leaf that is a text. NUL is dropped, as most programs that show text do.
pub(super) fn decode(leaf: &Leaf) -> Option<charset::Readings> {
    let label = leaf.charset.as_deref().unwrap_or_default();
    let labelled_wide =
        label.starts_with("utf-16") || label.starts_with("utf-32") || label.starts_with("ucs-");
    if !labelled_wide && !is_text(&leaf.bytes) {
        return None;
    }
    let mut readings = charset::read(&leaf.bytes, leaf.charset.as_deref());
    if labelled_wide && !readings.all().any(is_legible) {
        return None;
    }
    tidy(&mut readings.text);
    readings.other.as_mut().into_iter().for_each(tidy);
    Some(readings)
}

/// Drops NUL, and ends lines where a carriage return stands alone.
fn tidy(text: &mut String) {
    if memchr::memchr(0, text.as_bytes()).is_some() {
        text.retain(|character| character != '\0');
    }
    let alone = |at: usize| text.as_bytes().get(at + 1) != Some(&b'\n');
    if !memchr::memchr_iter(b'\r', text.as_bytes()).any(alone) {
        return;
    }
    let mut lines = String::with_capacity(text.len());
    let mut pieces = text.split('\r').peekable();
    while let Some(piece) = pieces.next() {
        lines.push_str(piece);
        match pieces.peek() {
            Some(next) if next.starts_with('\n') => lines.push('\r'),
            Some(_) => lines.push('\n'),
            None => {}
        }
    }
    *text = lines;
}

/// Whether octets are a text: few controls in them.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    if charset::is_wide(bytes) {
        return is_legible(&charset::read(bytes, None).text);
    }
    // Without a branch, and counted in octets, so that the compiler takes many at a time.
    let control = |octet: u8| {
        (octet < 9) | (octet.wrapping_sub(14) < 13) | (octet.wrapping_sub(28) < 4) | (octet == 127)
    };
    let count = |piece: &[u8]| {
        let controls = piece.iter().map(|octet| u8::from(control(*octet)));
        // No piece has so many that this wraps; a check for it would cost more than the count.
        controls.fold(0_u8, u8::wrapping_add)
    };
    let controls: usize = bytes.chunks(128).map(|piece| usize::from(count(piece))).sum();
    controls * 50 <= bytes.len() || charset::is_ebcdic(bytes) || switches_sets(bytes)
}

/// Whether the shifts of ISO-2022-KR are in their place (RFC 1557).
fn switches_sets(bytes: &[u8]) -> bool {
    let control = |octet: &&u8| matches!(octet, 0..=8 | 16..=26 | 28..=31 | 127);
    let start = bytes.get(..1_024).unwrap_or(bytes);
    memchr::memmem::find(start, b"\x1b$)C").is_some()
        && bytes.iter().filter(control).count() * 50 <= bytes.len()
}

/// A single wrong character may be a cut at the end.
fn is_legible(text: &str) -> bool {
    let wrong = |c: &char| *c == char::REPLACEMENT_CHARACTER || (c.is_control() && !c.is_whitespace());
    text.chars().filter(wrong).count().saturating_sub(1) * 50 <= text.chars().count()
}
