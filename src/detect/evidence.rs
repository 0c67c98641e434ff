//! Something near a value that supports it and is no keyword: a routing number beside an account.

use std::cell::OnceCell;
use std::ops::Range;

use regex::bytes::Regex;
use regex_syntax::hir::{Hir, HirKind, Repetition};

use super::boundary;
use super::checks::Check;
use super::expression::Expression;
use super::rule::compact;
use super::rule_file::Boundary;
use super::sieve::Followed;

/// What a rule calls evidence.
#[derive(Debug)]
pub(super) struct Evidence {
    pub name: String,
    pub before: usize,
    pub after: usize,
    regex: Regex,
    checks: Vec<&'static Check>,
    /// Fits whatever the expression fits in any stretch of text, and more: it looks at nothing beside a match.
    wider: Expression,
    /// Tells all matches of that.
    followed: Followed,
    longest: usize,
}

impl Evidence {
    /// Of an expression, as it is and read as `form`, whose matches have `longest` octets at most; `size` is what it may
    /// take, compiled.
    ///
    /// # Errors
    /// When it is too large.
    pub fn compile(
        name: String,
        (regex, form): (Regex, &Hir),
        checks: Vec<&'static Check>,
        (before, after): (usize, usize),
        (longest, size): (usize, usize),
    ) -> Result<Evidence, ()> {
        let wider = without_looks(form);
        Ok(Evidence {
            name,
            before,
            after,
            regex,
            checks,
            followed: Followed::of(&[&wider]).map_err(|_| ())?,
            wider: Expression::compile(&wider, longest, size)?,
            longest,
        })
    }

    /// Whether it stands near a value, outside of it. `places` holds all places around where it can stand: the
    /// expression is tried only where there is one, since most values have none near them.
    pub fn stands_by(&self, bytes: &[u8], value: Range<usize>, places: &[Range<usize>]) -> bool {
        let before = value.start.saturating_sub(self.before)..value.start;
        let after = value.end..(value.end + self.after).min(bytes.len());
        [before, after].into_iter().any(|stretch| {
            let first = places.partition_point(|place| place.start < stretch.start);
            let near = places.iter().skip(first);
            let possible = near
                .take_while(|place| place.start < stretch.end)
                .any(|place| place.end <= stretch.end);
            possible && self.stands_in(bytes, stretch)
        })
    }

    /// Whether it stands in a stretch of text.
    pub fn stands_in(&self, bytes: &[u8], stretch: Range<usize>) -> bool {
        let text = bytes.get(stretch.clone()).unwrap_or_default();
        self.regex.find_iter(text).any(|found| {
            let (start, end) = (stretch.start + found.start(), stretch.start + found.end());
            self.counts(bytes, start, end)
        })
    }

    /// Whether a match counts.
    fn counts(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        let compact = compact(bytes.get(start..end).unwrap_or_default());
        boundary::stands_free(bytes, start, end, Boundary::Loose)
            && self.checks.iter().all(|check| (check.test)(&compact))
    }

    /// All places that begin between two octets where a match in some stretch of the text could stand and count, by their
    /// beginnings. What the expression looks at beside a match depends on where a stretch begins and ends; that is left out.
    fn places(&self, bytes: &[u8], (from, to): (usize, usize)) -> Vec<Range<usize>> {
        let mut follower = self.followed.start();
        let (mut places, mut next) = (Vec::new(), from);
        while let Some(start) = self.wider.next(bytes, next, to) {
            next = start + 1;
            if !boundary::may_begin(bytes, start, Boundary::Loose) {
                continue;
            }
            follower.ends(bytes, start, self.longest, |end| {
                if self.counts(bytes, start, end) {
                    places.push(start..end);
                }
            });
        }
        places
    }
}

/// An expression without what it looks at beside a match.
fn without_looks(form: &Hir) -> Hir {
    match form.kind() {
        HirKind::Look(_) => Hir::empty(),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => form.clone(),
        HirKind::Capture(capture) => without_looks(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(without_looks).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(without_looks).collect()),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            min: repetition.min,
            max: repetition.max,
            greedy: repetition.greedy,
            sub: Box::new(without_looks(&repetition.sub)),
        }),
    }
}

/// The places of evidence around a block of a text, each looked for once, when it is first asked for.
pub(super) struct Around {
    block: (usize, usize),
    /// By rule and evidence.
    places: Vec<Vec<OnceCell<Vec<Range<usize>>>>>,
}

impl Around {
    /// For rules, each with how much evidence it has.
    pub fn new(rules: impl Iterator<Item = usize>) -> Around {
        Around {
            block: (0, 0),
            places: rules
                .map(|evidence| (0..evidence).map(|_| OnceCell::new()).collect())
                .collect(),
        }
    }

    /// Goes on with values that begin between two octets.
    pub fn go_to(&mut self, block: (usize, usize)) {
        if self.block != block {
            self.block = block;
            let known = self.places.iter_mut().flatten();
            known.for_each(|places| drop(places.take()));
        }
    }

    /// Whether evidence of a rule stands near a value that begins in the block and has `longest` octets at most.
    pub fn stands_by(
        &self,
        (rule, number): (usize, usize),
        evidence: &Evidence,
        bytes: &[u8],
        value: Range<usize>,
        longest: usize,
    ) -> bool {
        let (from, to) = self.block;
        let from = from.saturating_sub(evidence.before);
        let to = (to + longest + evidence.after).min(bytes.len());
        let known = self.places.get(rule).and_then(|known| known.get(number));
        known.is_some_and(|known| {
            let places = known.get_or_init(|| evidence.places(bytes, (from, to)));
            evidence.stands_by(bytes, value, places)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks;
    use super::Evidence;

    const EXPRESSIONS: [&str; 3] = [
        r"\b\d{9}\b|\b\d{4}-\d{4}-\d\b",
        r#"(?i:rou|\bab)[ #:"-]{1,4}\d{3}\b"#,
        r"\b\d{2,4}(?:-\d{2}){0,2}$",
    ];

    proptest::proptest! {
        /// Places only spare searches; where there is none near by, none would have found anything.
        #[test]
        fn no_evidence_stands_where_there_is_no_place(
            text in "(?:[0-9]{1,4}|[0-9]{9}|rou|ab|[-_ #:x]){0,24}",
            at in 0_usize..60, length in 0_usize..6, reach in 0_usize..24, which in 0_usize..6,
        ) {
            let expression = EXPRESSIONS[which % 3];
            let checks = if which < 3 { Vec::new() } else { vec![checks::named("varied").unwrap()] };
            let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
            let form = parser.parse(expression).unwrap();
            let regex = regex::bytes::RegexBuilder::new(expression).unicode(false).build().unwrap();
            let evidence = Evidence::compile(String::new(), (regex, &form), checks, (reach, reach), (128, 1 << 20)).unwrap();
            let bytes = text.as_bytes();
            let start = at.min(bytes.len());
            let value = start..(start + length).min(bytes.len());
            let quick = evidence.stands_by(bytes, value.clone(), &evidence.places(bytes, (0, bytes.len())));
            let before = value.start.saturating_sub(reach)..value.start;
            let after = value.end..(value.end + reach).min(bytes.len());
            let slow = [before, after].into_iter().any(|stretch| evidence.stands_in(bytes, stretch));
            proptest::prop_assert_eq!(quick, slow);
        }
    }
}
