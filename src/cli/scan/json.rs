//! What a scan says to programs: one JSON object a line.

use serde::Serialize;

use crate::detect::Rejected;
use crate::message::{Confidence, Finding, Obstacle, ObstacleKind};
use crate::mime::Text;
use crate::policy::Policy;

use super::Arguments;
use super::report::Report;

#[derive(Serialize)]
struct Line<'r> {
    file: String,
    findings: Vec<Found<'r>>,
    name: bool,
    pi: bool,
    obstacles: Vec<Unread<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Vec<Dropped<'r>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    texts: Option<Vec<Shown<'r>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'r str>,
}

#[derive(Serialize)]
struct Found<'r> {
    #[serde(rename = "type")]
    element: &'r str,
    confidence: Confidence,
    part: &'r str,
    span: (usize, usize),
    evidence: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'r str>,
    place: &'r str,
    name: bool,
    named_in_header: bool,
    test_value: bool,
    optional: bool,
    reasons: &'r [String],
}

#[derive(Serialize)]
struct Unread<'r> {
    part: &'r str,
    kind: ObstacleKind,
    detail: &'r str,
}

#[derive(Serialize)]
struct Dropped<'r> {
    #[serde(rename = "type")]
    element: &'r str,
    part: &'r str,
    span: (usize, usize),
    evidence: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'r str>,
    place: &'r str,
    why: &'r [String],
}

#[derive(Serialize)]
struct Shown<'r> {
    part: &'r str,
    place: &'r str,
    text: &'r str,
}

/// The line for one file, with its line feed.
pub fn line(report: &Report, policy: &Policy, arguments: &Arguments) -> String {
    let (inspection, extras) = (&report.examined.inspection, &report.examined.extras);
    let findings = inspection.findings.iter().enumerate();
    let rejected = extras.rejected.iter().enumerate();
    let line = Line {
        file: report.name(),
        findings: findings
            .map(|(at, finding)| found(finding, extras.values.get(at)))
            .collect(),
        name: report.has_name(policy),
        pi: report.is_personal(policy),
        obstacles: inspection.obstacles.iter().map(unread).collect(),
        rejected: arguments.explain.then(|| {
            rejected
                .map(|(at, one)| dropped(one, extras.rejected_values.get(at)))
                .collect()
        }),
        texts: arguments
            .show_text
            .then(|| extras.texts.iter().map(shown).collect()),
        error: report.error.as_deref(),
    };
    // Text and numbers only: this cannot fail.
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

fn found<'r>(finding: &'r Finding, value: Option<&'r String>) -> Found<'r> {
    Found {
        element: &finding.element,
        confidence: finding.confidence,
        part: &finding.place.part,
        span: finding.place.span,
        evidence: finding.evidence.as_str(),
        value: value.map(String::as_str),
        field: finding.place.field.as_deref(),
        place: &finding.place.description,
        name: finding.name_near,
        named_in_header: finding.named_in_header,
        test_value: finding.test_value,
        optional: finding.optional,
        reasons: &finding.reasons,
    }
}

fn unread(obstacle: &Obstacle) -> Unread<'_> {
    Unread {
        part: &obstacle.part,
        kind: obstacle.kind,
        detail: &obstacle.detail,
    }
}

fn dropped<'r>(rejected: &'r Rejected, value: Option<&'r String>) -> Dropped<'r> {
    Dropped {
        element: &rejected.element,
        part: &rejected.place.part,
        span: rejected.place.span,
        evidence: rejected.evidence.as_str(),
        value: value.map(String::as_str),
        place: &rejected.place.description,
        why: &rejected.why,
    }
}

fn shown(text: &Text) -> Shown<'_> {
    Shown {
        part: &text.place.part,
        place: &text.place.description,
        text: &text.text,
    }
}
