//! Opening: for the gateway, which recovers, and for commands, which disturb nothing.

use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use rusqlite::Connection;
use tokio::sync::Notify;

use super::bodies::{Bodies, RealDisk};
use super::flusher::{Flusher, LogFile};
use super::handover::Handover;
use super::housekeeper::Housekeeper;
use super::noted::{self, Notes};
use super::rows::all;
use super::schema::{self, Version};
use super::writer::{Desk, Effects};
use super::{Readers, Sqlite, deliveries, lock};
use crate::store::failure::Failure;
use crate::store::recent::Recent;
use crate::store::{OpenError, Settings};

impl Sqlite {
    /// See [`crate::store::Store::open`].
    pub(in crate::store) async fn open(settings: &Settings) -> Result<Sqlite, OpenError> {
        let complain = |reason| OpenError {
            place: settings.directory.display().to_string(),
            reason,
        };
        let lock = prepare(&settings.directory).map_err(complain)?;
        let database = settings.directory.join("sealgate.db");
        let bodies = bodies_of(settings);
        connect_and_recover(&database, &bodies)
            .and_then(|db| {
                let notes = Notes::begin(&settings.directory)?;
                Sqlite::assemble(settings, db, bodies, Some((lock, notes)))
            })
            .map_err(|failure| complain(failure.to_string()))
    }

    /// Whether there is something to attach to; what cannot be looked at counts as there, and is told on opening.
    pub(in crate::store) fn exists(settings: &Settings) -> bool {
        settings
            .directory
            .join("sealgate.db")
            .try_exists()
            .unwrap_or(true)
    }

    /// See [`crate::store::Store::attach`].
    pub(in crate::store) async fn attach(settings: &Settings) -> Result<Sqlite, OpenError> {
        let complain = |reason: String| OpenError {
            place: settings.directory.display().to_string(),
            reason,
        };
        let database = settings.directory.join("sealgate.db");
        match std::fs::File::open(&database) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let reason =
                    "there is no store. Is [store] directory right, and was the gateway ever started?";
                return Err(complain(reason.to_owned()));
            }
            Err(error) => return Err(complain(lock::in_words(&error))),
            Ok(_) => {}
        }
        connect_current(&database)
            .and_then(|db| Sqlite::assemble(settings, db, bodies_of(settings), None))
            .map_err(|failure| complain(failure.to_string()))
    }

    fn assemble(
        settings: &Settings,
        db: Connection,
        bodies: Bodies,
        own: Option<(lock::Lock, Notes)>,
    ) -> Result<Sqlite, Failure> {
        let (lock, notes) = own.unzip();
        let changed = Arc::new(Notify::new());
        let wake = Arc::clone(&changed);
        let days = i64::try_from(settings.keep_days).unwrap_or(i64::MAX);
        let (housekeeper, chores) =
            Housekeeper::start(bodies.clone(), &settings.directory.join("sealgate.db"))?;
        let (recent, handover) = (Arc::new(Recent::default()), Arc::new(Handover::default()));
        let (fresh, handed) = (Arc::clone(&recent), Arc::clone(&handover));
        let woken = move |effects: Effects| {
            fresh.keep(effects.bodies.into_iter());
            handed.put(effects.leased);
            if effects.wake {
                wake.notify_one();
            }
        };
        let flusher = Flusher::start(LogFile::of(&db), chores.clone(), woken)?;
        Ok(Sqlite {
            desk: Desk::start(db, flusher, (housekeeper, chores), lock)?,
            readers: Readers::new(&settings.directory.join("sealgate.db")),
            bodies,
            recent,
            handover,
            notes,
            changed,
            inline_limit: usize::try_from(settings.inline_kb.saturating_mul(1024)).unwrap_or(usize::MAX),
            keep: SignedDuration::from_secs(days.saturating_mul(86_400)),
            directory: settings.directory.clone(),
            reserve: settings.reserve_mb.saturating_mul(1024 * 1024),
        })
    }
}

/// Makes the directories, takes the lock, makes the database file.
fn prepare(directory: &Path) -> Result<lock::Lock, String> {
    let in_words = |error: std::io::Error| lock::in_words(&error);
    lock::make_directory(directory).map_err(in_words)?;
    let lock = lock::take(directory)?;
    lock::make_directory(&directory.join("bodies")).map_err(in_words)?;
    // SQLite gives its log and index the mode of this file.
    lock::make_file(&directory.join("sealgate.db")).map_err(in_words)?;
    Ok(lock)
}

fn connect_and_recover(database: &Path, bodies: &Bodies) -> Result<Connection, Failure> {
    let db = schema::write(database)?;
    if schema::version(&db)? == Version::Newer {
        return Err(Failure::Other(
            "it was made by a newer version of sealgate. Install that version".to_owned(),
        ));
    }
    schema::migrate(&db)?;
    deliveries::settle_noted(&db, &database.parent().map(noted::read).unwrap_or_default())?;
    deliveries::end_leases(&db)?;
    let named: Vec<String> = {
        let mut named = db.prepare_cached("SELECT file FROM bodies WHERE file IS NOT NULL")?;
        all(&mut named, [], |row| Ok(row.get(0)?))?
    };
    let removed = bodies.keep_only(&named.into_iter().collect())?;
    database.parent().map_or(Ok(()), lock::sync_directory)?;
    if removed > 0 {
        tracing::info!(removed, "deleted body files that a crash had left");
    }
    Ok(db)
}

fn connect_current(database: &Path) -> Result<Connection, Failure> {
    let db = schema::write(database)?;
    match schema::version(&db)? {
        Version::Current => Ok(db),
        Version::Older => Err(Failure::Other(
            "it was made by an older version of sealgate. Start the gateway once to bring it up to date"
                .to_owned(),
        )),
        Version::Newer => Err(Failure::Other(
            "it was made by a newer version of sealgate. Use that version".to_owned(),
        )),
    }
}

fn bodies_of(settings: &Settings) -> Bodies {
    Bodies::new(&settings.directory.join("bodies"), Arc::new(RealDisk))
}
