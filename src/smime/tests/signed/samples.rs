//! The signed messages that the fuzzer starts from: each is read as far as it should be.

use std::fs;

use super::super::pki::at;
use super::{CertificateVerdict, Fault, RawMessage, Verification, stage};

fn sample(name: &str) -> Verification {
    let file = format!("{}/tests/samples/signed/{name}", env!("CARGO_MANIFEST_DIR"));
    let raw = RawMessage::new(fs::read(file).unwrap());
    stage().certificates.verify(&raw, at("2030-01-01T00:00:00Z"))
}

#[test]
fn each_sample_is_right_and_waits_for_approval_or_has_the_fault_that_its_name_says() {
    let right = [
        "detached-rsa",
        "detached-ec",
        "pss",
        "opaque",
        "without-attributes",
        "by-key-id",
        "two-certificates",
    ];
    for name in right {
        let verification = sample(&format!("{name}.eml"));
        let Verification::Untrusted(signed, CertificateVerdict::Untrusted(_)) = verification else {
            panic!("{name}: {verification:?}");
        };
        assert_eq!(signed.author.to_string(), "ann@partner.example");
        assert!(signed.encryption.is_some(), "{name}");
    }
    for (name, fault) in [
        ("sha-1", Fault::Algorithm),
        ("two-signers", Fault::SeveralSigners),
    ] {
        let verification = sample(&format!("{name}.eml"));
        assert!(
            matches!(verification, Verification::Faulty(found) if found == fault),
            "{verification:?}"
        );
    }
}
