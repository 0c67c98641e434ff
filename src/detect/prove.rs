//! Rules keep their word: every example hits with its element, every counter-example does not.

use super::rule::Rule;
use super::rule_file::At;
use super::{ProofFailure, Rules};
use crate::message::{Finding, Place};
use crate::mime::{Text, TextKind};

/// See [`Rules::prove`].
pub(super) fn prove(rules: &Rules) -> Vec<ProofFailure> {
    rules.rules.iter().flat_map(|rule| of_rule(rules, rule)).collect()
}

fn of_rule(rules: &Rules, rule: &Rule) -> Vec<ProofFailure> {
    let missed = rule.examples.iter().enumerate().filter_map(|(index, example)| {
        let found = search(rules, example);
        let message = match found.iter().find(|finding| finding.element == rule.id) {
            Some(_) => return None,
            None => missed(index + 1, rule, &found),
        };
        Some(failure(rule, index, example, message))
    });
    let wrong = rule
        .counter_examples
        .iter()
        .enumerate()
        .filter_map(|(index, example)| {
            let found = search(rules, example);
            let hit = found.iter().find(|finding| finding.element == rule.id)?;
            Some(failure(rule, index, example, wrong(index + 1, rule, hit)))
        });
    missed.chain(wrong).collect()
}

fn missed(number: usize, rule: &Rule, found: &[Finding]) -> String {
    let instead = match found.first() {
        Some(other) => format!(
            "it is found as `{}` instead: {}",
            other.element,
            other.reasons.join("; ")
        ),
        None => "look at the pattern, its checks and boundary, the keywords and their windows".to_owned(),
    };
    format!(
        "example {number} should be found as `{}` and is not; {instead}",
        rule.id
    )
}

fn wrong(number: usize, rule: &Rule, hit: &Finding) -> String {
    let why = hit.reasons.join("; ");
    format!(
        "counter-example {number} should not be found as `{}` and is: {why}",
        rule.id
    )
}

fn failure(rule: &Rule, index: usize, example: &At<String>, message: String) -> ProofFailure {
    ProofFailure {
        file: rule.file.clone(),
        line: example.line,
        index: index + 1,
        message,
    }
}

/// Searches an example as the text of a body.
fn search(rules: &Rules, example: &At<String>) -> Vec<Finding> {
    let place = Place {
        part: "1".to_owned(),
        field: None,
        description: "an example".to_owned(),
        span: (0, example.value.len()),
    };
    rules.search(&[Text {
        place,
        kind: TextKind::Body,
        text: example.value.clone(),
    }])
}
