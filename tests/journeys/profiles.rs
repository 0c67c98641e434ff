//! How strong sealed mail is, by policy and recipient.

use crate::support::counterparts::have;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::send_for_id;
use crate::support::mailbox::Mailbox;
use crate::support::openers;
use crate::support::pki::{ANNA, ERNST};

const CLERK: &str = "clerk@agency.example";
const SSN: &str =
    "From: Clerk <clerk@agency.example>\nSubject: New employee\n\nMargaret Holloway, SSN 536-22-8145.\n";
const SECRET: &str = "536-22-8145";

fn gateway(mailbox: &Mailbox, policy: &str) -> Gateway {
    let options = Options {
        policy: policy.to_owned(),
        ..Options::default()
    };
    Gateway::start(mailbox.address, &options)
}

#[test]
fn each_recipient_gets_the_profile_that_the_policy_names_and_the_trace_tells_it() {
    let name = "each_recipient_gets_the_profile_that_the_policy_names_and_the_trace_tells_it";
    if !have(name, &["openssl"]) {
        return;
    }
    let mailbox = Mailbox::start();
    let policy = format!("[[sealing.for]]\nrecipients = [\"{ERNST}\"]\nprofile = \"strict\"\n");
    let gateway = gateway(&mailbox, &policy);
    let id = send_for_id(gateway.address, CLERK, &[ANNA, ERNST], SSN);
    let kinds = ["smime-type=enveloped-data", "smime-type=authEnveloped-data"];
    for ((letter, address), kind) in mailbox.letters(2).iter().zip([ANNA, ERNST]).zip(kinds) {
        assert!(letter.text().contains(kind), "{}", letter.text());
        let inside = openers::openssl(&letter.bytes, gateway.pki.person(address)).unwrap();
        assert!(inside.contains(SECRET), "{address}");
    }
    let trace = gateway.ask(&["trace", &id, "--json"]);
    for words in [
        "AES-256-CBC, RSA PKCS#1 v1.5",
        "AES-256-GCM, ECDH P-256, AES-256 key wrap",
        "\"strict\"",
    ] {
        assert!(trace.contains(words), "{words} is missing in:\n{trace}");
    }
}

#[test]
fn with_strict_a_short_key_is_not_used_and_notice_trace_and_check_say_why() {
    let mailbox = Mailbox::start();
    let gateway = gateway(&mailbox, "[sealing]\nprofile = \"strict\"\n");
    let id = send_for_id(gateway.address, CLERK, &[ANNA], SSN);
    let notice = mailbox.next();
    assert_eq!(notice.recipients, [CLERK]);
    let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = in_one_line(&notice.text());
    assert!(text.contains("is shorter than the rules of"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    let trace = in_one_line(&gateway.ask(&["trace", &id]));
    let reason = "its key is too short for the policy's profile";
    assert!(trace.contains(reason), "{trace}");
    let check = gateway.command(&["cert", "check", ANNA]);
    assert!(!check.status.success());
    assert!(String::from_utf8_lossy(&check.stdout).contains(reason));
    assert!(
        gateway
            .ask(&["cert", "check", ERNST])
            .contains("would be encrypted")
    );
    assert!(gateway.ask(&["cert", "list"]).contains(reason));
    assert!(mailbox.is_empty());
}
