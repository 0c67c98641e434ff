//! Policies that were fetched, in memory and in one file, so that a restart does not open the door to whoever can keep a
//! policy from being fetched again.

use std::collections::HashMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::policy::Policy;

/// Domains that are remembered; beyond it, those that expire first are forgotten.
const REMEMBERED: usize = 50_000;

/// A policy as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The id that the DNS named.
    pub(super) id: String,
    pub(super) policy: Policy,
    pub(super) fetched: Timestamp,
}

impl Entry {
    fn end(&self) -> Timestamp {
        let age = SignedDuration::from_secs(i64::try_from(self.policy.max_age).unwrap_or(i64::MAX));
        self.fetched.checked_add(age).unwrap_or(Timestamp::MAX)
    }

    /// Whether it still holds.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        now < self.end()
    }

    /// Whether more than half of its time is over, so that it is time to fetch it again.
    pub(super) fn is_ageing(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.fetched).as_secs();
        u64::try_from(age).unwrap_or(0) > self.policy.max_age / 2
    }
}

/// The policies by domain.
pub(super) struct Cache {
    file: Option<PathBuf>,
    entries: Mutex<HashMap<String, Entry>>,
}

impl Cache {
    /// What the file holds. A file that cannot be read holds nothing, and is written anew.
    pub(super) fn open(file: Option<PathBuf>) -> Cache {
        let entries = file.as_deref().map(read).unwrap_or_default();
        Cache {
            file,
            entries: Mutex::new(entries),
        }
    }

    /// The policy of a domain, if it holds.
    pub(super) fn find(&self, domain: &str, now: Timestamp) -> Option<Entry> {
        self.lock().get(domain).filter(|entry| entry.holds(now)).cloned()
    }

    /// Remembers a policy, also on the disk. When the disk does not take it, the log says so.
    pub(super) fn keep(&self, domain: &str, entry: Entry, now: Timestamp) {
        let text = {
            let mut entries = self.lock();
            entries.insert(domain.to_owned(), entry);
            if entries.len() > REMEMBERED {
                entries.retain(|_, entry| entry.holds(now));
            }
            while entries.len() > REMEMBERED {
                let first = entries.iter().min_by_key(|(_, entry)| entry.end());
                let Some(domain) = first.map(|(domain, _)| domain.clone()) else {
                    break;
                };
                entries.remove(&domain);
            }
            serde_json::to_vec(&*entries)
        };
        let (Ok(text), Some(file)) = (text, &self.file) else {
            return;
        };
        if let Err(error) = write(file, &text) {
            tracing::warn!(file = %file.display(), %error, "fetched MTA-STS policies are not kept over a restart");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(file: &Path) -> HashMap<String, Entry> {
    let Ok(text) = std::fs::read(file) else {
        return HashMap::new();
    };
    serde_json::from_slice(&text).unwrap_or_else(|error| {
        tracing::warn!(file = %file.display(), %error, "kept MTA-STS policies cannot be read and are fetched again");
        HashMap::new()
    })
}

/// The whole file or none of it.
fn write(file: &Path, text: &[u8]) -> std::io::Result<()> {
    let new = file.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let mut handle = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    handle.write_all(text)?;
    handle.sync_all()?;
    std::fs::rename(&new, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn entry(max_age: u64) -> Entry {
        let text = format!("version: STSv1\nmode: enforce\nmx: a\nmax_age: {max_age}\n");
        Entry {
            id: "1".to_owned(),
            policy: Policy::parse(&text).unwrap(),
            fetched: NOW,
        }
    }

    fn after(seconds: i64) -> Timestamp {
        NOW.checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn a_policy_outlasts_a_restart_until_its_time_is_over() {
        let file = std::env::temp_dir().join(format!("sealgate-sts-{}.json", std::process::id()));
        let cache = Cache::open(Some(file.clone()));
        cache.keep("partner.example", entry(100), NOW);
        drop(cache);
        let again = Cache::open(Some(file.clone()));
        let found = again.find("partner.example", after(99)).unwrap();
        assert_eq!(found, entry(100));
        assert!(!found.is_ageing(after(50)) && found.is_ageing(after(51)));
        assert_eq!(again.find("partner.example", after(100)), None);
        std::fs::write(&file, "nonsense").unwrap();
        assert_eq!(Cache::open(Some(file.clone())).find("partner.example", NOW), None);
        std::fs::remove_file(&file).unwrap();
    }
}
