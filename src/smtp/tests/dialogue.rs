//! Sessions over real sockets.

use lettre::{SmtpTransport, Transport};

use super::*;

#[test]
fn lettre_delivers_and_the_octets_arrive_as_they_were() {
    let gateway = Gateway::simple();
    let transport = SmtpTransport::builder_dangerous("127.0.0.1")
        .port(gateway.address.port())
        .build();
    let addresses = ["bob@partner.example", "eve@partner.example"].map(|text| text.parse().unwrap());
    let envelope =
        lettre::address::Envelope::new(Some("ann@client.example".parse().unwrap()), addresses.to_vec());
    let text = b"Subject: dots\r\n\r\n.one\r\n..two\r\nend.\r\n";
    let response = transport.send_raw(&envelope.unwrap(), text).unwrap();
    assert_eq!(
        response.first_line().unwrap(),
        format!("2.0.0 Accepted as {}", id())
    );
    let [taken] = &gateway.recorder.taken()[..] else {
        panic!("one message")
    };
    assert_eq!(taken.recipients(), ["bob@partner.example", "eve@partner.example"]);
    assert_eq!(
        taken.envelope.sender.as_ref().unwrap().to_string(),
        "ann@client.example"
    );
    // lettre ends the data with a CRLF of its own.
    assert_eq!(taken.message.as_bytes(), [&text[..], b"\r\n"].concat());
    assert!(taken.client.address.is_loopback() && !taken.client.tls);
}

#[test]
fn commands_may_come_in_groups_that_end_with_data() {
    let gateway = Gateway::simple();
    let mut peer = gateway.connect();
    peer.send("EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<one@d.example>\r\nDATA\r\n");
    while peer.line().starts_with("250-") {}
    for start in ["250 2.1.0", "250 2.1.5", "354"] {
        peer.expect(start);
    }
    peer.send("first\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<two@d.example>\r\nDATA\r\n");
    for start in ["250 2.0.0", "250 2.1.0", "250 2.1.5", "354"] {
        peer.expect(start);
    }
    peer.send("second\r\n.\r\nQUIT\r\nNOOP\r\n");
    for start in ["250 2.0.0", "221"] {
        peer.expect(start);
    }
    peer.expect_end();
    assert_eq!(gateway.recorder.texts(), ["first\r\n", "second\r\n"]);
}

#[test]
fn a_whole_session_may_come_in_one_piece_when_its_messages_are_counted() {
    let gateway = Gateway::simple();
    let mut peer = gateway.connect();
    peer.send(
        "EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<one@d.example>\r\nBDAT 7\r\nfirst\r\nBDAT 3 LAST\r\n.\r\n\
         MAIL FROM:<a@b.example>\r\nRCPT TO:<two@d.example>\r\nBDAT 8 LAST\r\nsecond\r\nQUIT\r\nNOOP\r\n",
    );
    while peer.line().starts_with("250-") {}
    for start in [
        "250 2.1.0",
        "250 2.1.5",
        "250 2.0.0 chunk OK",
        "250 2.0.0 Accepted",
        "250 2.1.0",
        "250 2.1.5",
        "250 2.0.0 Accepted",
        "221",
    ] {
        peer.expect(start);
    }
    peer.expect_end();
    assert_eq!(gateway.recorder.texts(), ["first\r\n.\r\n", "second\r\n"]);
}

#[test]
fn a_large_message_arrives_whole() {
    let gateway = Gateway::simple();
    let mut peer = gateway.greeted();
    let text: String = (0..200_000)
        .map(|n| format!("line {n} of a long message\r\n"))
        .collect();
    peer.begin("bob@partner.example");
    peer.send(&text);
    peer.ask(".", "250 2.0.0 Accepted as ");
    assert!(gateway.recorder.taken()[0].message.as_bytes() == text.as_bytes());
}

#[test]
fn the_client_hears_what_the_gateway_says_of_a_message() {
    let refused = Reply::Refused {
        status: "5.6.3",
        text: "segmented\r\n250 mail".to_owned(),
    };
    let later = Reply::TryLater {
        text: "the store is away".to_owned(),
    };
    let answers = Mutex::new(vec![Reply::NoRoom, later, refused]);
    let gateway = Gateway::start(
        &settings(),
        Recorder {
            answers,
            ..Recorder::default()
        },
    );
    let mut peer = gateway.greeted();
    for reply in [
        "550 5.6.3 segmented  250 mail",
        "451 4.3.0 the store is away",
        "452 4.3.1 no room for this message now; try again later",
        "250 2.0.0 Accepted as ",
    ] {
        peer.begin("bob@partner.example");
        peer.ask("text\r\n.", reply);
    }
}

#[test]
fn the_client_hears_what_the_gateway_says_of_a_sender() {
    for (reply, line) in [
        (
            Reply::Refused {
                status: "5.7.1",
                text: "not you".to_owned(),
            },
            "550 5.7.1 not you",
        ),
        (
            Reply::TryLater {
                text: "not now".to_owned(),
            },
            "451 4.3.0 not now",
        ),
        (Reply::NoRoom, "452 4.3.1 "),
        (Reply::Accepted(id()), "451 4.3.0 "),
    ] {
        let refused = Some(("refused.example", reply));
        let gateway = Gateway::start(
            &settings(),
            Recorder {
                refused,
                ..Recorder::default()
            },
        );
        let mut peer = gateway.greeted();
        peer.ask("MAIL FROM:<a@refused.example>", line);
        peer.ask("RCPT TO:<b@c.example>", "503 5.5.1");
        peer.ask("MAIL FROM:<a@b.example>", "250 2.1.0");
    }
}

#[test]
fn a_panic_in_the_gateway_is_a_451_and_the_service_goes_on() {
    let refused = Some(("panic.example", Reply::NoRoom));
    let gateway = Gateway::start(
        &settings(),
        Recorder {
            refused,
            ..Recorder::default()
        },
    );
    let mut peer = gateway.greeted();
    peer.ask("MAIL FROM:<a@panic.example>", "451 4.3.0");
    peer.begin("bob@partner.example");
    peer.ask("panic\r\n.", "451 4.3.0");
    peer.begin("bob@partner.example");
    peer.ask("no panic\r\n.", "250 2.0.0");
    assert_eq!(gateway.recorder.taken().len(), 1);
}

#[test]
fn a_client_that_goes_away_in_the_middle_of_a_message_has_sent_nothing() {
    let gateway = Gateway::simple();
    let mut peer = gateway.greeted();
    peer.begin("bob@partner.example");
    peer.send("half a message\r\n");
    drop(peer);
    gateway.greeted().ask("QUIT", "221 2.0.0");
    assert!(gateway.recorder.taken().is_empty());
}

#[test]
fn a_client_from_elsewhere_may_not_relay() {
    let settings = Settings {
        relay_from: vec!["192.0.2.0/24".to_owned()],
        ..settings()
    };
    let gateway = Gateway::start(&settings, Recorder::default());
    let mut peer = Peer::connect(gateway.address);
    peer.expect("554 5.7.1 gateway.example relaying is not allowed from this address");
    peer.ask("EHLO c", "554 5.7.1");
    peer.ask("MAIL FROM:<a@b.example>", "554 5.7.1");
    peer.ask("QUIT", "221 2.0.0");
    peer.expect_end();
}

#[test]
fn a_network_written_in_mapped_form_lets_its_ipv4_clients_in() {
    let relay_from = vec!["::ffff:127.0.0.0/104".to_owned()];
    let gateway = Gateway::start(
        &Settings {
            relay_from,
            ..settings()
        },
        Recorder::default(),
    );
    gateway.greeted().ask("QUIT", "221");
}
