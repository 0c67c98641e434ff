//! The embedded store: one directory with a SQLite database and a folder of large bodies.
//!
//! What is durable, its states, and what a crash between two steps leaves:
//!
//! **A commit.** (1) Bodies above `inline_kb` are written as `bodies/NAME` and fsynced, and then the folder is
//! fsynced. (2) One transaction writes the record, the bodies' rows and the deliveries. (3) The
//! caller is answered. A crash before the end of (2) leaves files that no row names; they are deleted at the
//! next open, and the client, who was not answered, still has the mail. A crash between (2) and (3) leaves
//! accepted mail that the client will send again (RFC 5321 §6.1); `Trail::latest` tells the next process of it, flushed.
//!
//! Bodies in rows that end alike, as the sealed copies of a message do, share a row that holds the end (`endings`). It
//! goes in the settlement that deletes the last of them.
//!
//! **A delivery** is `queued`, `held` or `bouncing`, and ends as `delivered` or `bounced`:
//! ```text
//!   queued ──hold──▶ held ──release──▶ queued            claim: puts a lease on queued or bouncing
//!   queued, held ──bounce──▶ bouncing                    settle deferred: ends the lease, state stays
//!   queued, held, bouncing ──settle──▶ delivered, bounced
//! ```
//! Mail that a deliverer waits for is committed under a lease and handed over to him (`handover`).
//! A crash while it is under a lease leaves the lease; the next open ends all leases, and a lease also ends by
//! its time. What the next hop took just before the crash was noted aside (`noted`), and is settled by the next open; a power
//! cut takes the note, and the attempt is made again: twice, never lost.
//!
//! **A settlement.** (1) One transaction writes the outcomes and the notices, and deletes the rows of bodies
//! that nobody needs. (2) Their files are deleted. A crash between leaves files that no row names, as above. Without notices it
//! lies aside for a moment, for the next commit to take it along (`later`); a crash meanwhile leaves a note, as above.
//!
//! **A copy that waits** for a certificate is a row of its own, with a body that is sealed to the vault. It comes with
//! the commit of its message, and goes in the commit of the decision that ends its wait, together with its body.
//!
//! **A purge** deletes a record, its deliveries, and moves the start of the hash chain, in one transaction.

mod bodies;
mod body_rows;
mod certificates;
mod deliveries;
mod endings;
mod flusher;
mod handover;
mod housekeeper;
mod later;
mod lock;
mod noted;
mod opening;
mod packed;
mod readers;
mod records;
mod rows;
mod schema;
mod shape;
mod space;
mod thread;
mod waiting;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use super::Kind;
use super::failure::Failure;
use super::published::Publications;
use super::recent::Recent;
use crate::audit::{ChainState, Lookup, Record, Taken, Traced, Trail, TrailError};
use crate::message::{Boxed, MessageId, Outbound, RawMessage};
use crate::queue::{By, Command, Delivery, Filter, Group, Outcome, Spool, SpoolError};
use bodies::{Bodies, Written};
use body_rows::Kept;
use deliveries::{Claim, EndLeases, Order, Settle};
use endings::Endings;
use handover::Handover;
use noted::Notes;
use readers::Readers;
use records::{Commit, Purge};
use writer::{Desk, Flush};

/// How often a waiting caller looks for what other processes wrote.
const GLANCE: Duration = Duration::from_secs(1);

/// An open store.
pub(super) struct Sqlite {
    desk: Desk,
    readers: Readers,
    bodies: Bodies,
    recent: Arc<Recent>,
    handover: Arc<Handover>,
    /// Of a gateway; commands deliver nothing.
    notes: Option<Notes>,
    changed: Arc<Notify>,
    inline_limit: usize,
    keep: SignedDuration,
    directory: PathBuf,
    /// Octets of free disk that new mail must leave alone.
    reserve: u64,
}

impl Sqlite {
    /// Writes bodies that are too large for a row to files.
    async fn write_files(
        &self,
        outbounds: impl Iterator<Item = (MessageId, &Outbound)>,
    ) -> Result<Written, Failure> {
        let large = |outbound: &Outbound| outbound.body.len() > self.inline_limit;
        let contents: Vec<(MessageId, Option<RawMessage>)> = outbounds
            .map(|(message, outbound)| (message, large(outbound).then(|| outbound.body.clone())))
            .collect();
        let bodies = self.bodies.clone();
        if contents.iter().all(|(_, content)| content.is_none()) {
            return Ok(bodies.none(contents.len()));
        }
        blocking(move || bodies.write(&contents)).await
    }

    async fn read_body(&self, body: i64) -> Result<RawMessage, Failure> {
        if let Some(recent) = self.recent.find(body) {
            return Ok(recent);
        }
        match self.readers.read(move |db| body_rows::find(db, body)).await? {
            Some(Kept::Here(bytes)) => Ok(RawMessage::new(bytes)),
            Some(Kept::InFile(file, size)) => {
                let bodies = self.bodies.clone();
                blocking(move || bodies.read(&file, size)).await
            }
            None => Err(Failure::Other("there is no such body (any more)".to_owned())),
        }
    }

    async fn purge_all(&self, now: Timestamp) -> Result<u64, Failure> {
        let Ok(before) = now.checked_sub(self.keep) else {
            return Ok(0);
        };
        let mut purged = 0;
        loop {
            // A page at a time, so that mail is accepted in between.
            match self.desk.write(|| Purge { before }).await? {
                0 => return Ok(purged),
                page => purged += page,
            }
        }
    }
}

impl Sqlite {
    fn write_record(
        &self,
        record: Record,
        outbounds: Vec<Outbound>,
        instead_of: Option<i64>,
    ) -> Boxed<'_, Result<(), TrailError>> {
        Box::pin(async move {
            let octets = outbounds
                .iter()
                .map(|outbound| outbound.body.len())
                .sum::<usize>();
            space::check(
                &self.directory,
                octets.try_into().unwrap_or(u64::MAX),
                self.reserve,
            )?;
            let json = records::json(&record)?;
            let written = self
                .write_files(outbounds.iter().map(|outbound| (record.id, outbound)))
                .await?;
            let longest = self.inline_limit;
            let (outbounds, endings) = match Endings::may_be(&outbounds) {
                true => {
                    let find = move || {
                        let endings = Endings::find(&outbounds, longest);
                        Ok((outbounds, endings))
                    };
                    blocking(find).await?
                }
                false => {
                    let none = Endings::none(outbounds.len());
                    (outbounds, none)
                }
            };
            let handover = Arc::clone(&self.handover);
            let commit = move || Commit {
                record,
                json,
                outbounds,
                files: written.hand_over(),
                endings,
                instead_of,
                handover,
            };
            let left = self.desk.write(commit).await?;
            self.recent.forget(left.as_slice());
            Ok(())
        })
    }
}

impl Trail for Sqlite {
    fn commit(&self, record: Record, outbounds: Vec<Outbound>) -> Boxed<'_, Result<(), TrailError>> {
        self.write_record(record, outbounds, None)
    }

    fn commit_instead(
        &self,
        waiting: i64,
        record: Record,
        outbounds: Vec<Outbound>,
    ) -> Boxed<'_, Result<(), TrailError>> {
        self.write_record(record, outbounds, Some(waiting))
    }

    fn latest(&self, limit: u32) -> Boxed<'_, Result<Vec<Taken>, TrailError>> {
        Box::pin(async move {
            self.desk.write(|| Flush).await?;
            let latest = self.readers.read(move |db| records::latest(db, limit));
            Ok(latest.await?)
        })
    }

    fn find(&self, lookup: Lookup) -> Boxed<'_, Result<Vec<Traced>, TrailError>> {
        Box::pin(async move {
            let find = self.readers.read(move |db| records::find(db, &lookup));
            Ok(find.await?)
        })
    }
}

impl Spool for Sqlite {
    fn claim(
        &self,
        now: Timestamp,
        lease_end: Timestamp,
        limit: u32,
    ) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>> {
        let claim = Claim {
            now,
            lease_end,
            limit,
        };
        Box::pin(async move { Ok(self.desk.write(|| claim).await?) })
    }

    fn accepted(&self, lease: SignedDuration, limit: u32) -> Boxed<'_, Vec<Delivery>> {
        Box::pin(async move {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            loop {
                let now = Timestamp::now();
                let stale = self.handover.stale(now);
                if !stale.is_empty() && self.desk.write(|| EndLeases(stale.clone())).await.is_ok() {
                    self.handover.remove(&stale);
                }
                let taken = self.handover.take(now, lease, limit);
                if !taken.is_empty() {
                    return taken;
                }
                self.handover.filled().await;
            }
        })
    }

    fn body(&self, body: i64) -> Boxed<'_, Result<RawMessage, SpoolError>> {
        Box::pin(async move { Ok(self.read_body(body).await?) })
    }

    fn settle(
        &self,
        outcomes: Vec<(Delivery, Outcome)>,
        notices: Vec<(MessageId, Outbound)>,
    ) -> Boxed<'_, Result<(), SpoolError>> {
        Box::pin(async move {
            let is_taken = |(_, outcome): &&(Delivery, Outcome)| matches!(outcome, Outcome::Delivered { .. });
            // A notice about it would not be sent after a crash: then the whole is better done again.
            let noted = self
                .notes
                .as_ref()
                .filter(|_| notices.is_empty())
                .and_then(|notes| {
                    let taken = outcomes.iter().filter(is_taken);
                    notes.note(taken.map(|(delivery, _)| delivery))
                });
            let written = self
                .write_files(notices.iter().map(|(id, notice)| (*id, notice)))
                .await?;
            let bodies: Vec<i64> = outcomes.iter().map(|(delivery, _)| delivery.body).collect();
            let is_promise = !notices.is_empty();
            let settle = move || Settle {
                outcomes,
                notices,
                files: written.hand_over(),
                now: Timestamp::now(),
            };
            match is_promise {
                true => self.desk.write(settle).await?,
                false => self.desk.write_later(settle()).await?,
            }
            drop(noted);
            self.recent.forget(&bodies);
            Ok(())
        })
    }

    fn list(&self, filter: Filter) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>> {
        Box::pin(async move {
            let list = self.readers.read(move |db| rows::list(db, &filter));
            Ok(list.await?)
        })
    }

    fn shape(&self, filter: Filter, by: By, now: Timestamp) -> Boxed<'_, Result<Vec<Group>, SpoolError>> {
        Box::pin(async move {
            let shape = self.readers.read(move |db| shape::shape(db, &filter, by, now));
            Ok(shape.await?)
        })
    }

    fn command(
        &self,
        filter: Filter,
        command: Command,
        now: Timestamp,
    ) -> Boxed<'_, Result<u64, SpoolError>> {
        let order = Order { filter, command, now };
        Box::pin(async move { Ok(self.desk.write(|| order).await?) })
    }

    fn changed(&self) -> Boxed<'_, ()> {
        Box::pin(async {
            // Other processes cannot wake us, so it also returns after a moment.
            let _ = tokio::time::timeout(GLANCE, self.changed.notified()).await;
        })
    }
}

impl Publications for Sqlite {}

impl Kind for Sqlite {
    fn purge(&self, now: Timestamp) -> Boxed<'_, Result<u64, SpoolError>> {
        Box::pin(async move { Ok(self.purge_all(now).await?) })
    }

    fn verify_chain(&self) -> Boxed<'_, Result<ChainState, TrailError>> {
        Box::pin(async { Ok(self.readers.read(records::verify).await?) })
    }

    fn sealed_since(&self, since: Timestamp) -> Boxed<'_, Result<BTreeMap<String, u64>, TrailError>> {
        Box::pin(async move {
            let counted = self.readers.read(move |db| records::sealed_since(db, since));
            Ok(counted.await?)
        })
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(async {
            // Readers first: the last connection to close empties the log into the database.
            self.readers.close().await;
            self.desk.stop().await;
        })
    }
}

/// Runs file work on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(error) => Err(Failure::Other(error.to_string())),
    }
}
