//! Attempts to hide a second message inside a first one. Between two servers that disagree about the end of data,
//! the hidden one would be mail from nobody's hand.

use super::session::Talk;
use super::*;

const HIDDEN: &str =
    "MAIL FROM:<boss@client.example>\r\nRCPT TO:<victim@partner.example>\r\nDATA\r\nhidden\r\n";

/// What some server somewhere has taken for a line end, or what may confuse one.
const LINE_ENDS: [&str; 22] = [
    "\r\n", "\n", "\r", "\n\r", "\r\r\n", "\r\n\r", "\n\n", "\r\r", "\r\0\n", "\0\r\n", "\r\n\0", "\r\0",
    "\0\n", "\0", "\r\n ", " \r\n", "\r\t\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}",
];

/// What some server somewhere has taken for the dot.
const DOTS: [&str; 9] = [".", "..", "\0.", ".\0", ". ", " .", ".\r", "\u{ff0e}", ".\u{b}"];

/// Whether RFC 5321 §2.3.8 forbids the text: a CR, an LF or a NUL stands alone.
fn is_forbidden(text: &str) -> bool {
    text.replace("\r\n", "").contains(['\r', '\n', '\0'])
}

#[test]
fn no_sequence_of_line_ends_and_dots_but_the_true_one_ends_the_data() {
    let mut sequences = 0;
    for before in LINE_ENDS {
        for dot in DOTS {
            for after in LINE_ENDS {
                let text = format!("text{before}{dot}{after}{HIDDEN}");
                // The true end in disguise ends, of course.
                if format!("{text}\r\n").contains("\r\n.\r\n") {
                    continue;
                }
                sequences += 1;
                check(&text, &[usize::MAX]);
                check(&text, &[1]);
                check(&text, &[text.find(before).unwrap() + before.len(), dot.len(), 1]);
            }
        }
    }
    assert!(sequences > 4000, "{sequences}");
}

/// Sends the text in pieces of these lengths, and the true end; sees one reply, and one message or none.
fn check(text: &str, pieces: &[usize]) {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
        .codes();
    let mut rest = text.as_bytes();
    let mut lengths = pieces.iter().cycle();
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(*lengths.next().unwrap()));
        talk.send_at_once(piece);
        rest = behind;
    }
    let shown = text.escape_debug();
    assert_eq!(
        talk.codes(),
        Vec::<u16>::new(),
        "an answer before the end: {shown}"
    );
    talk.send_at_once(b"\r\n.\r\nNOOP\r\n");
    if is_forbidden(text) {
        assert_eq!((talk.codes(), talk.taken.len()), (vec![550, 250], 0), "{shown}");
    } else {
        assert_eq!((talk.codes(), talk.taken.len()), (vec![250, 250], 1), "{shown}");
        assert_eq!(talk.taken[0].recipients(), ["c@d.example"], "{shown}");
        assert!(talk.texts()[0].contains("hidden"), "{shown}");
    }
}

#[test]
fn the_same_sequences_are_text_or_refused_in_chunks() {
    for before in LINE_ENDS {
        for after in LINE_ENDS {
            let text = format!("text{before}.{after}{HIDDEN}");
            let mut talk = Talk::new();
            talk.send(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n")
                .codes();
            let first = 4 + before.len();
            let (one, two) = text.as_bytes().split_at(first);
            talk.send_at_once(format!("BDAT {first}\r\n").as_bytes())
                .send_at_once(one);
            talk.send_at_once(format!("BDAT {} LAST\r\n", two.len()).as_bytes());
            talk.send_at_once(two).send_at_once(b"NOOP\r\n");
            let shown = text.escape_debug();
            match is_forbidden(&text) {
                true => assert!(talk.taken.is_empty() && !talk.closed, "{shown}"),
                false => assert_eq!(
                    (talk.codes(), talk.texts()),
                    (vec![250, 250, 250], vec![text.clone()])
                ),
            }
        }
    }
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
fn text_that_did_not_wait_for_354_ends_the_session() {
    let gateway = Gateway::simple();
    let mut peer = gateway.greeted();
    peer.ask("MAIL FROM:<ann@client.example>", "250 2.1.0");
    peer.ask("RCPT TO:<bob@partner.example>", "250 2.1.5");
    peer.send("DATA\r\ntext\r\n.\r\nMAIL FROM:<boss@client.example>\r\n");
    peer.expect("554 5.5.0 message text was sent before DATA was answered");
    peer.expect_end();
    assert!(gateway.recorder.taken().is_empty());
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
