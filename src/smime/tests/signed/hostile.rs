//! What must not be believed, each with the reason that people read.

use super::super::counterparts::have;
use super::super::pki::{ANN, address, at};
use super::signers;
use super::*;

fn signed() -> RawMessage {
    wrap(ANN, TEXT, &signers::library(&stage().ann, TEXT))
}

fn changed(from: &str, to: &str) -> RawMessage {
    let text = String::from_utf8(signed().as_bytes().to_vec()).unwrap();
    assert!(text.contains(from), "{from}");
    RawMessage::new(text.replace(from, to))
}

#[test]
fn another_content_under_a_right_signature_is_seen() {
    assert_eq!(
        fault(&changed("my certificate", "his certificate")),
        Fault::Changed
    );
    assert_eq!(fault(&changed("charset=utf-8", "charset=utf-7")), Fault::Changed);
    assert_eq!(
        fault(&changed("certificate.\r\n", "certificate. \r\n")),
        Fault::Changed
    );
    let unfolded = TEXT.replace("\r\n", "\n");
    let not_canonical = wrap(ANN, TEXT, &signers::library(&stage().ann, &unfolded));
    assert_eq!(
        fault(&not_canonical),
        Fault::Changed,
        "a digest of other line ends"
    );
}

#[test]
fn the_certificate_must_be_the_authors() {
    for from in [
        "bob@partner.example",
        "ann@partner.example.evil.example",
        "Ann <ann+x@partner.example>",
    ] {
        let cms = signers::library(&stage().ann, TEXT);
        assert_eq!(fault(&wrap(from, TEXT, &cms)), Fault::AnotherAuthor, "{from}");
    }
}

#[test]
fn a_from_that_could_be_read_in_two_ways_is_not_read() {
    let cms = signers::library(&stage().ann, TEXT);
    for from in [
        "ann@partner.example, bob@partner.example",
        "ann@partner.example <bob@partner.example>",
        "<ann@partner.example> <bob@partner.example>",
        "Team: ann@partner.example;",
        "ann@partner.example;",
        "\"ann@partner.example",
        "<ann@partner.example",
        "",
        "nobody",
    ] {
        let fault = fault(&wrap(from, TEXT, &cms));
        assert_eq!(fault, Fault::NoAuthor, "{from}");
    }
    for from in [
        "ann@partner.example\r\nFrom: bob@partner.example",
        "bob@partner.example\r\nFROM : ann@partner.example",
        "bob@partner.example\r\n \r\n",
    ] {
        let verification = verify(&wrap(from, TEXT, &cms));
        let unreadable = matches!(verification, Verification::Faulty(Fault::Unreadable(_)));
        assert!(
            unreadable || matches!(verification, Verification::NotSigned),
            "{from}: {verification:?}"
        );
    }
}

#[test]
fn a_message_of_more_or_fewer_parts_is_not_read() {
    let end = "\r\n--=_b--\r\n";
    let third = "\r\n--=_b\r\nContent-Type: text/plain\r\n\r\nand this\r\n--=_b--\r\n";
    for (from, to) in [
        (end, third),
        (end, "\r\n"),
        ("preamble\r\n", "--=_b\r\n\r\nfirst\r\n"),
        ("--=_b\r\nContent-Type: text", "--=_bx\r\nContent-Type: text"),
        ("application/pkcs7-signature; name", "text/plain; name"),
        (
            "protocol=\"application/pkcs7-signature\"",
            "protocol=\"application/pgp-signature\"",
        ),
        ("boundary=\"=_b\"", "boundary=\"=_b\"; boundary=\"=_c\""),
        ("boundary=\"=_b\"", "x=\"=_b\""),
        ("Transfer-Encoding: base64", "Transfer-Encoding: quoted-printable"),
        ("MIME-Version: 1.0", "Content-Transfer-Encoding: base64"),
    ] {
        let fault = fault(&changed(from, to));
        assert!(matches!(fault, Fault::Unreadable(_)), "{from} -> {to}: {fault:?}");
    }
}

#[test]
fn a_signature_inside_of_another_layer_does_not_count_for_the_message() {
    let inner = signed();
    let inner = String::from_utf8_lossy(inner.as_bytes()).replace(&format!("From: {ANN}\r\n"), "");
    let wrapped = format!(
        "From: {ANN}\r\nContent-Type: multipart/mixed; boundary=list\r\n\r\n--list\r\n{inner}\r\n--list\r\n\r\nfooter\r\n--list--\r\n"
    );
    assert!(matches!(
        verify(&RawMessage::new(wrapped)),
        Verification::NotSigned
    ));
}

#[test]
fn micalg_is_a_hint_that_proves_nothing() {
    valid(&changed("micalg=sha-256", "micalg=md5"));
}

#[test]
fn weak_algorithms_are_refused() {
    if !have("weak_algorithms_are_refused", &["openssl"]) {
        return;
    }
    let stage = stage();
    for arguments in [
        vec!["-md", "sha1"],
        vec!["-md", "md5"],
        vec!["-md", "sha1", "-nodetach"],
        vec!["-md", "sha1", "-keyopt", "rsa_padding_mode:pss"],
        vec!["-md", "sha224"],
    ] {
        let fault = fault(&mail(ANN, &signers::openssl(&stage.ann, TEXT, &arguments, &[])));
        assert_eq!(fault, Fault::Algorithm, "{arguments:?}");
    }
}

#[test]
fn several_signers_no_signer_and_no_certificate_are_told_apart() {
    if !have(
        "several_signers_no_signer_and_no_certificate_are_told_apart",
        &["openssl"],
    ) {
        return;
    }
    let stage = stage();
    let folder = super::super::pki::Temporary::new();
    let second = folder.write(
        "second.pem",
        format!("{}{}", stage.bob.certificate_pem, stage.bob.key_pem),
    );
    let second = second.to_str().unwrap();
    let two = signers::openssl(&stage.ann, TEXT, &["-signer", second, "-inkey", second], &[]);
    assert_eq!(fault(&mail(ANN, &two)), Fault::SeveralSigners);
    let bare = signers::openssl(&stage.ann, TEXT, &["-nocerts"], &[]);
    assert_eq!(fault(&mail(ANN, &bare)), Fault::NoCertificate);
}

#[test]
fn a_certificate_that_is_not_for_this_now_is_named_with_its_reason() {
    let root = root();
    let folders = Folders::trusting(&root);
    let revoked = root.issue(&everything(ANN, EC)).unwrap();
    let list = root
        .revocation_list(&[&revoked.serial], at("2027-01-01T00:00:00Z"), end())
        .unwrap();
    folders.put("crls/root.pem", list);
    let certificates = folders.load().unwrap();
    let verdict = |issued: &Issued| match certificates
        .verify(&wrap(ANN, TEXT, &signers::library(issued, TEXT)), now())
    {
        Verification::Untrusted(_, verdict) => verdict,
        other => panic!("{other:?}"),
    };
    assert_eq!(verdict(&revoked), CertificateVerdict::Revoked);
    let expired = Request {
        not_after: at("2027-01-01T00:00:00Z"),
        ..everything(ANN, EC)
    };
    assert_eq!(
        verdict(&root.issue(&expired).unwrap()),
        CertificateVerdict::Expired
    );
    let early = Request {
        not_before: at("2028-01-01T00:00:00Z"),
        ..everything(ANN, EC)
    };
    assert_eq!(
        verdict(&root.issue(&early).unwrap()),
        CertificateVerdict::NotYetValid
    );
    for usage in [Usage::EncryptMail, Usage::ServeTls] {
        let wrong = Request {
            usage,
            ..request(ANN, EC)
        };
        assert_eq!(
            verdict(&root.issue(&wrong).unwrap()),
            CertificateVerdict::WrongUsage,
            "{usage:?}"
        );
    }
    let own = Authority::new("Partner's own root", EC, start(), end()).unwrap();
    let foreign = verdict(&own.issue(&everything(ANN, EC)).unwrap());
    assert!(matches!(foreign, CertificateVerdict::Untrusted(_)), "{foreign:?}");
    let _ = address(ANN);
}

#[test]
fn a_root_that_comes_along_is_not_trusted_for_it() {
    if !have("a_root_that_comes_along_is_not_trusted_for_it", &["openssl"]) {
        return;
    }
    let own = Authority::new("Test Root", EC, start(), end()).unwrap();
    let forged = own.issue(&everything(ANN, EC)).unwrap();
    let mail = mail(
        ANN,
        &signers::openssl(&forged, TEXT, &[], &[own.certificate_pem().unwrap()]),
    );
    assert!(matches!(untrusted(&mail), CertificateVerdict::Untrusted(_)));
}

#[test]
fn every_single_changed_octet_of_the_signature_is_noticed_or_without_effect() {
    let whole = signers::library(&stage().ann_ec, TEXT);
    let own = valid(&wrap(ANN, TEXT, &whole));
    for at in 0..whole.len() {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 1;
        if let Verification::Valid(signed) = verify(&wrap(ANN, TEXT, &spoilt)) {
            // Versions and the list of digests say nothing that counts.
            assert_eq!(
                signed.signer.fingerprint(),
                own.signer.fingerprint(),
                "octet {at}"
            );
            assert_eq!(signed.capabilities, own.capabilities, "octet {at}");
            assert_eq!(signed.signed_at, own.signed_at, "octet {at}");
        }
    }
}

#[test]
fn a_signature_that_is_cut_off_anywhere_is_not_valid() {
    let whole = signers::library(&stage().ann_ec, TEXT);
    for length in 0..whole.len() {
        let cut = verify(&wrap(ANN, TEXT, &whole[..length]));
        assert!(matches!(cut, Verification::Faulty(_)), "{length}: {cut:?}");
    }
    let text = signed();
    for length in (0..text.len() - 4).step_by(7) {
        let cut = verify(&RawMessage::new(text.as_bytes()[..length].to_vec()));
        assert!(!matches!(cut, Verification::Valid(_)), "{length}: {cut:?}");
    }
}

#[test]
fn a_signature_that_is_too_large_is_not_decoded() {
    let huge = wrap(ANN, TEXT, &vec![0x30; 1 << 20]);
    assert_eq!(fault(&huge), Fault::Unreadable("the signature is too large"));
    let deep = wrap(ANN, TEXT, &[0x30, 0x80].repeat(10_000));
    assert!(matches!(fault(&deep), Fault::Unreadable(_)));
}

#[test]
fn a_content_beside_and_inside_is_refused() {
    if !have("a_content_beside_and_inside_is_refused", &["openssl"]) {
        return;
    }
    let inside = signers::openssl(&stage().ann, TEXT, &["-nodetach", "-outform", "DER"], &[]);
    assert_eq!(fault(&wrap(ANN, TEXT, &inside)), Fault::TwoContents);
    let opaque = |cms: &[u8]| {
        RawMessage::new(format!(
            "From: {ANN}\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            openssl::base64::encode_block(cms)
        ))
    };
    valid(&opaque(&inside));
    assert_eq!(
        fault(&opaque(&signers::library(&stage().ann, TEXT))),
        Fault::NoContent
    );
}

proptest::proptest! {
    #[test]
    fn any_bytes_beside_a_content_are_taken_without_a_panic(
        cms in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
    ) {
        let verification = verify(&wrap(ANN, TEXT, &cms));
        proptest::prop_assert!(matches!(verification, Verification::Faulty(_)));
    }
}
