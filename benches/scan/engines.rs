//! Detection alone, on the same texts: Sealgate, the plain `regex` approach, and Presidio if it is installed.
//!
//! The plain approach only looks for the patterns of the same rules. It checks no sum, weighs no context and looks for
//! no name: it is what detecting costs at the very least when each pattern is tried on the text as it is.

use std::hint::black_box;

use regex::{Regex, RegexSet};
use sealgate::message::Place;
use sealgate::mime::{Text, TextKind};

use super::{mail, presidio, shortest};

const SIZE: usize = 8 << 20;
/// What the slower ones get.
const SMALL: usize = 1 << 20;

/// Prints megabytes of text a second, on one thread.
pub fn compare() {
    let texts = mail::texts();
    let rules = mail::rules();
    let patterns = patterns();
    let (large, small) = (mail::body(&texts, SIZE), mail::body(&texts, SMALL));
    println!("## Detecting in text, one thread ({} patterns)\n", patterns.len());
    println!("| | MB/s | Sealgate is | found |\n|---|---:|---:|---:|");

    let searched = [Text {
        place: Place {
            part: "1".to_owned(),
            field: None,
            description: String::new(),
            span: (0, large.len()),
        },
        kind: TextKind::Body,
        text: large.clone(),
    }];
    let mut found = 0;
    let time = shortest(3, || found = black_box(rules.search(&searched)).len());
    let ours = speed(large.len(), time.as_secs_f64());
    row(
        "Sealgate: normalise, check, weigh context and names",
        ours,
        ours,
        found,
    );

    let singles: Vec<Regex> = patterns
        .iter()
        .filter_map(|pattern| Regex::new(pattern).ok())
        .collect();
    let mut found = 0;
    let time = shortest(2, || {
        found = singles
            .iter()
            .map(|single| single.find_iter(&small).count())
            .sum();
    });
    row(
        "`regex::Regex`, one pattern after the other",
        speed(small.len(), time.as_secs_f64()),
        ours,
        found,
    );

    let set = RegexSet::new(&patterns).expect("the patterns compile together");
    let lines: Vec<&str> = small.lines().collect();
    let mut found = 0;
    let time = shortest(2, || {
        found = lines.iter().map(|line| set.matches(line).iter().count()).sum();
    });
    row(
        "`regex::RegexSet`, line by line",
        speed(small.len(), time.as_secs_f64()),
        ours,
        found,
    );

    match presidio::seconds(&texts, SMALL / 4) {
        Ok((octets, seconds, found)) => row("Presidio, patterns only", speed(octets, seconds), ours, found),
        Err(why) => println!("\nPresidio was not measured: {why}"),
    }
}

fn row(what: &str, speed: f64, ours: f64, found: usize) {
    println!(
        "| {what} | {speed:.2} | {:.1} times as fast | {found} |",
        ours / speed
    );
}

fn speed(octets: usize, seconds: f64) -> f64 {
    octets as f64 / 1e6 / seconds
}

/// The patterns of all rules, as somebody would use them without Sealgate.
fn patterns() -> Vec<String> {
    let mut patterns = Vec::new();
    for file in mail::rule_files() {
        let rule: toml::Table = file.text.parse().expect("a rule is TOML");
        let own = rule.get("pattern").and_then(toml::Value::as_array);
        for pattern in own.into_iter().flatten() {
            let regex = pattern
                .get("regex")
                .and_then(toml::Value::as_str)
                .unwrap_or_default();
            patterns.push(format!(r"\b(?:{regex})\b"));
        }
    }
    patterns
}
