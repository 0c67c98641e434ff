//! AUTH under TLS, with a file of users.

use std::os::unix::fs::PermissionsExt;

use openssl::base64::encode_block;
use openssl::ssl::SslStream;

use super::super::user_line;
use super::tls::{Files, secured, with_tls};
use super::*;

const PASSWORD: &str = "correct horse";

/// At which nobody may relay without a password.
fn with_users(files: &Files) -> Settings {
    let senders = ["ann@client.example", "@lists.client.example"].map(|text| text.parse().unwrap());
    let users = files.write("users", user_line("ann", PASSWORD, &senders).unwrap().as_bytes());
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(users.as_ref().unwrap(), mode).unwrap();
    Settings {
        relay_from: vec!["192.0.2.0/24".to_owned()],
        users,
        ..with_tls(files)
    }
}

fn under_tls(gateway: &Gateway) -> Peer<SslStream<TcpStream>> {
    let mut peer = gateway.greeted();
    peer.ask("STARTTLS", "220 2.0.0");
    let mut peer = secured(peer);
    peer.send("EHLO c\r\n");
    let mut offers = Vec::new();
    while offers.last().is_none_or(|line: &String| line.starts_with("250-")) {
        offers.push(peer.line());
    }
    assert!(
        offers.contains(&"250 AUTH SCRAM-SHA-256 PLAIN LOGIN".to_owned()),
        "{offers:?}"
    );
    peer
}

fn plain(name: &str, password: &str) -> String {
    format!(
        "AUTH PLAIN {}",
        encode_block(format!("\0{name}\0{password}").as_bytes())
    )
}

#[test]
fn whoever_proves_a_password_may_relay_and_the_gateway_knows_who_it_is() {
    let files = Files::new("relay");
    let gateway = Gateway::start(&with_users(&files), Recorder::default());
    let mut peer = under_tls(&gateway);
    peer.ask("MAIL FROM:<ann@client.example>", "530 5.7.0");
    peer.ask(&plain("ann", PASSWORD), "235 2.7.0");
    peer.ask(&plain("ann", PASSWORD), "503 5.5.1");
    peer.ask("MAIL FROM:<ann@client.example> AUTH=<>", "250");
    peer.ask("RCPT TO:<bob@partner.example>", "250");
    peer.ask("DATA", "354");
    peer.ask("text\r\n.", "250 2.0.0");
    assert_eq!(gateway.recorder.taken()[0].client.user.as_deref(), Some("ann"));
}

#[test]
fn a_user_may_send_from_the_listed_addresses_only_and_only_while_in_the_file() {
    let files = Files::new("senders");
    let settings = with_users(&files);
    let gateway = Gateway::start(&settings, Recorder::default());
    let mut peer = under_tls(&gateway);
    peer.ask(&plain("ann", PASSWORD), "235 2.7.0");
    for sender in [
        "chief@client.example",
        "ann@sub.client.example",
        "ann@other.example",
    ] {
        peer.ask(
            &format!("MAIL FROM:<{sender}>"),
            "553 5.7.1 the user that you logged in as may not send from this address",
        );
        peer.ask("RCPT TO:<bob@partner.example>", "503 ");
    }
    for sender in ["Ann@Client.example", "news@lists.client.example", ""] {
        peer.ask(&format!("MAIL FROM:<{sender}>"), "250 ");
        peer.ask("RSET", "250 ");
    }
    let nobody = user_line("bob", PASSWORD, &[]).unwrap();
    files.write("users", format!("# ann has left\n{nobody}\n").as_bytes());
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(settings.users.unwrap(), mode).unwrap();
    peer.ask("MAIL FROM:<ann@client.example>", "553 5.7.1");
    peer.ask("MAIL FROM:<>", "553 5.7.1");
}

#[test]
fn login_asks_for_name_and_password_and_plain_may_wait_for_its_turn() {
    let files = Files::new("asks");
    let gateway = Gateway::start(&with_users(&files), Recorder::default());
    let mut peer = under_tls(&gateway);
    peer.ask("AUTH LOGIN", "334 VXNlcm5hbWU6");
    peer.ask(&encode_block(b"ann"), "334 UGFzc3dvcmQ6");
    peer.ask(&encode_block(PASSWORD.as_bytes()), "235 ");
    let mut peer = under_tls(&gateway);
    peer.ask(
        &format!("auth login {}", encode_block(b"ann")),
        "334 UGFzc3dvcmQ6",
    );
    peer.ask(&encode_block(b"wrong horse"), "535 5.7.8");
    peer.ask("AUTH PLAIN", "334");
    peer.ask("*", "501 5.0.0");
    peer.ask("AUTH PLAIN", "334");
    peer.ask(&encode_block(format!("ann\0ann\0{PASSWORD}").as_bytes()), "235 ");
}

#[test]
fn false_passwords_and_names_that_do_not_exist_get_the_same_answer() {
    let files = Files::new("same");
    let gateway = Gateway::start(&with_users(&files), Recorder::default());
    let mut peer = under_tls(&gateway);
    let wrong = peer.ask(&plain("ann", "wrong horse"), "535 ");
    assert_eq!(peer.ask(&plain("nobody", "wrong horse"), "535 "), wrong);
    for (name, first) in [("ann", "n,,n=ann,r=abc"), ("nobody", "n,,n=nobody,r=abc")] {
        let challenge = peer.ask(
            &format!("AUTH SCRAM-SHA-256 {}", encode_block(first.as_bytes())),
            "334 ",
        );
        let challenge = openssl::base64::decode_block(&challenge[4..]).unwrap();
        let challenge = String::from_utf8(challenge).unwrap();
        assert!(
            challenge.starts_with("r=abc") && challenge.ends_with(",i=20000"),
            "{name}: {challenge}"
        );
        let nonce = challenge[2..].split(',').next().unwrap();
        let proof = encode_block(&[7; 32]);
        let last = encode_block(format!("c=biws,r={nonce},p={proof}").as_bytes());
        assert_eq!(peer.ask(&last, "535 "), wrong, "{name}");
    }
    peer.ask("MAIL FROM:<ann@client.example>", "530 ");
}

#[test]
fn what_is_no_part_of_an_exchange_is_told_and_changes_nothing() {
    let files = Files::new("malformed");
    let gateway = Gateway::start(&with_users(&files), Recorder::default());
    let mut peer = under_tls(&gateway);
    for (line, reply) in [
        ("AUTH", "501 5.5.4"),
        ("AUTH GSSAPI", "504 5.5.4"),
        ("AUTH CRAM-MD5", "504 5.5.4"),
        ("AUTH PLAIN =", "501 5.5.2"),
        ("AUTH PLAIN !!!", "501 5.5.2"),
        ("AUTH PLAIN YWJj", "501 5.5.2"),
        // For somebody else: chief\0ann\0correct horse.
        ("AUTH PLAIN Y2hpZWYAYW5uAGNvcnJlY3QgaG9yc2U=", "501 5.5.2"),
        ("AUTH SCRAM-SHA-256 YWJj", "501 5.5.2"),
    ] {
        peer.ask(line, reply);
    }
    peer.ask("AUTH LOGIN", "334");
    peer.send(format!("{}\r\n", "x".repeat(5000)));
    peer.expect("500 5.5.2");
    peer.ask(&plain("ann", PASSWORD), "235 ");
    peer.ask("MAIL FROM:<ann@client.example>", "250 ");
}

#[test]
fn an_address_with_many_false_passwords_is_sent_away_even_with_the_right_one() {
    let files = Files::new("many");
    let settings = Settings {
        login_failures: 3,
        ..with_users(&files)
    };
    let gateway = Gateway::start(&settings, Recorder::default());
    let mut peer = under_tls(&gateway);
    for _ in 0..3 {
        peer.ask(&plain("ann", "wrong horse"), "535 ");
    }
    peer.ask(
        &plain("ann", PASSWORD),
        "421 4.7.0 gateway.example too many logins",
    );
    peer.expect_end();
    under_tls(&gateway).ask(&plain("ann", PASSWORD), "421 4.7.0");
}

#[test]
fn where_tls_begins_at_once_the_greeting_comes_under_it() {
    let files = Files::new("implicit");
    let settings = Settings {
        listen: Vec::new(),
        listen_tls: settings().listen,
        ..with_users(&files)
    };
    let gateway = Gateway::start(&settings, Recorder::default());
    let mut peer = secured(Peer::connect(gateway.address));
    peer.expect("220 gateway.example");
    peer.ask("STARTTLS", "503 5.5.1");
    peer.ask("EHLO c", "250-");
    while peer.line().starts_with("250-") {}
    peer.ask(&plain("ann", PASSWORD), "235 ");
    peer.begin("bob@partner.example");
    peer.ask("text\r\n.", "250 ");
    assert!(gateway.recorder.taken()[0].client.tls);
}

#[test]
fn users_and_tls_addresses_without_a_certificate_are_mistakes() {
    let files = Files::new("none");
    let good = with_users(&files);
    assert_eq!(good.mistakes(), Vec::<String>::new());
    let settings = Settings {
        listen_tls: vec!["127.0.0.1:465".parse().unwrap()],
        tls_certificate: None,
        tls_key: None,
        ..good.clone()
    };
    assert_eq!(
        settings.mistakes(),
        [
            "listen_tls is set without tls_certificate and tls_key, and needs TLS",
            "users is set without tls_certificate and tls_key, and needs TLS"
        ]
    );
    let missing = Settings {
        users: Some("/nowhere/users".into()),
        ..good
    };
    assert!(missing.mistakes()[0].starts_with("users \"/nowhere/users\" cannot be read: "));
}
