//! The sentence for each thing that a record can say. The matches name every variant, so that a new one cannot
//! be forgotten here.

use crate::message::{CertificateVerdict, Confidence, Leaving, ObstacleKind, Sealed};
use crate::policy::{Action, Refusal};

pub(super) fn action(action: &Action) -> String {
    match action {
        Action::Pass => "it may leave as it came, for nothing in it needs protection".to_owned(),
        Action::PassEncrypted { with } => {
            format!(
                "it may leave as it came, for its sender had encrypted it ({})",
                container(*with)
            )
        }
        Action::Encrypt { certificate } => {
            format!("it leaves encrypted, to the certificate {}", short(certificate))
        }
        Action::Refuse { refusal } => {
            format!(
                "it does not leave ({}), for {}",
                refusal.status(),
                because(refusal)
            )
        }
    }
}

fn because(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoCertificate => {
            "it must be encrypted and there is no certificate for the address".to_owned()
        }
        Refusal::NoUsableCertificate { verdict: why } => {
            format!(
                "it must be encrypted and no certificate for the address may be used; the most recent: {}",
                verdict(why)
            )
        }
        Refusal::NotAllowed => "the policy lets no personal information go to this recipient".to_owned(),
        Refusal::Segmented => {
            "it is a piece of a larger message, which cannot be inspected (MG-1.4)".to_owned()
        }
        Refusal::Multipart => "it is a multipart, and the policy refuses every multipart".to_owned(),
        Refusal::AlreadyEncrypted => {
            "its sender had encrypted it, and the policy takes only mail that can be read".to_owned()
        }
        Refusal::AnotherRecipient => {
            "the policy sends to all recipients or to none, and another one was refused".to_owned()
        }
    }
}

pub(super) fn form(leaving: &Leaving) -> String {
    match leaving {
        Leaving::Clear => "as it came".to_owned(),
        Leaving::AlreadyEncrypted { with } => {
            format!("as it came, encrypted by its sender ({})", container(*with))
        }
        Leaving::Smime {
            certificate,
            algorithm,
        } => {
            format!(
                "sealed with S/MIME ({algorithm}) to the certificate {}",
                short(certificate)
            )
        }
    }
}

/// What is said of a certificate.
pub fn verdict(verdict: &CertificateVerdict) -> String {
    match verdict {
        CertificateVerdict::Chosen => "taken: it may be used, and it was the best".to_owned(),
        CertificateVerdict::Usable => "not taken: it may be used, but another one was better".to_owned(),
        CertificateVerdict::Expired => "not taken: it has expired".to_owned(),
        CertificateVerdict::NotYetValid => "not taken: its validity has not begun".to_owned(),
        CertificateVerdict::Revoked => "not taken: its issuer has revoked it".to_owned(),
        CertificateVerdict::Untrusted(end) => {
            format!("not taken: no path leads from it to a trust anchor ({end})")
        }
        CertificateVerdict::RevocationUnknown => {
            "not taken: there is no current revocation list of its issuer, so nobody can tell whether it is revoked"
                .to_owned()
        }
        CertificateVerdict::WrongUsage => {
            "not taken: its key usage does not allow the encryption of mail".to_owned()
        }
        CertificateVerdict::WrongAddress => "not taken: the address is not one of those it names".to_owned(),
        CertificateVerdict::WeakKey => {
            "not taken: its key is too short or of a kind that cannot be encrypted to".to_owned()
        }
    }
}

pub(super) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low confidence",
        Confidence::Medium => "medium confidence",
        Confidence::High => "high confidence",
    }
}

pub(super) fn kind(kind: ObstacleKind) -> &'static str {
    match kind {
        ObstacleKind::AmbiguousStructure => "ambiguous structure",
        ObstacleKind::Malformed => "damaged content",
        ObstacleKind::EncryptedContainer => "an encrypted container",
        ObstacleKind::UnknownContent => "an unknown kind of content",
        ObstacleKind::Image => "a picture",
        ObstacleKind::AudioVideo => "sound or video",
        ObstacleKind::LimitReached => "a limit was reached",
        ObstacleKind::TimedOut => "reading took too long",
        ObstacleKind::ReaderDied => "the reader died",
    }
}

pub(super) fn container(sealed: Sealed) -> &'static str {
    match sealed {
        Sealed::EnvelopedData => "S/MIME EnvelopedData",
        Sealed::AuthEnvelopedData => "S/MIME AuthEnvelopedData",
        Sealed::PgpMime => "PGP/MIME",
    }
}

/// Enough of a fingerprint to find the certificate by.
pub(super) fn short(fingerprint: &str) -> &str {
    fingerprint.get(..16).unwrap_or(fingerprint)
}
