use std::sync::Arc;

use crate::message::{Address, Leaving, Profile, Purpose, RawMessage, Sealed};
use crate::smime::issue::{Authority, KeyKind, Request};
use crate::smime::{Algorithms, Certificate, Curve, Key};

use super::smime::MOST;
use super::{NotMade, Signing, Way, protect};

const MAIL: &[u8] = b"From: a@agency.example\r\nTo: b@partner.example\r\nSubject: x\r\n\r\nbody\r\n";

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn ec() -> Algorithms {
    Algorithms::choose(Profile::Compatible, &Key::Ec(Curve::P256), None).unwrap()
}

fn certificate(mailbox: &str) -> Arc<Certificate> {
    certificate_of(mailbox, KeyKind::Ec(Curve::P256))
}

fn certificate_of(mailbox: &str, kind: KeyKind) -> Arc<Certificate> {
    let (from, to) = (
        "2026-01-01T00:00:00Z".parse().unwrap(),
        "2036-01-01T00:00:00Z".parse().unwrap(),
    );
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
        shared_with: 0,
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

/// Who shares a copy with whom, by place in the envelope.
fn sealed_together(header: &str, ways: &[(u32, Address, Way)]) -> Vec<Vec<u32>> {
    let raw =
        RawMessage::new(format!("From: a@agency.example\r\n{header}Subject: x\r\n\r\nbody\r\n").into_bytes());
    let made = protect(None, &raw, ways, &[], &Signing::default(), || true).unwrap();
    let places =
        |outbound: &crate::message::Outbound| outbound.recipients.iter().map(|(place, _)| *place).collect();
    made.outbounds.iter().map(places).collect()
}

fn to_seal(mailboxes: &[&str]) -> Vec<(u32, Address, Way)> {
    let way = |mailbox: &str| Way::Smime(certificate(mailbox), ec());
    (1..)
        .zip(mailboxes)
        .map(|(place, mailbox)| (place, address(mailbox), way(mailbox)))
        .collect()
}

#[test]
fn recipients_that_to_and_cc_name_share_a_cms_and_blind_ones_have_their_own() {
    let ways = to_seal(&[
        "b@x.example",
        "blind@x.example",
        "c@y.example",
        "d@z.example",
        "list@z.example",
    ]);
    let header = "To: \"Doe, Bea\" <b@x.example>\r\nCc: c@y.example,\r\n  Dan <d@z.example>\r\nBcc: blind@x.example\r\n";
    assert_eq!(sealed_together(header, &ways), [vec![1, 3, 4], vec![2], vec![5]]);
}

#[test]
fn where_it_is_in_doubt_who_is_named_nobody_shares_a_cms() {
    let ways = to_seal(&["b@x.example", "c@y.example"]);
    let alone = [vec![1], vec![2]];
    for header in [
        "To: b@x.example\r\nTo: c@y.example\r\n",
        "To: b@x.example\r\nX-To: c@y.example\r\n",
        "To: b@x.example, (c@y.example)\r\n",
        "To: b@x.example, \"c@y.example\" <z@y.example>\r\n",
        "To: undisclosed-recipients:;\r\n",
        "",
    ] {
        assert_eq!(sealed_together(header, &ways), alone, "{header}");
    }
}

#[test]
fn keys_of_two_kinds_do_not_share_a_cms() {
    let mut ways = to_seal(&["b@x.example", "c@y.example", "d@z.example"]);
    let rsa = Algorithms::choose(Profile::Compatible, &Key::Rsa(2048), None).unwrap();
    ways[1].2 = Way::Smime(certificate_of("c@y.example", KeyKind::Rsa(2048)), rsa);
    let header = "To: b@x.example, c@y.example, d@z.example\r\n";
    assert_eq!(sealed_together(header, &ways), [vec![1, 3], vec![2]]);
}

#[test]
fn a_cms_is_shared_by_so_many_at_most() {
    let mailboxes: Vec<String> = (0..=MOST).map(|number| format!("r{number}@x.example")).collect();
    let to = mailboxes.join(",\r\n ");
    let same = certificate("r0@x.example");
    let way = |(place, mailbox): (u32, &String)| (place, address(mailbox), Way::Smime(same.clone(), ec()));
    let ways: Vec<_> = (1..).zip(&mailboxes).map(way).collect();
    let together = sealed_together(&format!("To: {to}\r\n"), &ways);
    assert_eq!(together.iter().map(Vec::len).collect::<Vec<_>>(), [MOST, 1]);
}

#[test]
fn the_form_of_a_shared_cms_can_be_told_for_each_recipient() {
    let ways = to_seal(&["b@x.example", "c@y.example"]);
    let raw = RawMessage::new(&b"To: b@x.example, c@y.example\r\n\r\nbody\r\n"[..]);
    let made = protect(None, &raw, &ways, &[], &Signing::default(), || true).unwrap();
    let [outbound] = &made.outbounds[..] else {
        panic!("not shared");
    };
    let Leaving::Smime {
        certificate,
        shared_with: 1,
        ..
    } = outbound.leaving.clone().to("ab")
    else {
        panic!("not sealed");
    };
    assert_eq!(certificate, "ab");
}

/// The octets of a sealed copy's CMS.
fn cms(outbound: &crate::message::Outbound) -> Vec<u8> {
    let body = outbound.body.as_bytes();
    let start = body.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    crate::smime::unarmored(&body[start..]).unwrap()
}

fn common_end(one: &[u8], other: &[u8]) -> usize {
    one.iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(|(a, b)| a == b)
        .count()
}

#[test]
fn what_several_copies_have_inside_is_encrypted_once_and_a_single_one_has_a_key_of_its_own() {
    let text = format!(
        "From: a@agency.example\r\nTo: b@partner.example\r\n\r\n{}",
        "text ".repeat(400)
    );
    let raw = RawMessage::new(text);
    let ways = to_seal(&["c@partner.example", "d@partner.example", "e@partner.example"]);
    let made = |ways: &[(u32, Address, Way)]| -> Vec<Vec<u8>> {
        let made = protect(None, &raw, ways, &[], &Signing::default(), || true).unwrap();
        made.outbounds.iter().map(cms).collect()
    };
    let (first, second) = (made(&ways), made(&ways));
    assert_eq!((first.len(), second.len()), (3, 3));
    assert!(common_end(&first[0], &first[1]) > 2000 && common_end(&first[0], &first[2]) > 2000);
    // But what comes before differs, and the next message has another key, be it the same.
    assert_ne!(first[0], first[1]);
    assert!(common_end(&first[0], &second[0]) < 16);
    let alone = made(&ways[..1]);
    assert!(common_end(&alone[0], &first[0]) < 16);
}
