//! Balancers in front of the gateway, and LMTP.

use super::*;

fn behind(setting: impl FnOnce(&mut Settings)) -> Gateway {
    let mut settings = Settings {
        relay_from: vec!["192.0.2.0/24".to_owned()],
        ..settings()
    };
    setting(&mut settings);
    Gateway::start(&settings, Recorder::default())
}

fn proxied() -> Gateway {
    behind(|settings| settings.proxy_from = vec!["127.0.0.1".to_owned()])
}

#[test]
fn the_client_is_the_one_that_the_balancer_names() {
    let gateway = proxied();
    let mut binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x7f\0\0\x01".to_vec();
    binary.extend([0xdc, 4, 0, 25]);
    for header in [&b"PROXY TCP4 192.0.2.7 127.0.0.1 56324 25\r\n"[..], &binary] {
        let mut peer = Peer::connect(gateway.address);
        peer.send(header);
        peer.expect("220 ");
        peer.send("EHLO c\r\n");
        while peer.line().starts_with("250-") {}
        peer.begin("bob@partner.example");
        peer.ask("text\r\n.", "250 ");
    }
    let clients: Vec<_> = gateway
        .recorder
        .taken()
        .iter()
        .map(|taken| taken.client.address.to_string())
        .collect();
    assert_eq!(clients, ["192.0.2.7", "192.0.2.7"]);
}

#[test]
fn a_client_behind_a_balancer_may_do_no_more_than_in_front_of_it() {
    let gateway = behind(|settings| {
        settings.proxy_from = vec!["127.0.0.1".to_owned()];
        settings.relay_from = vec!["127.0.0.1".to_owned()];
    });
    for header in ["PROXY TCP4 203.0.113.9 127.0.0.1 1 25\r\n", "PROXY UNKNOWN\r\n"] {
        let mut peer = Peer::connect(gateway.address);
        peer.send(header);
        peer.expect("554 5.7.1");
    }
    // Whether somebody is there, the balancer may see for itself.
    let mut peer = Peer::connect(gateway.address);
    peer.send(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0");
    peer.expect("220 ");
    // Commands in one piece with the header came before the greeting.
    let mut peer = Peer::connect(gateway.address);
    peer.send("PROXY TCP4 127.0.0.1 127.0.0.1 1 25\r\nEHLO c\r\n");
    peer.expect("554 5.5.0");
}

#[test]
fn without_the_header_a_balancer_gets_nothing_and_others_cannot_send_one() {
    let gateway = proxied();
    let mut peer = Peer::connect(gateway.address);
    peer.send("EHLO client.example\r\n");
    // Dropped with octets unread, which the system may tell as a reset.
    assert_eq!(peer.stream.read(&mut [0]).unwrap_or(0), 0);
    let gateway = Gateway::simple();
    let mut peer = gateway.connect();
    peer.ask("PROXY TCP4 192.0.2.7 127.0.0.1 56324 25", "500 5.5.2");
}

#[test]
fn the_limit_of_an_address_is_that_of_the_client_behind_the_balancer() {
    let gateway = behind(|settings| {
        settings.proxy_from = vec!["127.0.0.1".to_owned()];
        settings.sessions_per_address = 1;
    });
    let connect = |client: &str| {
        let mut peer = Peer::connect(gateway.address);
        peer.send(format!("PROXY TCP4 {client} 127.0.0.1 1 25\r\n"));
        peer
    };
    let mut first = connect("192.0.2.7");
    first.expect("220 ");
    first.send("EHLO c\r\n");
    while first.line().starts_with("250-") {}
    first.begin("bob@partner.example");
    connect("192.0.2.7").expect("421 4.7.0");
    connect("192.0.2.8").expect("220 ");
}

#[test]
fn a_balancer_that_speaks_smtp_introduces_its_clients() {
    let gateway = behind(|settings| settings.xclient_from = vec!["127.0.0.1".to_owned()]);
    let mut peer = gateway.connect();
    peer.ask("EHLO balancer", "250-");
    let mut offers = Vec::new();
    while offers.last().is_none_or(|line: &String| line.starts_with("250-")) {
        offers.push(peer.line());
    }
    assert!(
        offers.iter().any(|line| line.contains("XCLIENT NAME ADDR")),
        "{offers:?}"
    );
    peer.ask("MAIL FROM:<ann@client.example>", "530 ");
    peer.ask("XCLIENT NAME=x", "501 5.5.4");
    peer.ask("XCLIENT ADDR=192.0.2.7 NAME=client.example", "220 ");
    peer.ask("MAIL FROM:<ann@client.example>", "503 5.5.1 send EHLO first");
    peer.ask("HELO client.example", "250 ");
    peer.begin("bob@partner.example");
    peer.ask("text\r\n.", "250 ");
    peer.ask("MAIL FROM:<ann@client.example>", "250 ");
    peer.ask("XCLIENT ADDR=192.0.2.8", "503 5.5.1");
    peer.ask("RSET", "250 ");
    peer.ask("XCLIENT ADDR=203.0.113.9 LOGIN=ann", "220 ");
    peer.ask("HELO client.example", "250 ");
    peer.begin("bob@partner.example");
    peer.ask("text\r\n.", "250 ");
    peer.ask("XCLIENT ADDR=203.0.113.9", "554 5.7.1");
    peer.ask("HELO client.example", "554 5.7.1");
    let taken = gateway.recorder.taken();
    let clients: Vec<_> = taken
        .iter()
        .map(|one| (one.client.address.to_string(), one.client.user.clone()))
        .collect();
    assert_eq!(
        clients,
        [
            ("192.0.2.7".to_owned(), None),
            ("203.0.113.9".to_owned(), Some("ann".to_owned()))
        ]
    );
}

#[test]
fn nobody_else_introduces_anybody() {
    let gateway = Gateway::simple();
    let mut peer = gateway.greeted();
    peer.ask("XCLIENT ADDR=192.0.2.7", "550 5.7.0");
    peer.begin("bob@partner.example");
    peer.ask("text\r\n.", "250 ");
    assert!(gateway.recorder.taken()[0].client.address.is_loopback());
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let refused = Reply::Refused {
        status: "5.7.1",
        text: "not this one".to_owned(),
    };
    let answers = Mutex::new(vec![refused]);
    let settings = Settings {
        listen: Vec::new(),
        listen_lmtp: settings().listen,
        ..settings()
    };
    let gateway = Gateway::start(
        &settings,
        Recorder {
            answers,
            ..Recorder::default()
        },
    );
    let mut peer = gateway.connect();
    peer.ask("EHLO c", "500 5.5.1");
    peer.ask("LHLO c", "250-");
    while peer.line().starts_with("250-") {}
    for answer in ["550 5.7.1 not this one", "250 2.0.0"] {
        peer.begin("bob@partner.example");
        // `begin` ends with DATA; what follows is text.
        peer.ask("text\r\n.", answer);
    }
    let recipients = |peer: &mut Peer<TcpStream>| {
        peer.ask("MAIL FROM:<ann@client.example>", "250");
        for (recipient, reply) in [("a", "250"), ("b", "250"), ("a", "250"), ("<>", "501")] {
            peer.ask(&format!("RCPT TO:<{recipient}@partner.example>"), reply);
        }
    };
    recipients(&mut peer);
    peer.ask("DATA", "354");
    peer.send("text\r\n.\r\n");
    for _ in 0..3 {
        peer.expect("250 2.0.0 Accepted");
    }
    recipients(&mut peer);
    peer.send("BDAT 3\r\na\r\nBDAT 3 LAST\r\na\nb");
    peer.expect("250 2.0.0 chunk OK");
    for _ in 0..3 {
        peer.expect("550 5.6.0");
    }
    recipients(&mut peer);
    peer.send("BDAT 3\r\na\nbNOOP\r\n");
    peer.expect("550 5.6.0");
    peer.expect("250 2.0.0 OK");
    assert_eq!(
        gateway.recorder.taken()[2].recipients(),
        ["a@partner.example", "b@partner.example"]
    );
    assert!(gateway.recorder.taken()[2].client.lmtp);
    Gateway::simple().greeted().ask("LHLO c", "500 5.5.1");
}
