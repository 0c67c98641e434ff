//! Segmented mail in every dress that a lenient reader might see through, in every place where it might hide.

use super::{base64, contents};

/// Header fields that make a message a segment. Each line is a trick with its name.
const TRICKS: [(&str, &str); 44] = [
    (
        "plain",
        "Content-Type: message/partial; id=\"a@b\"; number=1; total=2",
    ),
    ("upper case", "CONTENT-TYPE: MESSAGE/PARTIAL; id=a; number=1"),
    ("mixed case", "cOntent-tYpe: mEssage/pArtial; id=a"),
    ("no space after the colon", "Content-Type:message/partial;id=a"),
    ("space before the colon", "Content-Type : message/partial; id=a"),
    ("tabs around the colon", "Content-Type\t:\tmessage/partial; id=a"),
    ("no parameters", "Content-Type: message/partial"),
    ("empty parameters", "Content-Type: message/partial;"),
    (
        "folded before the value",
        "Content-Type:\r\n message/partial; id=a",
    ),
    (
        "folded twice before the value",
        "Content-Type:\r\n \r\n message/partial; id=a",
    ),
    (
        "folded inside the type",
        "Content-Type: message/\r\n partial; id=a",
    ),
    (
        "folded around the slash",
        "Content-Type: message\r\n\t/\r\n\tpartial; id=a",
    ),
    (
        "folded with bare line feeds",
        "Content-Type:\n message/partial;\n id=a",
    ),
    ("folded field name", "Content-Type\r\n : message/partial; id=a"),
    ("spaces around the slash", "Content-Type: message / partial; id=a"),
    (
        "comment before the subtype",
        "Content-Type: message/(x)partial; id=a",
    ),
    ("comment after the type", "Content-Type: message(x)/partial; id=a"),
    ("comment in front", "Content-Type: (x) message/partial; id=a"),
    ("nested comment", "Content-Type: message/(a(b)c)partial; id=a"),
    (
        "comment with escaped parenthesis",
        "Content-Type: message/(\\))partial; id=a",
    ),
    (
        "comment with a slash and a semicolon",
        "Content-Type: message (a/b; c) / (d;) partial; id=a",
    ),
    ("comment that never ends", "Content-Type: message/partial (; id=a"),
    ("quoted whole", "Content-Type: \"message/partial\"; id=a"),
    ("quoted subtype", "Content-Type: message/\"partial\"; id=a"),
    ("quoted and escaped", "Content-Type: \"message\\/partial\"; id=a"),
    ("single quotes", "Content-Type: 'message/partial'; id=a"),
    (
        "encoded word, Q",
        "Content-Type: =?us-ascii?Q?message/partial?=; id=a",
    ),
    (
        "encoded word, escaped slash",
        "Content-Type: =?utf-8?q?message=2Fpartial?=; id=a",
    ),
    (
        "encoded word, B",
        "Content-Type: =?utf-8?B?bWVzc2FnZS9wYXJ0aWFs?=; id=a",
    ),
    (
        "encoded word for the subtype",
        "Content-Type: message/=?us-ascii?Q?p=61rtial?=; id=a",
    ),
    (
        "two encoded words",
        "Content-Type: =?utf-8?B?bWVzc2Fn?= =?utf-8?B?ZS9wYXJ0aWFs?=; id=a",
    ),
    (
        "encoded word that never ends",
        "Content-Type: =?utf-8?Q?message/partial; id=a",
    ),
    (
        "percent encoding",
        "Content-Type: us-ascii'en'message%2Fpartial; id=a",
    ),
    ("trailing junk", "Content-Type: message/partial garbage; id=a"),
    ("leading semicolon", "Content-Type: ; message/partial; id=a"),
    ("comma list", "Content-Type: text/plain, message/partial; id=a"),
    (
        "repeated, second one counts",
        "Content-Type: text/plain\r\nContent-Type: message/partial; id=a",
    ),
    (
        "repeated, third one counts",
        "Content-Type: text/plain\r\nContent-Type: text/plain\r\nContent-type: message/partial",
    ),
    ("trailing NUL", "Content-Type: message/partial\0; id=a"),
    ("NUL inside", "Content-Type: message/par\0tial; id=a"),
    ("soft hyphen inside", "Content-Type: message/par\u{ad}tial; id=a"),
    (
        "full-width letters",
        "Content-Type: ｍｅｓｓａｇｅ／ｐａｒｔｉａｌ; id=a",
    ),
    (
        "behind a bare carriage return",
        "X-A: b\rContent-Type: message/partial; id=a",
    ),
    (
        "behind a line that is no field",
        "this is no field\r\nContent-Type: message/partial; id=a",
    ),
];

fn segment(fields: &str) -> String {
    format!(
        "Message-ID: <a@b.example>\r\n{fields}\r\n\r\nFrom: a@b.example\r\nSubject: x\r\n\r\npart of a text\r\n"
    )
}

fn part(fields: &str, body: &str) -> String {
    format!(
        "From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n{fields}\r\n\r\n{body}\r\n--b--\r\n"
    )
}

/// Every place where a segment is put, with its name.
fn places(segment: &str) -> Vec<(&'static str, String)> {
    let encoded = base64(segment);
    let printable = segment.replace('=', "=3D").replace("part", "p=\r\nart");
    let twice = part("Content-Type: message/rfc822", segment);
    let fields =
        "Content-Disposition: attachment; filename=\"a.eml\"\r\nContent-Transfer-Encoding: base64\r\n";
    vec![
        ("the message itself", segment.to_owned()),
        ("a nested message", part("Content-Type: message/rfc822", segment)),
        (
            "a nested message in a nested message",
            part("Content-Type: message/rfc822", &twice),
        ),
        (
            "a nested message in base64",
            part(&format!("{fields}Content-Type: message/rfc822"), &encoded),
        ),
        (
            "a nested message in quoted-printable",
            part(
                "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable",
                &printable,
            ),
        ),
        (
            "an octet stream in base64",
            part(
                &format!("{fields}Content-Type: application/octet-stream"),
                &encoded,
            ),
        ),
        (
            "an attachment called text",
            part(&format!("{fields}Content-Type: text/plain"), &encoded),
        ),
        (
            "a digest",
            part(
                "Content-Type: multipart/digest; boundary=c",
                &format!("--c\r\n\r\n{segment}\r\n--c--"),
            ),
        ),
        (
            "behind the close",
            format!(
                "{}--b\r\nContent-Type: message/rfc822\r\n\r\n{segment}",
                part("X: y", "")
            ),
        ),
        (
            "behind a mailbox line",
            part("Content-Type: application/mbox", &format!("From a\r\n{segment}")),
        ),
        (
            "the second message of a mailbox",
            part(
                "Content-Type: application/mbox",
                &format!("From a\r\nTo: b\r\nDate: c\r\n\r\nx\r\nFrom a\r\n{segment}"),
            ),
        ),
        ("behind empty lines", format!("\r\n{segment}")),
    ]
}

#[test]
fn segments_are_seen_in_every_dress_and_place() {
    for (trick, fields) in TRICKS {
        for (place, message) in places(&segment(fields)) {
            let segments = contents(&message).structure.segments;
            let seen = segments
                .iter()
                .any(|segment| segment.media_type == "message/partial");
            assert!(seen, "{trick}, in {place}: {segments:?}");
        }
    }
}

#[test]
fn multipart_partial_is_seen_in_the_same_dresses() {
    for (trick, fields) in TRICKS
        .iter()
        .filter(|(_, fields)| fields.to_lowercase().contains("message"))
    {
        let message = segment(&fields.to_lowercase().replacen("message", "multipart", 1));
        let segments = contents(&message).structure.segments;
        assert!(
            segments
                .iter()
                .any(|segment| segment.media_type == "multipart/partial"),
            "{trick}"
        );
    }
}

#[test]
fn a_segment_is_named_with_its_part() {
    let message = part(
        "Content-Type: message/rfc822",
        &segment("Content-Type: message/partial"),
    );
    let segments = contents(&message).structure.segments;
    assert_eq!(
        segments
            .iter()
            .map(|segment| segment.part.as_str())
            .collect::<Vec<_>>(),
        ["2"]
    );
    assert_eq!(
        contents(segment("Content-Type: message/partial"))
            .structure
            .segments[0]
            .part,
        "0"
    );
}

#[test]
fn ordinary_mail_about_segments_is_none() {
    let message = part(
        "Content-Type: text/plain; name=\"partial message.txt\"\r\nSubject: message/partial considered harmful",
        "Content-Type: message/partial; id=a\r\n\r\nas RFC 2046 says",
    );
    assert!(
        contents(message.replace("; name=\"partial message.txt\"", ""))
            .structure
            .segments
            .is_empty()
    );
    for field in [
        "message/rfc822",
        "message/delivery-status",
        "multipart/report; report-type=delivery-status; boundary=b",
    ] {
        let message = format!("Content-Type: {field}\r\n\r\n--b\r\n\r\npartial\r\n--b--\r\n");
        assert!(contents(&message).structure.segments.is_empty(), "{field}");
    }
}
