//! Structures that mail readers take in more than one way: `tests/structures/README.md` is the list, each with a message.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sealgate::detect::{RuleSource, Rules};
use sealgate::inspect::inspect_here;
use sealgate::message::{Inspection, ObstacleKind};
use sealgate::mime::Limits;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn rules() -> Rules {
    let folder = fs::read_dir(root().join("policies/elements")).unwrap();
    let read = |path: PathBuf| RuleSource {
        file: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: fs::read_to_string(&path).unwrap(),
    };
    let mut sources: Vec<RuleSource> = folder.map(|entry| read(entry.unwrap().path())).collect();
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    Rules::compile(&sources).unwrap()
}

/// The rows of the table: name of the file, and whether it is ambiguous.
fn classes() -> Vec<(String, bool)> {
    let index = fs::read_to_string(root().join("tests/structures/README.md")).unwrap();
    let rows = index.lines().filter(|line| line.starts_with("| `"));
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let name = cells.next().unwrap().trim_matches('`').to_owned();
        (name, cells.next().unwrap() == "yes")
    };
    rows.map(row).collect()
}

fn inspect(rules: &Rules, name: &str) -> Inspection {
    let path = root().join("tests/structures").join(format!("{name}.eml"));
    let raw = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    inspect_here(&raw, rules, &Limits::default())
}

#[test]
fn what_some_reader_shows_is_found_in_every_class() {
    let rules = rules();
    for (name, _) in classes() {
        let found = inspect(&rules, &name).findings;
        assert!(found.iter().any(|finding| finding.element == "ssn"), "{name}");
    }
}

#[test]
fn readings_that_disagree_are_ambiguous_and_ordinary_mail_is_not() {
    let rules = rules();
    for (name, expected) in classes() {
        let obstacles = inspect(&rules, &name).obstacles;
        let ambiguous = obstacles
            .iter()
            .any(|obstacle| obstacle.kind == ObstacleKind::AmbiguousStructure);
        assert_eq!(ambiguous, expected, "{name}: {obstacles:?}");
    }
}

#[test]
fn every_message_has_its_row_and_the_list_is_long() {
    let files = fs::read_dir(root().join("tests/structures")).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    let files: BTreeSet<String> = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
        .map(stem)
        .collect();
    let listed: BTreeSet<String> = classes().into_iter().map(|(name, _)| name).collect();
    assert_eq!(files, listed);
    assert!(files.len() >= 50);
}
