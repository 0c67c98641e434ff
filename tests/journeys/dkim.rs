//! Signatures of the organisation's own domain on what leaves. That they verify is tried in `src/dkim/tests.rs`.

use std::os::unix::fs::PermissionsExt;

use openssl::pkey::PKey;

use crate::support::directory::Directory;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::send;
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};

const CLERK: &str = "clerk@agency.example";
const PLAIN: &str = "From: clerk@agency.example\nSubject: Lunch\n\nAt noon?\n";
const SSN: &str = "From: clerk@agency.example\nSubject: x\n\nMargaret Holloway, SSN 536-22-8145.\n";

fn key(directory: &Directory) {
    let secret = PKey::generate_ed25519().expect("a key can be made");
    let pem = secret.private_key_to_pem_pkcs8().expect("a key can be written");
    let file = directory.write("dkim.pem", pem);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("rights can be taken away");
}

#[test]
fn what_leaves_is_signed_after_sealing_and_so_are_notices() {
    let mailbox = Mailbox::start();
    let options = Options {
        prepare: key,
        tables: "[[dkim.key]]\ndomain = \"agency.example\"\nselector = \"s1\"\nfile = \"dkim.pem\"\n"
            .to_owned(),
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    send(gateway.address, CLERK, &[ANNA], PLAIN).unwrap();
    let passed = mailbox.next();
    send(gateway.address, CLERK, &[ANNA, NOBODY], SSN).unwrap();
    let both = mailbox.letters(2);
    for letter in [&passed, &both[0], &both[1]] {
        let text = letter.text();
        assert!(
            text.starts_with("DKIM-Signature: v=1; a=ed25519-sha256;"),
            "{text}"
        );
        assert!(
            text.contains("d=agency.example;") && text.contains("s=s1;"),
            "{text}"
        );
    }
    assert!(
        both.iter()
            .any(|letter| letter.text().contains("application/pkcs7-mime"))
    );
    assert!(both.iter().all(|letter| !letter.text().contains("536-22-8145")));
}
