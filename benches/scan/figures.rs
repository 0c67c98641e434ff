//! What is found in the labelled mail, and how much of it is right, beside Presidio's pattern recognisers.
//!
//! The mail is that of `tests/labelled`, which Sealgate's rules were tried on while they were written. So Sealgate's figures say
//! little, but those of Presidio say how hard the mail is. What is compared are the elements whose form says much; for accounts
//! and licences Presidio needs a language model, which is not loaded.

use std::collections::BTreeMap;

use sealgate::message::Place;
use sealgate::mime::{Text, TextKind};

use super::mail::{self, Labelled};
use super::presidio::{self, Hit};

const ELEMENTS: [(&str, &str); 3] = [
    ("ssn", "Social Security number"),
    ("credit_card", "card number"),
    ("iban", "IBAN"),
];

/// Prints precision and recall, and how many of the mails that hold none of the elements are wrongly hit.
pub fn compare() {
    let mails = mail::labelled();
    let systems = [
        ("Sealgate", Ok(ours(&mails))),
        (
            "Presidio, patterns only",
            presidio::found(&mails.iter().map(|mail| mail.text.as_str()).collect::<Vec<_>>()),
        ),
    ];
    println!("## What is found in {} labelled mails\n", mails.len());
    println!(
        "| | {} | wrongly hit, of 1,000 mails without any |",
        ELEMENTS.map(|(_, name)| format!("{name}, P / R")).join(" | ")
    );
    println!("|---|---|---|---|---:|");
    for (system, found) in systems {
        match found {
            Ok(found) => row(system, &mails, &found),
            Err(why) => println!("\nPresidio was not asked: {why}"),
        }
    }
}

fn ours(mails: &[Labelled]) -> Vec<Vec<Hit>> {
    let rules = mail::rules();
    let search = |mail: &Labelled| {
        let text = Text {
            place: Place {
                part: "1".to_owned(),
                field: None,
                description: String::new(),
                span: (0, mail.text.len()),
            },
            kind: TextKind::Body,
            text: mail.text.clone(),
        };
        let findings = rules.search(&[text]).into_iter();
        findings
            .map(|finding| (finding.element, finding.place.span.0, finding.place.span.1))
            .collect()
    };
    mails.iter().map(search).collect()
}

fn row(system: &str, mails: &[Labelled], found: &[Vec<Hit>]) {
    // Right, wrong, missed.
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let (mut without, mut hit) = (0, 0);
    for (mail, found) in mails.iter().zip(found) {
        let mut any = [false; 2];
        for (element, _) in ELEMENTS {
            let marks = || mail.marks.iter().filter(|(name, _)| name == element);
            let found = || found.iter().filter(|(name, _, _)| name == element);
            let meets =
                |start: usize, end: usize| marks().any(|(_, place)| place.start < end && start < place.end);
            let right = found().filter(|(_, start, end)| meets(*start, *end)).count();
            let wrong = found().count() - right;
            let missed = marks()
                .filter(|(_, place)| !found().any(|(_, start, end)| place.start < *end && *start < place.end))
                .count();
            let count = counts.entry(element).or_default();
            count[0] += right;
            count[1] += wrong;
            count[2] += missed;
            any[0] |= marks().next().is_some();
            any[1] |= found().next().is_some();
        }
        without += usize::from(!any[0]);
        hit += usize::from(!any[0] && any[1]);
    }
    let share = |part: usize, rest: usize| part as f64 / (part + rest).max(1) as f64;
    let figures = ELEMENTS.map(|(element, _)| {
        let [right, wrong, missed] = counts[element];
        format!("{:.3} / {:.3}", share(right, wrong), share(right, missed))
    });
    println!(
        "| {system} | {} | {:.1} |",
        figures.join(" | "),
        1000.0 * share(hit, without - hit)
    );
}
