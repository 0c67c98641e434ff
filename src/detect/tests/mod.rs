//! The shipped rules on texts as people write them. Every value is invented or published as a sample.

mod disguises;
mod explained;
mod hostile;
mod mail;
mod people;
mod phrases;
mod readings;
mod rule_errors;
mod traps;

use super::{RuleSource, Rules};
use crate::message::{Finding, Place};
use crate::mime::{Text, TextKind};

/// The rules that the repository ships.
fn shipped() -> Vec<RuleSource> {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/elements");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let source = |path: &std::path::PathBuf| RuleSource {
        file: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).unwrap(),
    };
    files.iter().map(source).collect()
}

pub(super) fn rules() -> &'static Rules {
    static RULES: std::sync::LazyLock<Rules> = std::sync::LazyLock::new(|| {
        let told = |errors: Vec<_>| {
            errors
                .iter()
                .map(super::RuleError::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        };
        Rules::compile(&shipped()).unwrap_or_else(|errors| panic!("{}", told(errors)))
    });
    &RULES
}

fn text(kind: TextKind, field: Option<&str>, text: &str) -> Text {
    let place = Place {
        part: if field.is_some() { "0" } else { "1" }.to_owned(),
        field: field.map(str::to_owned),
        description: "a test".to_owned(),
        span: (0, text.len()),
    };
    Text {
        place,
        kind,
        text: text.to_owned(),
    }
}

/// What is found in a body.
fn found(body: &str) -> Vec<Finding> {
    rules().search(&[text(TextKind::Body, None, body)])
}

/// What the law lists and is found, as pairs of element and the text it stands on.
fn places(body: &str) -> Vec<(String, String)> {
    let found = found(body).into_iter().filter(|finding| !finding.optional);
    found
        .map(|finding| {
            (
                finding.element,
                body[finding.place.span.0..finding.place.span.1].to_owned(),
            )
        })
        .collect()
}

#[test]
fn every_shipped_rule_keeps_its_word() {
    let failures: Vec<String> = rules().prove().iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
