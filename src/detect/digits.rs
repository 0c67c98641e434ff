//! Where digits stand close enough together for a pattern: text without such places is never searched.
//!
//! Most of what patterns find is digits, and most text has few. [`Shape`] says what every match of a pattern has:
//! how many digits at least, how far apart at most. [`Runs`] finds the digits of a text once, and for a shape the
//! stretches where they are enough.

use regex_syntax::hir::{Class, Hir, HirKind};

/// What all matches of a pattern have, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    /// At least so many digits.
    digits: usize,
    /// How the digits lie in a match; none when no match has any.
    lie: Option<Lie>,
    /// The longest match without any digit; none when each has one.
    bare: Option<usize>,
}

/// How the digits lie in a match: at most so many octets stand before the first one, between two, and after the
/// last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Lie {
    before: usize,
    between: usize,
    after: usize,
}

impl Shape {
    const DIGIT: Shape = Shape {
        digits: 1,
        lie: Some(Lie {
            before: 0,
            between: 0,
            after: 0,
        }),
        bare: None,
    };

    /// Whether a match may have no digit.
    pub fn may_be_bare(&self) -> bool {
        self.digits == 0
    }

    /// The shape of an expression whose matches have a longest one.
    pub fn of(form: &Hir) -> Shape {
        match form.kind() {
            HirKind::Empty | HirKind::Look(_) => Shape::bare(0),
            HirKind::Literal(literal) => {
                let octets = literal.0.iter().map(|octet| match octet.is_ascii_digit() {
                    true => Shape::DIGIT,
                    false => Shape::bare(1),
                });
                octets.fold(Shape::bare(0), Shape::then)
            }
            HirKind::Class(class) => Shape::of_class(class),
            HirKind::Capture(capture) => Shape::of(&capture.sub),
            HirKind::Concat(parts) => parts.iter().map(Shape::of).fold(Shape::bare(0), Shape::then),
            HirKind::Alternation(parts) => {
                let shapes = parts.iter().map(Shape::of);
                shapes.reduce(Shape::or).unwrap_or(Shape::bare(0))
            }
            HirKind::Repetition(repetition) => {
                let part = Shape::of(&repetition.sub);
                let most = repetition.max.unwrap_or(repetition.min).max(repetition.min);
                (0..most).fold(Shape::bare(0), |whole, done| {
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
        let is_digit = |from: u32, to: u32| (48..58).contains(&from) && (48..58).contains(&to);
        let has_digit = |from: u32, to: u32| from < 58 && to >= 48;
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
        let longest = class.maximum_len().unwrap_or(0);
        match () {
            () if ranges.iter().all(|(from, to)| is_digit(*from, *to)) => Shape::DIGIT,
            () if ranges.iter().any(|(from, to)| has_digit(*from, *to)) => {
                Shape::DIGIT.or(Shape::bare(longest))
            }
            () => Shape::bare(longest),
        }
    }

    fn bare(longest: usize) -> Shape {
        Shape {
            digits: 0,
            lie: None,
            bare: Some(longest),
        }
    }

    /// One match directly after another.
    fn then(self, next: Shape) -> Shape {
        let both = self.lie.zip(next.lie);
        let both = both.map(|(first, second)| Lie {
            before: first.before,
            between: first.after + second.before,
            after: second.after,
        });
        let first = self.lie.map(|lie| Lie {
            after: lie.after + next.bare.unwrap_or(0),
            ..lie
        });
        let second = next.lie.map(|lie| Lie {
            before: lie.before + self.bare.unwrap_or(0),
            ..lie
        });
        // One of the two may have to have a digit; then what is beside the other is that one's.
        let first = first.map(|lie| match (next.bare, next.lie) {
            (None, Some(next)) => Lie {
                after: next.after,
                ..lie
            },
            _ => lie,
        });
        let second = second.map(|lie| match (self.bare, self.lie) {
            (None, Some(before)) => Lie {
                before: before.before,
                ..lie
            },
            _ => lie,
        });
        Shape {
            digits: self.digits + next.digits,
            lie: widest([both, first, second]),
            bare: self.bare.zip(next.bare).map(|(one, other)| one + other),
        }
    }

    /// A match of one or of the other.
    pub fn or(self, other: Shape) -> Shape {
        Shape {
            digits: self.digits.min(other.digits),
            lie: widest([self.lie, other.lie]),
            bare: self.bare.max(other.bare),
        }
    }
}

fn widest(lies: impl IntoIterator<Item = Option<Lie>>) -> Option<Lie> {
    lies.into_iter().flatten().reduce(|one, other| Lie {
        before: one.before.max(other.before),
        between: one.between.max(other.between),
        after: one.after.max(other.after),
    })
}

/// The digits of a stretch of text, run by run.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: Vec<Run>,
}

/// Digits without anything between them, by their octets.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
}

/// Where a match may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cluster {
    /// It begins here or later, and before `to`.
    pub from: usize,
    pub to: usize,
}

impl Runs {
    /// Reads the octets between two, in place of those before.
    pub fn read(&mut self, bytes: &[u8], from: usize, to: usize) {
        self.runs.clear();
        let text = bytes.get(..to.min(bytes.len())).unwrap_or_default();
        let mut at = from;
        while let Some(start) = first_digit(text, at) {
            let rest = text.get(start..).unwrap_or_default();
            let length = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
            at = start + length;
            self.runs.push(Run { start, end: at });
        }
    }

    /// Whether there are no digits.
    pub fn are_none(&self) -> bool {
        self.runs.is_empty()
    }

    /// The places for matches of a shape that begin between two octets, in order. A shape that may have no digit
    /// may stand anywhere.
    pub fn clusters(&self, shape: Shape, from: usize, to: usize) -> impl Iterator<Item = Cluster> {
        let first = self.runs.partition_point(|run| run.end <= from);
        let mut runs = self.runs.get(first..).unwrap_or_default();
        let mut anywhere = shape.may_be_bare().then_some(Cluster { from, to });
        let lie = shape.lie.filter(|_| !shape.may_be_bare());
        std::iter::from_fn(move || {
            while let (Some((run, mut rest)), Some(lie)) = (runs.split_first(), lie) {
                let (start, mut end) = (run.start.max(from), run.end);
                let mut digits = end - start;
                while let Some((next, beyond)) = rest
                    .split_first()
                    .filter(|(next, _)| next.start - end <= lie.between)
                {
                    digits += next.end - next.start;
                    end = next.end;
                    rest = beyond;
                }
                runs = rest;
                if start.saturating_sub(lie.before) >= to {
                    break;
                }
                if digits >= shape.digits {
                    return Some(Cluster {
                        from: start.saturating_sub(lie.before).max(from),
                        to: end.min(to),
                    });
                }
            }
            anywhere.take()
        })
    }
}

/// The first digit from an octet on.
pub(super) fn first_digit(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    // Most octets are no digits: sixteen at a time are looked at without a branch for each.
    let mut at = 0;
    for chunk in rest.chunks_exact(16) {
        if chunk
            .iter()
            .fold(false, |any, octet| any | octet.is_ascii_digit())
        {
            break;
        }
        at += 16;
    }
    let found = rest.get(at..)?.iter().position(u8::is_ascii_digit)?;
    Some(from + at + found)
}

#[cfg(test)]
mod tests {
    use super::{Runs, Shape};

    fn shape(expression: &str) -> Shape {
        let mut parser = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build();
        Shape::of(&parser.parse(expression).unwrap())
    }

    fn places(expression: &str, text: &str) -> Vec<(usize, usize)> {
        let mut runs = Runs::default();
        runs.read(text.as_bytes(), 0, text.len());
        let clusters = runs.clusters(shape(expression), 0, text.len());
        clusters.map(|place| (place.from, place.to)).collect()
    }

    #[test]
    fn a_shape_counts_the_digits_that_every_match_has_and_what_may_stand_between() {
        let told = |expression: &str| {
            let shape = shape(expression);
            let lie = shape.lie.map(|lie| (lie.before, lie.between, lie.after));
            (shape.digits, lie.unwrap_or_default())
        };
        assert_eq!(told(r"\b\d{9}\b"), (9, (0, 0, 0)));
        assert_eq!(told(r"\d{3}-\d{2}-\d{4}|\d{5} {1,3}\d{4}"), (9, (0, 3, 0)));
        assert_eq!(told(r"[A-Z]{2,4}\d{6,8}[A-Z]?"), (6, (4, 0, 1)));
        assert_eq!(told(r"\d(?:[ -]?[A-Z0-9]){2}"), (1, (0, 3, 4)));
        assert_eq!(told(r"a?b{0,2}(?:x7)?c"), (0, (4, 0, 1)));
        assert_eq!(told("[A-Z]{8}"), (0, (0, 0, 0)));
    }

    #[test]
    fn only_digits_that_stand_close_enough_together_are_a_place() {
        let text = "on 2024-01-05 call 5550123, ssn 536-22-8145; x";
        assert_eq!(places(r"\d{3}-\d{2}-\d{4}", text), [(32, 43)]);
        assert_eq!(places(r"[a-z]?\d{7}\b", text), [(18, 26)]);
        assert!(places(r"\d{10}", text).is_empty());
        assert_eq!(places("[A-Z]{8}", text), [(0, 46)]);
    }

    proptest::proptest! {
        /// Places are what makes searching quick; a match outside of all of them would never be found.
        #[test]
        fn every_match_lies_in_a_place(text in "[0-9 a-cA-C./-]{0,120}", which in 0_usize..7) {
            let expressions = [
                r"\d{3}-\d{2}-\d{4}", r"\d(?:[ ./-]{0,3}\d){5,18}", r"[A-Z]{1,3}-?\d{4,6}[A-Z]{0,2}",
                r"[A-C]{2}\d{2}(?:[ -]?[A-C0-9]){3,9}", r"\b\d{6,9}\b", r"[a-c]{4}", r"\d{2}[A-C]{3}\d{2}|[AB]\d[BC]\d",
            ];
            let expression = expressions[which];
            let regex = regex::bytes::RegexBuilder::new(expression).unicode(false).build().unwrap();
            let places = places(expression, &text);
            for at in 0..text.len() {
                let Some(found) = regex.find_at(text.as_bytes(), at) else { break };
                let holds = |place: &&(usize, usize)| place.0 <= found.start() && found.start() < place.1;
                proptest::prop_assert!(places.iter().any(|place| holds(&place)), "{expression} {found:?}");
            }
        }
    }
}
