//! The sentence for each thing that a record can say. The matches name every variant, so that a new one cannot
//! be forgotten here.

use crate::message::{CertificateVerdict, Confidence, Leaving, ObstacleKind, Profile, Sealed, Signature};
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
        Action::Encrypt { certificate, profile } => {
            format!(
                "it leaves encrypted (profile {}), to the certificate {}",
                self::profile(*profile),
                short(certificate)
            )
        }
        Action::Hold { refusal, hours } => format!(
            "it waits for up to {hours} hours for a certificate of the recipient, because {}",
            because(refusal)
        ),
        Action::Refuse { refusal } => {
            format!(
                "it does not leave ({}), for {}",
                refusal.status(),
                because(refusal)
            )
        }
    }
}

/// By the names that policies give them.
fn profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Compatible => "compatible",
        Profile::Modern => "modern",
        Profile::Strict => "strict",
    }
}

fn because(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoCertificate => {
            "it must be encrypted and there is no certificate for the address".to_owned()
        }
        Refusal::NoUsableCertificate { verdict: why } => {
            format!(
                "it must be encrypted and no certificate for the address can be used: {}",
                fault(why).unwrap_or_else(|| "none was chosen".to_owned())
            )
        }
        Refusal::NotAllowed => "the policy lets no personal information go to this recipient".to_owned(),
        Refusal::Segmented => {
            "it is a piece of a larger message, which cannot be checked (MG-1.4)".to_owned()
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
            shared_with,
            signature,
            copy_to,
        } => {
            let others = match shared_with {
                0 => String::new(),
                1 => ", in one message with another recipient of To and Cc".to_owned(),
                more => format!(", in one message with {more} other recipients of To and Cc"),
            };
            let own = copy_to.as_ref().map_or_else(String::new, |own| {
                format!(" and to the sender's own, {}", short(own))
            });
            let signed = signature
                .as_ref()
                .map_or_else(String::new, |signature| format!("{} and ", signed(signature)));
            format!(
                "{signed}sealed with S/MIME ({algorithm}) to the certificate {}{own}{others}",
                short(certificate)
            )
        }
        Leaving::Signed { signature } => format!("{}, in clear", signed(signature)),
    }
}

fn signed(signature: &Signature) -> String {
    format!(
        "signed ({}) with the key of the certificate {}",
        signature.algorithm,
        short(&signature.certificate)
    )
}

/// What is said of a certificate with a key of our own.
pub fn signing_verdict(verdict: &CertificateVerdict) -> String {
    match verdict {
        CertificateVerdict::Chosen => "signs".to_owned(),
        CertificateVerdict::Usable => "could sign, but another one is preferred".to_owned(),
        CertificateVerdict::WrongUsage => {
            "cannot sign: its key usage or extended key usage does not name signing mail".to_owned()
        }
        CertificateVerdict::WrongAddress => {
            "cannot sign: it names other addresses, not the sender's".to_owned()
        }
        CertificateVerdict::WeakKey => {
            "cannot sign: its key is too short or of a kind that mail clients do not know".to_owned()
        }
        other => format!("cannot sign: {}", fault(other).unwrap_or_default()),
    }
}

/// What is said of a certificate.
pub fn verdict(verdict: &CertificateVerdict) -> String {
    match fault(verdict) {
        Some(fault) => format!("cannot be used: {fault}"),
        None if *verdict == CertificateVerdict::Chosen => "can be used, and is the first choice".to_owned(),
        None => "can be used, but another one is preferred".to_owned(),
    }
}

/// What is the matter with a certificate, if anything.
fn fault(verdict: &CertificateVerdict) -> Option<String> {
    let fixed = match verdict {
        CertificateVerdict::Chosen | CertificateVerdict::Usable => return None,
        CertificateVerdict::Untrusted(end) => {
            return Some(format!("no path leads from it to a trust anchor ({end})"));
        }
        CertificateVerdict::Denied(reason) => return Some(format!("denied by an administrator ({reason})")),
        CertificateVerdict::WaitingForApproval => "it waits for the approval of an administrator",
        CertificateVerdict::Expired => "it has expired",
        CertificateVerdict::NotYetValid => "its validity has not begun",
        CertificateVerdict::Revoked => "its issuer has revoked it",
        CertificateVerdict::RevocationUnknown => {
            "there is no current revocation list of its issuer, so nobody can tell whether it is revoked"
        }
        CertificateVerdict::WrongUsage => "its key usage does not allow the encryption of mail",
        CertificateVerdict::WrongAddress => "the address is not one of those it names",
        CertificateVerdict::WeakKey => "its key is too short or of a kind that cannot be encrypted to",
        CertificateVerdict::BelowProfile => {
            "its key is too short for the policy's profile, which asks for RSA of 3072 bits or more, or an elliptic curve"
        }
        CertificateVerdict::BelowAssurance => {
            "its issuer has not checked of its holder what the policy asks for"
        }
        CertificateVerdict::NotPostQuantum => {
            "its key would not withstand a quantum computer, which the policy asks for by now (ML-KEM)"
        }
    };
    Some(fixed.to_owned())
}

pub(super) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low confidence",
        Confidence::Medium => "medium confidence",
        Confidence::High => "high confidence",
    }
}

/// The kind as `ignored_obstacles` in the policy spells it.
pub(super) fn kind(kind: ObstacleKind) -> &'static str {
    match kind {
        ObstacleKind::AmbiguousStructure => "ambiguous-structure",
        ObstacleKind::Malformed => "malformed",
        ObstacleKind::EncryptedContainer => "encrypted-container",
        ObstacleKind::UnknownContent => "unknown-content",
        ObstacleKind::Image => "image",
        ObstacleKind::AudioVideo => "audio-video",
        ObstacleKind::LimitReached => "limit-reached",
        ObstacleKind::TimedOut => "timed-out",
        ObstacleKind::ReaderDied => "reader-died",
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
