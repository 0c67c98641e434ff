//! The states of an automaton that a thread has met, as a table: a step is one look-up, and what matches in a state
//! is found out once.

use std::collections::HashMap;

use regex_automata::Anchored;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::start;

/// What has been learnt of an automaton.
pub(super) struct Steps {
    cache: Cache,
    /// How often the automaton had forgotten its states when these were learnt.
    forgotten: usize,
    states: Vec<State>,
    /// The places of states.
    known: HashMap<LazyStateID, u32>,
    /// By state, and by class of the next octet: the place of the state behind it.
    next: Vec<u32>,
    /// What an octet is to the automaton.
    classes: [u8; 256],
    /// How many kinds there are, with the end of the text as the last one.
    width: usize,
    /// By the octet before, with the edge of the text as the last one: the place of the state in which a match may begin.
    begins: [u32; 257],
}

#[derive(Debug, Clone, Copy)]
struct State {
    id: LazyStateID,
    /// A bit for each pattern that matches.
    told: u64,
}

/// The place of the state that nothing leads out of.
const DEAD: u32 = 0;
const UNKNOWN: u32 = u32::MAX;

impl Steps {
    /// Nothing is learnt yet.
    pub fn of(dfa: &DFA) -> Steps {
        let classes = dfa.byte_classes();
        let mut octet = 0..=u8::MAX;
        let mut steps = Steps {
            cache: dfa.create_cache(),
            forgotten: 0,
            states: Vec::new(),
            known: HashMap::new(),
            next: Vec::new(),
            classes: [(); 256].map(|()| octet.next().map_or(0, |octet| classes.get(octet))),
            width: classes.alphabet_len(),
            begins: [UNKNOWN; 257],
        };
        steps.forget();
        steps
    }

    /// A bit for each pattern with a match that begins at an octet and ends before another one, or with it.
    pub fn told(&mut self, dfa: &DFA, bytes: &[u8], at: usize, end: usize) -> u64 {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
        let mut state = self.begin(dfa, before);
        let mut told = 0;
        // A match is told one octet behind its end.
        for octet in bytes.get(at..(end + 1).min(bytes.len())).unwrap_or_default() {
            let class = self.classes.get(usize::from(*octet)).copied().unwrap_or(0);
            state = self.step(dfa, state, usize::from(class), Some(*octet));
            if state == DEAD {
                return told;
            }
            told |= self.matching_in(state);
        }
        if end >= bytes.len() {
            let state = self.step(dfa, state, self.width - 1, None);
            told |= self.matching_in(state);
        }
        told
    }

    /// Tells where matches end that begin at an octet and end before another one, or with it.
    pub fn ends(&mut self, dfa: &DFA, bytes: &[u8], (at, end): (usize, usize), mut tell: impl FnMut(usize)) {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
        let mut state = self.begin(dfa, before);
        // A match is told one octet behind its end.
        for place in at..=end.min(bytes.len()) {
            let octet = bytes.get(place).copied();
            let class = octet.map_or(self.width - 1, |octet| {
                usize::from(self.classes.get(usize::from(octet)).copied().unwrap_or(0))
            });
            state = self.step(dfa, state, class, octet);
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

    /// The place of the state behind an octet of a class, or the end of the text.
    fn step(&mut self, dfa: &DFA, state: u32, class: usize, octet: Option<u8>) -> u32 {
        let place = state as usize * self.width + class;
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
        let told = match id == nowhere() {
            true => u64::MAX,
            false => self.matching(dfa, id),
        };
        let place = self.add(State { id, told });
        self.known.insert(id, place);
        place
    }

    fn matching(&self, dfa: &DFA, id: LazyStateID) -> u64 {
        if !id.is_match() {
            return 0;
        }
        let matches = 0..dfa.match_len(&self.cache, id);
        matches.fold(0, |told, index| {
            let pattern = dfa.match_pattern(&self.cache, id, index);
            told | 1 << pattern.as_usize().min(63)
        })
    }

    fn add(&mut self, state: State) -> u32 {
        let place = u32::try_from(self.states.len()).unwrap_or(DEAD);
        self.states.push(state);
        self.next.resize(self.states.len() * self.width, UNKNOWN);
        place
    }

    /// Begins anew, with the state that nothing leads out of.
    fn forget(&mut self) {
        self.forgotten = self.cache.clear_count();
        self.states.clear();
        self.known.clear();
        self.next.clear();
        self.begins = [UNKNOWN; 257];
        self.add(State {
            id: nowhere(),
            told: 0,
        });
    }
}

/// Stands for a state that no step leads out of: the automaton gives no state of its own this name.
fn nowhere() -> LazyStateID {
    LazyStateID::default()
}
