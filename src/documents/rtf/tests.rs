//! A number in every place of RTF, and RTF that nobody should write.

use proptest::prelude::*;

use crate::documents::probe::{damage, damaged, document, finds, obstacles, tables};
use crate::message::ObstacleKind;

const HEADER: &str =
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}{\f1\fcharset204 Cyr;}{\f2\fcharset128 Ms;}}";

/// Where the number stands, and what follows the header of the document.
const PLACES: &[(&str, &str)] = &[
    ("plain", "SSN 536-22-8145}"),
    ("groups", "SSN 5{\\b 36}-{\\i\\fs20 22}-81{45}}"),
    ("words", "SSN 536\\b0 -22\\b -8145}"),
    ("line breaks", "SSN 53\r\n6-22\n-81\r45}"),
    ("hex", "SSN \\'35\\'33\\'36-\\'32\\'32-\\'38145}"),
    ("unicode", "SSN \\u53?\\u51?\\u54?-22-8145}"),
    ("uc2", "SSN \\uc2\\u53 ab\\u51\\'61\\'62\\u54xy-22-8145}"),
    ("uc0", "SSN \\uc0\\u53\\u51\\u54-22-8145}"),
    ("uc group", "SSN {\\uc0\\u53\\u51}\\u54?-22-8145}"),
    ("nb hyphen", "SSN 536\\_22\\_8145}"),
    ("soft hyphen", "SSN 5\\-36-22-81\\-45}"),
    ("nbsp", "SSN 536\\~22\\~8145}"),
    ("endash", "SSN 536\\endash 22\\endash 8145}"),
    (
        "fullwidth sjis",
        "{\\f2 SSN \\'82\\'54\\'82\\'52\\'82\\'55}-22-8145}",
    ),
    ("hidden", "{\\v SSN 536-22-8145}}"),
    ("hidden in number", "SSN 536-{\\v xx}22-8145}"),
    ("deleted", "{\\deleted SSN 536-22-8145}}"),
    ("deleted inside", "SSN 536-22-{\\deleted 99}8145}"),
    ("header", "{\\header SSN 536-22-8145}}"),
    ("footer", "{\\footerf SSN 536-22-8145}}"),
    ("footnote", "x{\\footnote SSN 536-22-8145}}"),
    ("footnote inside", "SSN 536-22-{\\footnote note}8145}"),
    ("annotation", "{\\*\\annotation SSN 536-22-8145}}"),
    ("info title", "{\\info{\\title SSN 536-22-8145}}}"),
    ("doccomm", "{\\info{\\doccomm SSN 536-22-8145}}}"),
    (
        "userprops",
        "{\\*\\userprops{\\propname SSN}\\proptype30{\\staticval 536-22-8145}}}",
    ),
    (
        "field inst",
        "{\\field{\\*\\fldinst HYPERLINK \"x?SSN 536-22-8145\"}{\\fldrslt y}}}",
    ),
    (
        "field result",
        "{\\field{\\*\\fldinst X}{\\fldrslt SSN 536-22-8145}}}",
    ),
    (
        "field in number",
        "SSN 536-{\\field{\\*\\fldinst QUOTE \"22\"}{\\fldrslt 22}}-8145}",
    ),
    (
        "shptxt",
        "{\\shp{\\*\\shpinst\\shpleft0{\\sp{\\sn x}{\\sv 1}}{\\shptxt SSN 536-22-8145\\par}}}}",
    ),
    (
        "shprslt",
        "{\\shp{\\shprslt{\\*\\do\\dptxbx{\\dptxbxtext SSN 536-22-8145}}}}}",
    ),
    (
        "wordart",
        "{\\shp{\\*\\shpinst{\\sp{\\sn gtextUNICODE}{\\sv SSN 536-22-8145}}}}}",
    ),
    ("unknown dest", "{\\*\\unknownxyz SSN 536-22-8145}}"),
    ("bookmark", "{\\*\\bkmkstart SSN 536-22-8145}}"),
    ("docvar", "{\\*\\docvar {SSN}{536-22-8145}}}"),
    ("listtext", "{\\listtext\\pard SSN 536-22-8145\\tab}x}"),
    (
        "table",
        "\\trowd\\cellx1\\cellx2\\pard\\intbl Name\\cell SSN\\cell\\row\\trowd\\cellx1\\cellx2\\pard\\intbl John Smith\\cell 536228145\\cell\\row\\pard end}",
    ),
    ("bin text", "{\\*\\foo\\bin15 SSN 536-22-8145}}"),
    ("unbalanced", "SSN 536-22-8145"),
    ("extra close", "x}}SSN 536-22-8145"),
    ("trailing", "x}\r\nSSN 536-22-8145"),
    (
        "second doc",
        "x}{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Arial;}{\\f1\\fcharset204 Cyr;}{\\f2\\fcharset128 Ms;}}SSN 536-22-8145}",
    ),
    ("upr", "{\\upr{\\title x}{\\*\\ud{\\title SSN 536-22-8145}}}}"),
    ("tabs", "SSN\\tab 536-22-8145}"),
    ("line", "SSN\\line 536-22-8145}"),
    ("pntext", "{\\pntext SSN 536-22-8145}}"),
    ("nonshppict text", "{\\nonshppict SSN 536-22-8145}}"),
    ("comment author", "{\\*\\atnauthor SSN 536-22-8145}}"),
    (
        "formfield",
        "{\\field{\\*\\fldinst FORMTEXT {\\*\\formfield{\\fftype0{\\*\\ffdeftext SSN 536-22-8145}}}}{\\fldrslt }}}",
    ),
    (
        "nested table",
        "\\trowd\\intbl\\itap2 Name\\nestcell SSN\\nestcell{\\*\\nesttableprops\\trowd\\nestrow}{\\nonesttables\\par}\\intbl\\itap2 John Smith\\nestcell 536228145\\nestcell{\\*\\nesttableprops\\trowd\\nestrow}\\cell\\row}",
    ),
];

/// The number as a person reads it: the marks between its digits vary, and so does their script.
fn reads(source: &[u8]) -> bool {
    let read = document(source);
    read.texts.iter().any(|text| {
        let digits: String = text
            .text
            .chars()
            .filter(|c| !matches!(c, '-' | '\u{ad}' | '\u{a0}' | '\u{2011}' | '\u{2013}'))
            .map(|c| match u32::from(c).checked_sub(0xff10) {
                Some(digit @ 0..10) => char::from_digit(digit, 10).unwrap(),
                _ => c,
            })
            .collect();
        digits.contains("536228145")
    })
}

#[test]
fn a_number_is_found_in_every_place() {
    for (place, source) in PLACES {
        assert!(reads(format!("{HEADER}{source}").as_bytes()), "{place}");
    }
}

#[test]
fn every_code_page_keeps_the_number() {
    for source in [
        r"{\rtf1\mac SSN 536\'d022\'d08145}",
        r"{\rtf1\pc SSN 536-22-8145}",
        r"{\rtf1\ansi\ansicpg932{\fonttbl{\f0\fcharset128 A;}}\f0 SSN \'82\'54\'82\'52\'82\'55-22-8145}",
        r"{\rtf1\ansi\ansicpg65001 SSN 536-22-8145}",
        r"{\rtf1\ansi\ansicpg99999 SSN 536-22-8145}",
        "\r\n  {\\rtf1 SSN 536-22-8145}",
        "{\\rt SSN 536-22-8145}",
    ] {
        assert!(reads(source.as_bytes()), "{source}");
    }
    assert!(finds(
        &document(br"{\rtf1\ansi{\fonttbl{\f1\fcharset204 A;}}\f1 \'c8\plain \'e9}"),
        "Иé"
    ));
}

#[test]
fn rows_and_cells_are_tables() {
    let source = format!(
        "{HEADER}{}",
        r"Intro\par\trowd\cellx1\cellx2\pard\intbl Name\cell SSN\cell\row\trowd\pard\intbl John\par Smith\cell
          \cell\row\pard end\par\trowd\pard\intbl a\cell b\cell\row}"
    );
    let read = document(source.as_bytes());
    assert_eq!(tables(&read), ["Name\tSSN\nJohn Smith\t\n", "a\tb\n"]);
}

#[test]
fn hidden_and_deleted_text_is_read_with_and_without() {
    let read = document(br"{\rtf1 SSN 536-22-{\v 99}{\deleted 7}8145}");
    assert!(finds(&read, "SSN 536-22-8145") && finds(&read, "SSN 536-22-9978145"));
}

#[test]
fn html_inside_is_read_like_html() {
    let source = br#"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p title="219-45-7788">}SSN 5{\*\htmltag84 <b>}\htmlrtf {\b \htmlrtf0 36\htmlrtf }\htmlrtf0 {\*\htmltag92 </b>}-22-8145{\*\htmltag <!-- 219-46-7788 -->}}"#;
    let read = document(source);
    assert!(finds(&read, "SSN 536-22-8145") && finds(&read, "219-45-7788") && finds(&read, "219-46-7788"));
}

#[test]
fn packages_and_pictures_are_opened() {
    let file = b"SSN 536-22-8145";
    let package = [
        &b"\x02\0list.txt\0C:\\list.txt\0\0\0\x03\0\x0c\0\0\0C:\\list.txt\0"[..],
        &(file.len() as u32).to_le_bytes(),
        file,
    ]
    .concat();
    let object = [
        &b"\x01\x05\0\0\x02\0\0\0\x08\0\0\0Package\0\0\0\0\0\0\0\0\0"[..],
        &(package.len() as u32).to_le_bytes(),
        &package,
    ]
    .concat();
    let hexadecimal: String = object.iter().map(|octet| format!("{octet:02x}")).collect();
    let wrapped = hexadecimal
        .as_bytes()
        .chunks(60)
        .map(|line| std::str::from_utf8(line).unwrap());
    let wrapped = wrapped.collect::<Vec<_>>().join("\r\n");
    for data in [hexadecimal.clone(), wrapped] {
        let source = format!(r"{{\rtf1 {{\object\objemb{{\*\objdata {data}}}}}}}");
        let read = document(source.as_bytes());
        assert!(finds(&read, "SSN 536-22-8145") && finds(&read, "list.txt"));
        assert_eq!(obstacles(&read), []);
    }
    let picture = br"{\rtf1 {\pict\pngblip 89504e470d0a1a0a0000000d49484452}{\nonshppict{\pict\wmetafile8 010009000003}}}";
    assert_eq!(obstacles(&document(picture)), [ObstacleKind::Image]);
}

#[test]
fn what_does_not_fit_is_told_and_read() {
    for source in [
        &br"{\rtf1 SSN 536-22-8145"[..],
        br"{\rtf1 x}} SSN 536-22-8145",
        br"{\rtf1 SSN 536-22-8145\bin99 x",
        br"{\rtf1 {\*\objdata\bin99999999 SSN 536-22-8145",
    ] {
        let read = document(source);
        assert!(obstacles(&read).contains(&ObstacleKind::Malformed));
        assert!(
            finds(&read, "536-22-8145"),
            "{:?}",
            String::from_utf8_lossy(source)
        );
    }
}

#[test]
fn groups_without_end_end_within_limits() {
    let deep = [
        &b"{\\rtf1 "[..],
        &b"{".repeat(1_000_000),
        b"SSN 536-22-8145",
        &b"}".repeat(1_000_001),
    ]
    .concat();
    let read = document(&deep);
    assert!(finds(&read, "536-22-8145"));
    assert_eq!(obstacles(&read), [ObstacleKind::LimitReached]);
    for bomb in [
        "{\\xe",
        "\\xe",
        "{\\pict0f}",
        "{\\*\\x y}",
        "\\cell",
        "a\\cell\\row\\pard\\par",
        "\\u1",
        "\\uc1000\\u1 x",
    ] {
        let source = format!("{{\\rtf1 {} 536-22-8145", bomb.repeat(100_000));
        document(source.as_bytes());
    }
}

proptest! {
    #[test]
    fn damaged_samples_are_read_to_the_end(damage in damage()) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/legacy/notes.rtf");
        document(&damaged(&std::fs::read(path).unwrap(), &damage));
    }

    #[test]
    fn random_words_are_read_to_the_end(words in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "\\*", "\\pict", "\\objdata", "\\u-9", "\\uc0", "\\bin3", "abc", "\\'8", "\\'e9", "\\cell", "\\row", "\\htmltag",
        "\\fromhtml1", "\\fonttbl", "\\f1", "\\fcharset128", "\\v", "\\par", "\\", "00ff", "\\trowd", "\\intbl",
    ]), 0..60)) {
        document(format!("{{\\rtf1{}", words.concat()).as_bytes());
    }

    #[test]
    fn random_octets_unpack_to_the_end(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        super::compressed::unpack(&[b"\xff\0\0\0\xff\0\0\0LZFu\0\0\0\0", &octets[..]].concat(), 10_000);
    }
}
