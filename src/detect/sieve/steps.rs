//! The states of an automaton that a thread has met, as a table: a step is one look-up, and what matches in a state
//! is found out once.

use regex_automata::Anchored;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::start;

use super::super::digits::Run;
use super::super::quick::QuickMap;

/// What has been learnt of an automaton.
pub(super) struct Steps {
    cache: Cache,
    /// How often the automaton had forgotten its states when these were learnt.
    forgotten: usize,
    states: Vec<State>,
    /// The places of states.
    known: QuickMap<LazyStateID, u32>,
    /// By state, and by class of the next octet: the place of the state behind it. A state has a power of two of them.
    next: Vec<u32>,
    /// By state, and by how many digits come next: what is behind them. Only where any digit is like any other.
    jumps: Vec<Jump>,
    /// What an octet is to the automaton.
    classes: [u8; 256],
    /// Which class the end of the text has.
    end: usize,
    /// How many binary digits the number of a class has.
    bits: u32,
    /// By the octet before, with the edge of the text as the last one: the place of the state in which a match may begin.
    begins: [u32; 257],
    /// Whether digits are taken at once.
    jumping: bool,
}

#[derive(Debug, Clone, Copy)]
struct State {
    id: LazyStateID,
    /// A bit for each pattern that matches.
    told: u64,
    /// The first of them.
    first: u32,
}

/// The match that an engine finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Leftmost {
    pub end: usize,
    /// Which of the expressions it fits.
    pub pattern: usize,
}

/// Several digits, taken at once.
#[derive(Debug, Clone, Copy)]
struct Jump {
    /// The place of the state behind them.
    to: u32,
    /// A bit for each pattern with a match that ends before one of them.
    told: u64,
}

/// The place of the state that nothing leads out of.
const DEAD: u32 = 0;
const UNKNOWN: u32 = u32::MAX;
/// So many digits are taken at once.
const LONGEST_JUMP: usize = 20;

impl Steps {
    /// Nothing is learnt yet. `jumping` tells that digits will be taken at once.
    pub fn of(dfa: &DFA, jumping: bool) -> Steps {
        let classes = dfa.byte_classes();
        let width = classes.alphabet_len();
        let mut octet = 0..=u8::MAX;
        let mut steps = Steps {
            cache: dfa.create_cache(),
            forgotten: 0,
            states: Vec::new(),
            known: QuickMap::default(),
            next: Vec::new(),
            jumps: Vec::new(),
            classes: [(); 256].map(|()| octet.next().map_or(0, |octet| classes.get(octet))),
            end: width - 1,
            bits: width.next_power_of_two().trailing_zeros(),
            begins: [UNKNOWN; 257],
            jumping,
        };
        steps.forget();
        steps
    }

    /// A bit for each pattern with a match that begins at an octet and ends before another one, or with it.
    pub fn told(&mut self, dfa: &DFA, bytes: &[u8], at: usize, end: usize) -> u64 {
        let mut state = self.begin(dfa, before(bytes, at));
        let mut told = 0;
        // A match is told one octet behind its end.
        for octet in bytes.get(at..(end + 1).min(bytes.len())).unwrap_or_default() {
            state = self.step(dfa, state, Some(*octet));
            if state == DEAD {
                return told;
            }
            told |= self.matching_in(state);
        }
        if end >= bytes.len() {
            let state = self.step(dfa, state, None);
            told |= self.matching_in(state);
        }
        told
    }

    /// As [`Steps::told`], with a bit for each pattern that has a match of any length, for an automaton to which any digit
    /// is like any other. `runs` are the next digits of the text, from the octet on; those of a run are taken at once, and of
    /// the matches that end within it only those of `within` count. None counts that ends before `beyond` or with it.
    pub fn told_by_runs(
        &mut self,
        dfa: &DFA,
        bytes: &[u8],
        (mut at, runs): (usize, &[Run]),
        (within, beyond): (u64, usize),
    ) -> u64 {
        let mut state = self.begin(dfa, before(bytes, at));
        let (mut told, mut runs) = (0, runs.iter());
        let mut run = runs.next();
        loop {
            let digits = run.filter(|run| run.start <= at);
            let new = match digits {
                Some(digits) => {
                    let new;
                    (state, new) = self.jump(dfa, state, digits.end - digits.start);
                    at = digits.end;
                    run = runs.next();
                    new & within
                }
                None => {
                    let octet = bytes.get(at).copied();
                    state = self.step(dfa, state, octet);
                    at += 1;
                    if octet.is_none() {
                        let new = self.matching_in(state);
                        return told | if at > beyond + 1 { new } else { 0 };
                    }
                    self.matching_in(state)
                }
            };
            if at > beyond + 1 {
                told |= new;
            }
            if state == DEAD {
                return told;
            }
        }
    }

    /// The state behind so many digits, and the patterns with a match that ends before one of them.
    fn jump(&mut self, dfa: &DFA, mut state: u32, mut digits: usize) -> (u32, u64) {
        let mut told = 0;
        while digits > 0 && state != DEAD {
            let many = digits.min(LONGEST_JUMP);
            let place = state as usize * LONGEST_JUMP + many - 1;
            let jump = match self.jumps.get(place) {
                Some(jump) if jump.to != UNKNOWN => *jump,
                _ => self.learn_jump(dfa, (state, place), many),
            };
            state = jump.to;
            told |= jump.told;
            digits -= many;
        }
        (state, told)
    }

    /// Takes digits one by one; `place` is where that is remembered.
    #[cold]
    fn learn_jump(&mut self, dfa: &DFA, (mut state, place): (u32, usize), digits: usize) -> Jump {
        let forgotten = self.forgotten;
        let mut told = 0;
        for _ in 0..digits {
            state = self.step(dfa, state, Some(b'0'));
            told |= self.matching_in(state);
        }
        let jump = Jump { to: state, told };
        if let Some(known) = self.jumps.get_mut(place).filter(|_| forgotten == self.forgotten) {
            *known = jump;
        }
        jump
    }

    /// Where the last match ends that begins at an octet and ends before another one, or with it, and whose it is: of an
    /// automaton that follows the leftmost alternatives first, the match that an engine finds.
    ///
    /// # Errors
    /// When the automaton cannot tell.
    pub fn end(
        &mut self,
        dfa: &DFA,
        bytes: &[u8],
        (at, end): (usize, usize),
    ) -> Result<Option<Leftmost>, ()> {
        let mut state = self.begin(dfa, before(bytes, at));
        let mut last = None;
        // A match is told one octet behind its end.
        for place in at..=end.min(bytes.len()) {
            state = self.step(dfa, state, bytes.get(place).copied());
            match self.states.get(state as usize) {
                _ if state == DEAD => break,
                Some(State { told: 0, .. }) => {}
                Some(State { told: u64::MAX, .. }) | None => return Err(()),
                Some(State { first, .. }) => {
                    last = Some(Leftmost {
                        end: place,
                        pattern: *first as usize,
                    });
                }
            }
        }
        Ok(last)
    }

    /// Tells where matches end that begin at an octet and end before another one, or with it.
    pub fn ends(&mut self, dfa: &DFA, bytes: &[u8], (at, end): (usize, usize), mut tell: impl FnMut(usize)) {
        let mut state = self.begin(dfa, before(bytes, at));
        // A match is told one octet behind its end.
        for place in at..=end.min(bytes.len()) {
            state = self.step(dfa, state, bytes.get(place).copied());
            if state == DEAD {
                return;
            }
            match self.matching_in(state) {
                0 => {}
                // Where the automaton cannot tell, a match may end anywhere.
                u64::MAX => return (place..=end).for_each(tell),
                _ => tell(place),
            }
        }
    }

    fn matching_in(&self, state: u32) -> u64 {
        self.states
            .get(state as usize)
            .map_or(u64::MAX, |state| state.told)
    }

    /// The place of the state behind an octet, or the end of the text.
    fn step(&mut self, dfa: &DFA, state: u32, octet: Option<u8>) -> u32 {
        let class = octet.map_or(self.end, |octet| {
            usize::from(self.classes.get(usize::from(octet)).copied().unwrap_or(0))
        });
        let place = (state as usize) << self.bits | class;
        match self.next.get(place) {
            Some(next) if *next != UNKNOWN => *next,
            _ => self.learn(dfa, state, place, octet),
        }
    }

    fn begin(&mut self, dfa: &DFA, before: Option<u8>) -> u32 {
        let place = before.map_or(256, usize::from);
        let known = self.begins.get(place).copied().unwrap_or(UNKNOWN);
        if known != UNKNOWN {
            return known;
        }
        let begin = start::Config::new().look_behind(before).anchored(Anchored::Yes);
        let id = dfa.start_state(&mut self.cache, &begin).ok();
        let state = self.place(dfa, id);
        if let Some(begins) = self.begins.get_mut(place) {
            *begins = state;
        }
        state
    }

    /// Finds out where an octet leads, or the end of the text; `place` is where that is remembered.
    #[cold]
    fn learn(&mut self, dfa: &DFA, from: u32, place: usize, octet: Option<u8>) -> u32 {
        let id = self.states.get(from as usize).map(|state| state.id);
        let Some(id) = id.filter(|id| *id != nowhere()) else {
            return DEAD;
        };
        let id = match octet {
            Some(octet) => dfa.next_state(&mut self.cache, id, octet),
            None => dfa.next_eoi_state(&mut self.cache, id),
        };
        let forgotten = self.forgotten;
        let next = self.place(dfa, id.ok());
        if let Some(known) = self.next.get_mut(place).filter(|_| forgotten == self.forgotten) {
            *known = next;
        }
        next
    }

    /// The place of a state. Where the automaton cannot tell, that is one in which every pattern may match.
    fn place(&mut self, dfa: &DFA, id: Option<LazyStateID>) -> u32 {
        if self.cache.clear_count() != self.forgotten {
            self.forget();
        }
        let id = match id {
            Some(id) if id.is_dead() => return DEAD,
            Some(id) if !id.is_quit() => id,
            _ => nowhere(),
        };
        if let Some(place) = self.known.get(&id) {
            return *place;
        }
        let (told, first) = match id == nowhere() {
            true => (u64::MAX, 0),
            false => self.matching(dfa, id),
        };
        let place = self.add(State { id, told, first });
        self.known.insert(id, place);
        place
    }

    fn matching(&self, dfa: &DFA, id: LazyStateID) -> (u64, u32) {
        if !id.is_match() {
            return (0, 0);
        }
        let matches = 0..dfa.match_len(&self.cache, id);
        let mut patterns = matches.map(|index| dfa.match_pattern(&self.cache, id, index));
        let first = patterns.next().map_or(0, |pattern| pattern.as_usize());
        let bit = |pattern: usize| 1_u64 << pattern.min(63);
        let told = patterns.fold(bit(first), |told, pattern| told | bit(pattern.as_usize()));
        (told, u32::try_from(first).unwrap_or(u32::MAX))
    }

    fn add(&mut self, state: State) -> u32 {
        let place = u32::try_from(self.states.len()).unwrap_or(DEAD);
        self.states.push(state);
        self.next.resize(self.states.len() << self.bits, UNKNOWN);
        if self.jumping {
            let unknown = Jump { to: UNKNOWN, told: 0 };
            self.jumps.resize(self.states.len() * LONGEST_JUMP, unknown);
        }
        place
    }

    /// Begins anew, with the state that nothing leads out of.
    fn forget(&mut self) {
        self.forgotten = self.cache.clear_count();
        self.states.clear();
        self.known.clear();
        self.next.clear();
        self.jumps.clear();
        self.begins = [UNKNOWN; 257];
        self.add(State {
            id: nowhere(),
            told: 0,
            first: 0,
        });
    }
}

/// The octet before another one.
fn before(bytes: &[u8], at: usize) -> Option<u8> {
    at.checked_sub(1).and_then(|before| bytes.get(before)).copied()
}

/// Stands for a state that no step leads out of: the automaton gives no state of its own this name.
fn nowhere() -> LazyStateID {
    LazyStateID::default()
}
