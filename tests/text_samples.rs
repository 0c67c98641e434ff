//! Archives, mailboxes and texts of real programs: each planted value is found, and damaged copies harm nobody.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

use std::fs;
use std::path::{Path, PathBuf};

use sealgate::detect::{RuleSource, Rules};
use sealgate::documents;
use sealgate::inspect::{Examination, Source, examine_here};
use sealgate::message::{ObstacleKind, Place};
use sealgate::mime::{Leaf, Limits};

/// The files, with their names.
fn samples() -> Vec<(String, Vec<u8>)> {
    let mut samples: Vec<(String, Vec<u8>)> = files("tests/samples/text")
        .into_iter()
        .map(|path| (name(&path), fs::read(&path).unwrap()))
        .filter(|(name, _)| name != "README.md")
        .collect();
    samples.sort();
    assert!(samples.len() > 40);
    samples
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn rules() -> Rules {
    let read = |path: PathBuf| RuleSource {
        file: name(&path),
        text: fs::read_to_string(&path).unwrap(),
    };
    let sources: Vec<RuleSource> = files("policies/elements").into_iter().map(read).collect();
    Rules::compile(&sources).unwrap()
}

/// The digits of a value, in ASCII.
fn digits(value: &str) -> String {
    let digit = |c: char| match c {
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10),
        _ => Some(c).filter(char::is_ascii_digit),
    };
    value.chars().filter_map(digit).collect()
}

fn finds_the_number(examination: &Examination) -> bool {
    let findings = examination.inspection.findings.iter().enumerate();
    let mut values = findings.filter(|(_, finding)| finding.element == "ssn" && finding.name_near);
    values.any(|(place, _)| examination.value(place).map(digits).as_deref() == Some("536228145"))
}

#[test]
fn every_planted_number_is_found_with_its_name_and_nothing_is_left_unread() {
    let rules = rules();
    for (name, bytes) in samples() {
        let source = Source::File {
            name: &name,
            bytes: &bytes,
        };
        let examination = examine_here(source, &rules, &Limits::default());
        let kinds: Vec<ObstacleKind> = examination.inspection.obstacles.iter().map(|o| o.kind).collect();
        if name.starts_with("locked-") {
            assert_eq!(kinds, [ObstacleKind::EncryptedContainer], "{name}");
        } else {
            assert!(finds_the_number(&examination), "{name}");
            assert_eq!(kinds, [], "{name}");
        }
    }
}

fn leaf(name: &str, bytes: Vec<u8>) -> Leaf {
    let place = Place {
        part: "2".to_owned(),
        field: None,
        description: "attachment 2".to_owned(),
        span: (0, 0),
    };
    Leaf {
        place,
        media_type: "application/octet-stream".to_owned(),
        charset: None,
        file_name: Some(name.to_owned()),
        bytes,
    }
}

#[test]
fn a_damaged_copy_is_read_as_far_as_it_goes_and_never_taken_for_whole_and_empty() {
    for (name, bytes) in samples() {
        for cut in (1..8).map(|part| bytes.len() * part / 8) {
            let read = documents::read(&[leaf(&name, bytes[..cut].to_vec())], &Limits::default());
            assert!(
                !read.texts.is_empty() || !read.obstacles.is_empty(),
                "{name} cut at {cut}"
            );
        }
        // Every bit of the beginning, where formats keep their lengths, and some of the rest.
        let places = (0..bytes.len().min(48)).chain((48..bytes.len()).step_by(bytes.len() / 24 + 1));
        for place in places {
            for bit in [0x01, 0x10, 0x80, 0xff] {
                let mut flipped = bytes.clone();
                flipped[place] ^= bit;
                documents::read(&[leaf(&name, flipped)], &Limits::default());
            }
        }
    }
}
