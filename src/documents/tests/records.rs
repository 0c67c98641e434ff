//! Tables and records: nothing of the source is lost, and labels stand with their values.

use proptest::prelude::*;

use super::{document, named};
use crate::mime::TextKind;

#[test]
fn json_keeps_labels_with_values_and_makes_tables_of_arrays() {
    let read = document(
        "application/json",
        br#"{"staff":[{"name":"Jane Doe","ssn":"\u0035362\u00328145"},{"name":"John Roe","ssn":412559921}],"ok":true}"#,
    );
    assert!(read.holds("name: Jane Doe\nssn: 536228145\n"));
    assert_eq!(
        read.of_kind(TextKind::Table),
        ["name\tssn\nJane Doe\t536228145\nJohn Roe\t412559921\n"]
    );
    assert_eq!(read.obstacles, []);
}

#[test]
fn a_label_that_says_nothing_gets_the_one_around_it() {
    let read = document(
        "application/json",
        br#"{"creditCard":{"number":"4539148803436467"},"licenses":[{"number":"S12345678"}]}"#,
    );
    assert!(read.holds("creditCard number: 4539148803436467"));
    assert!(read.holds("license number: S12345678"));
    for form in [
        &br#"[{"name":"SSN","value":"536228145"}]"#[..],
        br#"{"fields":[{"label":"SSN","value":"536228145"}]}"#,
        b"<fields><field><name>SSN</name><value>536228145</value></field></fields>",
    ] {
        assert!(document("text/plain", form).holds("SSN: 536228145"));
    }
    let list =
        br#"[{"Employee Name":"Jane Doe","Routing Number":"011000015","Account Number":"4830127755"}]"#;
    assert!(!document("text/plain", list).holds("Jane Doe: 011000015"));
}

#[test]
fn json_that_ends_early_and_lines_of_json_are_read() {
    let cut = br#"[{"name":"Jane Doe","ssn":"536228145"},{"name":"Jo"#;
    let read = document("application/json", cut);
    assert!(read.holds("ssn: 536228145") && read.holds("\"Jo"));
    let lines = b"{\"name\":\"Jane\",\"ssn\":536228145}\n{\"name\":\"John\",\"ssn\":412559921}\n";
    assert_eq!(
        document("text/plain", lines).of_kind(TextKind::Table),
        ["name\tssn\nJane\t536228145\nJohn\t412559921\n"]
    );
    assert_eq!(
        document("text/plain", b"[External] see below").of_kind(TextKind::Body),
        ["[External] see below"]
    );
}

#[test]
fn xml_names_values_by_elements_and_attributes() {
    for (source, line) in [
        ("<a><ssn>5&#51;6<![CDATA[228]]>145</ssn></a>", "ssn: 536228145"),
        ("<a><n:SSN>536228145</n:SSN></a>", "SSN: 536228145"),
        ("<a><field name='SSN'>536228145</field></a>", "SSN: 536228145"),
        ("<person ssn=\"536228145\"/>", "person ssn: 536228145"),
        ("<a><!-- SSN 536228145 --></a>", "SSN 536228145"),
        (
            "<svg><text>SSN 536-<tspan>22</tspan>-8145</text></svg>",
            "SSN 536-22-8145",
        ),
        (
            "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x \"SSN 536228145\">]><a>&x;</a>",
            "SSN 536228145",
        ),
        ("<a><b>SSN 536228145</c></a>", "SSN 536228145"),
        (
            "<!DOCTYPE a [<!ENTITY x '536-22-'><!ENTITY y '8145'>]><a><ssn>&x;&y;</ssn></a>",
            "ssn: 536-22-8145",
        ),
        ("<?xml version='1.0'?><a><b>SSN 536228145", "SSN 536228145"),
        ("<a></a 536-22-8145></a>", "536-22-8145"),
    ] {
        assert!(document("text/xml", source.as_bytes()).holds(line), "{source}");
        // However much stands before.
        let late = format!("<!--{}-->{source}", " ".repeat(100_000));
        assert!(
            source.starts_with("<?") || document("text/xml", late.as_bytes()).holds(line),
            "{source}"
        );
    }
    let rows =
        "<l><p><name>Jane</name><ssn>536228145</ssn></p><p><name>John</name><ssn>412559921</ssn></p></l>";
    assert_eq!(
        document("text/xml", rows.as_bytes()).of_kind(TextKind::Table),
        ["name\tssn\nJane\t536228145\nJohn\t412559921\n"]
    );
}

#[test]
fn rows_written_as_sql_are_tables() {
    for source in [
        "INSERT INTO staff (name, ssn) VALUES ('O''Neil', '536228145'), ('Roe', 412559921);",
        "CREATE TABLE `staff` (\n `name` varchar(9),\n `ssn` char(9),\n PRIMARY KEY (`ssn`)\n);\n\
         insert into `staff` values ('O\\'Neil','536228145'),('Roe',412559921);",
        "COPY public.staff (name, ssn) FROM stdin;\nO'Neil\t536228145\nRoe\t412559921\n\\.\n",
    ] {
        assert_eq!(
            document("text/plain", source.as_bytes()).of_kind(TextKind::Table),
            ["name\tssn\nO'Neil\t536228145\nRoe\t412559921\n"],
            "{source}"
        );
    }
}

#[test]
fn hostile_records_end() {
    for piece in [
        "{\"a\":",
        "[",
        "{\"a\":1,",
        "{\"a\":1,\"a\":2},",
        "\"",
        "{\"\\u",
        "<a>",
        "<a b='",
        "<!--",
        "<![CDATA[",
        "<!a[>",
        "<a ",
        "<a></b>",
        "<a b=\"c\"/>",
        "<?",
        "INSERT INTO a (",
        "INSERT INTO a VALUES (",
        "COPY a (b) ",
        "CREATE TABLE a(",
        "INSERT INTO a VALUES ('",
        "&#5",
        "%35",
        "=35=",
        "\\u0035",
        "begin 644 a\n#",
    ] {
        for start in ["", "{\"a\":[", "<?xml?><a>"] {
            let source = format!("{start}{}", piece.repeat((64 << 10) / piece.len()));
            document("text/plain", source.as_bytes());
        }
    }
}

fn squeezed(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_cell_of_a_table_is_lost(
        cells in prop::collection::vec(prop::collection::vec("[a-z0-9,;|\" \n\t<&é-]{0,12}", 3), 2..6),
        separator in 0..4usize,
    ) {
        let separator = [",", ";", "|", "\t"][separator];
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let row = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(separator);
        let csv: String = cells.iter().map(|cells| row(cells) + "\r\n").collect();
        let escaped = |cell: &String| cell.replace('&', "&amp;").replace('<', "&lt;");
        let html = |row: &Vec<String>| {
            row.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect::<String>()
        };
        let html: String = cells.iter().map(|row| format!("<tr>{}</tr>", html(row))).collect();
        let xml = |row: &Vec<String>| {
            row.iter().enumerate().map(|(at, cell)| format!("<c{at}>{}</c{at}>", escaped(cell))).collect::<String>()
        };
        let xml: String = cells.iter().map(|row| format!("<r>{}</r>", xml(row))).collect();
        let json: Vec<_> = cells.iter().map(|row| serde_json::json!({"a": row[0], "b": row[1], "c": row[2]})).collect();
        let reads = [
            ("csv", named("list.csv", csv.as_bytes())),
            ("html", document("text/html", format!("<table>{html}</table>").as_bytes())),
            ("xml", document("text/xml", format!("<t>{xml}</t>").as_bytes())),
            ("json", document("text/plain", serde_json::to_string(&json).unwrap().as_bytes())),
        ];
        for (form, read) in reads {
            let all: Vec<String> = read.texts.iter().map(|text| squeezed(&text.text)).collect();
            for cell in cells.iter().flatten().map(|cell| squeezed(cell)) {
                prop_assert!(all.iter().any(|text| text.contains(&cell)), "{form}: {cell:?} of {all:?}");
            }
        }
    }

    #[test]
    fn any_octets_that_look_like_records_are_read(
        start in "(\\{\"a\":|<\\?xml\\?><a>|INSERT INTO a \\(b, c\\) VALUES \\(|BEGIN:VCARD\n|\\[)",
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let source = [start.as_bytes(), &bytes].concat();
        document("text/plain", &source);
        document("application/octet-stream", &source);
    }
}

#[test]
fn json_finds_the_labels_of_rows_that_stand_apart() {
    let rows = "name\tssn\nJane Doe\t536228145\nJohn Roe\t412559921\n";
    for source in [
        r#"{"columns":["name","ssn"],"index":[0,1,2],"data":[["Jane Doe",536228145],["John Roe","412559921"]]}"#,
        r#"{"rows":[["Jane Doe","536228145"],["John Roe","412559921"]],"header":["name","ssn"]}"#,
        r#"[["name","ssn"],["Jane Doe","536228145"],["John Roe","412559921"]]"#,
        r#"{"schema":{"fields":[{"name":"name","type":"S"},{"name":"ssn","type":"S"}]},
            "rows":[{"f":[{"v":"Jane Doe"},{"v":"536228145"}]},{"f":[{"v":"John Roe"},{"v":"412559921"}]}]}"#,
    ] {
        let read = document("application/json", source.as_bytes());
        assert!(read.of_kind(TextKind::Table).contains(&rows), "{source}");
    }
    let columns = br#"{"name":{"0":"Jane Doe"},"ssn":{"0":"536228145"}}"#;
    assert!(document("application/json", columns).holds("ssn: 536228145"));
}

#[test]
fn notebooks_and_trees_of_words_are_read_as_the_text_they_show() {
    let notebook = br#"{"cells":[{"source":["| Name | SSN |\n","|---|---|\n","| Jane Doe | 536228145 |"]},
        {"outputs":[{"data":{"text/html":["<table>\n","<tr><th>Name</th><th>SSN</th></tr>\n","<tr><td>Jane Doe</td><td>412559921</td></tr></table>"]}}]}]}"#;
    let read = document("application/octet-stream", notebook);
    assert!(read.holds("| Name | SSN |\n|---|---|\n| Jane Doe | 536228145 |"));
    assert!(
        read.of_kind(TextKind::Table)
            .contains(&"Name\tSSN\nJane Doe\t412559921\n")
    );
    let words = br#"{"blocks":[{"t":"Para","c":[{"t":"Str","c":"SSN:"},{"t":"Space"},{"t":"Str","c":"536-22-8145"}]}]}"#;
    assert!(document("application/json", words).holds("SSN: 536-22-8145\n"));
}

#[test]
fn entries_of_a_directory_are_unfolded_and_decoded() {
    let entries = b"# export\ndn: cn=Jane Doe,dc=example\ncn: Jane\n  Doe\nssn:: NTM2LTIyLTgx\n NDU=\ncard: 4539148\n 803436467\n";
    let read = document("application/octet-stream", entries);
    assert!(read.holds("cn: Jane Doe\nssn: 536-22-8145\ncard: 4539148803436467\n"));
}
