//! Records and mail to fill a store with in tests.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::Settings;
use crate::audit::{RecipientRecord, Record};
use crate::message::{
    Address, CertificateVerdict, Confidence, Considered, Finding, Inspection, Leaving, Masked, MessageId,
    Obstacle, ObstacleKind, Outbound, Place, Purpose, RawMessage,
};
use crate::policy::{Action, Decision, Need, Refusal};

/// A directory that is deleted when it is dropped.
pub(crate) struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "sealgate-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        TemporaryDirectory(path)
    }

    /// Settings for a store that does not exist yet.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            directory: self.0.join("data"),
            inline_kb: 1,
            keep_days: 30,
        }
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

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

/// Mail with these bytes for these places and addresses.
pub(crate) fn mail(body: &[u8], recipients: &[(u32, &str)]) -> Outbound {
    Outbound {
        sender: Some(address("ann@agency.example")),
        recipients: recipients
            .iter()
            .map(|(place, text)| (*place, address(text)))
            .collect(),
        body: RawMessage::new(body.to_vec()),
        purpose: Purpose::Mail,
        leaving: Leaving::Clear,
    }
}

/// A notice to the sender.
pub(crate) fn notice(body: &[u8]) -> Outbound {
    Outbound {
        sender: None,
        recipients: vec![(0, address("ann@agency.example"))],
        purpose: Purpose::Notice,
        ..mail(body, &[])
    }
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
        sender: Some(address("ann@agency.example")),
        size: 12_345,
        sha256: "ab".repeat(32),
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
        notice: true,
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
            },
        },
        certificates: vec![
            certificate("cd", CertificateVerdict::Chosen),
            certificate("ef", CertificateVerdict::Expired),
        ],
        leaving: Some(Leaving::Smime {
            certificate: "cd".repeat(32),
            algorithm: "AES-256-CBC, RSA PKCS#1 v1.5".to_owned(),
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
