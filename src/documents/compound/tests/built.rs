//! Files built by hand: old versions, encryption, objects in objects.

use std::io::Write;

use super::{atom, compound, record, wide};
use crate::documents::probe::{document, finds, obstacles, tables};
use crate::message::ObstacleKind;

const SSN: &str = "536-22-8145";

/// A string of Excel 97: length, flags, characters.
fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_le_bytes()[..], &[0], text.as_bytes()].concat()
}

fn workbook(records: &[Vec<u8>]) -> Vec<u8> {
    let globals = record(0x809, &[0, 6, 5, 0, 0, 0, 0, 0]);
    compound(&[("Workbook", &[globals, records.concat(), record(10, &[])].concat())])
}

/// Row, column and format of a cell.
fn cell(row: u16, column: u16, format: u16, value: &[u8]) -> Vec<u8> {
    [
        &row.to_le_bytes()[..],
        &column.to_le_bytes(),
        &format.to_le_bytes(),
        value,
    ]
    .concat()
}

#[test]
fn shared_strings_go_on_in_narrow_and_wide_continuations() {
    // "SSN 536-22-8145 Ω": narrow characters, then wide ones in the next record; then a rich one with runs and with
    // how it is spoken.
    let spoken = [&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0][..], &wide("abc")].concat();
    let first = [&[2, 0, 0, 0, 2, 0, 0, 0][..], &[17, 0, 0], b"SSN 536-"].concat();
    let second = [
        &[1][..],
        &wide("22-8145 Ω"),
        &[5, 0, 8 | 4, 1, 0],
        &(spoken.len() as u32).to_le_bytes(),
        b"Smith",
        &[0; 4],
        &spoken,
    ]
    .concat();
    let book = workbook(&[
        record(0xfc, &first),
        record(0x3c, &second),
        record(0xfd, &cell(0, 0, 0, &[0, 0, 0, 0])),
        record(0xfd, &cell(0, 1, 0, &[1, 0, 0, 0])),
    ]);
    let read = document(&book);
    assert_eq!(tables(&read), ["SSN 536-22-8145 Ω\tSmith (abc)\n"]);
    assert_eq!(obstacles(&read), []);
}

#[test]
fn strings_that_no_cell_shows_are_read_too() {
    let strings = [&[1, 0, 0, 0, 1, 0, 0, 0][..], &string(SSN)].concat();
    assert!(finds(&document(&workbook(&[record(0xfc, &strings)])), SSN));
}

#[test]
fn every_kind_of_number_is_a_cell() {
    let integer = ((536_228_145_u32) << 2) | 2;
    let read = document(&workbook(&[
        record(0x203, &cell(0, 0, 0, &536_228_145_f64.to_le_bytes())),
        record(0x27e, &cell(0, 1, 0, &integer.to_le_bytes())),
        record(
            0xbd,
            &[
                &cell(0, 2, 0, &integer.to_le_bytes())[..],
                &[0, 0],
                &integer.to_le_bytes(),
                &[3, 0],
            ]
            .concat(),
        ),
        record(
            0x06,
            &cell(1, 0, 0, &[&536_228_146_f64.to_le_bytes()[..], &[0; 8]].concat()),
        ),
        record(
            0x06,
            &cell(1, 1, 0, &[&[0, 0, 0, 0, 0, 0, 0xff, 0xff][..], &[0; 8]].concat()),
        ),
        record(0x207, &string(SSN)),
    ]));
    let row = ["536228145"; 4].join("\t");
    assert_eq!(tables(&read), [format!("{row}\n536228146\t{SSN}\n")]);
}

#[test]
fn workbooks_of_excel_95_are_read_by_their_code_page() {
    let globals = record(0x809, &[0, 5, 5, 0, 0, 0, 0, 0]);
    let label = [&[15, 0][..], b"Grund \xc4 536\x9622"].concat();
    let stream = [
        globals.clone(),
        record(0x42, &[0xe4, 4]),
        record(0x85, &[0xff, 0xff, 0, 0, 0, 0, 4, b'S', b'S', b'N', b's']),
        record(10, &[]),
        globals,
        record(0x204, &cell(0, 0, 0, &label)),
        record(0x203, &cell(0, 1, 0, &536_228_145_f64.to_le_bytes())),
        record(0x14, b"\x0f&CSSN 219-45-7788"),
        record(10, &[]),
    ]
    .concat();
    for bytes in [compound(&[("Book", &stream)]), stream] {
        let read = document(&bytes);
        assert_eq!(tables(&read), ["Grund Ä 536\u{2013}22\t536228145\n"]);
        assert!(finds(&read, "\nSSN 219-45-7788") && finds(&read, "SSNs"));
        assert_eq!(obstacles(&read), []);
    }
}

#[test]
fn documents_with_a_password_are_encrypted_containers() {
    let mut word = vec![0; 900];
    word[..4].copy_from_slice(&[0xec, 0xa5, 0xc1, 0]);
    word[11] = 1;
    let user = [&[0; 12][..], &[0xdf, 0xc4, 0xd1, 0xf3]].concat();
    for file in [
        compound(&[("WordDocument", &word)]),
        workbook(&[record(0x2f, &[1, 0, 1, 0])]),
        compound(&[("PowerPoint Document", &[]), ("Current User", &user)]),
        compound(&[("PowerPoint Document", &atom(0, 0x2f14, &[0; 20]))]),
        compound(&[("EncryptionInfo", b"4"), ("EncryptedPackage", b"x")]),
    ] {
        assert_eq!(obstacles(&document(&file)), [ObstacleKind::EncryptedContainer]);
    }
}

#[test]
fn old_word_documents_are_read() {
    let text = b"Name\x07SSN\x07\x07Jane Doe\x07536228145\x07\x07\rSSN 536-\x1322\x1422\x15-8145 \x93x\x94\r";
    let mut word = vec![0; 0x300];
    word[..4].copy_from_slice(&[0xdc, 0xa5, 0x65, 0]);
    word[0x18..0x1c].copy_from_slice(&0x300_u32.to_le_bytes());
    word[0x1c..0x20].copy_from_slice(&(0x300 + text.len() as u32).to_le_bytes());
    word.extend_from_slice(text);
    word.extend_from_slice(b"saved fast: SSN 219-45-7788");
    let read = document(&compound(&[("WordDocument", &word)]));
    assert_eq!(tables(&read), ["Name\tSSN\nJane Doe\t536228145\n"]);
    assert!(finds(&read, "SSN 536-22-8145 \u{201c}x\u{201d}") && finds(&read, "219-45-7788"));
    assert_eq!(obstacles(&read), []);
}

#[test]
fn files_in_packages_and_objects_are_opened() {
    let file = b"SSN 536-22-8145";
    let package = [
        &b"\x02\0list.txt\0C:\\list.txt\0\0\0\x03\0\x0c\0\0\0C:\\list.txt\0"[..],
        &(file.len() as u32).to_le_bytes(),
        file,
    ]
    .concat();
    let native = [&(package.len() as u32).to_le_bytes()[..], &package].concat();
    let inner = compound(&[("ObjectPool/_1/\u{1}Ole10Native", &native), ("Book", b"")]);
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&inner).unwrap();
    let packed = packed.finish().unwrap();
    // PowerPoint leaves out the checksum at the end.
    let object = [
        &(inner.len() as u32).to_le_bytes()[..],
        &packed[..packed.len() - 4],
    ]
    .concat();
    let slides = compound(&[("PowerPoint Document", &atom(0x10, 0x1011, &object))]);
    for file in [inner, slides, compound(&[("Book", b""), ("MBD1/Package", file)])] {
        let read = document(&file);
        assert!(finds(&read, SSN));
        assert_eq!(obstacles(&read), [], "{:?}", read.obstacles);
    }
}

#[test]
fn an_object_that_nobody_can_read_is_an_obstacle() {
    let file = compound(&[("Book", b""), ("MBD1/CONTENTS", &[1, 2, 3, 4, 5, 6, 7, 8])]);
    assert_eq!(obstacles(&document(&file)), [ObstacleKind::UnknownContent]);
}

#[test]
fn files_of_unknown_kind_are_named_and_their_runs_searched() {
    for (name, word) in [
        ("VisioDocument", "Visio"),
        ("Quill/x", "Publisher"),
        ("Strange", "unknown kind"),
    ] {
        let read = document(&compound(&[(name, SSN.as_bytes())]));
        assert_eq!(obstacles(&read), [ObstacleKind::UnknownContent]);
        assert!(
            read.obstacles[0].detail.contains(word),
            "{}",
            read.obstacles[0].detail
        );
        assert!(finds(&read, SSN));
    }
}

#[test]
fn macros_are_unpacked() {
    // [MS-OVBA] §3.2.2: one packed chunk; the number repeats "SSN 536-22-8145 " by reference.
    let mut chunk = vec![0];
    chunk.extend_from_slice(b"Attribut");
    chunk.extend_from_slice(b"\0e VB_Nam");
    chunk.extend_from_slice(b"\0\r\n'536-2");
    chunk.extend_from_slice(b"\0\x32-8145\r\n");
    let header = 0xb000_u16 | (chunk.len() as u16 - 1);
    let module = [&[9, 9, 1][..], &header.to_le_bytes(), &chunk].concat();
    let file = compound(&[("Macros/VBA/Module1", &module), ("Book", b"")]);
    assert!(finds(&document(&file), "Attribute VB_Nam\r\n'536-22-8145"));
}

#[test]
fn text_of_slides_is_read_in_both_widths_and_tables_by_their_anchors() {
    let anchor = |top: i32, left: i32| {
        let sides: Vec<u8> = [left, top, left + 9, top + 9]
            .into_iter()
            .flat_map(i32::to_le_bytes)
            .collect();
        atom(0, 0xf00f, &sides)
    };
    let cell = |top, left, text: &str| [anchor(top, left), atom(0, 0xfa8, text.as_bytes())].concat();
    let stream = [
        atom(0, 0xfa0, &wide("Ω SSN 219-45-7788\u{b}x")),
        atom(0, 0xfba, &wide("comment SSN 219-46-7788")),
        cell(0, 0, "Name"),
        cell(0, 50, "SSN"),
        cell(20, 0, "Jane\rDoe"),
        cell(20, 50, "536228145"),
    ]
    .concat();
    let read = document(&compound(&[("PowerPoint Document", &stream)]));
    assert!(finds(&read, "Ω SSN 219-45-7788\nx") && finds(&read, "219-46-7788"));
    assert_eq!(tables(&read), ["\nName\tSSN\nJane Doe\t536228145"]);
}
