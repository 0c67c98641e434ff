//! Sealgate as the smarthost of a real Postfix, with a real Postfix as its next hop.

use std::process::Command;

use crate::support::counterparts::have;
use crate::support::gateway::{Gateway, Options};
use crate::support::mailbox::Mailbox;
use crate::support::openers;
use crate::support::pki::{ANNA, ERNST, NOBODY};
use crate::support::postfix::Postfix;

const NAMES: [&str; 3] = ["postfix", "swaks", "openssl"];

/// Sends with swaks, the way an administrator tries a server.
fn swaks(to: &Postfix, recipients: &[&str], subject: &str, body: &str) {
    let mut command = Command::new("swaks");
    command.args([
        "--server",
        &to.address.to_string(),
        "--from",
        "clerk@agency.example",
    ]);
    command.args([
        "--to",
        &recipients.join(","),
        "--header",
        &format!("Subject: {subject}"),
        "--body",
        body,
    ]);
    let output = command.output().expect("swaks runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn mail_flows_from_postfix_through_the_gateway_to_postfix_and_opens_at_the_partner() {
    let name = "mail_flows_from_postfix_through_the_gateway_to_postfix_and_opens_at_the_partner";
    // Postfix's master runs as root only.
    let root: &[&str] = if nix::unistd::geteuid().is_root() {
        &[]
    } else {
        &["/the/rights/of/root"]
    };
    if !have(name, &[&NAMES, root].concat()) {
        return;
    }
    let mailbox = Mailbox::start();
    let behind = Postfix::start("partner.example", mailbox.address);
    let gateway = Gateway::start(behind.address, &Options::default());
    let front = Postfix::start("mail.agency.example", gateway.address);

    swaks(&front, &[ANNA], "Lunch", "At noon?");
    let letter = mailbox.next();
    assert_eq!(letter.recipients, [ANNA]);
    assert!(letter.text().contains("At noon?") && letter.text().contains("(Sealgate)"));

    swaks(
        &front,
        &[ANNA, ERNST, NOBODY],
        "New employee",
        "Margaret Holloway, SSN 536-22-8145.",
    );
    let letters = mailbox.letters(3);
    assert_eq!(letters[0].recipients, [ANNA]);
    assert_eq!(letters[1].recipients, ["clerk@agency.example"], "the notice");
    assert_eq!(letters[2].recipients, [ERNST]);
    for (letter, address) in [(&letters[0], ANNA), (&letters[2], ERNST)] {
        assert!(!letter.text().contains("8145"));
        let inside = openers::openssl(&letter.bytes, gateway.pki.person(address)).unwrap();
        assert!(
            inside.contains("Margaret Holloway, SSN 536-22-8145."),
            "{address}"
        );
    }
    assert!(letters[1].text().contains(NOBODY));
}
