//! How many sessions may be open at once, in all and from one address, and who makes room when all places are taken: the
//! one that has been idle for the longest time. So clients that connect and say nothing cannot keep others out, however
//! many they are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::rates::owner;

/// How long a client within a transaction must have been silent before it may lose its place: long enough for every
/// network, and the client sends the message again.
const SILENCE: Duration = Duration::from_secs(10);

/// Counts open sessions.
#[derive(Debug)]
pub(super) struct Limits {
    sessions: usize,
    per_address: usize,
    start: Instant,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    last: u64,
    seats: HashMap<u64, Arc<Seat>>,
    by_owner: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Seat {
    owner: IpAddr,
    /// What its session does, as [`State::pack`] writes it.
    state: AtomicU64,
    leave: Notify,
}

/// What a session does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It works, or receives a message.
    Busy,
    /// It waits for a command, and no transaction is under way.
    Idle,
    /// It waits for a command within a transaction.
    Within,
}

/// The right to one session. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Ticket {
    limits: Arc<Limits>,
    number: u64,
    seat: Arc<Seat>,
}

impl Limits {
    pub(super) fn new(sessions: usize, per_address: usize) -> Arc<Limits> {
        Arc::new(Limits {
            sessions,
            per_address,
            start: Instant::now(),
            open: Mutex::default(),
        })
    }

    /// A place for one more session from `address`, or nothing when there is none and nobody can make room.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        self.admit_at(address, Instant::now())
    }

    /// The same for a balancer, whose address stands for many.
    pub(super) fn admit_balancer(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let mut open = self.open();
        if open.seats.len() >= self.sessions {
            self.make_room(&mut open, None, Instant::now())?;
        }
        Some(self.seat(&mut open, owner(address)))
    }

    fn admit_at(self: &Arc<Self>, address: IpAddr, at: Instant) -> Option<Ticket> {
        let owner = owner(address);
        let mut open = self.open();
        if open
            .by_owner
            .get(&owner)
            .is_some_and(|count| *count >= self.per_address)
        {
            self.make_room(&mut open, Some(owner), at)?;
        } else if open.seats.len() >= self.sessions {
            self.make_room(&mut open, None, at)?;
        }
        Some(self.seat(&mut open, owner))
    }

    fn seat(self: &Arc<Self>, open: &mut Open, owner: IpAddr) -> Ticket {
        open.last += 1;
        let number = open.last;
        let seat = Arc::new(Seat {
            owner,
            state: AtomicU64::new(0),
            leave: Notify::new(),
        });
        open.seats.insert(number, Arc::clone(&seat));
        *open.by_owner.entry(owner).or_default() += 1;
        Ticket {
            limits: Arc::clone(self),
            number,
            seat,
        }
    }

    /// Sends away the session that has been idle for the longest time, of this owner or of all.
    fn make_room(&self, open: &mut Open, of: Option<IpAddr>, at: Instant) -> Option<()> {
        let silent = self.milliseconds(at.checked_sub(SILENCE).unwrap_or(self.start));
        let candidates = open.seats.iter().filter_map(|(number, seat)| {
            let (state, since) = State::unpack(seat.state.load(Ordering::Relaxed));
            let may_go = match state {
                State::Busy => false,
                State::Idle => true,
                State::Within => since < silent,
            };
            let is_meant = of.is_none_or(|owner| owner == seat.owner);
            (may_go && is_meant).then_some((state == State::Within, since, *number))
        });
        let (.., number) = candidates.min()?;
        open.seats.get(&number)?.leave.notify_one();
        open.remove(number);
        Some(())
    }

    fn milliseconds(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.start).as_millis();
        u64::try_from(since).unwrap_or(u64::MAX)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // The numbers are right even when another thread panicked while it held the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn remove(&mut self, number: u64) {
        let Some(seat) = self.seats.remove(&number) else {
            return;
        };
        match self.by_owner.get_mut(&seat.owner) {
            Some(count) if *count > 1 => *count -= 1,
            // Addresses without sessions are forgotten, so that the map cannot grow for ever.
            _ => drop(self.by_owner.remove(&seat.owner)),
        }
    }
}

impl State {
    /// Milliseconds in the upper bits, the state in the lower two.
    fn pack(self, since: u64) -> u64 {
        let state = match self {
            State::Busy => 0,
            State::Idle => 1,
            State::Within => 2,
        };
        since << 2 | state
    }

    fn unpack(packed: u64) -> (State, u64) {
        let state = match packed & 3 {
            1 => State::Idle,
            2 => State::Within,
            _ => State::Busy,
        };
        (state, packed >> 2)
    }
}

impl Ticket {
    /// Says what the session does from now on.
    pub(super) fn is(&self, state: State) {
        self.is_at(state, Instant::now());
    }

    fn is_at(&self, state: State, at: Instant) {
        let packed = state.pack(self.limits.milliseconds(at));
        self.seat.state.store(packed, Ordering::Relaxed);
    }

    /// Returns once the place is needed for somebody else. It may be dropped and called again.
    pub(super) async fn is_needed(&self) {
        self.seat.leave.notified().await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.limits.open().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn places_come_back_when_sessions_end_and_addresses_are_forgotten() {
        let limits = Limits::new(3, 2);
        let (a, b) = (address(1), address(2));
        let first = limits.admit(a).unwrap();
        let second = limits.admit(a).unwrap();
        assert!(
            limits.admit(a).is_none(),
            "two sessions from one address are allowed"
        );
        let third = limits.admit(b).unwrap();
        assert!(limits.admit(b).is_none(), "three sessions in all are allowed");
        drop(first);
        let again = limits.admit(a).unwrap();
        drop((second, third, again));
        assert!(limits.open().seats.is_empty() && limits.open().by_owner.is_empty());
    }

    #[tokio::test]
    async fn the_longest_idle_makes_room_and_those_at_work_do_not() {
        let limits = Limits::new(3, 10);
        let at = |seconds| limits.start + Duration::from_secs(seconds);
        let [older, newer, busy] = [1, 2, 3].map(|last| limits.admit(address(last)).unwrap());
        newer.is_at(State::Idle, at(20));
        older.is_at(State::Idle, at(10));
        let fourth = limits.admit_at(address(4), at(30)).unwrap();
        older.is_needed().await;
        let fifth = limits.admit_at(address(5), at(30)).unwrap();
        newer.is_needed().await;
        assert!(
            limits.admit_at(address(6), at(1000)).is_none(),
            "all others are at work"
        );
        // Who has been sent away gives no place back a second time.
        drop((older, newer));
        assert_eq!(limits.open().seats.len(), 3);
        drop((busy, fourth, fifth));
        assert!(limits.open().by_owner.is_empty());
    }

    #[tokio::test]
    async fn who_is_silent_within_a_transaction_makes_room_only_after_a_while() {
        let limits = Limits::new(1, 1);
        let at = |seconds| limits.start + Duration::from_secs(seconds);
        let first = limits.admit(address(1)).unwrap();
        first.is_at(State::Within, at(100));
        assert!(limits.admit_at(address(2), at(109)).is_none());
        let _second = limits.admit_at(address(2), at(111)).unwrap();
        first.is_needed().await;
    }

    #[tokio::test]
    async fn an_address_at_its_limit_makes_room_for_itself_only() {
        let limits = Limits::new(10, 2);
        let [own, _busy, other] = [1, 1, 2].map(|last| limits.admit(address(last)).unwrap());
        other.is(State::Idle);
        assert!(limits.admit(address(1)).is_none());
        own.is(State::Idle);
        let _third = limits.admit(address(1)).unwrap();
        own.is_needed().await;
        assert_eq!(limits.open().by_owner.get(&address(2)), Some(&1));
    }
}
