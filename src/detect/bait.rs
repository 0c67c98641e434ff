//! Ordinary text that holds nobody's data. A pattern that keeps finding things in it would bury the staff in
//! false alarms, so it does not go live.

use super::normal::View;
use super::{RuleError, Rules, search};
use crate::message::Place;
use crate::mime::{Text, TextKind};

/// Prose, telephone lists, dates, logs, code, orders: written or made up for this purpose.
const BAIT: &str = include_str!("bait.txt");

/// How often one pattern may be wrong in it.
const MOST_HITS: usize = 2;

/// Refuses patterns that find more in the bait than they may.
pub(super) fn refused(rules: &Rules) -> Vec<RuleError> {
    let mut errors = Vec::new();
    for ((rule, pattern), hits) in hits(rules) {
        let Some(rule) = rules.rules.get(rule).filter(|rule| !rule.common) else {
            continue;
        };
        let Some(pattern) = rule.patterns.get(pattern).filter(|_| hits > MOST_HITS) else {
            continue;
        };
        errors.push(RuleError {
            file: rule.file.clone(),
            line: pattern.line,
            message: format!(
                "the pattern \"{}\" finds {hits} values in ordinary text that holds none (prose, telephone lists, \
                 dates, logs, code, orders); take `alone` out of its confidence so that it needs a keyword, choose \
                 rarer keywords, add a check or narrow the expression; `common = true` at the top lets it pass",
                pattern.name
            ),
        });
    }
    errors
}

/// How often each pattern of each rule finds something.
fn hits(rules: &Rules) -> std::collections::BTreeMap<(usize, usize), usize> {
    let mut hits = std::collections::BTreeMap::new();
    let place = Place {
        part: "1".to_owned(),
        field: None,
        description: "ordinary text".to_owned(),
        span: (0, BAIT.len()),
    };
    let text = Text {
        place,
        kind: TextKind::Body,
        text: String::new(),
    };
    let view = View::plain(BAIT);
    search::in_view(rules, &view, &text, &mut |rule, pattern| {
        *hits.entry((rule, pattern)).or_default() += 1;
    });
    hits
}

#[cfg(test)]
mod tests {
    use super::super::tests::rules;
    use super::hits;

    #[test]
    fn the_shipped_rules_find_nothing_in_ordinary_text() {
        let found = hits(rules());
        let names = found.iter().map(|((rule, pattern), hits)| {
            let rule = &rules().rules[*rule];
            format!("{}: {} ({hits})", rule.id, rule.patterns[*pattern].name)
        });
        assert_eq!(names.collect::<Vec<_>>(), Vec::<String>::new());
    }
}
