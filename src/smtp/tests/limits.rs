//! What is refused because it would be too much.

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
    let mut first = gateway.connect();
    let _second = gateway.connect();
    let mut third = Peer::connect(gateway.address);
    third.expect("421 4.7.0 gateway.example too many sessions");
    third.expect_end();
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
    let _first = gateway.connect();
    Peer::connect(gateway.address).expect("421 4.7.0");
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
