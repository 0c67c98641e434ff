//! Why a finding counts, in words. No value and no name of the message is ever quoted: keywords come from the
//! rule, not from the text.

use super::super::context::{Keyword, Side};
use super::super::rule::Rule;
use super::outcome::Found;
use super::people::Elsewhere;

/// Names more issuers than this say nothing.
const MOST_ISSUERS: usize = 2;

pub(super) fn reasons(rule: &Rule, found: &Found, elsewhere: Option<Elsewhere>) -> Vec<String> {
    let (candidate, weight) = (&found.weighed.candidate, &found.weighed.weight);
    let pattern = rule.patterns.get(candidate.pattern);
    let form = |index: usize| rule.forms.list.get(index).map(|form| form.name.as_str());
    let issuers: Vec<&str> = candidate.forms.iter().filter_map(|index| form(*index)).collect();
    let mut reasons = Vec::new();
    reasons.extend(pattern.map(|pattern| format!("written as {}", pattern.name)));
    if candidate.test_value {
        reasons.push("is a published test or sample value".to_owned());
    } else {
        reasons.extend(
            pattern
                .into_iter()
                .flat_map(|pattern| &pattern.checks)
                .map(|check| check.passed.to_owned()),
        );
    }
    if (1..=MOST_ISSUERS).contains(&issuers.len()) {
        reasons.push(format!("has the form of {}", issuers.join(" or ")));
    }
    if let Some(keyword) = weight.keyword {
        reasons.extend(spoken(rule, &keyword, weight.listed));
    }
    reasons.extend(
        weight
            .issuer
            .and_then(form)
            .map(|issuer| format!("{issuer} is named near by")),
    );
    let evidence = weight.evidence.and_then(|index| rule.evidence.get(index));
    reasons.extend(evidence.map(|evidence| format!("{} stands near by", evidence.name)));
    reasons.extend(named(found, elsewhere));
    reasons
}

fn spoken(rule: &Rule, keyword: &Keyword, listed: bool) -> Option<String> {
    let text = rule.keywords.text(keyword.word)?;
    let distance = keyword.distance;
    Some(match keyword.side {
        _ if listed => format!("goes on with a list that has the keyword '{text}'"),
        Side::Header => format!("keyword '{text}' in the header of its column"),
        Side::Before => format!("keyword '{text}' {distance} characters before"),
        Side::After => format!("keyword '{text}' {distance} characters after"),
    })
}

fn named(found: &Found, elsewhere: Option<Elsewhere>) -> Option<String> {
    match found.name {
        _ if found.named_row() => Some("a person is named in its row".to_owned()),
        Some(distance) => Some(format!("a person's name {distance} characters away")),
        None => elsewhere.map(|elsewhere| match elsewhere {
            Elsewhere::Opening => {
                "a person is named in the subject or at the beginning of the text".to_owned()
            }
            Elsewhere::FileName => "a person is named in the name of the file".to_owned(),
        }),
    }
}
