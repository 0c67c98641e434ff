//! What is said of a certificate when it is weighed for a recipient.

use serde::{Deserialize, Serialize};

/// A certificate that was considered for one recipient, with the verdict on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    /// SHA-256 of the DER, in lower-case hexadecimal.
    pub fingerprint: String,
    /// Subject distinguished name, in one line.
    pub subject: String,
    /// Issuer distinguished name, in one line.
    pub issuer: String,
    /// Serial number, in hexadecimal.
    pub serial: String,
    /// End of validity.
    pub not_after: jiff::Timestamp,
    /// The public key, for people: `RSA 2048`, `EC P-256`.
    pub key: String,
    /// Whether it may be used, and if not, why.
    pub verdict: CertificateVerdict,
}

/// Whether a certificate may be used to encrypt to a recipient now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "detail")]
pub enum CertificateVerdict {
    /// It may be used, and it was the best.
    Chosen,
    /// It may be used, but another one was better.
    Usable,
    /// Its validity has ended.
    Expired,
    /// Its validity has not begun.
    NotYetValid,
    /// Its issuer has revoked it.
    Revoked,
    /// No path leads from it to a trust anchor; the text says where the path ends.
    Untrusted(String),
    /// Whether it is revoked cannot be told: no current revocation list of its issuer.
    RevocationUnknown,
    /// Key usage or extended key usage does not allow e-mail encryption (RFC 8550 §4.4).
    WrongUsage,
    /// The address stands in none of its subjectAltNames (RFC 8550 §3).
    WrongAddress,
    /// The key is too short or of a kind that cannot be encrypted to.
    WeakKey,
    /// The key is good enough for most mail, but not for the profile that policy asks for here.
    BelowProfile,
}
