//! Any octets: no panic, no endless work, and text in well-formed mail is always found.

use proptest::prelude::*;

use super::{base64, contents};
use crate::message::ObstacleKind;
use crate::mime::{Limits, read};

const SECRET: &str = "SSN 536-22-8145 of Jane Doe";

/// A body that holds the secret, with its header fields.
fn leaf() -> impl Strategy<Value = String> {
    let text = "[a-z ]{0,40}".prop_map(|noise| format!("{noise}\r\n{SECRET}\r\n{noise}"));
    (text, 0..4u8, 0..3u8).prop_map(|(text, encoding, label)| {
        let label = [
            "text/plain; charset=utf-8",
            "text/html",
            "application/octet-stream; name=a",
        ][usize::from(label)];
        match encoding {
            0 => format!("Content-Type: {label}\r\n\r\n{text}"),
            1 => format!(
                "Content-Type: {label}\r\nContent-Transfer-Encoding: Base64\r\n\r\n{}",
                base64(text)
            ),
            2 => {
                let coded: String = text.bytes().map(|octet| format!("={octet:02X}")).collect();
                let lines: Vec<&str> = coded
                    .as_bytes()
                    .chunks(75)
                    .filter_map(|line| std::str::from_utf8(line).ok())
                    .collect();
                format!(
                    "Content-Transfer-Encoding: quoted-printable\r\n\r\n{}",
                    lines.join("=\r\n")
                )
            }
            _ => format!("Content-Type:\r\n {label}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}"),
        }
    })
}

/// A tree of multiparts and messages around it.
fn tree() -> impl Strategy<Value = String> {
    leaf().prop_recursive(6, 12, 3, |inner| {
        (prop::collection::vec(inner, 1..3), "[a-zA-Z0-9'+_./=?-]{4,30}", 0..4u8).prop_map(|(parts, boundary, kind)| match kind {
            0 => format!("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n{}", parts[0]),
            1 => format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", base64(format!("Subject: x\r\n{}", parts[0]))),
            _ => {
                // Boundaries grow inwards, so that none is the beginning of another's text by chance.
                let boundary = format!("{boundary}{}", parts.concat().len());
                let parts: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
                format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\npre\r\n{parts}--{boundary}--\r\n")
            }
        })
    })
}

/// Pieces of mail in any order.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let scrap = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"--b".to_vec()),
        Just(b"--b--".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=b\r\n".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=\"b\xff\r\n".to_vec()),
        Just(b"Content-Type: message/rfc822\r\n".to_vec()),
        Just(b"Content-Type: application/pkcs7-mime\r\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\r\n".to_vec()),
        Just(b"Content-Transfer-Encoding: quoted-printable\r\n".to_vec()),
        Just(b"Content-Disposition: attachment; filename*0*=utf-8''%\r\n".to_vec()),
        Just(b"Subject: =?utf-8?B?".to_vec()),
        Just(b"?=".to_vec()),
        Just(b"begin 644 x\n".to_vec()),
        Just(b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x80".to_vec()),
        Just(b"From x\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(scrap, 0..60).prop_map(|scraps| scraps.concat())
}

proptest! {
    #[test]
    fn any_octets_are_read(raw in prop::collection::vec(any::<u8>(), 0..2_000)) {
        contents(raw);
    }

    #[test]
    fn any_scraps_of_mail_are_read(raw in scraps()) {
        let tight = Limits { depth: 3, parts: 5, part_size: 100, message_size: 300 };
        read(&raw, &tight);
        contents(raw);
    }

    #[test]
    fn a_planted_text_is_found_in_any_well_formed_tree(tree in tree()) {
        let read = contents(format!("From: a@b.example\r\n{tree}"));
        prop_assert!(read.holds(SECRET));
        let ambiguous = read.has(ObstacleKind::AmbiguousStructure);
        prop_assert!(!ambiguous, "{:?}", read.obstacles);
    }
}

#[test]
fn depth_beyond_the_limit_is_named_and_its_text_still_searched() {
    let mut message = format!("\r\n{SECRET}");
    for level in 0..100 {
        message = format!(
            "Content-Type: multipart/mixed; boundary=b{level}x\r\n\r\n--b{level}x\r\n{message}\r\n--b{level}x--"
        );
    }
    let read = contents(&message);
    assert!(read.has(ObstacleKind::LimitReached) && read.holds(SECRET));
    let mut message = format!("Subject: x\r\n\r\n{SECRET}");
    for _ in 0..100 {
        message = format!("Content-Type: message/rfc822\r\n\r\n{message}");
    }
    let read = contents(&message);
    assert!(read.has(ObstacleKind::LimitReached) && read.holds(SECRET));
}

#[test]
fn limits_on_parts_and_sizes_are_named() {
    let parts = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        "--b\r\n\r\nx\r\n".repeat(50)
    );
    let few = Limits {
        parts: 10,
        ..Limits::default()
    };
    assert!(read(parts.as_bytes(), &few).has(ObstacleKind::LimitReached));
    let small = Limits {
        part_size: 5,
        ..Limits::default()
    };
    let cut = read(b"\r\n0123456789", &small);
    assert_eq!(cut.leaves[0].bytes, b"01234");
    assert!(cut.has(ObstacleKind::LimitReached));
    let little = Limits {
        message_size: 5,
        ..Limits::default()
    };
    assert!(read(b"\r\n0123456789", &little).has(ObstacleKind::LimitReached));
}

/// Large messages that would take minutes if anything were quadratic. Unoptimised, each takes a moment.
#[test]
fn large_hostile_messages_end() {
    let mixed = "Content-Type: multipart/mixed; boundary=";
    let huge = 1 << 20;
    let of = |piece: &str| piece.repeat(huge / piece.len());
    let nested: String = (0..20_000)
        .map(|n| format!("{mixed}{n}\r\n\r\n--{n}\r\n"))
        .collect();
    for (name, message) in [
        ("dashes", format!("{mixed}-\r\n\r\n{}", of("--\n"))),
        ("long dashes", format!("{mixed}-\r\n\r\n{}", of("-"))),
        ("delimiters", format!("{mixed}b\r\n\r\n{}", of("--b\n"))),
        ("closes", format!("{mixed}b\r\n\r\n{}", of("--b--\n"))),
        (
            "delimiters in one line",
            format!("{mixed}b\r\n\r\n{}", of("--b ")),
        ),
        ("prefixes", format!("{mixed}b\r\n\r\n{}", of("--bx\n"))),
        ("nested boundaries", nested),
        ("fields", of("a:\n")),
        ("types", of("Content-Type: a/b\n")),
        (
            "typed multiparts",
            format!("{}\r\n--b\r\n", of("Content-Type: multipart/x; boundary=b\n")),
        ),
        ("folds", format!("a:{}", of("\r\n "))),
        ("carriage returns", of("\r")),
        ("blank lines", of("\r\n")),
        ("words", format!("Subject: {}", of("=?a?q?b"))),
        ("openings", format!("Subject: {}", of("=?"))),
        ("ended words", format!("Subject: {}", of("=?utf-8?q?b?= "))),
        ("parameters", format!("Content-Type: a/b{}", of("; a*0*=b"))),
        (
            "boundaries",
            format!("Content-Type: multipart/x{}\r\n\r\n", of("; boundary=b")),
        ),
        ("comments", format!("Content-Type: {}", of("(("))),
        ("begins", format!("\r\n{}", of("begin 644 x\n"))),
        (
            "mailbox",
            format!(
                "Content-Type: application/mbox\r\n\r\n{}",
                of("From a\nTo: b\nDate: c\n\nx\n")
            ),
        ),
        (
            "padding",
            format!("Content-Transfer-Encoding: base64\r\n\r\n{}", of("=")),
        ),
        (
            "escapes",
            format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", of("= ")),
        ),
        ("nested messages", of("Content-Type: message/rfc822\r\n\r\n")),
        ("encoded multiparts", {
            let level = format!("{mixed}b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n--b\r\n");
            level.repeat(40) + &of("--b =3D\n")
        }),
        (
            "indefinite lengths",
            format!(
                "Content-Type: application/octet-stream\r\n\r\n\x30\u{0}{}",
                of("\u{0}")
            ),
        ),
    ] {
        let read = contents(&message);
        assert!(read.leaves.len() + read.texts.len() < 60_000, "{name}");
        assert!(read.obstacles.len() < 2_000, "{name}");
    }
}

#[test]
fn indefinite_lengths_in_bulk_end() {
    let object: Vec<u8> = [
        0x30, 0x80, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3, 0xa0, 0x80,
    ]
    .into_iter()
    .chain([0x30, 0x80].into_iter().cycle().take(1 << 20))
    .collect();
    let message = [b"Content-Type: application/octet-stream\r\n\r\n".to_vec(), object].concat();
    assert!(contents(message).has(ObstacleKind::UnknownContent));
}
