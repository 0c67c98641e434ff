//! Opening: for a gateway, which enters the list of those at work, and for commands, which disturb nothing.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use sqlx::Connection;
use tokio::sync::Notify;

use super::Postgres;
use super::desk::Desk;
use super::link::{Link, check_server};
use super::members::Member;
use super::schema::{self, STEPS, Version};
use super::under_way::UnderWay;
use crate::store::failure::Failure;
use crate::store::recent::Recent;
use crate::store::{OpenError, Settings, place};

impl Postgres {
    /// See [`crate::store::Store::open`].
    pub(in crate::store) async fn open(settings: &Settings) -> Result<Postgres, OpenError> {
        let (link, complain) = reach(settings)?;
        // The gateway's own keys lie there, whichever store it has.
        let folder = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&settings.directory);
        folder.map_err(|error| OpenError {
            place: settings.directory.display().to_string(),
            reason: error.to_string(),
        })?;
        let changed = Arc::new(Notify::new());
        let wake = Arc::clone(&changed);
        let under_way = UnderWay::default();
        let known = under_way.clone();
        let opened = async {
            let mut db = link.session().await?;
            check_server(&mut db).await?;
            if schema::migrate(&mut db, STEPS).await? == Version::Newer {
                return Err(Failure::Other(
                    "it was changed by a newer version of sealgate. Install that version".to_owned(),
                ));
            }
            db.close().await?;
            Member::enter(&link, name(settings), known, move || wake.notify_one()).await
        };
        let member = opened.await.map_err(complain)?;
        Ok(Postgres::assemble(settings, link, (member, under_way), changed))
    }

    /// See [`crate::store::Store::attach`]; `None` when there is no store in the database.
    pub(in crate::store) async fn attach(settings: &Settings) -> Result<Option<Postgres>, OpenError> {
        let (link, complain) = reach(settings)?;
        let looked = async {
            let mut db = link.session().await?;
            let version = schema::version(&mut db, STEPS.len()).await?;
            db.close().await?;
            match version {
                Version::None => Ok(None),
                Version::Usable => Ok(Some(())),
                Version::Older => Err(Failure::Other(
                    "it was made by an older version of sealgate. Start a gateway once to bring it up to date"
                        .to_owned(),
                )),
                Version::Newer => Err(Failure::Other(
                    "it was changed by a newer version of sealgate. Use that version".to_owned(),
                )),
            }
        };
        let found = looked.await.map_err(complain)?;
        let nobody = (Member::none(), UnderWay::default());
        Ok(found.map(|()| Postgres::assemble(settings, link, nobody, Arc::new(Notify::new()))))
    }

    fn assemble(
        settings: &Settings,
        link: Link,
        (member, under_way): (Member, UnderWay),
        changed: Arc<Notify>,
    ) -> Postgres {
        let days = i64::try_from(settings.keep_days).unwrap_or(i64::MAX);
        Postgres {
            commits: Desk::start(link.clone()),
            settlements: Desk::start(link.clone()),
            link,
            member,
            under_way,
            recent: Recent::default(),
            changed,
            inline_limit: usize::try_from(settings.inline_kb.saturating_mul(1024)).unwrap_or(usize::MAX),
            keep: SignedDuration::from_secs(days.saturating_mul(86_400)),
        }
    }
}

/// The way to the database, and how to complain of it.
fn reach(settings: &Settings) -> Result<(Link, impl Fn(Failure) -> OpenError), OpenError> {
    let options = settings.connect_options().map_err(|reason| OpenError {
        place: settings.directory.display().to_string(),
        reason,
    })?;
    let place = place::in_words(&options);
    let complain = move |failure: Failure| OpenError {
        place: place.clone(),
        reason: failure.to_string(),
    };
    Ok((Link::new(options, settings.connections), complain))
}

/// What this gateway is called among the others.
fn name(settings: &Settings) -> String {
    let of_host = || std::fs::read_to_string(PathBuf::from("/proc/sys/kernel/hostname")).ok();
    let name = settings.gateway.clone().or_else(of_host);
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "gateway".to_owned())
}
