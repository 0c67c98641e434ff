//! Attempts to hide a second message inside a first one. Between two servers that disagree about the end of data,
//! the hidden one would be mail from nobody's hand.

use super::*;

const HIDDEN: &str =
    "MAIL FROM:<boss@client.example>\r\nRCPT TO:<victim@partner.example>\r\nDATA\r\nhidden\r\n";

#[test]
fn no_sequence_but_the_true_one_ends_the_data_and_each_is_refused() {
    let gateway = Gateway::simple();
    let mut peer = gateway.greeted();
    let sequences = [
        "\n.\n",
        "\n.\r\n",
        "\r.\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\r\n\0.\r\n",
        "\r.\r",
        "\r\n.\r\r\n",
        "\n\r.\r\n",
    ];
    for sequence in sequences {
        peer.begin("bob@partner.example");
        peer.send(format!("text{sequence}{HIDDEN}"));
        let line = peer.ask(".", "550 5.6.0 ");
        assert!(line.contains("RFC 5321"), "{line}");
        // The hidden commands would have left a transaction, and replies.
        peer.ask("RCPT TO:<c@d.example>", "503 5.5.1");
    }
    assert!(gateway.recorder.taken().is_empty());
}

#[test]
fn a_refused_message_leaves_the_session_as_it_should_be() {
    let gateway = Gateway::simple();
    let mut peer = gateway.greeted();
    peer.begin("bob@partner.example");
    peer.ask(
        "bare\nline feed\r\n.",
        "550 5.6.0 the message holds a LF without CR",
    );
    peer.begin("bob@partner.example");
    peer.ask("clean\r\n.", "250 2.0.0");
    assert_eq!(gateway.recorder.taken().len(), 1);
}

#[test]
fn commands_behind_the_true_end_are_commands() {
    let gateway = Gateway::simple();
    let mut peer = gateway.greeted();
    peer.begin("bob@partner.example");
    peer.send("text\r\n.\r\nNOOP\r\nQUIT\r\n");
    peer.expect("250 2.0.0 Accepted");
    peer.expect("250 2.0.0 OK");
    peer.expect("221 2.0.0");
    assert_eq!(gateway.recorder.taken()[0].message.as_bytes(), b"text\r\n");
}

#[test]
fn a_client_that_speaks_before_the_greeting_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let recorder = Arc::new(Recorder::default());
    let server = runtime
        .block_on(Server::bind(&settings(), "gateway.example", recorder))
        .unwrap();
    // Nobody is let in before `run`, so that these octets are certainly early.
    let mut peer = Peer::connect(server.addresses()[0]);
    peer.send("EHLO c\r\nMAIL FROM:<a@b.example>\r\n");
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || runtime.block_on(server.run(async { drop(stopped.await) })));
    peer.expect("554 5.5.0 gateway.example ");
    peer.expect_end();
    drop((peer, stop));
    thread.join().unwrap();
}
