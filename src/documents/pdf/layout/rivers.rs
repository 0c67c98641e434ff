//! White rivers that run down between the columns of a table, below a line of labels.
//!
//! Cells often stand no further apart than words do, but no word crosses from one column into the next. A line of
//! labels starts a table, and lines belong to it as long as they leave its rivers open.

use super::lines::{Line, Word};

/// A river is at least this part of the size wide.
const WIDTH: f32 = 0.12;
/// A gap of this many sizes parts cells for certain.
const CELL: f32 = 0.75;
/// Lines that are no further apart than this many sizes may be of one cell.
pub(super) const CLOSE: f32 = 1.45;
/// A line that is further down than this many sizes belongs to something else.
const FAR: f32 = 4.0;
/// A longer text is no label.
const LONGEST_LABEL: usize = 60;
/// Once so many rows are known, a line that closes most rivers is none of them.
const KNOWN: usize = 3;
/// More words on a line are no row.
const MOST_WORDS: usize = 400;

type Gap = (f32, f32);

/// A run of lines with open rivers.
pub(super) struct Run<'l> {
    lines: Vec<&'l Line>,
    gaps: Vec<Gap>,
    /// How many of the first lines are labels.
    pub labels: usize,
}

/// The cells of a line: their column, text and extent.
pub(super) type Cells = Vec<(usize, String, Gap)>;

/// The runs of lines that may be tables, top to bottom.
pub(super) fn runs(lines: &[Line]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for line in lines.iter().filter(|line| line.words.len() <= MOST_WORDS) {
        match runs.last_mut().and_then(|run| run.take(line)) {
            Some(()) => {}
            None => runs.push(Run::new(line)),
        }
    }
    runs.retain(|run| run.rivers().count() > 0);
    runs
}

impl<'l> Run<'l> {
    fn new(line: &'l Line) -> Self {
        Run {
            lines: vec![line],
            gaps: gaps(line),
            labels: usize::from(is_label(line)),
        }
    }

    /// Adds a line when it belongs to the run.
    fn take(&mut self, line: &'l Line) -> Option<()> {
        let last = *self.lines.last()?;
        let apart = last.height - line.height;
        if last.angle != line.angle || apart > FAR * last.size.max(line.size) {
            return None;
        }
        let left = shared(&self.gaps, &gaps(line));
        if left.len() > MOST_WORDS {
            return None;
        }
        let (before, after) = (self.rivers().count(), rivers(&left, line.size).count());
        let only_labels = self.labels == self.lines.len();
        let label = is_label(line);
        let belongs = match (only_labels, label) {
            (true, true) => {
                let same_size = (last.size - line.size).abs() < 0.05 * line.size;
                same_size && apart < CLOSE * line.size && (after > 0 || self.gaps.len() <= 2)
            }
            (false, true) => {
                let close = apart < CLOSE * line.size;
                before > 0
                    && after == before
                    && self.columns() > self.filled(line) * if close { 1 } else { 2 }
            }
            (_, false) if self.lines.len() < self.labels + KNOWN => after > 0,
            (_, false) => after > 0 && 2 * after >= before,
        };
        if !belongs {
            return None;
        }
        self.labels += usize::from(only_labels && label);
        self.gaps = left;
        self.lines.push(line);
        Some(())
    }

    fn size(&self) -> f32 {
        self.lines.first().map_or(1.0, |line| line.size)
    }

    fn rivers(&self) -> impl Iterator<Item = f32> {
        rivers(&self.gaps, self.size())
    }

    /// In how many columns a line has something, or into how many parts it falls itself.
    fn filled(&self, line: &Line) -> usize {
        let parted =
            |pair: &&[Word]| matches!(pair, [one, other] if other.start - one.end > CELL * line.size);
        let parts = 1 + line.words.windows(2).filter(parted).count();
        self.cells_of(line).len().max(parts)
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.rivers().count() + 1
    }

    /// The lines as cells, with the line each comes from.
    pub fn rows(&self) -> impl Iterator<Item = (&'l Line, Cells)> {
        self.lines.iter().map(|line| (*line, self.cells_of(line)))
    }

    fn cells_of(&self, line: &Line) -> Cells {
        let rivers: Vec<f32> = self.rivers().collect();
        let mut cells: Cells = Vec::new();
        for word in &line.words {
            let column = rivers.partition_point(|river| *river < word.start);
            match cells.last_mut().filter(|(last, ..)| *last == column) {
                Some((_, text, extent)) => {
                    text.push(' ');
                    text.push_str(&word.text);
                    extent.1 = word.end;
                }
                None => cells.push((column, word.text.clone(), (word.start, word.end))),
            }
        }
        cells
    }
}

/// The middles of the gaps that have two sides and are wide enough.
fn rivers(gaps: &[Gap], size: f32) -> impl Iterator<Item = f32> {
    gaps.iter()
        .filter(move |gap| gap.0 > f32::MIN && gap.1 < f32::MAX && gap.1 - gap.0 >= WIDTH * size)
        .map(|gap| f32::midpoint(gap.0, gap.1))
}

/// Where a line is white, left to right. A text that is too long for its cell ends where the next one starts.
fn gaps(line: &Line) -> Vec<Gap> {
    let mut gaps = vec![(f32::MIN, f32::MAX)];
    for word in &line.words {
        let Word { start, end, .. } = word;
        if let Some(gap) = gaps.last_mut() {
            let room = 2.0 * WIDTH * line.size;
            if word.cut || gap.0 > *start {
                gap.0 = gap.0.min(start - room);
            }
            gap.1 = *start;
        }
        gaps.push((*end, f32::MAX));
    }
    gaps
}

/// What is white in both.
fn shared(one: &[Gap], other: &[Gap]) -> Vec<Gap> {
    let (mut shared, mut one, mut other) = (Vec::new(), one.iter().peekable(), other.iter().peekable());
    while let (Some(left), Some(right)) = (one.peek(), other.peek()) {
        let gap = (left.0.max(right.0), left.1.min(right.1));
        if gap.0 < gap.1 {
            shared.push(gap);
        }
        if left.1 < right.1 {
            one.next();
        } else {
            other.next();
        }
    }
    shared
}

/// Whether a line may be of labels: words without digits, and no sentence.
fn is_label(line: &Line) -> bool {
    let length: usize = line.words.iter().map(|word| word.text.len() + 1).sum();
    let parts = line.words.windows(2).filter(|pair| match pair {
        [one, other] => other.cut || other.start - one.end > 2.0 * WIDTH * line.size,
        _ => false,
    });
    let no_digit = |word: &Word| !word.text.bytes().any(|octet| octet.is_ascii_digit());
    length <= LONGEST_LABEL * (1 + parts.count()) && line.words.iter().all(no_digit)
}
