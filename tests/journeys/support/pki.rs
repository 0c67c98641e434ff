//! A CA and people: who can receive encrypted mail, and who cannot for which reason.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sealgate::smime::Curve;
use sealgate::smime::issue::{Authority, Issued, KeyKind, Request, Usage};

use super::directory::Directory;

pub const ANNA: &str = "anna@partner.example";
pub const ERNST: &str = "ernst@partner.example";
pub const NOBODY: &str = "nobody@partner.example";
pub const EXPIRED: &str = "expired@partner.example";
pub const REVOKED: &str = "revoked@partner.example";
pub const NOT_ALLOWED: &str = "stranger@partner.example";

const DAY: SignedDuration = SignedDuration::from_hours(24);

pub struct Pki {
    authority: Authority,
    people: BTreeMap<&'static str, Person>,
}

/// A certificate and its private key, in PEM.
pub struct Person {
    pub certificate: String,
    pub key: String,
}

impl Pki {
    /// Makes all certificates and puts what the gateway may see into `certs/`.
    pub fn create(directory: &Directory) -> Pki {
        let now = Timestamp::now();
        let (start, end) = (now - DAY * 300, now + DAY * 300);
        let root = Authority::new("Test Root", KeyKind::Rsa(2048), start, end).expect("a root");
        let authority = root
            .intermediate("Test CA", KeyKind::Rsa(2048), start, end)
            .expect("a CA");
        let issue = |address: &str, key, end| {
            authority
                .issue(&Request::new(address, key, start, end))
                .expect("issued")
        };
        let revoked = issue(REVOKED, KeyKind::Rsa(2048), end);
        let list = authority
            .revocation_list(&[&revoked.serial], now - DAY, now + DAY)
            .expect("a revocation list");
        let people = BTreeMap::from([
            (ANNA, Person::from(issue(ANNA, KeyKind::Rsa(2048), end))),
            (ERNST, Person::from(issue(ERNST, KeyKind::Ec(Curve::P256), end))),
            (
                EXPIRED,
                Person::from(issue(EXPIRED, KeyKind::Rsa(2048), now - DAY)),
            ),
            (
                NOT_ALLOWED,
                Person::from(issue(NOT_ALLOWED, KeyKind::Ec(Curve::P384), end)),
            ),
            (REVOKED, Person::from(revoked)),
        ]);
        directory.write("certs/anchors/root.pem", root.certificate_pem().expect("PEM"));
        directory.write(
            "certs/intermediates/ca.pem",
            authority.certificate_pem().expect("PEM"),
        );
        directory.write("certs/crls/ca.crl", list);
        for (address, person) in &people {
            directory.write(&format!("certs/recipients/{address}.pem"), &person.certificate);
        }
        Pki { authority, people }
    }

    /// Somebody whose certificate the gateway has not seen, for signatures and encryption, by the same CA.
    pub fn newcomer(&self, address: &str, kind: KeyKind) -> Person {
        let now = Timestamp::now();
        let request = Request {
            usage: Usage::Unrestricted,
            ..Request::new(address, kind, now - DAY * 2, now + DAY * 200)
        };
        self.authority.issue(&request).expect("issued").into()
    }

    pub fn person(&self, address: &str) -> &Person {
        &self.people[address]
    }
}

impl From<Issued> for Person {
    fn from(issued: Issued) -> Person {
        Person {
            certificate: issued.certificate_pem,
            key: issued.key_pem,
        }
    }
}
