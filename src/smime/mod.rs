//! Certificates, trust, sealing and header protection (RFC 8550, RFC 8551, RFC 9788).
//!
//! Must not know: policy, recipients' mail, queues.

use std::path::PathBuf;
use std::sync::Arc;

use crate::message::{Address, Boxed, Considered, RawMessage};

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
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            recipients: PathBuf::from("certs/recipients"),
            anchors: PathBuf::from("certs/anchors"),
            intermediates: PathBuf::from("certs/intermediates"),
            crls: PathBuf::from("certs/crls"),
            require_crl: false,
        }
    }
}

/// Where certificates for an address are looked up. One file in `sources/` per kind of source.
pub trait Directory: Send + Sync {
    /// All certificates that might belong to `address`, in any order, unjudged.
    fn candidates<'a>(
        &'a self,
        address: &'a Address,
    ) -> Boxed<'a, Result<Vec<Arc<Certificate>>, LookupError>>;
}

/// A source could not be asked; nothing is known of the address.
#[derive(Debug, thiserror::Error)]
#[error("certificates could not be looked up: {0}")]
pub struct LookupError(pub String);

/// An X.509 certificate (RFC 5280), parsed once.
#[derive(Debug)]
pub struct Certificate {}

/// The certificate to encrypt with for one address, and all that were weighed.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Every candidate with its verdict, best first.
    pub considered: Vec<Considered>,
    /// The one to encrypt to; present exactly when one of `considered` is chosen.
    pub chosen: Option<Arc<Certificate>>,
}

/// Why a message could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The message has no header section that could be protected.
    #[error("the message has no readable header section")]
    NoHeader,
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

/// The certificates at hand and the rules of trust. Cloning shares them.
#[derive(Clone)]
pub struct Certificates {}

impl Certificates {
    /// Loads anchors, intermediates, revocation lists and recipients' certificates.
    ///
    /// # Errors
    /// A folder or file that cannot be read: which one and why. A file that holds no certificate is an error too,
    /// for a certificate that is silently missing looks like a recipient without one.
    pub fn load(settings: &Settings) -> Result<Certificates, String> {
        let _ = settings;
        Ok(Certificates {})
    }

    /// Weighs every candidate for `address` at `now`.
    ///
    /// # Errors
    /// When a source cannot be asked. The caller must then neither encrypt nor refuse for good, but try later.
    pub async fn choose(&self, address: &Address, now: jiff::Timestamp) -> Result<Choice, LookupError> {
        let _ = (address, now);
        Ok(Choice {
            considered: Vec::new(),
            chosen: None,
        })
    }
}

/// Seals the whole message to one certificate. Of the header, only what routing and threading need stays
/// outside; everything moves inside (RFC 9788, `hp="cipher"`), `Subject` leaves as `[...]`, and fields named
/// in `secret` leave in no form.
///
/// # Errors
/// When the message has no header section or cryptography fails; nothing was produced.
pub fn seal(
    raw: &RawMessage,
    certificate: &Certificate,
    secret: &[String],
) -> Result<SealedMessage, SealError> {
    let _ = (raw, certificate, secret);
    Err(SealError::NoHeader)
}
