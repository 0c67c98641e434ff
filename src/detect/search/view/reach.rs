//! Where something could speak for a value: where keywords reach, in the cells below labels that have one, and where a
//! list goes on. What could not count anyway is left out before anybody looks at it.

use super::super::super::compile::LONGEST;
use super::super::super::keywords::Vocabulary;
use super::super::super::sieve;
use super::{Headed, ViewSearch};

/// Stretches of a view, in order and apart.
pub(super) type Stretches = Vec<(usize, usize)>;

/// The patterns of a rule that keywords make count, by the keywords that do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spoken {
    /// Any.
    any: u64,
    /// Strong ones only.
    strong: u64,
}

impl Spoken {
    fn all(self) -> u64 {
        self.any | self.strong
    }
}

/// Where the keywords of a rule reach in a block.
#[derive(Debug, Default)]
struct Around {
    /// Any of them.
    any: Stretches,
    /// Only strong ones.
    strong: Stretches,
    /// Below the header of a table, every cell may have its keyword in the header.
    below: Option<usize>,
}

impl Around {
    fn holds(&self, at: usize, strong: bool) -> bool {
        let stretches = if strong { &self.strong } else { &self.any };
        let after = stretches.partition_point(|(_, end)| *end <= at);
        let near = stretches.get(after).is_some_and(|(start, _)| *start <= at);
        near || self.below.is_some_and(|below| at >= below)
    }
}

/// What is alike up to an octet, below labels or where there are none.
#[derive(Debug, Clone, Copy, Default)]
struct Labelled {
    until: usize,
    /// The patterns that the labels, or something else in the row, could make count.
    patterns: u64,
    /// Whether it is a cell that no list goes on in.
    is_cell: bool,
}

/// Which patterns could count, place after place in a block.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// The patterns that may count without a keyword.
    alone: u64,
    /// By rule, where its keywords reach; empty when nobody heard them.
    around: Vec<Around>,
    /// Where keywords begin and cease to reach, in order: the patterns that they turn on and off.
    turns: Vec<(usize, u64)>,
    /// Those of the patterns that are turned on now, and how many turns were taken.
    on: u64,
    taken: usize,
    /// The patterns that are turned on anywhere.
    ever: u64,
    /// The rules that may have a keyword in the header of a table, and from where on; the patterns of all of them.
    headed: Vec<(usize, usize)>,
    below: u64,
    /// What was found out about the last place in a table.
    spot: Labelled,
}

impl Reach {
    /// Where only what needs no keyword can count.
    pub fn of_nothing(alone: u64) -> Reach {
        Reach {
            alone,
            ..Reach::default()
        }
    }

    /// Where a pattern of a rule that has this bit and needs strong keywords only, or any, could count, apart from lists that
    /// go on.
    pub fn stretches(&self, rule: usize, bit: u64, strong: bool, block: (usize, usize)) -> Stretches {
        if self.alone & bit != 0 {
            return vec![block];
        }
        let Some(around) = self.around.get(rule) else {
            return Vec::new();
        };
        let below = around.below.unwrap_or(block.1);
        let stretches = if strong { &around.strong } else { &around.any };
        let above = stretches.iter().map(|(start, end)| (*start, *end.min(&below)));
        let above = above.filter(|(start, end)| start < end);
        above.chain([(below, block.1)]).collect()
    }

    /// The patterns that could count anywhere.
    pub fn ever(&self) -> u64 {
        self.alone | self.ever | self.below
    }

    /// The patterns that could count at a place, and maybe others. Calls come in order of place.
    #[inline]
    pub fn at_most(&mut self, at: usize) -> u64 {
        self.alone | self.turned_on(at) | self.below
    }

    /// Whether all of these patterns could count at a place, whatever labels say and whichever of the `listed` go on there.
    /// Calls come in order of place.
    #[inline]
    pub fn is_sure(&mut self, at: usize, patterns: u64, listed: u64) -> bool {
        patterns & (self.below | listed) & !(self.alone | self.turned_on(at)) == 0
    }

    /// The patterns that keywords around a place could make count. Calls come in order of place.
    #[inline]
    fn turned_on(&mut self, at: usize) -> u64 {
        while let Some((_, patterns)) = self.turns.get(self.taken).filter(|(from, _)| *from <= at) {
            self.on ^= patterns;
            self.taken += 1;
        }
        self.on
    }
}

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
        let heard = self.heard;
        if self.heard_before.is_some() {
            // What lies between two places was heard in the plain view.
            self.heard = self.heard.max(behind);
        }
        self.hits
            .iter_mut()
            .for_each(|hits| hits.retain(|hit| hit.end >= behind));
        self.said.forget(behind, (heard, self.heard));
        let known: Vec<usize> = self.hits.iter().map(Vec::len).collect();
        let (hits, said) = (&mut self.hits, &mut self.said);
        vocabulary.find(bytes, (self.heard, end), &self.keywords, (hits, said));
        self.heard = end;
        for (place, header) in self.headers.iter_mut().enumerate() {
            let (Some(keywords), Some(hits)) = (self.keywords.get(place), self.hits.get(place)) else {
                continue;
            };
            let news = hits.iter().skip(known.get(place).copied().unwrap_or(0));
            news.for_each(|hit| header.hear(bytes, keywords, hit));
        }
    }

    /// Which patterns need what kind of keyword, by rule, and which need none.
    pub(super) fn speakers(&self) -> (u64, Vec<Spoken>) {
        let shared = self.rules.owners().count() > 64;
        let mut alone = 0;
        let mut spoken = vec![Spoken::default(); self.rules.rules.len()];
        for (number, (rule, pattern)) in self.rules.owners().enumerate() {
            let pattern = self
                .rules
                .rules
                .get(rule)
                .and_then(|rule| rule.patterns.get(pattern));
            let (Some(pattern), Some(spoken)) = (pattern, spoken.get_mut(rule)) else {
                continue;
            };
            match () {
                // Of a bit that several have, nobody knows when it could not count.
                () if shared && number >= 63 => alone |= sieve::bit(number),
                () if pattern.counts_alone() && !self.strong_only() => alone |= sieve::bit(number),
                // A weak keyword is nothing to some patterns.
                () if pattern.confidence.weak.is_none() || self.strong_only() => {
                    spoken.strong |= sieve::bit(number);
                }
                () => spoken.any |= sieve::bit(number),
            }
        }
        (alone, spoken)
    }

    /// Whether only a strong keyword makes anything count.
    pub(super) fn strong_only(&self) -> bool {
        !self.alone
    }

    /// Where keywords reach in a block. All of them are heard.
    pub(super) fn reach(&mut self, (from, to): (usize, usize)) -> Reach {
        self.hear(from, to);
        let mut reach = Reach::of_nothing(self.needs_none);
        for (rule, spoken) in self.spoken.iter().enumerate() {
            let below = self
                .below(rule)
                .map(|below| below.max(from))
                .filter(|below| *below < to);
            let around = Around {
                any: self.around_hits(rule, false, (from, to)),
                strong: self.around_hits(rule, true, (from, to)),
                below,
            };
            if let Some(below) = below {
                reach.headed.push((below, rule));
                reach.below |= spoken.all();
            }
            for (stretches, patterns) in [(&around.any, spoken.any), (&around.strong, spoken.strong)] {
                if patterns != 0 && !stretches.is_empty() {
                    reach.ever |= patterns;
                    let turns = stretches
                        .iter()
                        .flat_map(|(start, end)| [(*start, patterns), (*end, patterns)]);
                    reach.turns.extend(turns);
                }
            }
            reach.around.push(around);
        }
        reach.turns.sort_unstable_by_key(|(at, _)| *at);
        reach
    }

    /// Where the first header with a keyword of a rule begins.
    fn below(&self, rule: usize) -> Option<usize> {
        match &self.heard_before {
            Some(Headed(rules)) => rules.get(rule).is_some_and(|headed| *headed).then_some(0),
            None => self.headers.get(rule).and_then(|header| header.found),
        }
    }

    fn around_hits(&self, rule: usize, only_strong: bool, (from, to): (usize, usize)) -> Stretches {
        let mut stretches = Stretches::new();
        let (Some(keywords), Some(hits)) = (self.keywords.get(rule), self.hits.get(rule)) else {
            return stretches;
        };
        let below = self.below(rule).unwrap_or(usize::MAX);
        for hit in hits {
            let Some((before, after)) = keywords.reach_of(hit, only_strong) else {
                continue;
            };
            let start = hit.start.saturating_sub(before + LONGEST);
            // Below a header a value that does not count may stand in the way of one that does.
            let start = start.min(start.saturating_sub(LONGEST).max(below)).max(from);
            let end = (hit.end + after).min(to);
            match stretches.last_mut() {
                Some(last) if start <= last.1 => {
                    last.1 = last.1.max(end);
                    if start >= below {
                        last.0 = last.0.min(start);
                    }
                }
                _ if start < end => stretches.push((start, end)),
                _ => {}
            }
            // A keyword that reaches far back joins what those before it left apart.
            while let [.., first, second] = stretches.as_mut_slice()
                && second.0 <= first.1
            {
                first.1 = first.1.max(second.1);
                first.0 = first.0.min(second.0);
                stretches.pop();
            }
        }
        stretches
    }

    /// The patterns that could count at a place of a block; a bit that several have stands for all of them, whether they
    /// could or not. Calls come in order of place.
    pub(super) fn live(&mut self, reach: &mut Reach, at: usize, listed: u64) -> u64 {
        let live = reach.alone | reach.turned_on(at);
        if listed & !live == 0 && !reach.headed.iter().any(|(below, _)| *below <= at) {
            return live | listed;
        }
        let labelled = self.labelled(reach, at);
        let listed = if labelled.is_cell {
            listed & !self.bound
        } else {
            listed
        };
        live | labelled.patterns | listed
    }

    /// Whether a pattern could count at a place of a block.
    pub(super) fn is_live(&self, reach: &Reach, number: usize, at: usize) -> bool {
        let Some((rule, pattern)) = self.rules.owners().nth(number) else {
            return false;
        };
        let pattern = self
            .rules
            .rules
            .get(rule)
            .and_then(|rule| rule.patterns.get(pattern));
        pattern.is_some_and(|pattern| {
            let strong = pattern.confidence.weak.is_none() || self.strong_only();
            let around = reach.around.get(rule);
            let alone = pattern.counts_alone() && !self.strong_only();
            alone || around.is_some_and(|around| around.holds(at, strong))
        })
    }

    /// What labels say of a place of a block.
    fn labelled(&mut self, reach: &mut Reach, at: usize) -> Labelled {
        if at < reach.spot.until {
            return reach.spot;
        }
        let mut until = usize::MAX;
        let (mut headed, mut all) = (0, 0);
        for (below, rule) in &reach.headed {
            if *below > at {
                until = until.min(*below);
                continue;
            }
            headed |= Vocabulary::bit(*rule);
            all |= self.spoken.get(*rule).map_or(0, |spoken| spoken.all());
        }
        // What may hold a line end or what separates cells is not bound to one of them.
        let (mut patterns, mut is_cell) = (all & !self.bound, false);
        match self.layout.spot(at) {
            Err(end) => until = until.min(end),
            Ok(spot) if spot.within.is_empty() => {
                return Labelled {
                    until: at,
                    patterns: all,
                    is_cell: false,
                };
            }
            Ok(spot) => {
                is_cell = spot.is_cell;
                until = until.min(spot.within.end);
                self.said.go_to(&spot.row);
                let beside = spot
                    .beside
                    .iter()
                    .fold(0, |rules, cell| rules | self.said.rules_in(cell));
                let (any, strong) = self.labels_say(spot.table, spot.column);
                if (any | strong | beside) & headed != 0 {
                    for (rule, spoken) in self.spoken.iter().enumerate() {
                        let bit = Vocabulary::bit(rule) & headed;
                        patterns |= match () {
                            () if (beside | strong) & bit != 0 => spoken.all(),
                            () if any & bit != 0 => spoken.any,
                            () => 0,
                        };
                    }
                }
            }
        }
        reach.spot = Labelled {
            until,
            patterns,
            is_cell,
        };
        reach.spot
    }

    /// The bits of the rules with a keyword in the labels of a column, and of those with a strong one.
    fn labels_say(&mut self, table: usize, column: Option<usize>) -> (u64, u64) {
        let place = column.map_or(0, |column| column + 1);
        let (of, known) = &mut self.columns;
        if *of != table {
            *of = table;
            known.clear();
        }
        if known.len() <= place {
            known.resize(place + 1, None);
        }
        if let Some(Some(known)) = known.get(place) {
            return *known;
        }
        let (mut any, mut strong) = (0, 0);
        for label in self.layout.labels(column) {
            for (rule, keywords) in self.keywords.iter().enumerate() {
                for hit in keywords.find(&self.view.bytes, label.start, label.end) {
                    let bit = |only_strong| {
                        let reaches = keywords.reach_of(&hit, only_strong).is_some();
                        if reaches { Vocabulary::bit(rule) } else { 0 }
                    };
                    any |= bit(false);
                    strong |= bit(true);
                }
            }
        }
        if let Some(known) = self.columns.1.get_mut(place) {
            *known = Some((any, strong));
        }
        (any, strong)
    }
}
