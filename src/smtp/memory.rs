//! The budget of message bytes that may be in memory at once over all sessions.
//!
//! Nobody waits for room: a session that finds none tells its client to come back later, so that a few slow
//! clients cannot hold up all others.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits are counted in this many octets, since a semaphore hands out `u32` of them at a time.
const UNIT: usize = 1024;
/// The first allocation for a message: most mail fits, and a session costs little.
const FIRST: usize = 16 * 1024;

/// The bytes that all sessions together may hold. Cloning shares it.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<Semaphore>);

/// A right to some of the budget, given back when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Hold(Option<OwnedSemaphorePermit>);

/// A growing buffer whose whole capacity is paid for from the budget.
#[derive(Debug)]
pub(super) struct Body {
    bytes: Vec<u8>,
    hold: Hold,
    budget: Budget,
    expected: usize,
    limit: usize,
}

/// There is no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Budget {
    /// A budget of `octets`, rounded down to whole units.
    pub(super) fn new(octets: usize) -> Budget {
        Budget(Arc::new(Semaphore::new(
            (octets / UNIT).min(Semaphore::MAX_PERMITS),
        )))
    }

    /// How many octets are free at this moment.
    pub(super) fn free(&self) -> usize {
        self.0.available_permits().saturating_mul(UNIT)
    }

    fn take(&self, units: usize) -> Result<OwnedSemaphorePermit, NoRoom> {
        let units = u32::try_from(units).map_err(|_| NoRoom)?;
        Arc::clone(&self.0)
            .try_acquire_many_owned(units)
            .map_err(|_| NoRoom)
    }
}

impl Body {
    /// An empty buffer. It will hold at most `limit` octets; `expected` is what the client announced, or 0.
    pub(super) fn new(budget: Budget, expected: usize, limit: usize) -> Body {
        Body {
            bytes: Vec::new(),
            hold: Hold::default(),
            budget,
            expected,
            limit,
        }
    }

    /// Appends `bytes`, which the caller has checked against the limit.
    ///
    /// # Errors
    /// When the budget or the machine has no room; the buffer is then as it was.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), NoRoom> {
        let needed = self.bytes.len().saturating_add(bytes.len());
        if needed > self.bytes.capacity() {
            self.grow(needed)?;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The bytes, and the hold to keep for as long as they live.
    pub(super) fn into_parts(self) -> (Vec<u8>, Hold) {
        (self.bytes, self.hold)
    }

    /// Grows by half, but not beyond what the client announced while that suffices, nor beyond the limit:
    /// doubling would cost twice the message at its end.
    fn grow(&mut self, needed: usize) -> Result<(), NoRoom> {
        let capacity = self.bytes.capacity();
        let ceiling = if needed <= self.expected {
            self.expected
        } else {
            self.limit
        };
        let wanted = (capacity + capacity / 2).max(FIRST).min(ceiling).max(needed);
        let wanted = wanted.div_ceil(UNIT) * UNIT;
        self.hold.extend(&self.budget, wanted / UNIT)?;
        let more = wanted - self.bytes.len();
        self.bytes.try_reserve_exact(more).map_err(|_| NoRoom)
    }
}

impl Hold {
    /// Makes the hold `units` large.
    fn extend(&mut self, budget: &Budget, units: usize) -> Result<(), NoRoom> {
        let held = self.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = budget.take(units.saturating_sub(held))?;
        match &mut self.0 {
            Some(permit) => permit.merge(more),
            None => self.0 = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_paid_for_and_comes_back_when_the_hold_ends() {
        let budget = Budget::new(1024 * 1024);
        let mut body = Body::new(budget.clone(), 0, 512 * 1024);
        let mut growths = 0;
        for _ in 0..512 {
            let before = body.bytes.capacity();
            body.push(&[b'x'; 1024]).unwrap();
            growths += usize::from(body.bytes.capacity() != before);
            assert!(1024 * 1024 - budget.free() >= body.bytes.capacity());
        }
        assert!(growths < 12, "{growths} growths");
        assert_eq!(body.bytes.capacity(), 512 * 1024);
        let (bytes, hold) = body.into_parts();
        drop(bytes);
        assert_eq!(budget.free(), 512 * 1024);
        drop(hold);
        assert_eq!(budget.free(), 1024 * 1024);
    }

    #[test]
    fn an_announced_size_is_not_exceeded_while_it_suffices() {
        let budget = Budget::new(1024 * 1024);
        let mut body = Body::new(budget.clone(), 100 * 1024, 1024 * 1024);
        for _ in 0..100 {
            body.push(&[b'x'; 1024]).unwrap();
        }
        assert_eq!(budget.free(), 924 * 1024);
        body.push(b"one more than announced").unwrap();
    }

    #[test]
    fn without_room_nothing_is_taken_and_what_was_there_stays() {
        let budget = Budget::new(32 * 1024);
        let mut body = Body::new(budget.clone(), 0, 1024 * 1024);
        body.push(&[b'x'; 20 * 1024]).unwrap();
        let free = budget.free();
        assert_eq!(body.push(&[b'y'; 20 * 1024]), Err(NoRoom));
        assert_eq!(budget.free(), free);
        assert_eq!(body.into_parts().0.len(), 20 * 1024);
        assert_eq!(budget.free(), 32 * 1024);
    }
}
