//! `sealgate scan`: is there personal information in these files?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::failed;
use crate::detect::{RuleSource, Rules};
use crate::inspect::{Examination, Source, examine_here};
use crate::mime::Limits;

/// What to search, and what to say of it.
#[derive(Args)]
pub struct Arguments {
    /// Files and directories: messages, mailboxes or documents of any kind
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The directory with policy.toml, elements/ and notices/
    #[arg(long, default_value = "/etc/sealgate/policies", value_name = "DIR")]
    policies: PathBuf,
    /// Print one JSON object for each file
    #[arg(long)]
    json: bool,
    /// Print the values that were found, not masked
    #[arg(long)]
    reveal: bool,
    /// Print what was read
    #[arg(long)]
    show_text: bool,
}

/// Searches the files.
pub fn run(arguments: &Arguments) -> ExitCode {
    let rules = match rules(&arguments.policies) {
        Ok(rules) => rules,
        Err(error) => return failed(&error),
    };
    let mut worst = 0;
    let mut files = Vec::new();
    for path in &arguments.paths {
        gather(path, &mut files);
    }
    files.sort();
    for file in files {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("sealgate: {}: {error}", file.display());
                worst = 2;
                continue;
            }
        };
        let source = Source::File {
            name: &name,
            bytes: &bytes,
        };
        let examination = examine_here(source, &rules, &Limits::default());
        if arguments.show_text {
            for text in &examination.texts {
                println!(
                    "--- {} ({})\n{}",
                    text.place.description, text.place.part, text.text
                );
            }
        }
        tell(&file, &examination, arguments);
        let unread = !examination.inspection.obstacles.is_empty();
        let found = !examination.inspection.findings.is_empty();
        worst = worst.max(if unread { 2 } else { u8::from(found) });
    }
    ExitCode::from(worst)
}

fn rules(policies: &Path) -> Result<Rules, String> {
    let mut sources = Vec::new();
    let folder = policies.join("elements");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries.flatten() {
        let text = std::fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
        let file = entry.file_name().to_string_lossy().into_owned();
        sources.push(RuleSource { file, text });
    }
    Rules::compile(&sources).map_err(|errors| {
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

fn gather(path: &Path, files: &mut Vec<PathBuf>) {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| gather(&entry.path(), files)),
        Err(_) => files.push(path.to_owned()),
    }
}

fn tell(file: &Path, examination: &Examination, arguments: &Arguments) {
    let inspection = &examination.inspection;
    let findings = inspection.findings.iter().enumerate().map(|(number, finding)| {
        let mut told = json!({
            "type": finding.element, "confidence": finding.confidence, "part": finding.place.part,
            "place": finding.place.description, "span": finding.place.span, "evidence": finding.evidence,
            "name": finding.name_near || finding.named_in_header, "test_value": finding.test_value, "reasons": finding.reasons,
        });
        if let (true, Some(value), Some(object)) = (arguments.reveal, examination.value(number), told.as_object_mut()) {
            object.insert("value".to_owned(), json!(value));
        }
        told
    });
    let findings: Vec<_> = findings.collect();
    let counted = inspection.findings.iter().filter(|finding| !finding.optional);
    let name = inspection
        .findings
        .iter()
        .any(|finding| finding.name_near || finding.named_in_header);
    let pi = counted
        .clone()
        .any(|finding| finding.name_near || finding.named_in_header);
    let obstacles: Vec<_> = inspection
        .obstacles
        .iter()
        .map(|obstacle| json!({"part": obstacle.part, "kind": obstacle.kind, "detail": obstacle.detail}))
        .collect();
    println!(
        "{}",
        json!({"file": file, "findings": findings, "name": name, "pi": pi, "obstacles": obstacles})
    );
}
