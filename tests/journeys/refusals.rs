//! What is refused, and how the client or the sender learns of it.

use tokio::io::AsyncReadExt;

use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{Session, send};
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};

const CLERK: &str = "clerk@agency.example";
const SSN: &str = "From: clerk@agency.example\r\nSubject: x\r\n\r\nMargaret Holloway, SSN 536-22-8145.\r\n";

#[test]
fn strangers_may_not_relay() {
    let mailbox = Mailbox::start();
    let options = Options {
        smtp: String::new(),
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    // Everything in 127.0.0.0/8 is this machine; only 127.0.0.1 is allowed.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let said = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
        let mut stranger = socket.connect(gateway.address).await.unwrap();
        let mut said = String::new();
        stranger.read_to_string(&mut said).await.unwrap();
        said
    });
    assert!(said.starts_with("554 5.7.1 "), "{said}");
}

#[test]
fn an_unknown_sender_domain_is_refused() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let (mut session, _) = Session::open(gateway.address);
    session.say("EHLO test");
    let reply = session.say("MAIL FROM:<somebody@elsewhere.example>");
    assert!(reply.starts_with("550 5.7.1 "), "{reply}");
    assert!(session.say("MAIL FROM:<clerk@agency.example>").starts_with("250"));
}

#[test]
fn mail_with_a_null_sender_is_refused_in_the_dialogue_when_it_could_not_leave() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let (mut session, _) = Session::open(gateway.address);
    let reply = session.message("", &[NOBODY], SSN.as_bytes());
    assert!(reply.starts_with("550 5.7.1 "), "{reply}");
    assert!(!reply.contains("536") && !reply.contains("Holloway"), "{reply}");
    let reply = session.message(
        "",
        &[NOBODY],
        b"From: <>\r\nSubject: out of office\r\n\r\nBack on Monday.\r\n",
    );
    assert!(reply.starts_with("250 "), "{reply}");
    assert_eq!(mailbox.next().recipients, [NOBODY]);
}

#[test]
fn segmented_mail_is_refused_at_any_depth_and_in_any_spelling() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let inner = "Content-Type: message/partial; id=\"a@b\"; number=1; total=2\r\n\r\nhalf a message\r\n";
    let encoded = openssl::base64::encode_block(format!("MIME-Version: 1.0\r\n{inner}").as_bytes());
    let cases = [
        inner.to_owned(),
        "CONTENT-TYPE:\r\n\tMESSAGE/PARTIAL;id=x;number=1\r\n\r\nx\r\n".to_owned(),
        "Content-Type: message/(comment)partial; id=x\r\n\r\nx\r\n".to_owned(),
        "Content-Type: multipart/partial; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n".to_owned(),
        "Content-Type : message/partial; id=x\r\n\r\nx\r\n".to_owned(),
        "Content-Type: =?utf-8?q?message/partial?=; id=x\r\n\r\nx\r\n".to_owned(),
        "Content-Type: text/plain\r\nContent-Type: message/partial; id=x\r\n\r\nx\r\n".to_owned(),
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{inner}\r\n--b--\r\n"),
        format!("Content-Type: message/rfc822\r\n\r\nMIME-Version: 1.0\r\n{inner}"),
        format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--b--\r\n"
        ),
    ];
    for case in cases {
        let text = format!("From: clerk@agency.example\r\nSubject: piece\r\nMIME-Version: 1.0\r\n{case}");
        send(gateway.address, CLERK, &[ANNA], &text).unwrap();
        let letter = mailbox.next();
        assert_eq!(letter.recipients, [CLERK], "this left the gateway:\n{text}");
    }
}

#[test]
fn every_multipart_is_refused_only_when_the_literal_reading_is_switched_on() {
    let text = "From: clerk@agency.example\r\nSubject: two parts\r\nMIME-Version: 1.0\r\n\
                Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n\
                Content-Type: text/html\r\n\r\n<p>hello</p>\r\n--b--\r\n";
    let literal = "[structure]\nblock_all_multipart = true\n";
    for (policy, receiver) in [("", ANNA), (literal, CLERK)] {
        let mailbox = Mailbox::start();
        let options = Options {
            policy: policy.to_owned(),
            ..Options::default()
        };
        let gateway = Gateway::start(mailbox.address, &options);
        send(gateway.address, CLERK, &[ANNA], text).unwrap();
        assert_eq!(mailbox.next().recipients, [receiver]);
    }
}
