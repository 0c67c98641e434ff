//! What is read: the labelled mail of the tests, which is what people send.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use sealgate::detect::{RuleSource, Rules};

/// The rule files that the repository ships.
pub fn rule_files() -> Vec<RuleSource> {
    let mut sources: Vec<RuleSource> = fs::read_dir(root().join("policies/elements"))
        .expect("policies/elements is there")
        .flatten()
        .map(|file| RuleSource {
            file: file.file_name().to_string_lossy().into_owned(),
            text: fs::read_to_string(file.path()).expect("a rule is text"),
        })
        .collect();
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    sources
}

/// The rules, compiled.
pub fn rules() -> Rules {
    Rules::compile(&rule_files()).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// A labelled mail: its text without marks, and what should be found in it, each with its element.
pub struct Labelled {
    pub text: String,
    pub marks: Vec<(String, Range<usize>)>,
}

/// The texts of the labelled mails, without marks.
pub fn texts() -> Vec<String> {
    labelled().into_iter().map(|mail| mail.text).collect()
}

/// The labelled mails.
pub fn labelled() -> Vec<Labelled> {
    let mut waiting = vec![root().join("tests/labelled")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(path) = waiting.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => waiting.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) => files.push(path),
        }
    }
    files.sort();
    let mut mails = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "toml"))
    {
        let source = fs::read_to_string(file).expect("the set is text");
        let set: toml::Table = source.parse().expect("the set is TOML");
        let bodies = set.get("mail").and_then(toml::Value::as_array);
        let bodies = bodies
            .into_iter()
            .flatten()
            .filter_map(|mail| mail.get("text")?.as_str());
        mails.extend(bodies.map(without_marks));
    }
    assert!(mails.len() > 100, "tests/labelled holds mail");
    mails
}

/// Texts one after the other, over and over, as many octets as asked for.
pub fn body(texts: &[String], size: usize) -> String {
    let mut body = String::with_capacity(size + 4096);
    for text in texts.iter().cycle() {
        body.push_str(text);
        body.push_str("\n\n");
        if body.len() >= size {
            break;
        }
    }
    body
}

/// A message of some size: a text, the same as HTML, and a table as an attachment in base 64.
pub fn message(texts: &[String], size: usize) -> Vec<u8> {
    let text = body(texts, size / 4);
    let html = format!(
        "<html><body><p>{}</p></body></html>",
        text.replace('\n', "<br>\n")
    );
    let rows: String = (0..size / 4 / 45)
        .map(|row| {
            format!(
                "{},Margaret Holloway,2025-01-{:02},{}.50\n",
                100_000 + row,
                row % 28 + 1,
                row * 7
            )
        })
        .collect();
    let table = wrapped(&openssl::base64::encode_block(rows.as_bytes()));
    let message = format!(
        "Received: from a.example by b.example; Mon, 6 Jan 2025 10:00:00 -0500\n\
         From: Dana Whitfield <dana@agency.example>\nTo: Lee Ortiz <lee@partner.example>\nSubject: weekly files\n\
         Message-ID: <1@agency.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"mixed\"\n\n\
         --mixed\nContent-Type: multipart/alternative; boundary=\"both\"\n\n\
         --both\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\
         --both\nContent-Type: text/html; charset=utf-8\n\n{html}\n--both--\n\
         --mixed\nContent-Type: text/csv; name=\"list.csv\"\nContent-Transfer-Encoding: base64\n\n{table}\n--mixed--\n"
    );
    message.replace('\n', "\r\n").into_bytes()
}

fn wrapped(text: &str) -> String {
    let lines: Vec<String> = text
        .as_bytes()
        .chunks(76)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    lines.join("\n")
}

fn without_marks(source: &str) -> Labelled {
    let (mut text, mut marks) = (String::new(), Vec::new());
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("{{") {
        let (mark, after) = after.split_once("}}").unwrap_or((after, ""));
        let (element, value) = mark.split_once(' ').unwrap_or((mark, ""));
        text.push_str(before);
        let start = text.len();
        text.push_str(value.split('|').next_back().unwrap_or(value));
        marks.push((element.to_owned(), start..text.len()));
        rest = after;
    }
    text.push_str(rest);
    Labelled { text, marks }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
