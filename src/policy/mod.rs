//! Inspection and recipient facts → one [`Decision`] per recipient. Pure: values in, values out.
//!
//! Must not know: SMTP, stores, clocks, how anything is sealed.

mod decide;
mod settings;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::message::{Address, CertificateVerdict, Considered, Inspection, ObstacleKind, Profile, Sealed};

pub use crate::message::{Pattern, PatternError};
pub use settings::{
    AlreadyEncrypted, AssuranceFor, Counts, Delivery, Hold, Mode, OwnDomains, Policy, Recipients, Sealing,
    SealingFor, Signing, SigningFor, SigningMode, Structure, TestValues,
};

/// What is known of one recipient when the decision is made.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// From the envelope.
    pub address: Address,
    /// Whether its domain is one of the organisation's own.
    pub own_domain: bool,
    /// Every certificate that was considered. At most one has the verdict [`CertificateVerdict::Chosen`].
    pub certificates: Vec<Considered>,
}

/// What may happen with the message for one recipient, and why.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The recipient.
    pub recipient: Address,
    /// What happens.
    pub action: Action,
}

/// What happens with a message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum Action {
    /// It leaves as it came: nothing needs protection.
    Pass,
    /// It leaves as it came: its sender had encrypted it.
    PassEncrypted {
        /// What the bytes really are.
        with: Sealed,
    },
    /// It leaves sealed to this certificate.
    Encrypt {
        /// SHA-256 of the certificate, in hexadecimal.
        certificate: String,
        /// How strong. Records from before there were profiles say nothing; they mean the first one.
        #[serde(default)]
        profile: Profile,
    },
    /// It waits on the gateway, sealed to the gateway's own key, until the recipient has a certificate; the sender
    /// is told, and the recipient is asked for one.
    Hold {
        /// Why it cannot leave now, and what the sender is told when the time is over.
        refusal: Refusal,
        /// For how long, in hours.
        hours: u64,
    },
    /// It does not leave; the sender is told.
    Refuse {
        /// Why not.
        refusal: Refusal,
    },
}

/// Why a message does not leave for a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "because")]
pub enum Refusal {
    /// It must be encrypted, and no certificate was found for the address.
    NoCertificate,
    /// It must be encrypted, and none of the certificates found may be used; the verdict of the nearest one.
    NoUsableCertificate {
        /// Why the most recent certificate was not taken.
        verdict: CertificateVerdict,
    },
    /// Policy does not let personal information go to this recipient at all.
    NotAllowed,
    /// It is a segment of a larger message, which cannot be inspected (MG-1.4).
    Segmented,
    /// It is a multipart, and `block_all_multipart` is on.
    Multipart,
    /// Its sender had encrypted it, and policy takes only mail that can be read.
    AlreadyEncrypted,
    /// Policy sends to all recipients or to none, and another recipient was refused.
    AnotherRecipient,
}

impl Refusal {
    /// The enhanced status code (RFC 3463) that reports and replies carry.
    pub fn status(&self) -> &'static str {
        match self {
            Refusal::NoCertificate | Refusal::NoUsableCertificate { .. } => "5.7.5",
            Refusal::NotAllowed | Refusal::AnotherRecipient => "5.7.1",
            Refusal::Segmented | Refusal::Multipart | Refusal::AlreadyEncrypted => "5.7.1",
        }
    }

    /// The reason in half a sentence of plain ASCII, for replies, reports and tables.
    pub fn in_short(&self) -> &'static str {
        match self {
            Refusal::NoCertificate => "must be encrypted, no certificate found",
            Refusal::NoUsableCertificate { verdict } => match verdict {
                CertificateVerdict::Expired => "must be encrypted, certificate expired",
                CertificateVerdict::NotYetValid => "must be encrypted, certificate not yet valid",
                CertificateVerdict::Revoked => "must be encrypted, certificate revoked",
                CertificateVerdict::Untrusted(_) => "must be encrypted, certificate issuer not trusted",
                CertificateVerdict::RevocationUnknown => "must be encrypted, revocation status unknown",
                CertificateVerdict::WrongUsage => "must be encrypted, certificate not for e-mail encryption",
                CertificateVerdict::WrongAddress => "must be encrypted, certificate for another address",
                CertificateVerdict::WeakKey => "must be encrypted, certificate key too weak",
                CertificateVerdict::BelowProfile => {
                    "must be encrypted, certificate key below the policy's profile"
                }
                CertificateVerdict::BelowAssurance => {
                    "must be encrypted, certificate assurance below the policy's"
                }
                CertificateVerdict::NotPostQuantum => "must be encrypted, certificate key not post-quantum",
                CertificateVerdict::Denied(_) => "must be encrypted, certificate denied by an administrator",
                CertificateVerdict::WaitingForApproval => "must be encrypted, certificate not approved yet",
                CertificateVerdict::Chosen | CertificateVerdict::Usable => {
                    "must be encrypted, no certificate selected"
                }
            },
            Refusal::NotAllowed => "personal information is not allowed to this recipient",
            Refusal::Segmented => "segmented messages are not relayed",
            Refusal::Multipart => "multipart messages are not relayed",
            Refusal::AlreadyEncrypted => "messages encrypted by the sender are not relayed",
            Refusal::AnotherRecipient => "not sent because another recipient was refused",
        }
    }
}

/// Why a message needs protection at all; empty when it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Indices into [`Inspection::findings`] that count as personal information under the policy.
    pub findings: Vec<usize>,
    /// Kinds of obstacle that count.
    pub obstacles: Vec<ObstacleKind>,
}

/// The answer of [`decide()`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgment {
    /// Why the message needs protection; empty when it does not.
    pub need: Need,
    /// One decision per recipient, in the order that was given.
    pub decisions: Vec<Decision>,
}

/// Decides for every recipient, in the order given. The same values always give the same judgment.
///
/// In `split` mode each decision depends on that recipient alone. A message that needs protection is never
/// passed, except to the organisation's own domains when the policy says so.
pub fn decide(policy: &Policy, inspection: &Inspection, recipients: &[Recipient]) -> Judgment {
    decide::all(policy, inspection, recipients)
}
