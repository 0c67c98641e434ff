//! Compound files whose tables lie.

use proptest::prelude::*;

use super::{compound, record, wide};
use crate::documents::probe::{damage, damaged, document, finds, obstacles};
use crate::message::ObstacleKind;

/// A workbook of several sectors, with its SSN in the last one.
fn large() -> Vec<u8> {
    let filler = record(0x5555, &[b'x'; 6000]);
    let note = record(0x5555, b"SSN 536-22-8145");
    compound(&[("Workbook", &[filler, note].concat()), ("small", b"y")])
}

fn put(bytes: &mut [u8], at: usize, number: u32) {
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
}

/// Where a sector begins; the first table of followers is named at octet 76.
fn sector(bytes: &[u8], number_at: usize) -> usize {
    let number = u32::from_le_bytes(bytes[number_at..number_at + 4].try_into().unwrap());
    (number as usize + 1) << bytes[30]
}

#[test]
fn chains_in_circles_end() {
    let whole = large();
    let table = sector(&whole, 76);
    for entry in 0..20 {
        let mut bytes = whole.clone();
        put(&mut bytes, table + entry * 4, entry as u32);
        document(&bytes);
        put(&mut bytes, table + entry * 4, 0);
        document(&bytes);
    }
    for (at, value) in [
        (68, 0),
        (72, u32::MAX),
        (44, u32::MAX),
        (48, 0),
        (60, 0),
        (76, 1),
        (80, 0),
    ] {
        let mut bytes = whole.clone();
        put(&mut bytes, at, value);
        let read = document(&bytes);
        assert!(finds(&read, "536-22-8145"), "octet {at}");
    }
}

#[test]
fn sizes_beyond_the_file_are_cut_and_told() {
    let mut bytes = large();
    let directory = sector(&bytes, 48);
    for entry in 1..4 {
        put(&mut bytes, directory + entry * 128 + 120, u32::MAX);
    }
    let read = document(&bytes);
    assert!(finds(&read, "536-22-8145"));
    assert!(obstacles(&read).contains(&ObstacleKind::Malformed));
}

#[test]
fn streams_that_the_directory_does_not_link_are_read() {
    let mut bytes = large();
    let directory = sector(&bytes, 48);
    // The root has no child any more.
    put(&mut bytes, directory + 76, u32::MAX);
    assert!(finds(&document(&bytes), "536-22-8145"));
}

#[test]
fn sectors_that_belong_to_nothing_are_searched() {
    let whole = large();
    let mut bytes = whole.clone();
    bytes.extend_from_slice(&[0; 512]);
    bytes.extend_from_slice(b"left over: SSN 219-45-7788");
    assert!(finds(&document(&bytes), "219-45-7788"));
}

#[test]
fn a_cell_far_to_the_right_in_every_row_ends_within_limits() {
    let mut stream = Vec::new();
    for row in 0..65_535_u16 {
        let cell = [&row.to_le_bytes()[..], &[255, 255, 0, 0], &[0; 8]].concat();
        stream.extend(record(0x203, &cell));
    }
    let read = document(&compound(&[("Workbook", &stream)]));
    let length: usize = read.texts.iter().map(|text| text.text.len()).sum();
    assert!(length < 64 << 20, "{length}");
}

#[test]
fn a_long_string_in_many_cells_ends_within_limits() {
    let string = [&[1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0x7f, 0][..], &[b'x'; 8000]].concat();
    let mut stream = record(0xfc, &string);
    for row in 0..12_000_u16 {
        stream.extend(record(0xfd, &[&row.to_le_bytes()[..], &[0; 8]].concat()));
    }
    let read = document(&compound(&[("Workbook", &stream)]));
    assert_eq!(obstacles(&read), [ObstacleKind::LimitReached]);
}

#[test]
fn pieces_that_all_name_one_text_end_within_limits() {
    let mut word = vec![b'x'; 100_000];
    word[..12].copy_from_slice(&[0xec, 0xa5, 0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    put(&mut word, 0x1a2, 0);
    put(&mut word, 0x1a6, u32::MAX);
    let pieces = 5_000_u32;
    let mut table = vec![2];
    table.extend((4 + pieces * 12).to_le_bytes());
    table.extend((0..=pieces).flat_map(|piece| (piece * 90_000).to_le_bytes()));
    for _ in 0..pieces {
        table.extend([0, 0, 0, 4, 0, 0x40, 0, 0]);
    }
    let read = document(&compound(&[("WordDocument", &word), ("0Table", &table)]));
    assert!(obstacles(&read).contains(&ObstacleKind::LimitReached));
}

#[test]
fn storages_in_storages_do_not_recur() {
    let mut path = String::new();
    for _ in 0..200 {
        path.push_str("a/");
    }
    path.push_str("__substg1.0_1000001F");
    assert!(finds(
        &document(&compound(&[(&path, &wide("SSN 536-22-8145"))])),
        "536-22-8145"
    ));
}

fn samples() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/legacy");
    let names = ["word.doc", "notes.doc", "sheet.xls", "slides.ppt", "wide.msg"];
    names
        .map(|name| std::fs::read(folder.join(name)).unwrap())
        .to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_samples_are_read_to_the_end(number in 0_usize..5, damage in damage()) {
        document(&damaged(&samples()[number], &damage));
    }

    /// Changes of the header and of the tables, where they hurt most.
    #[test]
    fn damaged_tables_are_read_to_the_end(changes in prop::collection::vec((0_usize..512, any::<u8>()), 1..8)) {
        let mut bytes = large();
        for (at, octet) in changes {
            bytes[at.max(8)] = octet;
        }
        document(&bytes);
    }

    #[test]
    fn random_octets_are_read_to_the_end(
        name in prop::sample::select(vec!["WordDocument", "Workbook", "Book", "PowerPoint Document", "\u{5}SummaryInformation",
            "__substg1.0_10090102", "\u{1}Ole10Native", "Data"]),
        octets in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        document(&compound(&[(name, &octets), ("Book2", b""), ("x/Book", b"")]));
    }
}
