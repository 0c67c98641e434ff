//! What senders ask of notices (RFC 3461), from end to end.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use sealgate::message::{DsnRequest, Notify, Ret};
use sealgate::smtp::Reply;

use crate::support::counterparts::have;
use crate::support::gateway::{Gateway, Options};
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};
use crate::support::postfix::Postfix;

const CLERK: &str = "clerk@agency.example";
const PLAIN: &str = "From: clerk@agency.example\r\nSubject: Lunch\r\n\r\nAt noon?\r\n";
const SSN: &str = "From: clerk@agency.example\r\nSubject: x\r\n\r\nMargaret Holloway, SSN 536-22-8145.\r\n";
const NEVER: Notify = Notify {
    success: false,
    failure: false,
    delay: false,
};

/// Sends with the parameters as a mail server writes them; answers the last reply.
fn send_asking(to: SocketAddr, mail: &str, rcpt: &[(&str, &str)], text: &str) -> String {
    let mut stream = TcpStream::connect(to).expect("the gateway listens");
    let mut lines = BufReader::new(stream.try_clone().expect("a socket can be shared"));
    let mut reply = || {
        let mut line = String::new();
        while line.len() < 4 || line.as_bytes().get(3) == Some(&b'-') {
            line.clear();
            lines.read_line(&mut line).expect("the gateway answers");
            assert!(!line.is_empty(), "the gateway hung up");
        }
        line
    };
    reply();
    let mut commands = vec![
        "EHLO client.example".to_owned(),
        format!("MAIL FROM:<{CLERK}> {mail}"),
    ];
    commands.extend(
        rcpt.iter()
            .map(|(address, dsn)| format!("RCPT TO:<{address}> {dsn}")),
    );
    commands.push("DATA".to_owned());
    for command in commands {
        stream
            .write_all(format!("{command}\r\n").as_bytes())
            .expect("the gateway reads");
        let answer = reply();
        assert!(answer.starts_with(['2', '3']), "{command}: {answer}");
    }
    stream
        .write_all(format!("{text}.\r\n").as_bytes())
        .expect("the gateway reads");
    reply()
}

fn own_mail_at(mailbox: &Mailbox) -> String {
    format!(
        "[[deliver.route]]\ndomain = \"agency.example\"\nnext_hop = \"{}\"\n",
        mailbox.address
    )
}

fn all(notify: Notify) -> DsnRequest {
    DsnRequest {
        ret: Some(Ret::Headers),
        envid: Some("QQ+2B314".to_owned()),
        notify: Some(notify),
        orcpt: Some("rfc822;Anna+2Bx@partner.example".to_owned()),
    }
}

/// Postfix's master runs as root only.
fn have_postfix(test: &str) -> bool {
    let root: &[&str] = if nix::unistd::geteuid().is_root() {
        &[]
    } else {
        &["/the/rights/of/root"]
    };
    have(test, &[&["postfix"], root].concat())
}

#[test]
fn wishes_reach_the_last_server_through_a_postfix_that_passes_them_on() {
    if !have_postfix("wishes_reach_the_last_server_through_a_postfix_that_passes_them_on") {
        return;
    }
    let (partner, own) = (Mailbox::start(), Mailbox::start());
    let behind = Postfix::start("partner.example", partner.address);
    let options = Options {
        deliver: own_mail_at(&own),
        ..Options::default()
    };
    let gateway = Gateway::start(behind.address, &options);
    let asked = "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Anna+2Bx@partner.example";
    let answer = send_asking(
        gateway.address,
        "RET=HDRS ENVID=QQ+2B314",
        &[(ANNA, asked)],
        PLAIN,
    );
    assert!(answer.starts_with("250"), "{answer}");
    let letter = partner.next();
    let wanted = Notify {
        success: true,
        failure: true,
        delay: false,
    };
    assert_eq!(letter.dsn, [all(wanted)]);
    gateway.wait_until_the_queue_is_empty();
    // Others have promised to tell: the gateway has nothing to add.
    assert!(own.is_empty());
}

#[test]
fn a_sender_who_asks_for_it_is_told_that_mail_went_to_a_server_that_tells_nothing() {
    if !have_postfix("a_sender_who_asks_for_it_is_told_that_mail_went_to_a_server_that_tells_nothing") {
        return;
    }
    let (partner, own) = (Mailbox::start(), Mailbox::start());
    let deaf = "smtpd_discard_ehlo_keywords = dsn\n";
    let behind = Postfix::start_with("partner.example", partner.address, deaf);
    let options = Options {
        deliver: own_mail_at(&own),
        ..Options::default()
    };
    let gateway = Gateway::start(behind.address, &options);
    let asked = "NOTIFY=SUCCESS ORCPT=rfc822;Anna+2Bx@partner.example";
    send_asking(gateway.address, "ENVID=QQ+2B314", &[(ANNA, asked)], PLAIN);
    assert_eq!(partner.next().recipients, [ANNA]);
    let notice = own.next();
    assert_eq!(
        (notice.sender.as_ref(), &notice.recipients[..]),
        (None, &[CLERK.to_owned()][..])
    );
    let text = notice.text();
    for line in [
        "Original-Envelope-Id: QQ+314",
        "Original-Recipient: rfc822; Anna+x@partner.example",
        &format!("Final-Recipient: rfc822; {ANNA}"),
        "Action: relayed",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!text.contains("At noon?"));
}

#[test]
fn who_wants_no_notice_of_a_failure_gets_none() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    for (asked, told) in [
        ("NOTIFY=NEVER", false),
        ("NOTIFY=SUCCESS", false),
        ("NOTIFY=FAILURE", true),
    ] {
        mailbox.refuse_next(Reply::Refused {
            status: "5.1.1",
            text: "no such user here".to_owned(),
        });
        send_asking(gateway.address, "", &[(ANNA, asked)], PLAIN);
        gateway.wait_until_the_queue_is_empty();
        match told {
            true => assert!(mailbox.next().text().contains("Action: failed")),
            false => assert!(mailbox.is_empty(), "{asked}"),
        }
    }
    // What policy holds back must not vanish without a word.
    let answer = send_asking(gateway.address, "", &[(ANNA, ""), (NOBODY, "NOTIFY=NEVER")], SSN);
    assert!(answer.starts_with("550 5.7.1"), "{answer}");
    let answer = send_asking(gateway.address, "", &[(NOBODY, "")], SSN);
    assert!(answer.starts_with("250"), "{answer}");
    assert_eq!(mailbox.next().recipients, [CLERK]);
    let answer = send_asking(gateway.address, "", &[(ANNA, "NOTIFY=NEVER")], SSN);
    assert!(answer.starts_with("250"), "{answer}");
    assert_eq!(mailbox.next().dsn[0].notify, Some(NEVER));
}

#[test]
fn a_sender_is_told_once_that_mail_is_late() {
    let mailbox = Mailbox::start();
    let options = Options {
        deliver: "delay_notice = 0".to_owned(),
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    let later = || Reply::TryLater {
        text: "greylisted".to_owned(),
    };
    mailbox.refuse_next(later());
    send_asking(gateway.address, "", &[(ANNA, "NOTIFY=FAILURE")], PLAIN);
    while !gateway.ask(&["queue", "list"]).contains("greylisted") {}
    gateway.ask(&["queue", "retry", "--reply", "GREYLISTED"]);
    assert_eq!(
        mailbox.next().recipients,
        [ANNA],
        "who does not want to hear of a delay does not"
    );
    mailbox.refuse_next(later());
    send_asking(gateway.address, "ENVID=x", &[(ANNA, "")], PLAIN);
    let notice = mailbox.next();
    let text = notice.text();
    assert_eq!(notice.recipients, [CLERK]);
    for line in [
        "Action: delayed",
        "Will-Retry-Until:",
        "Original-Envelope-Id: x",
        "Status: 4.",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    // The second delay is not told.
    mailbox.refuse_next(later());
    gateway.ask(&["queue", "retry", "--recipient", ANNA]);
    while !gateway
        .ask(&["queue", "list", "--json"])
        .contains("\"attempts\": 2")
    {}
    gateway.ask(&["queue", "retry", "--sender", CLERK, "--json"]);
    assert_eq!(mailbox.next().recipients, [ANNA]);
    gateway.wait_until_the_queue_is_empty();
    assert!(mailbox.is_empty());
}
