//! A file that was dropped into a document: the native data of Windows' Packager.

use super::Visit;
use super::codepage;
use super::octets::Octets;
use crate::mime::{TextKind, printable};

/// The stream of a storage that holds a package.
pub(super) const STREAM: &str = "\u{1}Ole10Native";

/// What is in a package: a file, or the way to one.
const FILE: u16 = 3;
const LINK: u16 = 1;

/// Reads the file in a package; where there is none, the octets themselves.
pub(super) fn read(visit: &mut Visit<'_>, native: &[u8]) {
    match contents(native) {
        Some((name, FILE, file)) => visit.file(Some(&name), file.to_vec()),
        Some((_, LINK, _)) => visit.text_in("a link", TextKind::Body, printable(native)),
        _ => visit.file(None, native.to_vec()),
    }
}

/// The name, the kind and the octets of what is packaged: type, label, path, kind, path again, octets.
fn contents(native: &[u8]) -> Option<(String, u16, &[u8])> {
    let mut octets = Octets::new(native);
    if octets.u16()? != 2 {
        return None;
    }
    let label = text(&mut octets)?;
    text(&mut octets)?;
    octets.u16()?;
    let kind = octets.u16()?;
    let mut file: &[u8] = &[];
    if kind == FILE {
        let length = octets.length()?;
        octets.take(length)?;
        let length = octets.length()?;
        file = octets.take_most(length);
    }
    Some((codepage::decode(1252, label), kind, file))
}

fn text<'a>(octets: &mut Octets<'a>) -> Option<&'a [u8]> {
    let length = memchr::memchr(0, octets.rest())?;
    let text = octets.take(length)?;
    octets.u8()?;
    Some(text)
}
