//! The segments of a JPEG file (ITU-T T.81 annex B).

use super::metadata::MOST_PIECES;

/// A segment: its marker and its content.
pub(super) type Segment<'a> = (u8, &'a [u8]);

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// The segments that are not pixels, and what follows the end of the picture. After too many segments the rest counts
/// as following.
pub(super) fn segments(bytes: &[u8]) -> (Vec<Segment<'_>>, &[u8]) {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut segments = Vec::new();
    while let Some((marker, after)) = marker(rest) {
        rest = after;
        match marker {
            END => return (segments, rest),
            // Stand alone, without a length.
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some((content, after)) = content(rest) else {
                    break;
                };
                rest = after;
                segments.push((marker, content));
                if segments.len() >= MOST_PIECES {
                    return (segments, rest);
                }
                if marker == SCAN {
                    rest = after_scan(rest);
                }
            }
        }
    }
    (segments, &[])
}

/// A marker, which fill octets may precede.
fn marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let fill = bytes.iter().position(|octet| *octet != 0xff)?;
    let (marker, rest) = bytes.get(fill..)?.split_first()?;
    (fill > 0).then_some((*marker, rest))
}

fn content(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length)).checked_sub(2)?;
    rest.split_at_checked(length)
}

/// Entropy-coded data ends at a marker; a stuffed `FF 00` and restart markers are none (§B.1.1.5).
fn after_scan(bytes: &[u8]) -> &[u8] {
    let ends = |at: usize| {
        !matches!(
            bytes.get(at.saturating_add(1)),
            Some(0 | 0xd0..=0xd7 | 0xff) | None
        )
    };
    let end = memchr::memchr_iter(0xff, bytes).find(|at| ends(*at));
    end.and_then(|end| bytes.get(end..)).unwrap_or_default()
}
