//! Which gateways are at work, and what becomes of the deliveries of one that is not any more.
//!
//! A gateway has a row with the time at which it was last heard of, by the clock of the database, and an advisory lock on
//! its number, which the server lets go with the session:
//! ```text
//!   open ──▶ at work ──close──▶ gone: its leases end at once
//!               │
//!               └── nothing heard for 5 s and its session is gone (it died), or for 30 s (it is cut off):
//!                   taken for dead by the first gateway that looks; its leases end
//! ```
//! One that was cut off and comes back finds its row gone, and makes it anew. What it delivered meanwhile counts when it
//! says so; what another has taken over by then is delivered twice, never lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, Row};
use tokio::sync::{oneshot, watch};

use super::link::Link;
use super::rows;
use super::schema::{self, STEPS, Version};
use super::under_way::UnderWay;
use crate::store::failure::Failure;
use crate::store::{Gateway, Gateways};

/// How often a gateway says that it is there, and looks whether the others are.
const BEAT: Duration = Duration::from_secs(2);
/// How long one beat may take before the session counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// Every so many beats leases are looked for whose gateway nobody knows, and those that their gateway does not know of.
const SWEEP: u32 = 30;

/// The first half of the number of the advisory lock.
const LOCK: i32 = 1_592_811_134;

/// Who has a row already is heard of; who was taken for dead comes back.
const BEAT_SQL: &str = "
    INSERT INTO gateways (id, name, program, policy, started, seen) OVERRIDING SYSTEM VALUE
    VALUES ($1, $2, $3, $4, microseconds(), microseconds())
    ON CONFLICT (id) DO UPDATE SET seen = excluded.seen";

/// Takes gateways for dead and ends their leases. Times are microseconds.
const BURY: &str = "
    WITH dead AS (
        DELETE FROM gateways WHERE id <> $1 AND (
            seen < microseconds() - 30000000
            OR (seen < microseconds() - 5000000 AND NOT EXISTS (
                SELECT 1 FROM pg_locks
                WHERE locktype = 'advisory' AND classid::bigint = $2 AND objid::bigint = gateways.id AND objsubid = 2
                  AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))))
        RETURNING id, name),
    freed AS (
        UPDATE deliveries SET lease_until = NULL, lease_by = NULL
        WHERE lease_by IN (SELECT id FROM dead) AND state IN ('queued', 'held', 'bouncing')
        RETURNING lease_by)
    SELECT (SELECT string_agg(name, ', ') FROM dead), (SELECT count(*) FROM freed)";

/// A gateway that was taken for dead while its claim was under way.
const SWEEP_SQL: &str = "
    UPDATE deliveries SET lease_until = NULL, lease_by = NULL
    WHERE lease_by IS NOT NULL AND state IN ('queued', 'held', 'bouncing')
      AND NOT EXISTS (SELECT 1 FROM gateways WHERE id = lease_by)";

/// This gateway among the others.
pub(super) struct Member {
    /// Its number; 0 for a command, which has no deliveries.
    pub(super) id: i64,
    /// By which policies it decides, for a row that has to be made anew.
    policy: Arc<Mutex<String>>,
    stop: watch::Sender<bool>,
    stopped: Mutex<Option<oneshot::Receiver<()>>>,
}

struct Beating {
    link: Link,
    session: Option<PgConnection>,
    id: i32,
    name: String,
    policy: Arc<Mutex<String>>,
    under_way: UnderWay,
    beats: u32,
}

impl Member {
    /// For commands: nobody.
    pub(super) fn none() -> Member {
        Member {
            id: 0,
            policy: Arc::default(),
            stop: watch::channel(false).0,
            stopped: Mutex::new(None),
        }
    }

    /// Enters the list, frees what the dead have left and what this gateway holds without being `under_way`, and goes on
    /// doing so. `freed` is called when there is something new to claim.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn enter(
        link: &Link,
        name: String,
        under_way: UnderWay,
        freed: impl Fn() + Send + 'static,
    ) -> Result<Member, Failure> {
        let mut session = link.session().await?;
        let new = "INSERT INTO gateways (name, program, policy, started, seen)
                   VALUES ($1, $2, '', microseconds(), microseconds()) RETURNING id";
        let id: i32 = sqlx::query_scalar(new)
            .bind(&name)
            .bind(env!("CARGO_PKG_VERSION"))
            .fetch_one(&mut session)
            .await?;
        lock(&mut session, id).await?;
        let policy = Arc::<Mutex<String>>::default();
        let mut beating = Beating {
            link: link.clone(),
            session: Some(session),
            id,
            name,
            policy: Arc::clone(&policy),
            under_way,
            beats: 0,
        };
        beating.beat().await?;
        let (stop, mut stopping) = watch::channel(false);
        let (done, stopped) = oneshot::channel();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = stopping.wait_for(|stop| *stop) => break,
                    () = tokio::time::sleep(BEAT) => {}
                }
                if beating.try_beat().await {
                    freed();
                }
            }
            beating.leave().await;
            let _ = done.send(());
        });
        Ok(Member {
            id: i64::from(id),
            policy,
            stop,
            stopped: Mutex::new(Some(stopped)),
        })
    }

    /// Notes by which policies this gateway decides.
    pub(super) fn note_policy(&self, policy: &str) {
        policy.clone_into(&mut self.policy.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Leaves the list; leases end at once.
    pub(super) async fn leave(&self) {
        self.stop.send_replace(true);
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(stopped) = stopped {
            let _ = stopped.await;
        }
    }
}

impl Beating {
    /// Whether leases were freed. A failure costs the session; the next beat begins another.
    async fn try_beat(&mut self) -> bool {
        let failure = match tokio::time::timeout(PATIENCE, self.beat()).await {
            Ok(Ok(freed)) => return freed > 0,
            Ok(Err(failure)) => failure,
            Err(_) => Failure::Unreachable("it did not answer in time".to_owned()),
        };
        if self.session.take().is_some() {
            tracing::error!(%failure, "the other gateways cannot be told that this one is at work");
        }
        false
    }

    /// Says that this gateway is there; answers how many leases of dead ones ended.
    async fn beat(&mut self) -> Result<i64, Failure> {
        let session = match &mut self.session {
            Some(session) => session,
            None => {
                let mut session = self.link.session().await?;
                if schema::version(&mut session, STEPS.len()).await? == Version::Newer {
                    return Err(Failure::Other(
                        "the store was changed by a newer version".to_owned(),
                    ));
                }
                lock(&mut session, self.id).await?;
                tracing::info!("the database answers again");
                self.session.insert(session)
            }
        };
        sqlx::query(BEAT_SQL)
            .bind(self.id)
            .bind(&self.name)
            .bind(env!("CARGO_PKG_VERSION"))
            .bind(text_of(&self.policy))
            .execute(&mut *session)
            .await?;
        let (dead, mut freed): (Option<String>, i64) = sqlx::query_as(BURY)
            .bind(self.id)
            .bind(i64::from(LOCK))
            .fetch_one(&mut *session)
            .await?;
        if let Some(gateways) = dead {
            tracing::warn!(
                gateways,
                deliveries = freed,
                "other gateways are not at work any more"
            );
        }
        if self.beats.is_multiple_of(SWEEP) {
            let swept = sqlx::query(SWEEP_SQL)
                .execute(&mut *session)
                .await?
                .rows_affected();
            let strays = let_go_of_strays(session, i64::from(self.id), &self.under_way).await?;
            freed += i64::try_from(swept + strays).unwrap_or(i64::MAX);
        }
        self.beats = self.beats.wrapping_add(1);
        Ok(freed)
    }

    async fn leave(mut self) {
        let Some(mut session) = self.session.take() else {
            return;
        };
        let leave = async {
            let free = "UPDATE deliveries SET lease_until = NULL, lease_by = NULL
                        WHERE lease_by = $1 AND state IN ('queued', 'held', 'bouncing')";
            sqlx::query(free)
                .bind(i64::from(self.id))
                .execute(&mut session)
                .await?;
            sqlx::query("DELETE FROM gateways WHERE id = $1")
                .bind(self.id)
                .execute(&mut session)
                .await?;
            session.close().await
        };
        // Whoever cannot say goodbye is taken for dead in a moment.
        let _ = tokio::time::timeout(PATIENCE, leave).await;
    }
}

/// Ends leases that this gateway has and does not know of. Answers how many.
pub(super) async fn let_go_of_strays(
    db: &mut PgConnection,
    me: i64,
    under_way: &UnderWay,
) -> Result<u64, sqlx::Error> {
    let held = "SELECT id FROM deliveries WHERE lease_by = $1 AND state IN ('queued', 'held', 'bouncing')";
    let leases: Vec<i64> = sqlx::query_scalar(held).bind(me).fetch_all(&mut *db).await?;
    let strays = under_way.strays(&leases);
    if strays.is_empty() {
        return Ok(0);
    }
    let free = "UPDATE deliveries SET lease_until = NULL, lease_by = NULL
                WHERE lease_by = $1 AND state IN ('queued', 'held', 'bouncing') AND id = ANY ($2)";
    Ok(sqlx::query(free)
        .bind(me)
        .bind(strays)
        .execute(db)
        .await?
        .rows_affected())
}

fn text_of(policy: &Mutex<String>) -> String {
    policy.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

async fn lock(session: &mut PgConnection, id: i32) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_try_advisory_lock($1, $2)")
        .bind(LOCK)
        .bind(id)
        .execute(session)
        .await?;
    Ok(())
}

/// Records a value that all gateways must have alike, if there is none yet; answers the one that counts.
pub(super) async fn agree(db: &mut PgConnection, name: &str, value: &str) -> Result<String, sqlx::Error> {
    sqlx::query("INSERT INTO agreements (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(name)
        .bind(value)
        .execute(&mut *db)
        .await?;
    sqlx::query_scalar("SELECT value FROM agreements WHERE name = $1")
        .bind(name)
        .fetch_one(db)
        .await
}

/// Records by which policies this gateway decides.
pub(super) async fn decides_by(db: &mut PgConnection, id: i64, policy: &str) -> Result<(), sqlx::Error> {
    let update = sqlx::query("UPDATE gateways SET policy = $2 WHERE id = $1");
    update.bind(id).bind(policy).execute(db).await?;
    Ok(())
}

/// Everybody who is at work, by name.
pub(super) async fn list(db: &mut PgConnection) -> Result<Gateways, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id::bigint AS id, name, program, policy, started, seen,
                (SELECT count(*) FROM deliveries
                 WHERE lease_by = gateways.id AND state IN ('queued', 'held', 'bouncing')) AS leases
         FROM gateways ORDER BY name, id",
    );
    let gateway = |row: &PgRow| {
        Ok(Gateway {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            program: row.try_get("program")?,
            policy: row.try_get("policy")?,
            started: rows::time(row, "started")?,
            seen: rows::time(row, "seen")?,
            leases: row.try_get("leases")?,
        })
    };
    rows.fetch_all(db).await?.iter().map(gateway).collect()
}
