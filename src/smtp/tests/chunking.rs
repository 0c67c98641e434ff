//! Messages in counted chunks (RFC 3030).

use proptest::prelude::*;

use super::session::Talk;
use super::*;

fn begun() -> Talk {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n")
        .codes();
    talk
}

#[test]
fn chunks_become_one_message_with_its_octets_as_they_were() {
    let mut talk = begun();
    talk.send(b"BDAT 4\r\na\r\n.");
    assert_eq!(talk.codes(), [250]);
    talk.send(b"BDAT 8\r\n\r\n.\r\n..\r");
    assert_eq!(talk.codes(), [250]);
    talk.send(b"BDAT 0\r\nBDAT 5 LAST\r\n\nend.NOOP\r\n");
    assert_eq!(talk.codes(), [250, 250, 250]);
    assert_eq!(talk.texts(), ["a\r\n.\r\n.\r\n..\r\nend.\r\n"]);
    talk.expect("RCPT TO:<c@d.example>", 503);
}

#[test]
fn a_last_chunk_may_be_empty() {
    let mut talk = begun();
    talk.send(b"BDAT 7\r\nhello\r\nBDAT 0 LAST\r\n");
    assert_eq!(
        (talk.codes(), talk.texts()),
        (vec![250, 250], vec!["hello\r\n".to_owned()])
    );
    let mut talk = begun();
    talk.send(b"BDAT 0 LAST\r\n");
    assert_eq!((talk.codes(), talk.texts()), (vec![250], vec![String::new()]));
}

#[test]
fn a_message_that_has_begun_in_chunks_goes_on_in_chunks_or_is_given_up() {
    let mut talk = begun();
    talk.send(b"BDAT 7\r\nhello\r\n");
    assert_eq!(talk.codes(), [250]);
    talk.expect("RCPT TO:<e@d.example>", 503);
    talk.expect("MAIL FROM:<a@b.example>", 503);
    talk.expect("DATA", 503);
    talk.expect("NOOP", 250);
    talk.expect("RSET", 250);
    talk.expect("BDAT 0 LAST", 503);
    talk.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 3\r\nnew");
    talk.send(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 5 LAST\r\nlast\n");
    assert_eq!(talk.codes(), [250, 250, 250, 250, 250, 250, 550]);
    assert!(talk.taken.is_empty());
}

#[test]
fn chunks_that_are_refused_are_dropped_unread() {
    let mut talk = Talk::new();
    talk.send(b"EHLO c\r\n").codes();
    let hidden = "MAIL FROM:<x@y.example>\r\n";
    let chunk = format!("BDAT {}\r\n{hidden}", hidden.len());
    talk.send(chunk.repeat(3).as_bytes());
    assert_eq!(talk.codes(), [503, 503, 503]);
    talk.expect("RCPT TO:<c@d.example>", 503);
    talk.expect("MAIL FROM:<a@b.example>", 250);
    talk.send(chunk.as_bytes());
    assert_eq!(talk.codes(), [503], "no recipient");
    talk.expect("RCPT TO:<c@d.example>", 250);
    talk.send(b"BDAT 4 LAST\r\ntext");
    assert_eq!(
        (talk.codes(), talk.texts()),
        (vec![250], vec!["text\r\n".to_owned()])
    );
}

#[test]
fn behind_a_chunk_that_failed_the_others_are_dropped_and_count_as_no_errors() {
    let mut talk = begun();
    talk.send(b"BDAT 3\r\na\nb");
    assert_eq!(talk.codes(), [550]);
    talk.send("BDAT 6\r\nQUIT\r\n".repeat(2000).as_bytes());
    talk.send(b"BDAT 6 LAST\r\nQUIT\r\n");
    assert_eq!((talk.codes(), talk.closed), (vec![503; 2001], false));
    talk.expect("BDAT 0 LAST", 503);
    talk.expect("RSET", 250);
    talk.expect("BDAT 0 LAST", 503);
    assert!(talk.taken.is_empty());
}

#[test]
fn a_message_over_the_limit_is_told_so_at_the_end_of_the_chunk_that_breaks_it() {
    let mut talk = begun();
    talk.send(b"BDAT 10000\r\n").send(&[b'x'; 10_000]);
    assert_eq!(talk.codes(), [250]);
    talk.send(b"BDAT 20000 LAST\r\n").send(&[b'x'; 19_999]);
    assert_eq!(talk.codes(), Vec::<u16>::new());
    talk.send(b"xNOOP\r\n");
    assert_eq!((talk.codes(), talk.taken.len()), (vec![552, 250], 0));
}

#[test]
fn a_chunk_whose_length_cannot_be_told_ends_the_session() {
    for line in ["BDAT", "BDAT x LAST", "BDAT 99999999999999999999", "BDAT 5 FIRST"] {
        let mut talk = begun();
        talk.send(format!("{line}\r\nRSET\r\n").as_bytes());
        assert_eq!((talk.codes(), talk.closed), (vec![554], true), "{line}");
    }
}

#[test]
fn memory_comes_back_when_a_message_in_chunks_is_given_up() {
    let gateway = Gateway::start(
        &Settings {
            message_mb: 1,
            memory_mb: 1,
            ..settings()
        },
        Recorder::default(),
    );
    let chunk = format!("BDAT 700000\r\n{}", "x".repeat(700_000));
    let mut peer = gateway.greeted();
    for (end, reply) in [
        ("RSET", "250 2.0.0 OK"),
        ("EHLO c", "250-"),
        ("BDAT 1 LAST", "250 2.0.0 Accepted"),
    ] {
        let mut other = gateway.greeted();
        other.ask("MAIL FROM:<ann@client.example>", "250");
        other.ask("RCPT TO:<bob@partner.example>", "250");
        other.send(&chunk);
        other.expect("250 2.0.0 chunk OK");
        peer.ask("MAIL FROM:<ann@client.example>", "250");
        peer.ask("RCPT TO:<bob@partner.example>", "250");
        peer.send(&chunk);
        peer.expect("452 4.3.1");
        other.send(format!(
            "{end}\r\n{}",
            if end.starts_with("BDAT") { "x" } else { "" }
        ));
        other.expect(reply);
    }
    assert_eq!(gateway.recorder.taken().len(), 1);
}

proptest! {
    #[test]
    fn no_octet_of_a_chunk_is_a_command(
        lead in proptest::sample::select(vec!["", "MAIL FROM:<a@b.example>\r\n",
            "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"]),
        octets in "(QUIT\r\n|RSET\r\n|BDAT 1\r\n|\r\n\\.\r\n|[a\\.\r\n\0]){0,20}",
        last in any::<bool>(),
    ) {
        let mut talk = Talk::new();
        talk.send(format!("EHLO c\r\n{lead}").as_bytes()).codes();
        let last = if last { " LAST" } else { "" };
        talk.send(format!("BDAT {}{last}\r\n{octets}NOOP\r\n", octets.len()).as_bytes());
        let codes = talk.codes();
        prop_assert_eq!((codes.len(), codes.last(), talk.closed), (2, Some(&250), false));
    }
}
