//! What has the form of an element and passes its checks, before anything around it is weighed.

use super::boundary;
use super::compile::LONGEST;
use super::rule::{Pattern, Rule, compact};

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

/// How many shorter beginnings of a match are tried.
const MOST_BEGINNINGS: usize = 12;

/// Finds the candidates of one pattern that begin between two octets, in order. They do not overlap.
///
/// After a rejected match the search goes on one octet later, so that a value is found although something
/// before it looks like its beginning; a run of digits is left as a whole, which keeps the search linear.
pub(super) fn find(rule: &Rule, at: (usize, usize), bytes: &[u8], from: usize, to: usize) -> Vec<Candidate> {
    let mut found = Vec::new();
    let Some(pattern) = rule.patterns.get(at.1) else {
        return found;
    };
    let text = bytes.get(..(to + 2 * LONGEST).min(bytes.len())).unwrap_or(bytes);
    let mut next = from;
    while let Some(matched) = pattern.regex.find_at(text, next) {
        let (start, end) = (matched.start(), matched.end());
        if start >= to {
            break;
        }
        if is_inside_digits(bytes, start) {
            next = boundary::end_of_digits(bytes, start);
            continue;
        }
        match beginnings(pattern, bytes, start, end)
            .find_map(|end| candidate(rule, pattern, bytes, start, end))
        {
            Some(candidate) => {
                next = candidate.end;
                found.push(Candidate {
                    rule: at.0,
                    pattern: at.1,
                    ..candidate
                });
            }
            None => next = start + 1,
        }
    }
    found
}

fn is_inside_digits(bytes: &[u8], start: usize) -> bool {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    start > 0 && is_digit(start - 1) && is_digit(start)
}

/// The ends that a value starting at `start` may have, longest first.
fn beginnings<'b>(
    pattern: &Pattern,
    bytes: &'b [u8],
    start: usize,
    end: usize,
) -> impl Iterator<Item = usize> + use<'b> {
    let shorter = if pattern.shorter { start + 1..end } else { 0..0 };
    let ends = shorter.rev().filter(move |at| {
        let is_part = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        is_part(*at - 1) && !is_part(*at)
    });
    std::iter::once(end).chain(ends.take(MOST_BEGINNINGS))
}

fn candidate(rule: &Rule, pattern: &Pattern, bytes: &[u8], start: usize, end: usize) -> Option<Candidate> {
    let written = bytes.get(start..end)?;
    if !boundary::stands_free(bytes, start, end, pattern.boundary) || pattern.except.is_match(written) {
        return None;
    }
    let compact = padded(compact(written), pattern.pad_to);
    let test_value = rule.is_test_value(&compact);
    if !test_value && !pattern.checks.iter().all(|check| (check.test)(&compact)) {
        return None;
    }
    let forms: Vec<usize> = rule.forms.set.matches(&compact).into_iter().collect();
    if pattern.needs_form && forms.is_empty() {
        return None;
    }
    let tells = |form: &usize| rule.forms.list.get(*form).is_some_and(|form| form.distinctive);
    let distinctive = rule.forms.list.is_empty() || forms.iter().any(tells);
    Some(Candidate {
        rule: 0,
        pattern: 0,
        start,
        end,
        test_value,
        forms,
        distinctive,
    })
}

/// Puts the zeros back that a spreadsheet dropped.
fn padded(compact: Vec<u8>, length: usize) -> Vec<u8> {
    let zeros = length.saturating_sub(compact.len());
    let mut padded = vec![b'0'; zeros];
    padded.extend(compact);
    padded
}
