//! From the queue to the next hop.

use sealgate::smtp::Reply;

use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{send, send_for_id};
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};

const CLERK: &str = "clerk@agency.example";
const PLAIN: &str = "From: clerk@agency.example\nSubject: Lunch\n\nAt noon?\n";
const SSN: &str = "From: clerk@agency.example\nSubject: x\n\nMargaret Holloway, SSN 536-22-8145.\n";

#[test]
fn own_domains_and_notices_go_back_to_the_organisations_own_server() {
    let partner = Mailbox::start();
    let own = Mailbox::start();
    let deliver = format!(
        "[[deliver.route]]\ndomain = \"agency.example\"\nnext_hop = \"{}\"\n",
        own.address
    );
    let gateway = Gateway::start(
        partner.address,
        &Options {
            deliver,
            ..Options::default()
        },
    );
    send(gateway.address, CLERK, &[ANNA, "boss@agency.example"], PLAIN).unwrap();
    assert_eq!(partner.next().recipients, [ANNA]);
    assert_eq!(own.next().recipients, ["boss@agency.example"]);
    send(gateway.address, CLERK, &[NOBODY], SSN).unwrap();
    let notice = own.next();
    assert_eq!(notice.recipients, [CLERK]);
    assert!(partner.is_empty());
}

#[test]
fn a_refusal_of_the_next_hop_for_good_comes_back_as_one_notice() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    mailbox.refuse_next(Reply::Refused {
        status: "5.1.1",
        text: "no such user here".to_owned(),
    });
    let id = send_for_id(gateway.address, CLERK, &[ANNA], PLAIN);
    let notice = mailbox.next();
    assert_eq!(notice.recipients, [CLERK]);
    assert_eq!(notice.sender, None);
    let text = notice.text();
    assert!(
        text.contains("Action: failed") && text.contains(ANNA) && text.contains(&id),
        "{text}"
    );
    assert!(!text.contains("At noon?"), "a notice quotes no body");
    // The mailbox has the notice a moment before the gateway has noted that.
    while !gateway.ask(&["queue", "list"]).contains("empty") {
        assert!(mailbox.is_empty(), "there is one notice");
    }
}

#[test]
fn a_next_hop_that_is_busy_gets_the_message_later() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    mailbox.refuse_next(Reply::TryLater {
        text: "greylisted".to_owned(),
    });
    let id = send_for_id(gateway.address, CLERK, &[ANNA], PLAIN);
    let mut listing = gateway.ask(&["queue", "list"]);
    while !listing.contains("greylisted") {
        assert!(
            listing.contains(ANNA),
            "the message is neither delivered nor queued:\n{listing}"
        );
        listing = gateway.ask(&["queue", "list"]);
    }
    gateway.ask(&["queue", "retry", "--message", &id]);
    assert_eq!(mailbox.next().recipients, [ANNA]);
}

#[test]
fn an_administrator_can_hold_release_and_return_mail() {
    let away = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let own = Mailbox::start();
    let deliver = format!(
        "[[deliver.route]]\ndomain = \"agency.example\"\nnext_hop = \"{}\"\n",
        own.address
    );
    let gateway = Gateway::start(
        away,
        &Options {
            deliver,
            ..Options::default()
        },
    );
    let held = send_for_id(gateway.address, CLERK, &[ANNA], PLAIN);
    let returned = send_for_id(gateway.address, CLERK, &[NOBODY], PLAIN);
    gateway.ask(&["queue", "hold", "--message", &held]);
    assert!(gateway.ask(&["queue", "list"]).contains("held"));
    gateway.ask(&["queue", "bounce", "--message", &returned]);
    let notice = own.next();
    assert_eq!(notice.recipients, [CLERK]);
    assert!(notice.text().contains(NOBODY));
    let partner = Mailbox::start_at(away);
    gateway.ask(&["queue", "release", "--message", &held]);
    gateway.ask(&["queue", "retry", "--all"]);
    assert_eq!(partner.next().recipients, [ANNA]);
}

#[test]
fn no_more_transactions_are_under_way_than_the_settings_allow() {
    let away = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let deliver = "concurrency = 2\n".to_owned();
    let gateway = Gateway::start(
        away,
        &Options {
            deliver,
            ..Options::default()
        },
    );
    for _ in 0..6 {
        send(gateway.address, CLERK, &[ANNA], PLAIN).unwrap();
    }
    while gateway.ask(&["queue", "list"]).matches("4.4.1").count() < 6 {}
    let listener = std::net::TcpListener::bind(away).unwrap();
    gateway.ask(&["queue", "retry", "--all"]);
    let mut open: Vec<std::net::TcpStream> = (0..2).map(|_| listener.accept().unwrap().0).collect();
    // Each of these answers takes one more turn; a third at the same time would have been in line before it.
    for _ in 0..4 {
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "a third transaction was begun");
        listener.set_nonblocking(false).unwrap();
        std::io::Write::write_all(&mut open.remove(0), b"421 4.3.2 later\r\n").unwrap();
        open.push(listener.accept().unwrap().0);
    }
}

#[test]
fn required_tls_keeps_mail_back_from_a_host_that_offers_none() {
    let mailbox = Mailbox::start();
    let deliver = "tls = \"required\"\n".to_owned();
    let gateway = Gateway::start(
        mailbox.address,
        &Options {
            deliver,
            ..Options::default()
        },
    );
    send(gateway.address, CLERK, &[ANNA], PLAIN).unwrap();
    let mut listing = gateway.ask(&["queue", "list"]);
    while !listing.contains("TLS") {
        assert!(listing.contains(ANNA), "{listing}");
        listing = gateway.ask(&["queue", "list"]);
    }
    assert!(mailbox.is_empty());
}
