//! What this gateway has claimed and not settled, so that a claim whose answer was lost can be told from the others.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::queue::Delivery;
use crate::store::failure::Failure;

/// The numbers of deliveries under way.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<Known>);

#[derive(Default)]
struct Known {
    ids: BTreeSet<i64>,
    /// Whether a claim may have succeeded unheard.
    doubt: bool,
}

impl UnderWay {
    /// After a claim that may have succeeded unheard: what this gateway knows that it has. All else is to be let go.
    pub(super) fn in_doubt(&self) -> Option<Vec<i64>> {
        let known = self.lock();
        known.doubt.then(|| known.ids.iter().copied().collect())
    }

    /// Takes note of what a claim came to.
    pub(super) fn note(&self, claimed: &Result<Vec<Delivery>, Failure>) {
        let mut known = self.lock();
        known.doubt = claimed.is_err();
        known
            .ids
            .extend(claimed.iter().flatten().map(|delivery| delivery.id));
    }

    /// These are settled.
    pub(super) fn forget(&self, ids: &[i64]) {
        let mut known = self.lock();
        for id in ids {
            known.ids.remove(id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
