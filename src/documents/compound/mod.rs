//! Microsoft's compound files: doc, xls, ppt, msg and whatever else keeps its streams in one ([MS-CFB]).
//!
//! Each storage is read by itself, by the streams that it holds, so that an object inside of a document is read like
//! a document and nothing recurs. Streams that no reader took are read like files.

mod blips;
mod container;
mod doc;
mod macros;
mod outlook;
mod properties;
mod sheet;
mod slides;
mod storage;

use super::Visit;
use super::{mapi, octets, packager};
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

use container::{Container, SIGNATURE};
use storage::Storage;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    if !bytes.starts_with(SIGNATURE) {
        return sheet::read_bare(visit);
    }
    match Container::open(bytes) {
        Some(container) if is_encrypted(&container) => tell_encrypted(visit),
        Some(container) => read_container(visit, container),
        None if ["EncryptionInfo", "EncryptedPackage"]
            .iter()
            .all(|name| mentions(bytes, name)) =>
        {
            tell_encrypted(visit);
        }
        None => visit.unread(
            ObstacleKind::Malformed,
            "is an older Office document or Outlook message, and damaged",
        ),
    }
    true
}

/// [MS-OFFCRYPTO] §2.3.1: an encrypted Office document is a compound file with these two streams.
fn is_encrypted(container: &Container<'_>) -> bool {
    let names = ["EncryptionInfo", "EncryptedPackage"];
    let has = |name: &&str| {
        container
            .entries
            .iter()
            .any(|entry| entry.name.eq_ignore_ascii_case(name))
    };
    names.iter().all(has)
}

fn tell_encrypted(visit: &mut Visit<'_>) {
    visit.unread(
        ObstacleKind::EncryptedContainer,
        "is an Office document with a password",
    );
}

fn mentions(bytes: &[u8], name: &str) -> bool {
    let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    memchr::memmem::find(bytes, &wide).is_some()
}

fn read_container(visit: &mut Visit<'_>, mut container: Container<'_>) {
    let mut storages = Storage::all(&container);
    if !storages.iter().any(is_known) {
        let what = storages.first().map_or(UNKNOWN, name_of_unknown);
        return visit.unread(ObstacleKind::UnknownContent, what);
    }
    for storage in &mut storages {
        read_storage(visit, &mut container, storage);
    }
    for storage in &mut storages {
        for (name, stream) in storage.rest(&mut container) {
            read_rest(visit, storage, &name, stream);
        }
    }
    visit.text_in("unused space", TextKind::Body, printable(&container.unclaimed()));
    if container.damaged {
        let what = "is an older Office document or Outlook message, and damaged: parts of it are missing";
        visit.obstacle(ObstacleKind::Malformed, what);
    }
}

/// Whether a reader knows this storage by its streams.
fn is_known(storage: &Storage) -> bool {
    let names = [
        "WordDocument",
        "Workbook",
        "Book",
        "PowerPoint Document",
        packager::STREAM,
        "Package",
    ];
    names.iter().any(|name| storage.has(name))
        || macros::is_project(storage)
        || storage.has_any(outlook::PREFIX)
        || storage.has_storage("MsoDataStore")
        || storage.name == "MsoDataStore"
}

const UNKNOWN: &str = "is a compound file of an unknown kind, which cannot be checked";

/// What people call a file that no reader knows, by its streams.
fn name_of_unknown(root: &Storage) -> &'static str {
    let by_stream = [
        ("VisioDocument", "is a Visio drawing, which cannot be checked"),
        ("MatOST", "is a Works document, which cannot be checked"),
        (
            "PP40",
            "is a presentation of PowerPoint 4, which cannot be checked",
        ),
        ("FileHeader", "is a Hangul document, which cannot be checked"),
        (
            "StarWriterDocument",
            "is a StarOffice document, which cannot be checked",
        ),
        (
            "StarCalcDocument",
            "is a StarOffice document, which cannot be checked",
        ),
    ];
    let by_storage = [
        ("Quill", "is a Publisher document, which cannot be checked"),
        ("   112", "is a Project plan, which cannot be checked"),
        ("   114", "is a Project plan, which cannot be checked"),
    ];
    let stream = by_stream.iter().find(|(name, _)| root.has(name));
    let known = stream.or_else(|| by_storage.iter().find(|(name, _)| root.has_storage(name)));
    known.map_or(UNKNOWN, |(_, what)| what)
}

fn read_storage(visit: &mut Visit<'_>, container: &mut Container<'_>, storage: &mut Storage) {
    doc::read(visit, container, storage);
    sheet::read(visit, container, storage);
    slides::read(visit, container, storage);
    outlook::read(visit, container, storage);
    properties::read(visit, container, storage);
    if let Some(native) = storage.take(container, packager::STREAM) {
        // The length stands before the data ([MS-OLEDS] §2.3.6).
        packager::read(visit, native.get(4..).unwrap_or_default());
    }
}

/// Streams whose legible runs are all that there is to read.
const PLAIN_STREAMS: [&str; 22] = [
    "\u{1}CompObj",
    "\u{1}Ole",
    "\u{1}Ole10ItemName",
    "\u{2}OlePres000",
    "\u{2}OlePres001",
    "\u{3}ObjInfo",
    "\u{3}LinkInfo",
    "\u{3}META",
    "\u{3}PRINT",
    "\u{3}EPRINT",
    "\u{3}PIC",
    "\u{3}OCXNAME",
    "\u{3}OCXDATA",
    "0Table",
    "1Table",
    "Ctls",
    "Current User",
    "EncryptedSummary",
    "Equation Native",
    "MailStream",
    "RichEditFlags",
    "User Names",
];

fn read_rest(visit: &mut Visit<'_>, storage: &Storage, name: &str, stream: Vec<u8>) {
    if stream.trim_ascii().is_empty() {
        return;
    }
    if PLAIN_STREAMS.contains(&name) {
        visit.text_in("hidden data", TextKind::Body, printable(&stream));
    } else if matches!(name, "Data" | "Pictures") {
        blips::read(visit, &stream);
    } else if matches!(storage.name.as_str(), "_SX_DB_CUR" | "_SX_DB") || name == "Revision Log" {
        sheet::read_leftovers(visit, &stream);
    } else if macros::belong(storage, name) {
        macros::read(visit, &stream);
    } else {
        visit.file(
            Some(name.trim_start_matches(|character: char| character.is_control())),
            stream,
        );
    }
}

#[cfg(test)]
mod tests;
