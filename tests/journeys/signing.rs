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

const CLERK: &str = "clerk@agency.example";
const SSN: &str =
    "From: Clerk <clerk@agency.example>\nSubject: New employee\n\nMargaret Holloway, SSN 536-22-8145.\n";
const HARMLESS: &str = "From: Clerk <clerk@agency.example>\nSubject: Lunch\n\nAt noon?\n";
const KEYS: &str =
    "[keys]\nfolder = \"keys\"\nsecret_file = \"keys.secret\"\n[authority]\nfolder = \"authority\"\n";

/// An empty folder for keys, and the secret that seals them.
fn folders(directory: &Directory) {
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

fn options(policy: &str, prepare: fn(&Directory)) -> Options {
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
fn verified(directory: &Path, entity: &str) -> Result<String, String> {
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

#[test]
fn a_revoked_certificate_of_the_internal_ca_is_encrypted_to_no_more() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &options("", folders));
    gateway.ask(&["cert", "authority", "init", "Agency Mail CA", "--key", "p256"]);
    let out = gateway.directory.path().join("ann.p12").display().to_string();
    gateway.ask(&["cert", "issue", "ann@agency.example", "--out", &out]);
    assert!(
        gateway
            .ask(&["cert", "check", "ann@agency.example"])
            .contains("would be encrypted")
    );
    let told = gateway.ask(&[
        "cert",
        "revoke",
        "ann@agency.example",
        "--reason",
        "key-compromise",
    ]);
    assert!(told.contains("Revocation list 2, 1 revoked"), "{told}");
    let check = gateway.command(&["cert", "check", "ann@agency.example"]);
    assert!(!check.status.success());
    let foreign = gateway.command(&[
        "cert",
        "issue",
        "ann@partner.example",
        "--out",
        "/nonexistent/x.p12",
    ]);
    let told = String::from_utf8_lossy(&foreign.stderr).into_owned();
    assert!(
        !foreign.status.success() && told.contains("agency.example only"),
        "{told}"
    );
}

#[test]
fn a_certificate_from_a_public_ca_comes_to_its_key_by_a_request() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &options("", folders));
    let file = |name: &str| gateway.directory.path().join(name).display().to_string();
    gateway.ask(&[
        "cert",
        "request",
        CLERK,
        "--key",
        "p256",
        "--out",
        &file("clerk.csr"),
    ]);
    // Nothing signs before the answer is there.
    gateway.ask(&["config", "check"]);
    gateway.ask(&[
        "cert",
        "authority",
        "init",
        "Stands in for a public CA",
        "--key",
        "p256",
    ]);
    let csr = file("clerk.csr");
    gateway.ask(&[
        "cert",
        "issue",
        CLERK,
        "--for",
        "sign",
        "--request",
        &csr,
        "--out",
        &file("clerk.crt"),
    ]);
    let told = gateway.ask(&["cert", "request", "--answer", &file("clerk.crt")]);
    assert!(told.contains("clerk@agency.example.pem"), "{told}");
    let listed = gateway.ask(&["cert", "own", "list", "--for", CLERK]);
    assert!(listed.contains("signs"), "{listed}");
    let again = gateway.command(&["cert", "request", "--answer", &file("clerk.crt")]);
    assert!(!again.status.success());
}

#[test]
fn a_key_from_a_file_is_taken_in_and_a_renewed_one_takes_its_place() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &options("", folders));
    let file = |name: &str| gateway.directory.path().join(name).display().to_string();
    gateway.ask(&["cert", "authority", "init", "Agency Mail CA", "--key", "p256"]);
    let order = [
        "cert", "issue", CLERK, "--for", "sign", "--days", "10", "--json", "--out",
    ];
    let issued = gateway.ask(&[&order[..], &[&file("clerk.p12")]].concat());
    let issued: serde_json::Value = serde_json::from_str(&issued).unwrap();
    let password = issued["password"].as_str().unwrap();
    for (name, text) in [("wrong", "guess\n"), ("right", password)] {
        let path = gateway.directory.write(name, text);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let take = |password: &str| {
        gateway.command(&[
            "cert",
            "own",
            "import",
            &file("clerk.p12"),
            "--password-file",
            &file(password),
        ])
    };
    assert!(!take("wrong").status.success());
    assert!(take("right").status.success());
    gateway.ask(&["cert", "renew", CLERK, "--gateway", "--key", "p256"]);
    let listed = gateway.ask(&["cert", "own", "list", "--for", CLERK, "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let of = |place: usize| {
        (
            &listed[place]["verdict"]["is"],
            listed[place]["file"].as_str().unwrap(),
        )
    };
    assert!(
        of(0).0 == "chosen" && of(0).1.ends_with("clerk@agency.example-2.pem"),
        "{listed}"
    );
    assert!(
        of(1).0 == "usable" && of(1).1.ends_with("clerk@agency.example.pem"),
        "{listed}"
    );
    let ledger = gateway.ask(&["cert", "authority", "show", "--json"]);
    let ledger: serde_json::Value = serde_json::from_str(&ledger).unwrap();
    assert_eq!(ledger["certificates"][1]["renews"], issued["serial"]);
    // Two are in force now, so the address alone does not say which one.
    let told = gateway.command(&["cert", "revoke", CLERK]);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("give one of the serial numbers"), "{told}");
    gateway.ask(&[
        "cert",
        "revoke",
        issued["serial"].as_str().unwrap(),
        "--reason",
        "superseded",
    ]);
    let listed = gateway.ask(&["cert", "own", "list"]);
    assert!(listed.contains("revoked"), "{listed}");
}

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
