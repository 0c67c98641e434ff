//! Predictors (ISO 32000-2 §7.4.4.4): PNG (RFC 2083 §6) and TIFF.

use crate::documents::pdf::syntax::Dictionary;

/// The octets before prediction; `None` when there was none.
pub(super) fn undo(bytes: &[u8], parameters: &Dictionary<'_>) -> Option<Vec<u8>> {
    let entry = |key: &str, default: usize| parameters.get(key).count().unwrap_or(default);
    let predictor = entry("Predictor", 1);
    let colors = entry("Colors", 1).clamp(1, 64);
    let depth = entry("BitsPerComponent", 8).clamp(1, 16);
    let columns = entry("Columns", 1).clamp(1, 1 << 24);
    let row = (colors * depth * columns).div_ceil(8);
    let pixel = (colors * depth).div_ceil(8);
    match predictor {
        2 if depth == 8 => Some(tiff(bytes, row, colors)),
        10.. => Some(png(bytes, row, pixel)),
        _ => None,
    }
}

fn tiff(bytes: &[u8], row: usize, colors: usize) -> Vec<u8> {
    let mut plain = bytes.to_vec();
    for line in plain.chunks_mut(row) {
        for at in colors..line.len() {
            let left = line.get(at - colors).copied().unwrap_or_default();
            if let Some(octet) = line.get_mut(at) {
                *octet = octet.wrapping_add(left);
            }
        }
    }
    plain
}

fn png(bytes: &[u8], row: usize, pixel: usize) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut above: Vec<u8> = Vec::new();
    for line in bytes.chunks(row + 1) {
        let Some((kind, line)) = line.split_first() else {
            break;
        };
        let mut current = line.to_vec();
        for at in 0..current.len() {
            let before = |line: &[u8]| at.checked_sub(pixel).and_then(|at| line.get(at).copied());
            let left = before(&current).unwrap_or(0);
            let up = above.get(at).copied().unwrap_or(0);
            let corner = before(&above).unwrap_or(0);
            let prediction = match kind {
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, corner),
                _ => 0,
            };
            if let Some(octet) = current.get_mut(at) {
                *octet = octet.wrapping_add(prediction);
            }
        }
        plain.extend_from_slice(&current);
        above = current;
    }
    plain
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |octet: u8| (estimate - i16::from(octet)).abs();
    if distance(left) <= distance(up) && distance(left) <= distance(corner) {
        left
    } else if distance(up) <= distance(corner) {
        up
    } else {
        corner
    }
}
