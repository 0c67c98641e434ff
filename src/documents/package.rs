//! Documents that are many files in one archive: Office Open XML and OpenDocument. Each part is known by what it
//! holds, not by its name; what is no part of a document is read like any file.

use super::office_xml;
use super::{Visit, ooxml, opendocument, picture};
use crate::message::ObstacleKind;
use crate::mime::{TextKind, is_harmless, printable};

/// A file of an archive.
pub(super) struct Part {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Whether an archive looks like a document of many parts.
pub(super) fn is_likely(archive: &[u8]) -> bool {
    let names = ["[Content_Types].xml", "_rels/.rels", "META-INF/manifest.xml"];
    let has = |name: &&str| memchr::memmem::find(archive, name.as_bytes()).is_some();
    archive.get(30..38) == Some(b"mimetype") || names.iter().any(has)
}

/// Reads the parts of a document.
pub(super) fn read(visit: &mut Visit<'_>, parts: Vec<Part>) {
    let document: Vec<(Part, Option<Xml>)> = parts.into_iter().map(parsed).collect();
    let office = document.iter().any(|(_, xml)| xml.is_some());
    let shared = ooxml::Shared::of(&document);
    for (part, xml) in document {
        match xml {
            Some(xml) => read_xml(visit, &shared, &part.name, &xml),
            None => read_file(visit, part, office),
        }
    }
}

/// A part that is XML of an Office format.
pub(super) struct Xml {
    pub text: String,
    pub root: String,
    family: Family,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Ooxml,
    OpenDocument,
}

/// Tells XML parts of Office formats by the namespaces of their root.
fn parsed(part: Part) -> (Part, Option<Xml>) {
    let xml = office_xml::decode(&part.bytes).and_then(|text| {
        let families = [
            (Family::Ooxml, ooxml::NAMESPACES),
            (Family::OpenDocument, opendocument::NAMESPACES),
        ];
        let found = families.into_iter().find_map(|(family, namespaces)| {
            let (root, known) = office_xml::root(&text, namespaces)?;
            // Word writes its namespaces into pages as well.
            (known && !root.eq_ignore_ascii_case("html")).then_some((root, family))
        });
        found.map(|(root, family)| Xml { text, root, family })
    });
    match xml {
        Some(xml) => {
            let bytes = Vec::new();
            (Part { bytes, ..part }, Some(xml))
        }
        None => (part, None),
    }
}

fn read_xml(visit: &mut Visit<'_>, shared: &ooxml::Shared, name: &str, xml: &Xml) {
    match xml.family {
        Family::Ooxml => ooxml::read_part(visit, shared, name, xml),
        Family::OpenDocument => opendocument::read_part(visit, name, xml),
    }
}

/// How people call a part of the document.
pub(super) fn spoken(name: &str) -> String {
    match is_harmless(name, 60) {
        true => format!("part '{name}'"),
        false => "a part".to_owned(),
    }
}

fn read_file(visit: &mut Visit<'_>, part: Part, office: bool) {
    let name = part.name.to_ascii_lowercase();
    // A small picture of the document's own first page, or of an object that is read itself.
    let preview = [
        "docprops/thumbnail.",
        "thumbnails/thumbnail.",
        "objectreplacements/",
    ]
    .iter()
    .any(|folder| name.starts_with(folder));
    if office && preview && (picture::is_picture(&part.bytes) || is_drawing(&part.bytes)) {
        return visit.text_in(&spoken(&part.name), TextKind::Body, legible(&part.bytes));
    }
    if office && is_mark(&part.bytes) {
        return;
    }
    let layout = name == "layout-cache" && part.bytes.starts_with(b"\x01\0\x01\0");
    if office && (layout || is_printer_setting(&part.bytes) || is_font(&part.bytes)) {
        return visit.text_in(&spoken(&part.name), TextKind::Body, printable(&part.bytes));
    }
    embedded(visit, Some(&part.name), part.bytes);
}

/// Reads a file that stands in a document.
pub(super) fn embedded(visit: &mut Visit<'_>, name: Option<&str>, bytes: Vec<u8>) {
    if is_drawing(&bytes) {
        visit.text_in("a drawing", TextKind::Body, legible(&bytes));
        return visit.obstacle(ObstacleKind::Image, "holds a drawing, which cannot be checked");
    }
    visit.file(name, bytes);
}

/// A drawing of LibreOffice. Its texts are legible in it.
fn is_drawing(bytes: &[u8]) -> bool {
    bytes.starts_with(b"VCLMTF")
}

/// What is legible in a drawing; in other pictures it is metadata full of long numbers.
fn legible(bytes: &[u8]) -> String {
    if is_drawing(bytes) {
        printable(bytes)
    } else {
        String::new()
    }
}

/// Settings of a printer ([MS-RPRN] §2.2.2.1, `DEVMODE`): its name, then version and size of the structure.
fn is_printer_setting(bytes: &[u8]) -> bool {
    let word = |at: usize| {
        bytes
            .get(at..)?
            .first_chunk()
            .map(|octets| u16::from_le_bytes(*octets))
    };
    let (version, size) = (word(64).unwrap_or(0), word(68).unwrap_or(0));
    (0x0300..=0x0600).contains(&version) && (100..=220).contains(&size) && bytes.len() < 256 << 10
}

/// A font (OpenType 1.9 §Organization): its table of contents shows at its beginning, or behind 32 octets that are
/// disguised (ECMA-376 part 4 §3.3.2). Or one for the web (EOT §3.1).
fn is_font(bytes: &[u8]) -> bool {
    let has_tables = |start: usize| {
        let tags = bytes.get(start..).unwrap_or_default().chunks_exact(16).take(6);
        let known = tags.filter(|entry| {
            let tag = entry.get(..4).unwrap_or_default();
            FONT_TABLES.iter().any(|table| tag == table.as_bytes())
        });
        known.count() >= 4
    };
    let for_web = bytes.get(34..36) == Some(b"LP")
        && bytes.get(8..11).is_some_and(|version| version.ends_with(&[0x02]));
    has_tables(12) || has_tables(44) || for_web
}

const FONT_TABLES: [&str; 18] = [
    "OS/2", "cmap", "cvt ", "fpgm", "gasp", "glyf", "head", "hhea", "hmtx", "kern", "loca", "maxp", "name",
    "post", "prep", "GSUB", "GPOS", "GDEF",
];

/// The media type that OpenDocument and others put in front (OpenDocument 1.3 part 2 §3.3).
fn is_mark(bytes: &[u8]) -> bool {
    let word = |octet: &u8| octet.is_ascii_lowercase() || b"/.-+".contains(octet);
    bytes.len() < 100 && bytes.starts_with(b"application/") && bytes.iter().all(word)
}
