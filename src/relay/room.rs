//! How many octets of mail may be in memory at once, at one place of the path.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits are counted in this many octets, since a semaphore hands out `u32` of them at a time.
const UNIT: usize = 1024;
/// What is no larger needs no turn: a clerk's mail must not wait behind giants. The number of sessions and of
/// transactions bounds how much that is together.
const SMALL: usize = 256 * 1024;

/// Room that is shared by all who need it, handed out in the order of asking.
pub(super) struct Room {
    free: Arc<Semaphore>,
    units: usize,
}

/// A part of the room, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Room for `octets`.
    pub fn new(octets: usize) -> Room {
        let most = Semaphore::MAX_PERMITS.min(usize::try_from(u32::MAX).unwrap_or(usize::MAX));
        let units = (octets / UNIT).clamp(1, most);
        Room {
            free: Arc::new(Semaphore::new(units)),
            units,
        }
    }

    /// Whether so much fits when nothing else is there.
    pub fn can_hold(&self, octets: usize) -> bool {
        octets.div_ceil(UNIT) <= self.units
    }

    /// Waits for its turn, unless it is small. Who needs more than there is gets all of it.
    pub async fn wait_for(&self, octets: usize) -> Option<Share> {
        if octets <= SMALL {
            return Some(Share { _permit: None });
        }
        let wanted = Arc::clone(&self.free).acquire_many_owned(self.permits(octets));
        wanted.await.ok().map(|permit| Share {
            _permit: Some(permit),
        })
    }

    /// The same at once or not at all.
    pub fn take(&self, octets: usize) -> Option<Share> {
        if octets <= SMALL {
            return Some(Share { _permit: None });
        }
        let taken = Arc::clone(&self.free).try_acquire_many_owned(self.permits(octets));
        taken.ok().map(|permit| Share {
            _permit: Some(permit),
        })
    }

    fn permits(&self, octets: usize) -> u32 {
        u32::try_from(octets.div_ceil(UNIT).min(self.units)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_too_large_gets_the_whole_room_and_only_small_ones_do_not_wait() {
        let room = Room::new(10 * SMALL);
        assert!(room.can_hold(10 * SMALL) && !room.can_hold(10 * SMALL + 1));
        let giant = room.take(1 << 40).unwrap();
        assert!(room.take(SMALL + 1).is_none());
        assert!(room.take(SMALL).is_some() && room.wait_for(SMALL).await.is_some());
        drop(giant);
        let half = room.wait_for(5 * SMALL).await.unwrap();
        assert!(room.take(6 * SMALL).is_none());
        let other = room.take(5 * SMALL).unwrap();
        drop((half, other));
        assert!(room.take(10 * SMALL).is_some());
    }
}
