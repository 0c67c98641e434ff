//! Own keys: which one signs for a sender, and why another one does not.
//!
//! Must not know: messages. A key is a file in one folder: the private key, sealed, with its certificate and the CAs
//! above it; or the certificate alone, where the private key is in an HSM.

mod choice;
mod file;
#[cfg(feature = "pkcs11")]
mod hsm;
mod ring;
mod sealed;
mod secret;
mod software;

use std::path::PathBuf;
use std::sync::Arc;

use crate::message::{Pattern, PatternError};

use super::Certificate;
use super::signing::Scheme;

pub use choice::KeyChoice;
pub use file::{KeyFile, pkcs8_of, write_key_file};
pub use ring::KeyRing;
pub use sealed::{open, seal};
pub use secret::{Secret, private_file};
pub use software::SoftwareKey;

/// Own keys: `[keys]` in the settings.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Folder with the keys; without it, nothing is signed.
    pub folder: Option<PathBuf>,
    /// File with the secret that private keys are sealed with.
    pub secret_file: Option<PathBuf>,
    /// `[[keys.for]]`: for whom a key signs, beside or instead of those whom its certificate names.
    #[serde(rename = "for")]
    pub rules: Vec<Rule>,
    /// `[keys.pkcs11]`: the HSM.
    pub pkcs11: Hsm,
}

/// `[[keys.for]]`: for whom one key signs.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Senders: addresses, `@domain`, `@*.domain`, `*`.
    pub senders: Vec<String>,
    /// The file in the folder.
    pub file: String,
}

/// `[keys.pkcs11]`: where keys without a file of their own are.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hsm {
    /// The vendor's PKCS#11 library; without it, there is no HSM.
    pub module: Option<PathBuf>,
    /// The label of the token.
    pub token: String,
    /// File with the PIN.
    pub pin_file: Option<PathBuf>,
}

/// What makes signatures.
pub trait SigningKey: Send + Sync {
    /// Signs a message, which is hashed by the scheme's hash first.
    ///
    /// # Errors
    /// Says why not, for people. It may work the next time.
    fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String>;
}

/// A key of our own, with its certificate.
pub struct OwnKey {
    file: PathBuf,
    certificate: Certificate,
    chain: Vec<Certificate>,
    key: Arc<dyn SigningKey>,
    /// Whom the settings give it to; empty when they do not say.
    senders: Vec<Pattern>,
    place: &'static str,
}

impl OwnKey {
    /// The file it came from.
    pub fn file(&self) -> &std::path::Path {
        &self.file
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The CA certificates that stand beside it, roots left out.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// For whom it signs by the settings; empty when only its certificate says it.
    pub fn senders(&self) -> &[Pattern] {
        &self.senders
    }

    /// Where the private key is, for people: `file`, `HSM`.
    pub fn place(&self) -> &'static str {
        self.place
    }

    /// Signs a message.
    ///
    /// # Errors
    /// Says why not, for people.
    pub fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String> {
        self.key.sign(scheme, message)
    }
}

impl std::fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnKey({})", self.certificate.fingerprint())
    }
}

impl Settings {
    /// What is wrong with these settings; each begins with the setting's name.
    pub fn mistakes(&self) -> Vec<String> {
        let mut list = Vec::new();
        if let Some(folder) = self.folder.as_ref().filter(|folder| !folder.is_dir()) {
            list.push(format!(
                "`folder` is no folder: {}; make it (mode 0700; it may be empty) or leave the setting out",
                folder.display()
            ));
        }
        if self.folder.is_none() && (!self.rules.is_empty() || self.pkcs11.module.is_some()) {
            list.push(
                "`folder` is missing: keys and certificates to sign with are looked for there".to_owned(),
            );
        }
        for rule in &self.rules {
            let wrong = rule.senders.iter().find(|text| text.parse::<Pattern>().is_err());
            if let Some(text) = wrong {
                list.push(format!("`for`: {text:?} in `senders` is wrong: {PatternError}"));
            }
            if rule.senders.is_empty() {
                list.push(format!("`for`: {:?} has no `senders`", rule.file));
            }
        }
        let hsm = &self.pkcs11;
        if hsm.module.is_some() && (hsm.token.is_empty() || hsm.pin_file.is_none()) {
            list.push("`pkcs11` needs `token` and `pin_file` beside `module`".to_owned());
        }
        if hsm.module.is_some() && !cfg!(feature = "pkcs11") {
            list.push("`pkcs11`: this program was built without the feature pkcs11".to_owned());
        }
        list
    }
}
