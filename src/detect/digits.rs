//! Where digits stand: text without them is hardly looked at.
//!
//! Most of what patterns find is digits, and most text has few. [`Shape`] says how far from its beginning the first
//! digit of a match may stand. [`Runs`] finds the digits of a text once; around each run only those places are looked
//! at where a match could begin.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::kinds;

/// Where the first digit of a match may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Whether a match may have no digit.
    bare: bool,
    /// A bit for each length of a stretch without digits that fits.
    lengths: u128,
    /// A bit for each number of octets that may stand before the first digit.
    before: u128,
}

impl Shape {
    const EMPTY: Shape = Shape {
        bare: true,
        lengths: 1,
        before: 0,
    };
    const DIGIT: Shape = Shape {
        bare: false,
        lengths: 0,
        before: 1,
    };
    const OTHER: Shape = Shape {
        bare: true,
        lengths: 2,
        before: 0,
    };

    /// Whether a match may have no digit.
    pub fn may_be_bare(&self) -> bool {
        self.bare
    }

    /// The same for matches of which none without a digit counts.
    pub fn with_digits(self) -> Shape {
        Shape { bare: false, ..self }
    }

    /// Whether so many octets may stand before the first digit of a match.
    pub fn may_begin_before(&self, octets: usize) -> bool {
        octets < 128 && self.before >> octets & 1 != 0
    }

    /// The shape of an expression whose matches have 128 octets at most.
    pub fn of(form: &Hir) -> Shape {
        match form.kind() {
            HirKind::Empty | HirKind::Look(_) => Shape::EMPTY,
            HirKind::Literal(literal) => {
                let octets = literal.0.iter().map(|octet| match octet.is_ascii_digit() {
                    true => Shape::DIGIT,
                    false => Shape::OTHER,
                });
                octets.fold(Shape::EMPTY, Shape::then)
            }
            HirKind::Class(class) => Shape::of_class(class),
            HirKind::Capture(capture) => Shape::of(&capture.sub),
            HirKind::Concat(parts) => parts.iter().map(Shape::of).fold(Shape::EMPTY, Shape::then),
            HirKind::Alternation(parts) => {
                let shapes = parts.iter().map(Shape::of);
                shapes.reduce(Shape::or).unwrap_or(Shape::EMPTY)
            }
            HirKind::Repetition(repetition) => {
                let part = Shape::of(&repetition.sub);
                let most = repetition.max.unwrap_or(repetition.min).max(repetition.min);
                (0..most).fold(Shape::EMPTY, |whole, done| {
                    let longer = whole.then(part);
                    match done < repetition.min {
                        true => longer,
                        false => whole.or(longer),
                    }
                })
            }
        }
    }

    fn of_class(class: &Class) -> Shape {
        let ranges: Vec<(u32, u32)> = match class {
            Class::Bytes(bytes) => bytes
                .iter()
                .map(|range| (range.start().into(), range.end().into()))
                .collect(),
            Class::Unicode(characters) => characters
                .iter()
                .map(|range| (range.start().into(), range.end().into()))
                .collect(),
        };
        // A character of several octets.
        let other = (1..=class.maximum_len().unwrap_or(0)).map(|octets| Shape {
            lengths: 1_u128
                .checked_shl(u32::try_from(octets).unwrap_or(128))
                .unwrap_or(0),
            ..Shape::OTHER
        });
        let other = other.reduce(Shape::or).unwrap_or(Shape::EMPTY);
        match () {
            () if ranges.iter().all(|(from, to)| *from >= 48 && *to < 58) => Shape::DIGIT,
            () if ranges.iter().any(|(from, to)| *from < 58 && *to >= 48) => Shape::DIGIT.or(other),
            () => other,
        }
    }

    /// One match directly after another.
    fn then(self, next: Shape) -> Shape {
        Shape {
            bare: self.bare && next.bare,
            lengths: sums(self.lengths, next.lengths),
            before: self.before | sums(self.lengths, next.before),
        }
    }

    /// A match of one or of the other.
    fn or(self, other: Shape) -> Shape {
        Shape {
            bare: self.bare || other.bare,
            lengths: self.lengths | other.lengths,
            before: self.before | other.before,
        }
    }
}

/// The sums of each number of one set with each of another; those that no match reaches are left out.
fn sums(one: u128, other: u128) -> u128 {
    (0..128)
        .filter(|bit| one >> bit & 1 != 0)
        .fold(0, |sums, bit| sums | other << bit)
}

/// The digits of a stretch of text, run by run.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: Vec<Run>,
}

/// Digits without anything between them, by their octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub start: usize,
    pub end: usize,
}

impl Runs {
    /// Reads the octets between two, in place of those before.
    pub fn read(&mut self, bytes: &[u8], from: usize, to: usize) {
        self.runs.clear();
        let text = bytes.get(from..to.min(bytes.len())).unwrap_or_default();
        let (mut at, mut open) = (from, None);
        for piece in text.chunks(kinds::WIDTH) {
            let mut digits = kinds::digits(piece);
            if let Some(start) = open.take() {
                let more = digits.trailing_ones();
                if more as usize == kinds::WIDTH {
                    open = Some(start);
                    digits = 0;
                } else {
                    let end = at + more as usize;
                    self.runs.push(Run { start, end });
                    digits = digits >> more << more;
                }
            }
            while digits != 0 {
                let first = digits.trailing_zeros();
                let beyond = first + (digits >> first).trailing_ones();
                let start = at + first as usize;
                if beyond as usize >= kinds::WIDTH {
                    open = Some(start);
                    break;
                }
                let end = at + beyond as usize;
                self.runs.push(Run { start, end });
                digits = digits >> beyond << beyond;
            }
            at += piece.len();
        }
        self.runs.extend(open.map(|start| Run { start, end: at }));
    }

    /// The runs, in order.
    pub fn list(&self) -> &[Run] {
        &self.runs
    }

    /// Whether there are no digits.
    pub fn are_none(&self) -> bool {
        self.runs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, Runs, Shape};

    fn shape(expression: &str) -> Shape {
        let mut parser = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build();
        Shape::of(&parser.parse(expression).unwrap())
    }

    #[test]
    fn a_shape_tells_how_many_octets_may_stand_before_the_first_digit() {
        let told = |expression: &str| {
            let shape = shape(expression);
            let before: Vec<usize> = (0..200)
                .filter(|octets| shape.may_begin_before(*octets))
                .collect();
            (shape.may_be_bare(), before)
        };
        assert_eq!(told(r"\b\d{9}\b"), (false, vec![0]));
        assert_eq!(told(r"\d{3}-\d{2}-\d{4}|AB?\d{5}"), (false, vec![0, 1, 2]));
        assert_eq!(told(r"[A-Z]{2,4}\d{6,8}[A-Z]?"), (false, vec![2, 3, 4]));
        assert_eq!(told(r"[A-Z][ -]{0,2}[A-Z0-9]\d"), (false, vec![1, 2, 3, 4]));
        assert_eq!(told("a{3}(?:x7)?c"), (true, vec![4]));
        assert_eq!(told("[a-z]{127}(?:[a-z]|7)"), (true, vec![127]));
    }

    #[test]
    fn runs_are_told_in_order_and_whole() {
        let mut runs = Runs::default();
        runs.read(b"on 2024-01-05, x9", 0, 13);
        let run = |start, end| Run { start, end };
        assert_eq!(runs.list(), [run(3, 7), run(8, 10), run(11, 13)]);
    }

    proptest::proptest! {
        #[test]
        fn every_digit_is_in_a_run(text in "([0-9]{1,70}|[a ]{1,70}){0,6}", from in 0_usize..9) {
            let mut runs = Runs::default();
            let from = from.min(text.len());
            runs.read(text.as_bytes(), from, text.len());
            let mut expected: Vec<Run> = Vec::new();
            for (at, _) in text.bytes().enumerate().skip(from).filter(|(_, byte)| byte.is_ascii_digit()) {
                match expected.last_mut().filter(|run| run.end == at) {
                    Some(run) => run.end = at + 1,
                    None => expected.push(Run { start: at, end: at + 1 }),
                }
            }
            proptest::prop_assert_eq!(runs.list(), expected);
        }
    }
}
