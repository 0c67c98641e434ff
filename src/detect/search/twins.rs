//! One number, one finding: what a part says twice in two readings of it (the text of a page and its tables) is
//! told once, from the reading that supports it best.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

use super::super::Located;
use crate::message::Confidence;
use crate::mime::{Text, TextKind};

/// What is the same in two readings: part, element, value without separators.
type Twin<'f> = (&'f str, &'f str, String);

/// How well a reading supports a finding.
type Support = (bool, Confidence);

/// How well a reading knows what a number is: a table has the label of its column.
type Knowledge = (Confidence, bool);

/// Keeps of each number in a part what its best reading found. Where two readings take it for different things, that
/// counts which knows more. Header fields are places of their own, whoever
/// reads them.
pub(super) fn settle(texts: &[Text], located: Vec<Located>) -> Vec<Located> {
    let mut best: HashMap<Twin, (Support, usize)> = HashMap::new();
    for one in &located {
        let Some(twin) = twin(texts, one) else { continue };
        let support = (one.finding.name_near, one.finding.confidence);
        let known = best.entry(twin).or_insert((support, one.text));
        // Findings come in the order of the texts, so that of equals the first stays.
        if support > known.0 {
            *known = (support, one.text);
        }
    }
    let mut known: HashMap<(&str, String), (Knowledge, &str)> = HashMap::new();
    for one in &located {
        let Some((part, element, value)) = twin(texts, one) else {
            continue;
        };
        let knowledge = knowledge(texts, one);
        let most = known.entry((part, value)).or_insert((knowledge, element));
        if knowledge > most.0 {
            *most = (knowledge, element);
        }
    }
    let wholes: BTreeSet<(&str, &str, String)> = located
        .iter()
        .filter(|one| is_table(texts, one))
        .filter_map(|one| twin(texts, one))
        .collect();
    let is_piece = |(part, element, value): &Twin| {
        let from = (*part, *element, value.clone());
        let mut longer = wholes.range((Bound::Excluded(from), Bound::Unbounded));
        let longer = longer.next();
        longer.is_some_and(|(of, other, whole)| {
            of == part && other == element && whole.starts_with(value.as_str())
        })
    };
    let keeps = |one: &Located| {
        let Some(twin) = twin(texts, one) else { return true };
        // A narrow column breaks a number over two lines, which only its table puts together.
        if !is_table(texts, one) && is_piece(&twin) {
            return false;
        }
        let is_best = best.get(&twin).is_none_or(|(_, text)| *text == one.text);
        let (part, element, value) = twin;
        let is_misread = known
            .get(&(part, value))
            .is_some_and(|(most, other)| *other != element && *most > knowledge(texts, one));
        is_best && !is_misread
    };
    let kept: Vec<bool> = located.iter().map(keeps).collect();
    let pairs = located.into_iter().zip(kept);
    pairs.filter(|(_, kept)| *kept).map(|(one, _)| one).collect()
}

fn is_table(texts: &[Text], one: &Located) -> bool {
    texts
        .get(one.text)
        .is_some_and(|text| text.kind == TextKind::Table)
}

fn knowledge(texts: &[Text], one: &Located) -> Knowledge {
    (one.finding.confidence, is_table(texts, one))
}

fn twin<'f>(texts: &'f [Text], one: &'f Located) -> Option<Twin<'f>> {
    let (start, end) = one.finding.place.span;
    let text = texts.get(one.text).filter(|text| text.place.field.is_none())?;
    let value = text.text.get(start..end)?;
    let value = value.chars().filter(|c| c.is_alphanumeric()).collect();
    Some((&one.finding.place.part, &one.finding.element, value))
}
