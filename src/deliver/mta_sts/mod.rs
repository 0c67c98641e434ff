//! MTA-STS (RFC 8461): a domain says, in the DNS and over HTTPS, which exchangers it has and that their TLS is verified.

mod cache;
mod fetch;
mod policy;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::dns::{Dns, NoAnswer};
use super::report::{self, Failure, PolicyType};
use cache::{Cache, Entry};
pub(super) use fetch::Fetcher;
pub(super) use policy::{Mode, Policy};

/// How long nobody tries again to fetch a policy that could not be fetched (RFC 8461 §3.3: five minutes or longer).
const REST: Duration = Duration::from_secs(300);
/// Locks that keep two from fetching the same policy at once; domains share them.
const LOCKS: usize = 64;

/// How policies are fetched: `[deliver.mta_sts]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MtaStsSettings {
    /// File in which fetched policies outlast a restart.
    pub cache: Option<PathBuf>,
    /// PEM file with the CAs of the hosts that policies are fetched from; the system's when left out.
    pub ca_file: Option<PathBuf>,
    /// Seconds that fetching one may take.
    pub timeout_seconds: u64,
}

impl Default for MtaStsSettings {
    fn default() -> Self {
        MtaStsSettings {
            cache: None,
            ca_file: None,
            timeout_seconds: 20,
        }
    }
}

impl MtaStsSettings {
    /// What is wrong with them; each sentence begins with the setting's name.
    pub fn mistakes(&self) -> Vec<String> {
        let mut list = Vec::new();
        if self.timeout_seconds == 0 || self.timeout_seconds > 60 {
            list.push("`timeout_seconds` must be from 1 to 60; 20 is usual".to_owned());
        }
        list.extend(Fetcher::new(self.ca_file.as_deref(), Duration::ZERO).err());
        list
    }
}

/// The policies of domains.
pub(super) struct MtaSts {
    cache: Arc<Cache>,
    pub(super) fetcher: Fetcher,
    timeout: Duration,
    /// Domains whose policy could not be fetched, with the end of their rest.
    resting: Lock<HashMap<String, Instant>>,
    locks: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl MtaSts {
    /// Reads what was kept.
    ///
    /// # Errors
    /// What to change in the settings.
    pub(super) fn new(settings: &MtaStsSettings) -> Result<MtaSts, String> {
        let timeout = Duration::from_secs(settings.timeout_seconds);
        Ok(MtaSts {
            cache: Arc::new(Cache::open(settings.cache.clone())),
            fetcher: Fetcher::new(settings.ca_file.as_deref(), timeout)?,
            timeout,
            resting: Lock::default(),
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            hasher: RandomState::new(),
        })
    }

    /// The policy in force for a domain; `None` when it has none. A policy that was known stays in force until its time
    /// is over, whatever happens to its record and its host meanwhile (RFC 8461 §5.1, §10.2).
    pub(super) async fn policy(&self, dns: &Dns, domain: &str) -> Option<Policy> {
        let domain = idna::domain_to_ascii(domain).ok()?;
        let now = Timestamp::now();
        let known = self.cache.find(&domain, now);
        let in_force = |entry: Option<Entry>| {
            entry
                .map(|entry| entry.policy)
                .filter(|policy| policy.mode != Mode::None)
        };
        let id = match dns.txt(&format!("_mta-sts.{domain}")).await {
            Ok(answer) => policy::id(&answer.found),
            Err(NoAnswer::NoSuchName | NoAnswer::Later(_)) => None,
        };
        let Some(id) = id else {
            return in_force(known);
        };
        let is_fresh = |entry: &Entry| entry.id == id && !entry.is_ageing(now);
        if known.as_ref().is_some_and(is_fresh) || self.rests(&domain) {
            return in_force(known);
        }
        let place = usize::try_from(self.hasher.hash_one(&domain)).unwrap_or(0) % LOCKS;
        let _one_at_a_time = match self.locks.get(place) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        };
        // Somebody else may have fetched it, or failed to, while we waited.
        let known = self.cache.find(&domain, now);
        if known.as_ref().is_some_and(is_fresh) || self.rests(&domain) {
            return in_force(known);
        }
        match self.fetch(dns, &domain).await {
            Ok(policy) => {
                let entry = Entry {
                    id,
                    policy,
                    fetched: now,
                };
                let (cache, kept) = (Arc::clone(&self.cache), entry.clone());
                // In force in any case; what the disk says is in the log.
                let _ = tokio::task::spawn_blocking(move || cache.keep(&domain, kept, now)).await;
                in_force(Some(entry))
            }
            Err((failure, why)) => {
                report::line(PolicyType::Sts, &domain, "", failure, &why);
                self.rest(&domain);
                in_force(known)
            }
        }
    }

    async fn fetch(&self, dns: &Dns, domain: &str) -> Result<Policy, (Failure, String)> {
        let fail = |why: String| (Failure::PolicyFetch, why);
        let addresses = match dns.addresses(&format!("mta-sts.{domain}")).await {
            Ok(answer) if !answer.found.is_empty() => answer.found,
            Ok(_) | Err(NoAnswer::NoSuchName) => return Err(fail("its host has no address".to_owned())),
            Err(NoAnswer::Later(why)) => return Err(fail(why)),
        };
        let (fetcher, owned) = (self.fetcher.clone(), domain.to_owned());
        let work = tokio::task::spawn_blocking(move || fetcher.fetch(&owned, &addresses));
        match tokio::time::timeout(self.timeout, work).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(fail("fetching it was interrupted".to_owned())),
            Err(_) => Err(fail("it took too long".to_owned())),
        }
    }

    fn rests(&self, domain: &str) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(domain).is_some_and(|end| *end > Instant::now())
    }

    fn rest(&self, domain: &str) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        resting.retain(|_, end| *end > now);
        resting.insert(domain.to_owned(), now + REST);
    }
}
