//! What a scan says to people.

use std::fmt::Write as _;

use console::{Term, style};

use crate::cli::table::wrap;
use crate::message::{Confidence, Finding};
use crate::mime::Text;
use crate::policy::Policy;

use super::Arguments;
use super::dropped;
use super::report::{Report, Totals, Verdict};

/// Findings of one file that are told without `--explain`.
const FINDINGS: usize = 10;

/// What is to be said of one file; nothing of a clean one.
pub fn of(report: &Report, policy: &Policy, arguments: &Arguments) -> String {
    let verdict = report.verdict(policy);
    let (inspection, extras) = (&report.examined.inspection, &report.examined.extras);
    let mut page = String::new();
    for text in &extras.texts {
        page.push_str(&shown(text));
    }
    let silent =
        inspection.findings.is_empty() && inspection.obstacles.is_empty() && extras.rejected.is_empty();
    if silent || verdict == Verdict::Failed {
        return page;
    }
    let _ = writeln!(page, "{}", style(legible(&report.title())).bold());
    line(&mut page, "  ", summary(verdict));
    let most = if arguments.explain { usize::MAX } else { FINDINGS };
    for (at, finding) in inspection.findings.iter().enumerate().take(most) {
        tell(&mut page, finding, extras.values.get(at));
    }
    if let Some(more @ 1..) = inspection.findings.len().checked_sub(most) {
        line(
            &mut page,
            "  ",
            &format!("and {more} more; --explain or --json tells all of them"),
        );
    }
    for obstacle in &inspection.obstacles {
        let not_read = format!(
            "not read for certain: {} (part {})",
            obstacle.detail, obstacle.part
        );
        line(&mut page, "  ", &not_read);
    }
    for number in dropped::numbers(&extras.rejected, &extras.rejected_values, &inspection.findings) {
        let (place, part) = (&number.place.description, &number.place.part);
        let what = format!("does not count: {} in {place} (part {part})", number.value);
        line(&mut page, "  ", &what);
        let reasons = number.reasons.iter();
        reasons.for_each(|why| line(&mut page, "      ", why));
    }
    page.push('\n');
    page
}

/// What all files add up to.
pub fn totals(totals: &Totals) -> String {
    let parts = [
        (
            totals.personal,
            "with personal information (a number and a person's name)",
        ),
        (totals.element, "with a number that counts and no name near it"),
        (totals.failed, "could not be opened"),
        (totals.unread, "not read for certain"),
        (totals.clean(), "clean"),
    ];
    let told: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let files = if totals.files == 1 { "file" } else { "files" };
    let mut sentence = format!("{} {files}: {}.", totals.files, told.join(", "));
    if totals.files == 0 {
        sentence = "There was no file to read.".to_owned();
    }
    if totals.also_unread > 0 {
        let _ = write!(
            sentence,
            " Of those with something found, {} could not be read completely.",
            totals.also_unread
        );
    }
    wrap(&sentence, width(), "")
}

/// Text for a terminal: what could move its cursor or turn its direction is replaced.
pub fn legible(text: &str) -> String {
    let unfit = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if unfit(c) { '?' } else { c }).collect()
}

fn summary(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::PersonalInformation => "PERSONAL INFORMATION: a number and a person's name (201 CMR 17.02)",
        Verdict::Element => "a number that counts, and no person's name near it",
        Verdict::Unread => "nothing was found, but not all of it could be read for certain",
        Verdict::Failed | Verdict::Clean => "nothing that counts",
    }
}

fn tell(page: &mut String, finding: &Finding, value: Option<&String>) {
    let value = value.map_or(finding.evidence.as_str(), String::as_str);
    let confidence = match finding.confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    };
    let mut what = format!(
        "{} {value} in {} (part {}), confidence {confidence}",
        finding.title, finding.place.description, finding.place.part
    );
    if finding.optional {
        what.push_str("; not on the list of the law");
    }
    line(page, "  ", &what);
    let name = match (finding.name_near, finding.named_in_header) {
        (true, _) => None,
        (false, true) => Some("no name near it; the header names a person"),
        (false, false) => Some("no person's name near it"),
    };
    let test = finding.test_value.then_some("a published test value");
    let reasons = finding.reasons.iter().map(String::as_str);
    let reasons: Vec<&str> = reasons.chain(name).chain(test).collect();
    line(page, "      ", &reasons.join("; "));
}

fn shown(text: &Text) -> String {
    let place = legible(&format!("{} (part {})", text.place.description, text.place.part));
    let body = legible(&text.text);
    let body = body.strip_suffix('\n').unwrap_or(&body);
    format!("{}\n{body}\n", style(format!("--- {place}")).bold())
}

fn line(page: &mut String, indent: &str, text: &str) {
    let _ = writeln!(page, "{}", wrap(&legible(text), width(), indent));
}

/// The width of the terminal, or a usual one.
fn width() -> usize {
    let (_, columns) = Term::stdout().size_checked().unwrap_or((24, 80));
    usize::from(columns).clamp(40, 100)
}
