//! Samples with a planted value in every place, and hostile files.

use std::fmt::Write;
use std::path::Path;

use proptest::prelude::*;

use super::super::{Documents, read};
use crate::message::{ObstacleKind, Place};
use crate::mime::{Leaf, Limits, TextKind};

fn sample(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/pdf");
    std::fs::read(folder.join(name)).unwrap()
}

fn examine(bytes: &[u8]) -> Documents {
    let place = Place {
        part: "2".to_owned(),
        field: None,
        description: "attachment 'a.pdf'".to_owned(),
        span: (0, 0),
    };
    let leaf = Leaf {
        place,
        media_type: "application/pdf".to_owned(),
        charset: None,
        file_name: None,
        bytes: bytes.to_vec(),
    };
    read(&[leaf], &Limits::default())
}

fn holds(read: &Documents, needle: &str) -> bool {
    read.texts.iter().any(|text| text.text.contains(needle))
}

fn kinds(read: &Documents) -> Vec<ObstacleKind> {
    read.obstacles.iter().map(|obstacle| obstacle.kind).collect()
}

/// A file with these objects and no table.
fn file(objects: &[&str]) -> Vec<u8> {
    let mut file = "%PDF-1.7\n".to_owned();
    for (number, object) in (1..).zip(objects) {
        write!(file, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    file.push_str("trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n");
    file.into_bytes()
}

/// A file with one page.
fn page(content: &str, resources: &str, more: &[&str]) -> Vec<u8> {
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<<{resources}>>>>"),
        format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
    ];
    objects.extend(more.iter().map(|object| (*object).to_owned()));
    file(&objects.iter().map(String::as_str).collect::<Vec<_>>())
}

const HELVETICA: &str = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>";

#[test]
fn every_planted_value_is_found() {
    let numbers = |range: std::ops::RangeInclusive<u16>| -> Vec<String> {
        range.map(|number| format!("536-22-{number:04}")).collect()
    };
    let mut plain = numbers(1001..=1025);
    plain.retain(|number| number != "536-22-1015");
    plain.push("536221015".to_owned());
    // What the program that locked them did not take over: the properties of the document.
    let locked: Vec<String> = plain.iter().skip(4).cloned().collect();
    for (name, values) in [
        ("plain.pdf", plain.clone()),
        ("owner-rc4.pdf", locked.clone()),
        ("owner-rc40.pdf", locked.clone()),
        ("owner-aes128.pdf", locked.clone()),
        ("owner-aes256.pdf", locked.clone()),
        ("owner-aes256r5.pdf", locked.clone()),
        ("attached.pdf", [locked.clone(), numbers(1201..=1211)].concat()),
        (
            "truetype.pdf",
            vec!["SSN 536-22-1101".to_owned(), "٥٣٦-٢٢-١١٠٢".to_owned()],
        ),
        ("fpdf.pdf", numbers(1111..=1112)),
        (
            "incremental.pdf",
            vec!["536-22-1301".to_owned(), "second revision".to_owned()],
        ),
        // What is copied from this font differs from what is shown: full stops for hyphens, letters for digits.
        (
            "fonts.pdf",
            vec!["536.22.1402".to_owned(), "536-22-1403".to_owned()],
        ),
        ("filters.pdf", numbers(1411..=1416)),
        ("no-xref.pdf", numbers(1421..=1421)),
        ("truncated.pdf", numbers(1421..=1421)),
        ("surrounded.pdf", numbers(1421..=1423)),
        ("hidden.pdf", numbers(1431..=1440)),
        ("object-streams.pdf", numbers(1441..=1442)),
    ] {
        let read = examine(&sample(name));
        let missing: Vec<&String> = values.iter().filter(|value| !holds(&read, value)).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

#[test]
fn samples_meet_only_the_obstacles_that_they_should() {
    for (name, expected) in [
        ("plain.pdf", vec![]),
        ("attached.pdf", vec![]),
        ("owner-aes256.pdf", vec![]),
        ("locked.pdf", vec![ObstacleKind::EncryptedContainer]),
        ("table.pdf", vec![]),
        ("truetype.pdf", vec![]),
        ("fpdf.pdf", vec![]),
        ("incremental.pdf", vec![]),
        ("fonts.pdf", vec![ObstacleKind::UnknownContent]),
        ("filters.pdf", vec![]),
        ("no-xref.pdf", vec![]),
        ("truncated.pdf", vec![ObstacleKind::Malformed]),
        ("surrounded.pdf", vec![]),
        ("hidden.pdf", vec![]),
        ("object-streams.pdf", vec![]),
    ] {
        assert_eq!(kinds(&examine(&sample(name))), expected, "{name}");
    }
}

#[test]
fn columns_become_cells_below_their_header_and_across_pages() {
    for name in ["table.pdf", "table-right.pdf"] {
        let read = examine(&sample(name));
        let tables = read.texts.iter().filter(|text| text.kind == TextKind::Table);
        let tables: Vec<&str> = tables.map(|text| text.text.as_str()).collect();
        for table in &tables {
            assert!(
                table.starts_with("Name\tSSN\tDriver license\tAccount number\tAmount\n"),
                "{name}: {table}"
            );
            assert!(
                table.contains("Jane Doe\t536222000\tS12340000\t44556677000\t0.00\n"),
                "{table}"
            );
        }
        let rows = tables.iter().map(|table| table.lines().count()).max();
        assert_eq!(
            (name, rows),
            (name, Some(if name == "table.pdf" { 91 } else { 12 }))
        );
    }
}

mod sheets;

fn texts(read: &Documents) -> String {
    let texts: Vec<&str> = read.texts.iter().map(|text| text.text.as_str()).collect();
    texts.join("\n")
}

fn with_font(content: &str) -> Documents {
    let bytes = page(content, "/Font<</F 5 0 R>>", &[HELVETICA]);
    examine(&bytes)
}

#[test]
fn a_number_that_is_placed_piece_by_piece_is_one_number() {
    let kerned = with_font("BT /F 10 Tf 72 700 Td [(536) 3 (-22) -2 (-8145)] TJ ET");
    assert!(holds(&kerned, "536-22-8145"), "{}", texts(&kerned));
    let mut glyphs = String::new();
    let mut x = 72.0;
    for glyph in "536-22-8145".chars() {
        write!(glyphs, "1 0 0 1 {x} 700 Tm ({glyph}) Tj ").unwrap();
        x += if glyph == '-' { 3.33 } else { 5.56 };
    }
    let placed = with_font(&format!("BT /F 10 Tf {glyphs} ET"));
    assert!(holds(&placed, "536-22-8145"), "{}", texts(&placed));
}

#[test]
fn columns_that_are_placed_by_coordinates_become_a_table() {
    let mut content = String::from("BT /F 10 Tf ");
    let rows = [
        ("Name", "SSN"),
        ("Mary Jones", "536228145"),
        ("John Smith", "412559921"),
        ("Ann Lee", "301447712"),
    ];
    for (row, (name, number)) in rows.iter().enumerate() {
        let y = 700 - 14 * row;
        write!(
            content,
            "1 0 0 1 72 {y} Tm ({name}) Tj 1 0 0 1 300 {y} Tm ({number}) Tj "
        )
        .unwrap();
    }
    let read = with_font(&(content + "ET"));
    let table = read.texts.iter().find(|text| text.kind == TextKind::Table);
    assert!(
        table.is_some_and(|table| table.text.contains("Mary Jones\t536228145")),
        "{}",
        texts(&read)
    );
}

#[test]
fn a_file_with_a_password_is_an_obstacle_although_it_holds_no_text() {
    let bytes = file(&["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"]);
    let locked = String::from_utf8(bytes).unwrap().replace(
        "<</Root 1 0 R>>",
        "<</Root 1 0 R/Encrypt<</Filter/Standard/V 9/R 9/O(x)/U(y)/P -4>>/ID[(a)(b)]>>",
    );
    assert!(kinds(&examine(locked.as_bytes())).contains(&ObstacleKind::EncryptedContainer));
}

#[test]
fn forms_that_draw_each_other_and_pages_that_are_their_own_parents_end() {
    let form = |other: u8| {
        format!(
            "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X {other} 0 R>>>>/Length 10>>\nstream\n/X Do /X Do\nendstream"
        )
    };
    let loops = page("/X Do", "/XObject<</X 5 0 R>>", &[&form(6), &form(5)]);
    examine(&loops);
    let tree = file(&[
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99>>",
    ]);
    examine(&tree);
    let chain = file(&["2 0 R", "1 0 R"]);
    examine(&chain);
}

#[test]
fn a_stream_that_unpacks_to_more_than_is_allowed_is_an_obstacle() {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, &vec![b' '; 8 << 20]).unwrap();
    let packed = zlib.finish().unwrap();
    let mut bytes = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n3 0 obj\n<</Type/Page/Parent 2 0 R/Contents 4 0 R>>\nendobj\n".to_vec();
    bytes.extend(
        format!(
            "4 0 obj\n<</Filter/FlateDecode/Length {}>>\nstream\n",
            packed.len()
        )
        .bytes(),
    );
    bytes.extend(&packed);
    bytes.extend(b"\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n");
    let leaf = Leaf {
        place: Place {
            part: "2".to_owned(),
            field: None,
            description: "attachment 'a.pdf'".to_owned(),
            span: (0, 0),
        },
        media_type: "application/pdf".to_owned(),
        charset: None,
        file_name: None,
        bytes,
    };
    let limits = Limits {
        part_size: 1 << 20,
        ..Limits::default()
    };
    assert!(kinds(&read(&[leaf], &limits)).contains(&ObstacleKind::LimitReached));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn damaged_samples_are_read_to_an_end(
        cut in 0usize..60_000,
        changes in proptest::collection::vec((0usize..60_000, any::<u8>()), 0..12),
    ) {
        let mut bytes = sample("plain.pdf");
        for (at, octet) in changes {
            let length = bytes.len();
            bytes[at % length] = octet;
        }
        bytes.truncate(bytes.len().saturating_sub(cut % bytes.len()).max(1));
        examine(&bytes);
    }

    #[test]
    fn any_octets_behind_a_header_are_read_to_an_end(noise: Vec<u8>) {
        let mut bytes = b"%PDF-1.4\n1 0 obj\n".to_vec();
        bytes.extend(noise);
        examine(&bytes);
    }
}
