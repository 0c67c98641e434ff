//! A key in an HSM: SoftHSM stands in for one.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use sealgate::smime::Curve;
use sealgate::smime::issue::{Authority, KeyKind, Request, Usage};

use crate::signing::{CLERK, KEYS, SSN, folders, verified};
use crate::support::counterparts::have;
use crate::support::directory::Directory;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::send;
use crate::support::mailbox::Mailbox;
use crate::support::openers;
use crate::support::pki::ANNA;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A token with an RSA key; its certificate, without the key, lies in the folder for keys.
fn token(directory: &Directory) {
    folders(directory);
    let path = directory.path();
    std::fs::create_dir(path.join("tokens")).unwrap();
    let tokens = path.join("tokens").display().to_string();
    let conf = directory.write(
        "softhsm2.conf",
        format!("directories.tokendir = {tokens}\nobjectstore.backend = file\n"),
    );
    let pin = directory.write("hsm.pin", "4711\n");
    std::fs::set_permissions(pin, std::fs::Permissions::from_mode(0o600)).unwrap();
    let now = Timestamp::now();
    let day = SignedDuration::from_hours(24);
    let ca = Authority::new("HSM CA", KeyKind::Ec(Curve::P256), now - day, now + day * 30).unwrap();
    let mut request = Request::new(CLERK, KeyKind::Rsa(2048), now - day, now + day * 20);
    request.usage = Usage::SignMail;
    let issued = ca.issue(&request).unwrap();
    let key = directory.write("clerk.key", &issued.key_pem);
    directory.write("certs/anchors/internal-ca.pem", ca.certificate_pem().unwrap());
    let certificate = directory.write("keys/clerk.pem", &issued.certificate_pem);
    std::fs::set_permissions(certificate, std::fs::Permissions::from_mode(0o600)).unwrap();
    let softhsm = |arguments: &[&str]| {
        let output = Command::new("softhsm2-util")
            .env("SOFTHSM2_CONF", &conf)
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    softhsm(&[
        "--init-token",
        "--free",
        "--label",
        "sealgate",
        "--pin",
        "4711",
        "--so-pin",
        "0815",
    ]);
    let key_path = key.display().to_string();
    softhsm(&[
        "--import", &key_path, "--token", "sealgate", "--label", "clerk", "--id", "01", "--pin", "4711",
    ]);
    std::fs::remove_file(key).unwrap();
}

#[test]
fn a_key_in_an_hsm_signs_and_when_the_hsm_is_gone_mail_is_sealed_all_the_same() {
    let name = "a_key_in_an_hsm_signs_and_when_the_hsm_is_gone_mail_is_sealed_all_the_same";
    if !have(name, &["openssl", "softhsm2-util", MODULE]) {
        return;
    }
    let mailbox = Mailbox::start();
    let hsm = format!("[keys.pkcs11]\nmodule = \"{MODULE}\"\ntoken = \"sealgate\"\npin_file = \"hsm.pin\"\n");
    let options = Options {
        settings: format!("{KEYS}{hsm}"),
        prepare: token,
        environment: &[("SOFTHSM2_CONF", "softhsm2.conf")],
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    let directory = gateway.directory.path();
    let listed = gateway.ask(&["cert", "own", "list"]);
    assert!(listed.contains("RSA 2048, HSM"), "{listed}");
    let inside = || {
        send(gateway.address, CLERK, &[ANNA], SSN).unwrap();
        openers::openssl(&mailbox.next().bytes, gateway.pki.person(ANNA)).unwrap()
    };
    let signed = inside();
    assert!(verified(directory, &signed).unwrap().contains("536-22-8145"));
    let (tokens, away) = (directory.join("tokens"), directory.join("away"));
    std::fs::rename(&tokens, &away).unwrap();
    let unsigned = inside();
    assert!(
        unsigned.contains("536-22-8145") && !unsigned.contains("multipart/signed"),
        "{unsigned}"
    );
    assert!(
        gateway.log().contains("left without a signature"),
        "{}",
        gateway.log()
    );
    std::fs::rename(&away, &tokens).unwrap();
    // The gateway leaves an HSM that has failed alone for a moment.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let mut signed = inside();
    while !signed.contains("multipart/signed") && std::time::Instant::now() < end {
        signed = inside();
    }
    assert!(verified(directory, &signed).unwrap().contains("536-22-8145"));
}
