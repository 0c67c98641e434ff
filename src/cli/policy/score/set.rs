//! Reads a labelled set from its directory.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::config::Mistake;

use super::mail::{Case, Label, Letter, compact, labels, message, pieces, with_attachment};

/// The file that labels the files beside it.
const LABELS: &str = "labels.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mails {
    #[serde(default)]
    mail: Vec<Mail>,
}

/// One mail, written by hand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mail {
    #[serde(default = "plain")]
    form: String,
    #[serde(default = "nobody")]
    from: String,
    #[serde(default = "desk")]
    to: String,
    #[serde(default)]
    subject: String,
    text: Spanned<String>,
    personal: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    #[serde(default)]
    file: Vec<File>,
}

/// One file that stands beside `labels.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    form: Option<String>,
    #[serde(default)]
    holds: Vec<String>,
    personal: Option<bool>,
}

fn plain() -> String {
    "plain".to_owned()
}

/// Nobody whom a header could name.
fn nobody() -> String {
    "desk@agency.example".to_owned()
}

fn desk() -> String {
    "desk@partner.example".to_owned()
}

/// All mails and files of a set, in order of the paths; only those whose path holds `only`.
///
/// # Errors
/// Every mistake at once, with file and line.
pub fn load(directory: &Path, only: Option<&str>) -> Result<Vec<Case>, Vec<Mistake>> {
    let mut files = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    let (mut cases, mut mistakes) = (Vec::new(), Vec::new());
    while let Some(path) = waiting.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => waiting.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) if path.extension().is_some_and(|ending| ending == "toml") => files.push(path),
            Err(error) if path == directory => mistakes.push(mistake(&path, 0, &error.to_string())),
            Err(_) => {}
        }
    }
    files.sort();
    for file in files {
        let is_list = file.file_name().is_some_and(|name| name == LABELS);
        match if is_list { listed(&file) } else { written(&file) } {
            Ok(more) => cases.extend(more),
            Err(more) => mistakes.extend(more),
        }
    }
    if let Some(only) = only {
        cases.retain(|case| case.file.contains(only));
    }
    if cases.is_empty() && mistakes.is_empty() {
        mistakes.push(mistake(
            directory,
            0,
            "no labelled mail is here (*.toml with [[mail]])",
        ));
    }
    match mistakes.is_empty() {
        true => Ok(cases),
        false => Err(mistakes),
    }
}

/// The mails of a file.
fn written(file: &Path) -> Result<Vec<Case>, Vec<Mistake>> {
    let source = text_of(file)?;
    let mails: Mails = parse(file, &source)?;
    let mut mistakes = Vec::new();
    let mut cases = Vec::new();
    for mail in mails.mail {
        let line = line_at(&source, mail.text.span().start);
        match case(file, &source, &mail) {
            Ok(case) => cases.push(case),
            Err(error) => mistakes.push(mistake(file, line, &error)),
        }
    }
    match mistakes.is_empty() {
        true => Ok(cases),
        false => Err(mistakes),
    }
}

fn case(file: &Path, source: &str, mail: &Mail) -> Result<Case, String> {
    let start = mail.text.span().start;
    let pieces = pieces(mail.text.get_ref())?;
    let line_of = |element: &str, value: &str| {
        let mark = format!("{{{{{element} {value}");
        let at = source.get(start..).and_then(|rest| rest.find(&mark));
        line_at(source, start + at.unwrap_or(0))
    };
    let (expected, look_alikes) = labels(&pieces, line_of);
    let head = format!(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\n",
        mail.from,
        mail.to,
        encoded(&mail.subject)
    );
    let text: String = pieces.iter().map(|piece| piece.text()).collect();
    let bytes = match mail.form.as_str() {
        "plain" => message(&head, "text/plain; charset=utf-8", "8bit", &text),
        "html" => message(&head, "text/html; charset=utf-8", "8bit", &text),
        ending => with_attachment(
            &head,
            media_type(ending),
            &format!("list.{ending}"),
            text.as_bytes(),
        ),
    };
    Ok(Case {
        file: file.display().to_string(),
        line: line_at(source, start),
        form: mail.form.clone(),
        name: None,
        bytes,
        personal: mail.personal.unwrap_or(!expected.is_empty()),
        expected,
        look_alikes,
        letter: (mail.form == "plain").then_some(Letter { head, pieces }),
        rewritten: false,
    })
}

/// The files that a `labels.toml` lists.
fn listed(list: &Path) -> Result<Vec<Case>, Vec<Mistake>> {
    let source = text_of(list)?;
    let files: Files = parse(list, &source)?;
    let (mut cases, mut mistakes) = (Vec::new(), Vec::new());
    for file in files.file {
        let line = line_at(&source, file.name.span().start);
        match one_file(list, &file) {
            Ok(case) => cases.push(case),
            Err(error) => mistakes.push(mistake(list, line, &error)),
        }
    }
    match mistakes.is_empty() {
        true => Ok(cases),
        false => Err(mistakes),
    }
}

fn one_file(list: &Path, file: &File) -> Result<Case, String> {
    let name = file.name.get_ref();
    let path = list.parent().unwrap_or(list).join(name);
    let bytes = fs::read(&path).map_err(|error| format!("{name}: {error}"))?;
    let label = |held: &String| {
        let (element, value) = held
            .split_once(' ')
            .ok_or_else(|| format!("'{held}' is no \"element value\""))?;
        Ok(Label {
            element: element.to_owned(),
            value: compact(value),
            // There is nothing to look at in the list: the file's own name says where the mistake is.
            line: 0,
        })
    };
    let labels: Result<Vec<Label>, String> = file.holds.iter().map(label).collect();
    let (expected, look_alikes): (Vec<Label>, Vec<Label>) =
        labels?.into_iter().partition(|label| label.element != "not");
    let ending = path.extension();
    let ending = ending.map(|ending| ending.to_string_lossy().to_lowercase());
    let own_name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Case {
        file: path.display().to_string(),
        line: 0,
        form: file.form.clone().or(ending).unwrap_or_else(plain),
        name: Some(own_name),
        bytes,
        letter: None,
        personal: file.personal.unwrap_or(!expected.is_empty()),
        expected,
        look_alikes,
        rewritten: false,
    })
}

/// A Subject in RFC 2047's form, where it needs that.
fn encoded(subject: &str) -> String {
    match subject.is_ascii() {
        true => subject.to_owned(),
        false => format!(
            "=?utf-8?B?{}?=",
            openssl::base64::encode_block(subject.as_bytes())
        ),
    }
}

fn media_type(ending: &str) -> &'static str {
    match ending {
        "csv" => "text/csv",
        "tsv" => "text/tab-separated-values",
        "json" => "application/json",
        "xml" => "application/xml",
        "ics" => "text/calendar",
        "vcf" => "text/vcard",
        "html" => "text/html",
        "txt" | "log" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn parse<'s, T: Deserialize<'s>>(file: &Path, source: &'s str) -> Result<T, Vec<Mistake>> {
    toml::from_str(source).map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| line_at(source, span.start));
        vec![mistake(file, line, error.message())]
    })
}

fn text_of(file: &Path) -> Result<String, Vec<Mistake>> {
    fs::read_to_string(file).map_err(|error| vec![mistake(file, 0, &error.to_string())])
}

fn line_at(source: &str, at: usize) -> usize {
    source.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn mistake(file: &Path, line: usize, message: &str) -> Mistake {
    Mistake {
        file: file.display().to_string(),
        line,
        message: message.to_owned(),
    }
}
