//! Records to try things with in tests.

use jiff::{SignedDuration, Timestamp};

use super::{RecipientRecord, Record};
use crate::message::{
    Address, CertificateVerdict, Confidence, Considered, Finding, Inspection, Leaving, Masked, MessageId,
    Obstacle, ObstacleKind, Place, Profile,
};
use crate::policy::{Action, Decision, Need, Refusal};

/// Minutes after a fixed moment.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-08-01T12:00:00Z".parse().unwrap();
    start.checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

/// The id of a message that arrived at that minute.
pub(crate) fn id(minutes: i64, entropy: u64) -> MessageId {
    MessageId::new(minute(minutes).as_millisecond().unsigned_abs(), entropy)
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// A record of a message with a finding and an obstacle: one recipient sealed to, one refused.
pub(crate) fn record(id: MessageId, received: Timestamp) -> Record {
    let place = Place {
        part: "1.2".to_owned(),
        field: None,
        description: "the HTML text".to_owned(),
        span: (10, 21),
    };
    Record {
        id,
        tenant: "agency".to_owned(),
        message_id: Some("<a.1@agency.example>".to_owned()),
        received,
        client: "mail.agency.example [192.0.2.1]".to_owned(),
        user: None,
        sender: Some(address("ann@agency.example")),
        size: 12_345,
        policy: "0123456789abcdef".to_owned(),
        inspection: Inspection {
            findings: vec![Finding {
                element: "ssn".to_owned(),
                title: "Social Security number".to_owned(),
                place,
                confidence: Confidence::High,
                evidence: Masked::ending("536-22-8145", 4),
                name_near: true,
                test_value: false,
                named_in_header: false,
                optional: false,
                reasons: vec!["the keyword 'SSN' stands 1 word before it".to_owned()],
            }],
            obstacles: vec![Obstacle {
                kind: ObstacleKind::Image,
                part: "2".to_owned(),
                detail: "the picture 'logo.png' was not read".to_owned(),
            }],
            structure: Default::default(),
        },
        need: Need {
            findings: vec![0],
            obstacles: Vec::new(),
        },
        recipients: vec![
            sealed_to(id, "bob@partner.example"),
            refused(id, "eve@stranger.example"),
        ],
        dsn: Vec::new(),
        tls: Default::default(),
        notice: true,
        signing: None,
        inbound: None,
        instead_of: None,
        fingerprint: None,
    }
}

fn certificate(fill: &str, verdict: CertificateVerdict) -> Considered {
    Considered {
        fingerprint: fill.repeat(32),
        subject: "CN=Bob, O=Partner".to_owned(),
        issuer: "CN=Demo CA".to_owned(),
        serial: "0a1b".to_owned(),
        not_after: "2027-01-01T00:00:00Z".parse().unwrap(),
        key: "RSA 2048".to_owned(),
        assurance: None,
        origin: None,
        verdict,
    }
}

fn sealed_to(id: MessageId, recipient: &str) -> RecipientRecord {
    RecipientRecord {
        id: id.decision(1),
        decision: Decision {
            recipient: address(recipient),
            action: Action::Encrypt {
                certificate: "cd".repeat(32),
                profile: Profile::Compatible,
            },
        },
        certificates: vec![
            certificate("cd", CertificateVerdict::Chosen),
            certificate("ef", CertificateVerdict::Expired),
        ],
        leaving: Some(Leaving::Smime {
            certificate: "cd".repeat(32),
            algorithm: "AES-256-CBC, RSA PKCS#1 v1.5".to_owned(),
            signature: None,
            shared_with: 0,
            copy_to: None,
        }),
    }
}

fn refused(id: MessageId, recipient: &str) -> RecipientRecord {
    RecipientRecord {
        id: id.decision(2),
        decision: Decision {
            recipient: address(recipient),
            action: Action::Refuse {
                refusal: Refusal::NoCertificate,
            },
        },
        certificates: Vec::new(),
        leaving: None,
    }
}
