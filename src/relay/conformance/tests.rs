use proptest::prelude::*;

use super::*;

const GOOD: &str = "From: ann@agency.example\r\nDate: Mon, 2 Mar 2026 08:00:00 +0000\r\nMessage-ID: <a@agency.example>\r\n\
                    To: bob@partner.example\r\nSubject: Lunch\r\n\r\nAt noon?\r\n";

fn run(mode: Mode, text: &[u8], smtputf8: bool) -> Result<Option<String>, String> {
    let envelope = Envelope {
        sender: Some("ann@agency.example".parse().unwrap()),
        recipients: Vec::new(),
        smtputf8,
        dsn: Vec::new(),
        tls: Default::default(),
    };
    let facts = Facts {
        envelope: &envelope,
        hostname: "gate.agency.example",
        id: "01M8".to_owned(),
        now: Timestamp::UNIX_EPOCH,
    };
    let mended = conform(mode, &RawMessage::new(text.to_vec()), &facts)?;
    Ok(mended.map(|mended| String::from_utf8_lossy(mended.raw.as_bytes()).into_owned()))
}

fn refused(text: &str) -> String {
    run(Mode::Reject, text.as_bytes(), false).unwrap_err()
}

fn repaired(text: &str) -> String {
    run(Mode::Repair, text.as_bytes(), false).unwrap().unwrap()
}

#[test]
fn a_message_as_it_should_be_stays_as_it_is_in_every_mode() {
    for mode in [Mode::Off, Mode::Repair, Mode::Reject] {
        assert_eq!(run(mode, GOOD.as_bytes(), false), Ok(None));
    }
    assert_eq!(run(Mode::Off, b"anything at all", false), Ok(None));
    let wide = GOOD.replace("Lunch", "Mittag für alle");
    assert_eq!(
        run(Mode::Reject, wide.as_bytes(), true),
        Ok(None),
        "SMTPUTF8 was asked for"
    );
    // Two of these are two.
    let twice = format!("Received: a\r\nReceived: b\r\nX-A: 1\r\nX-A: 2\r\n{GOOD}");
    assert_eq!(run(Mode::Reject, twice.as_bytes(), false), Ok(None));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let long = format!("X-Long: {}\r\n{GOOD}", "x".repeat(1000));
    let cases = [
        ("hello\r\n".to_owned(), "the message has no header"),
        (String::new(), "the message has no header"),
        (GOOD.replace("From:", "X-From:"), "no From field"),
        (GOOD.replace("Date:", "X-Date:"), "no Date field"),
        (GOOD.replace("Message-ID:", "X-ID:"), "no Message-ID field"),
        (
            format!("{}{GOOD}", "From: eve@agency.example\r\n"),
            "line 2: a second from field",
        ),
        (GOOD.replace("Subject", "FROM"), "line 5: a second from field"),
        (
            format!("Content-Type: text/plain\r\nContent-Type: text/html\r\n{GOOD}"),
            "line 2: a second content-type field",
        ),
        (
            GOOD.replace("Subject: Lunch", "no field"),
            "line 5: this is no header field",
        ),
        (
            GOOD.replace("Lunch", "Mittag für alle"),
            "line 5: the field goes beyond ASCII",
        ),
        (long, "line 1: the field has a line of more than 998 octets"),
        (
            format!("{GOOD}{}\r\n", "x".repeat(999)),
            "line 8: more than 998 octets",
        ),
        (
            GOOD.replace("Lunch", &format!("a\r\n b\r\nDate: {}", "x")),
            "line 7: a second date field",
        ),
    ];
    for (text, told) in cases {
        let said = refused(&text);
        assert!(said.contains(told) && said.contains("RFC 5322"), "{told}: {said}");
        assert!(said.is_ascii() && !said.contains("für"));
    }
    assert!(refused("X: y\r\n\r\n").ends_with("; and 2 more"));
    assert_eq!(
        run(
            Mode::Reject,
            format!("{GOOD}{}\r\n", "x".repeat(998)).as_bytes(),
            false
        ),
        Ok(None)
    );
}

#[test]
fn missing_fields_are_added_and_nothing_else_changes() {
    let text = "Subject: Lunch\r\n\r\nAt noon?\r\n";
    assert_eq!(
        repaired(text),
        format!(
            "From: ann@agency.example\r\nDate: Thu, 01 Jan 1970 00:00:00 +0000\r\n\
             Message-ID: <01M8@gate.agency.example>\r\n{text}"
        )
    );
    let bare = repaired("At noon?\r\n");
    assert!(bare.starts_with("From: ann@agency.example\r\nDate: ") && bare.ends_with("\r\n\r\nAt noon?\r\n"));
}

#[test]
fn repetitions_are_dropped_joined_or_renamed_and_contradictions_refused() {
    let repeated = repaired(&GOOD.replace("Subject", "FROM: ann@agency.example\r\nSubject"));
    assert_eq!(repeated, GOOD);
    let joined = repaired(&GOOD.replace("Subject", "To: eve@partner.example\r\nSubject"));
    assert!(
        joined.contains("To: bob@partner.example,\r\n eve@partner.example\r\nSubject"),
        "{joined}"
    );
    let renamed = repaired(&GOOD.replace("\r\n\r\n", "\r\nsubject: Dinner\r\n\r\n"));
    assert!(
        renamed.contains("Subject: Lunch\r\nOriginal-subject: Dinner\r\n"),
        "{renamed}"
    );
    for second in [
        "From: eve@agency.example",
        "Content-Type: text/html",
        "Sender: x@agency.example",
    ] {
        let name = second.split(':').next().unwrap();
        let text = format!(
            "{name}: something else\r\n{}",
            GOOD.replace("Subject", &format!("{second}\r\nSubject"))
        );
        let text = if name == "From" {
            GOOD.replace("Subject", &format!("{second}\r\nSubject"))
        } else {
            text
        };
        let said = run(Mode::Repair, text.as_bytes(), false).unwrap_err();
        assert!(said.contains("a second"), "{said}");
    }
}

#[test]
fn a_header_that_nothing_ends_is_ended_where_the_text_begins() {
    let text = GOOD.replace("\r\n\r\nAt noon?", "\r\nAt noon?\r\nSee: you");
    let mended = repaired(&text);
    assert!(
        mended.contains("Subject: Lunch\r\n\r\nAt noon?\r\nSee: you\r\n"),
        "{mended}"
    );
    // What stands behind it is text, so that a field there is none.
    let mended = repaired("Subject: x\r\nno field\r\nFrom: eve@agency.example\r\n\r\ntext\r\n");
    assert!(mended.starts_with("From: ann@agency.example\r\n"), "{mended}");
    assert!(
        mended.contains("Subject: x\r\n\r\nno field\r\nFrom: eve"),
        "{mended}"
    );
}

#[test]
fn octets_beyond_ascii_become_encoded_words_where_there_is_a_place_for_them() {
    let subject = repaired(&GOOD.replace("Lunch", "Mittag für alle"));
    assert!(
        subject.contains("Subject: Mittag =?UTF-8?B?ZsO8cg==?= alle\r\n"),
        "{subject}"
    );
    let latin = [&b"X-Note: f\xfcr\r\n"[..], GOOD.as_bytes()].concat();
    let latin = run(Mode::Repair, &latin, false).unwrap().unwrap();
    assert!(latin.contains("X-Note: =?UTF-8?B?ZsO8cg==?=\r\n"), "{latin}");
    let named = GOOD.replace(
        "bob@partner.example",
        "\"Böb, the\" <bob@partner.example>, Ünal Ö <u@partner.example>, c@d.example",
    );
    let named = repaired(&named);
    assert!(
        named.contains(
            "To: =?UTF-8?B?QsO2YiwgdGhl?= <bob@partner.example>, =?UTF-8?B?w5xuYWwgw5Y=?= <u@partner.example>, c@d.example\r\n"
        ),
        "{named}"
    );
    for no_place in [
        "To: böb@partner.example",
        "To: a (ö) <a@b.example>",
        "Content-Type: text/plain; name=ö",
        "In-Reply-To: <ö@x>",
    ] {
        let name = no_place.split(':').next().unwrap();
        let text = match name {
            "To" => GOOD.replace("To: bob@partner.example", no_place),
            _ => format!("{no_place}\r\n{GOOD}"),
        };
        let said = run(Mode::Repair, text.as_bytes(), false).unwrap_err();
        assert!(said.contains("beyond ASCII"), "{no_place}: {said}");
    }
}

#[test]
fn long_lines_are_folded_at_blanks_and_refused_without() {
    let words = "word ".repeat(300);
    let mended = repaired(&GOOD.replace("Lunch", words.trim_end()));
    assert!(mended.lines().all(|line| line.len() <= 78));
    assert_eq!(
        mended.replace("\r\n ", " "),
        GOOD.replace("Lunch", words.trim_end())
    );
    let text = GOOD.replace("Lunch", &"x".repeat(1000));
    assert!(
        run(Mode::Repair, text.as_bytes(), false)
            .unwrap_err()
            .contains("more than 998")
    );
    // Text is not touched.
    let text = format!("{GOOD}{}\r\n", "x".repeat(5000));
    assert_eq!(run(Mode::Repair, text.as_bytes(), false), Ok(None));
}

proptest! {
    #[test]
    fn what_was_mended_is_as_it_should_be_and_its_text_is_all_there(
        text in "((From|To|Subject|Date|X|Content-Type): ?[a-zü<>@\", ]{0,9}\r\n|[a-z ]{0,5}\r\n|\r\n){0,12}",
    ) {
        if let Ok(Some(mended)) = run(Mode::Repair, text.as_bytes(), false) {
            prop_assert_eq!(run(Mode::Reject, mended.as_bytes(), false), Ok(None), "{}", mended);
            let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            prop_assert!(mended.ends_with(body));
        }
    }

    #[test]
    fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = run(Mode::Repair, &octets, false);
        let _ = run(Mode::Reject, &octets, true);
    }
}
