//! Where it is worth looking: where keywords reach, and where matches begin.

use std::rc::Rc;

use super::super::super::candidates::{self, Candidate, LIST_GAP};
use super::super::super::compile::LONGEST;
use super::super::super::rule::Pattern;
use super::{Headed, ViewSearch};

/// Stretches of a view, in order.
pub(super) type Stretches = Vec<(usize, usize)>;

impl ViewSearch<'_> {
    /// Finds the keywords of all rules up to and around a block, and forgets those that lie behind it.
    pub(super) fn hear(&mut self, from: usize, to: usize) {
        let vocabulary = &self.rules.vocabulary;
        let bytes: &[u8] = &self.view.bytes;
        let end = (to + LONGEST + vocabulary.reach).min(bytes.len());
        if self.heard >= end {
            return;
        }
        let behind = from.saturating_sub(vocabulary.reach + LONGEST);
        if self.headed.is_some() {
            // What lies between two places was heard in the plain view.
            self.heard = self.heard.max(behind);
        }
        self.hits
            .iter_mut()
            .for_each(|hits| hits.retain(|hit| hit.end >= behind));
        let known: Vec<usize> = self.hits.iter().map(Vec::len).collect();
        vocabulary.find(bytes, (self.heard, end), &self.keywords, &mut self.hits);
        self.heard = end;
        for (place, header) in self.headers.iter_mut().enumerate() {
            let (Some(keywords), Some(hits)) = (self.keywords.get(place), self.hits.get(place)) else {
                continue;
            };
            let news = hits.iter().skip(known.get(place).copied().unwrap_or(0));
            news.for_each(|hit| header.hear(bytes, keywords, hit));
        }
    }

    /// The candidates of one pattern, which has a number among all, where something could speak for them.
    pub(super) fn candidates(
        &mut self,
        number: usize,
        (rule, pattern): (usize, usize),
        block: (usize, usize),
    ) -> Vec<Candidate> {
        let Some(compiled) = self.rules.rules.get(rule) else {
            return Vec::new();
        };
        let Some(shaped) = compiled.patterns.get(pattern) else {
            return Vec::new();
        };
        let alone = shaped.counts_alone() && !self.strong_only();
        let (from, to) = block;
        let is_in_vain = match shaped.shape.may_be_bare() {
            false => self.runs.are_none(),
            // To hear all keywords of a block takes longer, unless that was done for another pattern.
            true => self.heard < to && !shaped.expression.begins(&self.view.bytes, from, to),
        };
        if is_in_vain {
            return Vec::new();
        }
        let mut stretches = match alone {
            true => Rc::new(vec![block]),
            // A weak keyword is nothing to some patterns.
            false => self.stretches(
                rule,
                shaped.confidence.weak.is_none() || self.strong_only(),
                block,
            ),
        };
        if let Some(listed) = self.lists.get(&(rule, pattern)).filter(|_| !alone) {
            // A list that the block before began.
            let going_on = (block.0, (listed.end + LIST_GAP).min(block.1));
            Rc::make_mut(&mut stretches).insert(0, going_on);
        }
        if stretches.is_empty() {
            return Vec::new();
        }
        let starts = match shaped.shape.may_be_bare() {
            true => self.bare_starts(shaped, &stretches, block.1),
            false => self.starts(number, block),
        };
        let bytes: &[u8] = &self.view.bytes;
        let mut found = candidates::find(compiled, (rule, pattern), (bytes, &starts), &stretches, block.1);
        if self.view.is_joined() {
            found.retain(|one| self.view.crosses_join(one.start, one.end));
        }
        found
    }

    /// Where the matches of a pattern begin in a block; the pattern needs a digit.
    fn starts(&mut self, number: usize, block: (usize, usize)) -> Vec<usize> {
        if self.starts.is_none() {
            let mut rules = 0..self.rules.rules.len();
            let only_alone = self.lists.is_empty()
                && !self.strong_only()
                && rules.all(|rule| self.stretches(rule, false, block).is_empty());
            let sieve = &self.rules.sieve;
            self.starts = Some(sieve.starts(only_alone, &self.view.bytes, &self.runs, block));
        }
        let starts = self.starts.as_mut().and_then(|starts| starts.get_mut(number));
        starts.map(std::mem::take).unwrap_or_default()
    }

    /// Where the matches of a pattern that needs no digit may begin, in stretches and where a list could go on.
    fn bare_starts(&self, pattern: &Pattern, stretches: &[(usize, usize)], limit: usize) -> Vec<usize> {
        let bytes: &[u8] = &self.view.bytes;
        let (mut starts, mut next) = (Vec::new(), 0);
        for (from, to) in stretches {
            let to = match pattern.in_lists {
                true => limit,
                false => *to,
            };
            next = next.max(*from);
            while let Some(start) = pattern.expression.next(bytes, next, to) {
                next = start + 1;
                if !candidates::is_inside_digits(bytes, start) {
                    starts.push(start);
                }
            }
            next = next.max(to);
        }
        starts
    }

    /// Whether only a strong keyword makes anything count.
    pub(super) fn strong_only(&self) -> bool {
        !self.alone
    }

    /// Where keywords of a rule reach within a block, or only strong ones: around them, and below the header of a table.
    fn stretches(&mut self, rule: usize, only_strong: bool, block: (usize, usize)) -> Rc<Stretches> {
        let known = self.stretches.get(rule).and_then(|[any, strong]| {
            let known = if only_strong { strong } else { any };
            known.clone()
        });
        known.unwrap_or_else(|| {
            let stretches = Rc::new(self.reached(rule, only_strong, block));
            if let Some([any, strong]) = self.stretches.get_mut(rule) {
                let known = if only_strong { strong } else { any };
                *known = Some(Rc::clone(&stretches));
            }
            stretches
        })
    }

    fn reached(&mut self, rule: usize, only_strong: bool, (from, to): (usize, usize)) -> Stretches {
        let Some(compiled) = self.rules.rules.get(rule) else {
            return Vec::new();
        };
        self.hear(from, to);
        let hits = self.hits.get(rule).map_or(&[][..], Vec::as_slice);
        let header = match &self.headed {
            Some(Headed(rules)) => rules.get(rule).is_some_and(|headed| *headed).then_some(0),
            None => self.headers.get(rule).and_then(|header| header.found),
        };
        // Below the header of a table, every cell may have its keyword in the header.
        let below = header
            .map(|header| (from.max(header), to))
            .filter(|(from, to)| from < to);
        let mut stretches = Stretches::new();
        for hit in hits.iter() {
            let Some((before, after)) = compiled.keywords.reach_of(hit, only_strong) else {
                continue;
            };
            let start = hit.start.saturating_sub(before + LONGEST).max(from);
            let end = (hit.end + after).min(to);
            match stretches.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => stretches.push((start, end)),
            }
        }
        if let Some((below, to)) = below {
            stretches.retain(|(start, _)| *start < below);
            if let Some(last) = stretches.last_mut() {
                last.1 = last.1.min(below);
            }
            stretches.push((below, to));
        }
        stretches
    }
}
