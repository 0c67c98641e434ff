//! What should have been found in a mail, beside what was.

use crate::inspect::Examined;
use crate::message::{Finding, Obstacle};
use crate::policy::Policy;

use super::mail::{Case, Label, compact};

/// What came of one mail.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Labels that were found.
    pub right: Vec<Label>,
    /// Labels that were not.
    pub missed: Vec<Label>,
    /// Findings that no label asked for.
    pub wrong: Vec<Wrong>,
    /// How many look-alikes were taken for an element.
    pub look_alikes_hit: usize,
    /// Whether it was taken for personal information under 201 CMR 17.02.
    pub personal: bool,
    /// What was not read for certain.
    pub obstacles: Vec<Obstacle>,
}

/// A finding that should not be.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// Its element.
    pub element: String,
    /// The value, masked.
    pub evidence: String,
    /// What spoke for it.
    pub reasons: Vec<String>,
    /// Whether it is an element that the law does not list.
    pub optional: bool,
    /// The line of the look-alike that it is; 0 if it is no marked one.
    pub line: usize,
}

/// Compares by element and value. A value that stands several times needs to be found once, and is right each time.
pub fn compare(case: &Case, examined: &Examined, policy: &Policy) -> Outcome {
    let inspection = &examined.inspection;
    let values = examined.extras.values.iter().map(|value| compact(value));
    let found: Vec<(&Finding, String)> = inspection.findings.iter().zip(values).collect();
    let is_found = |label: &&Label| {
        found
            .iter()
            .any(|(finding, value)| same(label, &finding.element, value))
    };
    let (right, missed) = case.expected.iter().partition::<Vec<&Label>, _>(is_found);
    let asked = |(finding, value): &&(&Finding, String)| {
        case.expected
            .iter()
            .any(|label| same(label, &finding.element, value))
    };
    let is_hit = |label: &&Label| {
        let overlaps = |value: &String| value.contains(&label.value) || label.value.contains(value.as_str());
        found
            .iter()
            .filter(|one| !asked(one) && !one.0.optional)
            .any(|(_, value)| overlaps(value))
    };
    let wrong = found
        .iter()
        .filter(|one| !asked(one))
        .map(|(finding, value)| Wrong {
            element: finding.element.clone(),
            evidence: finding.evidence.to_string(),
            reasons: finding.reasons.clone(),
            optional: finding.optional,
            line: case
                .look_alikes
                .iter()
                .find(|label| label.value.contains(value.as_str()) || value.contains(&label.value))
                .map_or(0, |label| label.line),
        });
    Outcome {
        wrong: wrong.collect(),
        look_alikes_hit: case.look_alikes.iter().filter(is_hit).count(),
        right: right.into_iter().cloned().collect(),
        missed: missed.into_iter().cloned().collect(),
        personal: inspection.findings.iter().any(|finding| {
            let named = finding.name_near || (policy.header_names && finding.named_in_header);
            !finding.optional && named
        }),
        obstacles: inspection.obstacles.clone(),
    }
}

/// Leading zeros may be lost in a spreadsheet, and are put back by the rules.
fn same(label: &Label, element: &str, value: &str) -> bool {
    let bare = |value: &str| value.trim_start_matches('0').to_owned();
    label.element == element && (label.value == value || bare(&label.value) == bare(value))
}
