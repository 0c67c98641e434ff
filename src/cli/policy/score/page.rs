//! The score, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cli::table;

use super::tally::{Count, Tally};

/// Mistakes that are told; `--json` tells all.
const MISTAKES: usize = 200;

/// The whole report.
pub fn of(tally: &Tally) -> String {
    let mut page = format!("{} mails and files\n\n", tally.mails);
    let elements = tally.elements.iter().map(|(name, count)| (name.as_str(), count));
    page.push_str(&counts("ELEMENT", elements.chain([("all", &tally.all)])));
    if !tally.optional.is_empty() {
        section(&mut page, "NOT LISTED BY THE LAW", &tally.optional);
    }
    section(&mut page, "FORM", &tally.forms);
    if !tally.rewritten.is_empty() {
        section(&mut page, "PLAIN MAIL REWRITTEN AS", &tally.rewritten);
    }
    page.push('\n');
    page.push_str(&counts(
        "VERDICT",
        [("201 CMR 17.02", &tally.verdict)].into_iter(),
    ));
    let harmless = &tally.harmless;
    let _ = writeln!(
        page,
        "\nfalse alarms: {} of {} mails without any element ({:.1} per 1,000), {} of them by the law's definition",
        harmless.alarms, harmless.mails, harmless.alarms_per_1000, harmless.personal_alarms
    );
    let alike = &tally.look_alikes;
    let _ = writeln!(
        page,
        "look-alikes wrongly hit: {} of {} ({:.1} per 1,000)",
        alike.hit, alike.marked, alike.hits_per_1000
    );
    page + &mistakes(tally)
}

fn section(page: &mut String, head: &str, of: &BTreeMap<String, Count>) {
    page.push('\n');
    page.push_str(&counts(
        head,
        of.iter().map(|(name, count)| (name.as_str(), count)),
    ));
}

fn counts<'t>(head: &str, counts: impl Iterator<Item = (&'t str, &'t Count)>) -> String {
    let rows = counts.map(|(name, count)| {
        [
            name.to_owned(),
            count.expected.to_string(),
            (count.expected - count.right).to_string(),
            count.wrong.to_string(),
            format!("{:.3}", count.precision),
            format!("{:.3}", count.recall),
            format!("{:.3}", count.f1),
        ]
    });
    let head = [head, "EXPECTED", "MISSED", "WRONG", "PRECISION", "RECALL", "F1"];
    table::align(head, rows, &[1, 2, 3, 4, 5, 6])
}

fn mistakes(tally: &Tally) -> String {
    if tally.mistakes.is_empty() {
        return "\nno mistakes\n".to_owned();
    }
    let mut told = format!("\n{} mistakes\n", tally.mistakes.len());
    for mistake in tally.mistakes.iter().take(MISTAKES) {
        // A document has no line.
        let line = match mistake.line {
            0 => String::new(),
            line => format!(":{line}"),
        };
        let _ = writeln!(
            told,
            "  {}{}: {} {} ({}): {}",
            mistake.file, line, mistake.kind, mistake.element, mistake.form, mistake.detail
        );
    }
    if tally.mistakes.len() > MISTAKES {
        let _ = writeln!(
            told,
            "  and {} more; --json tells all",
            tally.mistakes.len() - MISTAKES
        );
    }
    told
}
