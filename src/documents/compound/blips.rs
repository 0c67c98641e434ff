//! Pictures in the drawings of older Office documents ([MS-ODRAW] §2.2.23).

use flate2::read::ZlibDecoder;

use crate::documents::Visit;
use crate::documents::octets::{length_at, stretch};
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

/// A kind of picture: the four octets by which its record begins with one checksum, and with two; and whether it is
/// a drawing, which is packed.
struct Blip {
    signatures: [[u8; 4]; 2],
    drawing: bool,
}

const fn blip(one: u16, record: u16, drawing: bool) -> Blip {
    let [a, b] = (one << 4).to_le_bytes();
    let [c, d] = ((one + 1) << 4).to_le_bytes();
    let [e, f] = record.to_le_bytes();
    Blip {
        signatures: [[a, b, e, f], [c, d, e, f]],
        drawing,
    }
}

const BLIPS: [Blip; 8] = [
    blip(0x3d4, 0xf01a, true),
    blip(0x216, 0xf01b, true),
    blip(0x542, 0xf01c, true),
    blip(0x46a, 0xf01d, false),
    blip(0x6e2, 0xf01d, false),
    blip(0x6e0, 0xf01e, false),
    blip(0x7a8, 0xf01f, false),
    blip(0x6e4, 0xf029, false),
];

/// Reads the pictures in a stream, wherever they stand in it, and what is legible between them.
pub(super) fn read(visit: &mut Visit<'_>, stream: &[u8]) {
    let mut legible = String::new();
    let mut at = 0;
    let mut between = 0;
    // Every record of a picture has this octet at its fourth place.
    while let Some(found) = memchr::memchr(0xf0, stream.get(at..).unwrap_or_default()) {
        let start = (at + found).saturating_sub(3);
        at += found + 1;
        let (Some((blip, checksums)), Some(length)) =
            (recognise(stretch(stream, start, 4)), length_at(stream, start + 4))
        else {
            continue;
        };
        let body = stretch(stream, start + 8, length);
        legible.push_str(&printable(stream.get(between..start).unwrap_or_default()));
        match blip.drawing {
            true => legible.push_str(&drawing(visit, body, checksums)),
            // A mark stands between the checksums and the picture.
            false => visit.file(None, body.get(checksums * 16 + 1..).unwrap_or_default().to_vec()),
        }
        at = start + 8 + body.len();
        between = at;
    }
    legible.push_str(&printable(stream.get(between..).unwrap_or_default()));
    visit.text_in("hidden data", TextKind::Body, legible);
}

fn recognise(header: &[u8]) -> Option<(&'static Blip, usize)> {
    let fits = |blip: &'static Blip| {
        let number = blip.signatures.iter().position(|signature| signature == header)?;
        Some((blip, number + 1))
    };
    BLIPS.iter().find_map(fits)
}

/// The strings in a drawing ([MS-ODRAW] §2.2.31): behind its checksums stand 34 octets that say whether it is packed.
fn drawing(visit: &mut Visit<'_>, body: &[u8], checksums: usize) -> String {
    visit.obstacle(ObstacleKind::Image, "holds a drawing, which cannot be checked");
    let header = checksums * 16;
    let contents = body.get(header + 34..).unwrap_or_default();
    match body.get(header + 32) {
        Some(0) => printable(&visit.unpack("a drawing", ZlibDecoder::new(contents))),
        _ => printable(contents),
    }
}
