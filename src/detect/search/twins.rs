//! One number, one finding: what a part says twice in two readings of it (the text of a page and its tables) is
//! told once, from the reading that supports it best.

use std::collections::{HashMap, HashSet};

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
    let pieces = Pieces::of(texts, &located, &best);
    let keeps = |one: &Located| {
        let Some(twin) = twin(texts, one) else { return true };
        // A narrow column breaks a number over two lines, which only its table puts together.
        if pieces.hold(&twin, one) {
            return false;
        }
        let known = best.get(&twin);
        known.is_none_or(|(support, text)| *text == one.text && !is_misread(&twin, *support))
    };
    let kept: Vec<bool> = located.iter().map(keeps).collect();
    let pairs = located.into_iter().zip(kept);
    pairs.filter(|(_, kept)| *kept).map(|(one, _)| one).collect()
}

/// The values of tables that begin with other values that were found, looked up by those: each value has as many
/// beginnings as characters, so that a table of any size takes a time in proportion to its size.
struct Pieces<'f> {
    /// By what may be a piece: the best of the wholes that begin with it, and the best of another text.
    wholes: HashMap<Twin<'f>, [Option<(usize, Support)>; 2]>,
    /// How many beginnings were looked up.
    #[cfg(test)]
    looked_up: usize,
}

impl<'f> Pieces<'f> {
    fn of(
        texts: &'f [Text],
        located: &'f [Located],
        known: &HashMap<Twin<'f>, (Support, usize)>,
    ) -> Pieces<'f> {
        let mut pieces = Pieces {
            wholes: HashMap::new(),
            #[cfg(test)]
            looked_up: 0,
        };
        let mut done: HashSet<(Twin, usize, Support)> = HashSet::new();
        for one in located.iter().filter(|one| is_table(texts, one)) {
            let Some(twin) = twin(texts, one) else { continue };
            let whole = (one.text, support_of(one));
            if done.insert((twin.clone(), whole.0, whole.1)) {
                pieces.add(&twin, whole, known);
            }
        }
        pieces
    }

    fn add(
        &mut self,
        (part, element, value): &Twin<'f>,
        whole: (usize, Support),
        known: &HashMap<Twin<'f>, (Support, usize)>,
    ) {
        for (end, _) in value.char_indices().skip(1) {
            #[cfg(test)]
            {
                self.looked_up += 1;
            }
            let piece = (*part, *element, value.get(..end).unwrap_or_default().to_owned());
            if known.contains_key(&piece) {
                let best = self.wholes.entry(piece).or_default();
                *best = better(*best, whole);
            }
        }
    }

    /// Whether another text has a whole that begins with this one and is supported as well.
    fn hold(&self, twin: &Twin, one: &Located) -> bool {
        let wholes = self.wholes.get(twin).into_iter().flatten().flatten();
        let support = support_of(one);
        let mut others = wholes.filter(|(text, _)| *text != one.text);
        others.any(|(_, whole)| *whole >= support)
    }
}

/// The best of the known wholes and a new one, and the best of them that is of another text.
fn better(known: [Option<(usize, Support)>; 2], new: (usize, Support)) -> [Option<(usize, Support)>; 2] {
    let mut all: Vec<(usize, Support)> = known.into_iter().flatten().chain([new]).collect();
    all.sort_by_key(|(_, support)| std::cmp::Reverse(*support));
    let first = all.first().copied();
    let other = all
        .iter()
        .find(|(text, _)| first.is_some_and(|(of, _)| of != *text));
    [first, other.copied()]
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Pieces, settle, support_of, twin};
    use crate::detect::Located;
    use crate::message::{Confidence, Finding, Masked, Place};
    use crate::mime::{Text, TextKind};

    /// A text of numbers, and each of them found in it.
    fn numbers(text: usize, kind: TextKind, numbers: &[String]) -> (Text, Vec<Located>) {
        let mut whole = String::new();
        let mut located = Vec::new();
        for number in numbers {
            let start = whole.len();
            whole.push_str(number);
            located.push(Located {
                text,
                finding: finding((start, whole.len())),
            });
            whole.push('\t');
        }
        let text = Text {
            place: place((0, 0)),
            kind,
            text: whole,
        };
        (text, located)
    }

    fn place(span: (usize, usize)) -> Place {
        Place {
            part: "1".to_owned(),
            field: None,
            description: "a table".to_owned(),
            span,
        }
    }

    fn finding(span: (usize, usize)) -> Finding {
        Finding {
            element: "bank_account".to_owned(),
            title: "Bank account number".to_owned(),
            place: place(span),
            confidence: Confidence::High,
            evidence: Masked::ending("0000", 2),
            name_near: true,
            named_in_header: false,
            optional: false,
            test_value: false,
            reasons: Vec::new(),
        }
    }

    #[test]
    fn pieces_that_another_reading_has_whole_are_not_told() {
        let (body, pieces) = numbers(0, TextKind::Body, &["483012".to_owned(), "77550".to_owned()]);
        let (table, wholes) = numbers(1, TextKind::Table, &["4830127755".to_owned()]);
        let located = pieces.into_iter().chain(wholes).collect();
        let kept = settle(&[body, table], located);
        let spans: Vec<(usize, (usize, usize))> = kept
            .iter()
            .map(|one| (one.text, one.finding.place.span))
            .collect();
        assert_eq!(spans, [(0, (7, 12)), (1, (0, 10))]);
    }

    #[test]
    fn a_table_of_numbers_that_begin_alike_is_looked_up_once_for_each_beginning() {
        let mut looked_up = Vec::new();
        for many in [1_000, 2_000, 4_000] {
            let alike: Vec<String> = (0..many).map(|number| format!("11111{number:07}")).collect();
            let short = vec!["11111".to_owned(); many];
            let (table, wholes) = numbers(0, TextKind::Table, &alike);
            let (other, pieces) = numbers(1, TextKind::Body, &short);
            let texts = [table, other];
            let located: Vec<Located> = wholes.into_iter().chain(pieces).collect();
            let mut known = HashMap::new();
            for one in &located {
                known.insert(twin(&texts, one).unwrap(), (support_of(one), one.text));
            }
            looked_up.push(Pieces::of(&texts, &located, &known).looked_up);
        }
        assert_eq!(looked_up, [11_000, 22_000, 44_000]);
    }
}
