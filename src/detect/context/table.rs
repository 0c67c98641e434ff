//! What the cells of a table say of a value in one of them: its column's label, the cells beside it, and its own.

use std::ops::Range;

use super::super::candidates::Candidate;
use super::super::keywords::Hit;
use super::super::layout::Cell;
use super::super::rule::Rule;
use super::heard::{Heard, Limits};
use super::voices::{Side, Voices};
use super::{Scene, beside, label, things, words};

/// In a table: the header of the column, the cell itself, and the cells that may label it.
pub(super) fn in_table(rule: &Rule, candidate: &Candidate, scene: &Scene, cell: &Cell) -> Voices {
    let mut voices = Voices::default();
    for hit in scene.headed {
        let heard = Heard {
            hit,
            side: Side::Header,
            distance: 0,
            between: &[],
            limits: Limits::default(),
        };
        voices.hear(rule, candidate, scene, &heard);
    }
    voices.hear_labels(rule, scene, cell);
    // A value that its cell begins with has no label there.
    let may_have = candidate.start > cell.own.start;
    let own = if may_have {
        scene.own.place(scene.bytes)
    } else {
        None
    };
    let own = own.filter(|label| label.start >= cell.own.start);
    let labels = [Some(&cell.own), cell.left.as_ref(), cell.first.as_ref()];
    for place in labels.into_iter().flatten() {
        for hit in scene
            .said
            .find(&rule.keywords, candidate.rule, scene.bytes, place)
        {
            let heard = beside(&hit, candidate, scene, Limits::default());
            heard
                .iter()
                .for_each(|heard| voices.hear(rule, candidate, scene, heard));
        }
    }
    if own.is_some() && scene.own.is_foreign(rule, scene) || is_labelled_in_row(rule, candidate, scene, cell)
    {
        voices.strong = None;
        voices.weak = None;
        voices.labelled = true;
    }
    voices.settle();
    voices
}

/// Whether the cell before a value that fills its own says of which thing it is the number, and what stands above in its column is no
/// label but the value of another row: "Requirement, CDL class B and hoisting license 2A" above "Position number, 48142852".
fn is_labelled_in_row(rule: &Rule, candidate: &Candidate, scene: &Scene, cell: &Cell) -> bool {
    // What may be anybody's proof of who they are.
    const OPEN: [&str; 6] = ["document", "doc", "identification", "identity", "id", "card"];
    /// The label of a column has fewer words.
    const SENTENCE: usize = 5;
    let Some(left) = cell.left.as_ref() else {
        return false;
    };
    let mut above = cell.headers.iter().flatten();
    let is_label = |label: &Range<usize>| {
        let text = scene.bytes.get(label.clone()).unwrap_or_default();
        let announces = scene.headed.iter().any(|hit| label.contains(&hit.start));
        announces && label::words(text).count() < SENTENCE
    };
    if above.any(is_label) {
        return false;
    }
    let text = scene.bytes.get(left.clone()).unwrap_or_default();
    let fills = cell.own.start == candidate.start && cell.own.end == candidate.end;
    let speaks = |hit: &Hit| rule.keywords.may_speak_for(hit);
    // The last word is but "number", "no." or "ID".
    let named: Vec<&[u8]> = label::words(text).collect();
    let named = named.split_last().map_or(&[][..], |(_, named)| named);
    let open = named.iter().any(|word| label::is_in(&OPEN, word));
    let about = |place| {
        scene
            .said
            .find(&rule.keywords, candidate.rule, scene.bytes, place)
    };
    fills
        && label::numbers_things(text)
        && label::names_something(text)
        && !words::names_a_person(text)
        && !text.iter().any(u8::is_ascii_digit)
        && !open
        && !about(left).iter().any(speaks)
}

/// Whether a value fills a cell under a label that names something else.
pub(super) fn is_elsewhere(candidate: &Candidate, scene: &Scene, cell: &Cell) -> bool {
    let fills = cell.own.start == candidate.start && cell.own.end == candidate.end;
    let mut labels = cell.headers.iter().flatten();
    fills
        && !cell.may_be_prose
        && labels.any(|label| label::names_something(scene.bytes.get(label.clone()).unwrap_or_default()))
}

/// Whether a value fills a cell under a label that numbers things: "Document no.", but not "Employee ID".
pub(super) fn is_in_numbered_column(rule: &Rule, candidate: &Candidate, scene: &Scene) -> bool {
    let Some(cell) = scene.cell else {
        return false;
    };
    let fills = cell.own.start == candidate.start && cell.own.end == candidate.end;
    let numbers = |label: &Range<usize>| {
        let text = scene.bytes.get(label.clone()).unwrap_or_default();
        let numbered =
            label::names_something(text) && label::numbers_things(text) && !words::names_a_person(text);
        let of_row = label::words(text)
            .next()
            .is_some_and(|word| label::is_in(&["entry", "line", "row"], word));
        numbered
            || of_row && label::numbers_things(text)
            || !cell.may_be_prose && things::is_field_of_a_thing(rule, scene, label)
    };
    fills && cell.headers.iter().flatten().any(numbers)
}
