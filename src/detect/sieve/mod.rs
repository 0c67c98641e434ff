//! All patterns at once: where their matches begin.
//!
//! Each pattern for itself would follow every number of a text again. Here one automaton of several of them follows a
//! number once, as far as anything fits it, and tells which patterns may: to it any digit is like any other, so that it
//! takes the digits of a run in one step. The patterns of a rule have one, for places that its keywords reach, and those
//! of any rule that may count alone have one, for all places: most of these are done after a run or two.

mod followed;
mod set;
mod steps;

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicodeRange, Hir, HirKind, Repetition};

pub(super) use self::followed::{Followed, Follower};
pub(super) use self::set::Set;
use super::digits::{Run, Shape};
use super::expression::{FIRST, first_octets};

/// The patterns of all rules that have a digit in every match. Answers have a bit for each pattern; the last bit stands for
/// all patterns beyond.
#[derive(Debug)]
pub(super) struct Sieve {
    /// The automata with their patterns: first of those that may count alone, then of the others, rule by rule.
    automata: Vec<(Followed, u64)>,
    all: Followed,
    /// Those of which a match that ends within a run of digits may be cut to one that counts.
    cut: u64,
    /// By place, the patterns with matches that have an octet there.
    first: Box<[[u64; 256]; FIRST]>,
    /// By how many octets stand before the first digit, the patterns with such matches.
    before: Vec<u64>,
    /// The patterns with matches that begin before their first digit.
    leading: u64,
    /// By octet, the patterns with matches that may hold it; also those that may match without a digit.
    holding: Box<[u64; 256]>,
}

/// What the sieve has to know of a pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sieved<'p> {
    pub rule: usize,
    pub form: &'p Hir,
    pub shape: Shape,
    /// Whether it may count alone.
    pub alone: bool,
    /// Whether a shorter beginning of a match may count.
    pub shorter: bool,
}

/// The bit of a pattern.
pub(super) fn bit(pattern: usize) -> u64 {
    1 << pattern.min(63)
}

impl Sieve {
    /// Of patterns in their order.
    ///
    /// # Errors
    /// When together they are too much for one automaton.
    pub fn of(patterns: &[Sieved]) -> Result<Sieve, String> {
        let never = Hir::fail();
        let wide: Vec<Hir> = patterns.iter().map(|pattern| widened(pattern.form)).collect();
        let bits = |wanted: &dyn Fn(&Sieved) -> bool| {
            let wanted = patterns.iter().enumerate().filter(|(_, pattern)| wanted(pattern));
            wanted.fold(0, |bits, (number, _)| bits | bit(number))
        };
        let automaton = |wanted: &dyn Fn(&Sieved) -> bool| {
            let wanted = |pattern: &Sieved| !pattern.shape.may_be_bare() && wanted(pattern);
            let forms = patterns.iter().zip(&wide);
            let forms = forms.map(|(pattern, form)| if wanted(pattern) { form } else { &never });
            let followed = Followed::by_runs(&forms.collect::<Vec<&Hir>>())?;
            Ok::<_, String>((followed, bits(&wanted)))
        };
        let mut automata = vec![automaton(&|pattern| pattern.alone)?];
        let rules = patterns.iter().map(|pattern| pattern.rule + 1).max().unwrap_or(0);
        for rule in 0..rules {
            automata.push(automaton(&|pattern| pattern.rule == rule && !pattern.alone)?);
        }
        let mut sieve = Sieve {
            automata,
            all: automaton(&|_| true)?.0,
            cut: bits(&|pattern| pattern.shorter),
            first: Box::new([[0; 256]; FIRST]),
            before: Vec::new(),
            leading: 0,
            holding: Box::new([0; 256]),
        };
        for (number, (pattern, form)) in patterns.iter().zip(&wide).enumerate() {
            hold(form, &mut |octet| {
                sieve
                    .holding
                    .iter_mut()
                    .skip(usize::from(octet))
                    .take(1)
                    .for_each(|patterns| *patterns |= bit(number));
            });
            if !pattern.shape.may_be_bare() {
                sieve.add(number, pattern.shape, form);
            }
        }
        Ok(sieve)
    }

    fn add(&mut self, number: usize, shape: Shape, form: &Hir) {
        for (octets, first) in first_octets(form).iter().zip(self.first.iter_mut()) {
            for (may, patterns) in octets.iter().zip(first) {
                *patterns |= if *may { bit(number) } else { 0 };
            }
        }
        for octets in (0..128).filter(|octets| shape.may_begin_before(*octets)) {
            let new = self.before.len().max(octets + 1);
            self.before.resize(new, 0);
            self.before
                .iter_mut()
                .skip(octets)
                .take(1)
                .for_each(|patterns| *patterns |= bit(number));
            self.leading |= if octets > 0 { bit(number) } else { 0 };
        }
    }

    /// For looking at one place after another.
    pub fn start(&self) -> Sifter<'_> {
        Sifter {
            sieve: self,
            followers: self.automata.iter().map(|_| None).collect(),
            all: None,
        }
    }

    /// Whether matches of one of these patterns may hold an octet.
    pub fn may_hold(&self, octet: u8, patterns: u64) -> bool {
        let holding = self.holding.get(usize::from(octet));
        holding.is_none_or(|holding| holding & patterns != 0)
    }

    /// The patterns whose matches hold none of these octets.
    pub fn free_of(&self, octets: &[u8]) -> u64 {
        let held = octets
            .iter()
            .filter_map(|octet| self.holding.get(usize::from(*octet)));
        !held.fold(0, |all, patterns| all | patterns)
    }

    /// The first place before a run of digits where a match of some patterns could begin that has no digit before them.
    /// `least` is where the run before ends, or the text begins.
    pub fn first_place(&self, bytes: &[u8], run: Run, least: usize, patterns: u64) -> usize {
        let leading = patterns & self.leading;
        let mut first = run.start;
        if leading == 0 {
            return first;
        }
        let least = least.max((run.start + 1).saturating_sub(self.before.len()));
        let before = bytes.get(least..run.start).unwrap_or_default();
        for octet in before.iter().rev() {
            if self
                .holding
                .get(usize::from(*octet))
                .is_some_and(|holding| holding & leading == 0)
            {
                break;
            }
            first -= 1;
        }
        first
    }

    /// Those of the patterns with a match that could begin at a place, by the octets there and how far away the first digit
    /// is.
    #[inline]
    pub fn possible(&self, bytes: &[u8], at: usize, run: Run, patterns: u64) -> u64 {
        let possible = patterns & self.before.get(run.start - at).copied().unwrap_or(0);
        // Without a branch for each octet. Behind the end of the text anything may be thought of.
        let octets = bytes.get(at..at + FIRST).unwrap_or_default();
        let first = self.first.iter().zip(octets);
        first.fold(possible, |possible, (first, octet)| {
            possible & first.get(usize::from(*octet)).copied().unwrap_or(u64::MAX)
        })
    }
}

/// Looks at one place after another.
pub(super) struct Sifter<'s> {
    sieve: &'s Sieve,
    /// Of each automaton, once it was needed.
    followers: Vec<Option<Follower<'s>>>,
    /// Of the one of all patterns.
    all: Option<Follower<'s>>,
}

impl Sifter<'_> {
    /// Those of the `possible` patterns, and maybe others of them, that have a match at a place which ends behind `beyond`.
    /// `runs` are the next digits of the text, from the place on.
    pub fn told(&mut self, bytes: &[u8], at: (usize, &[Run]), possible: u64, beyond: usize) -> u64 {
        let mut told = 0;
        for ((automaton, patterns), follower) in self.sieve.automata.iter().zip(&mut self.followers) {
            if possible & patterns != 0 {
                let follower = follower.get_or_insert_with(|| automaton.start());
                told |= follower.told_by_runs(bytes, at, (self.sieve.cut, beyond));
            }
        }
        told & possible
    }

    /// Whether [`Sifter::told`] may tell any pattern.
    pub fn told_of_any(&mut self, bytes: &[u8], at: (usize, &[Run]), possible: u64, beyond: usize) -> bool {
        let all = self.all.get_or_insert_with(|| self.sieve.all.start());
        possible & all.told_by_runs(bytes, at, (self.sieve.cut, beyond)) != 0
    }
}

/// An expression that takes any digit for any other.
fn widened(form: &Hir) -> Hir {
    match form.kind() {
        HirKind::Empty | HirKind::Look(_) => form.clone(),
        HirKind::Literal(literal) => {
            let octets = literal.0.iter().map(|octet| match octet.is_ascii_digit() {
                true => Hir::class(Class::Bytes(digits())),
                false => Hir::literal([*octet]),
            });
            Hir::concat(octets.collect())
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut class = class.clone();
            if class
                .iter()
                .any(|range| range.start() <= b'9' && range.end() >= b'0')
            {
                class.union(&digits());
            }
            Hir::class(Class::Bytes(class))
        }
        HirKind::Class(Class::Unicode(class)) => {
            let mut class = class.clone();
            if class
                .iter()
                .any(|range| range.start() <= '9' && range.end() >= '0')
            {
                class.push(ClassUnicodeRange::new('0', '9'));
            }
            Hir::class(Class::Unicode(class))
        }
        HirKind::Capture(capture) => widened(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(widened).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(widened).collect()),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            min: repetition.min,
            max: repetition.max,
            greedy: repetition.greedy,
            sub: Box::new(widened(&repetition.sub)),
        }),
    }
}

fn digits() -> ClassBytes {
    ClassBytes::new([ClassBytesRange::new(b'0', b'9')])
}

/// Tells all octets that matches may hold.
fn hold(form: &Hir, tell: &mut dyn FnMut(u8)) {
    match form.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => literal.0.iter().for_each(|octet| tell(*octet)),
        HirKind::Class(Class::Bytes(class)) => {
            let octets = class.iter().flat_map(|range| range.start()..=range.end());
            octets.for_each(tell);
        }
        HirKind::Class(Class::Unicode(_)) => (0..=u8::MAX).for_each(tell),
        HirKind::Capture(capture) => hold(&capture.sub, tell),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| hold(part, tell))
        }
        HirKind::Repetition(repetition) => hold(&repetition.sub, tell),
    }
}

#[cfg(test)]
mod tests {
    use super::super::digits::{Runs, Shape};
    use super::super::expression::Expression;
    use super::{Sieve, Sieved, bit};

    const EXPRESSIONS: [&str; 8] = [
        r"\d{3}-\d{2}-\d{4}|\d{3}/\d\d",
        r"\d(?:[ ./-]{0,3}\d){5,18}",
        r"\b[A-Z]{1,3}-?\d{4,6}[A-Z]{0,2}\b",
        r"[A-C]{2}\d{2}(?:[ -]?[A-C0-9]){3,9}",
        r"\b[1-46]\d{5,8}\b",
        r"[a-c]{4}",
        r"(?:a|bc)?12",
        r"(?:^|\b)[a-b]{0,3}\d[A-Z]\b",
    ];

    proptest::proptest! {
        /// What the sieve leaves out is never looked at again.
        #[test]
        fn it_tells_wherever_a_pattern_has_a_match_that_may_count(text in "[0-9 a-cA-C./\n-]{0,120}", beyond in 0_usize..40) {
            let parser = || regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
            let forms: Vec<_> = EXPRESSIONS.iter().map(|one| parser().parse(one).unwrap()).collect();
            let sieved = |(place, form)| Sieved { rule: place / 3, form, shape: Shape::of(form), alone: place % 3 == 0, shorter: place % 2 == 0 };
            let sieved: Vec<Sieved> = forms.iter().enumerate().map(sieved).collect();
            let sieve = Sieve::of(&sieved).unwrap();
            let bytes = text.as_bytes();
            let mut runs = Runs::default();
            runs.read(bytes, 0, bytes.len());
            let (mut sifter, mut least) = (sieve.start(), 0);
            let mut told = vec![0; bytes.len()];
            for (place, run) in runs.list().iter().enumerate() {
                for at in sieve.first_place(bytes, *run, least, u64::MAX)..=run.start {
                    let (next, possible) = (&runs.list()[place..], sieve.possible(bytes, at, *run, u64::MAX));
                    let new = sifter.told(bytes, (at, next), possible, beyond);
                    told.iter_mut().skip(at).take(1).for_each(|told| *told |= new);
                }
                least = run.end;
            }
            let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            for (number, one) in sieved.iter().enumerate().filter(|(_, one)| !one.shape.may_be_bare()) {
                let expression = Expression::compile(one.form, 128, 1 << 20).unwrap();
                for at in (0..bytes.len()).filter(|at| !(*at > 0 && digit(*at) && digit(at - 1))) {
                    let found = expression.ends().of(bytes, at);
                    let counts = found.is_some_and(|end| end > beyond && (one.shorter || !digit(end)));
                    proptest::prop_assert!(!counts || told[at] & bit(number) != 0, "{} at {at}", EXPRESSIONS[number]);
                }
            }
        }
    }
}
