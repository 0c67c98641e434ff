//! Policies that are published to all gateways which share a store.

use jiff::Timestamp;

use crate::message::Boxed;

use super::{Store, TrailError};

/// One version of the policies, as it was published.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Publication {
    /// Its number: 1, 2, and so on.
    pub number: i64,
    /// What the version of a bundle is, over all its files.
    pub version: String,
    /// Who published it: a user on a host.
    pub author: String,
    /// Why, in the author's words.
    pub note: String,
    /// When, by the publisher's clock.
    pub at: Timestamp,
    /// The files, in JSON.
    #[serde(skip)]
    pub files: String,
    /// What only those can make who have the key that the gateways share, of all the rest.
    #[serde(skip)]
    pub mac: String,
}

/// What a kind of store can do with them. One that nobody shares has none.
pub(super) trait Publications {
    fn publish(&self, _new: Publication) -> Boxed<'_, Result<bool, TrailError>> {
        Box::pin(async {
            let words = "the store belongs to one gateway; [store] url makes several share one";
            Err(TrailError::Unavailable(words.to_owned()))
        })
    }
    fn publications(&self, _limit: u32) -> Boxed<'_, Result<Vec<Publication>, TrailError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn last_publication(&self) -> Boxed<'_, Result<i64, TrailError>> {
        Box::pin(async { Ok(0) })
    }
}

impl Store {
    /// Publishes policies under the number that they bring; `false` when somebody else was faster and has it.
    ///
    /// # Errors
    /// When the database does not answer, or nobody shares the store.
    pub async fn publish(&self, new: Publication) -> Result<bool, TrailError> {
        self.kind.publish(new).await
    }

    /// The newest publications, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn publications(&self, limit: u32) -> Result<Vec<Publication>, TrailError> {
        self.kind.publications(limit).await
    }

    /// The number of the newest publication; 0 when there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_publication(&self) -> Result<i64, TrailError> {
        self.kind.last_publication().await
    }
}
