use super::super::issue::{Authority, KeyKind, Placement, Request, Usage};
use super::super::{Certificate, Curve, Key};
use super::pki::*;
use crate::message::{CertificateVerdict as Verdict, Profile};

#[test]
fn each_reason_not_to_use_a_certificate_has_its_verdict() {
    let root = root();
    let stranger = Authority::new("Stranger Root", EC, start(), end()).unwrap();
    let folders = Folders::trusting(&root);
    let to = |mailbox: &str| request(mailbox, EC);
    let revoked = root.issue(&to("revoked@p.example")).unwrap();
    let cases = [
        ("valid", root.issue(&to("valid@p.example")), Verdict::Chosen),
        ("revoked", Ok(revoked.clone()), Verdict::Revoked),
        (
            "expired",
            root.issue(&Request {
                not_after: at("2027-06-01T12:00:00Z"),
                ..to("expired@p.example")
            }),
            Verdict::Expired,
        ),
        (
            "early",
            root.issue(&Request {
                not_before: at("2027-06-01T12:00:01Z"),
                ..to("early@p.example")
            }),
            Verdict::NotYetValid,
        ),
        (
            "signing",
            root.issue(&Request {
                usage: Usage::SignMail,
                ..to("signing@p.example")
            }),
            Verdict::WrongUsage,
        ),
        (
            "tls",
            root.issue(&Request {
                usage: Usage::ServeTls,
                ..to("tls@p.example")
            }),
            Verdict::WrongUsage,
        ),
        (
            "any",
            root.issue(&Request {
                usage: Usage::Unrestricted,
                ..to("any@p.example")
            }),
            Verdict::Chosen,
        ),
        (
            "subject",
            root.issue(&Request {
                placement: Placement::SubjectOnly,
                ..to("subject@p.example")
            }),
            Verdict::WrongAddress,
        ),
        (
            "short",
            root.issue(&Request {
                key: KeyKind::Rsa(1024),
                ..to("short@p.example")
            }),
            Verdict::WeakKey,
        ),
        (
            "untrusted",
            stranger.issue(&to("untrusted@p.example")),
            Verdict::Untrusted(
                "the issuer CN=Stranger Root is not among the anchors and intermediates".to_owned(),
            ),
        ),
    ];
    let list = root.revocation_list(&[&revoked.serial], start(), end()).unwrap();
    folders.put("crls/root.crl", list);
    for (name, issued, _) in &cases {
        folders.recipient(name, issued.as_ref().unwrap());
    }
    for (name, _, expected) in cases {
        assert_eq!(folders.verdict(&format!("{name}@p.example")), expected, "{name}");
    }
    assert!(folders.choose("nobody@p.example").considered.is_empty());
}

#[test]
fn an_expired_or_revoked_certificate_does_not_stand_in_the_way_of_a_valid_one() {
    let root = root();
    let folders = Folders::trusting(&root);
    let make = |from: &str, to: &str| {
        let request = Request {
            not_before: at(from),
            not_after: at(to),
            ..request(ANN, EC)
        };
        root.issue(&request).unwrap()
    };
    let expired = make("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let older = make("2026-06-01T00:00:00Z", "2029-12-01T00:00:00Z");
    let newer = make("2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    let revoked = make("2027-05-01T00:00:00Z", "2029-01-01T00:00:00Z");
    let coming = make("2027-07-01T00:00:00Z", "2029-01-01T00:00:00Z");
    // One file with all of them, and a copy of one elsewhere.
    let all = [&expired, &coming, &older, &newer, &revoked].map(|issued| issued.certificate_pem.as_str());
    folders.put("recipients/ann.pem", all.concat());
    folders.put("recipients/copy.der", x509(&newer).to_der().unwrap());
    let list = root.revocation_list(&[&revoked.serial], start(), end()).unwrap();
    folders.put("crls/root.pem", list);

    let choice = folders.choose(ANN);
    let verdicts: Vec<_> = choice
        .considered
        .iter()
        .map(|c| (c.serial.clone(), c.verdict.clone()))
        .collect();
    assert_eq!(
        verdicts,
        [
            (newer.serial.clone(), Verdict::Chosen),
            (older.serial, Verdict::Usable),
            (coming.serial, Verdict::NotYetValid),
            (revoked.serial, Verdict::Revoked),
            (expired.serial, Verdict::Expired),
        ]
    );
    assert_eq!(choice.chosen.unwrap().serial(), newer.serial);
}

#[test]
fn verdicts_follow_the_clock_although_they_are_kept() {
    let root = root();
    let folders = Folders::trusting(&root);
    let middle = root
        .intermediate(
            "Middle",
            EC,
            at("2026-02-01T00:00:00Z"),
            at("2028-01-01T00:00:00Z"),
        )
        .unwrap();
    folders.put("intermediates/middle.cer", middle.certificate_pem().unwrap());
    folders.recipient("ann", &middle.issue(&request(ANN, EC)).unwrap());
    let certificates = folders.load().unwrap();
    let verdict = |when: &str| choose(&certificates, ANN, at(when)).considered[0].verdict.clone();
    for _ in 0..2 {
        assert_eq!(
            untrusted(verdict("2026-01-15T00:00:00Z")),
            "the CA certificate CN=Middle is not yet valid"
        );
        assert_eq!(verdict("2026-02-01T00:00:00Z"), Verdict::Chosen);
        assert_eq!(verdict("2027-12-31T23:59:59Z"), Verdict::Chosen);
        assert_eq!(
            untrusted(verdict("2028-01-01T00:00:00Z")),
            "the CA certificate CN=Middle has expired"
        );
        assert_eq!(verdict("2030-01-01T00:00:00Z"), Verdict::Expired);
    }
}

#[test]
fn case_does_not_matter_in_an_address_and_anything_else_does() {
    let root = root();
    let folders = Folders::trusting(&root);
    folders.recipient(
        "ann",
        &root.issue(&request("Ann.Lee@Partner.Example", EC)).unwrap(),
    );
    assert_eq!(folders.verdict("ANN.lee@PARTNER.example"), Verdict::Chosen);
    for other in [
        "annlee@partner.example",
        "ann.lee+x@partner.example",
        "ann.lee@sub.partner.example",
    ] {
        assert!(folders.choose(other).considered.is_empty(), "{other}");
    }
}

#[test]
fn a_person_cannot_issue_certificates_to_others() {
    let root = root();
    let folders = Folders::trusting(&root);
    // Mallory has an honest certificate without any restriction, and uses its key as a CA.
    let mallory = Request {
        usage: Usage::Unrestricted,
        ..request("mallory@partner.example", EC)
    };
    let mallory = root.issue(&mallory).unwrap();
    let forger = Authority::from_pem(&mallory.certificate_pem, &mallory.key_pem).unwrap();
    folders.put("intermediates/mallory.pem", &mallory.certificate_pem);
    folders.recipient("ann", &forger.issue(&request(ANN, EC)).unwrap());
    untrusted(folders.verdict(ANN));
}

#[test]
fn what_stands_among_the_anchors_is_trusted_and_a_self_signed_certificate_elsewhere_is_not() {
    let root = root();
    let folders = Folders::trusting(&root);
    let ann = root.issue(&request(ANN, EC)).unwrap();
    let stranger = Authority::new("Stranger", EC, start(), end()).unwrap();
    let bob = stranger.issue(&request("bob@partner.example", EC)).unwrap();
    folders.recipient("ann", &ann);
    folders.recipient("bob", &bob);
    folders.put("intermediates/stranger.pem", stranger.certificate_pem().unwrap());
    assert_eq!(
        untrusted(folders.verdict("bob@partner.example")),
        "the root CN=Stranger is not among the anchors"
    );
    folders.put("anchors/bob.pem", &bob.certificate_pem);
    assert_eq!(folders.verdict("bob@partner.example"), Verdict::Chosen);
}

#[test]
fn a_ca_with_a_weak_key_vouches_for_nobody() {
    let root = root();
    let folders = Folders::trusting(&root);
    let weak = root
        .intermediate("Weak", KeyKind::Rsa(1024), start(), end())
        .unwrap();
    folders.put("intermediates/weak.pem", weak.certificate_pem().unwrap());
    folders.recipient("ann", &weak.issue(&request(ANN, EC)).unwrap());
    untrusted(folders.verdict(ANN));
}

#[test]
fn what_a_ca_may_vouch_for_limits_what_is_believed_of_it() {
    use der::Encode;
    use openssl::x509::extension::ExtendedKeyUsage;
    use x509_cert::ext::pkix::NameConstraints;
    use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
    use x509_cert::ext::pkix::name::GeneralName;

    let root = root();
    let only_tls = ExtendedKeyUsage::new().server_auth().build().unwrap();
    let domain = der::asn1::Ia5String::new("agency.example").unwrap();
    let constraints = NameConstraints {
        permitted_subtrees: Some(vec![GeneralSubtree {
            base: GeneralName::Rfc822Name(domain),
            minimum: 0,
            maximum: None,
        }]),
        excluded_subtrees: None,
    };
    let only_agency = extension("2.5.29.30", true, &constraints.to_der().unwrap());
    for (name, extension, mailbox, expected) in [
        ("Tls", only_tls, ANN, "the CA CN=Tls may not vouch for mail"),
        ("Agency", only_agency, ANN, "permitted subtree violation"),
    ] {
        let folders = Folders::trusting(&root);
        let ca = root
            .intermediate_with(name, EC, [start(), end()], vec![extension])
            .unwrap();
        folders.put("intermediates/ca.pem", ca.certificate_pem().unwrap());
        folders.recipient("ann", &ca.issue(&request(mailbox, EC)).unwrap());
        let reason = untrusted(folders.verdict(mailbox));
        assert!(reason.contains(expected), "{reason}");
        folders.recipient("own", &ca.issue(&request("own@agency.example", EC)).unwrap());
        let fine = folders.verdict("own@agency.example") == Verdict::Chosen;
        assert_eq!(fine, name == "Agency");
    }
}

#[test]
fn an_address_beyond_ascii_is_found_in_its_own_kind_of_name() {
    let root = root();
    let folders = Folders::trusting(&root);
    folders.recipient(
        "u",
        &root.issue(&request("\u{fc}nal@partner.example", EC)).unwrap(),
    );
    assert_eq!(folders.verdict("\u{dc}nal@partner.example"), Verdict::Chosen);
}

#[test]
fn keys_that_protect_nothing_are_weak() {
    use openssl::bn::BigNum;
    use openssl::ec::{Asn1Flag, EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;

    let modulus = Rsa::generate(2048).unwrap().n().to_owned().unwrap();
    let rsa = |e| Rsa::from_public_components(modulus.to_owned().unwrap(), BigNum::from_u32(e).unwrap());
    let rsa = |e| key_of(&PKey::from_rsa(rsa(e).unwrap()).unwrap());
    assert_eq!(rsa(65_537), Key::Rsa(2048));
    assert_eq!(rsa(3), Key::Rsa(2048));
    assert!(!rsa(1).is_strong());
    assert!(!rsa(4).is_strong());
    let elliptic = |nid, flag| {
        let mut group = EcGroup::from_curve_name(nid).unwrap();
        group.set_asn1_flag(flag);
        key_of(&PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap())
    };
    assert_eq!(
        elliptic(Nid::X9_62_PRIME256V1, Asn1Flag::NAMED_CURVE),
        Key::Ec(Curve::P256)
    );
    assert_eq!(
        elliptic(Nid::SECP256K1, Asn1Flag::NAMED_CURVE).to_string(),
        "EC secp256k1"
    );
    assert!(!elliptic(Nid::SECP256K1, Asn1Flag::NAMED_CURVE).is_strong());
    assert!(!key_of(&PKey::generate_x25519().unwrap()).is_strong());
}

fn key_of(key: &openssl::pkey::PKeyRef<impl openssl::pkey::HasPublic>) -> Key {
    certificate_with_key(key).key().clone()
}

#[test]
fn choosing_can_move_between_threads() {
    fn assert_send<T: Send>(_: T) {}
    let certificates = Folders::trusting(&root()).load().unwrap();
    assert_send(certificates.choose(&address(ANN), Profile::Compatible, now()));
    assert_send(certificates);
}

#[test]
fn files_that_hold_no_certificate_are_named() {
    for (name, content) in [
        ("recipients/empty.pem", &b""[..]),
        (
            "recipients/key.pem",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ),
        (
            "anchors/broken.crt",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ),
        ("intermediates/noise.DER", b"\x30\x82\xff\xff\x00"),
        ("crls/noise.crl", b"noise"),
        ("crls/none.pem", b"-----BEGIN CERTIFICATE-----\n"),
    ] {
        let folders = Folders::trusting(&root());
        folders.put(name, content);
        let error = folders.load().err().unwrap();
        assert!(error.contains(name.rsplit('/').next().unwrap()), "{error}");
    }
    let folders = Folders::trusting(&root());
    std::fs::remove_dir_all(folders.path("crls")).unwrap();
    assert!(folders.load().err().unwrap().contains("crls"));
}

#[test]
fn the_list_of_all_certificates_names_addresses_files_and_verdicts() {
    let root = root();
    let folders = Folders::trusting(&root);
    folders.recipient("ann", &root.issue(&request(ANN, EC)).unwrap());
    let subject_only = Request {
        placement: Placement::SubjectOnly,
        ..request("old@partner.example", EC)
    };
    folders.recipient("old", &root.issue(&subject_only).unwrap());
    folders.put("recipients/zca.pem", root.certificate_pem().unwrap());
    let certificates = folders.load().unwrap();
    let listed: Vec<_> = listed(&certificates, Profile::Compatible)
        .into_iter()
        .map(|line| {
            let file = line
                .file
                .unwrap()
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            (file, line.address.map(|a| a.to_string()), line.considered.verdict)
        })
        .collect();
    assert_eq!(
        listed,
        [
            ("ann.pem".to_owned(), Some(ANN.to_owned()), Verdict::Usable),
            (
                "old.pem".to_owned(),
                Some("old@partner.example".to_owned()),
                Verdict::WrongAddress
            ),
            ("zca.pem".to_owned(), None, Verdict::WrongAddress),
        ]
    );
}

#[test]
fn a_certificate_tells_what_it_is() {
    let root = Authority::new("Test, Root\u{202e}", EC, start(), end()).unwrap();
    let wish = Request {
        serial: Some("0Ab3".to_owned()),
        ..request(ANN, KeyKind::Ec(Curve::P384))
    };
    let issued = root.issue(&wish).unwrap();
    let certificate = certificate(&issued);
    assert_eq!(certificate.serial(), "0ab3");
    assert_eq!(certificate.subject(), "CN=ann@partner.example");
    assert_eq!(certificate.issuer(), "CN=Test\\, Root?");
    assert_eq!(certificate.key().to_string(), "EC P-384");
    assert_eq!(
        (certificate.not_before(), certificate.not_after()),
        (start(), end())
    );
    assert_eq!(certificate.addresses(), [address(ANN)]);
    let digest = x509(&issued)
        .digest(openssl::hash::MessageDigest::sha256())
        .unwrap();
    assert_eq!(certificate.fingerprint(), super::super::certificate::hex(&digest));
    assert_eq!(
        format!("{certificate:?}"),
        format!("Certificate({})", certificate.fingerprint())
    );
}

#[test]
fn a_certificate_without_an_end_is_held_for_valid_as_long_as_a_timestamp_goes() {
    let root = root();
    let endless = Request {
        not_after: jiff::Timestamp::MAX,
        ..request(ANN, EC)
    };
    let mut der = x509(&root.issue(&endless).unwrap()).to_der().unwrap();
    // RFC 5280 §4.1.2.5 writes "no end" as the last second of the year 9999, beyond jiff's range.
    let written = memchr::memmem::find(&der, b"99991230").unwrap();
    der[written..written + 15].copy_from_slice(b"99991231235959Z");
    assert_eq!(
        Certificate::from_der(&der).unwrap().not_after(),
        jiff::Timestamp::MAX
    );
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_certificate_reader_panic(
        flips in proptest::collection::vec((0usize..4096, proptest::prelude::any::<u8>()), 0..8),
        cut in 0usize..4096,
    ) {
        let mut der = x509(&recipients()[1].1).to_der().unwrap();
        for (place, value) in flips {
            let place = place % der.len();
            der[place] ^= value;
        }
        der.truncate(cut.max(1));
        if let Ok(certificate) = Certificate::from_der(&der) {
            let _ = (certificate.may_encrypt_mail(), certificate.to_pem(), certificate.key().is_strong());
        }
    }
}
