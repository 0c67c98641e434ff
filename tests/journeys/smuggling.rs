//! A second message hidden inside a first one: no sequence lets it in, and nothing lets it out.

use crate::support::gateway::{Gateway, Options};
use crate::support::mail::Session;
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};

const CLERK: &str = "clerk@agency.example";
const HEADER: &str = "From: clerk@agency.example\r\nSubject: Lunch\r\n\r\nAt noon?";
const HIDDEN: &str = "MAIL FROM:<chief@agency.example>\r\nRCPT TO:<victim@partner.example>\r\nDATA\r\n\
                      From: chief@agency.example\r\n\r\nhidden\r\n";

/// Every sequence that some server has been known to take for the end of data, and near misses.
const REFUSED: [&str; 19] = [
    "\n.\n",
    "\n.\r\n",
    "\n.\r",
    "\r.\r",
    "\r.\r\n",
    "\r.\n",
    "\r\n.\n",
    "\r\n.\r",
    "\r\n.\r\r\n",
    "\n\r.\r\n",
    "\n\n.\r\n",
    "\r\n\0.\r\n",
    "\r\n.\0\r\n",
    "\r\0\n.\r\n",
    "\r\n.\r\0\n",
    "\0.\0",
    "\r\n\n.\n\r\n",
    "text\0",
    "\n",
];

fn begin(session: &mut Session) {
    session.say("EHLO test.agency.example");
    session.say(&format!("MAIL FROM:<{CLERK}>"));
    session.say(&format!("RCPT TO:<{ANNA}>"));
}

#[test]
fn no_known_sequence_ends_the_data_and_each_is_refused() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    for sequence in REFUSED {
        for cut in 0..=sequence.len() {
            let (mut session, _) = Session::open(gateway.address);
            begin(&mut session);
            assert!(session.say("DATA").starts_with("354 "));
            let (first, second) = sequence.split_at(cut);
            session.write(format!("{HEADER}{first}").as_bytes());
            session.write(format!("{second}{HIDDEN}").as_bytes());
            let reply = session.say("\r\n.");
            assert!(reply.starts_with("550 5.6.0 "), "{sequence:?}: {reply}");
            assert!(session.say("NOOP").starts_with("250"), "one reply to one message");
            assert!(session.say("RCPT TO:<x@partner.example>").starts_with("503 "));
        }
        // In a chunk they end nothing either, and are refused as well.
        let (mut session, _) = Session::open(gateway.address);
        begin(&mut session);
        let text = format!("{HEADER}{sequence}{HIDDEN}");
        session.write(format!("BDAT {} LAST\r\n{text}", text.len()).as_bytes());
        let reply = session.reply();
        assert!(reply.starts_with("550 5.6.0 "), "{sequence:?}: {reply}");
        assert!(session.say("NOOP").starts_with("250"), "one reply to one chunk");
    }
    assert!(mailbox.is_empty());
}

#[test]
fn what_only_looks_like_an_end_comes_out_as_the_text_of_one_message() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let lookalikes = [
        "\r\n..\r\n",
        "\r\n .\r\n",
        "\r\n. \r\n",
        "\u{85}.\u{85}",
        "\u{2028}.\r\n",
        "\r\n.\u{b}\r\n",
    ];
    for text in lookalikes {
        let (mut session, _) = Session::open(gateway.address);
        let data = format!("{HEADER}{text}{}", HIDDEN.trim_end());
        assert!(
            session
                .message(CLERK, &[NOBODY], data.as_bytes())
                .starts_with("250 "),
            "{text:?}"
        );
        let letter = mailbox.next();
        assert_eq!(letter.recipients, [NOBODY]);
        // One of two dots at the start of a line is the stuffing of the one who sent it.
        let expected = format!("{data}\r\n").replace("\r\n.", "\r\n");
        assert!(letter.text().ends_with(&expected), "{text:?}: {}", letter.text());
    }
    assert!(mailbox.is_empty(), "one message each");
}

#[test]
fn a_lone_dot_in_a_chunk_is_stuffed_on_its_way_out() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let (mut session, _) = Session::open(gateway.address);
    assert!(session.say("EHLO test").contains("CHUNKING"));
    session.say(&format!("MAIL FROM:<{CLERK}>"));
    session.say(&format!("RCPT TO:<{NOBODY}>"));
    let text = format!("{HEADER}\r\n.\r\n{HIDDEN}.\r\n..\r\n.");
    // Cut where it hurts: between the CR and the LF before the dot.
    let (first, second) = text.split_at(HEADER.len() + 1);
    session.write(format!("BDAT {}\r\n{first}", first.len()).as_bytes());
    session.write(format!("BDAT {}\r\n{second}BDAT 0 LAST\r\nQUIT\r\n", second.len()).as_bytes());
    let replies = [session.reply(), session.reply(), session.reply(), session.reply()];
    assert!(
        replies[2].starts_with("250 2.0.0 Accepted") && replies[3].starts_with("221 "),
        "{replies:?}"
    );
    let letter = mailbox.next();
    assert!(
        letter.text().ends_with(&format!("{text}\r\n")),
        "{}",
        letter.text()
    );
    assert_eq!(letter.recipients, [NOBODY]);
    gateway.wait_until_the_queue_is_empty();
    assert!(mailbox.is_empty());
}

#[test]
fn text_that_did_not_wait_for_its_turn_is_never_read_as_commands() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    // Behind DATA, before 354.
    let (mut session, _) = Session::open(gateway.address);
    begin(&mut session);
    session.write(format!("DATA\r\n{HEADER}\r\n.\r\n{HIDDEN}.\r\n").as_bytes());
    assert!(session.reply().starts_with("554 5.5.0 "));
    assert_eq!(session.reply(), "");
    // Behind a DATA that is refused.
    let (mut session, _) = Session::open(gateway.address);
    session.say("EHLO test");
    session.say(&format!("MAIL FROM:<{CLERK}>"));
    session.write(format!("DATA\r\n{HIDDEN}.\r\n").as_bytes());
    assert!(session.reply().starts_with("554 5.5.0 "));
    assert_eq!(session.reply(), "");
    // In a chunk that is refused: dropped, and the session goes on behind it.
    let (mut session, _) = Session::open(gateway.address);
    session.say("EHLO test");
    session.write(format!("BDAT {} LAST\r\n{HIDDEN}NOOP\r\n", HIDDEN.len()).as_bytes());
    assert!(session.reply().starts_with("503 5.5.1 "));
    assert!(session.reply().starts_with("250 2.0.0 OK"));
    assert!(session.say("RCPT TO:<x@partner.example>").starts_with("503 "));
    assert!(mailbox.is_empty());
}
