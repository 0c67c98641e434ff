//! The store of several gateways: one PostgreSQL (15 or newer) that all of them share.
//!
//! The states of a delivery and of a copy that waits are those of the embedded store (`sqlite/mod.rs`). What differs:
//!
//! **A commit.** One statement writes bodies, deliveries and records, and it is the whole transaction; large bodies, and
//! copies that wait, take several. The caller is answered after the server has flushed its log: every session has
//! `synchronous_commit` on, and a server with `fsync` off is refused. A crash of gateway or server before that leaves
//! nothing, and the client still has the mail. When the connection is lost in the middle, nobody knows: the answer is
//! 451, and the client sends again. Twice, never lost.
//!
//! **The hash chain** is one for each tenant, whichever gateway adds to it: `append_records` locks the chain's row, links
//! the records of a batch and stores the new head. It comes last in its transaction, so gateways wait for each other for
//! the time of one flush, and what is seen of a chain is always whole.
//!
//! **A lease** is given by `FOR UPDATE SKIP LOCKED` and names its gateway. It ends when it is settled, by its time, or when
//! its gateway leaves or is taken for dead (`members.rs`). All times that gateways compare are by the clock of the
//! database: what a gateway says is shifted by what its own clock is off (`clock_shift`).
//!
//! **A settlement.** One statement writes the outcomes and lets bodies go; with notices it is a transaction. While the
//! database is away, overloaded, full or locked it is tried again until the gateway stops, since without it the mail would
//! be sent once more. When it has happened unheard the first time, the second one changes nothing and tells nobody twice.
//! A claim that has happened unheard is undone by the next one, or a minute later (`under_way.rs`).
//!
//! **News.** A gateway wakes its own deliverer. What others have accepted, it finds by looking every second: a NOTIFY in
//! each commit would make all commits of the server take turns.

mod bodies;
mod certificates;
mod commit;
mod deliveries;
mod desk;
mod link;
mod members;
mod opening;
mod published;
mod records;
mod rows;
mod schema;
mod shape;
mod text;
mod under_way;
mod waiting;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use super::failure::Failure;
use super::recent::Recent;
use super::{Gateways, Kind};
use crate::audit::{ChainState, Lookup, Record, Taken, Traced, Trail, TrailError};
use crate::message::{Boxed, MessageId, Outbound, RawMessage};
use crate::queue::{
    By, Command, Delivery, Filter, Group, Outcome, Spool, SpoolError, Waiting, WaitingFilter, WaitingOrder,
    WaitingRoom,
};
use crate::smime::{Capabilities, Entry, EntryState, Put, Register, RegisterError};
use certificates::Change;
use commit::Commit;
use deliveries::Settle;
use desk::Desk;
use link::Link;
use members::Member;
use under_way::UnderWay;

/// How often a waiting caller looks for what other gateways and commands wrote.
const GLANCE: Duration = Duration::from_secs(1);
/// How long to wait before the next try to record the outcome of an attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// An open store.
pub(super) struct Postgres {
    link: Link,
    commits: Desk<Commit>,
    settlements: Desk<Settle>,
    member: Member,
    under_way: UnderWay,
    recent: Recent,
    changed: Arc<Notify>,
    inline_limit: usize,
    keep: SignedDuration,
}

impl Postgres {
    async fn write_record(
        &self,
        record: Record,
        outbounds: Vec<Outbound>,
        instead_of: Option<i64>,
    ) -> Result<(), Failure> {
        let json = serde_json::to_string(&record).map_err(|error| Failure::Other(error.to_string()))?;
        let sent: Vec<RawMessage> = outbounds.iter().map(|outbound| outbound.body.clone()).collect();
        let commit = Commit {
            record,
            json,
            outbounds,
            instead_of,
            inline_limit: self.inline_limit,
        };
        let (bodies, left) = self.commits.write(commit).await?;
        self.recent.forget(left.as_slice());
        self.recent.keep(bodies.into_iter().zip(sent));
        self.changed.notify_one();
        Ok(())
    }

    async fn read_body(&self, body: i64) -> Result<RawMessage, Failure> {
        if let Some(recent) = self.recent.find(body) {
            return Ok(recent);
        }
        let read = self.link.run(move |db| Box::pin(bodies::read(db, body))).await?;
        read.ok_or_else(|| Failure::Other("there is no such body (any more)".to_owned()))
    }

    async fn purge_all(&self, now: Timestamp) -> Result<u64, Failure> {
        let Ok(before) = now.checked_sub(self.keep) else {
            return Ok(0);
        };
        let mut purged = 0;
        loop {
            // A page at a time, so that mail is accepted in between.
            match self
                .link
                .run(move |db| Box::pin(records::purge(db, before)))
                .await?
            {
                0 => return Ok(purged),
                page => purged += page,
            }
        }
    }

    fn change(&self, fingerprint: &str, change: Change) -> Boxed<'_, Result<bool, RegisterError>> {
        let fingerprint = fingerprint.to_owned();
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { certificates::change(db, &fingerprint, change).await }));
            Ok(work.await?)
        })
    }
}

impl Trail for Postgres {
    fn commit(&self, record: Record, outbounds: Vec<Outbound>) -> Boxed<'_, Result<(), TrailError>> {
        Box::pin(async move { Ok(self.write_record(record, outbounds, None).await?) })
    }

    fn commit_instead(
        &self,
        waiting: i64,
        record: Record,
        outbounds: Vec<Outbound>,
    ) -> Boxed<'_, Result<(), TrailError>> {
        Box::pin(async move { Ok(self.write_record(record, outbounds, Some(waiting)).await?) })
    }

    fn latest(&self, limit: u32) -> Boxed<'_, Result<Vec<Taken>, TrailError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { records::latest(db, limit).await }));
            Ok(work.await?)
        })
    }

    fn find(&self, lookup: Lookup) -> Boxed<'_, Result<Vec<Traced>, TrailError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { records::find(db, &lookup).await }));
            Ok(work.await?)
        })
    }
}

impl Spool for Postgres {
    fn claim(
        &self,
        now: Timestamp,
        lease_end: Timestamp,
        limit: u32,
    ) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>> {
        let me = self.member.id;
        Box::pin(async move {
            let known = self.under_way.in_doubt();
            let work = self.link.run(move |db| {
                Box::pin(async move {
                    if let Some(known) = known {
                        deliveries::let_go(db, me, &known).await?;
                    }
                    deliveries::claim(db, me, now, lease_end, limit).await
                })
            });
            let claimed = work.await;
            self.under_way.note(&claimed);
            Ok(claimed?)
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
            let bodies: Vec<i64> = outcomes.iter().map(|(delivery, _)| delivery.body).collect();
            let is_news = !notices.is_empty();
            let ids: Vec<i64> = outcomes.iter().map(|(delivery, _)| delivery.id).collect();
            let settle = Settle {
                me: self.member.id,
                outcomes: Arc::new(outcomes),
                notices: Arc::new(notices),
                now: Timestamp::now(),
            };
            let mut is_told = false;
            loop {
                match self.settlements.write(settle.clone()).await {
                    Ok(()) => break,
                    Err(failure) if self.link.is_closed() => return Err(failure.into()),
                    Err(failure @ Failure::Other(_)) => return Err(failure.into()),
                    Err(failure) => {
                        if !std::mem::replace(&mut is_told, true) {
                            tracing::warn!(%failure, "the outcome of an attempt waits to be recorded");
                        }
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
            self.under_way.forget(&ids);
            self.recent.forget(&bodies);
            if is_news {
                self.changed.notify_one();
            }
            Ok(())
        })
    }

    fn list(&self, filter: Filter) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { rows::list(db, &filter).await }));
            Ok(work.await?)
        })
    }

    fn shape(&self, filter: Filter, by: By, now: Timestamp) -> Boxed<'_, Result<Vec<Group>, SpoolError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { shape::shape(db, &filter, by, now).await }));
            Ok(work.await?)
        })
    }

    fn command(
        &self,
        filter: Filter,
        command: Command,
        now: Timestamp,
    ) -> Boxed<'_, Result<u64, SpoolError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { deliveries::order(db, &filter, command, now).await }));
            let changed = work.await?;
            self.changed.notify_one();
            Ok(changed)
        })
    }

    fn changed(&self) -> Boxed<'_, ()> {
        Box::pin(async {
            let _ = tokio::time::timeout(GLANCE, self.changed.notified()).await;
        })
    }
}

impl WaitingRoom for Postgres {
    fn waiting(&self, filter: WaitingFilter, limit: u32) -> Boxed<'_, Result<Vec<Waiting>, SpoolError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { waiting::list(db, &filter, limit).await }));
            Ok(work.await?)
        })
    }

    fn order(
        &self,
        filter: WaitingFilter,
        order: WaitingOrder,
        now: Timestamp,
    ) -> Boxed<'_, Result<u64, SpoolError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { waiting::order(db, &filter, order, now).await }));
            Ok(work.await?)
        })
    }
}

impl Register for Postgres {
    fn look_up<'a>(&'a self, keys: &'a [String]) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        let keys = keys.to_vec();
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { certificates::look_up(db, &keys).await }));
            Ok(work.await?)
        })
    }

    fn page<'a>(&'a self, after: &'a str, limit: u32) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        let after = after.to_owned();
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { certificates::page(db, &after, limit).await }));
            Ok(work.await?)
        })
    }

    fn beginning_with<'a>(&'a self, digits: &'a str) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        let digits = digits.to_owned();
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { certificates::beginning_with(db, &digits).await }));
            Ok(work.await?)
        })
    }

    fn put(&self, entry: Entry) -> Boxed<'_, Result<Put, RegisterError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { certificates::put(db, &entry).await }));
            Ok(work.await?)
        })
    }

    fn set_state<'a>(
        &'a self,
        fingerprint: &'a str,
        state: EntryState,
        note: &'a str,
    ) -> Boxed<'a, Result<bool, RegisterError>> {
        self.change(fingerprint, Change::State(state, note.to_owned()))
    }

    fn set_capabilities<'a>(
        &'a self,
        fingerprint: &'a str,
        capabilities: Option<Capabilities>,
    ) -> Boxed<'a, Result<bool, RegisterError>> {
        self.change(fingerprint, Change::Capabilities(capabilities))
    }

    fn remove<'a>(&'a self, fingerprint: &'a str) -> Boxed<'a, Result<bool, RegisterError>> {
        self.change(fingerprint, Change::Remove)
    }
}

impl Kind for Postgres {
    fn purge(&self, now: Timestamp) -> Boxed<'_, Result<u64, SpoolError>> {
        Box::pin(async move { Ok(self.purge_all(now).await?) })
    }

    fn verify_chain(&self) -> Boxed<'_, Result<ChainState, TrailError>> {
        Box::pin(async move { Ok(self.link.run_long(|db| Box::pin(records::verify(db))).await?) })
    }

    fn sealed_since(&self, since: Timestamp) -> Boxed<'_, Result<BTreeMap<String, u64>, TrailError>> {
        Box::pin(async move {
            let work = self
                .link
                .run_long(move |db| Box::pin(records::sealed_since(db, since)));
            Ok(work.await?)
        })
    }

    fn agree<'a>(&'a self, name: &'a str, value: &'a str) -> Boxed<'a, Result<String, TrailError>> {
        let (name, value) = (name.to_owned(), value.to_owned());
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { members::agree(db, &name, &value).await }));
            Ok(work.await?)
        })
    }

    fn gateways(&self) -> Boxed<'_, Result<Gateways, TrailError>> {
        Box::pin(async move { Ok(self.link.run(|db| Box::pin(members::list(db))).await?) })
    }

    fn decides_by<'a>(&'a self, policy: &'a str) -> Boxed<'a, Result<(), TrailError>> {
        self.member.note_policy(policy);
        let (id, policy) = (self.member.id, policy.to_owned());
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { members::decides_by(db, id, &policy).await }));
            Ok(work.await?)
        })
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(async {
            self.member.leave().await;
            self.link.close().await;
        })
    }
}
