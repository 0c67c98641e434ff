//! What is refused because it would be too much.

use super::super::{Rates, Suspended};
use super::*;

#[test]
fn sessions_from_one_address_are_counted() {
    let gateway = Gateway::start(
        &Settings {
            sessions_per_address: 2,
            ..settings()
        },
        Recorder::default(),
    );
    let mut first = gateway.greeted();
    first.begin("bob@partner.example");
    let mut second = gateway.greeted();
    second.begin("bob@partner.example");
    let mut third = Peer::connect(gateway.address);
    third.expect("421 4.7.0 gateway.example too many sessions");
    third.expect_end();
    first.ask("text\r\n.", "250");
    first.ask("QUIT", "221");
    first.expect_end();
    drop(first);
    // The place comes back once the server has seen the end.
    soon(|| Peer::connect(gateway.address).line().starts_with("220 "));
}

#[test]
fn sessions_in_all_are_counted() {
    let gateway = Gateway::start(
        &Settings {
            sessions: 1,
            ..settings()
        },
        Recorder::default(),
    );
    let mut first = gateway.greeted();
    first.begin("bob@partner.example");
    Peer::connect(gateway.address).expect("421 4.7.0");
}

#[test]
fn clients_that_are_idle_make_room_for_those_that_are_not() {
    let gateway = Gateway::start(
        &Settings {
            sessions: 20,
            ..settings()
        },
        Recorder::default(),
    );
    let mut busy = gateway.greeted();
    busy.begin("bob@partner.example");
    let mut idle: Vec<_> = (0..100).map(|_| gateway.connect()).collect();
    let mut peer = gateway.greeted();
    peer.begin("bob@partner.example");
    peer.ask("text\r\n.", "250 2.0.0");
    busy.ask("text\r\n.", "250 2.0.0");
    idle[0].expect("421 4.7.0 gateway.example you were idle");
    idle[0].expect_end();
    assert_eq!(gateway.recorder.taken().len(), 2);
}

fn with_rates(rates: Rates) -> Gateway {
    Gateway::start(&Settings { rates, ..settings() }, Recorder::default())
}

#[test]
fn connections_of_an_address_are_counted_by_the_minute() {
    let gateway = with_rates(Rates {
        connections_per_minute: 2,
        ..Rates::default()
    });
    for _ in 0..2 {
        gateway.greeted().ask("QUIT", "221");
    }
    Peer::connect(gateway.address).expect("421 4.7.0 gateway.example too many connections from your address");
}

#[test]
fn commands_and_errors_of_an_address_are_counted_over_its_sessions() {
    let gateway = with_rates(Rates {
        commands_per_minute: 4,
        ..Rates::default()
    });
    for _ in 0..2 {
        gateway.greeted().ask("NOOP", "250");
    }
    gateway
        .connect()
        .ask("NOOP", "421 4.7.0 gateway.example too many commands");
    let gateway = with_rates(Rates {
        errors_per_hour: 4,
        ..Rates::default()
    });
    for _ in 0..3 {
        gateway.connect().ask("XYZZY", "500");
    }
    gateway.connect().ask("XYZZY", "421 4.7.0");
    Peer::connect(gateway.address).expect("421 4.7.0 gateway.example there were too many errors");
}

#[test]
fn messages_and_recipients_of_a_sender_and_of_a_client_are_counted_by_the_hour() {
    let gateway = with_rates(Rates {
        sender_messages_per_hour: 2,
        sender_recipients_per_hour: 3,
        client_messages_per_hour: 4,
        client_recipients_per_hour: 5,
        ..Rates::default()
    });
    let mut peer = gateway.greeted();
    let mut tell = |lines: &[(&str, &str)]| {
        for (line, reply) in lines {
            peer.ask(line, reply);
        }
    };
    tell(&[
        ("MAIL FROM:<ann@client.example>", "250"),
        ("RCPT TO:<a@partner.example>", "250"),
        ("RCPT TO:<a@partner.example>", "250"),
        ("RCPT TO:<b@partner.example>", "250"),
        ("RCPT TO:<c@partner.example>", "250"),
        (
            "RCPT TO:<d@partner.example>",
            "452 4.5.3 this sender has written to too many recipients",
        ),
        ("RSET", "250"),
        ("MAIL FROM:<Ann@client.example>", "250"),
        ("RSET", "250"),
        (
            "MAIL FROM:<ann@client.example>",
            "450 4.7.1 this sender has sent too many messages",
        ),
        ("MAIL FROM:<>", "250"),
        ("RCPT TO:<a@partner.example>", "250"),
        (
            "RCPT TO:<b@partner.example>",
            "452 4.5.3 you have named too many recipients",
        ),
        ("RSET", "250"),
        (
            "MAIL FROM:<bob@client.example>",
            "450 4.7.1 you have sent too many messages",
        ),
    ]);
}

#[test]
fn a_suspended_sender_is_refused_from_that_moment_until_it_may_send_again() {
    let folder = std::env::temp_dir().join(format!("sealgate-smtp-suspended-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("suspended.toml");
    let suspended = Some(file.clone());
    let gateway = Gateway::start(
        &Settings {
            suspended,
            ..settings()
        },
        Recorder::default(),
    );
    let mut peer = gateway.greeted();
    let ann = "ann@client.example".parse().unwrap();
    let mail = "MAIL FROM:<Ann@client.example>";
    peer.ask(mail, "250");
    peer.ask("RSET", "250");
    let mut record = Suspended::load(&file).unwrap();
    record
        .suspend(ann, "floods", "root", jiff::Timestamp::now())
        .unwrap();
    record.save(&file).unwrap();
    peer.ask(mail, "550 5.7.1 sending from this address has been suspended");
    peer.ask("MAIL FROM:<bob@client.example>", "250");
    peer.ask("RSET", "250");
    std::fs::write(&file, "damaged").unwrap();
    peer.ask(mail, "550 5.7.1");
    record
        .resume(
            &"ann@client.example".parse().unwrap(),
            "root",
            jiff::Timestamp::now(),
        )
        .unwrap();
    record.save(&file).unwrap();
    peer.ask(mail, "250");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn errors_end_a_session_with_421() {
    let gateway = Gateway::start(
        &Settings {
            errors: 2,
            ..settings()
        },
        Recorder::default(),
    );
    let mut peer = gateway.greeted();
    peer.ask("XYZZY", "500 5.5.2");
    peer.ask("XYZZY", "421 4.7.0");
    peer.expect_end();
}

#[test]
fn a_client_that_says_nothing_or_half_a_command_is_sent_away() {
    let gateway = Gateway::start(
        &Settings {
            timeout_seconds: 1,
            ..settings()
        },
        Recorder::default(),
    );
    let mut silent = gateway.connect();
    let mut halting = gateway.connect();
    halting.send("NOO");
    let mut writing = gateway.greeted();
    writing.begin("bob@partner.example");
    writing.send("half a message\r\n");
    for peer in [&mut silent, &mut halting, &mut writing] {
        peer.expect("421 4.4.2 gateway.example");
        peer.expect_end();
    }
    assert!(gateway.recorder.taken().is_empty());
}

#[test]
fn an_octet_now_and_then_does_not_keep_a_session() {
    let gateway = Gateway::start(
        &Settings {
            timeout_seconds: 1,
            ..settings()
        },
        Recorder::default(),
    );
    let mut peer = gateway.connect();
    peer.stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let mut first = [0; 4];
    // Each read waits a tenth of the time-out; only a deadline for the whole command ends this.
    soon(|| {
        let _ = peer.stream.write_all(b"x");
        peer.stream.read(&mut first).is_ok()
    });
    assert_eq!(&first, b"421 ");
}

#[test]
fn memory_is_bounded_over_all_sessions_and_comes_back() {
    let (recorder, held) = Recorder::holding("held");
    let gateway = Gateway::start(
        &Settings {
            message_mb: 1,
            memory_mb: 1,
            ..settings()
        },
        recorder,
    );
    let line = format!("{}\r\n", "x".repeat(998));
    let mut first = gateway.greeted();
    first.begin("held@partner.example");
    first.send(format!("{}.\r\n", line.repeat(700)));
    let go = held.recv().unwrap();

    let mut second = gateway.greeted();
    second.ask("MAIL FROM:<a@b.example> SIZE=600000", "452 4.3.1");
    second.begin("bob@partner.example");
    second.send(line.repeat(600));
    second.ask(".", "452 4.3.1");
    second.begin("bob@partner.example");
    second.ask("a small one fits\r\n.", "250 2.0.0");

    go.send(()).unwrap();
    first.expect("250 2.0.0");
    second.ask("MAIL FROM:<a@b.example> SIZE=600000", "250 2.1.0");
    second.ask("RCPT TO:<bob@partner.example>", "250 2.1.5");
    second.ask("DATA", "354");
    second.send(line.repeat(600));
    second.ask(".", "250 2.0.0");
    assert_eq!(gateway.recorder.taken().len(), 3);
}

#[test]
fn memory_comes_back_after_a_panic_and_after_a_client_that_went_away() {
    let gateway = Gateway::start(
        &Settings {
            message_mb: 1,
            memory_mb: 1,
            ..settings()
        },
        Recorder::default(),
    );
    let line = format!("{}\r\n", "x".repeat(998));
    let mut peer = gateway.greeted();
    for start in ["panic", "panic", "text"] {
        peer.begin("bob@partner.example");
        peer.send(format!("{start}\r\n{}", line.repeat(700)));
        peer.ask(
            ".",
            if start == "panic" {
                "451 4.3.0"
            } else {
                "250 2.0.0"
            },
        );
    }
    let mut gone = gateway.greeted();
    gone.begin("bob@partner.example");
    gone.send(line.repeat(700));
    drop(gone);
    // The memory comes back once the server has seen the end.
    soon(|| {
        peer.send("MAIL FROM:<a@b.example> SIZE=900000\r\n");
        peer.line().starts_with("250 ")
    });
}
