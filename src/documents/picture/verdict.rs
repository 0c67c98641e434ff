//! What a reading makes of a picture: its texts, and whether it stays an obstacle.

use super::sight::{Reading, Seen};
use crate::documents::Visit;
use crate::message::ObstacleKind;
use crate::mime::TextKind;

/// Nine digits that a person can read take 9 × 6 × 8 pixels: five by seven for the digit and one between. What has
/// fewer in all (tracking pixels, spacers, bullets) shows no number worth protecting.
const LEAST_PIXELS: u64 = 9 * 6 * 8;

/// Pixels of tiny pictures that a message may have in all: 45 of the largest, any number of tracking pixels.
const MOSAIC: u64 = 45 * LEAST_PIXELS;

/// In a picture of this size (256 × 256) OCR misses print no more than it sees what is not there; handwriting has
/// no room. Larger ones in which nothing was made out may be photographs of a card or a written note.
const SMALL: u64 = 1 << 16;

/// Fewer characters than this are no number with nine digits.
const FEW: usize = 9;

/// Whether a picture is too small to show anything.
pub(super) fn is_tiny(width: u32, height: u32) -> bool {
    u64::from(width) * u64::from(height) < LEAST_PIXELS
}

/// A tiny picture is none, until there are so many that they may be the pieces of one.
pub(super) fn tiny(visit: &mut Visit<'_>, (width, height): (u32, u32)) {
    if visit.tiny_pictures(u64::from(width) * u64::from(height)) > MOSAIC {
        visit.obstacle(
            ObstacleKind::Image,
            "is one of many tiny pictures, which may be the pieces of a large one",
        );
    }
}

/// Adds what was read in a picture of this size.
pub(super) fn tell(visit: &mut Visit<'_>, (width, height): (u32, u32), reading: Reading) {
    let small = u64::from(width) * u64::from(height) <= SMALL;
    let (lines, table, legible) = match reading.seen {
        Seen::Text {
            lines,
            table,
            legible,
        } => (lines, table, legible),
        Seen::Nothing(why) => {
            return visit.obstacle(ObstacleKind::Image, &format!("is a picture; {why}"));
        }
    };
    let few = lines.chars().filter(|c| c.is_alphanumeric()).count() < FEW;
    visit.text(TextKind::Body, lines);
    visit.text(TextKind::Table, table.unwrap_or_default());
    if !visit.sight().clears {
        visit.obstacle(
            ObstacleKind::Image,
            "is a picture, whose text was read and may not be all",
        );
    } else if !(legible || small && few) {
        visit.obstacle(
            ObstacleKind::Image,
            "is a picture in which no text could be made out for certain",
        );
    }
}
