//! Office Open XML: Word, Excel and PowerPoint (ECMA-376, and the strict namespaces of ISO/IEC 29500), and the XML
//! formats of Office 2003 that came before.

mod book;
mod drawing;
mod format;
mod grid;
mod meaning;
mod part;
mod pivot;
mod sheet;
mod strings;
mod workbook_2003;

use super::Visit;
use super::office_xml::Tokens;
use super::package::{Part, Xml, spoken};
use crate::message::ObstacleKind;
use crate::mime::TextKind;

pub(super) use book::Shared;
pub(super) use drawing::decoded;
pub(super) use grid::Grid;
pub(super) use sheet::tell as tell_sheet;

/// What the root of a part declares when it belongs to one of these formats.
pub(super) const NAMESPACES: &[&str] = &[
    "schemas.openxmlformats.org/",
    "purl.oclc.org/ooxml/",
    "schemas.microsoft.com/office/",
    "schemas-microsoft-com:office:",
    "schemas-microsoft-com:vml",
];

/// Reads one XML part.
pub(super) fn read_part(visit: &mut Visit<'_>, shared: &Shared, name: &str, xml: &Xml) {
    let mut tokens = Tokens::new(&xml.text);
    let place = place(name, &xml.root);
    match xml.root.as_str() {
        "worksheet" | "dialogsheet" | "macrosheet" => sheet::read(visit, shared, &place, &mut tokens),
        "pivotCacheDefinition" => pivot::definition(visit, &place, &mut tokens),
        "pivotCacheRecords" => pivot::records(visit, shared, name, &place, &mut tokens),
        "Workbook" => workbook_2003::read(visit, &mut tokens),
        // Its strings are read where cells show them, and here for those that no cell shows.
        "sst" => strings::read(visit, &place, &mut tokens),
        _ => part::read(visit, shared, place.as_deref(), &xml.root, &mut tokens),
    }
    let trouble = (tokens.malformed, tokens.declares_entities);
    tell_trouble(
        visit,
        &place.unwrap_or_else(|| "its main part".to_owned()),
        trouble,
    );
}

/// Reads a file that is one XML document of these formats.
pub(super) fn read_flat(visit: &mut Visit<'_>, root: &str, text: &str) {
    let mut tokens = Tokens::new(text);
    match root {
        "Workbook" => workbook_2003::read(visit, &mut tokens),
        _ => part::read(visit, &Shared::default(), None, root, &mut tokens),
    }
    let trouble = (tokens.malformed, tokens.declares_entities);
    tell_trouble(visit, "its markup", trouble);
}

/// Says what keeps XML from being read for certain.
pub(super) fn tell_trouble(visit: &mut Visit<'_>, place: &str, (malformed, entities): (bool, bool)) {
    if malformed {
        visit.obstacle(
            ObstacleKind::Malformed,
            &format!("is damaged: {place} is not well-formed"),
        );
    }
    if entities {
        let what = format!("declares entities, which may stand for text that is not read ({place})");
        visit.obstacle(ObstacleKind::AmbiguousStructure, &what);
    }
}

/// How people call a part; none for the one that is the document.
fn place(name: &str, root: &str) -> Option<String> {
    let number: String = name.chars().filter(char::is_ascii_digit).take(4).collect();
    let numbered = |what: &str| match number.is_empty() {
        true => what.to_owned(),
        false => format!("{what} {number}"),
    };
    Some(match root {
        "document" | "wordDocument" => return None,
        "worksheet" | "dialogsheet" | "macrosheet" => numbered("sheet"),
        "sld" => numbered("slide"),
        "notes" => numbered("notes"),
        "hdr" => "a header".to_owned(),
        "ftr" => "a footer".to_owned(),
        "footnotes" => "footnotes".to_owned(),
        "endnotes" => "endnotes".to_owned(),
        "comments" | "cmLst" | "ThreadedComments" => "comments".to_owned(),
        "chartSpace" => numbered("chart"),
        "coreProperties" | "Properties" => "document properties".to_owned(),
        _ => spoken(name),
    })
}

impl Visit<'_> {
    /// Adds a text of a part, or of the document itself.
    fn text_at(&mut self, place: Option<&str>, kind: TextKind, text: String) {
        match place {
            Some(place) => self.text_in(place, kind, text),
            None => self.text(kind, text),
        }
    }
}

/// The number in a part's name, which joins parts that belong together.
fn number_of(part: &Part) -> String {
    part.name.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests;
