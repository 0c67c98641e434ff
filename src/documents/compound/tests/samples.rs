//! Files that LibreOffice and others wrote (`tests/samples/legacy`), with a value planted in every place.

use std::path::{Path, PathBuf};

use crate::documents::probe::{document, finds, obstacles, tables};
use crate::message::ObstacleKind;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/legacy")
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

#[test]
fn every_planted_value_is_found_in_its_place() {
    let expected = std::fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let mut planted = 0;
    for line in expected.lines().skip(1) {
        let [file, place, value] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let read = document(&sample(file));
        let with_hard_hyphens = value.replace('-', "\u{2011}");
        let found =
            finds(&read, value) || finds(&read, &with_hard_hyphens) || finds(&read, &value.replace('-', ""));
        assert!(found, "{file}: {place}");
        planted += 1;
    }
    assert_eq!(planted, 150);
}

#[test]
fn samples_raise_no_obstacle_but_the_picture_that_they_hold() {
    for (name, expected) in [
        ("notes.doc", &[][..]),
        ("notes.rtf", &[]),
        ("sheet.xls", &[]),
        ("wide.msg", &[]),
        ("narrow.msg", &[]),
        ("winmail.dat", &[]),
        ("word.doc", &[ObstacleKind::Image]),
        ("word.rtf", &[ObstacleKind::Image]),
        ("slides.ppt", &[ObstacleKind::Image]),
    ] {
        let read = document(&sample(name));
        assert_eq!(obstacles(&read), expected, "{name}: {:?}", read.obstacles);
    }
}

#[test]
fn cells_stand_in_the_column_of_their_label() {
    for name in ["word.doc", "word.rtf", "sheet.xls", "slides.ppt"] {
        let read = document(&sample(name));
        let table = tables(&read)
            .into_iter()
            .find(|table| table.contains("Name\t"))
            .unwrap_or_else(|| panic!("{name} has no table"));
        let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split('\t').collect()).collect();
        let header = rows.iter().position(|row| row.contains(&"SSN")).unwrap();
        let column = rows[header].iter().position(|cell| *cell == "SSN").unwrap();
        for row in &rows[header + 1..header + 3] {
            let digits = row[column].chars().filter(char::is_ascii_digit).count();
            assert_eq!(digits, 9, "{name}: {row:?}");
        }
    }
}

#[test]
fn numbers_are_shown_by_their_mask_and_keep_their_digits() {
    let read = document(&sample("sheet.xls"));
    let table = tables(&read)[0];
    assert!(table.contains("Ann Other\tx\t536-48-8127"), "{table}");
    assert!(table.contains("Bob Stone\t\t1234567"), "{table}");
}

/// Every truncation is told, and never makes the reader fail.
#[test]
fn samples_that_are_cut_are_obstacles() {
    for name in [
        "word.doc",
        "sheet.xls",
        "slides.ppt",
        "wide.msg",
        "word.rtf",
        "winmail.dat",
    ] {
        let whole = sample(name);
        for eighth in 1..8 {
            let read = document(&whole[..whole.len() * eighth / 8]);
            assert!(!obstacles(&read).is_empty(), "{name} cut at {eighth}/8");
        }
    }
}
