//! Reasons and advice in the words of an office, one place for all of them.
//!
//! Each sentence works for one recipient and for several, and blames nobody.

use crate::message::{CertificateVerdict, ObstacleKind};
use crate::policy::Refusal;

/// Why a message did not leave.
pub(super) fn reason(refusal: &Refusal, organisation: &str) -> String {
    match refusal {
        Refusal::NoCertificate => {
            "It has to be encrypted, and no certificate is known to encrypt it with.".to_owned()
        }
        Refusal::NoUsableCertificate { verdict } => {
            format!("It has to be encrypted, and {}.", certificate(verdict, organisation))
        }
        Refusal::NotAllowed => format!(
            "The rules of {organisation} do not let personal information go to this address, not even encrypted."
        ),
        Refusal::Segmented => {
            "It is a piece of a message that was split into several. Pieces cannot be checked, so they may not leave.".to_owned()
        }
        Refusal::Multipart => {
            format!("It has several parts, and the rules of {organisation} let only messages of one part leave.")
        }
        Refusal::AlreadyEncrypted => {
            format!("It was encrypted already, and the rules of {organisation} want every message to be checked first.")
        }
        Refusal::AnotherRecipient => format!(
            "It could not be sent to another recipient, and the rules of {organisation} send such mail to everyone or to no one."
        ),
    }
}

/// What is the matter with the certificate; the end of a sentence.
fn certificate(verdict: &CertificateVerdict, organisation: &str) -> String {
    let fixed = match verdict {
        CertificateVerdict::Expired => "the recipient's certificate has expired",
        CertificateVerdict::NotYetValid => "the recipient's certificate is not valid yet",
        CertificateVerdict::Revoked => "the recipient's certificate was withdrawn by its issuer",
        CertificateVerdict::RevocationUnknown => {
            "nobody can tell at the moment whether the recipient's certificate was withdrawn"
        }
        CertificateVerdict::WrongUsage => "the recipient's certificate was not issued for encrypting e-mail",
        CertificateVerdict::WrongAddress => "the only certificate found belongs to another address",
        CertificateVerdict::WeakKey => "the key of the recipient's certificate is too weak",
        CertificateVerdict::BelowProfile => {
            return format!(
                "the key of the recipient's certificate is shorter than the rules of {organisation} ask for"
            );
        }
        CertificateVerdict::BelowAssurance => {
            return format!(
                "the issuer of the recipient's certificate has checked less than the rules of {organisation} ask for"
            );
        }
        CertificateVerdict::NotPostQuantum => {
            return format!(
                "the key of the recipient's certificate is of an older kind than the rules of {organisation} ask for"
            );
        }
        // The recorded reason may be confidential.
        CertificateVerdict::Denied(_) => "the recipient's certificate was blocked by an administrator",
        CertificateVerdict::WaitingForApproval => {
            "the recipient's certificate is new and an administrator has not approved it yet"
        }
        CertificateVerdict::Chosen | CertificateVerdict::Usable => {
            "no certificate of the recipient could be selected"
        }
        CertificateVerdict::Untrusted(_) => {
            return format!(
                "the recipient's certificate comes from an issuer that {organisation} does not trust"
            );
        }
    };
    fixed.to_owned()
}

/// What the sender can do about a refusal. `whom` names the recipients that it concerns.
pub(super) fn advice(refusal: &Refusal, whom: &str, help: &str) -> String {
    match refusal {
        Refusal::NoCertificate => format!(
            "Ask {whom} for a digitally signed e-mail (S/MIME). It brings the certificate that is missing. \
             When it has come, contact {help}. Once the certificate is added, send the message again."
        ),
        Refusal::NoUsableCertificate { verdict } => certificate_advice(verdict, whom, help),
        Refusal::NotAllowed => {
            format!("If {whom} must have this information, ask for a way that is allowed. Contact {help}.")
        }
        Refusal::Segmented => "Send the message in one piece: turn off the splitting of large messages in your mail \
             program. If it is too large then, send fewer attachments at a time."
            .to_owned(),
        Refusal::Multipart => "Send the message as plain text without attachments.".to_owned(),
        Refusal::AlreadyEncrypted => {
            "Send the message without encrypting it yourself. The gateway encrypts it on its way out where that is needed."
                .to_owned()
        }
        Refusal::AnotherRecipient => {
            "Once that is settled, send the message to everyone again. Or send it without the recipients who hold it up."
                .to_owned()
        }
    }
}

fn certificate_advice(verdict: &CertificateVerdict, whom: &str, help: &str) -> String {
    let new = |kind: &str| {
        format!(
            "Ask {whom} to get {kind} and to send you a digitally signed e-mail (S/MIME) with it. \
             When it has come, contact {help}. Once the certificate is added, send the message again."
        )
    };
    match verdict {
        CertificateVerdict::Expired | CertificateVerdict::Revoked | CertificateVerdict::WeakKey => {
            new("a new certificate")
        }
        CertificateVerdict::BelowProfile => {
            new("a certificate with a longer key (RSA of 3072 bits or more, or an elliptic curve)")
        }
        CertificateVerdict::BelowAssurance => {
            new("a certificate whose issuer checks the person or the organization, and not only the address")
        }
        CertificateVerdict::NotPostQuantum => new("a certificate with a post-quantum key (ML-KEM)"),
        CertificateVerdict::WrongUsage => new("a certificate for encrypting e-mail"),
        CertificateVerdict::WrongAddress => new("a certificate for exactly the address you write to"),
        CertificateVerdict::NotYetValid => {
            format!("Ask {whom} from which day on the certificate is valid, and send the message again then.")
        }
        CertificateVerdict::Untrusted(_) => {
            format!("Ask whether the issuer of the certificate of {whom} can be trusted. Contact {help}.")
        }
        CertificateVerdict::Denied(_) => {
            format!("Ask why the certificate of {whom} is blocked. Contact {help}.")
        }
        CertificateVerdict::WaitingForApproval => {
            format!(
                "Ask for the certificate of {whom} to be approved. Contact {help}. Then send the message again."
            )
        }
        CertificateVerdict::RevocationUnknown => {
            format!("Send the message to {whom} again in an hour. If it comes back again, contact {help}.")
        }
        CertificateVerdict::Chosen | CertificateVerdict::Usable => {
            format!("The certificates of {whom} need a look. Contact {help}.")
        }
    }
}

/// What stood in the way of reading, when the obstacle itself says nothing.
pub(super) fn obstacle(kind: ObstacleKind) -> &'static str {
    match kind {
        ObstacleKind::AmbiguousStructure => {
            "The message is built in a way that mail programs read differently."
        }
        ObstacleKind::Malformed => "A part of the message is damaged.",
        ObstacleKind::EncryptedContainer => "An attachment is protected with a password or encrypted.",
        ObstacleKind::UnknownContent => "An attachment is of a kind that cannot be checked yet.",
        ObstacleKind::Image => "A picture cannot be checked.",
        ObstacleKind::AudioVideo => "Sound or video cannot be checked.",
        ObstacleKind::LimitReached => "The message is too large or too deeply nested to be checked.",
        ObstacleKind::TimedOut => "Checking the message took too long.",
        ObstacleKind::ReaderDied => "The message could not be checked; a part of it may be damaged.",
    }
}

/// What the sender can do so that the message can be read.
pub(super) fn obstacle_advice(kind: ObstacleKind) -> &'static str {
    match kind {
        ObstacleKind::AmbiguousStructure | ObstacleKind::Malformed | ObstacleKind::ReaderDied => {
            "Or write a new message instead of forwarding or copying this one, and save its attachments anew before you attach them."
        }
        ObstacleKind::EncryptedContainer => {
            "Or attach the file without a password. The gateway encrypts the whole message where that is needed."
        }
        ObstacleKind::UnknownContent | ObstacleKind::Image | ObstacleKind::AudioVideo => {
            "Or leave out what could not be checked, and write what matters of it into the text of the message."
        }
        ObstacleKind::LimitReached | ObstacleKind::TimedOut => {
            "Or send fewer or smaller attachments at a time."
        }
    }
}

/// What helps against any need for encryption.
pub(super) const LEAVE_IT_OUT: &str = "Or take the personal information listed above out of the message, and send it again to those who did not get it.";
