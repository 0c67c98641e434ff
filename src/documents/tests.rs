//! Leaves of every kind, and what becomes of them.

mod pages;
mod records;
mod residues;

use proptest::prelude::*;

use super::{Documents, read};
use crate::message::{ObstacleKind, Place};
use crate::mime::{Leaf, Limits, TextKind};

fn leaf(media_type: &str, file_name: Option<&str>, bytes: &[u8]) -> Leaf {
    let place = Place {
        part: "2".to_owned(),
        field: None,
        description: "attachment 2".to_owned(),
        span: (0, 0),
    };
    let file_name = file_name.map(str::to_owned);
    Leaf {
        place,
        media_type: media_type.to_owned(),
        charset: None,
        file_name,
        bytes: bytes.to_vec(),
    }
}

pub(super) fn document(media_type: &str, bytes: &[u8]) -> Documents {
    read(&[leaf(media_type, None, bytes)], &Limits::default())
}

pub(super) fn named(name: &str, bytes: &[u8]) -> Documents {
    read(
        &[leaf("application/octet-stream", Some(name), bytes)],
        &Limits::default(),
    )
}

impl Documents {
    pub(super) fn of_kind(&self, kind: TextKind) -> Vec<&str> {
        self.texts
            .iter()
            .filter(|text| text.kind == kind)
            .map(|text| text.text.as_str())
            .collect()
    }

    pub(super) fn holds(&self, needle: &str) -> bool {
        self.texts.iter().any(|text| text.text.contains(needle))
    }

    pub(super) fn obstacle_kinds(&self) -> Vec<ObstacleKind> {
        self.obstacles.iter().map(|obstacle| obstacle.kind).collect()
    }
}

fn html(source: &str) -> Documents {
    document("text/html", source.as_bytes())
}

fn shown(source: &str) -> String {
    html(source)
        .of_kind(TextKind::Body)
        .first()
        .copied()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[test]
fn text_is_read_whatever_the_label_says() {
    for label in [
        "text/plain",
        "application/octet-stream",
        "application/pdf",
        "image/png",
        "application/json",
    ] {
        let read = document(label, b"ssn = 536-22-8145; end");
        assert_eq!(read.of_kind(TextKind::Body), ["ssn = 536-22-8145; end"]);
        assert_eq!(read.obstacles, []);
    }
    let with_nul = [b"SSN 536\0-22-8145 ".as_slice(), &[b'x'; 100]].concat();
    assert!(document("text/plain", &with_nul).holds("SSN 536-22-8145"));
}

#[test]
fn text_that_begins_like_a_binary_format_is_still_text() {
    for text in [
        "PK36SCBL0000001123456702",
        "BM 536-22-8145",
        "GIF89a 536-22-8145",
        "ID3 536-22-8145",
        "BZh 536-22-8145",
    ] {
        let read = document("application/octet-stream", text.as_bytes());
        assert_eq!(
            (read.of_kind(TextKind::Body), read.obstacles.len()),
            (vec![text], 0)
        );
    }
}

#[test]
fn wide_text_is_read_by_content_and_by_label() {
    let wide: Vec<u8> = "SSN 536-22-8145"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(document("application/octet-stream", &wide).holds("SSN 536-22-8145"));
    let full: Vec<u8> = "５３６２２８１４５"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let mut labelled = leaf("text/plain", None, &full);
    labelled.charset = Some("utf-16be".to_owned());
    assert!(read(&[labelled], &Limits::default()).holds("５３６２２８１４５"));
}

#[test]
fn a_charset_that_is_not_read_is_an_obstacle() {
    let mut labelled = leaf("text/plain", None, b"\x1b$)A~{#5#3#6~}");
    labelled.charset = Some("iso-2022-cn".to_owned());
    assert_eq!(
        read(&[labelled], &Limits::default()).obstacle_kinds(),
        [ObstacleKind::Malformed]
    );
}

#[test]
fn nothing_is_nothing() {
    let read = document("application/pdf", b" \r\n");
    assert!(read.texts.is_empty() && read.obstacles.is_empty());
}

#[test]
fn formats_that_are_not_read_are_named_by_content() {
    let compound = [&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &[0; 100]].concat();
    let wide = |name: &str| {
        name.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let locked = [compound.clone(), wide("EncryptionInfo"), wide("EncryptedPackage")].concat();
    for (bytes, kind, word) in [
        (
            b"%PDF-1.7\n1 0 obj\n<<>>\nendobj".to_vec(),
            ObstacleKind::Malformed,
            "PDF",
        ),
        (b"{\\rtf1 536".to_vec(), ObstacleKind::Malformed, "RTF"),
        (compound, ObstacleKind::Malformed, "older Office"),
        (locked, ObstacleKind::EncryptedContainer, "password"),
        (zip("a.txt", 1), ObstacleKind::EncryptedContainer, "password"),
        (
            b"\x1f\x8b\x08\0\0\0\0\0\0\0".to_vec(),
            ObstacleKind::Malformed,
            "does not unpack",
        ),
        (
            b"\x78\x9f\x3e\x22\0\0\x03\0".to_vec(),
            ObstacleKind::Malformed,
            "Outlook",
        ),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0".to_vec(),
            ObstacleKind::Image,
            "picture",
        ),
        (
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01".to_vec(),
            ObstacleKind::Image,
            "picture",
        ),
        (
            b"\0\0\0\x18ftypheic\0\0\0\0".to_vec(),
            ObstacleKind::Image,
            "picture",
        ),
        (
            b"ID3\x03\0\0\0\0\0\0\0\0".to_vec(),
            ObstacleKind::AudioVideo,
            "sound",
        ),
        (
            b"\0\0\0\x18ftypmp42\0\0\0\0".to_vec(),
            ObstacleKind::AudioVideo,
            "sound",
        ),
        (
            b"\x01\x02\x03\x04\x05".to_vec(),
            ObstacleKind::UnknownContent,
            "cannot be checked",
        ),
    ] {
        let read = document("text/plain", &bytes);
        assert_eq!(read.obstacle_kinds(), [kind], "{word}");
        assert!(
            read.obstacles[0].detail.contains(word),
            "{}",
            read.obstacles[0].detail
        );
        assert_eq!(read.obstacles[0].part, "2");
    }
}

#[test]
fn what_is_legible_in_an_unknown_document_is_searched() {
    assert!(document("application/pdf", b"%PDF-1.4\n1 0 obj (SSN 536-22-8145) Tj").holds("SSN 536-22-8145"));
    assert!(document("x/y", b"\x01\x02\x03\x04SSN 536-22-8145\x05\x06\x07").holds("SSN 536-22-8145"));
}

/// An archive with one stored entry.
fn zip(name: &str, flags: u8) -> Vec<u8> {
    let length = name.len() as u8;
    let mut local = b"PK\x03\x04\x14\0".to_vec();
    local.extend([flags, 0]);
    local.extend([0; 18]);
    local.extend([length, 0, 0, 0]);
    local.extend(name.bytes());
    let start = local.len() as u8;
    let mut directory = b"PK\x01\x02\x14\0\x14\0".to_vec();
    directory.extend([flags, 0]);
    directory.extend([0; 18]);
    directory.extend([length, 0]);
    directory.extend([0; 16]);
    directory.extend(name.bytes());
    let mut end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec();
    end.extend([directory.len() as u8, 0, 0, 0, start, 0, 0, 0, 0, 0]);
    [local, directory, end].concat()
}

#[test]
fn html_shows_what_people_see() {
    assert_eq!(
        shown("<p>5<b>36</b>-<span style='color:red'>22</span>-8145</p>"),
        "536-22-8145"
    );
    assert_eq!(shown("536<!-- x -->-22<!---->-8145"), "536-22-8145");
    assert_eq!(shown("5&#51;6&#x2d;22&shy;-8145"), "536-22\u{ad}-8145");
    assert_eq!(shown("a<br>b<div>c</div>d  \r\n e"), "a\nb\nc\nd e");
    assert_eq!(
        shown("<table><tr><td>a</td><td>b</td></tr><tr><td>c<td>d</table>"),
        "a\tb\nc\td"
    );
    assert_eq!(
        shown("<span style=\"display:none\">536-22-8145</span>"),
        "536-22-8145"
    );
    assert_eq!(shown("1 < 2 <3 and 4 > 3"), "1 < 2 <3 and 4 > 3");
    assert_eq!(shown("<pre>a\n b</pre>"), "a\n b");
}

#[test]
fn html_hides_nothing_from_us() {
    for source in [
        "<!-- SSN 536-22-8145 -->",
        "<!--[if mso]><p>SSN 53<b>6</b>-22-8145</p><![endif]-->",
        "<!-- SSN 536-22-8145",
        "<script>var x = 'SSN 536-22-8145'</script>",
        "<script>SSN 536-22-8145",
        "<style>/* SSN 536-22-8145 */</style>",
        "<img alt=\"SSN 536-22-8145\">",
        "<div data-note=\"SSN 536-22-8145\">",
        "<input value=SSN&#32;536-22-8145>",
        "<a title='SSN 536-22-8145' href=x>",
        "<meta name=x content=\"SSN 536-22-8145\">",
        "<p title=\"SSN 536-22-8145",
        "<p title=\"x>SSN 536-22-8145</p>",
        "<p x=\"<b>SSN 536-22-8145</b>\">",
        "<? SSN 536-22-8145 ?>",
        "<!x SSN 536-22-8145>",
        "</p SSN 536-22-8145 and more>",
        "<iframe srcdoc=\"SSN 536-22-8145\">",
    ] {
        assert!(html(source).holds("SSN 536-22-8145"), "{source}");
    }
    assert!(html("<536-22-8145>").holds("536-22-8145"));
    assert!(html("<x 536-22-8145>").holds("536-22-8145"));
    assert!(html("<x536-22-8145>").holds("536-22-8145"));
}

#[test]
fn tables_in_html_are_tables_and_layouts_are_not() {
    let read = html(
        "<table><tr><td><table><tr><th>Name</th><th colspan=2>SSN</th><th>x</th></tr>\
         <tr><td>Jane <b>Doe</b></td><td>536-22-8145</td><td></td><td>y\r\nz</td></tr></table></td></tr></table>",
    );
    assert_eq!(
        read.of_kind(TextKind::Table),
        ["Name\tSSN\t\tx\nJane Doe\t536-22-8145\t\ty z\n"]
    );
    assert!(
        html("<table><tr><td>only</td></tr><tr><td>one column</td></tr></table>")
            .of_kind(TextKind::Table)
            .is_empty()
    );
}

#[test]
fn html_is_recognised_without_a_label_and_with_its_own_charset() {
    assert_eq!(
        document("application/octet-stream", b"<!DOCTYPE html><p>5<b>36-22-8145").of_kind(TextKind::Body),
        ["5".to_owned() + "36-22-8145", "DOCTYPE html\n".to_owned()]
    );
    assert!(html("a <b>").holds("a "));
    let page = [
        &b"<meta charset=\"shift_jis\"><p>"[..],
        &[0x82, 0x54, 0x82, 0x52, 0x82, 0x55],
        b"</p>",
    ]
    .concat();
    assert!(document("text/html", &page).holds("５３６"));
}

#[test]
fn files_inside_of_html_are_read_like_others() {
    assert_eq!(
        html("<img src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA\">").obstacle_kinds(),
        [ObstacleKind::Image]
    );
    assert!(html("<a href='DATA:text/plain;base64,U1NOIDUzNi0yMi04MTQ1'>x</a>").holds("SSN 536-22-8145"));
    assert!(html("<a href='data:,SSN%20536-22%2d8145'>x</a>").holds("SSN 536-22-8145"));
    assert_eq!(
        html("<i style=\"background:url(data:image/gif;base64,R0lGODlhAQABAIAAAAAA)\">").obstacle_kinds(),
        [ObstacleKind::Image]
    );
}

#[test]
fn separated_values_are_tables() {
    let csv = b"\xEF\xBB\xBFname,ssn\r\n\"Doe, \"\"Jane\"\"\",536-22-8145\r\n\"two\r\nlines\",x\r\n";
    assert_eq!(
        named("list.csv", csv).of_kind(TextKind::Table),
        ["name\tssn\nDoe, \"Jane\"\t536-22-8145\ntwo lines\tx\n"]
    );
    assert!(named("list.csv", csv).of_kind(TextKind::Body).is_empty());
    for source in [
        "name;ssn\na;b\nc;d",
        "name\tssn\na\tb\nc\td",
        "name|ssn\na|b\nc|d",
    ] {
        let read = named("list.txt", source.as_bytes());
        assert_eq!(read.of_kind(TextKind::Table), ["name\tssn\na\tb\nc\td"]);
        assert_eq!(read.of_kind(TextKind::Body), [source]);
    }
    assert!(
        document("text/plain", b"Dear Jane,\nthank you, John,\nbye, x")
            .of_kind(TextKind::Table)
            .is_empty()
    );
    assert_eq!(
        named("prose.csv", b"no table here\nat all")
            .of_kind(TextKind::Body)
            .len(),
        1
    );
}

#[test]
fn calendars_and_cards_are_unfolded() {
    let card = b"BEGIN:VCARD\r\nFN:Jane Doe\r\nNOTE:SSN 536-2\r\n 2-8145\\, private\r\nEND:VCARD\r\n";
    assert!(document("text/vcard", card).holds("SSN 536-22-8145, private"));
    let coded = b"BEGIN:VCARD\r\nNOTE;ENCODING=QUOTED-PRINTABLE:SSN 536=2D22=\r\n=2D8145\r\nEND:VCARD\r\n";
    assert!(document("text/x-vcard", coded).holds("SSN 536-22-8145"));
    let photo =
        b"BEGIN:VCARD\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQ\r\n ABAAD/2wBD\r\nEND:VCARD\r\n";
    assert_eq!(
        document("text/vcard", photo).obstacle_kinds(),
        [ObstacleKind::Image]
    );
    for attached in [
        "ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:U1NOIDUzNi0yMi04MTQ1",
        "ATTACH:data:text/plain;base64,U1NOIDUzNi0yMi04MTQ1",
    ] {
        let event = format!("BEGIN:VCALENDAR\r\n{attached}\r\nEND:VCALENDAR\r\n");
        assert!(document("text/calendar", event.as_bytes()).holds("SSN 536-22-8145"));
    }
    let card = document(
        "text/vcard",
        b"BEGIN:VCARD\r\nN:Doe;Jane;;;\r\nX-SSN:536228145\r\nEND:VCARD\r\n",
    );
    assert!(card.holds("Name: Jane Doe\n") && card.holds("X-SSN: 536228145"));
}

#[test]
fn encrypted_text_inside_a_text_is_an_obstacle() {
    let text = b"see\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nAAAA\r\n-----END PGP MESSAGE-----\r\n";
    assert_eq!(
        document("text/plain", text).obstacle_kinds(),
        [ObstacleKind::EncryptedContainer]
    );
    assert_eq!(
        document("text/plain", b"the line -----BEGIN PGP MESSAGE-----").obstacle_kinds(),
        []
    );
}

#[test]
fn large_hostile_pages_end() {
    for piece in [
        "<",
        "<a ",
        "<a \"",
        "<!--",
        "<!",
        "<script>",
        "</",
        "&",
        "&#",
        "<table><tr><td>",
        "<a b='",
        "<td>",
        "--",
        "'>",
        "\"a",
    ] {
        let source = piece.repeat((512 << 10) / piece.len());
        html(&format!("<html>{source}"));
        html(&format!("<html>{source}>"));
    }
    named("a.csv", "\",\n".repeat(500_000).as_bytes());
    named(
        "a.vcf",
        format!("BEGIN:VCARD\n{}", "\n ".repeat(500_000)).as_bytes(),
    );
}

proptest! {
    #[test]
    fn any_octets_are_read(bytes in prop::collection::vec(any::<u8>(), 0..1_000), label in 0..4u8) {
        let label = ["text/plain", "text/html", "text/csv", "application/octet-stream"][usize::from(label)];
        let read = document(label, &bytes);
        // A space that does not break, and a next line, are blank in every charset of one octet.
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xa0 | 0x85);
        let blank = bytes.iter().all(is_blank);
        prop_assert!(blank || !read.texts.is_empty() || !read.obstacles.is_empty() || label == "text/html");
    }

    #[test]
    fn any_page_is_read(source in "(<[/!?]?[a-zé]{0,6}|[ \"'=>&;#x0-9-]|<!--|-->|é|script|table|td){0,60}") {
        html(&source);
        document("application/octet-stream", source.as_bytes());
    }

    #[test]
    fn a_number_in_tags_is_one_number(tags in prop::collection::vec("(<b>|</b>|<span x='y'>|<!-- z -->|<font color=red>)", 10)) {
        let digits = "536-22-8145".chars();
        let source: String = digits.zip(tags.iter().cycle()).map(|(digit, tag)| format!("{digit}{tag}")).collect();
        prop_assert!(html(&source).holds("536-22-8145"));
    }
}
