//! Bodies that were just committed, kept in memory for the delivery that follows at once.
//!
//! Reading a body back costs SQLite a walk through its log, and more than that: every commit makes what a reader
//! had cached worthless. Nothing depends on what is kept here; what is missing is read from the database. A body
//! never changes and its number is never given twice, so what is found here is right.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::message::RawMessage;

/// Octets that are kept at most: a thousand messages of the usual size.
const ROOM: usize = 16 << 20;
/// A body with more octets than this is not kept: it would push out hundreds of others.
const LARGEST: usize = 2 << 20;

/// The bodies.
#[derive(Default)]
pub(in crate::store) struct Recent(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    bodies: BTreeMap<i64, RawMessage>,
    /// Oldest first; some may be gone already.
    order: VecDeque<i64>,
    octets: usize,
}

impl Recent {
    /// Keeps bodies, and lets the oldest go for which there is no room any more.
    pub(in crate::store) fn keep(&self, bodies: impl Iterator<Item = (i64, RawMessage)>) {
        let mut shelf = self.lock();
        for (number, body) in bodies.filter(|(_, body)| body.len() <= LARGEST) {
            shelf.octets += body.len();
            shelf.bodies.insert(number, body);
            shelf.order.push_back(number);
        }
        while shelf.octets > ROOM || shelf.order.len() > 2 * shelf.bodies.len() + 16 {
            let Some(oldest) = shelf.order.pop_front() else {
                break;
            };
            shelf.remove(oldest);
        }
    }

    /// A body that is still here.
    pub(in crate::store) fn find(&self, body: i64) -> Option<RawMessage> {
        self.lock().bodies.get(&body).cloned()
    }

    /// Lets bodies go that were delivered, or failed and will be read again much later.
    pub(in crate::store) fn forget(&self, bodies: &[i64]) {
        let mut shelf = self.lock();
        bodies.iter().for_each(|body| shelf.remove(*body));
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn remove(&mut self, body: i64) {
        if let Some(body) = self.bodies.remove(&body) {
            self.octets -= body.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(octets: usize) -> RawMessage {
        RawMessage::new(vec![b'x'; octets])
    }

    #[test]
    fn the_oldest_bodies_go_when_there_is_no_room_and_no_memory_is_left_behind() {
        let recent = Recent::default();
        let many = 4 * ROOM / LARGEST;
        for number in 0..many as i64 {
            recent.keep([(number, body(LARGEST))].into_iter());
            assert!(recent.lock().octets <= ROOM);
        }
        assert!(recent.find(0).is_none());
        assert_eq!(recent.find(many as i64 - 1), Some(body(LARGEST)));
        recent.forget(&(0..many as i64).collect::<Vec<_>>());
        assert_eq!(recent.lock().octets, 0);
        assert!(recent.lock().bodies.is_empty());
    }

    #[test]
    fn a_large_body_is_not_kept_and_the_list_of_names_does_not_grow() {
        let recent = Recent::default();
        recent.keep([(1, body(LARGEST + 1))].into_iter());
        assert!(recent.find(1).is_none());
        for number in 0..10_000 {
            recent.keep([(number, body(10))].into_iter());
            recent.forget(&[number]);
        }
        assert!(recent.lock().order.len() < 100);
    }
}
