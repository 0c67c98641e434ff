use std::sync::Arc;

use crate::message::{Address, Leaving, Profile, Purpose, RawMessage, Sealed};
use crate::smime::issue::{Authority, KeyKind, Request};
use crate::smime::{Algorithms, Certificate, Curve, Key};

use super::{NotMade, Signing, Way, protect};

const MAIL: &[u8] = b"From: a@agency.example\r\nTo: b@partner.example\r\nSubject: x\r\n\r\nbody\r\n";

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn ec() -> Algorithms {
    Algorithms::choose(Profile::Compatible, &Key::Ec(Curve::P256), None).unwrap()
}

fn certificate(mailbox: &str) -> Arc<Certificate> {
    let (from, to) = (
        "2026-01-01T00:00:00Z".parse().unwrap(),
        "2036-01-01T00:00:00Z".parse().unwrap(),
    );
    let kind = KeyKind::Ec(Curve::P256);
    let ca = Authority::new("Test Root", kind, from, to).unwrap();
    let issued = ca.issue(&Request::new(mailbox, kind, from, to)).unwrap();
    let der = openssl::x509::X509::from_pem(issued.certificate_pem.as_bytes())
        .unwrap()
        .to_der()
        .unwrap();
    Arc::new(Certificate::from_der(&der).unwrap())
}

#[test]
fn recipients_of_the_same_bytes_share_one_outbound_and_sealed_ones_have_their_own() {
    let raw = RawMessage::new(MAIL);
    let sealed = certificate("c@partner.example");
    let ways = [
        (1, address("a@x.example"), Way::Pass),
        (2, address("c@partner.example"), Way::Smime(sealed.clone(), ec())),
        (3, address("b@x.example"), Way::Pass),
        (4, address("C@partner.example"), Way::Smime(sealed.clone(), ec())),
        (
            5,
            address("e@x.example"),
            Way::PassEncrypted(Sealed::EnvelopedData),
        ),
    ];
    let sender = address("s@agency.example");
    let outbounds = protect(Some(&sender), &raw, &ways, &[], &Signing::default(), || true)
        .unwrap()
        .outbounds;
    let places: Vec<Vec<u32>> = outbounds
        .iter()
        .map(|o| o.recipients.iter().map(|(place, _)| *place).collect())
        .collect();
    assert_eq!(places, [vec![1, 3], vec![2], vec![4], vec![5]]);
    assert_eq!(outbounds[0].leaving, Leaving::Clear);
    assert_eq!(outbounds[0].body, raw);
    assert_eq!(outbounds[3].body, raw);
    assert_ne!(
        outbounds[1].body, outbounds[2].body,
        "each recipient has a key of its own"
    );
    let Leaving::Smime {
        certificate,
        algorithm,
        signature: None,
        copy_to: None,
    } = &outbounds[1].leaving
    else {
        panic!("not sealed");
    };
    assert_eq!(certificate, sealed.fingerprint());
    assert_eq!(algorithm, "AES-256-CBC, ECDH P-256, AES-256 key wrap");
    for outbound in &outbounds {
        assert_eq!(outbound.purpose, Purpose::Mail);
        assert_eq!(outbound.sender.as_ref(), Some(&sender));
    }
}

#[test]
fn when_one_copy_cannot_be_sealed_nothing_leaves() {
    let ways = [
        (1, address("a@x.example"), Way::Pass),
        (
            2,
            address("c@partner.example"),
            Way::Smime(certificate("c@partner.example"), ec()),
        ),
    ];
    assert!(
        protect(
            None,
            &RawMessage::new(&b"\r\nno header"[..]),
            &ways,
            &[],
            &Signing::default(),
            || true
        )
        .is_err()
    );
}

#[test]
fn sealing_ends_when_nobody_waits_for_it_any_more() {
    let certificate = certificate("c@partner.example");
    let ways: Vec<_> = (1..=100)
        .map(|place| {
            let recipient = address(&format!("c{place}@partner.example"));
            (place, recipient, Way::Smime(certificate.clone(), ec()))
        })
        .collect();
    let asked = std::cell::Cell::new(0);
    let wanted = || {
        asked.set(asked.get() + 1);
        asked.get() <= 3
    };
    let result = protect(
        None,
        &RawMessage::new(MAIL),
        &ways,
        &[],
        &Signing::default(),
        wanted,
    );
    assert!(matches!(result, Err(NotMade::Unwanted)));
    assert_eq!(asked.get(), 4);
}
