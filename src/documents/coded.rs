//! Records whose fields have places or codes instead of labels: the segments of HL7 version 2, by which hospitals tell each other of
//! patients, and what the bar code of a driver's license holds. Each is read as labels and values.

use memchr::memmem;

use super::Visit;
use crate::mime::TextKind;

/// Hands out what a text holds of such records.
pub(super) fn read(visit: &mut Visit<'_>, text: &str) {
    for records in [segments(text), bar_code(text)].into_iter().flatten() {
        match visit.spend(records.len()) {
            true => visit.text_in("the decoded form", TextKind::Body, records),
            false => visit.over_limit("coded records"),
        }
    }
}

/// A segment of HL7 that tells of a person: its name, the field with the person's name, and the fields with numbers and what they are
/// (HL7 v2.5.1 §3.4.2, §3.4.5, §6.5.5, §6.5.7).
type Segment = (&'static str, Option<usize>, &'static [(usize, &'static str)]);

const SEGMENTS: [Segment; 4] = [
    ("PID", Some(5), &[(19, SSN), (20, LICENSE)]),
    ("GT1", Some(3), &[(12, SSN)]),
    ("NK1", Some(2), &[(37, SSN)]),
    ("IN2", None, &[(2, SSN)]),
];
/// No field behind these is asked for.
const FIELDS: usize = 40;
const SSN: &str = "Social Security number";
const LICENSE: &str = "Driver's license number";
const NAME: &str = "Name";

/// The persons in the segments of a text; none where there are none with a number.
fn segments(text: &str) -> Option<String> {
    let octets = text.as_bytes();
    memchr::memchr(b'|', octets)?;
    if !SEGMENTS
        .iter()
        .any(|(name, ..)| memmem::find(octets, name.as_bytes()).is_some())
    {
        return None;
    }
    let mut records = String::new();
    for line in text.lines() {
        let line = line.trim_start_matches([' ', '>', '\t', '\u{b}']);
        // The names of all segments are as long.
        if line.as_bytes().get(3) != Some(&b'|') {
            continue;
        }
        let segment = SEGMENTS.iter().find(|(name, ..)| line.starts_with(name));
        let Some((_, name, numbers)) = segment else {
            continue;
        };
        let fields: Vec<&str> = line.split('|').take(FIELDS).collect();
        // The first of several values, and its first component.
        let value = |place: usize| {
            fields
                .get(place)
                .map_or("", |field| field.split(['~', '^']).next().unwrap_or_default())
        };
        let numbers = numbers
            .iter()
            .filter(|(place, _)| !value(*place).trim().is_empty());
        let told: Vec<String> = numbers
            .map(|(place, label)| format!("{label}: {}\n", value(*place)))
            .collect();
        if told.is_empty() {
            continue;
        }
        if let Some(name) = name.and_then(|place| fields.get(place)) {
            push_name(name, &mut records);
        }
        records.extend(told);
        records.push('\n');
    }
    (!records.is_empty()).then_some(records)
}

/// `Family^Given^Middle` → `Name: Given Middle Family`.
fn push_name(field: &str, records: &mut String) {
    let mut parts = field.split('~').next().unwrap_or_default().split('^');
    let family = parts.next().unwrap_or_default();
    let given: Vec<&str> = parts.take(2).filter(|part| !part.is_empty()).collect();
    records.push_str(&format!("{NAME}: {} {family}\n", given.join(" ")));
}

/// So many lines with codes make the content of a bar code.
const FEWEST: usize = 3;

/// The codes of the elements that most states write (AAMVA DL/ID Card Design Standard, annex D).
const CODES: [&str; 22] = [
    "DAA", "DAB", "DAC", "DAD", "DAG", "DAI", "DAJ", "DAK", "DAQ", "DAR", "DAS", "DAT", "DAU", "DAY", "DBA",
    "DBB", "DBC", "DBD", "DCF", "DCG", "DCS", "DCT",
];

/// The number and the name in the content of a license's bar code (PDF417); none where there is no such content.
fn bar_code(text: &str) -> Option<String> {
    memmem::find(text.as_bytes(), b"DAQ")?;
    let mut records = String::new();
    let mut block: Vec<(&str, &str)> = Vec::new();
    for line in text.lines().chain([""]) {
        let line = line.trim_start_matches([' ', '>', '\t', '\u{1e}']);
        // The first element stands behind the name of its part, or behind the head of the whole.
        let number = memmem::find(line.as_bytes(), b"DAQ").and_then(|at| at.checked_sub(2));
        let start = number.filter(|at| {
            ["DL", "ID"]
                .iter()
                .any(|part| line.get(*at..).is_some_and(|rest| rest.starts_with(part)))
        });
        let start = start.map_or(0, |at| at + 2);
        let element = line.get(start..).filter(|element| element.starts_with('D'));
        let element = element.and_then(|element| element.split_at_checked(3));
        match element.filter(|(code, value)| CODES.contains(code) && !value.trim().is_empty()) {
            Some((code, value)) => {
                // A code that comes again is of the next license.
                if block.iter().any(|(known, _)| *known == code) {
                    push_license(&std::mem::take(&mut block), &mut records);
                }
                block.push((code, value.split(['(', '\t']).next().unwrap_or_default().trim()));
            }
            None if line.starts_with('D') && line.len() > 3 && !block.is_empty() => {}
            None => push_license(&std::mem::take(&mut block), &mut records),
        }
    }
    (!records.is_empty()).then_some(records)
}

fn push_license(elements: &[(&str, &str)], records: &mut String) {
    let of = |code: &str| {
        elements
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, value)| *value)
    };
    let Some(number) = of("DAQ").filter(|_| elements.len() >= FEWEST) else {
        return;
    };
    let given = of("DAC").or_else(|| of("DCT")).unwrap_or_default();
    let family = of("DCS")
        .or_else(|| of("DAB"))
        .or_else(|| of("DAA"))
        .unwrap_or_default();
    records.push_str(&format!("{LICENSE}: {number}\n{NAME}: {given} {family}\n\n"));
}

#[cfg(test)]
mod tests {
    use super::{bar_code, segments};

    #[test]
    fn the_places_of_hl7_are_labels() {
        let message = "MSH|^~\\&|ADT|NSH\r\nPID|1||71419547^^^NSH^MR||JONES^MARY^A||19800102|F|||12 Elm St^^Lowell^MA||617-555-0123|||M||455095452|536228145|S52347810^MA\r\nPV1|1|O\r\n";
        assert_eq!(
            segments(message).as_deref(),
            Some(
                "Name: MARY A JONES\nSocial Security number: 536228145\nDriver's license number: S52347810\n\n"
            )
        );
        for none in [
            "PID|1||71419547||JONES^MARY||19991116|F",
            "the PID | and 536228145",
            "PID controllers",
            "",
        ] {
            assert_eq!(segments(none), None, "{none}");
        }
    }

    #[test]
    fn the_codes_of_a_license_are_labels() {
        let read = Some("Driver's license number: S52347810\nName: MARY JONES\n\n");
        let dump =
            "Reader 7:\nDCSJONES  (family name)\nDACMARY\nDAQS52347810  (customer ID)\nDBB01021980\nDone\n";
        assert_eq!(bar_code(dump).as_deref(), read);
        let two = "DCSJONES\nDACMARY\nDAQS52347810\nDCSSMITH\nDACJOHN\nDAQS71050503\n";
        let both = bar_code(two).unwrap();
        assert!(both.contains("S52347810\nName: MARY JONES") && both.contains("S71050503\nName: JOHN SMITH"));
        let raw = "@\n\u{1e}\rANSI 636002090002DL00410278ZM03190008DLDAQS52347810\nDCSJONES\nDDEN\nDACMARY\nDDFN\nDBB01021980\n";
        assert_eq!(bar_code(raw).as_deref(), read);
        for none in ["DAQ 4 converter\nDAC 2\n", "DAQS52347810", "no codes"] {
            assert_eq!(bar_code(none), None, "{none}");
        }
    }
}
