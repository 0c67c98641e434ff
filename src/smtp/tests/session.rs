//! Dialogues without a socket, and what holds for all of them.

use std::sync::Arc;

use bytes::BytesMut;
use proptest::prelude::*;

use super::super::memory::Budget;
use super::super::quota::{Quotas, Rates};
use super::super::session::{Event, Rules, Session, Standing, Wait};
use super::super::{Client, Reply};
use super::{Taken, id};
use crate::message::{Ret, TlsWish};

/// A session with a gateway that takes everything.
pub(super) struct Talk {
    session: Session,
    input: BytesMut,
    replies: String,
    pub(super) taken: Vec<Taken>,
    pub(super) closed: bool,
    tls: bool,
    wait: Option<Wait>,
}

impl Talk {
    pub(super) fn new() -> Talk {
        Talk::with(Standing::Welcome, 1000)
    }

    fn with(standing: Standing, errors: u32) -> Talk {
        let rules = Rules {
            hostname: "gateway.example".to_owned(),
            postmaster: "postmaster@gateway.example".parse().ok(),
            message_octets: 10_000,
            recipients: 3,
            copied_octets: 20_000,
            errors,
            starttls: true,
            requiretls: true,
            quotas: Arc::new(Quotas::new(&Rates::default(), None).unwrap()),
            users: None,
            domains: None,
        };
        let client = Client {
            address: [192, 0, 2, 1].into(),
            helo: String::new(),
            tls: false,
            extended: false,
            user: None,
            lmtp: false,
        };
        let session = Session::new(Arc::new(rules), Budget::new(1024 * 1024), client, standing);
        let mut talk = Talk {
            session,
            input: BytesMut::new(),
            replies: String::new(),
            taken: Vec::new(),
            closed: false,
            tls: false,
            wait: None,
        };
        talk.send(b"");
        talk
    }

    /// As a client sends that waits for the answer to DATA.
    pub(super) fn send(&mut self, octets: &[u8]) -> &mut Self {
        let mut rest = octets;
        while let Some(found) = memchr::memmem::find(rest, b"DATA\r\n") {
            let (piece, behind) = rest.split_at(found + 6);
            self.send_at_once(piece);
            rest = behind;
        }
        self.send_at_once(rest)
    }

    pub(super) fn send_at_once(&mut self, octets: &[u8]) -> &mut Self {
        if self.closed || self.tls {
            return self;
        }
        self.input.extend_from_slice(octets);
        loop {
            let event = self.session.advance(&mut self.input);
            self.replies
                .push_str(std::str::from_utf8(&self.session.take_output()).unwrap());
            match event {
                Event::Read(wait) => {
                    self.wait = Some(wait);
                    assert!(
                        self.input.len() < 2048,
                        "a session leaves less than a line unread"
                    );
                    return self;
                }
                Event::Write => {}
                Event::Sender(sender) => {
                    let refused = sender.is_some_and(|sender| sender.domain() == "refused.example");
                    let reply = Reply::Refused {
                        status: "5.7.1",
                        text: "not from there".to_owned(),
                    };
                    self.session
                        .sender_answered(if refused { Err(reply) } else { Ok(()) });
                }
                Event::Turn => self.session.turn_came(!self.input.is_empty()),
                Event::Message(received) => {
                    let (client, envelope, message) = (received.client, received.envelope, received.message);
                    self.taken.push(Taken {
                        client,
                        envelope,
                        message,
                    });
                    self.session.message_answered(Reply::Accepted(id()));
                }
                Event::Login(claim) => match claim.is_true() {
                    true => self.session.login_proved(*claim),
                    false => self.session.login_failed(),
                },
                Event::Introduced(introduction) => self.session.introduced(introduction, Standing::Welcome),
                Event::StartTls => {
                    self.tls = true;
                    return self;
                }
                Event::Close => {
                    self.closed = true;
                    return self;
                }
            }
        }
    }

    pub(super) fn texts(&self) -> Vec<String> {
        let text = |taken: &Taken| String::from_utf8(taken.message.as_bytes().to_vec()).unwrap();
        self.taken.iter().map(text).collect()
    }

    /// The codes of the replies since the last call, the lines of one reply taken together.
    pub(super) fn codes(&mut self) -> Vec<u16> {
        let replies = std::mem::take(&mut self.replies);
        assert!(replies.is_empty() || replies.ends_with("\r\n"));
        let last_lines = replies
            .split_terminator("\r\n")
            .filter(|line| line.get(3..4) == Some(" "));
        last_lines.map(|line| line[..3].parse().unwrap()).collect()
    }

    pub(super) fn expect(&mut self, line: &str, code: u16) {
        self.send(format!("{line}\r\n").as_bytes());
        assert_eq!(self.codes(), [code], "{line}");
    }
}

#[test]
fn ehlo_lists_what_is_offered_and_helo_does_not() {
    let mut talk = Talk::new();
    talk.send(b"EHLO client.example\r\n");
    assert_eq!(
        talk.replies,
        "220 gateway.example ESMTP Sealgate\r\n250-gateway.example\r\n250-PIPELINING\r\n250-SIZE 10000\r\n\
         250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n\
         250-CHUNKING\r\n250 STARTTLS\r\n"
    );
    talk.replies.clear();
    talk.send(b"HELO client.example\r\n");
    assert_eq!(talk.replies, "250 gateway.example\r\n");
}

#[test]
fn commands_in_the_wrong_order_are_told_so_and_change_nothing() {
    let mut talk = Talk::new();
    talk.codes();
    for (line, code) in [
        ("MAIL FROM:<a@b.example>", 503),
        ("RCPT TO:<a@b.example>", 503),
        ("DATA", 503),
        ("EHLO client.example", 250),
        ("RCPT TO:<a@b.example>", 503),
        ("DATA", 503),
        ("MAIL FROM:<a@b.example>", 250),
        ("DATA", 503),
        ("MAIL FROM:<c@b.example>", 503),
        ("RCPT TO:<a@b.example>", 250),
        ("RSET", 250),
        ("RCPT TO:<a@b.example>", 503),
        ("MAIL FROM:<a@b.example>", 250),
        ("EHLO client.example", 250),
        ("RCPT TO:<a@b.example>", 503),
    ] {
        talk.expect(line, code);
    }
}

#[test]
fn the_envelope_is_what_mail_and_rcpt_said() {
    let mut talk = Talk::new();
    talk.send(
        "EHLO client.example\r\nMAIL FROM:<ü@client.example> SMTPUTF8 SIZE=5\r\nRCPT TO:<@a.example:B@c.example>\r\n\
         RCPT TO:<postmaster>\r\nRCPT TO:<B@C.example>\r\nRCPT TO:<ö@c.example>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n"
            .as_bytes(),
    );
    assert_eq!(talk.codes(), [220, 250, 250, 250, 250, 250, 250, 354, 250, 221]);
    let [taken] = talk.taken.as_slice() else {
        panic!("one message")
    };
    assert_eq!(
        taken.recipients(),
        ["B@c.example", "postmaster@gateway.example", "ö@c.example"]
    );
    assert_eq!(
        taken.envelope.sender.as_ref().unwrap().to_string(),
        "ü@client.example"
    );
    assert!(taken.envelope.smtputf8);
    assert_eq!(taken.message.as_bytes(), b"hello\r\n");
    assert_eq!(
        (taken.client.helo.as_str(), taken.client.extended),
        ("client.example", true)
    );
}

#[test]
fn nothing_of_one_transaction_is_left_in_the_next() {
    let mut talk = Talk::new();
    talk.send(
        "EHLO c\r\nMAIL FROM:<a@b.example> SMTPUTF8\r\nRCPT TO:<ü@c.example>\r\nDATA\r\nx\r\n.\r\n"
            .as_bytes(),
    );
    talk.send(
        "MAIL FROM:<>\r\nRCPT TO:<d@e.example>\r\nRCPT TO:<ü@c.example>\r\nDATA\r\ny\r\n.\r\n".as_bytes(),
    );
    assert_eq!(
        talk.codes(),
        [220, 250, 250, 250, 354, 250, 250, 250, 553, 354, 250]
    );
    let second = &talk.taken[1];
    assert_eq!(
        (second.recipients(), &second.envelope.sender),
        (vec!["d@e.example".to_owned()], &None)
    );
    assert!(!second.envelope.smtputf8);
    assert_eq!(second.message.as_bytes(), b"y\r\n");
}

#[test]
fn a_refused_sender_begins_no_transaction() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\n").codes();
    talk.expect("MAIL FROM:<a@refused.example>", 550);
    talk.expect("RCPT TO:<a@b.example>", 503);
    talk.expect("MAIL FROM:<a@b.example>", 250);
}

#[test]
fn a_message_that_is_announced_as_large_may_have_fewer_recipients() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\nMAIL FROM:<a@b.example> SIZE=10000\r\n")
        .codes();
    talk.expect("RCPT TO:<a@c.example>", 250);
    talk.expect("RCPT TO:<b@c.example>", 250);
    talk.expect("RCPT TO:<c@c.example>", 452);
    talk.send(b"DATA\r\nx\r\n.\r\n");
    assert_eq!(talk.taken[0].recipients(), ["a@c.example", "b@c.example"]);
}

#[test]
fn recipients_beyond_the_limit_are_for_another_transaction() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\nMAIL FROM:<>\r\n").codes();
    for (recipient, code) in [
        ("a", 250),
        ("b", 250),
        ("c", 250),
        ("d", 452),
        ("a", 250),
        ("e", 452),
    ] {
        talk.expect(&format!("RCPT TO:<{recipient}@c.example>"), code);
    }
    talk.send(b"DATA\r\nx\r\n.\r\n");
    assert_eq!(
        talk.taken[0].recipients(),
        ["a@c.example", "b@c.example", "c@c.example"]
    );
}

#[test]
fn a_size_that_cannot_be_taken_is_refused_at_mail() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\n").codes();
    talk.expect("MAIL FROM:<> SIZE=10001", 552);
    talk.expect("MAIL FROM:<> SIZE=99999999999999999999", 552);
    talk.expect("MAIL FROM:<> SIZE=10000", 250);
}

#[test]
fn a_message_over_the_limit_is_read_to_its_end_and_refused() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\nMAIL FROM:<> SIZE=1\r\nRCPT TO:<a@b.example>\r\nDATA\r\n")
        .codes();
    for _ in 0..10_001 {
        talk.send(b"x");
    }
    assert_eq!((talk.codes(), talk.wait), (Vec::new(), Some(Wait::Data)));
    talk.send(b"\r\n.\r\nNOOP\r\n");
    assert_eq!((talk.codes(), talk.taken.len()), (vec![552, 250], 0));
}

#[test]
fn a_command_line_may_have_2048_octets_and_no_more() {
    let mut talk = Talk::new();
    talk.codes();
    talk.expect(&format!("NOOP {}", "x".repeat(2041)), 250);
    talk.expect(&format!("NOOP {}", "x".repeat(2042)), 500);
    talk.expect(&"x".repeat(1_000_000), 500);
    talk.expect("NOOP", 250);
}

#[test]
fn a_bare_line_feed_ends_no_command() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\nMAIL FROM:<a@b.example>\nRCPT TO:<a@b.example>\n");
    assert_eq!((talk.codes(), talk.wait), (vec![220], Some(Wait::Line)));
    talk.send(b"\r\n");
    assert_eq!(talk.codes(), [500]);
    talk.expect("MAIL FROM:<a@b.example>", 503);
}

#[test]
fn a_client_that_may_not_relay_hears_nothing_else_and_is_sent_away() {
    let mut talk = Talk::with(Standing::Stranger, 1000);
    talk.send(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nDATA\r\n");
    assert_eq!(talk.codes(), [554, 554, 554, 554]);
    talk.send(b"x\r\n.\r\nNOOP\r\nNOOP\r\n");
    assert_eq!((talk.codes(), talk.closed), (vec![554, 554], true));
    let mut talk = Talk::with(Standing::Stranger, 1000);
    talk.send(b"QUIT\r\n");
    assert_eq!((talk.codes(), talk.closed), (vec![554, 221], true));
}

#[test]
fn too_many_errors_end_the_session_but_refusals_do_not() {
    let mut talk = Talk::with(Standing::Welcome, 3);
    talk.send(b"EHLO c\r\n").codes();
    for _ in 0..10 {
        talk.expect("MAIL FROM:<a@refused.example>", 550);
    }
    talk.expect("XYZZY", 500);
    talk.expect("DATA", 503);
    talk.expect("RCPT", 421);
    assert!(talk.closed);
}

#[test]
fn octets_behind_starttls_end_the_session() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\n").codes();
    talk.send(b"STARTTLS\r\nMAIL FROM:<evil@b.example>\r\n");
    assert_eq!((talk.codes(), talk.closed, talk.tls), (vec![554], true, false));
}

#[test]
fn requiretls_is_offered_and_taken_under_tls_only() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\n");
    assert!(!talk.replies.contains("REQUIRETLS"), "{}", talk.replies);
    talk.replies.clear();
    talk.send(b"MAIL FROM:<a@b.example> REQUIRETLS\r\n");
    assert!(talk.replies.starts_with("530 5.7.10 "), "{}", talk.replies);
    talk.codes();
    talk.session.tls_started();
    talk.send(b"EHLO c\r\n");
    assert!(talk.replies.contains("REQUIRETLS\r\n"), "{}", talk.replies);
    talk.codes();
    talk.expect("MAIL FROM:<a@b.example> REQUIRETLS=YES", 501);
    talk.expect("MAIL FROM:<a@b.example> REQUIRETLS requiretls", 501);
    talk.expect("MAIL FROM:<a@b.example> RET=FULL requiretls", 250);
    talk.expect("RCPT TO:<c@d.example> NOTIFY=FAILURE", 250);
    talk.expect("DATA", 354);
    talk.expect("x\r\n.", 250);
    let envelope = &talk.taken[0].envelope;
    assert_eq!(envelope.tls, TlsWish::Required);
    // RFC 8689 §5: the message is never returned whole.
    assert_eq!(envelope.dsn[0].ret, Some(Ret::Headers));
    talk.expect("MAIL FROM:<a@b.example> RET=FULL", 250);
    talk.expect("RCPT TO:<c@d.example>", 250);
    talk.expect("DATA", 354);
    talk.expect("x\r\n.", 250);
    let envelope = &talk.taken[1].envelope;
    assert_eq!(
        (envelope.tls, envelope.dsn[0].ret),
        (TlsWish::AsConfigured, Some(Ret::Full))
    );
}

#[test]
fn tls_forgets_what_was_said_in_clear() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\nSTARTTLS\r\n");
    assert!(talk.tls);
    talk.session.tls_started();
    talk.tls = false;
    talk.codes();
    talk.expect("DATA", 503);
    talk.expect("MAIL FROM:<a@b.example>", 503);
    talk.expect("STARTTLS", 503);
    talk.send(b"EHLO c\r\n");
    assert!(!talk.replies.contains("STARTTLS"));
}

#[test]
fn text_behind_a_refused_data_is_not_run() {
    let mut talk = Talk::new();
    talk.send_at_once(
        b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nDATA\r\nRSET\r\nMAIL FROM:<evil@b.example>\r\n.\r\n",
    );
    assert_eq!((talk.codes(), talk.closed), (vec![220, 250, 250, 554], true));
}

#[test]
fn octets_that_did_not_wait_for_the_answer_to_data_end_the_session() {
    for behind in ["RSET\r\n", "text\r\n.\r\n", ".\r\n", "\r\n", "\0"] {
        let mut talk = Talk::new();
        talk.send(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\n")
            .codes();
        talk.send_at_once(format!("DATA\r\n{behind}").as_bytes());
        assert_eq!((talk.codes(), talk.closed), (vec![554], true), "{behind:?}");
        assert!(talk.taken.is_empty());
    }
}

#[test]
fn commands_of_other_protocols_end_the_session() {
    for line in ["POST / HTTP/1.1", "BURL imap://x LAST", "get / HTTP/1.0"] {
        let mut talk = Talk::new();
        talk.send(format!("{line}\r\nEHLO c\r\n").as_bytes());
        assert_eq!((talk.codes(), talk.closed), (vec![220, 554], true), "{line}");
    }
}

#[test]
fn many_replies_are_written_in_between() {
    let mut talk = Talk::new();
    talk.session.take_output();
    let mut input = BytesMut::from("NOOP\r\n".repeat(10_000).as_bytes());
    let mut written = 0;
    loop {
        let event = talk.session.advance(&mut input);
        let output = talk.session.take_output();
        assert!(output.len() < 10_000);
        written += output.len();
        if matches!(event, Event::Read(_)) {
            break;
        }
    }
    assert_eq!(written, 10_000 * "250 2.0.0 OK\r\n".len());
}

/// Lines that a client may send outside of data: sensible, wrong and wild ones.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let known = proptest::sample::select(vec![
        "EHLO client.example",
        "HELO client.example",
        "MAIL FROM:<a@b.example>",
        "MAIL FROM:<> SIZE=20 BODY=8BITMIME",
        "MAIL FROM:<a@b.example> SIZE=99999",
        "MAIL FROM:<a@refused.example>",
        "MAIL FROM:<a@b.example> X=1",
        "RCPT TO:<c@d.example>",
        "RCPT TO:<Postmaster>",
        "RCPT TO:<>",
        "RSET",
        "NOOP",
        "VRFY a",
        "HELP",
        "EXPN x",
        "",
        "\n.\n",
        "DATA\n",
        " DATA",
    ]);
    let wild = proptest::collection::vec(any::<u8>(), 0..60).prop_map(|mut line| {
        line.retain(|octet| *octet != b'\r');
        line
    });
    let line = prop_oneof![
        8 => known.prop_map(|line| line.as_bytes().to_vec()),
        1 => wild,
        1 => (0usize..5000).prop_map(|length| vec![b'x'; length]),
    ];
    proptest::collection::vec(line, 0..40)
}

/// Octets in which whole transactions, data and junk are frequent.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(vec![
        &b"EHLO c\r\n"[..],
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n",
        b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n..x\r\n.\r\n",
        b"RCPT TO:<e@d.example>\r\n",
        b"\r\n.\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b".",
        b"\0",
        b"RSET\r\n",
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 6\r\nab\r\nc\r",
        b"BDAT 5\r\n\nb\r\nc",
        b"BDAT 0 LAST\r\n",
        b"bdat 7 last\r\nNOOP\r\n",
        b"BDAT 3002\r\n",
        b"BDAT 10001 LAST\r\n",
        b"text",
        &[b'y'; 3000],
        b"\xff",
    ]);
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| [b"EHLO c\r\n", &pieces.concat()[..]].concat())
}

/// What a session did with a stream that came in pieces of these lengths.
fn outcome(stream: &[u8], pieces: &[usize]) -> (String, Vec<Vec<u8>>, bool) {
    let mut talk = Talk::new();
    let mut lengths = pieces.iter().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let mut length = rest.len().min(*lengths.next().unwrap());
        // A client waits for the answer to DATA: what is in one piece with it, ends the session.
        if let Some(found) = memchr::memmem::find_iter(stream, b"DATA\r\n")
            .map(|found| found + 6)
            .find(|end| *end > stream.len() - rest.len())
        {
            length = length.min(found - (stream.len() - rest.len()));
        }
        let (piece, behind) = rest.split_at(length);
        talk.send_at_once(piece);
        rest = behind;
    }
    let messages = talk
        .taken
        .iter()
        .map(|taken| taken.message.as_bytes().to_vec())
        .collect();
    (talk.replies, messages, talk.closed)
}

proptest! {
    #[test]
    fn every_line_is_answered_by_exactly_one_reply(lines in lines()) {
        let mut talk = Talk::new();
        talk.codes();
        for line in lines {
            let line = [&line[..], b"\r\n"].concat();
            talk.send(&line);
            prop_assert!(talk.wait == Some(Wait::Command) && !talk.closed);
            prop_assert_eq!(talk.codes().len(), 1, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn however_the_octets_are_cut_the_dialogue_is_the_same(
        stream in streams(),
        pieces in proptest::collection::vec(1usize..200, 1..6),
    ) {
        let whole = outcome(&stream, &[usize::MAX]);
        prop_assert_eq!(&outcome(&stream, &[1]), &whole);
        prop_assert_eq!(&outcome(&stream, &pieces), &whole);
    }

    #[test]
    fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 0..5000)) {
        outcome(&octets, &[7, 100]);
    }
}
