//! One place, one element: nine digits can be a Social Security number, a licence or an account. The best
//! supported reading wins; a place that was found is never left without any.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use super::candidates::Candidate;
use super::context::{Side, Weight};
use super::rule::Rule;

/// A candidate that counts.
#[derive(Debug, Clone)]
pub(super) struct Weighed {
    pub candidate: Candidate,
    pub weight: Weight,
    /// Whether its row names a person in a column for names.
    pub named_row: bool,
    /// The row of the table that it stands in.
    pub row: Option<Range<usize>>,
}

/// Keeps the best of all that overlap, in order of place.
pub(super) fn settle(rules: &[Rule], mut weighed: Vec<Weighed>) -> Vec<Weighed> {
    weighed.sort_by_key(|weighed| weighed.candidate.start);
    let mut settled = Vec::with_capacity(weighed.len());
    let mut rivals: Vec<Weighed> = Vec::new();
    let mut end = 0;
    for one in weighed {
        if one.candidate.start >= end {
            decide(rules, &mut rivals, &mut settled);
        }
        end = end.max(one.candidate.end);
        rivals.push(one);
    }
    decide(rules, &mut rivals, &mut settled);
    settled
}

/// Moves the best of some that overlap one with another to what is settled.
fn decide(rules: &[Rule], rivals: &mut Vec<Weighed>, settled: &mut Vec<Weighed>) {
    if rivals.len() < 2 {
        return settled.append(rivals);
    }
    rivals.sort_by_cached_key(|weighed| Reverse(rank(rules, weighed)));
    let mut taken: BTreeMap<usize, Weighed> = BTreeMap::new();
    for one in rivals.drain(..) {
        let (start, end) = (one.candidate.start, one.candidate.end);
        let before = taken.range(..end).next_back();
        if before.is_none_or(|(_, other)| other.candidate.end <= start) {
            taken.insert(start, one);
        }
    }
    settled.extend(taken.into_values());
}

/// What counts by law, then proof by form and check first, then the nearest strong keyword, then confidence, then length.
fn rank(rules: &[Rule], weighed: &Weighed) -> impl Ord + use<> {
    let candidate = &weighed.candidate;
    let pattern = rules
        .get(candidate.rule)
        .and_then(|rule| rule.patterns.get(candidate.pattern));
    let decisive = pattern.is_some_and(|pattern| pattern.decisive);
    let strong = weighed.weight.keyword.filter(|keyword| keyword.strong);
    let nearness = strong.map(|keyword| Reverse((keyword.side != Side::Header, keyword.distance)));
    let length = candidate.end - candidate.start;
    // What the law does not list takes no place from what it lists.
    let counts = rules.get(candidate.rule).is_some_and(|rule| !rule.optional);
    (
        counts,
        decisive,
        nearness,
        weighed.weight.confidence,
        length,
        Reverse((candidate.rule, candidate.pattern)),
    )
}
