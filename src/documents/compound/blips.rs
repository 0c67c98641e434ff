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
    let mut at = 0;
    let mut between = 0;
    // Every record of a picture has this octet at its fourth place.
    while let Some(found) = memchr::memchr(0xf0, stream.get(at..).unwrap_or_default()) {
        let start = (at + found).saturating_sub(3);
        at += found + 1;
        let Some((blip, checksums)) = recognise(stretch(stream, start, 4)) else {
            continue;
        };
        let Some(length) = length_at(stream, start + 4) else {
            break;
        };
        let body = stretch(stream, start + 8, length);
        let gap = stream.get(between..start).unwrap_or_default();
        visit.text_in("hidden data", TextKind::Body, printable(gap));
        hand_over(visit, blip, body, checksums);
        at = start + 8 + body.len();
        between = at;
    }
    let rest = stream.get(between..).unwrap_or_default();
    visit.text_in("hidden data", TextKind::Body, printable(rest));
}

fn recognise(header: &[u8]) -> Option<(&'static Blip, usize)> {
    let fits = |blip: &'static Blip| {
        let number = blip.signatures.iter().position(|signature| signature == header)?;
        Some((blip, number + 1))
    };
    BLIPS.iter().find_map(fits)
}

fn hand_over(visit: &mut Visit<'_>, blip: &Blip, body: &[u8], checksums: usize) {
    let header = checksums * 16;
    if !blip.drawing {
        return visit.file(None, body.get(header + 1..).unwrap_or_default().to_vec());
    }
    let packed = body.get(header + 34..).unwrap_or_default();
    let is_packed = body.get(header + 32) == Some(&0);
    let drawing = match is_packed {
        true => visit.unpack("a drawing", ZlibDecoder::new(packed)),
        false => packed.to_vec(),
    };
    visit.text_in("a drawing", TextKind::Body, printable(&drawing));
    visit.obstacle(ObstacleKind::Image, "holds a drawing, which cannot be checked");
}
