use std::process::Command;

use openssl::sign::Verifier;

use super::super::super::issue::KeyKind;
use super::super::super::tests::{counterparts, pki::*, signing::Agency, signing::CLERK};
use super::*;
use crate::smime::Curve;
use std::path::PathBuf;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// The library reads its settings from the environment, which a process of many threads must not change: the test
/// proper runs in a process of its own.
#[test]
fn keys_of_each_kind_sign_and_outlive_their_session_and_a_wrong_pin_is_tried_once() {
    let name = "keys_of_each_kind_sign_and_outlive_their_session_and_a_wrong_pin_is_tried_once";
    if !counterparts::have(name, &["softhsm2-util", MODULE]) {
        return;
    }
    let agency = Agency::new();
    let path = agency.folder.0.display().to_string();
    std::fs::create_dir(agency.folder.0.join("tokens")).unwrap();
    agency
        .folder
        .write("conf", format!("directories.tokendir = {path}/tokens\n"));
    let curves = [Curve::P256, Curve::P384].map(KeyKind::Ec);
    for (number, kind) in [RSA].into_iter().chain(curves).enumerate() {
        let issued = agency.issue(CLERK, kind);
        agency.folder.write(&format!("{number}.key"), &issued.key_pem);
        agency
            .folder
            .write(&format!("{number}.pem"), &issued.certificate_pem);
    }
    let here = |command: &mut Command| {
        let output = command
            .env("SOFTHSM2_CONF", format!("{path}/conf"))
            .current_dir(&path)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{told}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let softhsm = |arguments: &str| here(Command::new("softhsm2-util").args(arguments.split(' ')));
    softhsm("--init-token --free --label t --pin 4711 --so-pin 0815");
    for number in 0..3 {
        softhsm(&format!(
            "--import {number}.key --token t --label k --id 0{number} --pin 4711"
        ));
    }
    let inner = "smime::keys::hsm::tests::inside_of_the_process_with_the_token";
    let program = std::env::current_exe().unwrap();
    here(Command::new(program).args(["--exact", inner, "--ignored", "--test-threads", "1"]));
}

fn private(name: &str, content: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(name, content).unwrap();
    std::fs::set_permissions(name, std::fs::Permissions::from_mode(0o600)).unwrap();
    PathBuf::from(name)
}

#[test]
#[ignore = "runs in a process of its own"]
fn inside_of_the_process_with_the_token() {
    let mut settings = Hsm {
        module: Some(PathBuf::from(MODULE)),
        token: "t".to_owned(),
        pin_file: Some(private("pin", "4711\n")),
    };
    let certificate = |number: usize| {
        let pem = std::fs::read(format!("{number}.pem")).unwrap();
        let x509 = openssl::x509::X509::from_pem(&pem).unwrap();
        Certificate::from_der(&x509.to_der().unwrap()).unwrap()
    };
    let rsa = [
        Scheme::RsaPkcs1(Hash::Sha256),
        Scheme::RsaPss(Hash::Sha256),
        Scheme::RsaPss(Hash::Sha384),
    ];
    let cases = [
        (0, rsa.to_vec()),
        (1, vec![Scheme::Ecdsa(Hash::Sha256)]),
        (2, vec![Scheme::Ecdsa(Hash::Sha384)]),
    ];
    for (number, schemes) in cases {
        let certificate = certificate(number);
        let key = HsmKey::new(&settings, &certificate).unwrap();
        for scheme in schemes {
            check(&certificate, scheme, &key.sign(scheme, b"message").unwrap());
            // The session loses its login; all of the process do.
            match &*key.state.lock().unwrap() {
                State::Open(session, ..) => session.logout().unwrap(),
                _ => panic!("no session"),
            }
            check(&certificate, scheme, &key.sign(scheme, b"message").unwrap());
        }
    }
    let certificate = certificate(0);
    let key = HsmKey::new(&settings, &certificate).unwrap();
    match &*key.state.lock().unwrap() {
        State::Open(session, ..) => session.logout().unwrap(),
        _ => panic!("no session"),
    }
    settings.pin_file = Some(private("wrong", "0000\n"));
    let key = HsmKey::new(&settings, &certificate).unwrap();
    for _ in 0..2 {
        let told = key.sign(Scheme::RsaPkcs1(Hash::Sha256), b"message").unwrap_err();
        assert!(told.contains("refuses the PIN"), "{told}");
        // Even with the right one: it counts when the settings are read again.
        private("wrong", "4711\n");
    }
    settings.token = "other".to_owned();
    let key = HsmKey::new(&settings, &certificate).unwrap();
    let told = key.sign(Scheme::RsaPkcs1(Hash::Sha256), b"message").unwrap_err();
    assert!(told.contains("no token with the label"), "{told}");
    settings.module = Some(PathBuf::from("/nonexistent.so"));
    assert!(HsmKey::new(&settings, &certificate).is_err());
}

fn check(certificate: &Certificate, scheme: Scheme, signature: &[u8]) {
    let key = certificate.x509().public_key().unwrap();
    let mut verifier = Verifier::new(scheme.hash().openssl(), &key).unwrap();
    if let Scheme::RsaPss(_) = scheme {
        verifier
            .set_rsa_padding(openssl::rsa::Padding::PKCS1_PSS)
            .unwrap();
        verifier
            .set_rsa_pss_saltlen(openssl::sign::RsaPssSaltlen::DIGEST_LENGTH)
            .unwrap();
    }
    assert!(
        verifier.verify_oneshot(signature, b"message").unwrap(),
        "{scheme}"
    );
}
