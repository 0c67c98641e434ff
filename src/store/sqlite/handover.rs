//! Deliveries of mail that was just accepted, on their way to the deliverer of this process without a look into the
//! database.
//!
//! They are written under a lease, so no claim finds them. What nobody takes in time gets its lease ended and is claimed
//! like everything else; what a crash leaves here has its lease ended at the next start. An administrator's command that
//! comes while a delivery is here finds it as one that is under way.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::queue::Delivery;

/// Deliveries that are here before new ones are left to claims, give or take those of one transaction.
const ROOM: usize = 200;
/// Recipients of a message that go this way; who writes to more takes more time anyway.
const FEW: usize = 16;
/// How long one may be here.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// A delivery and the end of its lease.
pub(super) type Leased = (Delivery, Timestamp);

/// The place in between.
#[derive(Default)]
pub(super) struct Handover {
    inner: Mutex<Inner>,
    filled: Notify,
}

#[derive(Default)]
struct Inner {
    /// How long a lease the deliverer wants; `None` while there is none.
    wanted: Option<SignedDuration>,
    /// Oldest first.
    leased: VecDeque<Leased>,
}

impl Handover {
    /// Until when the deliveries of a new message shall be leased, if they go this way.
    pub(super) fn lease(&self, now: Timestamp, recipients: usize) -> Option<Timestamp> {
        let inner = self.lock();
        let is_open = inner.leased.len() < ROOM && recipients <= FEW;
        let wanted = inner.wanted.filter(|_| is_open)?;
        now.checked_add(wanted + PATIENCE).ok()
    }

    /// Puts deliveries here, once they are durable under their lease.
    pub(super) fn put(&self, leased: Vec<Leased>) {
        if !leased.is_empty() {
            self.lock().leased.extend(leased);
            self.filled.notify_one();
        }
    }

    /// Returns when something is here, or may be.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Takes the oldest whose lease still lasts as long as is `wanted`.
    pub(super) fn take(&self, now: Timestamp, wanted: SignedDuration, limit: usize) -> Vec<Delivery> {
        let mut inner = self.lock();
        inner.wanted = Some(wanted);
        let lasts = |(_, until): &Leased| now.duration_until(*until) >= wanted;
        let mut taken = Vec::new();
        let mut place = 0;
        while taken.len() < limit
            && let Some(one) = inner.leased.get(place)
        {
            match lasts(one) {
                true => taken.extend(inner.leased.remove(place).map(|(delivery, _)| delivery)),
                false => place += 1,
            }
        }
        taken
    }

    /// Those that were here too long: their numbers and the ends of their leases.
    pub(super) fn stale(&self, now: Timestamp) -> Vec<(i64, Timestamp)> {
        let inner = self.lock();
        let wanted = inner.wanted.unwrap_or_default();
        let is_stale = |(_, until): &&Leased| now.duration_until(*until) < wanted;
        let stale = inner.leased.iter().filter(is_stale);
        stale.map(|(delivery, until)| (delivery.id, *until)).collect()
    }

    /// Lets those go whose leases were ended.
    pub(super) fn remove(&self, ended: &[(i64, Timestamp)]) {
        self.lock()
            .leased
            .retain(|(delivery, until)| !ended.contains(&(delivery.id, *until)));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
