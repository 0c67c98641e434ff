//! Users in an LDAP directory: found by a search, known by a bind with their password (RFC 4513 §5.1).
//!
//! | what happens | what it comes to |
//! |---|---|
//! | one entry is found, and takes the password | it is that user |
//! | none is found, more than one is, or the entry refuses | it is not |
//! | no answer in time, no connection, any other answer | nobody knows: `454 4.7.0`, and never success |
//!
//! An empty password is never sent: many directories take a bind without password for one of nobody, and say that it was
//! successful (RFC 4513 §5.1.2).

mod settings;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ldap3::{LdapError, Scope, SearchEntry, SearchOptions, ldap_escape};
use tokio::sync::Semaphore;

use crate::ldap::{Connection, Server};
use crate::message::{Address, Secret, is_equal};

pub use settings::{Depth, DirectorySettings};

/// Users that are remembered at once; more are asked for each time.
const KEPT: usize = 10_000;
/// Addresses that one user may have.
const ADDRESSES: usize = 1_000;

/// The directory did not say.
#[derive(Debug, thiserror::Error)]
pub(in crate::smtp) enum Silence {
    #[error("no answer in time")]
    Slow,
    #[error(transparent)]
    Ldap(#[from] LdapError),
    #[error("an answer that cannot be read")]
    Unreadable,
}

/// Where users are looked for.
#[derive(Clone)]
pub(in crate::smtp) struct Directory(Arc<Desk>);

struct Desk {
    settings: DirectorySettings,
    server: Server,
    /// Places for questions.
    room: Semaphore,
    /// Of this process, and made anew with it: what is remembered of a password proves nothing elsewhere.
    secret: Secret,
    memory: Mutex<HashMap<String, Entry>>,
}

/// What the directory has said of a user.
#[derive(Clone)]
struct Entry {
    said: Instant,
    senders: Arc<Vec<Address>>,
    /// A MAC of the password that it has taken.
    proved: Option<[u8; 32]>,
}

/// An entry of the directory.
struct Found {
    dn: String,
    senders: Vec<Address>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Directory({})", self.url())
    }
}

impl Directory {
    /// Reads the files; asks nothing yet.
    ///
    /// # Errors
    /// What the administrator has to mend.
    pub(in crate::smtp) fn open(settings: &DirectorySettings) -> Result<Directory, String> {
        Ok(Directory(Arc::new(Desk {
            settings: settings.clone(),
            server: Server::new(&settings.endpoint())?,
            room: Semaphore::new(settings.connections),
            secret: Secret::passing().map_err(|error| format!("a key for passwords: {error}"))?,
            memory: Mutex::default(),
        })))
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        self.0.server.url()
    }

    /// Whether the password is this user's.
    ///
    /// # Errors
    /// When the directory did not say; nobody must be let in then.
    pub(super) async fn login(&self, name: &str, password: &str) -> Result<bool, Silence> {
        let name = fold(name);
        if password.is_empty() || name.is_empty() {
            return Ok(false);
        }
        let mac = self
            .0
            .secret
            .mac("password of a user", &[name.as_bytes(), password.as_bytes()]);
        let known = self.0.remembered(&name).and_then(|entry| entry.proved);
        if known.is_some_and(|known| is_equal(&known, &mac)) {
            return Ok(true);
        }
        let password = zeroize::Zeroizing::new(password.to_owned());
        let (desk, asked) = (Arc::clone(&self.0), name.clone());
        let found = self
            .ask(async move { desk.login(&asked, &password).await })
            .await?;
        let is_user = found.is_some();
        if let Some(found) = found {
            self.0.remember(name, found.senders, Some(mac));
        }
        Ok(is_user)
    }

    /// The addresses of a user, or `None` when there is no such user any more.
    ///
    /// # Errors
    /// When the directory did not say.
    pub(super) async fn senders(&self, name: &str) -> Result<Option<Arc<Vec<Address>>>, Silence> {
        let name = fold(name);
        if let Some(entry) = self.0.remembered(&name) {
            return Ok(Some(entry.senders));
        }
        let (desk, asked) = (Arc::clone(&self.0), name.clone());
        let found = self
            .ask(async move {
                let mut connection = desk.server.connect().await?;
                desk.find(&mut connection, &asked).await
            })
            .await?;
        Ok(found.map(|found| self.0.remember(name, found.senders, None)))
    }

    /// Asks in a task of its own, within the time that there is and with the others that ask.
    async fn ask(
        &self,
        question: impl Future<Output = Result<Option<Found>, Silence>> + Send + 'static,
    ) -> Result<Option<Found>, Silence> {
        let time = Duration::from_secs(self.0.settings.timeout_seconds);
        let desk = Arc::clone(&self.0);
        let task = tokio::spawn(async move {
            let within = async {
                let _place = desk.room.acquire().await.map_err(|_| Silence::Slow)?;
                question.await
            };
            tokio::time::timeout(time, within)
                .await
                .unwrap_or(Err(Silence::Slow))
        });
        // The library panics at entries that are none.
        task.await.unwrap_or(Err(Silence::Unreadable))
    }
}

impl Desk {
    async fn login(&self, name: &str, password: &str) -> Result<Option<Found>, Silence> {
        let mut connection = self.server.connect().await?;
        let Some(found) = self.find(&mut connection, name).await? else {
            return Ok(None);
        };
        let answer = connection.ldap.simple_bind(&found.dn, password).await?;
        match answer.rc {
            0 => Ok(Some(found)),
            // RFC 4511 §A.2: inappropriateAuthentication, invalidCredentials, insufficientAccessRights, unwillingToPerform,
            // constraintViolation, noSuchObject: it does not let this user in.
            48 | 49 | 50 | 53 | 19 | 32 => Ok(None),
            _ => Err(answer.success().err().map_or(Silence::Unreadable, Silence::Ldap)),
        }
    }

    /// The entry of that name, if there is exactly one.
    async fn find(&self, connection: &mut Connection, name: &str) -> Result<Option<Found>, Silence> {
        let settings = &self.settings;
        let limits = SearchOptions::new()
            .sizelimit(2)
            .timelimit(i32::try_from(settings.timeout_seconds).unwrap_or(i32::MAX));
        let scope = match settings.scope {
            Depth::Subtree => Scope::Subtree,
            Depth::OneLevel => Scope::OneLevel,
            Depth::Base => Scope::Base,
        };
        let filter = settings.filter.replace("{user}", &ldap_escape(name));
        let search = connection
            .ldap
            .with_search_options(limits)
            .search(&settings.base, scope, &filter, &settings.sender_attributes)
            .await?;
        let (entries, answer) = (search.0, search.1);
        // RFC 4511 §A.1: sizeLimitExceeded says that there are more than the two that were asked for.
        if answer.rc != 4 {
            answer.success()?;
        }
        let mut people = entries
            .into_iter()
            .filter(|entry| !entry.is_ref() && !entry.is_intermediate())
            .map(SearchEntry::construct);
        match (people.next(), people.next()) {
            (None, _) => Ok(None),
            // Without a DN, the bind would be one of nobody.
            (Some(entry), None) if !entry.dn.is_empty() => Ok(Some(Found {
                senders: senders(&entry, &settings.sender_attributes),
                dn: entry.dn,
            })),
            _ => {
                tracing::warn!(
                    directory = self.server.url(),
                    "a login was refused: the filter finds more than one entry for the name"
                );
                Ok(None)
            }
        }
    }

    fn remembered(&self, name: &str) -> Option<Entry> {
        let good_for = Duration::from_secs(self.settings.cache_seconds);
        let memory = self.memory();
        memory
            .get(name)
            .filter(|entry| entry.said.elapsed() < good_for)
            .cloned()
    }

    fn remember(&self, name: String, senders: Vec<Address>, proved: Option<[u8; 32]>) -> Arc<Vec<Address>> {
        let senders = Arc::new(senders);
        let good_for = Duration::from_secs(self.settings.cache_seconds);
        let mut memory = self.memory();
        if memory.len() >= KEPT {
            memory.retain(|_, entry| entry.said.elapsed() < good_for);
        }
        if memory.len() < KEPT && !good_for.is_zero() {
            let entry = Entry {
                said: Instant::now(),
                senders: Arc::clone(&senders),
                proved,
            };
            memory.insert(name, entry);
        }
        senders
    }

    /// A panic elsewhere leaves the table whole, so the lock is good in any case.
    fn memory(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One way of writing a name, as directories compare it (RFC 4518 §2): whoever writes it otherwise is no other user, and has no
/// other limits.
pub(super) fn fold(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// The addresses among the values. Active Directory writes `SMTP:ann@agency.example`, and other kinds beside it.
fn senders(entry: &SearchEntry, attributes: &[String]) -> Vec<Address> {
    let is_wanted = |name: &str| attributes.iter().any(|one| one.eq_ignore_ascii_case(name));
    let values = entry.attrs.iter().filter(|(name, _)| is_wanted(name));
    let values = values.flat_map(|(_, values)| values);
    let address = |value: &String| {
        let value = match value.split_at_checked(5) {
            Some((kind, rest)) if kind.eq_ignore_ascii_case("smtp:") => rest,
            _ => value.as_str(),
        };
        value.trim().parse().ok()
    };
    values.filter_map(address).take(ADDRESSES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_way_of_writing_and_cannot_become_part_of_the_filter() {
        assert_eq!(fold("  Ann   LEE "), "ann lee");
        assert_eq!(ldap_escape("a*)(uid=\\b\0"), "a\\2a\\29\\28uid=\\5cb\\00");
    }

    #[test]
    fn senders_are_whole_addresses_of_the_named_attributes() {
        let entry = SearchEntry {
            dn: "uid=ann".to_owned(),
            attrs: HashMap::from([
                (
                    "proxyAddresses".to_owned(),
                    [
                        "SMTP:ann@agency.example",
                        "smtp:a.lee@agency.example",
                        "X500:/o=agency",
                        "*",
                        "@agency.example",
                    ]
                    .map(str::to_owned)
                    .to_vec(),
                ),
                ("mail".to_owned(), vec!["other@agency.example".to_owned()]),
            ]),
            bin_attrs: HashMap::new(),
        };
        let found: Vec<String> = senders(&entry, &["proxyaddresses".to_owned()])
            .iter()
            .map(Address::to_string)
            .collect();
        assert_eq!(found, ["ann@agency.example", "a.lee@agency.example"]);
    }
}
