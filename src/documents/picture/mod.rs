//! Pictures. What is shown in them is read elsewhere, by OCR; here they are recognised, decoded to plain gray pixels
//! and handed out. What is written beside the pixels (comments, captions, trailing data) is read here.
//!
//! A picture is an obstacle until its reading comes back and is good enough ([`Sight`]). `docs/ocr.md` says when.

mod decode;
mod gif;
mod jpeg;
mod metadata;
mod png;
mod raw;
mod sight;
mod tiff;
mod verdict;

use super::{Visit, text};
use crate::message::ObstacleKind;

pub(super) use raw::Samples;
pub use sight::{Picture, Reading, Seen, Sight};

/// Kinds that are recognised and not decoded.
const OTHER_SIGNATURES: [&[u8]; 8] = [
    b"\0\0\x01\0",
    b"\0\0\x02\0",
    b"8BPS",
    b"\xff\x0a",
    b"\0\0\0\x0cJXL ",
    b"\0\0\0\x0cjP  ",
    b"\xff\x4f\xff\x51",
    b"\xc5\xd0\xd3\xc6",
];

/// Brands of the ISO base media format that hold pictures (ISO/IEC 23008-12).
const BRANDS: [&[u8]; 7] = [b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis"];

/// A kind of picture that is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Png,
    Jpeg,
    Gif,
    Bmp,
    Tiff,
    WebP,
    Pnm,
}

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    // Samples of a PDF may all be letters by chance, or on purpose.
    let made_here = visit.leaf.media_type == raw::PLAIN;
    if !is_picture(bytes) || (!made_here && text::is_text(bytes)) {
        return false;
    }
    match kind(bytes) {
        Some(kind) => {
            metadata::read(visit, kind);
            decode::see_all(visit, kind);
        }
        // Text in a metafile is text; in the others what is legible is metadata full of long numbers.
        None if is_metafile(bytes) => {
            visit.unread(ObstacleKind::Image, "is a drawing, which cannot be checked");
        }
        None => visit.obstacle(
            ObstacleKind::Image,
            "is a picture of a kind that cannot be checked",
        ),
    }
    true
}

/// Whether the octets begin like a picture.
pub(super) fn is_picture(bytes: &[u8]) -> bool {
    kind(bytes).is_some() || is_metafile(bytes) || is_other(bytes)
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    let starts = |signature: &[u8]| bytes.starts_with(signature);
    let webp = starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    // A netpbm header is text up to its pixels, so it must be a whole one.
    let pnm = matches!(bytes, [b'P', b'1'..=b'7', b'\n' | b' ' | b'\r' | b'\t', ..]);
    match () {
        () if starts(b"\x89PNG\r\n\x1a\n") => Some(Kind::Png),
        () if starts(b"\xff\xd8\xff") => Some(Kind::Jpeg),
        () if starts(b"GIF87a") || starts(b"GIF89a") => Some(Kind::Gif),
        () if starts(b"II*\0") || starts(b"MM\0*") || starts(b"II+\0") || starts(b"MM\0+") => {
            Some(Kind::Tiff)
        }
        () if webp => Some(Kind::WebP),
        () if starts(b"BM") => Some(Kind::Bmp),
        () if pnm => Some(Kind::Pnm),
        () => None,
    }
}

/// Windows metafiles, plain, placeable and enhanced ([MS-WMF] §2.3.2, [MS-EMF] §2.3.4.2).
fn is_metafile(bytes: &[u8]) -> bool {
    let enhanced = bytes.starts_with(b"\x01\0\0\0") && bytes.get(40..44) == Some(b" EMF");
    let plain = bytes.starts_with(b"\x01\0\x09\0\0\x03") || bytes.starts_with(b"\x01\0\x09\0\0\x01");
    enhanced || plain || bytes.starts_with(b"\xd7\xcd\xc6\x9a")
}

fn is_other(bytes: &[u8]) -> bool {
    let brand =
        bytes.get(4..8) == Some(b"ftyp") && BRANDS.iter().any(|brand| bytes.get(8..12) == Some(brand));
    brand
        || OTHER_SIGNATURES
            .iter()
            .any(|signature| bytes.starts_with(signature))
}

#[cfg(test)]
mod tests;
