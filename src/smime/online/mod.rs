//! What issuers publish about their certificates: revocation lists (RFC 5280 §5), OCSP (RFC 6960) and the
//! certificates of CAs that are missing in a path (RFC 5280 §4.2.2.1), fetched by HTTP.
//!
//! Must not know: what follows from it for a recipient (that is [`super::trust`] and [`super::choice`]).
//!
//! Where to ask stands in certificates, and anybody can write a certificate. So only hosts that an administrator has
//! named are asked, only by plain HTTP, and no redirect is followed. What comes back counts by its signature.

mod fetched;
mod http;
mod ocsp;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openssl::x509::X509;
use serde::Deserialize;
use tokio::sync::Notify;

use super::Certificate;
use super::trust::Trust;

pub use fetched::Refreshed;
pub(super) use fetched::{intermediates, lists};
use http::Http;
use ocsp::Responders;
pub(super) use ocsp::Status;

/// What may be fetched, and from where: `[certificates.online]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether revocation lists are fetched from the places that certificates name.
    pub crls: bool,
    /// Whether OCSP responders are asked.
    pub ocsp: Ocsp,
    /// Whether certificates of CAs that are missing in a path are fetched.
    pub intermediates: bool,
    /// Hosts that may be asked: names, and `*.ca.example` for all below one.
    pub hosts: Vec<String>,
    /// Seconds that one question may take.
    pub timeout_seconds: u64,
    /// Folder where what was fetched is kept.
    pub folder: PathBuf,
}

/// What OCSP is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ocsp {
    /// Nobody is asked.
    #[default]
    Off,
    /// A certificate that its responder calls revoked is not used; silence says nothing.
    Ask,
    /// A certificate is used only when its responder calls it good.
    Require,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            crls: false,
            ocsp: Ocsp::Off,
            intermediates: false,
            hosts: Vec::new(),
            timeout_seconds: 5,
            folder: PathBuf::from("/var/lib/sealgate/fetched"),
        }
    }
}

impl Settings {
    /// Whether anything is fetched at all.
    pub fn is_on(&self) -> bool {
        self.crls || self.intermediates || self.ocsp != Ocsp::Off
    }

    /// Every setting that makes no sense, and how to mend it.
    pub fn mistakes(&self) -> Vec<String> {
        let mut list = Vec::new();
        if self.is_on() && self.hosts.is_empty() {
            list.push(
                "`hosts` is empty, so nobody would be asked: name the hosts of your partners' CAs, like \
                 hosts = [\"crl.ca.example\", \"*.ca.example\"]"
                    .to_owned(),
            );
        }
        for host in &self.hosts {
            if !http::is_host(host) {
                list.push(format!(
                    "`hosts`: {host:?} is no host; write a name like \"crl.ca.example\", or \"*.ca.example\" for all \
                     below it"
                ));
            }
        }
        if self.timeout_seconds == 0 || self.timeout_seconds > 30 {
            list.push(
                "`timeout_seconds` must be between 1 and 30 seconds: a message waits for the first answer"
                    .to_owned(),
            );
        }
        if self.folder.exists() && !self.folder.is_dir() {
            list.push(format!("`folder` is a file: {}", self.folder.display()));
        }
        list
    }
}

/// How many places and certificates are remembered at most until they are asked for.
const WANTED: usize = 10_000;

/// Asks the places that certificates name. Cheap to share; what it has learned outlives a reload of certificates.
pub struct Online {
    settings: Settings,
    http: Arc<Http>,
    responders: Responders,
    wanted: Mutex<Wanted>,
    news: Notify,
}

/// What the next round should fetch.
#[derive(Debug, Clone, Default)]
struct Wanted {
    lists: BTreeSet<String>,
    /// Places of issuers' certificates, with one that names each.
    issuers: BTreeMap<String, Arc<Certificate>>,
}

impl Online {
    /// None when nothing is to be fetched.
    pub fn start(settings: &Settings) -> Option<Arc<Online>> {
        settings.is_on().then(|| Arc::new(Online::new(settings)))
    }

    fn new(settings: &Settings) -> Online {
        let timeout = Duration::from_secs(settings.timeout_seconds.clamp(1, 30));
        let http = Arc::new(Http::new(settings.hosts.clone(), timeout));
        Online {
            responders: Responders::new(Arc::clone(&http), timeout),
            settings: settings.clone(),
            http,
            wanted: Mutex::default(),
            news: Notify::new(),
        }
    }

    /// Returns when a certificate came up that names a place nobody has looked at yet.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// A certificate that is weighed: the lists of its issuers will be fetched in the next round.
    pub(super) fn note(&self, certificate: &Certificate) {
        if self.settings.crls {
            self.want(&certificate.places().lists, |wanted, place| {
                wanted.lists.insert(place)
            });
        }
    }

    /// A certificate whose issuer is not known: it will be fetched in the next round.
    pub(super) fn note_lost(&self, certificate: &Arc<Certificate>) {
        if self.settings.intermediates {
            self.want(&certificate.places().issuers, |wanted, place| {
                wanted.issuers.insert(place, Arc::clone(certificate)).is_none()
            });
        }
    }

    fn want(&self, places: &[String], add: impl Fn(&mut Wanted, String) -> bool) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let room = WANTED.saturating_sub(wanted.lists.len() + wanted.issuers.len());
        let allowed = places.iter().filter(|place| self.http.allows(place));
        // Every place is added, whichever of them is new.
        let new = allowed
            .take(room)
            .filter(|place| add(&mut wanted, (*place).clone()))
            .count()
            > 0;
        if new {
            self.news.notify_one();
        }
    }

    /// What the issuer says of a certificate now; none when nobody is to be asked.
    pub(super) async fn status(
        &self,
        certificate: &Arc<Certificate>,
        issuer: X509,
        now: jiff::Timestamp,
    ) -> Option<Status> {
        if self.settings.ocsp == Ocsp::Off {
            return None;
        }
        let status = self.responders.status(certificate, issuer, now).await;
        match status {
            Status::Silent(_) if self.settings.ocsp == Ocsp::Ask => None,
            status => Some(status),
        }
    }

    /// Fetches what is missing or due. Blocks: for threads that may.
    pub(super) fn refresh(&self, trust: &Trust, now: jiff::Timestamp) -> Refreshed {
        // What comes up again meanwhile is no news: places stay wanted, since lists grow old.
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut lists = wanted.lists;
        if self.settings.crls {
            let named = trust
                .authorities()
                .flat_map(|authority| &authority.places().lists);
            lists.extend(named.filter(|place| self.http.allows(place)).cloned());
        }
        let refreshed = fetched::refresh(
            &self.http,
            &self.settings.folder,
            (&lists, &wanted.issuers),
            trust,
            now,
        );
        let mut still = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |place: &str| refreshed.failed.iter().any(|(failed, _)| failed == place);
        still
            .issuers
            .retain(|place, _| failed(place) || !wanted.issuers.contains_key(place));
        refreshed
    }
}
