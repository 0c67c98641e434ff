//! The internal CA and own keys, by the commands that people type.

use std::os::unix::fs::PermissionsExt;

use crate::signing::{CLERK, folders, options};
use crate::support::gateway::Gateway;
use crate::support::mailbox::Mailbox;

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
