//! Mail whose sender requires TLS on the whole way (RFC 8689), from end to end.

use sealgate::message::{Ret, TlsWish};
use sealgate::smtp::Reply;

use crate::support::directory::Directory;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::Session;
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};
use crate::support::tls::{self, Secured};

const CLERK: &str = "clerk@agency.example";
const PLAIN: &str = "From: clerk@agency.example\r\nSubject: Lunch\r\n\r\nAt noon?\r\n";
const SSN: &str = "From: clerk@agency.example\r\nSubject: x\r\n\r\nMargaret Holloway, SSN 536-22-8145.\r\n";

/// Sends a message that requires TLS; answers the gateway's name for it.
fn send(mut session: Secured, recipient: &str, text: &str) -> String {
    let offers = session.say("EHLO client.example");
    assert!(offers.contains("REQUIRETLS"), "{offers}");
    for (command, code) in [
        (format!("MAIL FROM:<{CLERK}> RET=FULL REQUIRETLS"), "250"),
        (format!("RCPT TO:<{recipient}>"), "250"),
        ("DATA".to_owned(), "354"),
    ] {
        let answer = session.say(&command);
        assert!(answer.starts_with(code), "{command}: {answer}");
    }
    let answer = session.say(&format!("{text}."));
    assert!(answer.starts_with("250"), "{answer}");
    answer.split_whitespace().last().unwrap_or_default().to_owned()
}

/// A gateway whose mail goes under verified TLS, and own mail to another host in clear.
fn gateway(partner: &Mailbox, certificate: &Directory, own: &Mailbox) -> Gateway {
    let deliver = format!(
        "tls = \"verify\"\nca_file = \"{}\"\n[[deliver.route]]\ndomain = \"agency.example\"\nnext_hop = \"{}\"\n",
        certificate.path().join("tls.pem").display(),
        own.address
    );
    let options = Options {
        deliver,
        smtp: tls::SETTINGS.to_owned(),
        prepare: tls::prepare,
        ..Options::default()
    };
    Gateway::start(partner.address, &options)
}

fn certificate() -> Directory {
    let directory = Directory::new();
    tls::prepare(&directory);
    directory
}

#[test]
fn what_a_sender_requires_of_tls_holds_for_sealed_mail_too_and_survives_a_restart() {
    let (certificate, own) = (certificate(), Mailbox::start());
    let partner = Mailbox::start_secured(&certificate, true);
    let mut gateway = gateway(&partner, &certificate, &own);
    partner.refuse_next(Reply::TryLater {
        text: "greylisted".to_owned(),
    });
    let id = send(Secured::open(gateway.addresses()[0]), ANNA, SSN);
    while !gateway.ask(&["queue", "list"]).contains("greylisted") {}
    assert!(gateway.ask(&["queue", "show", "1"]).contains("(REQUIRETLS)"));
    let json = gateway.ask(&["queue", "list", "--json"]);
    assert!(json.contains("\"tls\": \"required\""), "{json}");
    gateway.kill_and_restart();
    gateway.ask(&["queue", "retry", "--all"]);
    let letter = partner.next();
    assert_eq!(
        (letter.tls, letter.dsn[0].ret),
        (TlsWish::Required, Some(Ret::Headers))
    );
    assert!(letter.text().contains("application/pkcs7-mime") && !letter.text().contains("536-22"));
    let told = gateway.ask(&["trace", &id]);
    assert!(told.contains("required on the whole way (REQUIRETLS)"), "{told}");
    assert!(
        gateway
            .ask(&["trace", &id, "--json"])
            .contains("\"tls\": \"required\"")
    );
    // Mail that asks for nothing goes on as before.
    let (mut session, _) = Session::open(gateway.address);
    let answer = session.message(CLERK, &[NOBODY], PLAIN.as_bytes());
    assert!(answer.starts_with("250"), "{answer}");
    assert_eq!(partner.next().tls, TlsWish::AsConfigured);
    gateway.wait_until_the_queue_is_empty();
    assert!(own.is_empty());
}

#[test]
fn a_next_hop_that_promises_nothing_gets_nothing_and_the_sender_is_told() {
    let (certificate, own) = (certificate(), Mailbox::start());
    let partner = Mailbox::start_secured(&certificate, false);
    let gateway = gateway(&partner, &certificate, &own);
    let (mut session, _) = Session::open(gateway.address);
    assert!(!session.say("EHLO client.example").contains("REQUIRETLS"));
    let answer = session.say(&format!("MAIL FROM:<{CLERK}> REQUIRETLS"));
    assert!(answer.starts_with("530 5.7.10 "), "{answer}");
    send(Secured::open(gateway.addresses()[0]), ANNA, PLAIN);
    // The own mail server has no TLS at all: the notice goes there rather than nowhere.
    let notice = own.next();
    let text = notice.text();
    assert_eq!(
        (&notice.sender, &notice.recipients[..]),
        (&None, &[CLERK.to_owned()][..])
    );
    for words in ["Action: failed", "Status: 5.7.30", "REQUIRETLS"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(!text.contains("At noon?") && !text.contains("Lunch"), "{text}");
    gateway.wait_until_the_queue_is_empty();
    assert!(partner.is_empty());
}
