//! What looks like an element and does not count, for people: number by number, not rule by rule.

use crate::detect::Rejected;
use crate::message::{Finding, Place};

/// A number that does not count.
pub struct Dropped<'r> {
    /// What is shown of it.
    pub value: &'r str,
    /// Where it stands.
    pub place: &'r Place,
    /// What it could be, and why it is not that.
    pub reasons: Vec<String>,
    span: (usize, usize),
}

/// The numbers that do not count, in their order. Rules that looked at the same octets are told together. Where
/// something counts, nobody asks what else it could have been.
pub fn numbers<'r>(rejected: &'r [Rejected], values: &'r [String], findings: &[Finding]) -> Vec<Dropped<'r>> {
    let mut numbers: Vec<Dropped> = Vec::new();
    for (at, one) in rejected.iter().enumerate() {
        if findings.iter().any(|finding| overlap(&finding.place, &one.place)) {
            continue;
        }
        let value = values.get(at).map_or(one.evidence.as_str(), String::as_str);
        let reasons = one.why.iter().map(|why| format!("{}: {why}", one.title));
        let same = numbers.last_mut().filter(|last| {
            let (start, end) = one.place.span;
            is_same_text(last.place, &one.place) && start < last.span.1 && last.span.0 < end
        });
        match same {
            Some(last) => last.add(value, one.place.span, reasons),
            None => numbers.push(Dropped {
                value,
                place: &one.place,
                reasons: reasons.collect(),
                span: one.place.span,
            }),
        }
    }
    numbers
}

impl<'r> Dropped<'r> {
    /// The same number, as another rule sees it. The widest view is shown.
    fn add(&mut self, value: &'r str, span: (usize, usize), reasons: impl Iterator<Item = String>) {
        if span.1.saturating_sub(span.0) > self.span.1.saturating_sub(self.span.0) {
            self.value = value;
        }
        self.span = (self.span.0.min(span.0), self.span.1.max(span.1));
        self.reasons.extend(reasons);
    }
}

fn overlap(a: &Place, b: &Place) -> bool {
    is_same_text(a, b) && a.span.0 < b.span.1 && b.span.0 < a.span.1
}

fn is_same_text(a: &Place, b: &Place) -> bool {
    (&a.part, &a.field, &a.description) == (&b.part, &b.field, &b.description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Masked;

    fn rejected(title: &str, value: &str, span: (usize, usize)) -> Rejected {
        Rejected {
            text: 0,
            element: title.to_lowercase(),
            title: title.to_owned(),
            place: Place {
                part: "1".to_owned(),
                field: None,
                description: "the text".to_owned(),
                span,
            },
            evidence: Masked::ending(value, 4),
            why: vec!["no keyword".to_owned()],
        }
    }

    #[test]
    fn rules_that_look_at_the_same_octets_are_told_together_under_the_widest_view() {
        let all = [
            rejected("Bank", "44123", (3, 8)),
            rejected("Card", "9944123", (1, 8)),
            rejected("Bank", "77", (20, 22)),
        ];
        let numbers = numbers(&all, &[], &[]);
        let told: Vec<_> = numbers.iter().map(|one| (one.value, one.reasons.len())).collect();
        assert_eq!(told, [("****123", 2), ("*7", 1)]);
        assert_eq!(
            numbers.first().unwrap().reasons,
            ["Bank: no keyword", "Card: no keyword"]
        );
    }
}
