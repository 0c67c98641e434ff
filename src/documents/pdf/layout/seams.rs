//! Cells whose texts run into each other: nothing but the places where they start or end tells them apart.

use super::lines::{Line, Seam, Word};

/// So many lines with a text that starts or ends at one place make it the edge of a column.
const EDGE: usize = 3;
/// A cell has so many characters; single letters are placed one by one for other reasons.
const SHORTEST: usize = 2;

/// Parts words at the edges of columns.
pub(super) fn parted(mut lines: Vec<Line>) -> Vec<Line> {
    if lines
        .iter()
        .all(|line| line.words.iter().all(|word| word.seams.is_empty()))
    {
        return lines;
    }
    let words = || lines.iter().flat_map(|line| &line.words);
    let seams = || words().flat_map(|word| &word.seams);
    let starts = sorted(
        words()
            .map(|word| word.start)
            .chain(seams().map(|seam| seam.start)),
    );
    let ends = sorted(words().map(|word| word.end).chain(seams().map(|seam| seam.end)));
    for line in &mut lines {
        let near = 0.15 * line.size;
        let is_edge = |sorted: &[f32], place: f32| around(sorted, place, near) >= EDGE;
        line.words = std::mem::take(&mut line.words)
            .into_iter()
            .flat_map(|word| {
                part(word, |seam, end| {
                    is_edge(&starts, seam.start) || is_edge(&ends, seam.end) || is_edge(&ends, end)
                })
            })
            .collect();
    }
    lines
}

/// Places in order.
pub(super) fn sorted(places: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut places: Vec<f32> = places.collect();
    places.sort_by(f32::total_cmp);
    places
}

/// How many places are near one.
pub(super) fn around(sorted: &[f32], place: f32, near: f32) -> usize {
    let from = sorted.partition_point(|other| *other < place - near);
    let to = sorted.partition_point(|other| *other <= place + near);
    to - from
}

/// Parts a word at the seams that are edges; `is_edge` also gets where the piece behind the seam ends.
fn part(mut word: Word, is_edge: impl Fn(&Seam, f32) -> bool) -> Vec<Word> {
    let seams = std::mem::take(&mut word.seams);
    let mut parts = Vec::new();
    for (place, seam) in seams.iter().enumerate().rev() {
        let end = seams.get(place + 1).map_or(word.end, |next| next.end);
        let end = if parts.is_empty() { end } else { word.end.min(end) };
        let long = |text: &str| text.chars().nth(SHORTEST - 1).is_some();
        let (before, after) = word.text.split_at_checked(seam.at).unwrap_or_default();
        if !long(before) || !long(after) || !is_edge(seam, end) {
            continue;
        }
        let after = Word {
            text: after.to_owned(),
            start: seam.start,
            end: word.end,
            cut: true,
            seams: Vec::new(),
        };
        word.text.truncate(seam.at);
        word.end = seam.end;
        parts.push(after);
    }
    parts.push(word);
    parts.reverse();
    parts
}
