//! The path of all texts of a message through detection.

mod report;
mod view;

use std::cell::OnceCell;
use std::collections::HashMap;

use self::view::Found;
use super::normal::View;
use super::{Located, Rules};
use crate::message::{Confidence, Finding, Place};
use crate::mime::{Text, TextKind};

/// Findings of one kind that are told, see [`Rules::search`].
const MOST_OF_A_KIND: usize = 2_000;
/// Longer texts are searched in pieces; offsets inside a piece fit 32 bits.
const LONGEST_PIECE: usize = 1 << 30;

/// See [`Rules::locate`].
pub(super) fn search(rules: &Rules, texts: &[Text]) -> Vec<Located> {
    let mut search = Search {
        rules,
        opening: Opening::of(texts),
        told: HashMap::new(),
    };
    let mut located = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let mut offset = 0;
        while offset < text.text.len() {
            let end = text.text.floor_char_boundary(offset + LONGEST_PIECE);
            let piece = text.text.get(offset..end).unwrap_or_default();
            let found = search.piece(text, piece, offset).into_iter();
            located.extend(found.map(|finding| Located {
                text: number,
                finding,
            }));
            offset = end;
        }
    }
    located
}

/// What is known across the texts of a message.
struct Search<'r> {
    rules: &'r Rules,
    opening: Opening<'r>,
    told: HashMap<Kind, usize>,
}

/// What makes findings alike, for the limit on how many are told: rule, confidence, name, test value, field.
type Kind = (usize, Confidence, bool, bool, Option<String>);

impl Search<'_> {
    /// Searches a piece of a text, as it is and with broken numbers made whole.
    fn piece(&mut self, text: &Text, piece: &str, offset: usize) -> Vec<Finding> {
        let plain = View::plain(piece);
        let mut findings = Vec::new();
        let place = |view: &View, found: &Found| view.origin(found.start(), found.end());
        view::search(self.rules, &plain, text, &mut |found| {
            findings.extend(self.finding(text, offset, place(&plain, &found), &found));
        });
        let Some(joined) = plain.joined() else {
            return findings;
        };
        let known: Vec<(usize, usize)> = findings.iter().map(|finding| finding.place.span).collect();
        view::search(self.rules, &joined, text, &mut |found| {
            let (start, end) = place(&joined, &found);
            let span = plain.origin(start, end);
            if is_free(&known, (span.0 + offset, span.1 + offset)) {
                findings.extend(self.finding(text, offset, span, &found));
            }
        });
        findings.sort_by_key(|finding| finding.place.span);
        findings
    }

    /// Puts a finding into words, unless enough of its kind were told.
    fn finding(
        &mut self,
        text: &Text,
        offset: usize,
        span: (usize, usize),
        found: &Found,
    ) -> Option<Finding> {
        let rule = self.rules.rules.get(found.rule())?;
        let span = (span.0 + offset, span.1 + offset);
        let linked = found.name.is_none() && self.opening.names_a_person(self.rules, text, span.0);
        let name_near = found.name.is_some() || found.named_row() || linked;
        let own = (text.place.part == Place::MESSAGE)
            .then(|| text.place.field.clone())
            .flatten();
        let kind = (
            found.rule(),
            found.confidence(),
            name_near,
            found.test_value(),
            own,
        );
        let told = self.told.entry(kind).or_default();
        *told += 1;
        (*told <= MOST_OF_A_KIND).then(|| Finding {
            element: rule.id.clone(),
            title: rule.title.clone(),
            place: Place {
                span,
                ..text.place.clone()
            },
            confidence: found.confidence(),
            evidence: found.evidence.clone(),
            name_near,
            named_in_header: false,
            optional: rule.optional,
            test_value: found.test_value(),
            reasons: report::reasons(rule, found, linked),
        })
    }
}

/// Whether a span overlaps none of the known ones, which are in order.
fn is_free(known: &[(usize, usize)], span: (usize, usize)) -> bool {
    let before = known.partition_point(|other| other.0 < span.1);
    before
        .checked_sub(1)
        .and_then(|last| known.get(last))
        .is_none_or(|other| other.1 <= span.0)
}

/// The Subject and the beginning of a body, which people read as one.
struct Opening<'t> {
    texts: &'t [Text],
    subject: OnceCell<bool>,
    body: OnceCell<bool>,
}

impl<'t> Opening<'t> {
    fn of(texts: &'t [Text]) -> Self {
        Opening {
            texts,
            subject: OnceCell::new(),
            body: OnceCell::new(),
        }
    }

    /// Whether the other half names a person, for an element at `start` of `text`.
    fn names_a_person(&self, rules: &Rules, text: &Text, start: usize) -> bool {
        match text.kind {
            _ if is_subject(text) => *self
                .body
                .get_or_init(|| self.named(rules, |text| text.kind == TextKind::Body)),
            TextKind::Body if start < rules.names.window() => {
                *self.subject.get_or_init(|| self.named(rules, is_subject))
            }
            TextKind::Body | TextKind::Header | TextKind::Table => false,
        }
    }

    fn named(&self, rules: &Rules, wanted: impl Fn(&Text) -> bool) -> bool {
        self.texts.iter().find(|text| wanted(text)).is_some_and(|text| {
            let end = text.text.floor_char_boundary(rules.names.window());
            let view = View::plain(text.text.get(..end).unwrap_or_default());
            !rules.names.within(&view.bytes, 0, view.bytes.len()).is_empty()
        })
    }
}

fn is_subject(text: &Text) -> bool {
    text.place
        .field
        .as_deref()
        .is_some_and(|field| field.eq_ignore_ascii_case("subject"))
}
