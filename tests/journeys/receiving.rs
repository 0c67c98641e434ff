//! The receiving side around the message: balancers, LMTP, limits, loops, messages that are not as they should be.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::Command;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::support::counterparts::have;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{Session, send};
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};

const CLERK: &str = "clerk@agency.example";
const PLAIN: &str = "From: clerk@agency.example\r\nDate: Mon, 2 Mar 2026 08:00:00 +0000\r\nMessage-ID: <a@agency.example>\r\n\
                     Subject: Lunch\r\n\r\nAt noon?\r\n";

fn start(mailbox: &Mailbox, smtp: &str, tables: &str) -> Gateway {
    let options = Options {
        smtp: smtp.to_owned(),
        tables: tables.to_owned(),
        ..Options::default()
    };
    Gateway::start(mailbox.address, &options)
}

/// Whether swaks has got the message taken, and its words.
fn swaks(to: SocketAddr, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new("swaks");
    command.args(["--server", &to.ip().to_string(), "--port", &to.port().to_string()]);
    command.args(["--from", CLERK, "--to", NOBODY, "--body", "At noon?"]);
    let output = command.args(arguments).output().expect("swaks runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn behind_a_balancer_the_client_counts_and_the_trace_names_it() {
    if !have(
        "behind_a_balancer_the_client_counts_and_the_trace_names_it",
        &["swaks"],
    ) {
        return;
    }
    let mailbox = Mailbox::start();
    let options = Options {
        relay_from: "192.0.2.7",
        smtp: "proxy_from = [\"127.0.0.1\"]".to_owned(),
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    let one = "--proxy-version 1 --proxy-family TCP4";
    let two = "--proxy-version 2 --proxy-family AF_INET --proxy-protocol STREAM --proxy-command PROXY";
    for version in [one, two] {
        for (client, may) in [("192.0.2.7", true), ("203.0.113.9", false)] {
            let rest = format!(
                "{version} --proxy-source {client} --proxy-source-port 1025 --proxy-dest 127.0.0.1 --proxy-dest-port 25"
            );
            let (taken, said) = swaks(gateway.address, &rest.split(' ').collect::<Vec<_>>());
            assert_eq!(taken, may, "{said}");
        }
        assert!(mailbox.next().text().contains("([192.0.2.7])"));
    }
    assert!(
        !swaks(gateway.address, &["--timeout", "5"]).0,
        "without the header"
    );
}

#[test]
fn a_balancer_may_introduce_its_clients_and_lmtp_answers_for_each_recipient() {
    if !have(
        "a_balancer_may_introduce_its_clients_and_lmtp_answers_for_each_recipient",
        &["swaks"],
    ) {
        return;
    }
    let mailbox = Mailbox::start();
    let options = Options {
        relay_from: "192.0.2.7",
        smtp: "xclient_from = [\"127.0.0.1\"]\nlisten_lmtp = [\"127.0.0.1:0\"]".to_owned(),
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    let (taken, said) = swaks(gateway.address, &["--xclient-addr", "192.0.2.7"]);
    assert!(taken, "{said}");
    assert!(mailbox.next().text().contains("([192.0.2.7])"));
    let (taken, said) = swaks(gateway.address, &["--xclient-addr", "203.0.113.9"]);
    assert!(!taken && said.contains("554 5.7.1"), "{said}");
    let [_, lmtp] = gateway.addresses();
    let recipients = format!("{NOBODY},second@partner.example");
    let arguments = [
        "--protocol",
        "LMTP",
        "--xclient-addr",
        "192.0.2.7",
        "--to",
        &recipients,
    ];
    let (taken, said) = swaks(lmtp, &arguments);
    assert!(taken && said.matches("250 2.0.0 Accepted").count() == 2, "{said}");
    assert!(mailbox.next().text().contains("with LMTP id"));
}

#[test]
fn a_suspended_sender_is_refused_until_it_may_send_again() {
    let mailbox = Mailbox::start();
    let gateway = start(&mailbox, "", "");
    assert!(gateway.ask(&["sender", "list"]).contains("Nobody"));
    gateway.ask(&["sender", "suspend", CLERK, "--reason", "a virus"]);
    assert!(gateway.ask(&["sender", "list"]).contains("a virus"));
    let (mut session, _) = Session::open(gateway.address);
    session.say("EHLO test");
    let reply = session.say(&format!("MAIL FROM:<{CLERK}>"));
    assert!(
        reply.starts_with("550 5.7.1 ") && reply.contains("suspended"),
        "{reply}"
    );
    assert!(
        !gateway
            .command(&["sender", "suspend", CLERK, "--reason", "again"])
            .status
            .success()
    );
    gateway.ask(&["sender", "resume", CLERK]);
    assert!(session.say(&format!("MAIL FROM:<{CLERK}>")).starts_with("250 "));
}

#[test]
fn a_sender_over_its_rate_is_told_to_wait() {
    let mailbox = Mailbox::start();
    let gateway = start(&mailbox, "", "[smtp.rates]\nsender_messages_per_hour = 2");
    for _ in 0..2 {
        send(gateway.address, CLERK, &[NOBODY], PLAIN).unwrap();
        mailbox.next();
    }
    let error = send(gateway.address, CLERK, &[NOBODY], PLAIN).unwrap_err();
    assert!(
        error.is_transient() && error.to_string().contains("too many messages"),
        "{error}"
    );
    send(gateway.address, "other@agency.example", &[NOBODY], PLAIN).unwrap();
}

#[test]
fn mail_that_comes_back_sealed_or_not_is_ended_as_a_loop_and_forged_marks_are_nothing() {
    let mailbox = Mailbox::start();
    let gateway = start(&mailbox, "", "[loops]\npasses = 3");
    let secret = PLAIN.replace("At noon?", "Margaret Holloway, SSN 536-22-8145");
    for (text, recipient) in [(PLAIN.to_owned(), NOBODY), (secret, ANNA)] {
        // As if a relay had written it: no key, no meaning.
        let mut message = format!("Sealgate-Pass: 9 00112233445566778899aabbccddeeff\r\n{text}");
        for pass in 1..=3 {
            send(gateway.address, CLERK, &[recipient], &message).unwrap();
            message = mailbox.next().text();
            assert!(
                message.contains(&format!("\r\nSealgate-Pass: {pass} ")),
                "{message}"
            );
        }
        let error = send(gateway.address, CLERK, &[recipient], &message).unwrap_err();
        assert!(
            error.is_permanent() && error.to_string().contains("loop"),
            "{error}"
        );
        // The same mark on another message is no loop.
        let other = message.replace("<a@agency.example>", "<b@agency.example>");
        send(gateway.address, CLERK, &[recipient], &other).unwrap();
        mailbox.next();
    }
}

#[test]
fn messages_that_are_not_as_they_should_be_go_on_are_mended_or_refused() {
    let bare = "Subject: Lunch\r\nTo: a@partner.example\r\nTo: b@partner.example\r\n\r\nAt noon?\r\n";
    let contradiction = PLAIN.replace("Subject", "From: chief@agency.example\r\nSubject");
    let mailbox = Mailbox::start();
    let gateway = start(&mailbox, "", "");
    send(gateway.address, CLERK, &[NOBODY], bare).unwrap();
    assert!(mailbox.next().text().contains(bare));

    let gateway = start(&mailbox, "", "[conformance]\nmode = \"repair\"");
    send(gateway.address, CLERK, &[NOBODY], bare).unwrap();
    let text = mailbox.next().text();
    for part in [
        "\r\nFrom: clerk@agency.example\r\n",
        "\r\nDate: ",
        "\r\nMessage-ID: <",
        "a@partner.example,\r\n b@",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    gateway.wait_for_log("a missing field was added (3)");
    let error = send(gateway.address, CLERK, &[NOBODY], &contradiction).unwrap_err();
    assert!(
        error.is_permanent() && error.to_string().contains("line 4: a second from field"),
        "{error}"
    );

    let gateway = start(&mailbox, "", "[conformance]\nmode = \"reject\"");
    let error = send(gateway.address, CLERK, &[NOBODY], bare).unwrap_err();
    assert!(
        error.is_permanent() && error.to_string().contains("a second to field"),
        "{error}"
    );
    send(gateway.address, CLERK, &[NOBODY], PLAIN).unwrap();
    mailbox.next();
}

/// A connection from this address of the machine's own network.
fn connect(from: IpAddr, to: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(from, 0)).unwrap();
        let stream = socket.connect(to).await.unwrap().into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream
    })
}

#[test]
fn two_thousand_idle_and_slow_connections_keep_nobody_out() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let mailbox = Mailbox::start();
    let options = Options {
        relay_from: "127.0.0.0/8",
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    for addresses in [50_u8, 1] {
        let mut held = Vec::new();
        for number in 0..2000_u16 {
            let last = 10 + u8::try_from(number % u16::from(addresses)).unwrap();
            let mut stream = connect([127, 0, 1, last].into(), gateway.address);
            // Every second one is in the middle of a message that does not go on.
            if number % 2 == 0 {
                let mut greeting = [0; 4];
                let _ = stream.read(&mut greeting);
                let _ = stream.write_all(
                    b"EHLO x\r\nMAIL FROM:<clerk@agency.example>\r\nRCPT TO:<x@partner.example>\r\nDATA\r\n",
                );
            }
            held.push(stream);
        }
        for _ in 0..20 {
            send(gateway.address, CLERK, &[NOBODY], PLAIN).unwrap();
            assert_eq!(mailbox.next().recipients, [NOBODY]);
        }
        drop(held);
    }
    assert!(mailbox.is_empty());
}
