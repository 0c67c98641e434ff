//! How fast detection reads: `cargo bench --bench detect`. Prints megabytes a second for several kinds of text.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use sealgate::detect::{RuleSource, Rules};
use sealgate::message::Place;
use sealgate::mime::{Text, TextKind};

const SIZE: usize = 8 << 20;

fn main() -> ExitCode {
    let Ok(sources) = sources() else {
        eprintln!("policies/elements cannot be read");
        return ExitCode::FAILURE;
    };
    let start = Instant::now();
    let rules = match Rules::compile(&sources) {
        Ok(rules) => rules,
        Err(errors) => {
            errors.iter().for_each(|error| eprintln!("{error}"));
            return ExitCode::FAILURE;
        }
    };
    println!(
        "{:<44} {:>8.1} ms",
        "compile the rules",
        start.elapsed().as_secs_f64() * 1000.0
    );
    let prose = "The committee will meet on Thursday to look at the plan, and everybody who has an opinion is welcome.\n";
    let mail = "Hi Dana, the invoice 4821390 of 12/31/2024 came to $4,821.39; call 617-555-0123 or write to us at 02139.\n";
    let accented = "Der Ausschuß trifft sich am Donnerstag, um über den Plan zu sprechen; alle sind herzlich willkommen.\n";
    time(&rules, "prose without numbers", prose, TextKind::Body);
    time(&rules, "mail with numbers", mail, TextKind::Body);
    time(&rules, "prose with accents", accented, TextKind::Body);
    time(
        &rules,
        "dates and times",
        "2024-01-31T23:59:59 host app[4821]: done in 482 ms\n",
        TextKind::Body,
    );
    time(
        &rules,
        "a table of people",
        "Mary Jones,412559921,Boston\n",
        TextKind::Body,
    );
    time(
        &rules,
        "findings with names",
        "Mary Jones has SSN 412-55-9921.\n",
        TextKind::Body,
    );
    time(&rules, "digits", "4", TextKind::Body);
    time(&rules, "digits, spaced", "4 ", TextKind::Body);
    time(&rules, "digits, one a line", "4\n", TextKind::Body);
    time(&rules, "groups of four", "4111 ", TextKind::Body);
    time(&rules, "keywords", "SSN ", TextKind::Body);
    time(&rules, "keywords and numbers", "SSN: 412559921 ", TextKind::Body);
    time(&rules, "one long row", "a\t412559921\t", TextKind::Table);
    time(&rules, "names", "Mary Jones ", TextKind::Body);
    time(
        &rules,
        "full-width digits with unseen characters",
        "４\u{200B}",
        TextKind::Body,
    );
    time(&rules, "the beginnings of IBANs", "DE89", TextKind::Body);
    time(&rules, "the beginnings of IBANs, spaced", "DE89 ", TextKind::Body);
    ExitCode::SUCCESS
}

/// Times one kind of text, if the command line names none or this one.
fn time(rules: &Rules, what: &str, unit: &str, kind: TextKind) {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    if wanted.is_some_and(|wanted| !what.contains(&wanted)) {
        return;
    }
    let text = unit.repeat(SIZE / unit.len());
    let place = Place {
        part: "1".to_owned(),
        field: None,
        description: String::new(),
        span: (0, text.len()),
    };
    let texts = [Text { place, kind, text }];
    let start = Instant::now();
    let found = black_box(rules.search(black_box(&texts))).len();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{what:<44} {:>8.1} MB/s   {found} findings",
        SIZE as f64 / 1e6 / seconds
    );
}

fn sources() -> std::io::Result<Vec<RuleSource>> {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/elements");
    let mut sources = Vec::new();
    for file in std::fs::read_dir(directory)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        sources.push(RuleSource {
            file: name,
            text: std::fs::read_to_string(file.path())?,
        });
    }
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(sources)
}
