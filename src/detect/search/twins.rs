//! One number, one finding: what a part says twice in two readings of it (the text of a page and its tables) is
//! told once, from the reading that supports it best.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;

use super::super::Located;
use crate::message::Confidence;
use crate::mime::{Text, TextKind};

/// What is the same in two readings: part, element, value without separators.
type Twin<'f> = (&'f str, &'f str, String);

/// How well a reading supports a finding.
type Support = (bool, Confidence);

/// Keeps of each number in a part what its best reading found. Where two readings take it for different elements,
/// the surer one counts, as the label of a column is surer than a word some lines above. Header fields are places of
/// their own, whoever reads them.
pub(super) fn settle(texts: &[Text], located: Vec<Located>) -> Vec<Located> {
    let optional: HashSet<&str> = located
        .iter()
        .filter(|one| one.finding.optional)
        .map(|one| one.finding.element.as_str())
        .collect();
    let mut best: HashMap<Twin, (Support, usize)> = HashMap::new();
    for one in &located {
        let Some(twin) = twin(texts, one) else { continue };
        let support = support_of(one);
        let known = best.entry(twin).or_insert((support, one.text));
        // Findings come in the order of the texts, so that of equals the first stays.
        if support > known.0 {
            *known = (support, one.text);
        }
    }
    // What the law does not list takes no place from what it lists.
    let listed = best
        .iter()
        .filter(|((_, element, _), _)| !optional.contains(element));
    let mut elements: HashMap<(&str, &str), Vec<(&str, Support)>> = HashMap::new();
    for ((part, element, value), (support, _)) in listed {
        let others = elements.entry((part, value.as_str())).or_default();
        others.push((element, *support));
    }
    let is_misread = |(part, element, value): &Twin, (named, confidence): Support| {
        let others = elements.get(&(*part, value.as_str())).into_iter().flatten();
        let mut others = others.filter(|(other, _)| other != element);
        others.any(|(_, other)| other.1 > confidence && other.0 >= named)
    };
    let in_tables = located.iter().filter(|one| is_table(texts, one));
    let wholes: BTreeMap<Twin, (usize, Support)> = in_tables
        .filter_map(|one| {
            let support = support_of(one);
            twin(texts, one).map(|twin| (twin, (one.text, support)))
        })
        .collect();
    let is_piece = |(part, element, value): &Twin, one: &Located| {
        let from = (*part, *element, value.clone());
        let longer = wholes.range((Bound::Excluded(from), Bound::Unbounded));
        let mut begin_alike = longer.take_while(|((of, other, whole), _)| {
            of == part && other == element && whole.starts_with(value.as_str())
        });
        let support = support_of(one);
        begin_alike.any(|(_, (text, whole))| *text != one.text && *whole >= support)
    };
    let keeps = |one: &Located| {
        let Some(twin) = twin(texts, one) else { return true };
        // A narrow column breaks a number over two lines, which only its table puts together.
        if is_piece(&twin, one) {
            return false;
        }
        let known = best.get(&twin);
        known.is_none_or(|(support, text)| *text == one.text && !is_misread(&twin, *support))
    };
    let kept: Vec<bool> = located.iter().map(keeps).collect();
    let pairs = located.into_iter().zip(kept);
    pairs.filter(|(_, kept)| *kept).map(|(one, _)| one).collect()
}

fn support_of(one: &Located) -> Support {
    (one.finding.name_near, one.finding.confidence)
}

fn is_table(texts: &[Text], one: &Located) -> bool {
    texts
        .get(one.text)
        .is_some_and(|text| text.kind == TextKind::Table)
}

fn twin<'f>(texts: &'f [Text], one: &'f Located) -> Option<Twin<'f>> {
    let (start, end) = one.finding.place.span;
    let text = texts.get(one.text).filter(|text| text.place.field.is_none())?;
    let value = text.text.get(start..end)?;
    let value = value.chars().filter(|c| c.is_alphanumeric()).collect();
    Some((&one.finding.place.part, &one.finding.element, value))
}
