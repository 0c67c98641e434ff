//! Pictures, by signature. Their octets are not searched: what is legible in them is metadata full of long numbers.

use super::{Visit, text};
use crate::message::ObstacleKind;

const SIGNATURES: [&[u8]; 15] = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\x01\0",
    b"\0\0\x02\0",
    b"8BPS",
    b"\xff\x0a",
    b"\0\0\0\x0cJXL ",
    b"\0\0\0\x0cjP  ",
    b"\xd7\xcd\xc6\x9a",
    b"\x01\0\0\0",
];

/// Brands of the ISO base media format that hold pictures (ISO/IEC 23008-12).
const BRANDS: [&[u8]; 7] = [b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis"];

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let picture = is_picture(visit.bytes()) && !text::is_text(visit.bytes());
    if picture {
        visit.obstacle(ObstacleKind::Image, "is a picture, which cannot be checked");
    }
    picture
}

pub(super) fn is_picture(bytes: &[u8]) -> bool {
    let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let brand =
        bytes.get(4..8) == Some(b"ftyp") && BRANDS.iter().any(|brand| bytes.get(8..12) == Some(brand));
    let metafile = bytes.get(40..44) == Some(b" EMF");
    let signed = SIGNATURES.iter().any(|signature| bytes.starts_with(signature));
    webp || brand || (signed && (metafile || !bytes.starts_with(b"\x01\0\0\0")))
}
