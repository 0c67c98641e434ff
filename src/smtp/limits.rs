//! How many sessions may be open at once, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts open sessions.
#[derive(Debug)]
pub(super) struct Limits {
    sessions: usize,
    per_address: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to one session. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Ticket {
    limits: Arc<Limits>,
    address: IpAddr,
}

impl Limits {
    pub(super) fn new(sessions: usize, per_address: usize) -> Arc<Limits> {
        Arc::new(Limits {
            sessions,
            per_address,
            open: Mutex::default(),
        })
    }

    /// A place for one more session from `address`, or nothing when there is none.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let mut open = self.open();
        let from_address = open.by_address.get(&address).copied().unwrap_or(0);
        if open.total >= self.sessions || from_address >= self.per_address {
            return None;
        }
        open.total += 1;
        open.by_address.insert(address, from_address + 1);
        Some(Ticket {
            limits: Arc::clone(self),
            address,
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // The numbers are right even when another thread panicked while it held the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.limits.open();
        open.total = open.total.saturating_sub(1);
        match open.by_address.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            // Addresses without sessions are forgotten, so that the map cannot grow for ever.
            _ => drop(open.by_address.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_when_sessions_end_and_addresses_are_forgotten() {
        let limits = Limits::new(3, 2);
        let (a, b): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
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
        assert_eq!(limits.open().total, 0);
        assert!(limits.open().by_address.is_empty());
    }
}
