//! Why a number that looks like an element did not count: for `sealgate scan --explain`, never for the gateway.
//!
//! Searching knows nothing of this; the texts are gone through a second time, and only when somebody asks.

use super::Rules;
use super::candidates::Refusal;
use super::context::{Keyword, Side, Silence};
use super::normal::View;
use super::rule::Rule;
use super::search::{self, Explained, Why};
use crate::message::{Confidence, Masked, Place};
use crate::mime::Text;

/// Something that has the form of an element and did not count.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rejected {
    /// Which of the searched texts it stands in.
    pub text: usize,
    /// The rule whose form it has: `ssn`.
    pub element: String,
    /// What people call that: "Social Security number".
    pub title: String,
    /// Where it stands; the span points into the text.
    pub place: Place,
    /// The value with all but its ending masked.
    pub evidence: Masked,
    /// Why it does not count, in words: a check failed, no keyword near, a word against it and its distance,
    /// another element has its place. Never empty; holds no value and no name.
    pub why: Vec<String>,
}

/// How many are told at most.
const MOST: usize = 1_000;
/// How far back the same place is looked for: rules that may speak of one place.
const MOST_AT_A_PLACE: usize = 16;
/// Texts are explained up to this length; it is people who ask.
const LONGEST: usize = 4 << 20;

/// See [`Rules::rejected`].
pub(super) fn rejected(rules: &Rules, texts: &[Text]) -> Vec<Rejected> {
    let found = rules.locate(texts);
    let mut told: Vec<Rejected> = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let mut spans = Vec::new();
        for one in found.iter().filter(|one| one.text == number) {
            spans.push((one.finding.place.span, one.finding.element.as_str()));
        }
        let room = MOST.saturating_sub(told.len());
        told.extend(
            of_text(rules, text, &spans, room)
                .into_iter()
                .map(|rejected| Rejected {
                    text: number,
                    ..rejected
                }),
        );
    }
    told
}

/// A span in a text and the element that was found there.
type Taken<'f> = ((usize, usize), &'f str);

fn of_text(rules: &Rules, text: &Text, found: &[Taken], room: usize) -> Vec<Rejected> {
    let end = text.text.floor_char_boundary(LONGEST);
    let view = View::plain(text.text.get(..end).unwrap_or_default());
    let mut told = Vec::new();
    search::explain(rules, &view, text, room, &mut |explained| {
        let Some(rule) = rules.rules.get(explained.rule) else {
            return;
        };
        let span = view.origin(explained.start, explained.end);
        let taken = found.iter().filter(|taken| overlaps(taken.0, span));
        let taken: Vec<&str> = taken.map(|taken| taken.1).collect();
        if taken.contains(&rule.id.as_str()) {
            return;
        }
        let rejected = Rejected {
            text: 0,
            element: rule.id.clone(),
            title: rule.title.clone(),
            place: Place {
                span,
                ..text.place.clone()
            },
            evidence: evidence(&view, rule, &explained),
            why: vec![why(rules, rule, &explained, &taken)],
        };
        tell(&mut told, rejected, room);
    });
    told
}

/// Adds to what is told; several patterns of one rule at one place are told as one.
fn tell(told: &mut Vec<Rejected>, rejected: Rejected, room: usize) {
    let (span, full) = (rejected.place.span, told.len() >= room);
    let known = told.iter_mut().rev().take(MOST_AT_A_PLACE);
    let mut same =
        known.filter(|known| known.element == rejected.element && overlaps(known.place.span, span));
    match same.next() {
        Some(known) => {
            for why in rejected.why {
                if !known.why.contains(&why) {
                    known.why.push(why);
                }
            }
        }
        None if full => {}
        None => told.push(rejected),
    }
}

fn evidence(view: &View, rule: &Rule, explained: &Explained) -> Masked {
    let value = view.bytes.get(explained.start..explained.end).unwrap_or_default();
    Masked::ending(&String::from_utf8_lossy(value), rule.shown)
}

fn overlaps(one: (usize, usize), other: (usize, usize)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

/// One reason, after the way in which the value is written.
fn why(rules: &Rules, rule: &Rule, explained: &Explained, taken: &[&str]) -> String {
    let pattern = rule.patterns.get(explained.pattern);
    let written = pattern.map_or("", |pattern| pattern.name.as_str());
    let told = match (&explained.why, taken.first()) {
        (Why::Outranked, Some(other)) => {
            let title = rules.rules.iter().find(|rule| rule.id == *other);
            let title = title.map_or(*other, |rule| rule.title.as_str());
            format!("the place counts as another element, which has better support: {title}")
        }
        (Why::Outranked, None) => "a longer or better supported value holds the place".to_owned(),
        (Why::Refused(refusal), _) => refused(refusal),
        (Why::Silent(silence), _) => silent(rule, silence),
    };
    format!("written as {written}: {told}")
}

fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Touched => "it is part of something longer".to_owned(),
        Refusal::Failed(check) => format!(
            "the check `{}` fails; a value that counts {}",
            check.name, check.passed
        ),
        Refusal::Excepted => {
            "it is written like something else, such as a telephone number or a date".to_owned()
        }
        Refusal::Formless => "no issuer has numbers of this form".to_owned(),
        Refusal::Fake => "it is known to belong to nobody (`fakes` of the rule)".to_owned(),
    }
}

fn silent(rule: &Rule, silence: &Silence) -> String {
    match silence {
        Silence::NoKeyword => {
            let reach = rule.keywords.reach;
            format!("no keyword that makes it count stands within its window ({reach} characters at most)")
        }
        Silence::Against(keyword) => against(rule, keyword),
        Silence::Labelled => "its own label names something else".to_owned(),
        Silence::Elsewhere => "the label of its column names something else".to_owned(),
        Silence::NeedsColumn => "only below a column label with a strong keyword does it count".to_owned(),
        Silence::NeedsIssuer => "it counts only where its issuer is named near by".to_owned(),
        Silence::TooUnsure(confidence) => format!(
            "its confidence is {}, and the rule reports from {} on",
            word(*confidence),
            word(rule.report_from)
        ),
    }
}

fn word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

/// The keyword comes from the rule, not from the text.
fn against(rule: &Rule, keyword: &Keyword) -> String {
    let text = rule.keywords.text(keyword.word).unwrap_or_default();
    let distance = keyword.distance;
    match keyword.side {
        Side::Header => format!("the label of its column has '{text}', which names something else here"),
        Side::Before => format!("'{text}' {distance} characters before names something else here"),
        Side::After => format!("'{text}' {distance} characters after names something else here"),
    }
}
