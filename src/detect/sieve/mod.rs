//! All patterns at once: where their matches begin.
//!
//! Each pattern for itself would follow every number of a text again. Here one automaton of all of them follows a
//! number once, as far as anything fits it, and tells which patterns do. Those that may count alone have an automaton
//! of their own besides, for text without any keyword: most of them are done after a few octets.

mod followed;
mod set;
mod steps;

use regex_syntax::hir::Hir;

pub(super) use self::followed::Followed;
use self::followed::MOST;
pub(super) use self::set::Set;
use super::boundary::end_of_digits;
use super::digits::{Runs, Shape};
use super::expression::first_two;

/// The patterns of all rules that have a digit in every match.
#[derive(Debug)]
pub(super) struct Sieve {
    /// Each of so many patterns as its answers have bits.
    automata: Vec<Automaton>,
    /// Those of the patterns that may count alone.
    alone: Vec<Automaton>,
    /// How many patterns there are, with and without.
    patterns: usize,
}

#[derive(Debug)]
struct Automaton {
    followed: Followed,
    /// Which pattern of all each pattern of the automaton is.
    numbers: Vec<usize>,
    /// What the matches of all of them have.
    shape: Shape,
    /// By the first octet: a bit for each second one that a match may go on with.
    begins: Box<[[u64; 4]; 256]>,
    longest: usize,
}

/// A form and the shape of its matches.
pub(super) type Shaped<'p> = (&'p Hir, Shape);

/// By pattern, where its matches begin.
pub(super) type Starts = Vec<Vec<usize>>;

impl Sieve {
    /// Of patterns in their order, each with whether it may count alone, whose matches have `longest` octets at most.
    ///
    /// # Errors
    /// When together they are too much for one automaton.
    pub fn of<'p>(
        patterns: impl Iterator<Item = (Shaped<'p>, bool)>,
        longest: usize,
    ) -> Result<Sieve, String> {
        let patterns: Vec<(Shaped<'p>, bool)> = patterns.collect();
        let of = |wanted: fn(bool) -> bool| {
            let members = patterns.iter().enumerate();
            let members = members.filter(|(_, ((_, shape), alone))| !shape.may_be_bare() && wanted(*alone));
            let (numbers, forms): (Vec<usize>, Vec<Shaped<'p>>) =
                members.map(|(number, (form, _))| (number, *form)).unzip();
            let groups = numbers.chunks(MOST).zip(forms.chunks(MOST));
            let automata = groups.map(|(numbers, forms)| Automaton::of(numbers.to_vec(), forms, longest));
            automata.collect::<Result<Vec<Automaton>, String>>()
        };
        Ok(Sieve {
            automata: of(|_| true)?,
            alone: of(|alone| alone)?,
            patterns: patterns.len(),
        })
    }

    /// By pattern, the octets between two where a match begins, ascending; `only_alone` leaves out those of patterns that
    /// cannot count alone. Places inside a run of digits are not told, and neither are those of patterns that may match
    /// without a digit.
    pub fn starts(&self, only_alone: bool, bytes: &[u8], runs: &Runs, (from, to): (usize, usize)) -> Starts {
        let mut starts = vec![Vec::new(); self.patterns];
        let automata = if only_alone { &self.alone } else { &self.automata };
        for automaton in automata {
            automaton.starts(bytes, runs, (from, to), &mut starts);
        }
        starts
    }
}

impl Automaton {
    fn of(numbers: Vec<usize>, forms: &[Shaped<'_>], longest: usize) -> Result<Automaton, String> {
        let mut begins = Box::new([[0; 4]; 256]);
        let shapes = forms.iter().map(|(_, shape)| *shape);
        let shape = shapes.reduce(Shape::or).ok_or("there are no expressions")?;
        for (form, _) in forms {
            first_two(form, &mut begins);
        }
        let hirs: Vec<&Hir> = forms.iter().map(|(form, _)| *form).collect();
        Ok(Automaton {
            followed: Followed::of(&hirs)?,
            numbers,
            shape,
            begins,
            longest,
        })
    }

    fn starts(&self, bytes: &[u8], runs: &Runs, (from, to): (usize, usize), starts: &mut [Vec<usize>]) {
        let mut follower = self.followed.start();
        let octet = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
        let mut next = from;
        for cluster in runs.clusters(self.shape, from, to) {
            let mut at = cluster.from.max(next);
            while at < cluster.to {
                let before = at.checked_sub(1).map_or(b' ', octet);
                let first = octet(at);
                if self.may_begin(before, first, octet(at + 1)) {
                    let told = follower.told(bytes, at, at + self.longest);
                    self.tell(told, at, starts);
                }
                // Inside a run of digits nothing is told.
                at = match first.is_ascii_digit() {
                    true => end_of_digits(bytes, at),
                    false => at + 1,
                };
            }
            next = next.max(cluster.to);
        }
    }

    fn may_begin(&self, before: u8, first: u8, second: u8) -> bool {
        let seconds = self.begins.get(usize::from(first));
        let bits = seconds.and_then(|bits| bits.get(usize::from(second / 64)));
        let begins = bits.is_some_and(|bits| bits >> (second % 64) & 1 != 0);
        begins && !(first.is_ascii_digit() && before.is_ascii_digit())
    }

    /// Adds a place to the patterns whose bits are set.
    fn tell(&self, mut told: u64, at: usize, starts: &mut [Vec<usize>]) {
        while told != 0 {
            let number = self.numbers.get(told.trailing_zeros() as usize);
            if let Some(starts) = number.and_then(|number| starts.get_mut(*number)) {
                starts.push(at);
            }
            told &= told - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::digits::{Runs, Shape};
    use super::super::expression::Expression;
    use super::Sieve;

    const EXPRESSIONS: [&str; 8] = [
        r"\d{3}-\d{2}-\d{4}|\d{3}/\d\d",
        r"\d(?:[ ./-]{0,3}\d){5,18}",
        r"\b[A-Z]{1,3}-?\d{4,6}[A-Z]{0,2}\b",
        r"[A-C]{2}\d{2}(?:[ -]?[A-C0-9]){3,9}",
        r"\b\d{6,9}\b",
        r"[a-c]{4}",
        r"(?:a|bc)?\d{2}",
        r"(?:^|\b)[a-b]{0,3}\d[A-Z]\b",
    ];

    proptest::proptest! {
        /// What the sieve leaves out is never looked at again.
        #[test]
        fn it_tells_exactly_where_each_pattern_by_itself_begins(text in "[0-9 a-cA-C./\n-]{0,120}") {
            let parser = || regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
            let forms: Vec<_> = EXPRESSIONS.iter().map(|one| parser().parse(one).unwrap()).collect();
            let shaped = forms.iter().enumerate();
            let sieve = Sieve::of(shaped.map(|(place, form)| ((form, Shape::of(form)), place % 3 == 0)), 128).unwrap();
            let bytes = text.as_bytes();
            let mut runs = Runs::default();
            runs.read(bytes, 0, bytes.len());
            let starts = |alone| sieve.starts(alone, bytes, &runs, (0, bytes.len()));
            let (all, only_alone) = (starts(false), starts(true));
            let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            for (place, form) in forms.iter().enumerate() {
                let expression = Expression::compile(form, 128, 1 << 20).unwrap();
                let expected: Vec<usize> = match Shape::of(form).may_be_bare() {
                    true => Vec::new(),
                    false => (0..bytes.len())
                        .filter(|at| !(*at > 0 && digit(*at) && digit(at - 1)))
                        .filter(|at| expression.end(bytes, *at).is_some())
                        .collect(),
                };
                proptest::prop_assert_eq!(&all[place], &expected);
                let expected = if place % 3 == 0 { expected } else { Vec::new() };
                proptest::prop_assert_eq!(&only_alone[place], &expected);
            }
        }
    }
}
