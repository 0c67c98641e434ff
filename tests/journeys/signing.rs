//! Mail that is signed, from the CA that makes the key to the client that verifies.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use openssl::pkey::PKey;
use sealgate::smime::Curve;
use sealgate::smime::issue::{Authority, KeyKind, Request, Usage};
use sealgate::smime::keys::{Secret, write_key_file};

use crate::support::counterparts::have;
use crate::support::directory::Directory;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{Session, send, send_for_id};
use crate::support::mailbox::Mailbox;
use crate::support::openers;
use crate::support::pki::{ANNA, ERNST};

pub const CLERK: &str = "clerk@agency.example";
pub const SSN: &str =
    "From: Clerk <clerk@agency.example>\nSubject: New employee\n\nMargaret Holloway, SSN 536-22-8145.\n";
const HARMLESS: &str = "From: Clerk <clerk@agency.example>\nSubject: Lunch\n\nAt noon?\n";
pub const KEYS: &str =
    "[keys]\nfolder = \"keys\"\nsecret_file = \"keys.secret\"\n[authority]\nfolder = \"authority\"\n";

/// An empty folder for keys, and the secret that seals them.
pub fn folders(directory: &Directory) {
    std::fs::create_dir(directory.path().join("keys")).unwrap();
    let secret = directory.write("keys.secret", "a secret that is long enough\n");
    std::fs::set_permissions(secret, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The same, with a key for the clerk that has ended.
fn ended_key(directory: &Directory) {
    folders(directory);
    let now = Timestamp::now();
    let day = SignedDuration::from_hours(24);
    let ec = KeyKind::Ec(Curve::P256);
    let ca = Authority::new("Old CA", ec, now - day * 30, now + day * 30).unwrap();
    let mut request = Request::new(CLERK, ec, now - day * 20, now - day);
    request.usage = Usage::SignMail;
    let issued = ca.issue(&request).unwrap();
    let key = PKey::private_key_from_pem(issued.key_pem.as_bytes()).unwrap();
    let secret = Secret::passphrase(&directory.path().join("keys.secret")).unwrap();
    let file = directory.path().join("keys/old.pem");
    write_key_file(
        &file,
        &key.private_key_to_pkcs8().unwrap(),
        &secret,
        &issued.certificate_pem,
    )
    .unwrap();
}

pub fn options(policy: &str, prepare: fn(&Directory)) -> Options {
    Options {
        settings: KEYS.to_owned(),
        policy: policy.to_owned(),
        prepare,
        ..Options::default()
    }
}

/// Makes the CA and a key for the clerk, and puts both in force.
fn with_key(gateway: &Gateway) {
    gateway.ask(&["cert", "authority", "init", "Agency Mail CA", "--key", "p256"]);
    gateway.ask(&[
        "cert",
        "issue",
        CLERK,
        "--gateway",
        "--key",
        "p256",
        "--name",
        "Clerk",
    ]);
    gateway.reload("were read again");
}

/// Verifies with the `openssl` program; the signed text.
pub fn verified(directory: &Path, entity: &str) -> Result<String, String> {
    let scratch = Directory::new();
    let entity = scratch.write("signed.eml", entity);
    let mut command = Command::new("openssl");
    command.args(["cms", "-verify", "-in"]).arg(entity).arg("-CAfile");
    command.arg(directory.join("certs/anchors/internal-ca.pem"));
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_key_from_the_internal_ca_signs_what_is_sealed_and_the_trace_names_it() {
    let name = "a_key_from_the_internal_ca_signs_what_is_sealed_and_the_trace_names_it";
    if !have(name, &["openssl"]) {
        return;
    }
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &options("", folders));
    with_key(&gateway);
    let id = send_for_id(gateway.address, CLERK, &[ANNA, ERNST], SSN);
    for (letter, address) in mailbox.letters(2).iter().zip([ANNA, ERNST]) {
        assert!(letter.text().contains("Subject: [...]"), "{}", letter.text());
        let inside = openers::openssl(&letter.bytes, gateway.pki.person(address)).unwrap();
        assert!(inside.contains("multipart/signed"), "{inside}");
        let signed = verified(gateway.directory.path(), &inside).unwrap();
        assert!(
            signed.contains("536-22-8145") && signed.contains("hp=\"cipher\""),
            "{signed}"
        );
        let changed = inside.replace("536-22-8145", "536-22-8146");
        assert!(verified(gateway.directory.path(), &changed).is_err());
    }
    let trace = in_one_line(&gateway.ask(&["trace", &id]));
    for words in [
        "Own key",
        "signs",
        "signed (ECDSA with SHA-256, detached) with the key of the certificate",
    ] {
        assert!(trace.contains(words), "{words} is missing in:\n{trace}");
    }
    let listed = gateway.ask(&["cert", "own", "list"]);
    assert!(
        listed.contains(CLERK) && listed.contains("EC P-256, file"),
        "{listed}"
    );
}

#[test]
fn mail_for_whose_author_there_is_no_key_or_that_is_written_in_anothers_name_is_sealed_unsigned() {
    let name = "mail_for_whose_author_there_is_no_key_or_that_is_written_in_anothers_name_is_sealed_unsigned";
    if !have(name, &["openssl"]) {
        return;
    }
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &options("", folders));
    with_key(&gateway);
    send(gateway.address, "other@agency.example", &[ANNA], SSN).unwrap();
    let own = SSN.replace("clerk@", "other@");
    send(gateway.address, "other@agency.example", &[ANNA], &own).unwrap();
    for letter in mailbox.letters(2) {
        let inside = openers::openssl(&letter.bytes, gateway.pki.person(ANNA)).unwrap();
        assert!(
            inside.contains("536-22-8145") && !inside.contains("signed"),
            "{inside}"
        );
    }
}

#[test]
fn a_signature_that_cannot_be_made_never_weakens_the_seal() {
    let name = "a_signature_that_cannot_be_made_never_weakens_the_seal";
    if !have(name, &["openssl"]) {
        return;
    }
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &options("", ended_key));
    let id = send_for_id(gateway.address, CLERK, &[ANNA], SSN);
    let letter = mailbox.next();
    assert!(!letter.text().contains("536-22-8145"));
    let inside = openers::openssl(&letter.bytes, gateway.pki.person(ANNA)).unwrap();
    assert!(
        inside.contains("536-22-8145") && !inside.contains("multipart/signed"),
        "{inside}"
    );
    let trace = in_one_line(&gateway.ask(&["trace", &id]));
    assert!(trace.contains("cannot sign: it has expired"), "{trace}");
    assert!(
        trace.contains("none of the keys for the sender can be used now"),
        "{trace}"
    );
    assert!(
        gateway.log().contains("left without a signature"),
        "{}",
        gateway.log()
    );
}

#[test]
fn where_a_signature_is_required_the_mail_server_keeps_the_mail() {
    let mailbox = Mailbox::start();
    let policy = "[signing]\nrequired = true\n";
    let gateway = Gateway::start(mailbox.address, &options(policy, ended_key));
    let (mut session, _) = Session::open(gateway.address);
    let reply = session.message(CLERK, &[ANNA], SSN.replace('\n', "\r\n").as_bytes());
    assert!(reply.starts_with("451 "), "{reply}");
    assert!(mailbox.is_empty());
    // Nobody has a key for this one.
    let own = SSN.replace("clerk@", "other@");
    send(gateway.address, "other@agency.example", &[ANNA], &own).unwrap();
    assert_eq!(mailbox.next().recipients, [ANNA]);
}

#[test]
fn with_mode_all_mail_in_clear_is_signed_too_and_with_off_nothing_is() {
    let name = "with_mode_all_mail_in_clear_is_signed_too_and_with_off_nothing_is";
    if !have(name, &["openssl"]) {
        return;
    }
    for (mode, signs) in [("all", true), ("sealed", false), ("off", false)] {
        let mailbox = Mailbox::start();
        let policy = format!("[signing]\nmode = \"{mode}\"\n");
        let gateway = Gateway::start(mailbox.address, &options(&policy, folders));
        with_key(&gateway);
        send(gateway.address, CLERK, &[ANNA, ERNST], HARMLESS).unwrap();
        let letter = mailbox.next();
        assert!(letter.text().contains("Subject: Lunch"), "{}", letter.text());
        assert_eq!(letter.text().contains("multipart/signed"), signs, "{mode}");
        if signs {
            let signed = verified(gateway.directory.path(), &letter.text()).unwrap();
            assert!(
                signed.contains("At noon?") && signed.contains("hp=\"clear\""),
                "{signed}"
            );
            assert_eq!(letter.recipients.len(), 2, "one signature serves both");
        }
        send(gateway.address, CLERK, &[ANNA], SSN).unwrap();
        let inside = openers::openssl(&mailbox.next().bytes, gateway.pki.person(ANNA)).unwrap();
        assert_eq!(inside.contains("multipart/signed"), mode != "off", "{mode}");
    }
}

#[test]
fn a_sealed_copy_opens_for_its_sender_too_where_the_policy_says_so() {
    let name = "a_sealed_copy_opens_for_its_sender_too_where_the_policy_says_so";
    if !have(name, &["openssl"]) {
        return;
    }
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(
        mailbox.address,
        &options("[sealing]\ncopy_to_sender = true\n", folders),
    );
    gateway.ask(&["cert", "authority", "init", "Agency Mail CA", "--key", "p256"]);
    let p12 = gateway.directory.path().join("clerk.p12");
    let out = p12.display().to_string();
    let issued = gateway.ask(&["cert", "issue", CLERK, "--out", &out, "--json"]);
    let issued: serde_json::Value = serde_json::from_str(&issued).unwrap();
    gateway.reload("were read again");
    let id = send_for_id(gateway.address, CLERK, &[ANNA, ERNST], SSN);
    let letters = mailbox.letters(2);
    let mut person = crate::support::pki::Person {
        certificate: String::new(),
        key: String::new(),
    };
    let bundle = openssl::pkcs12::Pkcs12::from_der(&std::fs::read(&p12).unwrap()).unwrap();
    let bundle = bundle.parse2(issued["password"].as_str().unwrap()).unwrap();
    person.certificate = String::from_utf8(bundle.cert.unwrap().to_pem().unwrap()).unwrap();
    person.key = String::from_utf8(bundle.pkey.unwrap().private_key_to_pem_pkcs8().unwrap()).unwrap();
    // Anna's key is RSA like the clerk's; Ernst's is not.
    for (letter, opens) in letters.iter().zip([true, false]) {
        let inside = openers::openssl(&letter.bytes, &person);
        let text = inside.unwrap_or_default();
        assert_eq!(text.contains("536-22-8145"), opens);
    }
    assert!(
        openers::openssl(&letters[0].bytes, gateway.pki.person(ANNA))
            .unwrap()
            .contains("536-22-8145")
    );
    let trace = in_one_line(&gateway.ask(&["trace", &id]));
    assert!(trace.contains("and to the sender's own, "), "{trace}");
}
