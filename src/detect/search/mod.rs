//! The path of all texts of a message through detection.

mod outcome;
mod people;
mod report;
mod twins;
mod view;

pub(super) use self::outcome::{Explained, Why};
pub(super) use self::view::explain;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use self::outcome::{Enough, Found};
use self::people::People;
use super::layout::Layout;
use super::normal::View;
use super::{Located, Rules};
use crate::message::{Confidence, Finding, Masked, Place};
use crate::mime::{Text, TextKind};

/// Findings of one kind that are told, see [`Rules::search`].
const MOST_OF_A_KIND: usize = 2_000;
/// Longer texts are searched in pieces; offsets inside a piece fit 32 bits.
const LONGEST_PIECE: usize = 1 << 30;

/// See [`Rules::locate`].
pub(super) fn search(rules: &Rules, texts: &[Text]) -> Vec<Located> {
    let mut search = Search {
        rules,
        people: People::of(texts),
        told: HashMap::new(),
        enough: Rc::new(Enough::none(rules)),
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
    twins::settle(texts, located)
}

/// Searches one view and tells the rule and the pattern of what is found.
pub(super) fn in_view(rules: &Rules, view: &View, text: &Text, tell: &mut dyn FnMut(usize, usize)) {
    view::search(rules, view, text, (None, &Enough::none(rules)), &mut |found| {
        tell(found.rule(), found.weighed.candidate.pattern);
    });
}

/// What is known across the texts of a message.
struct Search<'r> {
    rules: &'r Rules,
    people: People<'r>,
    told: HashMap<Kind, usize>,
    /// Of which rules all that matters was told.
    enough: Rc<Enough>,
}

/// What makes findings alike, for the limit on how many are told: rule, confidence, name, test value, field.
type Kind = (usize, Confidence, bool, bool, Option<String>);

impl Search<'_> {
    /// Searches a piece of a text, as it is and with broken numbers made whole.
    fn piece(&mut self, text: &Text, piece: &str, offset: usize) -> Vec<Finding> {
        let plain = View::plain(piece);
        let mut findings = Vec::new();
        let place = |view: &View, found: &Found| view.origin(found.start(), found.end());
        let enough = Rc::clone(&self.enough);
        let headed = view::search(self.rules, &plain, text, (None, &enough), &mut |found| {
            let span = place(&plain, &found);
            findings.extend(self.finding(text, offset, span, (&plain, &found)));
        });
        // The cells of a table hold no line ends, and where a row ends, so does the number in its last cell, unless a
        // hyphen says otherwise. What was put together over the end of a row would be dropped below; not to do so spares
        // the reading of most tables with numbers a second search.
        let mut rows = Layout::new(&plain.bytes, text.kind);
        let goes_on =
            |end| text.kind != TextKind::Table && (plain.ends_with_hyphen(end) || !rows.is_row(end));
        let Some(joined) = plain.joined(goes_on) else {
            return findings;
        };
        let mut layout = Layout::new(&plain.bytes, text.kind);
        let mut wholes: Vec<Finding> = Vec::new();
        let mut pieces: HashSet<usize> = HashSet::new();
        view::search(self.rules, &joined, text, (Some(headed), &enough), &mut |found| {
            let (start, end) = place(&joined, &found);
            let span = plain.origin(start, end);
            let whole = (span.0 + offset, span.1 + offset);
            let element = self.rules.rules.get(found.rule()).map(|rule| rule.id.as_str());
            let first = findings.partition_point(|other| other.place.span.1 <= whole.0);
            let in_the_way = findings.get(first..).unwrap_or_default().iter();
            let in_the_way: Vec<&Finding> = in_the_way
                .take_while(|other| other.place.span.0 < whole.1)
                .collect();
            let are_pieces = || {
                plain.is_cut(start, end, in_the_way.len() > 1)
                    && in_the_way.iter().all(|other| is_piece(other, element, whole))
            };
            let broken = plain.breaks_line(start, end);
            let mut of_row = || layout.is_row(start) && !plain.is_hyphenated(start, end);
            if !(broken && of_row()) && (in_the_way.is_empty() || are_pieces()) {
                pieces.extend(first..first + in_the_way.len());
                wholes.extend(self.finding(text, offset, span, (&joined, &found)));
            }
        });
        let kept = findings.into_iter().enumerate();
        let kept = kept
            .filter(|(place, _)| !pieces.contains(place))
            .map(|(_, finding)| finding);
        let mut findings: Vec<Finding> = kept.chain(wholes).collect();
        findings.sort_by_key(|finding| finding.place.span);
        findings
    }

    /// Puts a finding into words, unless enough of its kind were told.
    fn finding(
        &mut self,
        text: &Text,
        offset: usize,
        span: (usize, usize),
        (view, found): (&View, &Found),
    ) -> Option<Finding> {
        let rule = self.rules.rules.get(found.rule())?;
        let span = (span.0 + offset, span.1 + offset);
        let here = found.name.is_some() || found.named_row();
        let elsewhere = match here {
            true => None,
            false => self.people.elsewhere(self.rules, text, span.0),
        };
        let name_near = here || elsewhere.is_some();
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
        // No finding weighs more than one that is certain, beside a name and real.
        let weighs_most = matches!(kind, (_, Confidence::High, true, false, None));
        let told = self.told.entry(kind).or_default();
        *told += 1;
        if weighs_most && *told == MOST_OF_A_KIND {
            self.enough.reach(found.rule());
        }
        (*told <= MOST_OF_A_KIND).then(|| Finding {
            element: rule.id.clone(),
            title: rule.title.clone(),
            place: Place {
                span,
                ..text.place.clone()
            },
            confidence: found.confidence(),
            evidence: {
                let value = view.bytes.get(found.start()..found.end()).unwrap_or_default();
                Masked::ending(&String::from_utf8_lossy(value), rule.shown)
            },
            name_near,
            named_in_header: self.people.in_header(self.rules, text),
            optional: rule.optional,
            test_value: found.test_value(),
            reasons: report::reasons(rule, found, elsewhere),
        })
    }
}

/// Whether a finding is a piece of a whole of the same element.
fn is_piece(piece: &Finding, element: Option<&str>, whole: (usize, usize)) -> bool {
    let (from, to) = piece.place.span;
    whole.0 <= from && to <= whole.1 && element == Some(piece.element.as_str())
}
