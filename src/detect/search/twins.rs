//! One number, one finding: what a part says twice in two readings of it (the text of a page and its tables) is
//! told once, from the reading that supports it best.

use std::collections::HashMap;

use super::super::Located;
use crate::message::Confidence;
use crate::mime::Text;

/// What is the same in two readings: part, element, value without separators.
type Twin<'f> = (&'f str, &'f str, String);

/// How well a reading supports a finding.
type Support = (bool, Confidence);

/// Keeps of each number in a part what its best reading found. Header fields are places of their own, whoever
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
    let keeps = |one: &Located| {
        let known = twin(texts, one).and_then(|twin| best.get(&twin));
        known.is_none_or(|(_, text)| *text == one.text)
    };
    let kept: Vec<bool> = located.iter().map(keeps).collect();
    let pairs = located.into_iter().zip(kept);
    pairs.filter(|(_, kept)| *kept).map(|(one, _)| one).collect()
}

fn twin<'f>(texts: &'f [Text], one: &'f Located) -> Option<Twin<'f>> {
    let (start, end) = one.finding.place.span;
    let text = texts.get(one.text).filter(|text| text.place.field.is_none())?;
    let value = text.text.get(start..end)?;
    let value = value.chars().filter(|c| c.is_alphanumeric()).collect();
    Some((&one.finding.place.part, &one.finding.element, value))
}
