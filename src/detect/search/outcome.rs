//! What comes of a search: what is found, what is not and why, and when it is enough.

use std::cell::Cell;

use super::super::Rules;
use super::super::candidates::Refusal;
use super::super::contest::Weighed;
use super::super::context::Silence;
use crate::message::Confidence;

/// An element that was found in a view.
#[derive(Debug)]
pub(super) struct Found {
    pub weighed: Weighed,
    /// How far the nearest name stands.
    pub name: Option<usize>,
}

impl Found {
    pub fn rule(&self) -> usize {
        self.weighed.candidate.rule
    }

    pub fn start(&self) -> usize {
        self.weighed.candidate.start
    }

    pub fn end(&self) -> usize {
        self.weighed.candidate.end
    }

    pub fn confidence(&self) -> Confidence {
        self.weighed.weight.confidence
    }

    pub fn test_value(&self) -> bool {
        self.weighed.candidate.test_value
    }

    pub fn named_row(&self) -> bool {
        self.weighed.named_row
    }
}

/// Something that has the form of an element, and why it does not count.
#[derive(Debug)]
pub(in super::super) struct Explained {
    pub rule: usize,
    pub pattern: usize,
    pub start: usize,
    pub end: usize,
    pub why: Why,
}

/// Why something does not count.
#[derive(Debug)]
pub(in super::super) enum Why {
    Refused(Refusal),
    Silent(Silence),
    /// It would count, were its place not taken.
    Outranked,
}

/// By rule: whether enough was found of it, so that nothing more need be told.
#[derive(Debug)]
pub(super) struct Enough(Vec<Cell<bool>>);

impl Enough {
    /// Nothing is enough yet.
    pub fn none(rules: &Rules) -> Enough {
        Enough(rules.rules.iter().map(|_| Cell::new(false)).collect())
    }

    /// Of this rule, it is enough.
    pub fn reach(&self, rule: usize) {
        self.0.get(rule).iter().for_each(|enough| enough.set(true));
    }

    /// Whether it is.
    pub fn is_reached(&self, rule: usize) -> bool {
        self.0.get(rule).is_some_and(Cell::get)
    }
}
