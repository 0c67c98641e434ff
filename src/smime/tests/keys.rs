//! Own keys: which one signs for whom, and what is refused.

use super::super::issue::{Issued, Placement, Usage};
use super::super::keys::{KeyRing, Rule, Secret, open, seal};
use super::pki::*;
use super::signing::{Agency, CLERK};
use crate::message::CertificateVerdict::{self, *};

fn verdicts(agency: &Agency, rules: &[(&str, &[&str])], sender: &str) -> Vec<CertificateVerdict> {
    let mut settings = agency.settings();
    settings.rules = rules
        .iter()
        .map(|(file, senders)| Rule {
            file: (*file).to_owned(),
            senders: senders.iter().map(|text| (*text).to_owned()).collect(),
        })
        .collect();
    let ring = KeyRing::load(&settings).unwrap();
    let choice = ring.choose(&address(sender), |_| None, now());
    assert_eq!(
        choice.chosen.is_some(),
        choice.considered.first().is_some_and(|one| one.verdict == Chosen)
    );
    choice.considered.into_iter().map(|one| one.verdict).collect()
}

fn chosen(agency: &Agency, rules: &[Rule], sender: &str) -> Option<String> {
    let mut settings = agency.settings();
    settings.rules = rules.to_vec();
    let choice = KeyRing::load(&settings)
        .unwrap()
        .choose(&address(sender), |_| None, now());
    choice
        .chosen
        .map(|key| key.file().file_name().unwrap().to_string_lossy().into_owned())
}

/// A certificate that names no address.
fn nameless(agency: &Agency) -> Issued {
    let mut request = request("Example Agency", EC);
    request.usage = Usage::SignMail;
    request.placement = Placement::Nowhere;
    agency.root.issue(&request).unwrap()
}

#[test]
fn a_key_signs_for_the_addresses_in_its_certificate() {
    let agency = Agency::new();
    agency.keep("clerk.pem", &agency.issue(CLERK, EC));
    assert_eq!(verdicts(&agency, &[], CLERK), [Chosen]);
    assert_eq!(verdicts(&agency, &[], "Clerk@AGENCY.example"), [Chosen]);
    assert!(verdicts(&agency, &[], "boss@agency.example").is_empty());
}

#[test]
fn the_most_specific_key_signs_and_of_equals_the_newest() {
    let agency = Agency::new();
    for file in ["all.pem", "below.pem", "domain.pem", "hr.pem"] {
        agency.keep(file, &nameless(&agency));
    }
    agency.keep("clerk.pem", &agency.issue(CLERK, EC));
    let rule = |file: &str, senders: &str| Rule {
        file: file.to_owned(),
        senders: vec![senders.to_owned()],
    };
    let rules = [
        rule("all.pem", "*"),
        rule("below.pem", "@*.agency.example"),
        rule("domain.pem", "@agency.example"),
        rule("hr.pem", "@hr.agency.example"),
    ];
    for (sender, file) in [
        (CLERK, "clerk.pem"),
        ("boss@agency.example", "domain.pem"),
        ("ann@hr.agency.example", "hr.pem"),
        ("ann@it.agency.example", "below.pem"),
        ("ann@other.example", "all.pem"),
    ] {
        assert_eq!(chosen(&agency, &rules, sender).as_deref(), Some(file), "{sender}");
    }
}

#[test]
fn each_key_that_is_not_used_says_why() {
    let agency = Agency::new();
    let mut old = request(CLERK, EC);
    (old.usage, old.not_after) = (Usage::SignMail, at("2027-01-01T00:00:00Z"));
    let mut early = request(CLERK, EC);
    (early.usage, early.not_before) = (Usage::SignMail, at("2028-01-01T00:00:00Z"));
    let mut weak = request(CLERK, super::super::issue::KeyKind::Rsa(1024));
    weak.usage = Usage::SignMail;
    let mut silent = request(CLERK, EC);
    silent.usage = Usage::Unrestricted;
    let cases = [
        (old, Expired),
        (early, NotYetValid),
        (weak, WeakKey),
        (silent, WrongUsage),
        (request(CLERK, EC), WrongUsage),
    ];
    for (request, verdict) in cases {
        let agency = Agency::new();
        agency.keep("x.pem", &agency.root.issue(&request).unwrap());
        assert_eq!(verdicts(&agency, &[], CLERK), [verdict]);
    }
    agency.keep("clerk.pem", &agency.issue(CLERK, EC));
    let everybody: &[(&str, &[&str])] = &[("clerk.pem", &["@agency.example"])];
    assert_eq!(
        verdicts(&agency, everybody, "boss@agency.example"),
        [WrongAddress]
    );
    assert_eq!(verdicts(&agency, everybody, CLERK), [Chosen]);
    let choice = agency.ring().choose(&address(CLERK), |_| Some(Revoked), now());
    assert_eq!(choice.considered[0].verdict, Revoked);
    assert!(choice.chosen.is_none());
}

#[test]
fn an_expired_key_does_not_stand_in_the_way_of_a_valid_one() {
    let agency = Agency::new();
    let mut old = request(CLERK, EC);
    (old.usage, old.not_after) = (Usage::SignMail, at("2027-01-01T00:00:00Z"));
    agency.keep("a.pem", &agency.root.issue(&old).unwrap());
    agency.keep("b.pem", &agency.issue(CLERK, EC));
    assert_eq!(verdicts(&agency, &[], CLERK), [Chosen, Expired]);
}

#[test]
fn a_key_that_lies_open_is_sealed_weakly_or_is_somebody_elses_is_refused() {
    let agency = Agency::new();
    let issued = agency.issue(CLERK, EC);
    let refused = |content: &str, words: &str| {
        agency.private("keys/x.pem", content);
        let told = KeyRing::load(&agency.settings()).unwrap_err();
        assert!(told.contains("x.pem") && told.contains(words), "{told}");
    };
    refused(&(issued.key_pem.clone() + &issued.certificate_pem), "not sealed");
    // OpenSSL's own way: 2048 rounds.
    let weak = key(&issued)
        .private_key_to_pem_pkcs8_passphrase(
            openssl::symm::Cipher::aes_256_cbc(),
            b"a secret that is long enough",
        )
        .unwrap();
    refused(
        &(String::from_utf8(weak).unwrap() + &issued.certificate_pem),
        "too weakly",
    );
    let secret = Secret::passphrase(&agency.folder.0.join("secret")).unwrap();
    let sealed = seal(&key(&issued).private_key_to_pkcs8().unwrap(), &secret).unwrap();
    refused(&sealed, "holds no certificate");
    refused(
        &(sealed.clone() + &agency.issue(CLERK, EC).certificate_pem),
        "belongs to the private key",
    );
    refused(&issued.certificate_pem, "[keys.pkcs11]");
    refused(
        &format!("{sealed}{sealed}{}", issued.certificate_pem),
        "two private keys",
    );
    agency.private("secret", "another secret, also long");
    refused(
        &(sealed.clone() + &issued.certificate_pem),
        "does not open with the secret",
    );
    agency.private("secret", "a secret that is long enough");
    agency.private("keys/x.pem", &(sealed + &issued.certificate_pem));
    assert_eq!(agency.ring().keys().count(), 1);
    agency.folder.write("keys/x.pem", "");
    use std::os::unix::fs::PermissionsExt;
    let path = agency.folder.0.join("keys/x.pem");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(
        KeyRing::load(&agency.settings())
            .unwrap_err()
            .contains("chmod 600")
    );
}

#[test]
fn a_rule_for_a_file_that_is_not_there_is_refused() {
    let agency = Agency::new();
    let mut settings = agency.settings();
    settings.rules = vec![Rule {
        file: "gone.pem".to_owned(),
        senders: vec!["*".to_owned()],
    }];
    assert!(KeyRing::load(&settings).unwrap_err().contains("gone.pem"));
}

#[test]
fn a_sealed_key_opens_with_openssl_and_hides_what_it_holds() {
    let agency = Agency::new();
    let issued = agency.issue(CLERK, RSA);
    let secret = Secret::passphrase(&agency.folder.0.join("secret")).unwrap();
    let der = key(&issued).private_key_to_pkcs8().unwrap();
    let pem = seal(&der, &secret).unwrap();
    assert_ne!(pem, seal(&der, &secret).unwrap(), "each has a salt of its own");
    let again =
        openssl::pkey::PKey::private_key_from_pem_passphrase(pem.as_bytes(), secret.as_bytes()).unwrap();
    assert!(again.public_eq(&key(&issued)));
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let sealed = openssl::base64::decode_block(&body).unwrap();
    assert_eq!(open(&sealed, &secret).unwrap().as_slice(), der.as_slice());
    assert!(open(&sealed[..sealed.len() - 1], &secret).is_err());
    for piece in der.chunks_exact(16) {
        assert!(memchr::memmem::find(&sealed, piece).is_none());
    }
}
