//! PDF documents (ISO 32000), by their header, which may stand anywhere in the first kibibyte.
//!
//! A file is scanned for objects from end to end, so that what the cross-reference table hides, forgot or replaced
//! is read as well: first all strings, then the pages as a viewer shows them, then every other stream.

mod content;
mod file;
mod filters;
mod font;
mod fonts;
mod gaps;
mod layout;
mod markup;
mod pages;
mod pictures;
mod raster;
mod reader;
mod resources;
mod streams;
mod survey;
mod syntax;

use super::Visit;
use crate::message::ObstacleKind;
use crate::mime::TextKind;

use file::File;
use reader::Reader;
use survey::{Section, Survey};

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    let start = bytes.get(..1_024).unwrap_or(bytes);
    let Some(header) = memchr::memmem::find(start, b"%PDF-") else {
        return false;
    };
    let file = file::open(visit, bytes, header);
    if file.definitions.is_empty() {
        return false;
    }
    if file.trouble.locked {
        visit.unread(
            ObstacleKind::EncryptedContainer,
            "is a PDF document that opens with a password only",
        );
        return true;
    }
    gaps::read(visit, &file, header);
    let mut survey = survey::survey(&file);
    survey.name_fields();
    say(visit, &survey);
    let mut reader = Reader::new(&file, visit);
    let pages = pages::read(&mut reader, &survey.pages);
    streams::read(&mut reader, &survey);
    let (over, damaged, unreadable) = (reader.over, reader.damaged, reader.unreadable);
    tell(visit, &file, [over, damaged || pages == 0, unreadable]);
    true
}

fn say(visit: &mut Visit<'_>, survey: &Survey) {
    for ((_, name), text) in Section::ALL.iter().zip(&survey.sections) {
        visit.text_in(name, TextKind::Body, text.clone());
    }
}

fn tell(visit: &mut Visit<'_>, file: &File<'_>, [over, damaged, unreadable]: [bool; 3]) {
    if over || file.trouble.limit {
        visit.obstacle(
            ObstacleKind::LimitReached,
            "is a PDF document that is too large or too tangled to be read to its end",
        );
    }
    if damaged || file.trouble.truncated || file.trouble.damaged {
        visit.obstacle(
            ObstacleKind::Malformed,
            "is a PDF document that is damaged or cut off",
        );
    }
    if unreadable {
        visit.obstacle(
            ObstacleKind::UnknownContent,
            "is a PDF document with text in a font that cannot be read",
        );
    }
}

#[cfg(test)]
mod tests;
