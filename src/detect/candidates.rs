//! What has the form of an element and passes its checks, before anything around it is weighed.

use super::boundary;
use super::checks::Check;
use super::expression::Ends;
use super::rule::{Pattern, Rule, is_part};

/// A value that could be an element.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub rule: usize,
    pub pattern: usize,
    pub start: usize,
    pub end: usize,
    /// It is a published sample.
    pub test_value: bool,
    /// Issuers whose form it has.
    pub forms: Vec<usize>,
    /// Whether one of these forms says much by itself; true for rules without forms.
    pub distinctive: bool,
}

/// Why something that fits a pattern is no value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    /// It is part of something longer.
    Touched,
    Failed(&'static Check),
    /// It is written like something else.
    Excepted,
    /// It has no issuer's form.
    Formless,
    /// It is known to belong to nobody.
    Fake,
}

/// A match of a pattern, and what became of it.
#[derive(Debug)]
pub(super) struct Attempt {
    pub start: usize,
    pub end: usize,
    pub outcome: Result<Candidate, Refusal>,
}

/// How many shorter beginnings of a match are tried.
const MOST_BEGINNINGS: usize = 12;

/// How far the next value of a list may stand from the one before.
pub(super) const LIST_GAP: usize = 60;

/// Everything that fits one pattern and begins within a stretch of text, at most `most`: for explanations.
pub(super) fn attempts(
    rule: &Rule,
    at: (usize, usize),
    bytes: &[u8],
    (from, to): (usize, usize),
    most: usize,
) -> Vec<Attempt> {
    let mut tried = Vec::new();
    let Some(pattern) = rule.patterns.get(at.1) else {
        return tried;
    };
    let mut judge = Judge::new(rule, pattern, at, bytes);
    let mut next = from;
    while let Some(start) = pattern
        .expression
        .next(bytes, next, to)
        .filter(|_| tried.len() < most)
    {
        next = start + 1;
        let Some(end) = judge.ends.of(bytes, start) else {
            continue;
        };
        let outcome = judge.longest(start, end);
        let end = outcome.as_ref().map_or(end, |candidate| candidate.end);
        next = boundary::end_of_digits(bytes, end);
        // A piece of a longer number has not the form of anything.
        if next == end && !is_inside_digits(bytes, start) {
            tried.push(Attempt { start, end, outcome });
        }
    }
    tried
}

pub(super) fn is_inside_digits(bytes: &[u8], start: usize) -> bool {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    start > 0 && is_digit(start - 1) && is_digit(start)
}

/// Says of the matches of one pattern whether they are values. Not `Debug`: it holds the message.
pub(super) struct Judge<'r> {
    rule: &'r Rule,
    pattern: &'r Pattern,
    at: (usize, usize),
    bytes: &'r [u8],
    ends: Ends<'r>,
    /// The value without separators, in upper case; kept to be filled again.
    compact: Vec<u8>,
}

impl<'r> Judge<'r> {
    /// Of a pattern, which is that of the rule and the number in `at`.
    pub fn new(rule: &'r Rule, pattern: &'r Pattern, at: (usize, usize), bytes: &'r [u8]) -> Judge<'r> {
        Judge {
            rule,
            pattern,
            at,
            bytes,
            ends: pattern.expression.ends(),
            compact: Vec::new(),
        }
    }

    /// The value that begins at an octet, if one does.
    pub fn value_at(&mut self, start: usize) -> Option<Candidate> {
        let end = self.ends.of(self.bytes, start)?;
        self.longest(start, end).ok()
    }

    /// The whole match if it is a value, else the longest beginning of it that is one, where the pattern
    /// allows that: it may have swallowed what follows the value. A beginning whose form says much goes before
    /// a whole whose form says little: one in ten card numbers passes the Luhn check with its expiry date, too.
    fn longest(&mut self, start: usize, end: usize) -> Result<Candidate, Refusal> {
        let whole = self.candidate(start, end);
        if !self.pattern.shorter || whole.as_ref().is_ok_and(|whole| whole.distinctive) {
            return whole;
        }
        let bytes = self.bytes;
        let ends = (start + 1..end).rev().filter(|at| {
            let is_part = |at: usize| bytes.get(at).is_some_and(|byte| is_part(*byte));
            is_part(*at - 1) && !is_part(*at)
        });
        let mut best = whole;
        for end in ends.take(MOST_BEGINNINGS) {
            let shorter = self.candidate(start, end);
            if shorter.as_ref().is_ok_and(|shorter| shorter.distinctive) {
                return shorter;
            }
            best = best.or(shorter);
        }
        best
    }

    fn candidate(&mut self, start: usize, end: usize) -> Result<Candidate, Refusal> {
        let written = self.bytes.get(start..end).unwrap_or_default();
        if !boundary::stands_free(self.bytes, start, end, self.pattern.boundary) {
            return Err(Refusal::Touched);
        }
        self.fill(written);
        if self.rule.is_fake(&self.compact) {
            return Err(Refusal::Fake);
        }
        let test_value = self.rule.is_test_value(&self.compact);
        let mut checks = self.pattern.checks.iter().filter(|_| !test_value);
        if let Some(failed) = checks.find(|check| !(check.test)(&self.compact)) {
            return Err(Refusal::Failed(failed));
        }
        if self.pattern.is_excepted(written) {
            return Err(Refusal::Excepted);
        }
        let forms = self.rule.forms.of(&self.compact);
        if self.pattern.needs_form && forms.is_empty() {
            return Err(Refusal::Formless);
        }
        let distinctive = self.rule.forms.are_distinctive(&forms);
        Ok(Candidate {
            rule: self.at.0,
            pattern: self.at.1,
            start,
            end,
            test_value,
            forms,
            distinctive,
        })
    }

    /// Puts the value in, with the zeros that a spreadsheet dropped.
    fn fill(&mut self, written: &[u8]) {
        self.compact.clear();
        self.compact.reserve(written.len());
        for part in written.iter().filter(|byte| is_part(**byte)) {
            self.compact.push(part.to_ascii_uppercase());
        }
        let dropped = self.pattern.pad_to.saturating_sub(self.compact.len());
        if dropped > 0 {
            self.compact.splice(0..0, std::iter::repeat_n(b'0', dropped));
        }
    }
}
