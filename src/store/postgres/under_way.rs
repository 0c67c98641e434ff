//! What this gateway has claimed and not settled, so that a claim whose answer was lost can be told from the others.
//!
//! After a claim that failed, the next one lets go of all that is not known here. That does not reach a claim that the
//! server carries out later, when this gateway has long given it up; so every minute the leases themselves are looked at,
//! and what is not known twice in a row is let go, too.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::queue::Delivery;
use crate::store::failure::Failure;

/// The numbers of deliveries under way. Cloning shares them.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    ids: BTreeSet<i64>,
    /// Whether a claim may have succeeded unheard.
    doubt: bool,
    /// Leases that were not known at the last look. The answer to their claim may have been on its way.
    unknown: BTreeSet<i64>,
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

    /// Of all leases that the database says are this gateway's, those that it does not know of, now as at the last look.
    /// Looks must be further apart than a claim may take.
    pub(super) fn strays(&self, leases: &[i64]) -> Vec<i64> {
        let mut known = self.lock();
        let unknown: BTreeSet<i64> = leases
            .iter()
            .copied()
            .filter(|id| !known.ids.contains(id))
            .collect();
        let strays = unknown.intersection(&known.unknown).copied().collect();
        known.unknown = unknown;
        strays
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
