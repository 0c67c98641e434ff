//! Certificates, trust, sealing and header protection (RFC 8550, RFC 8551, RFC 9788).
//!
//! Must not know: policy, recipients' mail, queues.
//!
//! Two halves. *Who*: [`Certificates`] asks the [`sources`] for certificates of an address, lets `trust` judge
//! each, and chooses. *How*: [`seal`] turns a message into one CMS for one certificate: `header` says what stays
//! outside, `entity` builds what goes inside, [`signing`] signs it with one of our own [`keys`], `cms` encrypts with the
//! [`Algorithms`] that a profile and the key give. [`issue`] is a small CA.

use std::path::PathBuf;
use std::sync::Arc;

use crate::message::{Address, Boxed, Origin, RawMessage};

mod abilities;
mod algorithms;
mod armor;
mod asn;
mod assurance;
pub mod authority;
mod certificate;
mod choice;
mod cms;
mod containers;
mod denied;
mod entity;
mod files;
mod header;
pub mod issue;
mod kem;
mod key;
pub mod keys;
mod listing;
mod naming;
pub mod online;
mod opening;
mod places;
mod register;
pub mod signing;
pub mod sources;
#[cfg(test)]
pub(crate) mod tests;
mod trust;
mod vault;
mod verify;

pub use abilities::Abilities;
pub use algorithms::{Algorithms, ContentCipher, KeyEncryption};
pub use armor::{armor, unarmored};
pub use certificate::{Certificate, CertificateError};
pub use choice::{Certificates, Choice};
pub use cms::Encrypted;
pub use containers::{ContainerError, Contents};
pub use denied::{Denial, Denied, Subject, fingerprint};
pub use entity::Payload;
pub use key::{Curve, Key, MlKem};
pub use listing::Listed;
pub use opening::{Opened, Opener, Opening};
pub use register::{Capabilities, Entry, EntryState, Put, Register, RegisterError};
pub use vault::{Settings as VaultSettings, Vault, VaultError};
pub use verify::{Fault, Signed, Verification};

/// Certificates and trust: `[certificates]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Folder with recipients' certificates (PEM or DER, one or more per file).
    pub recipients: PathBuf,
    /// Folder with trust anchors (PEM or DER).
    pub anchors: PathBuf,
    /// Folder with intermediate CA certificates (PEM or DER).
    pub intermediates: PathBuf,
    /// Folder with certificate revocation lists (PEM or DER).
    pub crls: PathBuf,
    /// Whether a certificate may be used only when a current revocation list of its issuer is in `crls`.
    pub require_crl: bool,
    /// Folder where the gateway keeps CA certificates that came with signed mail and lead to an anchor; `authorities` in
    /// the data directory when left out. They are used like `intermediates`.
    pub learned: Option<PathBuf>,
    /// File that binds anchors to domains; without it every anchor vouches for everybody.
    pub anchor_domains: PathBuf,
    /// File with the certificates and issuers that an administrator has denied.
    pub denied: PathBuf,
    /// Whether an address in the subject counts, when subjectAltName names no mailbox.
    pub subject_addresses: bool,
    /// Whether the certificate of `ann@x` may be used for `ann+news@x`.
    pub plus_addresses: bool,
    /// Whether a domain's (a gateway's) certificate may be used for everybody in the domain.
    pub domain_certificates: bool,
    /// Hours for which a revocation list counts as current after its next update was due.
    pub crl_stale_hours: u32,
    /// What is fetched from the issuers of certificates.
    pub online: online::Settings,
    /// LDAP directories.
    pub ldap: Vec<sources::ldap::Settings>,
    /// Looking up certificates in the DNS.
    pub smimea: sources::dns::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            recipients: PathBuf::from("certs/recipients"),
            anchors: PathBuf::from("certs/anchors"),
            intermediates: PathBuf::from("certs/intermediates"),
            crls: PathBuf::from("certs/crls"),
            require_crl: false,
            learned: None,
            anchor_domains: PathBuf::from("certs/anchors.toml"),
            denied: PathBuf::from("certs/denied.toml"),
            subject_addresses: false,
            plus_addresses: false,
            domain_certificates: false,
            crl_stale_hours: 0,
            online: online::Settings::default(),
            ldap: Vec::new(),
            smimea: sources::dns::Settings::default(),
        }
    }
}

/// Where certificates for an address are looked up. One file in `sources/` per kind of source.
pub trait Directory: Send + Sync {
    /// All certificates that might belong to `address`, in any order, unjudged.
    fn candidates<'a>(&'a self, address: &'a Address) -> Boxed<'a, Result<Vec<Candidate>, LookupError>>;
}

/// A certificate that a source has found, and what the source knows of it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Itself, unjudged.
    pub certificate: Arc<Certificate>,
    /// Where it came from.
    pub origin: Origin,
    /// Whether it may be used, as far as its source has a say in it.
    pub state: EntryState,
    /// What its owner's program can decrypt, when that is known.
    pub capabilities: Option<Capabilities>,
}

impl Candidate {
    /// One from a source that knows nothing but the certificate.
    pub fn new(certificate: Arc<Certificate>, origin: Origin) -> Candidate {
        Candidate {
            certificate,
            origin,
            state: EntryState::InUse,
            capabilities: None,
        }
    }
}

/// A source could not be asked; nothing is known of the address.
#[derive(Debug, Clone, thiserror::Error)]
#[error("certificates could not be looked up: {0}")]
pub struct LookupError(pub String);

/// Why a message could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The message has no header section that could be protected.
    #[error("the message has no readable header section")]
    NoHeader,
    /// The certificate's key is not good enough for the profile that policy asks for.
    #[error("the key of the certificate is below the profile that was asked for")]
    BelowProfile,
    /// OpenSSL or the encoder failed.
    #[error("sealing failed: {0}")]
    Crypto(String),
}

/// A sealed message with the words that describe how.
#[derive(Debug, Clone)]
pub struct SealedMessage {
    /// The whole message, ready to send.
    pub message: RawMessage,
    /// For people: `AES-256-CBC, RSA PKCS#1 v1.5`.
    pub algorithm: String,
}

/// Seals the whole message to one certificate, unsigned; [`Payload::to_seal`] says what stays outside.
/// [`Algorithms::choose`] says which algorithms a certificate's key goes with.
///
/// # Errors
/// When the message has no header section, the algorithms do not fit the key or cryptography fails; nothing was
/// produced.
pub fn seal(
    raw: &RawMessage,
    certificate: &Certificate,
    algorithms: Algorithms,
    secret: &[String],
) -> Result<SealedMessage, SealError> {
    Payload::to_seal(raw, secret)?.seal(None, &[certificate], algorithms)
}
