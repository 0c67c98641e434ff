//! How sure a candidate is, by what stands around it: keywords with their distance, labels, the header of a
//! column, supporting evidence, an issuer that is named.

mod answer;
mod aside;
mod between;
mod heard;
mod label;
mod listed;
mod own_label;
mod table;
mod things;
mod told;
mod voices;
mod words;

use self::heard::{Heard, Limits};
pub(super) use self::own_label::OwnLabel;
use self::table::{in_table, is_elsewhere, is_in_numbered_column};
use self::voices::Voices;
pub(super) use self::voices::{Keyword, Side};

use std::ops::Range;

use super::candidates::{Candidate, LIST_GAP};
use super::compile::LONGEST;
use super::evidence::Around;
use super::keywords::{Hit, Said};
use super::layout::Cell;
use super::names::Names;
use super::rule::{Pattern, Rule};
use super::rule_file::Tiers;
use super::sentence;
use crate::message::Confidence;

/// What a candidate stands in. Not `Debug`: it holds the message.
#[derive(Clone, Copy)]
pub(super) struct Scene<'v> {
    pub bytes: &'v [u8],
    /// The rule's keywords around the candidate, in order.
    pub hits: &'v [Hit],
    /// Where keywords may begin there.
    pub said: &'v Said,
    /// The cell, when it stands in a table.
    pub cell: Option<&'v Cell>,
    /// The rule's keywords in the labels of its column.
    pub headed: &'v [Hit],
    /// Whether the form alone may count.
    pub alone: bool,
    /// Whether only a strong keyword makes it count.
    pub strong_only: bool,
    pub names: &'v Names,
    pub around: &'v Around,
    /// The label of the candidate.
    pub own: &'v OwnLabel,
}

/// What spoke for a candidate and how sure that makes it.
#[derive(Debug, Clone)]
pub(super) struct Weight {
    pub confidence: Confidence,
    pub keyword: Option<Keyword>,
    /// It goes on with a list whose first value had the keyword.
    pub listed: bool,
    /// Index of the evidence near by.
    pub evidence: Option<usize>,
    /// Index of the form whose issuer is named near by.
    pub issuer: Option<usize>,
}

impl Scene<'_> {
    /// The keywords that begin before one octet and end behind another.
    fn hits_between(&self, start: usize, end: usize) -> impl Iterator<Item = &Hit> {
        let first = self.hits.partition_point(|hit| hit.end <= start);
        self.hits
            .iter()
            .skip(first)
            .take_while(move |hit| hit.start < end)
    }

    /// What stands between the last keyword of a kind that ends before a place, but not more than so many octets before it, and
    /// the place.
    fn behind_last(&self, place: usize, most: usize, is: impl Fn(&Hit) -> bool) -> Option<&[u8]> {
        let last = self.hits.partition_point(|hit| hit.start < place);
        let earlier = self.hits.iter().take(last).rev();
        let mut near = earlier.take_while(|hit| hit.end + most >= place);
        let hit = near.find(|hit| hit.end <= place && is(hit))?;
        self.bytes.get(hit.end..place)
    }
}

/// An accepted value that a list may go on from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub end: usize,
    pub keyword: Keyword,
}

/// Why a candidate does not count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Silence {
    /// Nothing speaks for it.
    NoKeyword,
    /// A word against it stands nearest.
    Against(Keyword),
    /// It has a label of its own, which names something else.
    Labelled,
    /// The label of its column names something else.
    Elsewhere,
    /// Only the label of a column would make it count.
    NeedsColumn,
    /// Its issuer is not named.
    NeedsIssuer,
    /// It is less sure than the rule reports.
    TooUnsure(Confidence),
}

/// Whether a keyword that may speak for a value stands between two octets.
fn speaks_between(rule: &Rule, scene: &Scene, from: usize, to: usize) -> bool {
    scene
        .hits_between(from, to)
        .any(|hit| rule.keywords.may_speak_for(hit))
}

/// Weighs a candidate; says why when it does not count.
pub(super) fn weigh(
    rule: &Rule,
    candidate: &Candidate,
    scene: &Scene,
    list: Option<Listed>,
) -> Result<Weight, Silence> {
    let pattern = rule.patterns.get(candidate.pattern).ok_or(Silence::NoKeyword)?;
    let mut voices = match scene.cell {
        Some(cell) => in_table(rule, candidate, scene, cell),
        None => in_text(rule, candidate, scene, pattern),
    };
    // What looks like a row below labels may be the end of a sentence with commas that was wrapped.
    if scene.cell.is_some_and(|cell| cell.may_be_prose) && voices.says_nothing() {
        voices = in_text(rule, candidate, scene, pattern);
    }
    let telling = pattern.heeds_label || pattern.decisive;
    if !telling && scene.cell.is_none() && label::has_prefix(rule, scene, candidate.start) {
        return Err(Silence::Labelled);
    }
    let mut listed = false;
    if let Some(list) = list.filter(|_| pattern.in_lists && scene.cell.is_none() && voices.says_nothing()) {
        listed = goes_on(scene, candidate, list.end);
        voices.strong = Some(list.keyword).filter(|keyword| listed && keyword.strong);
        voices.weak = Some(list.keyword).filter(|keyword| listed && !keyword.strong);
    }
    if pattern.column_only && voices.strong.is_none_or(|keyword| keyword.side != Side::Header) {
        return Err(Silence::NeedsColumn);
    }
    if pattern.needs_issuer && voices.issuer.is_none() {
        return Err(Silence::NeedsIssuer);
    }
    let evidence = match voices.keyword().or(voices.turned) {
        Some(_) => rule.evidence.iter().enumerate().position(|(number, evidence)| {
            let value = candidate.start..candidate.end;
            let around = scene.around;
            around.stands_by((candidate.rule, number), evidence, scene.bytes, value, LONGEST)
        }),
        None => None,
    };
    // A routing number beside the account of a customer says that it is one with a bank.
    if voices.keyword().is_none()
        && voices.is_turned()
        && stands_in_sentence(rule, candidate, scene, evidence)
    {
        voices.lift();
    }
    voices.follow_issuer();
    let supported = voices.support || evidence.is_some() || voices.issuer.is_some();
    // What a list goes on with was supported where it began.
    if !listed && scene.cell.is_none_or(|cell| cell.may_be_prose) {
        voices.doubt(supported);
    }
    let elsewhere = pattern.heeds_header
        && scene
            .cell
            .is_some_and(|cell| is_elsewhere(candidate, scene, cell));
    let numbered = || {
        pattern.heeds_label
            && (voices.numbered
                || label::is_prefixed(scene.bytes, candidate.start)
                || !pattern.decisive
                    && (things::follows_a_thing(rule, scene, candidate.start)
                        || told::of_a_thing(rule, scene, &(candidate.start..candidate.end))
                        || goes_on_with_things(rule, scene, pattern, candidate.start)
                        || is_in_numbered_column(rule, candidate, scene)))
            || pattern.heeds_every_label && voices.of_a_thing
    };
    let alone = scene.alone && candidate.distinctive && !elsewhere && !numbered();
    let confidence = match voices.is_denied() && !stands_in_sentence(rule, candidate, scene, evidence) {
        true => denied(&voices, &pattern.confidence, alone && !scene.strong_only),
        false => tier(&voices, &pattern.confidence, supported, alone, scene.strong_only),
    };
    let confidence = confidence.ok_or_else(|| voices.silence(elsewhere))?;
    match confidence >= rule.report_from {
        false => Err(Silence::TooUnsure(confidence)),
        true => Ok(Weight {
            confidence,
            keyword: voices.keyword(),
            listed,
            evidence,
            issuer: voices.issuer,
        }),
    }
}

fn tier(
    voices: &Voices,
    tiers: &Tiers,
    supported: bool,
    alone: bool,
    strong_only: bool,
) -> Option<Confidence> {
    let alone = tiers.alone.filter(|_| alone && !strong_only);
    match (voices.strong, voices.weak) {
        (Some(_), _) if supported => tiers.strong.or(alone).map(raised),
        (Some(_), _) => tiers.strong.or(alone),
        _ if strong_only => None,
        _ if voices.is_turned() => alone.and(tiers.turned.or(tiers.against)),
        _ if voices.against.is_some() => alone.and(tiers.against),
        // A pattern for which a weak keyword is nothing is not lifted by support for nothing.
        (None, Some(_)) if supported => tiers.weak.and(tiers.strong.or(tiers.weak)).or(alone),
        (None, Some(_)) => tiers.weak.or(alone),
        (None, None) => alone,
    }
}

/// What is left where all around is about something else: a strong keyword is but a weak one, and nothing supports it.
fn denied(voices: &Voices, tiers: &Tiers, alone: bool) -> Option<Confidence> {
    let alone = tiers.alone.filter(|_| alone).and(tiers.against);
    match voices.strong.is_some() || voices.doubted {
        true => tiers.weak.or(alone),
        false => alone,
    }
}

fn raised(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::Low => Confidence::Medium,
        Confidence::Medium | Confidence::High => Confidence::High,
    }
}

/// In running text: what stands within the windows of the keywords, unless the value has a label of its own.
fn in_text(rule: &Rule, candidate: &Candidate, scene: &Scene, pattern: &Pattern) -> Voices {
    let mut voices = Voices::default();
    // A value with a label of its own does not go on with what the keyword before another value said.
    let limits = Limits {
        first_only: pattern.first_only || scene.own.is_impersonal(scene),
        before_only: pattern.before_only,
    };
    let reach = rule.keywords.reach;
    let first = scene
        .hits
        .partition_point(|hit| hit.end + reach < candidate.start);
    for hit in scene
        .hits
        .iter()
        .skip(first)
        .take_while(|hit| hit.start <= candidate.end + reach)
    {
        let heard = beside(hit, candidate, scene, limits);
        heard
            .iter()
            .for_each(|heard| voices.hear(rule, candidate, scene, heard));
    }
    let own = scene
        .own
        .place(scene.bytes)
        .filter(|_| scene.own.is_foreign(rule, scene));
    // What has a form of its own may be announced by more than what stands directly before it.
    let telling = pattern.heeds_label || pattern.decisive;
    let before = || voices.keyword().filter(|keyword| keyword.side == Side::Before);
    let asked = || before().and_then(|_| told::question(rule, scene, candidate.start));
    let behind_another =
        |keyword: Keyword| told::label_behind_another(rule, scene, candidate.start, keyword.distance);
    let thing = match own {
        None if !telling && voices.keyword().is_some() => {
            things::label_of(rule, scene, candidate.start).or_else(asked)
        }
        None if !pattern.decisive => before().and_then(behind_another).or_else(asked),
        _ => None,
    };
    if let Some(label) = own.or(thing.as_ref()) {
        let from_label = candidate.start - label.start;
        let text = scene.bytes.get(label.clone()).unwrap_or_default();
        // "Social Security number (last page): 412 55 9921"
        voices.of_a_thing = voices.strong.is_none() && label::is_of_a_thing(text);
        voices.strong = voices
            .strong
            .filter(|keyword| keyword.distance < from_label && keyword.side == Side::Before);
        voices.weak = voices
            .weak
            .filter(|keyword| keyword.distance < from_label && keyword.side == Side::Before);
        voices.labelled = true;
        voices.numbered = numbers_a_thing(rule, scene, pattern, label, candidate.start);
    }
    if !pattern.decisive
        && voices
            .keyword()
            .is_some_and(|keyword| told::is_denied_behind(scene, candidate.end, keyword))
        && told::of_a_thing(rule, scene, &(candidate.start..candidate.end))
    {
        voices.strong = None;
        voices.weak = None;
        voices.labelled = true;
    }
    if voices.says_nothing() && !voices.labelled && pattern.confidence.strong.is_some() {
        voices.strong = answer::keyword(rule, scene, &(candidate.start..candidate.end));
    }
    voices.settle();
    voices
}

/// Whether a label says that the value behind it, which begins at an octet, is the number of a thing.
fn numbers_a_thing(
    rule: &Rule,
    scene: &Scene,
    pattern: &Pattern,
    label: &Range<usize>,
    start: usize,
) -> bool {
    let text = scene.bytes.get(label.clone()).unwrap_or_default();
    // "Account no." may be that of a card, whose form and check prove it.
    !(pattern.decisive && label::is_open(text))
        && (label::numbers_things(text) && !words::names_an_employee(text)
            || !pattern.decisive
                && (things::is_called_a_thing(rule, text)
                    || things::is_in_form(scene.bytes, label, start)
                        && things::is_field_of_a_thing(rule, scene, label)))
}

/// Whether a value goes on with a list whose label says that it holds the numbers of things, or that begins directly behind a word
/// against it: "Cores by site, hole and section: 412-55-9921, 536-22-8145".
fn goes_on_with_things(rule: &Rule, scene: &Scene, pattern: &Pattern, start: usize) -> bool {
    const NEAR: usize = 3;
    let begin = things::list_begin(scene.bytes, start);
    if begin == start {
        return false;
    }
    let numbers = |label: Range<usize>| numbers_a_thing(rule, scene, pattern, &label, begin);
    let opposes = |hit: &Hit| rule.keywords.opposes(hit) && !rule.keywords.may_speak_for(hit);
    label::of(scene.bytes, begin).is_some_and(numbers)
        || scene.hits_between(begin.saturating_sub(NEAR), begin).any(opposes)
}

/// A keyword before or after a candidate; none when it stands within.
fn beside<'v>(hit: &'v Hit, candidate: &Candidate, scene: &Scene<'v>, limits: Limits) -> Option<Heard<'v>> {
    let before = hit.end <= candidate.start;
    if !before && hit.start < candidate.end {
        return None;
    }
    let between = match before {
        true => scene.bytes.get(hit.end..candidate.start),
        false => scene.bytes.get(candidate.end..hit.start),
    }?;
    Some(Heard {
        hit,
        side: if before { Side::Before } else { Side::After },
        distance: between.len(),
        between: if before { between } else { &[] },
        limits,
    })
}

/// Whether evidence stands in the sentence of a value: a routing number in the next one may be that of another account.
fn stands_in_sentence(rule: &Rule, candidate: &Candidate, scene: &Scene, evidence: Option<usize>) -> bool {
    let Some(evidence) = evidence.and_then(|number| rule.evidence.get(number)) else {
        return false;
    };
    let near = |from: usize, to: usize| scene.bytes.get(from..to).unwrap_or_default();
    let begin = candidate.start.saturating_sub(evidence.before);
    let before = near(begin, candidate.start);
    let begin = begin + sentence::last_begins(before).unwrap_or(0);
    let end = (candidate.end + evidence.after).min(scene.bytes.len());
    let after = near(candidate.end, end);
    let end = candidate.end + sentence::first_ends(after).unwrap_or(after.len());
    evidence.stands_in(scene.bytes, begin..candidate.start)
        || evidence.stands_in(scene.bytes, candidate.end..end)
}

/// Whether a value goes on with the list that ended at `end`.
fn goes_on(scene: &Scene, candidate: &Candidate, end: usize) -> bool {
    let near = candidate.start >= end && candidate.start - end <= LIST_GAP;
    let between = scene.bytes.get(end..candidate.start).unwrap_or_default();
    if !near || !between::keeps_a_list(scene, between) {
        return false;
    }
    let label = scene.own.place(scene.bytes).filter(|label| label.start >= end);
    !(label.is_some() && scene.own.is_impersonal(scene))
}
