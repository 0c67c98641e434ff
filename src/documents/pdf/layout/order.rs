//! Text in the order of the file.

use crate::documents::pdf::content::Piece;

/// A gap of this part of the size is a space.
pub(super) const SPACE: f32 = 0.15;

/// The text of all pieces, with a space or a new line where there is room for one.
pub(super) fn as_shown<'c>(pieces: &'c [Piece], text: impl Fn(&'c Piece) -> &'c str) -> String {
    let mut written = String::new();
    let mut before: Option<&Piece> = None;
    for piece in pieces {
        let own = text(piece);
        if let Some(before) = before {
            // Bold letters are sometimes made by drawing them twice.
            if twice(before, piece) && text(before) == own && !own.trim().is_empty() {
                continue;
            }
            written.push_str(between(before, piece));
        }
        written.push_str(own);
        before = Some(piece);
    }
    written
}

/// Whether one piece covers the other.
fn twice(one: &Piece, other: &Piece) -> bool {
    let distance = |one: (f32, f32), other: (f32, f32)| (one.0 - other.0).abs() + (one.1 - other.1).abs();
    distance(one.start, other.start) < 0.2 * other.size && distance(one.end, other.end) < 0.3 * other.size
}

/// What stands between two pieces.
fn between(before: &Piece, piece: &Piece) -> &'static str {
    let (sine, cosine) = f32::from(before.angle).to_radians().sin_cos();
    let (x, y) = (piece.start.0 - before.end.0, piece.start.1 - before.end.1);
    let (along, across) = (x * cosine + y * sine, y * cosine - x * sine);
    let size = before.size.max(piece.size);
    if across.abs() > 0.5 * size || piece.angle != before.angle {
        "\n"
    } else if along > SPACE * before.size.min(piece.size) || along < -0.5 * size {
        " "
    } else {
        ""
    }
}
