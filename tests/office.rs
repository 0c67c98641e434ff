//! Office documents as real programs write them: every planted number is found by the real rules.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sealgate::detect::{RuleSource, Rules};
use sealgate::inspect::{Examination, Source, examine_here};
use sealgate::mime::Limits;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/office")
}

fn rules() -> Rules {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/elements");
    let entries = fs::read_dir(folder).expect("there are rules");
    let sources: Vec<RuleSource> = entries
        .map(|entry| {
            let path = entry.expect("a rule can be read").path();
            let text = fs::read_to_string(&path).expect("a rule can be read");
            let file = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            RuleSource { file, text }
        })
        .collect();
    let rules = Rules::compile(&sources).map_err(|errors| errors.len());
    rules.expect("the rules compile")
}

fn examine(rules: &Rules, name: &str) -> Examination {
    let bytes = fs::read(samples().join(name)).expect("the sample can be read");
    // The name says nothing: content decides.
    let source = Source::File {
        name: "attachment",
        bytes: &bytes,
    };
    examine_here(source, rules, &Limits::default())
}

/// The digits of a value, with the zeros that a sheet takes away.
fn digits(value: &str) -> String {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    format!("{digits:0>9}")
}

#[test]
fn every_planted_number_is_found() {
    let rules = rules();
    let planted = fs::read_to_string(samples().join("planted.tsv")).expect("the list can be read");
    let rows: Vec<Vec<&str>> = planted.lines().map(|line| line.split('\t').collect()).collect();
    let names: BTreeSet<&str> = rows.iter().filter_map(|row| row.first().copied()).collect();
    assert!(names.len() >= 12, "the samples are there");
    let mut missed = Vec::new();
    for name in names {
        let examination = examine(&rules, name);
        let count = examination.inspection.findings.len();
        let found: BTreeSet<String> = (0..count)
            .filter_map(|finding| examination.value(finding).map(digits))
            .collect();
        for row in &rows {
            if let [file, place, value] = row.as_slice()
                && *file == name
                && !found.contains(&digits(value))
            {
                missed.push(format!("{name}: {place}"));
            }
        }
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
}

#[test]
fn ordinary_documents_without_pictures_are_no_obstacle() {
    let rules = rules();
    for name in [
        "xlsxwriter.xlsx",
        "openpyxl.xlsx",
        "python-pptx.pptx",
        "odfpy.odt",
        "odfpy.ods",
        "libreoffice-word.odt",
        "libreoffice-word.docx",
        "libreoffice-text.fodt",
        "libreoffice-word-2003.xml",
    ] {
        let obstacles = examine(&rules, name).inspection.obstacles;
        assert!(obstacles.is_empty(), "{name}: {obstacles:?}");
    }
}

#[test]
fn a_name_in_the_row_of_a_sheet_is_seen() {
    let examination = examine(&rules(), "openpyxl.xlsx");
    let findings = &examination.inspection.findings;
    assert!(findings.iter().any(|finding| finding.name_near));
}
