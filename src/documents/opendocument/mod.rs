//! OpenDocument: texts, sheets, slides and drawings, in an archive or flat in one XML file (OASIS ODF 1.3).

mod cells;
mod meaning;
mod part;
mod sheet;

use super::Visit;
use super::office_xml::{Token, Tokens};
use super::ooxml::tell_trouble;
use super::package::{Xml, spoken};
use crate::message::ObstacleKind;

/// What the root of a part declares when it belongs to these formats, or to OpenOffice.org 1 before them.
pub(super) const NAMESPACES: &[&str] = &[
    "urn:oasis:names:tc:opendocument:",
    "openoffice.org/2000/",
    "openoffice.org/2001/",
];

/// Reads one XML part.
pub(super) fn read_part(visit: &mut Visit<'_>, name: &str, xml: &Xml) {
    if xml.root == "manifest" {
        manifest(visit, &xml.text);
    }
    let main = name == "content.xml";
    let place = (!main).then(|| spoken(name));
    let mut tokens = Tokens::new(&xml.text);
    part::read(visit, place.as_deref(), &mut tokens);
    let trouble = (tokens.malformed, tokens.declares_entities);
    tell_trouble(visit, place.as_deref().unwrap_or("its main part"), trouble);
}

/// Reads a document that is one XML file.
pub(super) fn read_flat(visit: &mut Visit<'_>, text: &str) {
    let mut tokens = Tokens::new(text);
    part::read(visit, None, &mut tokens);
    let trouble = (tokens.malformed, tokens.declares_entities);
    tell_trouble(visit, "its markup", trouble);
}

/// Files that only a password opens (ODF 1.3 part 2 §4.4).
fn manifest(visit: &mut Visit<'_>, text: &str) {
    let encrypted = Tokens::new(text).any(|token| match token {
        Token::Open(element) => matches!(element.local(), "encryption-data" | "encrypted-key"),
        _ => false,
    });
    if encrypted {
        let what = "is an OpenDocument file with a password";
        visit.obstacle(ObstacleKind::EncryptedContainer, what);
    }
}
