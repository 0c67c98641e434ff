//! Where keywords may begin in a stretch of text, so that they need not be looked for again in each of its cells.

use std::ops::Range;

use super::starts::Starts;
use super::{Hit, Keywords, LONGEST};

/// Places where keywords may begin, and of which rules. Not `Debug`: it tells of the message.
#[derive(Default)]
pub(in super::super) struct Said {
    /// In order.
    places: Vec<(usize, u64)>,
    /// From here on, all are known.
    from: usize,
    /// A row of a table, and the bits of the rules with keywords that may begin in it.
    row: (Range<usize>, u64),
    /// How many places lie before the row.
    before_row: usize,
}

impl Said {
    /// Adds the next place, with the bits of rules.
    pub(super) fn add(&mut self, at: usize, rules: u64) {
        self.places.push((at, rules));
    }

    /// Forgets the places from which no keyword reaches an octet; `heard` is up to where places are known, as all are from
    /// `next` on.
    pub fn forget(&mut self, behind: usize, (heard, next): (usize, usize)) {
        let least = match heard == next {
            true => behind.saturating_sub(LONGEST).max(self.from),
            false => next,
        };
        let known = self.places.partition_point(|(at, _)| *at < least);
        self.places.drain(..known);
        self.from = least;
        self.row = (0..0, 0);
        self.before_row = self.before_row.saturating_sub(known);
    }

    /// Goes on to the next row of a table, up to where places are known.
    pub fn go_to(&mut self, row: &Range<usize>) {
        if self.row.0 == *row {
            return;
        }
        let passed = self.places.get(self.before_row..).unwrap_or_default();
        self.before_row += passed.iter().take_while(|(at, _)| *at < row.start).count();
        let within = self.places.get(self.before_row..).unwrap_or_default();
        let within = within.iter().take_while(|(at, _)| *at < row.end);
        let rules = within.fold(0, |all, (_, rules)| all | rules);
        self.row = (row.clone(), rules);
    }

    /// The bits of the rules with keywords that may begin in a stretch, and maybe others.
    fn at_most(&self, stretch: &Range<usize>) -> u64 {
        let (row, rules) = &self.row;
        match row.start <= stretch.start && stretch.end <= row.end {
            true => *rules,
            false => u64::MAX,
        }
    }

    /// The bits of the rules with keywords that may begin in a stretch.
    pub fn rules_in(&self, stretch: &Range<usize>) -> u64 {
        if stretch.is_empty() || self.at_most(stretch) == 0 {
            return 0;
        }
        self.within(stretch).iter().fold(0, |all, (_, rules)| all | rules)
    }

    /// As [`Keywords::find`], for the keywords of the rule with this number.
    pub fn find(&self, keywords: &Keywords, rule: usize, bytes: &[u8], stretch: &Range<usize>) -> Vec<Hit> {
        if stretch.start < self.from {
            return keywords.find(bytes, stretch.start, stretch.end);
        }
        let mut hits = Vec::new();
        if self.at_most(stretch) & Starts::bit(rule) == 0 {
            return hits;
        }
        let places = self.within(stretch).iter();
        for (at, _) in places.filter(|(_, rules)| rules & Starts::bit(rule) != 0) {
            keywords.hear(bytes, *at, stretch.end, &mut hits);
        }
        hits
    }

    fn within(&self, stretch: &Range<usize>) -> &[(usize, u64)] {
        let first = self.places.partition_point(|(at, _)| *at < stretch.start);
        let places = self.places.get(first..).unwrap_or_default();
        let length = places.iter().take_while(|(at, _)| *at < stretch.end).count();
        places.get(..length).unwrap_or_default()
    }
}
