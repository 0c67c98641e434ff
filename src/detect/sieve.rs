//! All patterns at once: where their matches begin.
//!
//! Each pattern for itself would follow every number of a text again. Here one automaton of all of them follows a
//! number once, as far as anything fits it, and tells which patterns do.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use regex_automata::Anchored;
use regex_automata::MatchKind;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::pool::Pool;
use regex_automata::util::start;
use regex_syntax::hir::Hir;

use super::digits::{Runs, Shape};
use super::expression::first_two;

/// What the states that were met may take, for each thread that searches.
const STATES: usize = 8 << 20;

/// The patterns of all rules that have a digit in every match.
pub(super) struct Sieve {
    /// None without such patterns.
    automaton: Option<Automaton>,
    /// How many patterns there are, with and without.
    patterns: usize,
}

struct Automaton {
    dfa: DFA,
    caches: Pool<Cache, Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>>,
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

impl fmt::Debug for Sieve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sieve").field("patterns", &self.patterns).finish()
    }
}

impl Sieve {
    /// Of patterns in their order, whose matches have `longest` octets at most.
    ///
    /// # Errors
    /// When together they are too much for one automaton.
    pub fn of<'p>(patterns: impl Iterator<Item = Shaped<'p>>, longest: usize) -> Result<Sieve, String> {
        let patterns: Vec<Shaped<'p>> = patterns.collect();
        let with_digits = patterns.iter().enumerate();
        let with_digits = with_digits.filter(|(_, (_, shape))| !shape.may_be_bare());
        let (numbers, forms): (Vec<usize>, Vec<Shaped<'p>>) = with_digits.unzip();
        Ok(Sieve {
            automaton: match forms.is_empty() {
                true => None,
                false => Some(Automaton::of(numbers, &forms, longest)?),
            },
            patterns: patterns.len(),
        })
    }

    /// By pattern, the octets between two where a match begins, ascending. Places inside a run of digits are not
    /// told, and neither are those of patterns that may match without a digit.
    pub fn starts(&self, bytes: &[u8], runs: &Runs, (from, to): (usize, usize)) -> Vec<Vec<usize>> {
        let mut starts = vec![Vec::new(); self.patterns];
        if let Some(automaton) = &self.automaton {
            automaton.starts(bytes, runs, (from, to), &mut starts);
        }
        starts
    }
}

impl Automaton {
    fn of(numbers: Vec<usize>, forms: &[Shaped<'_>], longest: usize) -> Result<Automaton, String> {
        let mut begins = Box::new([[0; 4]; 256]);
        let shape = forms.iter().map(|(_, shape)| *shape).reduce(Shape::or);
        for (form, _) in forms {
            first_two(form, &mut begins);
        }
        let failed =
            |error: &dyn fmt::Display| format!("together the expressions cannot be searched: {error}");
        let hirs: Vec<&Hir> = forms.iter().map(|(form, _)| *form).collect();
        let nfa = thompson::Compiler::new()
            .configure(thompson::Config::new().utf8(false))
            .build_many_from_hir(&hirs)
            .map_err(|error| failed(&error))?;
        let config = Config::new()
            .match_kind(MatchKind::All)
            .cache_capacity(STATES)
            .skip_cache_capacity_check(true);
        let dfa = DFA::builder()
            .configure(config)
            .build_from_nfa(nfa)
            .map_err(|error| failed(&error))?;
        let fresh = dfa.clone();
        let shape = shape.ok_or_else(|| failed(&"there are none"))?;
        Ok(Automaton {
            caches: Pool::new(Box::new(move || fresh.create_cache())),
            dfa,
            numbers,
            shape,
            begins,
            longest,
        })
    }

    fn starts(&self, bytes: &[u8], runs: &Runs, (from, to): (usize, usize), starts: &mut [Vec<usize>]) {
        let mut cache = self.caches.get();
        let mut next = from;
        for cluster in runs.clusters(self.shape, from, to) {
            let from = cluster.from.max(next);
            let before = from.checked_sub(1).and_then(|before| bytes.get(before)).copied();
            let mut before = before.unwrap_or(b' ');
            let text = bytes.get(from..cluster.to).unwrap_or_default();
            let seconds = bytes
                .get(from + 1..)
                .unwrap_or_default()
                .iter()
                .copied()
                .chain([b' ']);
            for (place, (octet, second)) in text.iter().zip(seconds).enumerate() {
                if self.may_begin(before, *octet, second) {
                    self.try_at(&mut cache, bytes, from + place, starts);
                }
                before = *octet;
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

    /// Tells the patterns with a match that begins at an octet.
    fn try_at(&self, cache: &mut Cache, bytes: &[u8], at: usize, starts: &mut [Vec<usize>]) {
        if self.follow(cache, bytes, at, starts).is_none() {
            // Nothing is known of the place: each pattern may look for itself.
            for number in &self.numbers {
                add(starts, *number, at);
            }
        }
    }

    /// None when the automaton cannot tell.
    fn follow(&self, cache: &mut Cache, bytes: &[u8], at: usize, starts: &mut [Vec<usize>]) -> Option<()> {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let begin = start::Config::new()
            .look_behind(before.copied())
            .anchored(Anchored::Yes);
        let mut state = self.dfa.start_state(cache, &begin).ok()?;
        // A match is told one octet behind its end.
        let end = (at + self.longest + 1).min(bytes.len());
        for octet in bytes.get(at..end).unwrap_or_default() {
            state = self.dfa.next_state(cache, state, *octet).ok()?;
            if !state.is_tagged() {
                continue;
            }
            if state.is_match() {
                self.tell(cache, state, at, starts);
            } else if state.is_dead() {
                return Some(());
            } else if state.is_quit() {
                return None;
            }
        }
        if end == bytes.len() {
            state = self.dfa.next_eoi_state(cache, state).ok()?;
            if state.is_match() {
                self.tell(cache, state, at, starts);
            }
        }
        Some(())
    }

    fn tell(&self, cache: &Cache, state: LazyStateID, at: usize, starts: &mut [Vec<usize>]) {
        for index in 0..self.dfa.match_len(cache, state) {
            let pattern = self.dfa.match_pattern(cache, state, index);
            if let Some(number) = self.numbers.get(pattern.as_usize()) {
                add(starts, *number, at);
            }
        }
    }
}

fn add(starts: &mut [Vec<usize>], pattern: usize, at: usize) {
    if let Some(starts) = starts
        .get_mut(pattern)
        .filter(|starts| starts.last() != Some(&at))
    {
        starts.push(at);
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
            let sieve = Sieve::of(forms.iter().map(|form| (form, Shape::of(form))), 128).unwrap();
            let bytes = text.as_bytes();
            let mut runs = Runs::default();
            runs.read(bytes, 0, bytes.len());
            let starts = sieve.starts(bytes, &runs, (0, bytes.len()));
            let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            for (form, starts) in forms.iter().zip(starts) {
                let expression = Expression::compile(form, 128, 1 << 20).unwrap();
                let expected: Vec<usize> = match Shape::of(form).may_be_bare() {
                    true => Vec::new(),
                    false => (0..bytes.len())
                        .filter(|at| !(*at > 0 && digit(*at) && digit(at - 1)))
                        .filter(|at| expression.end(bytes, *at).is_some())
                        .collect(),
                };
                proptest::prop_assert_eq!(starts, expected);
            }
        }
    }
}
