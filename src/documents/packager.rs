//! A file that was dropped into a document: the native data of Windows' Packager.

use super::Visit;
use super::codepage;
use super::octets::Octets;

/// The stream of a storage that holds a package.
pub(super) const STREAM: &str = "\u{1}Ole10Native";

/// Reads the file in a package; where there is none, the octets themselves.
pub(super) fn read(visit: &mut Visit<'_>, native: &[u8]) {
    match contents(native) {
        Some((name, file)) => visit.file(Some(&name), file.to_vec()),
        None => visit.file(None, native.to_vec()),
    }
}

/// The name and the octets of the packaged file: type, label, path, two numbers, path again, octets.
fn contents(native: &[u8]) -> Option<(String, &[u8])> {
    let mut octets = Octets::new(native);
    if octets.u16()? != 2 {
        return None;
    }
    let label = text(&mut octets)?;
    text(&mut octets)?;
    octets.u32()?;
    let length = octets.length()?;
    octets.take(length)?;
    let length = octets.length()?;
    let file = octets.take_most(length);
    Some((codepage::decode(1252, label), file))
}

fn text<'a>(octets: &mut Octets<'a>) -> Option<&'a [u8]> {
    let length = memchr::memchr(0, octets.rest())?;
    let text = octets.take(length)?;
    octets.u8()?;
    Some(text)
}
