//! Connections to the database: how they are set up, how long anything may take, and what happens when one is lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

use crate::message::Boxed;
use crate::store::failure::Failure;

/// How long a caller waits for a connection.
const TURN: Duration = Duration::from_secs(10);
/// How long one piece of work may take on a connection, a little longer than the server itself lets a statement go on. A
/// network that is cut off does not tell; without this, a sender would wait for a quarter of an hour.
const PATIENCE: Duration = Duration::from_secs(25);
/// The same for a walk over all records.
const LONG_PATIENCE: Duration = Duration::from_secs(3600);
/// A connection that nobody used for so long is tried before it is used.
const FRESH: Duration = Duration::from_secs(2);

/// What holds for every session. `synchronous_commit` is the promise of the `250`: a server that is told to acknowledge
/// before its disk does would break it. The time-outs end what a gateway that was cut off has left open, above all the
/// lock on the hash chain, for which all others would wait. `tls_wishes` is for the triggers that keep mail from gateways
/// that do not know of them (`schema_3.sql`).
const SESSION: &str = "
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
    SET statement_timeout = '20s';
    SET lock_timeout = '15s';
    SET idle_in_transaction_session_timeout = '10s';
    SET tcp_keepalives_idle = 10;
    SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = '30s';
    SET sealgate.tls_wishes = 'known'";

/// A way to the database. Cloning shares it.
#[derive(Clone)]
pub(super) struct Link {
    pool: PgPool,
    options: PgConnectOptions,
    lost: Lost,
}

/// When a connection was lost last. What the pool has had since before that is probably lost, too.
#[derive(Clone, Default)]
struct Lost(Arc<Mutex<Option<Instant>>>);

impl Lost {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection that nobody has used for so long must be tried before it is used.
    fn is_doubtful(&self, idle: Duration) -> bool {
        let lost = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle >= FRESH || lost.is_some_and(|lost| lost.elapsed() <= idle)
    }
}

impl Link {
    /// Prepares up to `connections` of them; none is opened yet.
    pub(super) fn new(options: PgConnectOptions, connections: u32) -> Link {
        let lost = Lost::default();
        let doubt = lost.clone();
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(TURN)
            .test_before_acquire(false)
            .after_connect(|db, _| Box::pin(begin_session(db)))
            .before_acquire(move |db, about| {
                let is_doubtful = doubt.is_doubtful(about.idle_for);
                Box::pin(async move {
                    if !is_doubtful {
                        return Ok(true);
                    }
                    Ok(matches!(tokio::time::timeout(FRESH, db.ping()).await, Ok(Ok(()))))
                })
            })
            .connect_lazy_with(options.clone());
        Link { pool, options, lost }
    }

    /// One session of its own, beside the others.
    pub(super) async fn session(&self) -> Result<PgConnection, Failure> {
        let connect = async {
            let mut db = PgConnection::connect_with(&self.options).await?;
            begin_session(&mut db).await?;
            Ok::<_, sqlx::Error>(db)
        };
        Ok(tokio::time::timeout(TURN, connect)
            .await
            .map_err(|_| too_slow())??)
    }

    /// Runs work on a connection. After a failure, nothing of a transaction is kept, unless its very COMMIT was
    /// underway: then nobody knows, and the caller has to take it as not done.
    pub(super) async fn run<T, W>(&self, work: W) -> Result<T, Failure>
    where
        W: for<'a> FnOnce(&'a mut PgConnection) -> Boxed<'a, Result<T, sqlx::Error>>,
    {
        self.run_within(PATIENCE, work).await
    }

    /// The same for work that reads very much, statement by statement.
    pub(super) async fn run_long<T, W>(&self, work: W) -> Result<T, Failure>
    where
        W: for<'a> FnOnce(&'a mut PgConnection) -> Boxed<'a, Result<T, sqlx::Error>>,
    {
        self.run_within(LONG_PATIENCE, work).await
    }

    async fn run_within<T, W>(&self, patience: Duration, work: W) -> Result<T, Failure>
    where
        W: for<'a> FnOnce(&'a mut PgConnection) -> Boxed<'a, Result<T, sqlx::Error>>,
    {
        let mut connection = self.pool.acquire().await?;
        let done = match tokio::time::timeout(patience, work(&mut connection)).await {
            Ok(done) => done.map_err(Failure::from),
            Err(_) => Err(too_slow()),
        };
        if let Err(Failure::Unreachable(_)) = &done {
            self.lost.note();
            // What is left of it may still be talking about the work.
            drop(connection.detach());
        }
        done
    }

    /// Whether [`Link::close`] was called.
    pub(super) fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    /// Ends all sessions; what is asked later fails.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// What [`crate::store::Store::open`] insists on.
///
/// # Errors
/// In words for an administrator.
pub(super) async fn check_server(db: &mut PgConnection) -> Result<(), Failure> {
    let (version, encoding, fsync, pages, commit): (i32, String, String, String, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding'),
                current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')",
    )
    .fetch_one(db)
    .await?;
    let complaint = if version < 150_000 {
        "the server is older than PostgreSQL 15"
    } else if encoding != "UTF8" {
        "the database is not in UTF-8; make it with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
    } else if fsync != "on" {
        "the server runs with fsync = off, so accepted mail could be lost; set fsync = on"
    } else if pages != "on" {
        "the server runs with full_page_writes = off, so accepted mail could be lost; set full_page_writes = on"
    } else if commit == "off" {
        "synchronous_commit cannot be turned on, so accepted mail could be lost"
    } else {
        return Ok(());
    };
    Err(Failure::Other(complaint.to_owned()))
}

async fn begin_session(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(SESSION).execute(db).await?;
    Ok(())
}

fn too_slow() -> Failure {
    Failure::Unreachable("it did not answer in time".to_owned())
}
