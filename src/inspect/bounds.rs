//! Bounds on what a child may say of one message: how much, and in which characters.
//!
//! The child applies them so that every honest answer fits, the gateway applies them again because a child
//! that a message has taken over is not honest. For an honest answer the second time changes nothing.

use std::collections::BTreeSet;

use crate::message::{Finding, Inspection, Masked, Obstacle, ObstacleKind, Place};

/// Findings, obstacles and segments that one message may have, of each.
const ENTRIES: usize = 1_000;
/// Octets of a name or a part's path.
const NAME: usize = 200;
/// Octets of the name of a header field: a whole line (RFC 5322 §2.1.1).
const FIELD: usize = 998;
/// Octets of a sentence.
const SENTENCE: usize = 500;
/// Reasons of one finding.
const REASONS: usize = 8;
/// Characters of masked evidence, and how many of them may be letters or digits.
const EVIDENCE: usize = 64;
const SHOWN: usize = 4;

/// Cuts what is too much, which becomes an obstacle, and replaces characters that have no place in a log, a
/// notice or a terminal. Doing it twice is doing it once.
pub(super) fn tidy(inspection: Inspection) -> Inspection {
    tidy_to(inspection, ENTRIES)
}

/// Like [`tidy`], with another number of findings, obstacles and segments that may stay.
pub(super) fn tidy_to(mut inspection: Inspection, most: usize) -> Inspection {
    let Inspection {
        findings,
        obstacles,
        structure,
    } = &mut inspection;
    let longest = findings.len().max(obstacles.len()).max(structure.segments.len());
    if longest > most {
        obstacles.insert(0, too_many(most));
    }
    keep_telling_findings(findings, most);
    let mut kinds = BTreeSet::new();
    shorten(obstacles, most, |obstacle| u8::from(!kinds.insert(obstacle.kind)));
    shorten(&mut structure.segments, most, |_| 0);

    findings.iter_mut().for_each(tidy_finding);
    for obstacle in obstacles {
        clean(&mut obstacle.part, NAME);
        clean(&mut obstacle.detail, SENTENCE);
    }
    for segment in &mut structure.segments {
        clean(&mut segment.part, NAME);
        clean(&mut segment.media_type, NAME);
    }
    inspection
}

fn too_many(most: usize) -> Obstacle {
    Obstacle {
        kind: ObstacleKind::LimitReached,
        part: Place::MESSAGE.to_owned(),
        detail: format!("more than {most} findings or obstacles were met; the rest is not listed"),
    }
}

/// When findings must go, the first in each header field of the message stays, because that field must not be
/// seen outside of a sealed message, and so does the first of each sort that policy tells apart.
fn keep_telling_findings(findings: &mut Vec<Finding>, most: usize) {
    let (mut fields, mut sorts) = (BTreeSet::new(), BTreeSet::new());
    shorten(findings, most, |finding| {
        let own = finding.place.part == Place::MESSAGE;
        let field = finding.place.field.as_ref().filter(|_| own);
        let new_field = field.is_some_and(|field| fields.insert(field.to_ascii_lowercase()));
        let sort = (
            finding.element.clone(),
            finding.confidence,
            finding.name_near,
            finding.test_value,
        );
        let new_sort = sorts.insert(sort);
        if new_field { 0 } else { 2 - u8::from(new_sort) }
    });
}

/// Keeps `most` items, those of the lowest rank and among them the first, in their order.
fn shorten<T>(items: &mut Vec<T>, most: usize, mut rank: impl FnMut(&T) -> u8) {
    if items.len() <= most {
        return;
    }
    let mut ranked: Vec<(u8, usize, T)> = Vec::with_capacity(items.len());
    for (place, item) in items.drain(..).enumerate() {
        ranked.push((rank(&item), place, item));
    }
    ranked.sort_by_key(|(rank, place, _)| (*rank, *place));
    ranked.truncate(most);
    ranked.sort_by_key(|(_, place, _)| *place);
    items.extend(ranked.into_iter().map(|(_, _, item)| item));
}

fn tidy_finding(finding: &mut Finding) {
    clean(&mut finding.element, NAME);
    clean(&mut finding.title, NAME);
    clean(&mut finding.place.part, NAME);
    clean(&mut finding.place.description, SENTENCE);
    if let Some(field) = &mut finding.place.field {
        clean(field, FIELD);
    }
    finding.reasons.truncate(REASONS);
    for reason in &mut finding.reasons {
        clean(reason, NAME);
    }
    if !is_masked(finding.evidence.as_str()) {
        let ending = finding.evidence.as_str().chars().rev().take(EVIDENCE);
        let ending: Vec<char> = ending.collect();
        let ending: String = ending.into_iter().rev().collect();
        finding.evidence = Masked::ending(&ending, SHOWN);
    }
}

/// Whether [`Masked::ending`] can have made it.
fn is_masked(evidence: &str) -> bool {
    let shown = evidence.chars().filter(|c| c.is_alphanumeric()).count();
    let form = |c: char| c.is_alphanumeric() || matches!(c, '*' | '-' | ' ' | '.');
    shown <= SHOWN && evidence.chars().all(form) && evidence.chars().count() <= EVIDENCE
}

/// Cuts `text` to `limit` octets and replaces what could move a cursor, break a line or turn its direction.
fn clean(text: &mut String, limit: usize) {
    if text.len() <= limit && !text.contains(unfit) {
        return;
    }
    let mut cleaned = String::with_capacity(text.len().min(limit));
    for c in text.chars() {
        let c = if unfit(c) { '?' } else { c };
        if cleaned.len() + c.len_utf8() > limit {
            break;
        }
        cleaned.push(c);
    }
    *text = cleaned;
}

fn unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::wire::ANSWER_LIMIT;
    use super::*;
    use crate::message::{Confidence, Segment, Structure};

    fn finding(element: &str, part: &str, field: Option<&str>) -> Finding {
        Finding {
            element: element.to_owned(),
            title: element.to_owned(),
            place: Place {
                part: part.to_owned(),
                field: field.map(str::to_owned),
                description: "the text".to_owned(),
                span: (0, 9),
            },
            confidence: Confidence::Low,
            evidence: Masked::ending("536-22-8145", 4),
            name_near: false,
            test_value: false,
            named_in_header: false,
            optional: false,
            reasons: Vec::new(),
        }
    }

    fn raw_masked(text: &str) -> Masked {
        serde_json::from_value(serde_json::Value::from(text)).unwrap()
    }

    #[test]
    fn a_flood_of_weak_findings_hides_neither_the_strong_one_nor_the_secret_subject() {
        let mut findings = vec![finding("phone", "1", None); 5_000];
        findings.push(finding("ssn", "1", None));
        findings.push(finding("phone", Place::MESSAGE, Some("Subject")));
        let tidied = tidy(Inspection {
            findings,
            ..Inspection::default()
        });
        assert_eq!(tidied.findings.len(), ENTRIES);
        assert!(tidied.findings.iter().any(|finding| finding.element == "ssn"));
        assert_eq!(tidied.secret_fields(), ["Subject"]);
        assert_eq!(tidied.obstacles.first().unwrap().kind, ObstacleKind::LimitReached);
    }

    #[test]
    fn a_flood_of_harmless_obstacles_does_not_hide_an_encrypted_archive() {
        let obstacle = |kind| Obstacle {
            kind,
            part: "1".to_owned(),
            detail: String::new(),
        };
        let mut obstacles = vec![obstacle(ObstacleKind::Image); 5_000];
        obstacles.push(obstacle(ObstacleKind::EncryptedContainer));
        let tidied = tidy(Inspection {
            obstacles,
            ..Inspection::default()
        });
        let has = |kind| tidied.obstacles.iter().any(|obstacle| obstacle.kind == kind);
        assert_eq!(tidied.obstacles.len(), ENTRIES);
        assert!(has(ObstacleKind::EncryptedContainer) && has(ObstacleKind::LimitReached));
    }

    #[test]
    fn a_child_that_was_taken_over_cannot_pass_whole_values_or_terminal_codes_on() {
        let mut hostile = finding("ssn", "1", Some("Sub\u{1b}[2Jject\r\nBcc"));
        hostile.evidence = raw_masked("536-22-8145");
        hostile.reasons = vec!["\u{202e}evil\u{2028}".to_owned(); 90];
        let tidied = tidy(Inspection {
            findings: vec![hostile],
            ..Inspection::default()
        });
        let finding = tidied.findings.first().unwrap();
        assert_eq!(finding.evidence.as_str(), "***-**-8145");
        assert_eq!(finding.place.field.as_deref(), Some("Sub?[2Jject??Bcc"));
        assert_eq!(finding.reasons, vec!["?evil?".to_owned(); REASONS]);
    }

    #[test]
    fn the_longest_honest_answer_fits_into_a_frame() {
        let long = "\\".repeat(1_200);
        let mut worst = finding(&long, &long, Some(&long));
        worst.title = long.clone();
        worst.place.description = long.clone();
        worst.evidence = raw_masked(&long);
        worst.reasons = vec![long.clone(); 50];
        let obstacle = Obstacle {
            kind: ObstacleKind::Image,
            part: long.clone(),
            detail: long.clone(),
        };
        let segment = Segment {
            part: long.clone(),
            media_type: long,
        };
        let tidied = tidy(Inspection {
            findings: vec![worst; 1_100],
            obstacles: vec![obstacle; 1_100],
            structure: Structure {
                segments: vec![segment; 1_100],
                ..Structure::default()
            },
        });
        assert!(serde_json::to_vec(&tidied).unwrap().len() < ANSWER_LIMIT);
    }

    proptest! {
        // A thousand texts each: few cases say enough.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn tidying_twice_is_tidying_once(
            texts in prop::collection::vec(any::<String>(), 6),
            evidence in "\\PC{0,90}",
            counts in prop::array::uniform3(prop_oneof![0usize..3, 998usize..1_003]),
        ) {
            let [a, b, c, d, e, f] = texts.try_into().unwrap();
            let mut one = finding(&a, &b, Some(&c));
            one.evidence = raw_masked(&evidence);
            one.reasons = vec![d.clone(); 12];
            let obstacle = Obstacle { kind: ObstacleKind::Image, part: e, detail: f.clone() };
            let segment = Segment { part: d, media_type: f };
            let once = tidy(Inspection {
                findings: vec![one; counts[0]],
                obstacles: vec![obstacle; counts[1]],
                structure: Structure { segments: vec![segment; counts[2]], ..Structure::default() },
            });
            prop_assert_eq!(tidy(once.clone()), once);
        }
    }

    proptest! {
        #[test]
        fn evidence_of_any_octets_shows_four_characters_at_most(evidence: String) {
            let mut one = finding("ssn", "1", None);
            one.evidence = raw_masked(&evidence);
            let tidied = tidy(Inspection { findings: vec![one], ..Inspection::default() });
            let shown = tidied.findings.first().unwrap().evidence.to_string();
            prop_assert!(shown.chars().filter(|c| c.is_alphanumeric()).count() <= 4);
            prop_assert!(!shown.contains(char::is_control));
        }
    }
}
