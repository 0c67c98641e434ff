//! Text in the order of the page: lines from top to bottom, words from left to right.

use super::order::SPACE;
use crate::documents::pdf::content::Piece;

/// Words on one base line.
#[derive(Debug)]
pub(super) struct Line {
    pub words: Vec<Word>,
    /// How far up it stands, seen in the direction of its text.
    pub height: f32,
    pub size: f32,
    pub angle: i16,
}

/// A word, or several that a font's own spaces join.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub text: String,
    pub start: f32,
    pub end: f32,
    /// Whether it is seen through another window than the word before: each cell of a sheet has one.
    pub cut: bool,
    /// Where pieces meet in it that do not quite fit.
    pub seams: Vec<Seam>,
}

/// Where one piece of a word ends and another starts.
#[derive(Debug, Clone)]
pub(super) struct Seam {
    /// Octets before it.
    pub at: usize,
    pub end: f32,
    pub start: f32,
}

/// Pieces that are further apart than this part of the size, or overlap by more, were not placed as one text.
/// Letters are moved closer to each other, digits are not.
const FIT: f32 = 0.02;
const FIT_OF_LETTERS: f32 = 0.12;
/// A gap of this many sizes is wider than spaces between words.
const COLUMN: f32 = 1.8;
/// Single characters at even distances are the boxes of a form when there are so many.
const BOXES: usize = 5;

/// A piece seen in the direction of its text.
struct Turned<'c> {
    text: &'c str,
    start: f32,
    end: f32,
    height: f32,
    size: f32,
    angle: i16,
    window: u32,
}

/// Sorts pieces into lines.
pub(super) fn lines<'c>(pieces: &'c [Piece], text: impl Fn(&'c Piece) -> &'c str) -> Vec<Line> {
    let mut turned: Vec<Turned<'c>> = Vec::with_capacity(pieces.len());
    pieces
        .iter()
        .for_each(|piece| spread(turn(piece, text(piece)), &mut turned));
    turned.retain(|piece| !piece.text.trim().is_empty());
    turned.sort_by(|one, other| {
        (one.angle, other.height)
            .partial_cmp(&(other.angle, one.height))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut lines = Vec::new();
    let mut rest = turned.as_mut_slice();
    while let Some(first) = rest.first() {
        let (height, size, angle) = (first.height, first.size, first.angle);
        let on_line = |piece: &&Turned<'_>| {
            piece.angle == angle && height - piece.height <= 0.5 * size.min(piece.size).max(0.3 * size)
        };
        let length = rest.iter().take_while(on_line).count().max(1);
        let (line, after) = rest.split_at_mut(length);
        line.sort_by(|one, other| one.start.total_cmp(&other.start));
        lines.push(Line {
            words: boxes_joined(words(line), size),
            height,
            size,
            angle,
        });
        rest = after;
    }
    lines
}

/// Lines as text; wide gaps are tabs.
pub(super) fn written(lines: &[Line]) -> String {
    let mut written = String::new();
    for line in lines {
        let mut end = None;
        for word in &line.words {
            if let Some(end) = end {
                let gap: f32 = word.start - end;
                written.push(if word.cut || gap > COLUMN * line.size {
                    '\t'
                } else {
                    ' '
                });
            }
            written.push_str(&word.text);
            end = Some(word.end);
        }
        written.push('\n');
    }
    written
}

fn turn<'c>(piece: &Piece, text: &'c str) -> Turned<'c> {
    let (sine, cosine) = f32::from(piece.angle).to_radians().sin_cos();
    let along = |(x, y): (f32, f32)| x * cosine + y * sine;
    let (x, y) = piece.start;
    Turned {
        text,
        start: along(piece.start),
        end: along(piece.end),
        height: y * cosine - x * sine,
        size: piece.size,
        angle: piece.angle,
        window: piece.window,
    }
}

/// Adds a piece; one in which several spaces part columns as several.
fn spread<'c>(piece: Turned<'c>, turned: &mut Vec<Turned<'c>>) {
    if !piece.text.trim().contains("  ") {
        turned.push(piece);
        return;
    }
    let weight = |text: &str| {
        let spaces = text.bytes().filter(|octet| *octet == b' ').count();
        // A space is about half as wide as other characters.
        text.chars().count() as f32 - 0.5 * spaces as f32
    };
    let unit = (piece.end - piece.start) / weight(piece.text).max(1.0);
    let mut place = piece.start;
    for part in piece.text.split_inclusive("  ") {
        let end = place + unit * weight(part);
        turned.push(Turned {
            text: part,
            start: place,
            end,
            ..piece
        });
        place = end;
    }
}

fn words(line: &[Turned<'_>]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut before: Option<&Turned<'_>> = None;
    for piece in line {
        let same_place = |before: &&Turned<'_>| {
            (before.start - piece.start).abs() < 0.25 * piece.size && before.text == piece.text
        };
        if before.filter(same_place).is_some() {
            continue;
        }
        let space = 0.25 * piece.size;
        let blank = |text: &str| text.chars().take_while(|c| c.is_whitespace()).count() as f32 * space;
        let trailing = piece.text.chars().rev().take_while(|c| c.is_whitespace()).count() as f32 * space;
        let cut = before.is_some_and(|before| before.window != piece.window);
        let joined = before.is_some_and(|before| {
            let gap = piece.start - before.end;
            let spaced =
                before.text.ends_with(char::is_whitespace) || piece.text.starts_with(char::is_whitespace);
            !spaced && gap < SPACE * before.size.min(piece.size) && gap > -0.5 * piece.size
        });
        match words.last_mut().filter(|_| joined && !cut) {
            Some(word) => {
                let digit = word.text.ends_with(|last: char| last.is_ascii_digit())
                    || piece.text.starts_with(|first: char| first.is_ascii_digit());
                let fit = if digit { FIT } else { FIT_OF_LETTERS };
                if (piece.start - word.end).abs() > fit * piece.size {
                    word.seams.push(Seam {
                        at: word.text.len(),
                        end: word.end,
                        start: piece.start,
                    });
                }
                word.text.push_str(piece.text.trim_end());
                word.end = piece.end - trailing;
            }
            None => words.push(Word {
                text: piece.text.trim().to_owned(),
                start: piece.start + blank(piece.text),
                end: piece.end - trailing,
                cut,
                seams: Vec::new(),
            }),
        }
        before = Some(piece);
    }
    words
}

/// Joins the characters that stand in boxes of their own.
fn boxes_joined(words: Vec<Word>, size: f32) -> Vec<Word> {
    let single = |word: &Word| {
        let mut characters = word.text.chars();
        characters.next().is_some() && characters.next().is_none()
    };
    if words.iter().filter(|word| single(word)).count() < BOXES {
        return words;
    }
    let mut joined: Vec<Word> = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let Some(first) = rest.first() {
        let middle = |word: &Word| f32::midpoint(word.start, word.end);
        let pitch = rest.get(1).map_or(0.0, |second| middle(second) - middle(first));
        let even = |pair: &[Word]| match pair {
            [one, other] => {
                let step = middle(other) - middle(one);
                single(one) && single(other) && (step - pitch).abs() < 0.2 * pitch.max(0.5 * size)
            }
            _ => false,
        };
        let count = 1 + rest
            .windows(2)
            .take_while(|pair| pitch < 5.0 * size && even(pair))
            .count();
        let (run, after) = rest.split_at(if count >= BOXES { count } else { 1 });
        if let (Some(start), Some(end)) = (run.first(), run.last()) {
            joined.push(Word {
                text: run.iter().map(|word| word.text.as_str()).collect(),
                start: start.start,
                end: end.end,
                cut: start.cut,
                seams: match run {
                    [only] => only.seams.clone(),
                    _ => Vec::new(),
                },
            });
        }
        rest = after;
    }
    joined
}
