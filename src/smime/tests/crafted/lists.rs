//! Revocation lists.

use super::super::pki::*;
use super::spec::*;
use super::{Lab, Row, row};
use crate::smime::issue::Authority;

/// Revocation lists.
pub fn rows() -> Vec<Row> {
    fn list(what: &'static str, answer: &'static str, write: fn(&Lab) -> Option<String>) -> Row {
        row(what, ANN, answer, move |lab| {
            lab.folders.require_crl = true;
            lab.recipient(&Spec::person(ANN).sign(&lab.root));
            if let Some(list) = write(lab) {
                lab.folders.put("crls/list.crl", list);
            }
        })
    }
    fn of(lab: &Lab, serials: &[&str], from: &str, to: &str) -> Option<String> {
        Some(lab.authority.revocation_list(serials, at(from), at(to)).unwrap())
    }
    const ANN_IS: &str = "4d";
    vec![
        list("on the list", "Revoked", |lab| {
            of(lab, &[ANN_IS], "2027-06-01T00:00:00Z", "2027-07-01T00:00:00Z")
        }),
        list("on an old list", "Revoked", |lab| {
            of(lab, &[ANN_IS], "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z")
        }),
        list("no list where one is required", "RevocationUnknown", |_| None),
        list("a stale list where one is required", "RevocationUnknown", |lab| {
            of(lab, &[], "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z")
        }),
        list("a list from the future", "RevocationUnknown", |lab| {
            of(lab, &[], "2027-07-01T00:00:00Z", "2027-08-01T00:00:00Z")
        }),
        list(
            "a list of somebody with the name of its issuer",
            "unreadable: ",
            |_| {
                let forger = Authority::new("Test Root", EC, start(), end()).unwrap();
                Some(forger.revocation_list(&[], start(), end()).unwrap())
            },
        ),
        list("a list of another trusted CA", "RevocationUnknown", |lab| {
            let other = Authority::new("Other Root", EC, start(), end()).unwrap();
            lab.folders
                .put("anchors/other.pem", other.certificate_pem().unwrap());
            Some(other.revocation_list(&[], start(), end()).unwrap())
        }),
        list("a list for CAs only", "RevocationUnknown", |lab| {
            let part = vec![extension("2.5.29.28", true, &[0x30, 0x03, 0x82, 0x01, 0xff])];
            Some(
                lab.authority
                    .revocation_list_with(&[], [start(), end()], part)
                    .unwrap(),
            )
        }),
        list("a list with changes only", "RevocationUnknown", |lab| {
            let delta = vec![extension("2.5.29.27", true, &[2, 1, 1])];
            Some(
                lab.authority
                    .revocation_list_with(&[], [start(), end()], delta)
                    .unwrap(),
            )
        }),
        row(
            "a revoked CA",
            ANN,
            "untrusted: the CA certificate CN=Middle has been revoked",
            |lab| {
                let middle = lab.make("Middle", |ca| Spec { serial: 99, ..ca });
                lab.intermediate(&middle);
                lab.recipient(&Spec::person(ANN).sign(&middle));
                let list = lab.authority.revocation_list(&["63"], start(), end()).unwrap();
                lab.folders.put("crls/list.crl", list);
            },
        ),
        row(
            "a CA in the path that nobody keeps a list for",
            ANN,
            "RevocationUnknown",
            |lab| {
                lab.folders.require_crl = true;
                let middle = lab.authority.intermediate("Middle", EC, start(), end()).unwrap();
                lab.intermediate(&Ca::of(&middle));
                lab.recipient(&Spec::person(ANN).sign(&Ca::of(&middle)));
                let list = middle.revocation_list(&[], start(), end()).unwrap();
                lab.folders.put("crls/list.crl", list);
            },
        ),
        row(
            "a list signed by a CA that may not sign lists",
            ANN,
            "unreadable: ",
            |lab| {
                let middle = lab.authority.intermediate("Middle", EC, start(), end()).unwrap();
                let key = Ca::of(&middle).key;
                let dumb = Spec::ca("Middle", &key).with(USAGE, true, usage(CERTIFIES));
                let dumb = Ca {
                    x509: dumb.sign(&lab.root),
                    key,
                };
                lab.intermediate(&dumb);
                lab.recipient(&Spec::person(ANN).sign(&dumb));
                let list = middle.revocation_list(&[], start(), end()).unwrap();
                lab.folders.put("crls/list.crl", list);
            },
        ),
    ]
}
