//! The classes of ambiguity, by name: text that some reader shows is found, or an obstacle says that it may be there.

use super::{base64, contents};
use crate::message::ObstacleKind;

const SECRET: &str = "SSN 536-22-8145";

/// A class, its message, and whether readers really disagree about what they show.
fn classes() -> Vec<(&'static str, String, bool)> {
    let coded = base64(SECRET);
    let hidden = format!("Content-Transfer-Encoding: base64\r\n\r\n{coded}");
    let mixed = "Content-Type: multipart/mixed; boundary=b\r\n";
    let text = "--b\r\n\r\nhello\r\n";
    vec![
        (
            "preamble",
            format!("{mixed}\r\n{SECRET}\r\n{text}--b--\r\n"),
            false,
        ),
        (
            "epilogue",
            format!("{mixed}\r\n{text}--b--\r\n{SECRET}\r\n"),
            false,
        ),
        (
            "part after the close",
            format!("{mixed}\r\n{text}--b--\r\n--b\r\n{hidden}--b--\r\n"),
            true,
        ),
        ("no close", format!("{mixed}\r\n{text}--b\r\n{hidden}"), false),
        (
            "prefix boundary",
            format!("{mixed}\r\n{text}--bx\r\n{hidden}--b--\r\n"),
            true,
        ),
        (
            "junk behind the boundary",
            format!("{mixed}\r\n{text}--b junk\r\n{hidden}--b--\r\n"),
            true,
        ),
        (
            "boundary behind a bare CR",
            format!("{mixed}\r\n--b\r\n\r\nx\r--b\r\n{hidden}--b--\r\n"),
            true,
        ),
        (
            "boundary in the middle of a line",
            format!("{mixed}\r\n--b\r\n\r\nx --b\r\n{hidden}--b--\r\n"),
            true,
        ),
        (
            "boundary with trailing space",
            format!("{mixed}\r\n{text}--b \t\r\n{hidden}--b-- \r\n"),
            false,
        ),
        (
            "boundary given twice in one field",
            format!(
                "Content-Type: multipart/mixed; boundary=b; boundary=c\r\n\r\n{text}--c\r\n{hidden}--c--\r\n"
            ),
            true,
        ),
        (
            "Content-Type given twice, two boundaries",
            format!("{mixed}Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n{hidden}--c--\r\n"),
            true,
        ),
        (
            "Content-Type given twice, text and multipart",
            format!("Content-Type: text/plain\r\n{mixed}\r\n{text}--b\r\n{hidden}--b--\r\n"),
            true,
        ),
        (
            "boundary in an unended quote",
            format!(
                "Content-Type: multipart/mixed; name=\"x; boundary=b\r\n\r\n{text}--b\r\n{hidden}--b--\r\n"
            ),
            false,
        ),
        (
            "boundary in RFC 2231",
            format!(
                "Content-Type: multipart/mixed; boundary*0*=us-ascii''%62; boundary*1=c\r\n\r\n--bc\r\n{hidden}--bc--\r\n"
            ),
            false,
        ),
        (
            "boundary in an encoded word",
            format!(
                "Content-Type: multipart/mixed; boundary=\"=?utf-8?Q?bc?=\"\r\n\r\n--bc\r\n{hidden}--bc--\r\n"
            ),
            false,
        ),
        (
            "multipart behind a comment",
            format!("Content-Type: multi(x)part/mixed; boundary=b\r\n\r\n{text}--b\r\n{hidden}--b--\r\n"),
            true,
        ),
        (
            "multipart without boundary",
            format!("Content-Type: multipart/mixed\r\n\r\n{text}--b\r\n{hidden}--b--\r\n"),
            true,
        ),
        (
            "boundary that does not occur",
            format!("Content-Type: multipart/mixed; boundary=zzz\r\n\r\n{text}--b\r\n{hidden}--b--\r\n"),
            true,
        ),
        (
            "encoding given twice",
            format!("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}"),
            true,
        ),
        (
            "encoding misspelled",
            format!("Content-Transfer-Encoding: base-64\r\n\r\n{coded}"),
            true,
        ),
        (
            "encoding with a comment",
            format!("Content-Transfer-Encoding: (x) \"BASE64\" ;\r\n\r\n{coded}"),
            false,
        ),
        (
            "encoding in an encoded word",
            format!("Content-Transfer-Encoding: =?utf-8?Q?base64?=\r\n\r\n{coded}"),
            false,
        ),
        (
            "encoding behind a space",
            format!("Content-Transfer-Encoding : base64\r\n\r\n{coded}"),
            true,
        ),
        (
            "text behind base64",
            format!(
                "Content-Transfer-Encoding: base64\r\n\r\n{}{SECRET}\r\n",
                base64("hello")
            ),
            true,
        ),
        (
            "text that is not base64",
            format!("Content-Transfer-Encoding: base64\r\n\r\nmy {SECRET}\r\n"),
            true,
        ),
        (
            "base64 with noise",
            format!(
                "Content-Transfer-Encoding: base64\r\n\r\n{}",
                coded.replace('I', "!I.")
            ),
            true,
        ),
        (
            "multipart in base64",
            format!(
                "{mixed}Content-Transfer-Encoding: base64\r\n\r\n{}",
                base64(format!("{text}--b\r\n{hidden}--b--\r\n"))
            ),
            false,
        ),
        (
            "header field in base64",
            format!("Subject: =?utf-8?B?{}?=\r\n\r\nx", coded.trim()),
            false,
        ),
        (
            "header field in two words",
            "Subject: =?utf-8?B?U1NOIDUz?=\r\n =?utf-8?B?Ni0yMi04MTQ1?=\r\n\r\nx".to_owned(),
            false,
        ),
        (
            "a charset that is a trap",
            format!("Subject: =?utf-16?Q?{}?=\r\n\r\nx", SECRET.replace(' ', "_")),
            false,
        ),
        (
            "line in the header that is no field",
            format!("Subject: x\r\n{SECRET}\r\n\r\nx"),
            true,
        ),
        (
            "white space that may end the header",
            format!("Subject: x\r\n \r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}"),
            true,
        ),
        (
            "header with bare CR",
            format!("Subject: x\rContent-Transfer-Encoding: base64\r\n\r\n{coded}"),
            true,
        ),
        (
            "lines that end in CR CR LF",
            format!("Subject: x\r\r\nContent-Transfer-Encoding: base64\r\r\n\r\n{coded}"),
            true,
        ),
        (
            "flowed lines",
            "Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nSSN 536- \r\n22-8145\r\n".to_owned(),
            false,
        ),
        (
            "external body",
            format!("Content-Type: message/external-body; access-type=URL\r\n\r\n{SECRET}\r\n"),
            false,
        ),
        (
            "name of a header field",
            "SSN 536-22-8145: x\r\n\r\nx".to_owned(),
            true,
        ),
    ]
}

#[test]
fn text_that_some_reader_shows_is_found_in_every_class() {
    for (name, message, _) in classes() {
        let read = contents(&message);
        let needle = if name == "a charset that is a trap" {
            "536-22-8145"
        } else {
            SECRET
        };
        assert!(read.holds(needle), "{name}: {:?}", read.obstacles);
    }
}

#[test]
fn readings_that_disagree_are_called_ambiguous_and_no_others() {
    for (name, message, disagree) in classes() {
        let read = contents(&message);
        assert_eq!(
            read.has(ObstacleKind::AmbiguousStructure),
            disagree,
            "{name}: {:?}",
            read.obstacles
        );
    }
}

#[test]
fn a_returned_message_that_was_cut_off_is_ordinary() {
    let cut = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n";
    let whole = "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: ";
    for kind in ["text/rfc822-headers", "message/rfc822"] {
        for text in ["", "This is a multi-part message in MIME format.\r\n"] {
            let message = format!("{whole}{kind}\r\n\r\n{cut}{text}\r\n--b--\r\n");
            assert_eq!(contents(&message).obstacles, [], "{kind}");
        }
    }
}

#[test]
fn a_text_that_only_the_other_parser_sees_is_read() {
    // mail-parser takes a boundary in the middle of a line for one; our own reading does not.
    let wide: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let shifted = format!("+{}-", base64(&wide).trim_end().trim_end_matches('='));
    let labels = "Content-Type: text/plain; charset=utf-7\r\nContent-Transfer-Encoding: base64";
    let hidden = format!("{labels}\r\n\r\n{}", base64(shifted.as_bytes()));
    let read = contents(format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx --b\r\n{hidden}--b--\r\n"
    ));
    let others = read
        .leaves
        .iter()
        .filter(|leaf| leaf.place.description == "text that other mail readers show");
    assert!(others.count() > 0 && read.holds(SECRET));
}

#[test]
fn content_that_is_kept_elsewhere_is_an_obstacle() {
    let read = contents(
        "Content-Type: message/external-body; access-type=URL\r\n\r\nContent-Type: image/png\r\n\r\n",
    );
    assert!(read.has(ObstacleKind::UnknownContent));
}

#[test]
fn a_nested_boundary_that_extends_the_outer_one_is_ordinary() {
    let message = "Content-Type: multipart/mixed; boundary=abc\r\n\r\n--abc\r\n\
        Content-Type: multipart/alternative; boundary=abcd\r\n\r\n--abcd\r\n\r\none\r\n--abcd--\r\n--abc--\r\n";
    assert_eq!(contents(message).obstacles, []);
    assert_eq!(contents(message).leaves.len(), 1);
    let planted = message.replace("multipart/alternative", "text/plain");
    assert!(
        contents(&planted).has(ObstacleKind::AmbiguousStructure),
        "a boundary that is only mentioned"
    );
}
