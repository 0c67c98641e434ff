//! Mail that waits for a certificate, and the signed mail that brings one.

use sealgate::smime::Curve;
use sealgate::smime::issue::{Authority, KeyKind, Request, Usage};

use crate::support::counterparts::have;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{send, send_for_id};
use crate::support::mailbox::{Letter, Mailbox};
use crate::support::openers::{all_bytes, openssl};
use crate::support::pki::{ANNA, EXPIRED, NOBODY, Person};
use crate::support::signer::sign;

const CLERK: &str = "clerk@agency.example";
const ENROL: &str = "enrol@agency.example";
const SECRET: &str = "536-22-8145";
const SSN: &str = "From: Clerk <clerk@agency.example>\nTo: nobody@partner.example\nSubject: New employee\n\
                   Message-ID: <1@agency.example>\n\nMargaret Holloway, SSN 536-22-8145.\n";
const HOLD: &str = "[hold]\nenrol = true\nhours = 48\n";

struct Stage {
    gateway: Gateway,
    /// Where mail goes that leaves.
    outside: Mailbox,
    /// Where the agency's own people have their mailboxes.
    inside: Mailbox,
}

fn stage(policy: &str, tables: &str) -> Stage {
    let (outside, inside) = (Mailbox::start(), Mailbox::start());
    let tables = format!(
        "[inbound]\nlisten = [\"127.0.0.1:0\"]\nfrom = [\"127.0.0.1\"]\nnext_hop = \"{}\"\nenrol = \"{ENROL}\"\n{tables}\n",
        inside.address
    );
    let options = Options {
        policy: policy.to_owned(),
        tables,
        ..Options::default()
    };
    Stage {
        gateway: Gateway::start(outside.address, &options),
        outside,
        inside,
    }
}

impl Stage {
    /// What the enrolment address answers to a signed message.
    fn enrol(&self, person: &Person, address: &str) -> Letter {
        let signed = sign(person, address, ENROL, "Here it is.", &[]);
        send(self.gateway.inbound(), address, &[ENROL], &signed).unwrap();
        self.outside.next()
    }

    fn newcomer(&self, kind: KeyKind) -> Person {
        self.gateway.pki.newcomer(NOBODY, kind)
    }
}

fn in_one_line(text: &str) -> String {
    text.replace("=\r\n", "")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn nothing_in_clear(gateway: &Gateway) {
    for (name, bytes) in all_bytes(&gateway.data()) {
        for secret in [SECRET, "Holloway", "New employee"] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {name}");
        }
    }
}

#[test]
fn a_copy_without_a_certificate_waits_sealed_until_its_recipient_has_enrolled() {
    let name = "a_copy_without_a_certificate_waits_sealed_until_its_recipient_has_enrolled";
    if !have(name, &["openssl"]) {
        return;
    }
    let mut stage = stage(HOLD, "");
    let id = send_for_id(stage.gateway.address, CLERK, &[ANNA, NOBODY], SSN);

    let letters = stage.outside.letters(3);
    assert_eq!(
        letters[0].recipients,
        [ANNA],
        "who has a certificate does not wait"
    );
    let waits = &letters[1];
    assert_eq!(
        (waits.recipients.as_slice(), &waits.sender),
        (&[CLERK.to_owned()][..], &None)
    );
    let text = in_one_line(&waits.text());
    for words in [
        "Action: delayed",
        "Status: 4.7.0",
        "Will-Retry-Until:",
        NOBODY,
        "waits for one recipient",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("Action: failed"));
    let invitation = &letters[2];
    assert_eq!(
        (invitation.recipients.as_slice(), &invitation.sender),
        (&[NOBODY.to_owned()][..], &None)
    );
    let text = in_one_line(&invitation.text());
    for words in [ENROL, CLERK, "Auto-Submitted: auto-generated", "signed"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for letter in &letters[1..] {
        let text = letter.text();
        assert!(
            !text.contains(SECRET) && !text.contains("Holloway") && !text.contains("New employee"),
            "{text}"
        );
    }

    assert!(stage.gateway.ask(&["hold", "list"]).contains(NOBODY));
    let trace = in_one_line(&stage.gateway.ask(&["trace", &id]));
    assert!(
        trace.contains("waiting for the recipient's certificate until"),
        "{trace}"
    );
    nothing_in_clear(&stage.gateway);
    stage.gateway.kill_and_restart();
    nothing_in_clear(&stage.gateway);
    assert!(stage.gateway.ask(&["hold", "list"]).contains(NOBODY));

    let nobody = stage.newcomer(KeyKind::Rsa(2048));
    let signed = sign(&nobody, NOBODY, ENROL, "Here it is.", &[]);
    send(stage.gateway.inbound(), NOBODY, &[ENROL], &signed).unwrap();
    let letters = [stage.outside.next(), stage.outside.next()];
    let (answer, sealed) = match letters[0].sender {
        None => (&letters[0], &letters[1]),
        Some(_) => (&letters[1], &letters[0]),
    };
    let text = in_one_line(&answer.text());
    assert!(text.contains("Your certificate was added"), "{text}");
    assert!(
        text.contains("In-Reply-To: <sig@partner.example>") && text.contains("Auto-Submitted: auto-replied")
    );
    assert_eq!(sealed.recipients, [NOBODY]);
    let inside = openssl(&sealed.bytes, &nobody).unwrap();
    assert!(inside.contains("Margaret Holloway, SSN 536-22-8145."), "{inside}");

    stage.gateway.wait_until_the_queue_is_empty();
    assert!(stage.gateway.ask(&["hold", "list"]).contains("Nothing waits"));
    let trace = stage.gateway.ask(&["trace", "<1@agency.example>"]);
    assert!(
        trace.contains(&format!("{id}-2")),
        "the later record names the wait that it ends:\n{trace}"
    );
    nothing_in_clear(&stage.gateway);
    assert!(
        stage.inside.is_empty(),
        "mail to the enrolment address ends at the gateway"
    );

    // From now on nobody waits.
    send(stage.gateway.address, CLERK, &[NOBODY], SSN).unwrap();
    assert!(
        openssl(&stage.outside.next().bytes, &nobody)
            .unwrap()
            .contains(SECRET)
    );
}

#[test]
fn a_wait_that_ends_without_a_certificate_is_told_with_the_reason_and_its_copy_is_gone() {
    let stage = stage(HOLD, "");
    send(stage.gateway.address, CLERK, &[EXPIRED], SSN).unwrap();
    stage.outside.letters(2);
    let listed = stage.gateway.ask(&["hold", "list", "--json"]);
    assert!(listed.contains(EXPIRED), "{listed}");
    assert!(
        stage
            .gateway
            .ask(&["hold", "release", "--all"])
            .contains("looked at now")
    );
    stage.gateway.ask(&["hold", "expire", "--recipient", EXPIRED]);
    let notice = stage.outside.next();
    assert_eq!(
        (notice.recipients.as_slice(), &notice.sender),
        (&[CLERK.to_owned()][..], &None)
    );
    let text = in_one_line(&notice.text());
    assert!(
        text.contains("Action: failed") && text.contains("certificate expired"),
        "{text}"
    );
    assert!(!text.contains(SECRET) && !text.contains("Holloway"));
    stage.gateway.wait_until_the_queue_is_empty();
    assert!(stage.gateway.ask(&["hold", "list"]).contains("Nothing waits"));
    assert!(
        !stage
            .gateway
            .command(&["hold", "expire", "--all"])
            .status
            .success()
    );
    assert!(stage.outside.is_empty());
}

#[test]
fn a_certificate_that_comes_in_another_way_ends_the_wait_too() {
    let name = "a_certificate_that_comes_in_another_way_ends_the_wait_too";
    if !have(name, &["openssl"]) {
        return;
    }
    let stage = stage(HOLD, "");
    send(stage.gateway.address, CLERK, &[NOBODY], SSN).unwrap();
    stage.outside.letters(2);
    let nobody = stage.newcomer(KeyKind::Ec(Curve::P256));
    stage
        .gateway
        .directory
        .write("certs/recipients/new.pem", &nobody.certificate);
    stage.gateway.reload("were read again");
    // The gateway looks around by itself now and then, and may have been quicker.
    stage.gateway.command(&["hold", "release", "--recipient", NOBODY]);
    let sealed = stage.outside.next();
    assert!(openssl(&sealed.bytes, &nobody).unwrap().contains(SECRET));
}

#[test]
fn the_rules_of_the_moment_of_release_count() {
    let stage = stage(HOLD, "");
    send(stage.gateway.address, CLERK, &[NOBODY], SSN).unwrap();
    stage.outside.letters(2);
    let denied = format!("{HOLD}[recipients]\ndenied_for_personal_information = [\"{NOBODY}\"]\n");
    stage.gateway.directory.write("policies/policy.toml", denied);
    let nobody = stage.newcomer(KeyKind::Ec(Curve::P256));
    stage
        .gateway
        .directory
        .write("certs/recipients/new.pem", &nobody.certificate);
    stage.gateway.reload("were read again");
    stage.gateway.ask(&["hold", "release", "--all"]);
    let notice = stage.outside.next();
    assert_eq!(notice.recipients, [CLERK]);
    assert!(in_one_line(&notice.text()).contains("personal information is not allowed to this recipient"));
}

#[test]
fn the_enrolment_address_says_what_is_wrong_and_answers_no_machine() {
    let name = "the_enrolment_address_says_what_is_wrong_and_answers_no_machine";
    if !have(name, &["openssl"]) {
        return;
    }
    let stage = stage("", "");
    let inbound = stage.gateway.inbound();
    let plain = |from: &str| format!("From: {from}\nTo: {ENROL}\nSubject: x\n\nPlease add me.\n");
    send(inbound, "", &[ENROL], &plain("ann@partner.example")).unwrap();
    send(
        inbound,
        "MAILER-DAEMON@partner.example",
        &[ENROL],
        &plain("x@partner.example"),
    )
    .unwrap();
    let automatic = format!("Auto-Submitted: auto-replied\n{}", plain("out@partner.example"));
    send(inbound, "out@partner.example", &[ENROL], &automatic).unwrap();
    let list = format!("List-Id: <l.partner.example>\n{}", plain("list@partner.example"));
    send(inbound, "list@partner.example", &[ENROL], &list).unwrap();
    send(
        inbound,
        "ann@partner.example",
        &[ENROL],
        &plain("ann@partner.example"),
    )
    .unwrap();
    let answer = stage.outside.next();
    assert_eq!(
        (answer.recipients.as_slice(), &answer.sender),
        (&["ann@partner.example".to_owned()][..], &None)
    );
    let text = in_one_line(&answer.text());
    assert!(
        text.contains("could not be added") && text.contains("It is not signed."),
        "{text}"
    );

    let nobody = stage.newcomer(KeyKind::Ec(Curve::P256));
    let other = sign(&nobody, "other@partner.example", ENROL, "x", &[]);
    send(inbound, "other@partner.example", &[ENROL], &other).unwrap();
    let text = in_one_line(&stage.outside.next().text());
    assert!(
        text.contains("certificate is not for the address in From"),
        "{text}"
    );
    let changed = sign(&nobody, NOBODY, ENROL, "one", &[]).replace("\n\none\n", "\n\ntwo\n");
    send(inbound, NOBODY, &[ENROL], &changed).unwrap();
    let text = in_one_line(&stage.outside.next().text());
    assert!(text.contains("changed after it was signed"), "{text}");
    assert!(stage.outside.is_empty() && stage.inside.is_empty());
}

#[test]
fn an_unknown_issuer_waits_for_approval_and_the_administrator_is_told() {
    let name = "an_unknown_issuer_waits_for_approval_and_the_administrator_is_told";
    if !have(name, &["openssl"]) {
        return;
    }
    let stage = stage(HOLD, "[harvest]\nadministrator = \"security@agency.example\"\n");
    let now = jiff::Timestamp::now();
    let (from, to) = (
        now - jiff::SignedDuration::from_hours(1),
        now + jiff::SignedDuration::from_hours(24),
    );
    let own = Authority::new("Own Root", KeyKind::Ec(Curve::P256), from, to).unwrap();
    let request = Request {
        usage: Usage::Unrestricted,
        ..Request::new(NOBODY, KeyKind::Ec(Curve::P256), from, to)
    };
    let nobody = Person::from(own.issue(&request).unwrap());
    send(stage.gateway.address, CLERK, &[NOBODY], SSN).unwrap();
    stage.outside.letters(2);
    let signed = sign(&nobody, NOBODY, ENROL, "Here it is.", &[]);
    send(stage.gateway.inbound(), NOBODY, &[ENROL], &signed).unwrap();
    let letters = stage.outside.letters(2);
    assert_eq!(letters[0].recipients, [NOBODY]);
    let text = in_one_line(&letters[0].text());
    assert!(text.contains("an administrator has to approve"), "{text}");
    assert_eq!(letters[1].recipients, ["security@agency.example"]);
    let text = in_one_line(&letters[1].text());
    assert!(
        text.contains("waits for your approval") && text.contains("sealgate cert approve"),
        "{text}"
    );
    assert!(
        stage.gateway.ask(&["hold", "list"]).contains(NOBODY),
        "it is not used meanwhile"
    );
}

#[test]
fn a_changed_certificate_is_used_and_announced_and_the_old_one_stays() {
    let name = "a_changed_certificate_is_used_and_announced_and_the_old_one_stays";
    if !have(name, &["openssl"]) {
        return;
    }
    let stage = stage("", "[harvest]\nadministrator = \"security@agency.example\"\n");
    let first = stage.newcomer(KeyKind::Ec(Curve::P256));
    assert!(in_one_line(&stage.enrol(&first, NOBODY).text()).contains("was added"));
    let second = stage.newcomer(KeyKind::Ec(Curve::P384));
    let signed = sign(&second, NOBODY, CLERK, "Hello.", &[]);
    send(stage.gateway.inbound(), NOBODY, &[CLERK], &signed).unwrap();
    let letter = stage.outside.next();
    assert_eq!(letter.recipients, ["security@agency.example"]);
    let text = in_one_line(&letter.text());
    assert!(
        text.contains("certificate has changed") && text.contains("stay valid"),
        "{text}"
    );
    stage.gateway.wait_for_log("certificate has changed");
    let known = stage.gateway.ask(&["cert", "list", "--json"]);
    let ways = ["\"harvested\"", "\"enrolled\""].map(|origin| known.matches(origin).count());
    assert_eq!(ways, [1, 1], "{known}");
    send(stage.gateway.address, CLERK, &[NOBODY], SSN).unwrap();
    let sealed = stage.outside.next();
    assert!(openssl(&sealed.bytes, &second).is_ok() || openssl(&sealed.bytes, &first).is_ok());
}
