//! Ordinary structure: what is found where, and what it is called.

use super::{base64, contents};
use crate::mime::{Contents, TextKind};

fn leaves(contents: &Contents) -> Vec<(&str, &str, &str)> {
    let leaves = contents.leaves.iter();
    leaves
        .map(|leaf| {
            let text = std::str::from_utf8(&leaf.bytes).unwrap_or("");
            (leaf.place.part.as_str(), leaf.place.description.as_str(), text)
        })
        .collect()
}

#[test]
fn a_plain_message_has_header_texts_and_one_leaf() {
    let read = contents("From: a@b.example\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n\r\nhello\r\n");
    assert_eq!(leaves(&read), [("1", "the text", "hello\r\n")]);
    assert!(read.obstacles.is_empty() && !read.structure.multipart);
    let subject = read
        .texts
        .iter()
        .find(|text| text.place.field.as_deref() == Some("Subject"))
        .expect("a Subject");
    assert_eq!((subject.text.as_str(), subject.kind), ("café", TextKind::Header));
    assert_eq!(
        (subject.place.part.as_str(), subject.place.description.as_str()),
        ("0", "the Subject")
    );
    assert_eq!(subject.place.span, (0, 5));
}

#[test]
fn an_ordinary_multipart_is_read_without_obstacles() {
    let read = contents(format!(
        "From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_abc\"\r\n\r\n\
         This is a multi-part message in MIME format.\r\n\
         --=_abc\r\nContent-Type: multipart/alternative; boundary=\"=_abc_alt\"\r\n\r\n\
         --=_abc_alt\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         caf=C3=A9\r\n--=_abc_alt\r\nContent-Type: text/html\r\n\r\n<p>café</p>\r\n--=_abc_alt--\r\n\r\n\
         --=_abc\r\nContent-Type: application/octet-stream; name=\"a.bin\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"a.bin\"\r\n\r\n{}--=_abc\r\nContent-Type: message/rfc822\r\n\r\n\
         Subject: inner\r\n\r\ninner text\r\n--=_abc--\r\n",
        base64("octets")
    ));
    assert_eq!(
        leaves(&read),
        [
            ("1.1", "the text", "café"),
            ("1.2", "the HTML text", "<p>café</p>"),
            ("2", "attachment 'a.bin'", "octets"),
            ("3.1", "the text", "inner text"),
        ]
    );
    assert_eq!(read.obstacles, []);
    assert!(read.structure.multipart && read.structure.sealed.is_none());
    let inner = read
        .texts
        .iter()
        .find(|text| text.text == "inner")
        .expect("the nested Subject");
    assert_eq!(inner.place.part, "3");
    assert_eq!(inner.place.description, "the Subject of the nested message");
    let preamble = read
        .texts
        .iter()
        .find(|text| text.kind == TextKind::Body)
        .expect("the preamble");
    assert_eq!(preamble.place.description, "the text before the parts");
}

#[test]
fn ordinary_oddities_of_real_mail_are_not_called_ambiguous() {
    for (name, message) in [
        (
            "no close delimiter",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n",
        ),
        (
            "LF only",
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n",
        ),
        (
            "footer after the close",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\nfooter\r\n",
        ),
        (
            "unquoted boundary with specials",
            "Content-Type: multipart/mixed; boundary==_a/b?c\r\n\r\n--=_a/b?c\r\n\r\nx\r\n--=_a/b?c--\r\n",
        ),
        (
            "a field repeated alike",
            "Content-Type: text/plain\r\nContent-Type: text/plain\r\n\r\nx",
        ),
        ("7-bit", "Content-Transfer-Encoding: 7-bit\r\n\r\nx"),
        (
            "comment in the type",
            "Content-Type: text/plain; charset=us-ascii (Plain text)\r\n\r\nx",
        ),
        (
            "multipart labelled quoted-printable",
            "Content-Type: multipart/mixed; boundary=\"b\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n--b\r\n\r\na=b\r\n--b--\r\n",
        ),
        (
            "base64 without padding",
            "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8\r\n",
        ),
        (
            "boundary of dashes",
            "Content-Type: multipart/mixed; boundary=\"----------=_1\"\r\n\r\n------------=_1\r\n\r\n-----\r\n------------=_1--\r\n",
        ),
        (
            "declared twice",
            "Content-Type: multipart/mixed; boundary=\"b\"; charset=\"utf-8\"; charset=us-ascii\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
        ),
        ("empty message", ""),
        ("no header", "\r\nhello\r\n"),
    ] {
        assert_eq!(contents(message).obstacles, [], "{name}");
    }
}

#[test]
fn file_names_and_parameters_in_any_encoding_are_texts() {
    let read = contents(
        "Content-Type: application/pdf; name*0*=utf-8''536%2D22; name*1*=-8145.pdf\r\n\
         Content-Disposition: attachment; filename=\"=?utf-8?B?Sm9obiBEb2UucGRm?=\"\r\n\r\nx",
    );
    assert!(read.texts.iter().any(|text| text.text == "536-22-8145.pdf"));
    assert!(read.texts.iter().any(|text| text.text.contains("John Doe.pdf")));
    assert_eq!(read.leaves[0].file_name.as_deref(), Some("John Doe.pdf"));
}

#[test]
fn descriptions_and_obstacles_repeat_no_long_numbers() {
    let read = contents(
        "X-536-22-8145: a\r\nContent-Type: multipart/mixed; boundary=\"536228145\"\r\n\r\n\
         --536228145\r\n536-22-8145: x\r\nContent-Disposition: attachment; filename=\"536228145.txt\"\r\n\r\nx\r\n\
         --536228145x\r\n--536228145--\r\n",
    );
    let shown = read.texts.iter().map(|text| &text.place.description);
    let shown = shown.chain(read.leaves.iter().map(|leaf| &leaf.place.description));
    let shown = shown.chain(read.obstacles.iter().map(|obstacle| &obstacle.detail));
    for text in shown {
        assert!(
            text.bytes().filter(u8::is_ascii_digit).count() < 5,
            "a long number in a description"
        );
    }
    assert!(
        read.texts.iter().any(|text| text.text.starts_with("X-536")),
        "the name of a field is searched"
    );
}

#[test]
fn an_opaque_signature_is_opened_and_a_detached_one_leaves_nothing_unread() {
    let (key, certificate) = super::sealed::identity();
    let inner = b"Content-Type: text/plain\r\n\r\nSSN 536-22-8145\r\n";
    let flags = openssl::cms::CMSOptions::BINARY;
    let opaque = openssl::cms::CmsContentInfo::sign(Some(&certificate), Some(&key), None, Some(inner), flags);
    let opaque = opaque.and_then(|cms| cms.to_der()).expect("a signature");
    let message = |der: &[u8]| {
        format!(
            "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}",
            base64(der)
        )
    };
    let read = contents(message(&opaque));
    assert_eq!(leaves(&read), [("1.1", "the text", "SSN 536-22-8145\r\n")]);
    assert_eq!(read.obstacles, []);
    assert_eq!(read.structure.sealed, None);

    let flags = flags | openssl::cms::CMSOptions::DETACHED;
    let detached =
        openssl::cms::CmsContentInfo::sign(Some(&certificate), Some(&key), None, Some(inner), flags);
    let read = contents(message(
        &detached.and_then(|cms| cms.to_der()).expect("a signature"),
    ));
    assert_eq!((read.leaves.len(), read.obstacles.len()), (0, 0));
}

#[test]
fn a_forward_of_a_forward_is_read_though_the_other_parser_panics_on_it() {
    let raw = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=\"0AAa162\"\r\n\r\npre\r\n--0AAa162\r\n\
               Content-Type: message/rfc822\r\n\r\nSubject: x\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\
               Content-Type: text/plain; charset=utf-8\r\n\r\n\r\nSSN 536-22-8145 of Jane Doe\r\n\r\n--0AAa162--\r\n";
    assert!(std::panic::catch_unwind(|| mail_parser::MessageParser::default().parse(raw).is_some()).is_err());
    let contents = contents(raw);
    assert!(contents.obstacles.is_empty(), "{:?}", contents.obstacles);
    let found = contents
        .leaves
        .iter()
        .any(|leaf| leaf.bytes.windows(11).any(|part| part == b"536-22-8145"));
    assert!(found);
}
