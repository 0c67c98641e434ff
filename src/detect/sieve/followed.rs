//! Expressions that are followed at once, with the table of what each thread has learnt of them.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use regex_automata::MatchKind;
use regex_automata::hybrid::dfa::{Config, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::pool::{Pool, PoolGuard};
use regex_syntax::hir::Hir;

use super::super::digits::Run;
use super::steps::{Leftmost, Steps};

/// What the states that were met may take, for each thread that searches: of several expressions, and of one of many that are
/// followed by themselves.
const STATES: usize = 8 << 20;
const STATES_OF_ONE: usize = 1 << 20;
/// What the expressions may take, compiled.
const SIZE: usize = 32 << 20;

type Fresh = Box<dyn Fn() -> Steps + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// An automaton of expressions that tells every match of each of the first 63 and of the others together, or the match that
/// an engine finds.
pub(in super::super) struct Followed {
    dfa: DFA,
    steps: Pool<Steps, Fresh>,
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed").finish_non_exhaustive()
    }
}

impl Followed {
    /// Of expressions, numbered in their order.
    ///
    /// # Errors
    /// When together they are too much for one automaton.
    pub fn of(forms: &[&Hir]) -> Result<Followed, String> {
        Followed::build(forms, MatchKind::All, false)
    }

    /// Of expressions, numbered in their order, to which any digit is like any other; those behind the 64th have the number
    /// of that one.
    ///
    /// # Errors
    /// When together they are too much for one automaton.
    pub fn by_runs(forms: &[&Hir]) -> Result<Followed, String> {
        Followed::build(forms, MatchKind::All, true)
    }

    /// Of expressions, numbered in their order, to find the match that an engine finds: that of the first that fits.
    ///
    /// # Errors
    /// When together they are too much for one automaton.
    pub fn leftmost(forms: &[&Hir]) -> Result<Followed, String> {
        Followed::build(forms, MatchKind::LeftmostFirst, false)
    }

    fn build(forms: &[&Hir], kind: MatchKind, jumping: bool) -> Result<Followed, String> {
        let failed =
            |error: &dyn fmt::Display| format!("together the expressions cannot be searched: {error}");
        let nfa = thompson::Compiler::new()
            .configure(thompson::Config::new().utf8(false).nfa_size_limit(Some(SIZE)))
            .build_many_from_hir(forms)
            .map_err(|error| failed(&error))?;
        let config = Config::new()
            .match_kind(kind)
            .cache_capacity(if forms.len() > 1 { STATES } else { STATES_OF_ONE })
            .skip_cache_capacity_check(true);
        let dfa = DFA::builder()
            .configure(config)
            .build_from_nfa(nfa)
            .map_err(|error| failed(&error))?;
        let fresh = dfa.clone();
        Ok(Followed {
            steps: Pool::new(Box::new(move || Steps::of(&fresh, jumping))),
            dfa,
        })
    }

    /// For following the expressions over and over.
    pub fn start(&self) -> Follower<'_> {
        Follower {
            dfa: &self.dfa,
            steps: self.steps.get(),
        }
    }
}

/// Follows expressions from one place after another.
pub(in super::super) struct Follower<'f> {
    dfa: &'f DFA,
    steps: PoolGuard<'f, Steps, Fresh>,
}

impl Follower<'_> {
    /// A bit for each expression with a match that begins at an octet and ends before another one, or with it.
    pub fn told(&mut self, bytes: &[u8], at: usize, end: usize) -> u64 {
        self.steps.told(self.dfa, bytes, at, end)
    }

    /// As [`Follower::told`], for matches of any length and expressions [by runs](Followed::by_runs). `runs` are the next
    /// digits of the text, from the octet on. Of the matches that end within a run those of `within` count only; none counts
    /// that ends before `beyond` or with it.
    pub fn told_by_runs(
        &mut self,
        bytes: &[u8],
        (at, runs): (usize, &[Run]),
        (within, beyond): (u64, usize),
    ) -> u64 {
        self.steps
            .told_by_runs(self.dfa, bytes, (at, runs), (within, beyond))
    }

    /// The match that an engine finds at an octet, if it looks no farther than `end`.
    ///
    /// # Errors
    /// When the automaton cannot tell.
    pub fn leftmost(&mut self, bytes: &[u8], at: usize, end: usize) -> Result<Option<Leftmost>, ()> {
        self.steps.end(self.dfa, bytes, (at, end))
    }

    /// Where the matches end that begin at an octet and are not longer than `longest`.
    pub fn ends(&mut self, bytes: &[u8], at: usize, longest: usize, tell: impl FnMut(usize)) {
        self.steps.ends(self.dfa, bytes, (at, at + longest), tell);
    }
}
