//! What is embedded in RTF: pictures, and objects in the envelope of OLE 1.0 ([MS-OLEDS] §2.2).

use crate::documents::Visit;
use crate::documents::octets::Octets;
use crate::documents::packager;
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

/// Pictures that have a reader of their own.
const PICTURES: [&[u8]; 5] = [b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"];

/// Reads a picture. A drawing is a program: its strings are searched, and what it draws is not.
pub(super) fn read_picture(visit: &mut Visit<'_>, picture: Vec<u8>) {
    visit.spend(picture.len());
    if PICTURES.iter().any(|beginning| picture.starts_with(beginning)) {
        return visit.file(None, picture);
    }
    visit.text_in("a drawing", TextKind::Body, printable(&picture));
    visit.obstacle(ObstacleKind::Image, "holds a drawing, which cannot be checked");
}

/// Reads an embedded object: a file in a package, or the data of the program that made it.
pub(super) fn read_object(visit: &mut Visit<'_>, data: Vec<u8>) {
    visit.spend(data.len());
    match native_data(&data) {
        Some((b"Package", native)) => packager::read(visit, native),
        Some((_, native)) => visit.file(None, native.to_vec()),
        None => visit.file(None, data),
    }
}

/// The class and the data of an embedded object ([MS-OLEDS] §2.2.5).
fn native_data(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut octets = Octets::new(data);
    let version = octets.u32()?;
    let embedded = octets.u32()? == 2;
    let class = text(&mut octets)?;
    text(&mut octets)?;
    text(&mut octets)?;
    let length = octets.length()?;
    let native = octets.take_most(length);
    (embedded && version & 0xff <= 5).then_some((class, native))
}

/// A string with its length before it and a NUL at its end ([MS-OLEDS] §2.1.4).
fn text<'a>(octets: &mut Octets<'a>) -> Option<&'a [u8]> {
    let length = octets.length()?;
    let text = octets.take(length)?;
    Some(text.strip_suffix(b"\0").unwrap_or(text))
}
