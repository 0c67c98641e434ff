//! Packages and XML files that are hostile or damaged, and cells as they are shown.

use proptest::prelude::*;

use super::super::zip::tests::{Maker, has, kinds, open, open_within};
use crate::message::ObstacleKind;
use crate::mime::{Limits, TextKind};

const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const SHEET: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

fn word(body: &str) -> Vec<u8> {
    let document = format!("<w:document xmlns:w=\"{WORD}\"><w:body>{body}</w:body></w:document>");
    let types = b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    Maker::default()
        .add("[Content_Types].xml", types)
        .deflated("any/name", document.as_bytes())
        .end("")
}

fn sheet(rows: &str, others: &[(&'static str, String)]) -> Vec<u8> {
    let sheet = format!(
        "<worksheet xmlns=\"{SHEET}\"><dimension ref=\"A1:XFD1048576\"/><sheetData>{rows}</sheetData></worksheet>"
    );
    let mut maker = Maker::default()
        .add("[Content_Types].xml", b"<x/>")
        .deflated("sheet1.xml", sheet.as_bytes());
    for (name, text) in others {
        maker = maker.deflated(name, text.as_bytes());
    }
    maker.end("")
}

fn tables(bytes: &[u8]) -> Vec<String> {
    let texts = open(bytes).texts.into_iter();
    texts
        .filter(|text| text.kind == TextKind::Table)
        .map(|text| text.text)
        .collect()
}

#[test]
fn parts_are_known_by_content_and_runs_have_no_gap() {
    let read = open(&word(
        "<w:p><w:r><w:t>SSN 53</w:t></w:r><w:r><w:t>6-22-8145</w:t></w:r></w:p>",
    ));
    assert!(has(&read, "SSN 536-22-8145"));
    assert_eq!(kinds(&read), []);
}

#[test]
fn strict_namespaces_and_wide_octets_are_read() {
    let body = "<w:p><w:r><w:t>SSN 536-22-81</w:t></w:r><w:r><w:t>45</w:t></w:r></w:p>";
    let strict = format!(
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"http://purl.oclc.org/ooxml/wordprocessingml/main\">{body}</w:document>"
    );
    let wide: Vec<u8> = format!("\u{feff}{strict}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [strict.as_bytes(), &wide] {
        let read = open(
            &Maker::default()
                .add("[Content_Types].xml", b"<x/>")
                .add("a.xml", bytes)
                .end(""),
        );
        assert!(has(&read, "SSN 536-22-8145"));
    }
}

#[test]
fn sheets_keep_their_columns_and_show_numbers_as_people_see_them() {
    let rows = "<row r=\"1\"><c r=\"B1\" t=\"s\"><v>0</v></c><c r=\"D1\" t=\"inlineStr\"><is><r><t>S</t></r><r><t>SN</t></r></is></c></row>\
        <row r=\"2\"><c r=\"D2\"><v>5.36228145E8</v></c></row><row r=\"3\"><c r=\"B3\" t=\"str\"><v>x</v></c><c r=\"D3\" s=\"1\"><v>53622814</v></c></row>";
    let strings =
        format!("<sst xmlns=\"{SHEET}\"><si><t>Na</t><rPh><t>reading</t></rPh><t>me</t></si></sst>");
    let styles = format!(
        "<styleSheet xmlns=\"{SHEET}\"><numFmts><numFmt numFmtId=\"164\" formatCode=\"000\\-00\\-0000\"/></numFmts>\
         <cellStyleXfs><xf numFmtId=\"164\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>"
    );
    let bytes = sheet(rows, &[("strings", strings), ("styles", styles)]);
    assert_eq!(tables(&bytes), ["Name\tSSN\n\t536228145\nx\t053-62-2814\n"]);
    assert!(has(&open(&bytes), "reading"));
}

#[test]
fn labels_behind_an_empty_row_begin_a_new_table() {
    let rows = "<row r=\"1\"><c t=\"str\"><v>Item</v></c><c t=\"str\"><v>Count</v></c></row><row r=\"2\"><c t=\"str\"><v>x</v></c><c><v>3</v></c></row>\
        <row r=\"5\"><c t=\"str\"><v>Name</v></c><c t=\"str\"><v>SSN</v></c></row><row r=\"6\"><c t=\"str\"><v>J</v></c><c><v>536228145</v></c></row>";
    assert_eq!(
        tables(&sheet(rows, &[])),
        ["Item\tCount\nx\t3\n", "Name\tSSN\nJ\t536228145\n"]
    );
}

#[test]
fn huge_claims_of_sheets_cost_nothing() {
    let rows = "<row r=\"4294967295\"><c r=\"XFD4294967295\"><v>536228145</v></c><c r=\"ZZZZ9\"><v>1</v></c></row>\
        <row r=\"99999999999999\"><c r=\"\"><v>2</v></c></row>";
    assert!(has(&open(&sheet(rows, &[])), "536228145"));
}

#[test]
fn a_string_that_is_shown_a_million_times_ends_at_the_limit() {
    let limits = Limits {
        part_size: 2 << 20,
        message_size: 16 << 20,
        ..Limits::default()
    };
    let strings = format!(
        "<sst xmlns=\"{SHEET}\"><si><t>{}</t></si></sst>",
        "x".repeat(1 << 20)
    );
    let rows = "<row><c t=\"s\"><v>0</v></c></row>".repeat(20_000);
    let read = open_within(&sheet(&rows, &[("strings", strings)]), &limits);
    let octets: usize = read.texts.iter().map(|text| text.text.len()).sum();
    assert!(octets < 8 << 20, "{octets}");
    assert!(kinds(&read).contains(&ObstacleKind::LimitReached));
}

#[test]
fn cells_far_apart_take_no_room_for_the_empty_ones() {
    let limits = Limits {
        part_size: 2 << 20,
        ..Limits::default()
    };
    let letter = |number: u32| char::from_u32(u32::from('A') + number % 26).unwrap();
    let cell = |number: u32| {
        format!(
            "<row><c r=\"{}{}{}1\"><v>7</v></c></row>",
            letter(number / 676),
            letter(number / 26),
            letter(number)
        )
    };
    let rows: String = (0..16_000).map(cell).collect();
    let read = open_within(&sheet(&rows, &[]), &limits);
    let octets: usize = read.texts.iter().map(|text| text.text.len()).sum();
    assert!(octets < 8 << 20, "{octets}");
}

#[test]
fn declared_entities_are_an_obstacle() {
    let document = format!(
        "<!DOCTYPE x [<!ENTITY a \"536-22\">]><w:document xmlns:w=\"{WORD}\"><w:t>&a;-8145</w:t></w:document>"
    );
    let read = open(
        &Maker::default()
            .add("[Content_Types].xml", document.as_bytes())
            .end(""),
    );
    assert!(kinds(&read).contains(&ObstacleKind::AmbiguousStructure));
}

#[test]
fn damaged_markup_is_told_and_read_as_far_as_it_goes() {
    for body in [
        "<w:p><w:t>536-22-8145</w:t>&nope;",
        "<w:t>536-22-8145</w:t><!-- x",
        "<w:p><w:t>536-22-8145<",
    ] {
        let read = open(&word(body));
        assert!(has(&read, "536-22-8145"), "{body}");
    }
    assert_eq!(kinds(&open(&word("<!-- x"))), [ObstacleKind::Malformed]);
}

#[test]
fn nesting_without_end_is_read() {
    for piece in [
        "<w:tbl><w:tr><w:tc>",
        "<w:txbxContent>",
        "<w:p>",
        "<w:ins>",
        "<w:del><w:r><w:rPr><w:vanish/>",
        "<x>",
    ] {
        let read = open(&word(&format!("{}<w:t>536-22-8145</w:t>", piece.repeat(50_000))));
        assert!(has(&read, "536-22-8145"), "{piece}");
    }
}

#[test]
fn workbooks_of_office_2003_are_tables() {
    let book = "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>\
        <Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">\
        <Styles><Style ss:ID=\"s1\"><NumberFormat ss:Format=\"000\\-00\\-0000\"/></Style></Styles><Worksheet ss:Name=\"A\"><Table>\
        <Row><Cell><Data ss:Type=\"String\">Name</Data></Cell><Cell ss:Index=\"4\"><Data ss:Type=\"String\">SSN</Data></Cell></Row>\
        <Row ss:Index=\"9\"><Cell><Data ss:Type=\"String\">J</Data><Comment><ss:Data>a <B>note</B></ss:Data></Comment></Cell>\
        <Cell ss:Index=\"4\" ss:StyleID=\"s1\"><Data ss:Type=\"Number\">53622814</Data></Cell></Row></Table></Worksheet></Workbook>";
    assert_eq!(tables(book.as_bytes()), ["Name\tSSN\nJ\t053-62-2814\n"]);
    assert!(has(&open(book.as_bytes()), "note"));
}

#[test]
fn files_inside_flat_documents_are_read() {
    let flat = "<pkg:package xmlns:pkg=\"http://schemas.microsoft.com/office/2006/xmlPackage\"><pkg:part><pkg:binaryData>\
        U1NOIDUzNi0yMi04MTQ1</pkg:binaryData></pkg:part></pkg:package>";
    assert!(has(&open(flat.as_bytes()), "SSN 536-22-8145"));
}

#[test]
fn files_inside_documents_are_read_by_content() {
    let inner = Maker::default().add("a.txt", b"SSN 536-22-8145").end("");
    let read = open(
        &Maker::default()
            .add("[Content_Types].xml", b"<x/>")
            .add("word/fonts/font1.odttf", &inner)
            .end(""),
    );
    assert!(has(&read, "536-22-8145"));
    let odd = [7; 300];
    let read = open(
        &Maker::default()
            .add("[Content_Types].xml", b"<x/>")
            .add("word/fonts/font1.odttf", &odd)
            .end(""),
    );
    assert_eq!(kinds(&read), [ObstacleKind::UnknownContent]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_markup_is_read(body in "(<[/]?w:(p|r|t|tbl|tr|tc|ins|del|txbxContent|rPr|vanish/|tab/|gridSpan w:val=\"[0-9]{1,9}\"/)>|536|&amp;|&x;|<!--|\\]\\]>| ){0,60}") {
        open(&word(&body));
        let sheet_like = body.replace("w:tr", "row").replace("w:tc", "c").replace("w:t", "v").replace("w:p", "is");
        open(&sheet(&sheet_like, &[]));
    }
}
