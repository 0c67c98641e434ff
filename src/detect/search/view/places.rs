//! The places of a block where values may begin, one after another: what has the form of an element there is weighed.

use std::ops::Range;

use super::super::super::boundary;
use super::super::super::candidates::{Candidate, Judge, LIST_GAP, is_inside_digits};
use super::super::super::compile::LONGEST;
use super::super::super::contest::Weighed;
use super::super::super::rule::Pattern;
use super::super::super::rule_file::Boundary;
use super::super::super::sieve::{self, Sifter};
use super::super::outcome::Enough;
use super::ViewSearch;
use super::reach::Reach;

/// How each pattern goes on through a view.
pub(super) struct Finder<'v> {
    sifter: Sifter<'v>,
    /// What is left of the search for each pattern.
    courses: Vec<Course<'v>>,
    /// The patterns that want each kind of boundary.
    boundaries: [(Boundary, u64); 4],
    /// Those that are searched for in the block.
    wanted: u64,
    /// Those that a list of values may go on for.
    listing: u64,
}

/// How one pattern goes on through a block.
struct Course<'v> {
    /// Rule and pattern.
    owner: (usize, usize),
    pattern: &'v Pattern,
    judge: Option<Judge<'v>>,
    /// Values do not overlap: none begins before this.
    next: usize,
    /// Before this, a list may go on.
    listed: usize,
    /// Whether enough of it was found.
    enough: bool,
}

impl Course<'_> {
    /// Whether it is searched for, and its matches may have no digit.
    fn is_bare(&self) -> bool {
        !self.enough && self.pattern.shape.may_be_bare()
    }
}

impl<'v> Finder<'v> {
    pub(super) fn of(search: &ViewSearch<'v>) -> Finder<'v> {
        let rules = search.rules;
        let courses = rules.owners().filter_map(|owner| {
            let pattern = rules
                .rules
                .get(owner.0)
                .and_then(|rule| rule.patterns.get(owner.1))?;
            Some(Course {
                owner,
                pattern,
                judge: None,
                next: 0,
                listed: 0,
                enough: false,
            })
        });
        let mut finder = Finder {
            sifter: rules.sieve.start(),
            courses: courses.collect(),
            boundaries: [
                (Boundary::Word, 0),
                (Boundary::Loose, 0),
                (Boundary::Apart, 0),
                (Boundary::Digits, 0),
            ],
            wanted: 0,
            listing: 0,
        };
        for (number, course) in finder.courses.iter().enumerate() {
            for (boundary, patterns) in &mut finder.boundaries {
                if *boundary == course.pattern.boundary {
                    *patterns |= sieve::bit(number);
                }
            }
        }
        finder
    }

    /// Begins with another block.
    fn begin(&mut self, enough: &Enough) {
        (self.wanted, self.listing) = (0, 0);
        for (number, course) in self.courses.iter_mut().enumerate() {
            // What is left out here leaves its place to other rules: more is found, never less.
            course.enough = enough.is_reached(course.owner.0);
            (course.next, course.listed) = (0, 0);
            if !course.enough {
                self.wanted |= sieve::bit(number);
            }
        }
    }

    /// Those of the patterns whose values what stands before a place lets begin there.
    fn may_begin(&self, bytes: &[u8], at: usize, mut patterns: u64) -> u64 {
        for (boundary, of) in &self.boundaries {
            if patterns & of != 0 && !boundary::may_begin(bytes, at, *boundary) {
                // A bit that stands for several patterns says nothing of one.
                patterns &= !of | sieve::bit(usize::MAX);
            }
        }
        patterns
    }

    /// The patterns for which a list may go on at a place.
    fn listed(&mut self, at: usize) -> u64 {
        let mut rest = self.listing;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            rest &= !bit;
            let goes_on = |course: &Course| course.listed > at;
            if !numbers(bit, self.courses.len()).any(|number| self.courses.get(number).is_some_and(goes_on)) {
                self.listing &= !bit;
            }
        }
        self.listing
    }
}

/// The patterns that a set of bits stands for, out of so many.
fn numbers(mut bits: u64, patterns: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let first = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (first < 64).then_some(first)
    })
    .flat_map(move |first| match first {
        63 => 63..patterns.max(63),
        _ => first..(first + 1).min(patterns),
    })
}

/// Pieces of a view where values may begin, in order and apart.
type Pieces = Vec<Range<usize>>;

impl<'v> ViewSearch<'v> {
    /// What counts in a block, by where it begins.
    pub(super) fn weighed(
        &mut self,
        finder: &mut Finder<'v>,
        (from, to): (usize, usize),
        enough: &Enough,
    ) -> Vec<Weighed> {
        finder.begin(enough);
        let (bytes, sieve): (&'v [u8], _) = (&self.view.bytes, &self.rules.sieve);
        let mut weighed = Vec::new();
        let pieces = self.pieces(finder, (from, to));
        if pieces.is_empty() || self.runs.are_none() && self.is_in_vain(finder, (from, to)) {
            return weighed;
        }
        let mut reach = match finder.wanted & !self.needs_none {
            0 => Reach::of_nothing(self.needs_none),
            _ => self.reach((from, to)),
        };
        self.go_on_with_lists(finder, to);
        let mut bare = self
            .bare_places(finder, &pieces, &reach, (from, to))
            .into_iter()
            .peekable();
        let runs = std::mem::take(&mut self.runs);
        let (mut least, mut piece, mut pieces) = (from, from..from, pieces.iter());
        for (place, run) in runs.list().iter().enumerate() {
            let among = finder.wanted & (reach.ever() | finder.listing);
            for at in sieve.first_place(bytes, *run, least, among)..=run.start {
                if at >= piece.end {
                    piece = pieces
                        .find(|piece| piece.end > at)
                        .cloned()
                        .unwrap_or(usize::MAX..usize::MAX);
                }
                if at < piece.start {
                    continue;
                }
                let among = finder.wanted & (reach.at_most(at) | finder.listing);
                let mut possible = sieve.possible(bytes, at, *run, among);
                if possible == 0 {
                    continue;
                }
                while let Some((at, patterns)) = bare.next_if(|(bare, _)| *bare < at) {
                    let live = self.live_at(finder, &mut reach, at);
                    self.weigh_at(finder, &reach, (at, patterns & live), to, &mut weighed);
                }
                let live = match reach.is_sure(at, possible, finder.listing) {
                    true => u64::MAX,
                    false => self.live_at(finder, &mut reach, at),
                };
                possible = finder.may_begin(bytes, at, possible & live);
                let next = runs.list().get(place..).unwrap_or_default();
                let mut told = match possible {
                    0 => 0,
                    _ => finder.sifter.told(bytes, (at, next), possible, 0),
                };
                if let Some((_, patterns)) = bare.next_if(|(bare, _)| *bare == at) {
                    told |= patterns & self.live_at(finder, &mut reach, at);
                }
                self.weigh_at(finder, &reach, (at, told), to, &mut weighed);
            }
            least = run.end;
        }
        for (at, patterns) in bare {
            let live = self.live_at(finder, &mut reach, at);
            self.weigh_at(finder, &reach, (at, patterns & live), to, &mut weighed);
        }
        self.runs = runs;
        weighed
    }

    /// The patterns whose values could count where they begin at an octet, by what is said near by or as part of a list.
    fn live_at(&mut self, finder: &mut Finder<'v>, reach: &mut Reach, at: usize) -> u64 {
        let listed = finder.listed(at);
        self.live(reach, at, listed)
    }

    /// Weighs the values of some patterns that begin at a place.
    fn weigh_at(
        &mut self,
        finder: &mut Finder<'v>,
        reach: &Reach,
        (at, patterns): (usize, u64),
        to: usize,
        weighed: &mut Vec<Weighed>,
    ) {
        if patterns == 0 {
            return;
        }
        let (view, rules) = (self.view, self.rules);
        let mut candidates: Vec<Candidate> = Vec::new();
        let shared = finder.courses.len() > 64;
        for number in numbers(patterns, finder.courses.len()) {
            let Some(course) = finder.courses.get_mut(number) else {
                continue;
            };
            let is_live = || !shared || number < 63 || course.listed > at || self.is_live(reach, number, at);
            if at < course.next || course.enough || !is_live() {
                continue;
            }
            let Some(rule) = rules.rules.get(course.owner.0) else {
                continue;
            };
            let judge = course
                .judge
                .get_or_insert_with(|| Judge::new(rule, course.pattern, course.owner, &view.bytes));
            let Some(candidate) = judge.value_at(at) else {
                continue;
            };
            course.next = candidate.end;
            if !view.is_joined() || view.crosses_join(candidate.start, candidate.end) {
                candidates.push(candidate);
            }
        }
        candidates.sort_by_key(|one| (one.end, one.rule, one.pattern));
        for candidate in candidates {
            let owner = (candidate.rule, candidate.pattern);
            weighed.extend(self.weigh(candidate).ok());
            // The list may go on where no keyword reaches.
            let Some(listed) = self.lists.get(&owner) else {
                continue;
            };
            let mut courses = finder.courses.iter_mut().enumerate();
            if let Some((number, course)) = courses.find(|(_, course)| course.owner == owner)
                && course.pattern.in_lists
            {
                course.listed = (listed.end + LIST_GAP).min(to);
                finder.listing |= sieve::bit(number);
            }
        }
    }

    /// Lists that the block before began go on in this one.
    fn go_on_with_lists(&self, finder: &mut Finder<'v>, to: usize) {
        for (number, course) in finder.courses.iter_mut().enumerate() {
            if let Some(listed) = self.lists.get(&course.owner) {
                course.listed = (listed.end + LIST_GAP).min(to);
                finder.listing |= sieve::bit(number);
            }
        }
    }

    /// Where in a block values may begin: anywhere in a plain view, else before what was taken out, where a match goes on
    /// behind it.
    fn pieces(&self, finder: &mut Finder<'v>, (from, to): (usize, usize)) -> Pieces {
        if !self.view.is_joined() {
            return std::iter::once(from..to).collect();
        }
        let bytes: &[u8] = &self.view.bytes;
        let mut pieces = Pieces::new();
        for join in self.crossed(finder, (from, to)) {
            let first = self.inner(bytes, from.max(join.saturating_sub(2 * LONGEST)), join, u64::MAX);
            match pieces.last_mut() {
                Some(last) if first <= last.end => last.end = join.min(to),
                _ => pieces.push(first..join.min(to)),
            }
        }
        pieces
    }

    /// Where something was taken out that a match of any pattern goes over, in order. A match that goes over several is told
    /// of the first.
    fn crossed(&self, finder: &mut Finder<'v>, (from, to): (usize, usize)) -> Vec<usize> {
        let (bytes, sieve): (&'v [u8], _) = (&self.view.bytes, &self.rules.sieve);
        let joins = || self.view.joins_between(from, to + LONGEST);
        let mut crossed = Vec::new();
        let runs = self.runs.list();
        let (mut done, mut next) = (from, 0);
        for join in joins() {
            // What begins before the last place was told of that.
            let first = self.inner(bytes, done.max(join.saturating_sub(LONGEST)), join, u64::MAX);
            next += runs
                .get(next..)
                .unwrap_or_default()
                .partition_point(|run| run.end <= first);
            let mut least = first;
            let mut rest = runs.get(next..).unwrap_or_default();
            while let Some((run, beyond)) = rest.split_first().filter(|_| least < join) {
                let places =
                    sieve.first_place(bytes, *run, least, finder.wanted)..(run.start + 1).min(join.min(to));
                let mut places = places.filter(|at| *at >= first);
                let goes_over = |at: usize| {
                    let possible = sieve.possible(bytes, at, *run, finder.wanted);
                    let possible = finder.may_begin(bytes, at, possible);
                    possible != 0 && finder.sifter.told_of_any(bytes, (at, rest), possible, join)
                };
                if places.any(goes_over) {
                    crossed.push(join);
                    break;
                }
                least = run.end;
                rest = beyond;
            }
            done = join;
        }
        let bare = finder.courses.iter().enumerate();
        for (number, course) in bare.filter(|(_, course)| course.is_bare()) {
            let (expression, mut ends) = (&course.pattern.expression, None);
            let holds = |octet: &u8| sieve.may_hold(*octet, sieve::bit(number));
            let mut next = from;
            for join in joins().filter(|join| bytes.get(*join).is_some_and(holds)) {
                next = self.inner(
                    bytes,
                    next.max(join.saturating_sub(LONGEST)),
                    join,
                    sieve::bit(number),
                );
                while let Some(start) = expression.next(bytes, next, join.min(to)) {
                    let ends = ends.get_or_insert_with(|| expression.ends());
                    if ends.of(bytes, start).is_some_and(|end| end > join) {
                        crossed.push(join);
                        break;
                    }
                    next = start + 1;
                }
                next = join;
            }
        }
        crossed.sort_unstable();
        crossed.dedup();
        crossed
    }

    /// From where on, from `least`, there is nothing before an octet that matches of some patterns cannot hold.
    fn inner(&self, bytes: &[u8], least: usize, end: usize, patterns: u64) -> usize {
        let before = bytes.get(least..end).unwrap_or_default();
        let holds = |octet: &&u8| self.rules.sieve.may_hold(**octet, patterns);
        end - before.iter().rev().take_while(holds).count()
    }

    /// Whether no match of a pattern that needs no digit begins in a block, and its keywords were not heard for another
    /// reason, which takes longer to find out.
    fn is_in_vain(&self, finder: &Finder<'v>, (from, to): (usize, usize)) -> bool {
        let mut wanted = finder.courses.iter().filter(|course| course.is_bare());
        let begins = |course: &Course| course.pattern.expression.begins(&self.view.bytes, from, to);
        self.heard < to && !wanted.any(begins)
    }

    /// Where matches of patterns that need no digit may begin in a block and could count, in order, with those patterns.
    fn bare_places(
        &self,
        finder: &Finder<'v>,
        pieces: &Pieces,
        reach: &Reach,
        (from, to): (usize, usize),
    ) -> Vec<(usize, u64)> {
        let bytes: &[u8] = &self.view.bytes;
        let mut places = Vec::new();
        for (number, course) in finder
            .courses
            .iter()
            .enumerate()
            .filter(|(_, course)| course.is_bare())
        {
            let expression = &course.pattern.expression;
            let strong = course.pattern.confidence.weak.is_none() || self.strong_only();
            let mut stretches = reach.stretches(course.owner.0, sieve::bit(number), strong, (from, to));
            if course.listed > from {
                stretches.insert(0, (from, course.listed));
            }
            // A list may go on to the end.
            if let (Some((first, _)), true) = (stretches.first().copied(), course.pattern.in_lists) {
                stretches = vec![(first, to)];
            }
            let mut done = from;
            for (start, end) in stretches {
                let wanted = pieces
                    .iter()
                    .map(|piece| (piece.start.max(start), piece.end.min(end)));
                for (start, end) in wanted {
                    let mut next = start.max(done);
                    while let Some(start) = expression.next(bytes, next, end) {
                        next = start + 1;
                        if !is_inside_digits(bytes, start) {
                            places.push((start, sieve::bit(number)));
                        }
                    }
                    done = done.max(end);
                }
            }
        }
        places.sort_unstable();
        places.dedup_by(|next, place| {
            let same = next.0 == place.0;
            place.1 |= if same { next.1 } else { 0 };
            same
        });
        places
    }
}
