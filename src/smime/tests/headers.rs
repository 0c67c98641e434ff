use super::pki::*;
use super::sealing::{open, sealed, split};

/// A value that must not be seen outside, spelled so that encodings change it.
const SECRET: &str = "536-22-8145";

/// The middle of the base64 of a text at each of the three alignments.
fn base64_of(text: &str) -> impl Iterator<Item = String> {
    (0..3).map(move |shift| {
        let encoded = openssl::base64::encode_block(format!("{}{text}", "x".repeat(shift)).as_bytes());
        encoded[4..encoded.len() - 4].to_owned()
    })
}

/// Seals to a P-256 recipient; gives the outer header and the inside.
fn outside_and_inside(mail: &str, secret: &[&str]) -> (String, String) {
    let (_, issued) = &recipients()[1];
    let mail = sealed(mail.as_bytes(), issued, secret);
    let inner = open(&mail, issued);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(split(&mail).0), text(&inner))
}

fn outside(mail: &str, secret: &[&str]) -> String {
    outside_and_inside(mail, secret).0
}

fn assert_hidden(outer: &str) {
    let digits: String = outer.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    assert!(!digits.contains("536228145"), "{outer}");
    for encoded in base64_of(SECRET) {
        assert!(!outer.contains(&encoded), "{outer}");
    }
    // Quoted-printable and percent spellings of its first digits.
    for spelling in ["=35=33=36", "%35%33%36"] {
        assert!(!outer.contains(spelling), "{outer}");
    }
}

#[test]
fn no_byte_of_the_subject_is_outside_however_it_is_written() {
    let encoded = openssl::base64::encode_block(SECRET.as_bytes());
    for subject in [
        format!("Subject: number {SECRET}\r\n"),
        format!("subject:{SECRET}\r\n"),
        format!("SUBJECT : {SECRET}\r\n"),
        format!("Subject: folded\r\n\t{SECRET}\r\n"),
        format!("Subject:\r\n {SECRET}\r\n"),
        format!("Subject: one\r\nSubject: {SECRET}\r\nsubject: {SECRET}\r\n"),
        format!("Subject: =?utf-8?B?{encoded}?=\r\n"),
        format!("Subject: =?utf-8?Q?=35=33=36-22-8145?=\r\n =?utf-8?Q?{SECRET}?=\r\n"),
        format!("Subject: \u{feff}{SECRET}\r\n"),
        format!("Subject: x\r\n \r\n {SECRET}\r\n"),
        format!("Subject: x\rTo: {SECRET}\r\n"),
        format!("Subject: x\nThread-Topic: {SECRET}\r\n"),
        format!("Subject\u{a0}: {SECRET}\r\n"),
        format!("Subject\r\n : {SECRET}\r\n"),
        format!("Sub\0ject: {SECRET}\r\n"),
    ] {
        let mail = format!("From: a@b.example\r\n{subject}To: c@d.example\r\n\r\nbody\r\n");
        let (outer, inner) = outside_and_inside(&mail, &["Subject"]);
        assert_hidden(&outer);
        assert!(outer.matches("Subject").count() <= 1, "{outer}");
        assert!(inner.contains(subject.trim_end()), "{inner}");
        assert!(outer.contains("From: a@b.example\r\n"), "{outer}");
    }
}

#[test]
fn the_subject_is_hidden_without_a_finding_too_and_none_is_invented() {
    let (outer, inner) = outside_and_inside("From: a@b.example\r\nSubject: Q3 plans\r\n\r\n", &[]);
    assert!(outer.contains("Subject: [...]\r\n") && !outer.contains("Q3"));
    assert!(inner.contains("HP-Outer: Subject: [...]\r\n"));
    let (outer, inner) = outside_and_inside("From: a@b.example\r\n\r\nx", &[]);
    assert!(!outer.contains("Subject") && !inner.contains("Subject"));
}

#[test]
fn only_the_fields_on_the_list_are_outside_and_all_are_inside() {
    let mail = "Received: from x by y; Tue, 1 Jun 2027 08:00:00 -0400\r\n\
        Return-Path: <a@b.example>\r\n\
        DKIM-Signature: v=1; b=abc\r\n\
        From: a@b.example\r\n\
        Comments: private\r\n\
        Keywords: private\r\n\
        Thread-Topic: private\r\n\
        X-Note: private\r\n\
        In-Reply-To: <0@b.example>\r\n\
        References: <0@b.example>\r\n\
        Reply-To: r@b.example\r\n\
        Auto-Submitted: no\r\n\
        List-Id: <l.b.example>\r\n\
        List-Private: private\r\n\
        HP-Outer: Subject: private\r\n\
        Content-Description: private\r\n\r\n";
    let (outer, inner) = outside_and_inside(mail, &[]);
    assert!(
        !outer.contains("private") && !outer.contains("DKIM") && !outer.contains("Return-Path"),
        "{outer}"
    );
    for name in [
        "Received",
        "From",
        "In-Reply-To",
        "References",
        "Reply-To",
        "Auto-Submitted",
        "List-Id",
    ] {
        assert!(outer.contains(&format!("{name}: ")), "{name}");
        assert_eq!(
            inner.contains(&format!("\r\nHP-Outer: {name}: ")),
            name != "Received",
            "{name}"
        );
    }
    let kept = [
        "DKIM-Signature",
        "Comments",
        "Keywords",
        "Thread-Topic",
        "X-Note",
        "Content-Description",
    ];
    for name in kept {
        assert!(inner.contains(&format!("\r\n{name}: ")), "{name}");
    }
    assert!(
        !inner.contains("HP-Outer: Subject"),
        "a forged record is not carried on"
    );
    assert!(
        !inner.contains("Received"),
        "transport is no part of what is protected"
    );
}

#[test]
fn blind_copies_reach_nobody() {
    for field in [
        "Bcc: hidden@x.example",
        "bcc:hidden@x.example",
        "BCC : hidden@x.example",
        "Bcc: one@x.example,\r\n hidden@x.example",
        "Resent-Bcc: hidden@x.example",
        "\u{feff}Bcc: hidden@x.example",
        "B\0cc: hidden@x.example",
    ] {
        let mail = format!("From: a@b.example\r\n{field}\r\nTo: c@d.example\r\n\r\nbody\r\n");
        let (outer, inner) = outside_and_inside(&mail, &[]);
        assert!(!outer.contains("hidden") && !inner.contains("hidden"), "{field}");
    }
}

#[test]
fn a_secret_address_field_shows_bare_addresses_only() {
    let mail = format!(
        "From: \"Ann {SECRET}\" <a@b.example>\r\n\
         To: Bob, {SECRET} <b@c.example>, (x {SECRET} (y)) d@e.example, \"q, <z@z.example>\" <f@g.example>,\r\n \
         group {SECRET}: g@h.example;, M\u{fc}ller <i@j.example>\r\n\
         Cc: =?utf-8?q?{SECRET}?= <k@l.example>\r\n\
         Reply-To: {SECRET}\r\n\r\n"
    );
    let (outer, inner) = outside_and_inside(&mail, &["from", "To", "CC", "Reply-To"]);
    assert_hidden(&outer);
    assert!(
        outer.starts_with(
            "From: a@b.example\r\n\
         To: b@c.example,\r\n d@e.example,\r\n f@g.example,\r\n g@h.example,\r\n i@j.example\r\n\
         Cc: k@l.example\r\nMIME-Version: 1.0\r\n"
        ),
        "{outer}"
    );
    assert!(inner.contains("HP-Outer: Cc: k@l.example\r\n"));
    assert!(inner.contains(&format!("Reply-To: {SECRET}\r\n")));
}

#[test]
fn an_address_that_might_carry_the_value_itself_is_not_shown() {
    let encoded = openssl::base64::encode_block(SECRET.as_bytes());
    for value in [
        format!("{SECRET}@x.example"),
        format!("<a@{SECRET}.example>"),
        format!("=?utf-8?b?{encoded}?=@x.example"),
        "5a3b6c@x.example, 2a2b@x.example, 8a1b4c5d@x.example".to_owned(),
        format!("<a@b.example> <{SECRET}@x.example>"),
        format!("\"{SECRET}\"@x.example"),
        format!("<\"{SECRET}\"@x.example>"),
        "\u{ff15}\u{ff13}\u{ff16}22\u{ff18}145@x.example".to_owned(),
        "%35%33%36-22-8145@x.example".to_owned(),
        format!("{SECRET}@x.example <{SECRET}@y.example>"),
        format!("a {SECRET}"),
        "<".to_owned(),
    ] {
        let outer = outside(
            &format!("To: {value}\r\nFrom: {value}\r\nCc: {value}\r\n\r\n"),
            &["To", "From", "Cc"],
        );
        assert_hidden(&outer);
        assert!(!outer.contains("8145") && !outer.contains("utf-8"), "{outer}");
        assert!(!outer.contains("8a1b"), "{outer}");
    }
    let outer = outside(
        &format!("To: {SECRET}\r\nFrom: {SECRET}\r\nCc: {SECRET}\r\n\r\n"),
        &["To", "From", "Cc"],
    );
    assert!(
        outer.starts_with("To: undisclosed-recipients:;\r\nFrom: undisclosed-sender:;\r\nMIME-Version"),
        "{outer}"
    );
}

#[test]
fn what_cannot_be_told_for_sure_to_be_an_address_is_not_shown() {
    for value in [
        "<a> <@x.example>",
        "<\"q\"a@x.example>",
        "<@r.example:a@x.example>",
        "a @x.example",
    ] {
        let outer = outside(&format!("From: c@d.example\r\nTo: {value}\r\n\r\n"), &["To"]);
        assert!(outer.contains("\r\nTo: undisclosed-recipients:;\r\n"), "{outer}");
    }
}

#[test]
fn other_secret_fields_are_outside_in_no_form() {
    let mail = format!(
        "From: a@b.example\r\n\
         Received: from x ({SECRET}) by y; Tue, 1 Jun 2027 08:00:00 -0400\r\n\
         Message-ID: <{SECRET}@b.example>\r\n\
         References: <{SECRET}@b.example>\r\n\
         In-Reply-To: <{SECRET}@b.example>\r\n\
         List-Id: {SECRET} <l.b.example>\r\n\
         Date: Tue, 1 Jun 2027 08:00:00 -0400 ({SECRET})\r\n\r\n"
    );
    let secret = [
        "Received",
        "Message-ID",
        "References",
        "In-Reply-To",
        "List-Id",
        "Date",
    ];
    let (outer, inner) = outside_and_inside(&mail, &secret);
    assert!(
        outer.starts_with("From: a@b.example\r\nMIME-Version: 1.0\r\n"),
        "{outer}"
    );
    for name in secret {
        assert!(inner.contains(&format!("{name}: ")), "{name}");
    }
    assert!(!inner.contains(&format!(
        "HP-Outer: Date: Tue, 1 Jun 2027 08:00:00 -0400 ({SECRET})"
    )));
}

/// Another reader may see the end of the header, or another field, where this one sees a folded line. Then the
/// finding is filed under a name that does not lead here.
#[test]
fn where_two_readers_may_differ_every_field_is_taken_for_secret() {
    for (trick, secret) in [
        (format!("To: a@b.example\r\n \r\n {SECRET}\r\n"), &[][..]),
        (format!("garbage\r\nTo: {SECRET} <a@b.example>\r\n"), &[][..]),
        (format!("X: y\n\rTo: {SECRET} <a@b.example>\r\n"), &[][..]),
        (format!("To: x\r{SECRET} <a@b.example>\r\n"), &[][..]),
        (format!("To: x\n {SECRET} <a@b.example>\r\n"), &[][..]),
        (format!("To: x\0{SECRET} <a@b.example>\r\n"), &[][..]),
        (format!("To : {SECRET} <a@b.example>\r\n"), &[][..]),
        (format!("To: {SECRET} <a@b.example>\r\n"), &["X-Hidden"][..]),
        (format!("To: {SECRET} <a@b.example>\r\n"), &["Tо"][..]),
        (format!("Received: {SECRET}\r\n"), &["Unknown"][..]),
        (format!("Message-ID: <{SECRET}@x.example>\r\n"), &["Unknown"][..]),
    ] {
        let mail = format!(
            "From: Clerk <c@d.example>\r\nDate: Tue, 1 Jun 2027 08:00:00 -0400 (x)\r\n{trick}\r\nbody"
        );
        let (outer, inner) = outside_and_inside(&mail, secret);
        assert_hidden(&outer);
        assert!(
            outer.starts_with("From: c@d.example\r\nDate: Tue, 1 Jun 2027 08:00:00 -0400\r\n"),
            "{outer}"
        );
        assert!(inner.contains(SECRET), "{trick:?}");
    }
}

#[test]
fn the_mark_goes_behind_the_media_type_and_changes_nothing_else() {
    for (written, marked) in [
        (
            "Content-Type: text/plain",
            "Content-Type: text/plain; hp=\"cipher\"",
        ),
        (
            "content-type:text/html;charset=x",
            "content-type:text/html; hp=\"cipher\";charset=x",
        ),
        (
            "Content-Type: a/b;\r\n boundary=\"x;y\"",
            "Content-Type: a/b; hp=\"cipher\";\r\n boundary=\"x;y\"",
        ),
        (
            "Content-Type: a/b; boundary=\"open",
            "Content-Type: a/b; hp=\"cipher\"; boundary=\"open",
        ),
        (
            "Content-Type: a/b (c;\\)d) ; e=f",
            "Content-Type: a/b (c;\\)d); hp=\"cipher\" ; e=f",
        ),
        ("Content-Type: a/b\r\n ", "Content-Type: a/b; hp=\"cipher\"\r\n "),
        ("Content-Type : a/b", "Content-Type : a/b; hp=\"cipher\""),
    ] {
        let (_, inner) = outside_and_inside(&format!("From: a@b.example\r\n{written}\r\n\r\nbody"), &[]);
        assert!(inner.contains(&format!("\r\n{marked}\r\n")), "{inner}");
        assert_eq!(
            inner.matches("ontent-").count() + inner.matches("content-").count(),
            1 + usize::from(written.starts_with('c'))
        );
    }
}

#[test]
fn a_message_without_content_type_gets_the_default_one_inside() {
    let (_, inner) = outside_and_inside("From: a@b.example\r\n\r\nbody", &[]);
    assert!(
        inner.starts_with("Content-Type: text/plain; charset=us-ascii; hp=\"cipher\"\r\nFrom: "),
        "{inner}"
    );
}

#[test]
fn bytes_beyond_ascii_stay_outside_only_where_they_came() {
    let (outer, inner) =
        outside_and_inside("From: M\u{fc}ller <a@b.example>\r\nSubject: \u{fc}\r\n\r\n", &[]);
    assert!(outer.contains("From: M\u{fc}ller <a@b.example>\r\n"));
    assert!(inner.contains("Subject: \u{fc}\r\n"));
}

#[test]
fn a_header_of_many_megabytes_is_no_trouble() {
    let mail = format!(
        "From: a@b.example\r\n{}\r\n",
        "To: c@d.example\r\n".repeat(200_000)
    );
    let outer = outside(&mail, &["To"]);
    assert!(outer.len() < 300_000);
    let names: Vec<String> = (0..100_000).map(|n| format!("X{n}")).collect();
    let each: String = names.iter().map(|name| format!("{name}: {SECRET}\r\n")).collect();
    let secret: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(
        outside(&format!("From: A <a@b.example>\r\n{each}\r\n"), &secret)
            .lines()
            .next(),
        Some("From: A <a@b.example>")
    );
    let folded = format!(
        "From: a@b.example\r\nTo:{} <c@d.example>\r\n\r\n",
        "\r\n (".repeat(1_000_000)
    );
    outside(&folded, &["To"]);
}
