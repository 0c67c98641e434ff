//! Mends what can be mended without a guess.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::message::RawMessage;

use super::encode::encoded;
use super::fields::{Field, Section};
use super::{Facts, Flaw, Kind, LINE, Mended};

/// Of several, the first stays, and the others are kept under another name: what they say is shown beside the text, or
/// finds related mail, and decides on nothing.
const RENAMED: &[&str] = &["date", "message-id", "subject", "in-reply-to", "references"];
/// Of several, the addresses are taken together.
const JOINED: &[&str] = &["to", "cc", "reply-to"];
/// A line is folded once it would be longer.
const WIDTH: usize = 78;

/// The mended message.
///
/// # Errors
/// The first flaw that cannot be mended.
pub(super) fn repair(
    section: &Section<'_>,
    raw: &RawMessage,
    flaws: &[Flaw],
    facts: &Facts<'_>,
) -> Result<Mended, String> {
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    let mut note = |what| *done.entry(what).or_default() += 1;
    let mut header = Vec::new();
    let mut rest = raw.as_bytes().get(section.size..).unwrap_or_default();
    if flaws.iter().any(|flaw| flaw.kind == Kind::NoHeader) {
        // All of it is text.
        rest = raw.as_bytes();
        for name in ["From", "Date", "Message-ID"] {
            header.extend(added(name, facts));
        }
        header.extend(b"\r\n");
        note("a header was added");
    } else {
        for flaw in flaws {
            match flaw.kind {
                Kind::Missing(name) => {
                    header.extend(added(name, facts));
                    note("a missing field was added");
                }
                Kind::LongLine => note("a long line of the text was left"),
                _ => {}
            }
        }
        for field in &section.fields {
            let mine: Vec<&Flaw> = flaws.iter().filter(|flaw| flaw.line == field.line).collect();
            let Some(_) = &field.name else {
                // The text begins here, and nobody has said so.
                rest = raw.as_bytes().get(field.start..).unwrap_or_default();
                note("the header was ended where the text began");
                header.extend(b"\r\n");
                return Ok(mended(header, rest, &done));
            };
            header.extend(field_mended(section, field, &mine, &mut note)?);
        }
        if section.ended || !rest.is_empty() {
            header.extend(b"\r\n");
        }
    }
    Ok(mended(header, rest, &done))
}

fn mended(mut header: Vec<u8>, rest: &[u8], done: &BTreeMap<&str, usize>) -> Mended {
    header.extend(rest);
    let what: Vec<String> = done
        .iter()
        .map(|(what, count)| format!("{what} ({count})"))
        .collect();
    Mended {
        raw: RawMessage::new(header),
        what: what.join(", "),
    }
}

fn added(name: &str, facts: &Facts<'_>) -> Vec<u8> {
    let line = match name {
        "From" => match &facts.envelope.sender {
            Some(sender) => format!("From: {sender}\r\n"),
            None => format!("From: postmaster@{}\r\n", facts.hostname),
        },
        "Date" => {
            let now = facts.now.to_zoned(TimeZone::UTC);
            format!("Date: {}\r\n", now.strftime("%a, %d %b %Y %H:%M:%S +0000"))
        }
        _ => format!("Message-ID: <{}@{}>\r\n", facts.id, facts.hostname),
    };
    line.into_bytes()
}

fn field_mended(
    section: &Section<'_>,
    field: &Field<'_>,
    flaws: &[&Flaw],
    note: &mut impl FnMut(&'static str),
) -> Result<Vec<u8>, String> {
    let name = field.name.as_deref().unwrap_or_default();
    let mut raw = field.raw.to_vec();
    let mut prefix = "";
    for flaw in flaws {
        if let Kind::Twice(_) = &flaw.kind {
            let same = section
                .named(name)
                .next()
                .is_some_and(|first| plain(first) == plain(field));
            if same || JOINED.contains(&name) {
                // What is joined stands in the first one.
                note(if same {
                    "a repeated field was dropped"
                } else {
                    "address fields were joined"
                });
                return Ok(Vec::new());
            }
            if !RENAMED.contains(&name) {
                return Err(flaw.to_string());
            }
            prefix = "Original-";
            note("a second field was renamed");
        }
    }
    if JOINED.contains(&name) {
        raw = joined(section, field, name);
    }
    for flaw in flaws {
        if flaw.kind == Kind::EightBit {
            raw = encoded(name, &raw).ok_or_else(|| flaw.to_string())?;
            note("a field was encoded");
        }
    }
    if raw
        .split(|octet| *octet == b'\n')
        .any(|line| line.len() > LINE + 1)
    {
        let long = flaws.iter().find(|flaw| flaw.kind == Kind::LongField);
        let told = || long.map_or_else(|| "a field is too long".to_owned(), |flaw| flaw.to_string());
        raw = folded(&raw).ok_or_else(told)?;
        note("a field was folded");
    }
    Ok([prefix.as_bytes(), &raw].concat())
}

/// Without what folding changes.
fn plain(field: &Field<'_>) -> Vec<u8> {
    let value = field.value().iter().copied();
    value.filter(|octet| !octet.is_ascii_whitespace()).collect()
}

/// The first of several address fields, with the addresses of those behind it.
fn joined(section: &Section<'_>, field: &Field<'_>, name: &str) -> Vec<u8> {
    let mut raw = field.raw.to_vec();
    let others = section.named(name).filter(|other| other.line > field.line);
    for other in others.filter(|other| plain(other) != plain(field) && !plain(other).is_empty()) {
        let end = raw.trim_ascii_end().len();
        raw.truncate(end);
        let separator: &[u8] = if raw.ends_with(b":") { b" " } else { b",\r\n " };
        raw.extend(separator);
        raw.extend(other.value().trim_ascii());
        raw.extend(b"\r\n");
    }
    raw
}

/// The field with its long lines broken at blanks, where that is possible.
fn folded(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for line in raw.split_inclusive(|octet| *octet == b'\n') {
        if line.len() <= LINE + 2 {
            out.extend(line);
            continue;
        }
        let text = line.trim_ascii_end();
        let mut width = 0;
        // A line of blanks alone would end the header for some readers.
        let mut solid = false;
        for word in text.split_inclusive(|octet| *octet == b' ' || *octet == b'\t') {
            // Only in front of a blank may a line break: the one that ends the word before.
            if solid && width + word.len() > WIDTH && out.ends_with(b" ") {
                out.pop();
                out.extend(b"\r\n ");
                width = 1;
                solid = false;
            }
            if width + word.len() > LINE {
                return None;
            }
            out.extend(word);
            width += word.len();
            solid |= !word.trim_ascii().is_empty();
        }
        out.extend(b"\r\n");
    }
    Some(out)
}
