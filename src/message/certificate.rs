//! What is said of a certificate when it is weighed for a recipient.

use std::fmt;

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
    /// What its issuer has checked, as far as the CAs above it may say so; `None` when they say nothing, or when
    /// the certificate was not taken for another reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<Assurance>,
    /// Where it came from; `None` in records that were made before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Whether it may be used, and if not, why.
    pub verdict: CertificateVerdict,
}

/// Where a certificate came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It lies in the folder of recipients' certificates.
    Folder,
    /// An administrator has imported it into the register.
    Imported,
    /// It came with signed mail that was verified.
    Harvested,
    /// Its owner has enrolled it by a signed message to the enrolment address.
    Enrolled,
    /// It was looked up in an LDAP directory.
    Ldap,
    /// It was looked up in the DNS (RFC 8162).
    Dns,
}

impl Origin {
    /// Every origin.
    pub const ALL: [Origin; 6] = [
        Origin::Folder,
        Origin::Imported,
        Origin::Harvested,
        Origin::Enrolled,
        Origin::Ldap,
        Origin::Dns,
    ];

    /// The name that stores keep and commands print.
    pub fn name(self) -> &'static str {
        match self {
            Origin::Folder => "folder",
            Origin::Imported => "imported",
            Origin::Harvested => "harvested",
            Origin::Enrolled => "enrolled",
            Origin::Ldap => "ldap",
            Origin::Dns => "dns",
        }
    }

    /// The origin of that name.
    pub fn named(name: &str) -> Option<Origin> {
        Origin::ALL.into_iter().find(|origin| origin.name() == name)
    }
}

/// The class of a certificate under the CA/Browser Forum's S/MIME Baseline Requirements (§7.1.6.1): what the CA has
/// checked of its subject, and how strict the profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Assurance {
    /// What was checked.
    pub validated: Validated,
    /// Which of the profiles of the requirements it follows; not the profile that mail is sealed by.
    pub profile: Generation,
}

/// What a CA has checked, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validated {
    /// Control of the mailbox, and nothing else.
    Mailbox,
    /// The organization.
    Organization,
    /// A person, by the organization that sponsors the certificate.
    Sponsor,
    /// A person.
    Individual,
}

/// The profiles of the Baseline Requirements, least strict first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Generation {
    /// For certificates as they were before the requirements.
    Legacy,
    /// For more uses than mail.
    Multipurpose,
    /// For mail alone.
    Strict,
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
    /// Its issuer has not checked of its subject what policy asks for here.
    BelowAssurance,
    /// Its key would fall to a quantum computer, and by now policy asks for one that does not.
    NotPostQuantum,
    /// An administrator has denied it, or a CA above it; the text is the reason that was recorded.
    Denied(String),
    /// Nobody has approved it yet: it came by itself, and an administrator has to look at it first.
    WaitingForApproval,
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let validated = match self.validated {
            Validated::Mailbox => "mailbox-validated",
            Validated::Organization => "organization-validated",
            Validated::Sponsor => "sponsor-validated",
            Validated::Individual => "individual-validated",
        };
        let profile = match self.profile {
            Generation::Legacy => "legacy",
            Generation::Multipurpose => "multipurpose",
            Generation::Strict => "strict",
        };
        write!(f, "{validated}, {profile}")
    }
}
