//! Policies that gateways with one store have from it: how they are published, checked, and put in force.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::config::{Bundle, Files, Settings};
use crate::detect::Rules;
use crate::message::{Secret, is_equal};
use crate::relay::Gateway;
use crate::smime::Vault;
use crate::store::{PolicySource, Publication, Store};

use super::config::in_lines;

/// How often a gateway looks whether there is something new.
const LOOK: Duration = Duration::from_secs(2);
/// How long it waits when what is new could not be put in force.
const LATER: Duration = Duration::from_secs(30);
/// How many publications are tried, from the newest on, until one serves.
const TRIED: u32 = 20;
const PURPOSE: &str = "published policies";

/// Where this gateway has its policies from.
pub struct Policies {
    settings: Settings,
    store: Store,
    secret: Secret,
}

/// Policies that may be put in force.
pub struct InForce {
    pub bundle: Bundle,
    /// The number under which they were published; 0 when they are from the folder.
    pub number: i64,
}

impl Policies {
    /// # Errors
    /// When the vault's key does not serve.
    pub fn new(settings: &Settings, store: &Store, vault: &Vault) -> Result<Policies, String> {
        Ok(Policies {
            settings: settings.clone(),
            store: store.clone(),
            secret: vault.secret().map_err(|error| error.to_string())?,
        })
    }

    /// What this gateway is to decide by now: what the folder holds, or the newest publication that is sound. An unsound
    /// one is told to the log, and the one before it counts.
    ///
    /// # Errors
    /// When there is nothing to decide by; every mistake in it.
    pub async fn choose(&self) -> Result<InForce, String> {
        if self.settings.store.policies == PolicySource::Folder {
            return self.folder();
        }
        let publications = self.store.publications(TRIED).await;
        let publications = publications.map_err(|error| error.to_string())?;
        if publications.is_empty() {
            tracing::warn!(
                "no policies are published yet, so those of the folder are in force; `sealgate policy publish` does it"
            );
            return self.folder();
        }
        for one in &publications {
            match self.open(one).and_then(|files| sound(files, one.number)) {
                Ok(bundle) => {
                    return Ok(InForce {
                        bundle,
                        number: one.number,
                    });
                }
                Err(why) => tracing::error!(number = one.number, "published policies are not used: {why}"),
            }
        }
        Err("no published policies can be used; publish sound ones with `sealgate policy publish`".to_owned())
    }

    fn folder(&self) -> Result<InForce, String> {
        let bundle = Bundle::load(&self.settings.policies);
        Ok(InForce {
            bundle: bundle.map_err(|mistakes| super::config::explain(&mistakes))?,
            number: 0,
        })
    }

    /// Publishes files that are sound, under the next number.
    ///
    /// # Errors
    /// Every mistake in them, or what the store says.
    pub async fn publish(&self, files: Files, author: String, note: String) -> Result<Publication, String> {
        let told = |error: crate::audit::TrailError| error.to_string();
        let version = files.version();
        sound(files.clone(), 0)?;
        let mut new = Publication {
            number: 0,
            version,
            author,
            note,
            at: Timestamp::now(),
            files: serde_json::to_string(&files).map_err(|error| error.to_string())?,
            mac: String::new(),
        };
        loop {
            new.number = self.store.last_publication().await.map_err(told)? + 1;
            new.mac = self.mac(&new);
            if self.store.publish(new.clone()).await.map_err(told)? {
                return Ok(new);
            }
        }
    }

    /// The files of a publication.
    ///
    /// # Errors
    /// When it was not written by somebody who has the vault's key.
    pub fn open(&self, one: &Publication) -> Result<Files, String> {
        if !is_equal(one.mac.as_bytes(), self.mac(one).as_bytes()) {
            return Err(
                "they do not come from somebody who has the vault's key, or were changed in the database"
                    .to_owned(),
            );
        }
        serde_json::from_str(&one.files).map_err(|_| {
            "another version of sealgate has published them; bring all gateways to that version".to_owned()
        })
    }

    fn mac(&self, one: &Publication) -> String {
        let at = one.at.as_microsecond().to_be_bytes();
        let number = one.number.to_be_bytes();
        let texts = [&one.version, &one.author, &one.note, &one.files].map(|text| text.as_bytes());
        let [version, author, note, files] = texts;
        let parts = [&number[..], &at, version, author, note, files];
        let mac = self.secret.mac(PURPOSE, &parts);
        mac.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// Puts in force what is published from now on, until `stopped` is done. `number` is what is in force.
    pub async fn follow(
        self: Arc<Self>,
        gateway: Arc<Gateway>,
        mut number: i64,
        reloads: Arc<Mutex<()>>,
        stopped: impl Future<Output = ()>,
    ) {
        tokio::pin!(stopped);
        if self.settings.store.policies == PolicySource::Folder {
            return stopped.await;
        }
        let mut pause = LOOK;
        loop {
            tokio::select! {
                () = &mut stopped => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = LOOK;
            // While the database is away there is nothing new, and others say so.
            let last = self.store.last_publication().await.unwrap_or(number);
            if last > number {
                // It may be the database that failed in the middle: only what is in force need not be tried again.
                match super::serve::reload(&gateway, &self, &reloads).await {
                    true => number = last,
                    false => pause = LATER,
                }
            }
        }
    }

    /// The settings of the gateway.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The store that it shares.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

/// What the files say, with rules that pass their own examples.
fn sound(files: Files, number: i64) -> Result<Bundle, String> {
    let file = match number {
        0 => "policy.toml".to_owned(),
        number => format!("publication {number}: policy.toml"),
    };
    let bundle = files
        .bundle(&file)
        .map_err(|mistakes| in_lines("the policy", &mistakes))?;
    let rules = Rules::compile(&bundle.rules).map_err(|mistakes| in_lines("the rules", &mistakes))?;
    let failures = rules.prove();
    match failures.is_empty() {
        true => Ok(bundle),
        false => Err(in_lines("the examples", &failures)),
    }
}
