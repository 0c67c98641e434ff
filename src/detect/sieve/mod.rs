//! All patterns at once: where their matches begin.
//!
//! Each pattern for itself would follow every number of a text again. Here one automaton of all of them follows a
//! number once, as far as anything fits it, and tells which patterns may: to it any digit is like any other, so that it
//! takes the digits of a run in one step. Those that may count alone have an automaton of their own besides, for places
//! that no keyword reaches: most of them are done after a run or two.

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
    all: Followed,
    alone: Followed,
    /// The patterns that may count alone.
    counting_alone: u64,
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
        let followed = |wanted: fn(&Sieved) -> bool| {
            let forms = patterns.iter().zip(&wide);
            let forms = forms.map(|(pattern, form)| if wanted(pattern) { form } else { &never });
            Followed::by_runs(&forms.collect::<Vec<&Hir>>())
        };
        let bits = |wanted: fn(&Sieved) -> bool| {
            let wanted = patterns.iter().enumerate().filter(|(_, pattern)| wanted(pattern));
            wanted.fold(0, |bits, (number, _)| bits | bit(number))
        };
        let mut sieve = Sieve {
            all: followed(|pattern| !pattern.shape.may_be_bare())?,
            alone: followed(|pattern| !pattern.shape.may_be_bare() && pattern.alone)?,
            counting_alone: bits(|pattern| pattern.alone),
            cut: bits(|pattern| pattern.shorter),
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
            all: self.all.start(),
            alone: self.alone.start(),
        }
    }

    /// Whether matches of any pattern may hold an octet.
    pub fn may_hold(&self, octet: u8) -> bool {
        self.holding
            .get(usize::from(octet))
            .is_none_or(|patterns| *patterns != 0)
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
        let mut possible = patterns & self.before.get(run.start - at).copied().unwrap_or(0);
        for (place, first) in self.first.iter().enumerate() {
            // Behind the end of the text anything may be thought of.
            let Some(octet) = bytes.get(at + place).filter(|_| possible != 0) else {
                break;
            };
            possible &= first.get(usize::from(*octet)).copied().unwrap_or(u64::MAX);
        }
        possible
    }
}

/// Looks at one place after another.
pub(super) struct Sifter<'s> {
    sieve: &'s Sieve,
    all: Follower<'s>,
    alone: Follower<'s>,
}

impl Sifter<'_> {
    /// Those of the `possible` patterns, and maybe others, that have a match at a place, and end behind `beyond`. `runs` are the
    /// next digits of the text, from the place on.
    pub fn told(&mut self, bytes: &[u8], at: (usize, &[Run]), possible: u64, beyond: usize) -> u64 {
        let follower = match possible & !self.sieve.counting_alone {
            0 => &mut self.alone,
            _ => &mut self.all,
        };
        possible & follower.told_by_runs(bytes, at, (self.sieve.cut, beyond))
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
            let sieved = |(place, form)| Sieved { form, shape: Shape::of(form), alone: place % 3 == 0, shorter: place % 2 == 0 };
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
                    for wanted in [u64::MAX, sieve.counting_alone] {
                        told[at] |= sifter.told(bytes, (at, next), possible & wanted, beyond);
                    }
                }
                least = run.end;
            }
            let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            for (number, one) in sieved.iter().enumerate().filter(|(_, one)| !one.shape.may_be_bare()) {
                let expression = Expression::compile(one.form, 128, 1 << 20).unwrap();
                for at in (0..bytes.len()).filter(|at| !(*at > 0 && digit(*at) && digit(at - 1))) {
                    let found = expression.end(bytes, at);
                    let counts = found.is_some_and(|end| end > beyond && (one.shorter || !digit(end)));
                    proptest::prop_assert!(!counts || told[at] & bit(number) != 0, "{} at {at}", EXPRESSIONS[number]);
                }
            }
        }
    }
}
