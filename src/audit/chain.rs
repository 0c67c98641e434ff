//! The hash chain over decision records: each link covers its record and the link before it.
//!
//! It shows that kept records were changed, removed or put in between, by whoever does not also recompute every
//! later link. Only a head that is kept elsewhere shows that, so a head is worth printing and signing outside.

use openssl::sha::Sha256;

/// One link of the chain, SHA-256.
pub type Hash = [u8; 32];

/// What stands before the first record.
pub const CHAIN_START: Hash = [0; 32];

/// What a check of the whole chain says.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainState {
    /// Every record is the one that was written, and none is missing.
    Intact {
        /// How many records there are.
        records: u64,
    },
    /// This record was changed, or one just before it was changed, removed or put in.
    Broken {
        /// The id that its row says it has.
        record: String,
    },
    /// The newest records of a tenant are missing.
    Truncated {
        /// The tenant.
        tenant: String,
    },
}

/// The link of a record, given as the exact bytes that are stored.
pub fn link(previous: &Hash, record: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(record);
    hasher.finish()
}

/// A walk along the chain, from a known link on.
#[derive(Debug, Clone)]
pub struct Walk {
    head: Hash,
}

impl Walk {
    /// Begins behind the link `start`.
    pub fn behind(start: Hash) -> Walk {
        Walk { head: start }
    }

    /// Goes to the next stored record. False when it does not follow from the one before, or when its bytes do
    /// not give its hash; the walk stays where it was then.
    #[must_use]
    pub fn step(&mut self, previous: &[u8], record: &[u8], hash: &[u8]) -> bool {
        let expected = link(&self.head, record);
        let fits = previous == self.head && hash == expected;
        if fits {
            self.head = expected;
        }
        fits
    }

    /// The link that was reached.
    pub fn head(&self) -> &Hash {
        &self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_covers_the_record_and_everything_before_it() {
        let first = link(&CHAIN_START, b"one");
        assert_ne!(first, link(&CHAIN_START, b"One"));
        assert_ne!(link(&first, b"two"), link(&CHAIN_START, b"two"));
    }

    #[test]
    fn a_walk_stops_at_a_record_that_was_changed_left_out_or_moved() {
        let first = link(&CHAIN_START, b"one");
        let second = link(&first, b"two");
        let mut walk = Walk::behind(CHAIN_START);
        assert!(!walk.step(&first, b"two", &second), "left out");
        assert!(!walk.step(&CHAIN_START, b"ONE", &first), "changed");
        assert!(walk.step(&CHAIN_START, b"one", &first));
        assert!(!walk.step(&CHAIN_START, b"one", &first), "twice");
        assert!(walk.step(&first, b"two", &second));
        assert_eq!(walk.head(), &second);
    }
}
