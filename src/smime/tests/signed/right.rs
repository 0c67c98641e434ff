//! What must be believed.

use super::super::counterparts::have;
use super::super::pki::{ANN, at, certificate};
use super::signers;
use super::*;

fn fingerprint(issued: &Issued) -> String {
    certificate(issued).fingerprint().to_owned()
}

#[test]
fn mail_that_openssl_signed_in_every_usual_way_is_valid_and_names_the_certificate_to_encrypt_with() {
    if !have(
        "mail_that_openssl_signed_in_every_usual_way_is_valid",
        &["openssl"],
    ) {
        return;
    }
    let stage = stage();
    let pss = ["-keyopt", "rsa_padding_mode:pss"];
    let ways: [(&Issued, Vec<&str>); 10] = [
        (&stage.ann, vec![]),
        (&stage.ann, vec!["-md", "sha384"]),
        (&stage.ann, vec!["-md", "sha512", "-keyid"]),
        (&stage.ann, [&pss[..], &["-md", "sha256"]].concat()),
        (
            &stage.ann,
            [&pss[..], &["-md", "sha512", "-keyopt", "rsa_pss_saltlen:20"]].concat(),
        ),
        (&stage.ann, vec!["-nodetach"]),
        (&stage.ann, vec!["-nodetach", "-nosmimecap", "-indef"]),
        (&stage.ann, vec!["-noattr"]),
        (&stage.ann_ec, vec!["-md", "sha256"]),
        (&stage.ann_ec, vec!["-md", "sha512", "-nodetach"]),
    ];
    for (signer, arguments) in ways {
        let signed = valid(&mail(ANN, &signers::openssl(signer, TEXT, &arguments, &[])));
        assert_eq!(signed.author.to_string(), ANN, "{arguments:?}");
        assert_eq!(signed.signer.fingerprint(), fingerprint(signer), "{arguments:?}");
        let encryption = signed.encryption.expect("a certificate to encrypt with");
        assert_eq!(encryption.fingerprint(), fingerprint(signer), "{arguments:?}");
    }
}

#[test]
fn openssls_capabilities_and_the_signing_time_are_read() {
    if !have(
        "openssls_capabilities_and_the_signing_time_are_read",
        &["openssl"],
    ) {
        return;
    }
    let signed = valid(&mail(ANN, &signers::openssl(&stage().ann, TEXT, &[], &[])));
    let abilities = Abilities::of(&signed.capabilities.unwrap());
    assert!(abilities.aes_256_cbc && abilities.aes_128_cbc);
    assert!(!abilities.aes_256_gcm && !abilities.oaep_sha_256);
    assert!(signed.signed_at.unwrap() > at("2025-01-01T00:00:00Z"));
}

#[test]
fn a_chain_that_came_along_is_followed_and_the_certificate_for_encryption_is_found() {
    if !have("a_chain_that_came_along_is_followed", &["openssl"]) {
        return;
    }
    let stage = stage();
    let (chain, receives) = (stage.middle.certificate_pem().unwrap(), &stage.ann_receives);
    let others = [chain.clone(), receives.certificate_pem.clone()];
    let signed = valid(&mail(
        ANN,
        &signers::openssl(&stage.ann_signs, TEXT, &[], &others),
    ));
    assert_eq!(signed.encryption.unwrap().fingerprint(), fingerprint(receives));
    assert_eq!(signed.authorities.len(), 1);
    let alone = valid(&mail(
        ANN,
        &signers::openssl(&stage.ann_signs, TEXT, &[], &[chain]),
    ));
    assert!(
        alone.encryption.is_none(),
        "a certificate for signatures is not encrypted to"
    );
    let unknown = untrusted(&mail(ANN, &signers::openssl(&stage.ann_signs, TEXT, &[], &[])));
    assert!(matches!(unknown, CertificateVerdict::Untrusted(_)), "{unknown:?}");
}

#[test]
fn mail_that_nss_and_gnupg_signed_is_valid() {
    let name = "mail_that_nss_and_gnupg_signed_is_valid";
    if !have(
        name,
        &[
            "openssl",
            "certutil",
            "pk12util",
            "cmsutil",
            "gpgsm",
            "gpg-agent",
            "gpgconf",
        ],
    ) {
        return;
    }
    let stage = stage();
    let root = fs_root(stage);
    for (hash, preference) in [("SHA256", true), ("SHA512", false)] {
        let signed = valid(&wrap(
            ANN,
            TEXT,
            &signers::nss(&stage.ann, &root, hash, preference),
        ));
        assert_eq!(
            signed.encryption.unwrap().fingerprint(),
            fingerprint(&stage.ann),
            "{hash}"
        );
        assert!(signed.signed_at.is_some());
    }
    let signed = valid(&wrap(ANN, TEXT, &signers::gpgsm(&stage.ann, &root)));
    assert_eq!(signed.signer.fingerprint(), fingerprint(&stage.ann));
}

fn fs_root(stage: &Stage) -> String {
    std::fs::read_to_string(stage.folders.path("anchors/root.pem")).unwrap()
}

#[test]
fn a_ca_that_came_along_is_kept_when_it_leads_to_an_anchor_and_helps_after_a_restart() {
    let name = "a_ca_that_came_along_is_kept_when_it_leads_to_an_anchor_and_helps_after_a_restart";
    if !have(name, &["openssl"]) {
        return;
    }
    let root = root();
    let (middle, foreign) = (
        root.intermediate("Partner CA", EC, start(), end()).unwrap(),
        Authority::new("Foreign Root", EC, start(), end()).unwrap(),
    );
    let mut folders = Folders::trusting(&root);
    folders.rules.learned = Some(folders.path("learned"));
    let ann = middle.issue(&everything(ANN, EC)).unwrap();
    folders.recipient("ann", &ann);
    let verdict = |certificates: &Certificates| {
        super::super::pki::choose(certificates, ANN, now()).considered[0]
            .verdict
            .clone()
    };
    let certificates = folders.load().unwrap();
    assert!(matches!(verdict(&certificates), CertificateVerdict::Untrusted(_)));
    let others = [middle, foreign].map(|ca| ca.certificate_pem().unwrap());
    let mail = mail(ANN, &signers::openssl(&ann, TEXT, &[], &others));
    let Verification::Valid(signed) = certificates.verify(&mail, now()) else {
        panic!("not valid");
    };
    certificates.learn(&signed, now());
    for certificates in [certificates, folders.load().unwrap()] {
        assert_eq!(verdict(&certificates), CertificateVerdict::Chosen);
    }
    let kept = std::fs::read_dir(folders.path("learned")).unwrap().count();
    assert_eq!(kept, 1, "the foreign root is not kept");
}

#[test]
fn the_author_may_be_written_in_many_ways() {
    let cms = signers::library(&stage().ann, TEXT);
    for from in [
        "ann@partner.example",
        "Ann Lee <Ann@PARTNER.example>",
        "\"Lee, Ann (Sales)\" <ann@partner.example>",
        "ann@partner.example (Ann Lee)",
        "=?utf-8?q?Ann_L=C3=A9e?=\r\n <ann@partner.example>",
    ] {
        assert_eq!(valid(&wrap(from, TEXT, &cms)).author.key(), ANN, "{from}");
    }
}

#[test]
fn mail_without_a_signature_is_no_fault() {
    for text in [
        "From: ann@partner.example\r\n\r\nHello\r\n",
        "From: ann@partner.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
        "",
        "\r\n\r\n",
    ] {
        let verification = verify(&RawMessage::new(text));
        assert!(
            matches!(verification, Verification::NotSigned),
            "{verification:?}"
        );
    }
}
