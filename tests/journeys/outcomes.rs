//! What becomes of mail, recipient by recipient.

use crate::support::counterparts::have;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{Session, send, send_for_id};
use crate::support::mailbox::Mailbox;
use crate::support::openers;
use crate::support::pki::{ANNA, ERNST, EXPIRED, NOBODY, NOT_ALLOWED, REVOKED};

const CLERK: &str = "clerk@agency.example";
const SSN: &str = "From: Clerk <clerk@agency.example>\nTo: partners@partner.example\nSubject: New employee\n\
                   Message-ID: <1@agency.example>\n\nMargaret Holloway, SSN 536-22-8145.\n";
const SECRET: &str = "536-22-8145";
/// Lets personal information go to everybody but one.
const POLICY: &str = "[recipients]\ndenied_for_personal_information = [\"stranger@partner.example\"]\n";

#[test]
fn mail_with_nothing_to_protect_leaves_as_it_came_under_one_more_received_field() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let text = "From: clerk@agency.example\r\nSubject: Lunch\r\n\r\nAt noon?\r\n.\r\n..leading dots\r\n";
    let (mut session, _) = Session::open(gateway.address);
    let stuffed = text.trim_end().replace("\r\n.", "\r\n..");
    assert!(
        session
            .message(CLERK, &[ANNA, NOBODY], stuffed.as_bytes())
            .starts_with("250 ")
    );
    let letter = mailbox.next();
    assert_eq!(
        letter.recipients,
        [ANNA, NOBODY],
        "one transaction for the same bytes"
    );
    let received = letter.text();
    assert!(received.starts_with("Received: from "), "{received}");
    assert!(received.ends_with(text), "{received}");
    assert!(
        !received.contains(NOBODY),
        "a Received field must not name a recipient"
    );
}

#[test]
fn personal_information_leaves_sealed_and_opens_with_openssl() {
    if !have(
        "personal_information_leaves_sealed_and_opens_with_openssl",
        &["openssl"],
    ) {
        return;
    }
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    send(gateway.address, CLERK, &[ANNA, ERNST], SSN).unwrap();
    for (letter, address) in mailbox.letters(2).iter().zip([ANNA, ERNST]) {
        assert_eq!(
            letter.recipients,
            [address],
            "every recipient has a CMS of its own"
        );
        assert!(!letter.text().contains(SECRET));
        let inside = openers::openssl(&letter.bytes, gateway.pki.person(address)).unwrap();
        assert!(
            inside.contains("Margaret Holloway, SSN 536-22-8145."),
            "{address}"
        );
    }
}

#[test]
fn a_sealed_message_opens_with_thunderbirds_nss_and_with_nobody_elses_key() {
    let name = "a_sealed_message_opens_with_thunderbirds_nss_and_with_nobody_elses_key";
    if !have(
        name,
        &[
            "openssl",
            "cmsutil",
            "certutil",
            "pk12util",
            "/usr/lib/thunderbird/libnss3.so",
        ],
    ) {
        return;
    }
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    send(gateway.address, CLERK, &[ANNA, ERNST], SSN).unwrap();
    let letters = mailbox.letters(2);
    for (letter, address) in letters.iter().zip([ANNA, ERNST]) {
        let inside = openers::nss(&letter.bytes, gateway.pki.person(address), true);
        assert!(
            inside.clone().unwrap_or_default().contains(SECRET),
            "{address}: {inside:?}"
        );
    }
    let wrong = openers::nss(&letters[0].bytes, gateway.pki.person(ERNST), true);
    assert!(!wrong.unwrap_or_default().contains(SECRET));
}

#[test]
fn five_recipients_get_five_right_outcomes_in_one_transaction_and_the_sender_one_notice() {
    let mailbox = Mailbox::start();
    let options = Options {
        policy: POLICY.to_owned(),
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    let all = [ANNA, NOBODY, EXPIRED, REVOKED, NOT_ALLOWED];
    let id = send_for_id(gateway.address, CLERK, &all, SSN);
    let letters = mailbox.letters(2);
    assert_eq!(letters[0].recipients, [ANNA]);
    let notice = &letters[1];
    assert_eq!(notice.recipients, [CLERK]);
    assert_eq!(notice.sender, None, "a notice has the null sender");
    let text = notice.text();
    assert!(
        text.contains("multipart/report") && text.contains("Auto-Submitted: auto-replied"),
        "{text}"
    );
    assert_eq!(text.matches("Final-Recipient:").count(), 5, "{text}");
    assert!(text.contains(&id), "the notice carries the decision's id");
    assert!(
        !text.contains(SECRET) && !text.contains("Holloway") && !text.contains("New employee"),
        "{text}"
    );
    let trace = gateway.ask(&["trace", &id]);
    for word in [
        ANNA,
        NOBODY,
        EXPIRED,
        REVOKED,
        NOT_ALLOWED,
        "expired",
        "revoked",
        "8145",
    ] {
        assert!(trace.contains(word), "{word} is missing in:\n{trace}");
    }
    assert!(!trace.contains(SECRET) && !trace.contains("Holloway"), "{trace}");
    assert!(mailbox.is_empty(), "nothing else left");
}

#[test]
fn all_or_nothing_keeps_every_copy_back_when_one_cannot_leave() {
    let mailbox = Mailbox::start();
    let policy = "[delivery]\nmode = \"all-or-nothing\"\n".to_owned();
    let gateway = Gateway::start(
        mailbox.address,
        &Options {
            policy,
            ..Options::default()
        },
    );
    send(gateway.address, CLERK, &[ANNA, NOBODY], SSN).unwrap();
    let notice = mailbox.next();
    assert_eq!(notice.recipients, [CLERK]);
    assert_eq!(notice.text().matches("Action: failed").count(), 2);
    assert!(mailbox.is_empty());
}

#[test]
fn the_envelope_decides_and_a_bcc_recipient_stays_hidden() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let text = "From: clerk@agency.example\nTo: Anna <anna@partner.example>\nCc: nobody@partner.example\n\
                Bcc: ernst@partner.example\nSubject: x\n\nJohn Castellano, SSN 536-22-8145\n";
    send(gateway.address, CLERK, &[ANNA, ERNST], text).unwrap();
    let letters = mailbox.letters(2);
    assert_eq!(letters[0].recipients, [ANNA]);
    assert_eq!(letters[1].recipients, [ERNST]);
    for letter in &letters {
        assert!(
            !letter.text().to_lowercase().contains("ernst"),
            "no trace of the Bcc recipient outside"
        );
    }
    let inside = openers::openssl(&letters[0].bytes, gateway.pki.person(ANNA)).unwrap();
    assert!(!inside.to_lowercase().contains("ernst"), "and none inside");
}

#[test]
fn a_subject_with_personal_information_is_seen_only_inside() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let text = "From: clerk@agency.example\nTo: anna@partner.example\nThread-Topic: John Castellano SSN 536-22-8145\n\
                Subject: John Castellano SSN\n 536-22-8145\nMIME-Version: 1.0\nContent-Type: text/plain\n\nsee above\n";
    send(gateway.address, CLERK, &[ANNA], text).unwrap();
    let letter = mailbox.next();
    let outside = letter.text();
    assert!(outside.contains("\r\nSubject: [...]\r\n"), "{outside}");
    assert!(
        !outside.contains("8145") && !outside.contains("Castellano"),
        "{outside}"
    );
    let inside = openers::openssl(&letter.bytes, gateway.pki.person(ANNA)).unwrap();
    assert!(
        inside.contains("Subject: John Castellano SSN") && inside.contains("hp=\"cipher\""),
        "{inside}"
    );
}

#[test]
fn mail_that_is_really_encrypted_passes_and_a_false_label_does_not_help() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    send(gateway.address, CLERK, &[ANNA], SSN).unwrap();
    let sealed = mailbox.next().text();
    let start = sealed.find("MIME-Version").unwrap();
    let really = format!(
        "From: clerk@agency.example\r\nSubject: hello\r\n{}",
        &sealed[start..]
    );
    send(gateway.address, CLERK, &[NOBODY], &really).unwrap();
    let passed = mailbox.next();
    assert_eq!(passed.recipients, [NOBODY]);
    assert!(passed.text().contains(&really), "not a byte is changed");

    let label = "From: clerk@agency.example\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\n\
                 John Castellano, SSN 536-22-8145\n";
    send(gateway.address, CLERK, &[NOBODY], label).unwrap();
    let notice = mailbox.next();
    assert_eq!(notice.recipients, [CLERK]);
    assert!(mailbox.is_empty());
}
