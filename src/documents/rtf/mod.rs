//! Rich Text Format, by its first group (RTF 1.9.1), and the HTML that Outlook wraps in it ([MS-OXRTFEX]).
//!
//! Every destination is searched, shown or not: the text of a number may stand in any group.

pub(super) mod compressed;
mod destination;
mod document;
mod lexer;
mod object;
mod properties;
mod reader;
mod story;
mod words;

use super::Visit;
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

use document::Document;
use words::Aside;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes().trim_ascii_start();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_rtf = bytes.starts_with(b"{\\rt");
    if is_rtf {
        let document = reader::read(bytes);
        tell_doubts(visit, &document);
        tell_texts(visit, document);
    }
    is_rtf
}

fn tell_doubts(visit: &mut Visit<'_>, document: &Document) {
    if let Some(damage) = document.damage {
        let what = format!("is an RTF document that is damaged: {damage}");
        visit.obstacle(ObstacleKind::Malformed, &what);
    }
    if document.too_deep {
        visit.obstacle(
            ObstacleKind::LimitReached,
            "is an RTF document that nests too deep or holds too many files",
        );
    }
}

fn tell_texts(visit: &mut Visit<'_>, document: Document) {
    if let Some(shown) = document.story.shown() {
        visit.text(TextKind::Body, shown);
    }
    super::coded::read(visit, &document.story.text);
    visit.text(TextKind::Body, document.story.text);
    for table in document.story.tables.list {
        visit.text(TextKind::Table, table);
    }
    for ((_, place), text) in Aside::TEXTS.into_iter().zip(document.asides) {
        visit.text_in(place, TextKind::Body, text);
    }
    visit.text_in("the text for old programs", TextKind::Body, document.fallback);
    if !document.html.is_empty() {
        visit.labelled_file(None, "text/html", document.html.into_bytes());
    }
    for picture in document.pictures {
        object::read_picture(visit, picture);
    }
    for picture in document.spare_pictures {
        visit.text_in("a spare picture", TextKind::Body, printable(&picture));
    }
    for object in document.objects {
        object::read_object(visit, object);
    }
}

#[cfg(test)]
mod tests;
