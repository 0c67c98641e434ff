//! Holds the code to the path of a message: which module may import which.
//!
//! The table below is the design (`docs/architecture.md` explains it). The test reads every `crate::…` path in
//! `src/`, so that a fully written path counts like a `use` line.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module and what it may import.
const TABLE: &[(&str, &[&str])] = &[
    ("message", &[]),
    ("ldap", &[]),
    ("smtp", &["message", "ldap"]),
    ("mime", &["message"]),
    ("documents", &["message", "mime"]),
    ("detect", &["message", "mime"]),
    ("inspect", &["message", "mime", "documents", "detect"]),
    ("policy", &["message", "mime", "detect"]),
    ("smime", &["message", "ldap"]),
    ("protect", &["message", "smime"]),
    ("dkim", &["message"]),
    ("notice", &["message", "policy"]),
    ("queue", &["message"]),
    ("deliver", &["message", "queue"]),
    ("audit", &["message", "policy"]),
    ("relay", STAGES),
    ("store", &["message", "queue", "policy", "smime", "audit"]),
    ("config", EVERYTHING),
    ("cli", EVERYTHING),
];

/// What `relay` joins: every stage, but no database and no command line.
const STAGES: &[&str] = &[
    "message", "smtp", "inspect", "policy", "smime", "protect", "dkim", "notice", "queue", "deliver", "audit",
];

/// What the wiring may import.
const EVERYTHING: &[&str] = &[
    "message",
    "ldap",
    "smtp",
    "mime",
    "documents",
    "detect",
    "inspect",
    "policy",
    "smime",
    "protect",
    "dkim",
    "notice",
    "queue",
    "deliver",
    "audit",
    "relay",
    "store",
    "config",
    "cli",
];

#[test]
fn every_module_imports_only_what_its_place_on_the_path_allows() {
    let mut all = Vec::new();
    for file in rust_files(&source()) {
        let text = fs::read_to_string(&file).expect("a source file can be read");
        all.extend(
            violations(module_of(&file), &text)
                .into_iter()
                .map(|found| format!("{}: {found}", file.display())),
        );
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

#[test]
fn every_module_of_the_source_tree_has_a_row_in_the_table() {
    for file in rust_files(&source()) {
        let module = module_of(&file);
        assert!(
            is_module(module) || module.is_empty(),
            "src/{module} has no row in tests/layers.rs"
        );
    }
}

#[test]
fn a_planted_violation_is_found_in_every_spelling() {
    for planted in [
        "use crate::store::Store;",
        "use crate::{message::Address, store::Store};",
        "use crate::message::Address; let store = crate::store::Store;",
        "use crate :: store;",
        "use crate::*;",
        "use crate::{\n    message,\n    store,\n};",
        "pub(crate) use crate::store;",
        "use super::super::store::Store;",
    ] {
        assert!(!violations("policy", planted).is_empty(), "{planted}");
    }
    let clean = "use crate::message::Address;\n// use crate::store::Store;\nuse crate::policy::rules;";
    assert_eq!(violations("policy", clean), Vec::<String>::new());
}

#[test]
fn the_program_hands_over_at_once_and_the_path_fits_on_a_screen() {
    let main = fs::read_to_string(source().join("main.rs")).expect("main.rs can be read");
    assert!(
        main.lines().count() < 10,
        "main.rs is to hand over and do nothing else"
    );
    let accept = fs::read_to_string(source().join("relay/accept.rs")).expect("relay/accept.rs can be read");
    let start = accept
        .find("pub async fn accept")
        .expect("the path is a method of Gateway");
    // Reading and deciding, and what follows from it: one screen each.
    let (decided, rest) = accept[start..]
        .split_once("\n    pub(super) fn facts")
        .expect("the path comes first");
    assert!(
        decided.lines().count() <= 45,
        "Gateway::accept no longer fits on one screen"
    );
    let (_, rest) = rest
        .split_once("async fn carry_out")
        .expect("then it is carried out");
    let (carried_out, _) = rest.split_once("\n    }\n").expect("the method ends");
    assert!(
        carried_out.lines().count() <= 45,
        "Gateway::carry_out no longer fits on one screen"
    );
}

/// What is wrong with the imports of one file of `module`.
fn violations(module: &str, text: &str) -> Vec<String> {
    let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == module) else {
        return Vec::new();
    };
    let code: Vec<&str> = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect();
    let mut found = BTreeSet::new();
    for imported in imports(&code.join("\n")) {
        if imported == "*" {
            found.insert("imports everything by `crate::*`; name what is needed".to_owned());
        } else if imported != module && is_module(&imported) && !allowed.contains(&imported.as_str()) {
            found.insert(format!("`{module}` may not import `{imported}`"));
        }
    }
    found.into_iter().collect()
}

fn is_module(name: &str) -> bool {
    TABLE.iter().any(|(module, _)| *module == name)
}

/// The first step of every path that starts at the crate's root.
fn imports(code: &str) -> Vec<String> {
    let words: Vec<&str> = code.split_whitespace().collect();
    let code = words.join(" ").replace(" ::", "::").replace(":: ", "::");
    let mut names = Vec::new();
    for root in ["crate::", "super::super::"] {
        for (at, _) in code.match_indices(root) {
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => names.extend(group_members(group)),
                None => names.push(first_word(rest)),
            }
        }
    }
    names
}

/// First words of the members of `a::b, c::{d, e}, f}`.
fn group_members(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut members = vec![String::new()];
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => members.push(String::new()),
            _ => {}
        }
        if let Some(member) = members.last_mut().filter(|_| c != ',') {
            member.push(c);
        }
    }
    members.iter().map(|member| first_word(member.trim())).collect()
}

fn first_word(path: &str) -> String {
    if path.starts_with('*') {
        return "*".to_owned();
    }
    path.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The top-level module that a file belongs to; empty for `lib.rs` and `main.rs`.
fn module_of(file: &Path) -> &str {
    let inside = file
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .expect("a file below src");
    let first = inside
        .iter()
        .next()
        .and_then(|name| name.to_str())
        .expect("a name in Unicode");
    match first.strip_suffix(".rs") {
        Some("lib" | "main") => "",
        Some(module) => module,
        None => first,
    }
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("the source tree can be read") {
        let path = entry.expect("the source tree can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
