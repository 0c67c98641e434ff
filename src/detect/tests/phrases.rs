//! Phrases, each with many words: what a sign announces is found whatever else the phrase names, and a number with a label of
//! its own is not what a sign beside it announces. Each was a miss or a false alarm for some word.

use super::{found, places};

/// A sure sign of each element, and values that count by it.
const SIGNS: [(&str, &str, &[&str]); 6] = [
    ("ssn", "SSN", &["412559921", "412-55-9921"]),
    ("ssn", "Social Security number", &["412559921", "412-55-9921"]),
    ("drivers_license", "driver's license", &["S48213907", "482139071"]),
    ("drivers_license", "DL #", &["S48213907", "B4821390"]),
    ("bank_account", "checking account number", &["4830127755"]),
    ("bank_account", "bank account", &["4830127755"]),
];

/// What may have the number of a person on it, and numbers of its own.
const THINGS: [&str; 57] = [
    "order",
    "claim",
    "policy",
    "invoice",
    "case",
    "file",
    "request",
    "form",
    "application",
    "record",
    "ticket",
    "report",
    "lease",
    "contract",
    "permit",
    "receipt",
    "reference",
    "letter",
    "card",
    "page",
    "screen",
    "fax",
    "email",
    "packet",
    "return",
    "audit",
    "member",
    "employee",
    "patient",
    "customer",
    "student",
    "vendor",
    "client",
    "tenant",
    "phone",
    "prescription",
    "chart",
    "lab",
    "survey",
    "study",
    "project",
    "job",
    "unit",
    "vehicle",
    "plate",
    "registration",
    "citation",
    "docket",
    "warrant",
    "certificate",
    "appointment",
    "reservation",
    "booking",
    "membership",
    "subscription",
    "transaction",
    "notice",
];

/// Where KEY is a sign, VALUE what it announces and THING one of the things.
const ANNOUNCED: [&str; 15] = [
    "Mary Jones, KEY on the THING: VALUE",
    "Mary Jones, KEY for the THING is VALUE",
    "KEY from her THING VALUE (Mary Jones)",
    "Mary Jones, KEY (THING): VALUE",
    "THING for Mary Jones, KEY: VALUE",
    "THING KEY: VALUE Mary Jones",
    "Mary Jones THING 48213, KEY VALUE",
    "Mary Jones, KEY VALUE, THING 48213",
    "KEY of the THING holder Mary Jones: VALUE",
    "Mary Jones's THING. KEY: VALUE",
    "THING: Mary Jones; KEY = VALUE",
    "The THING needs the KEY of Mary Jones, which is VALUE.",
    "THING no. 4821390 - Mary Jones - KEY VALUE",
    "Mary Jones, KEY VALUE (THING)",
    "Mary Jones. KEY: VALUE. THING: 4821390",
];

/// How forms, letters and notes write a label and what belongs to it.
const WRITTEN: [&str; 93] = [
    "KEY\nVALUE\nMary Jones",
    "KEY:\n\n    VALUE\nMary Jones",
    "Mary Jones\nKEY ........ VALUE",
    "Mary Jones KEY - VALUE",
    "Mary Jones KEY – VALUE",
    "Mary Jones KEY → VALUE",
    "Mary Jones KEY -> VALUE",
    "Mary Jones KEY >> VALUE",
    "Mary Jones | KEY | VALUE",
    "Mary Jones; KEY; VALUE",
    "Mary Jones, KEY, VALUE",
    "KEY* : VALUE   Name* : Mary Jones",
    "KEY (required): VALUE Name: Mary Jones",
    "KEY [required]: VALUE Name: Mary Jones",
    "KEY (no dashes): VALUE Name: Mary Jones",
    "KEY (XXX-XX-XXXX): VALUE Name: Mary Jones",
    "KEY (9 digits): VALUE Name: Mary Jones",
    "KEY (please print): VALUE Name: Mary Jones",
    "1. KEY: VALUE\n2. Name: Mary Jones",
    "Employee KEY: VALUE, Mary Jones",
    "Spouse's KEY: VALUE, Mary Jones",
    "What is your KEY?\n> VALUE\nMary Jones",
    "Q: KEY?\nA: VALUE\nMary Jones",
    "Your KEY? VALUE and my name is Mary Jones",
    "KEY = \"VALUE\"; name = \"Mary Jones\"",
    "KEY : VALUE : Mary Jones",
    "KEY:VALUE|Name:Mary Jones",
    "KEY\t\tVALUE\tMary Jones",
    "*KEY:* VALUE *Name:* Mary Jones",
    "**KEY**: VALUE **Name**: Mary Jones",
    "_KEY_ VALUE _Mary Jones_",
    "`KEY`: `VALUE` Mary Jones",
    "(KEY: VALUE) Mary Jones",
    "Mary Jones (KEY VALUE)",
    "Mary Jones (VALUE is the KEY)",
    "Mary Jones, VALUE (KEY)",
    "VALUE - KEY - Mary Jones",
    "VALUE = KEY of Mary Jones",
    "VALUE is Mary Jones's KEY.",
    "VALUE, which is the KEY of Mary Jones, was wrong",
    "The KEY that Mary Jones gave me over the phone is VALUE.",
    "The KEY that we have in the system for Mary Jones is VALUE.",
    "Mary Jones's KEY, as she told me this morning, is VALUE.",
    "Mary Jones's KEY should be VALUE.",
    "Mary Jones's KEY begins with the usual digits, all of it is VALUE.",
    "Mary Jones told me that her KEY was changed to VALUE.",
    "KEY / DOB / phone\nVALUE / 01/02/1980 / 617-555-0123\nMary Jones",
    "Name / KEY / DOB\nMary Jones / VALUE / 01/02/1980",
    "Mary Jones, DOB 01/02/1980, KEY VALUE, phone 617-555-0123",
    "Mary Jones 617-555-0123 KEY VALUE",
    "Name: Mary Jones KEY: VALUE Date of Birth: 01/02/1980",
    "Last: Jones First: Mary KEY: VALUE",
    "JONES, MARY A   KEY VALUE",
    "KEY VALUE JONES MARY A",
    "KEY:VALUE;DOB:01021980;NAME:JONES^MARY",
    "Please add Mary Jones, KEY VALUE, to the plan effective 01/01/2024.",
    "for Mary Jones use KEY VALUE thanks",
    "mary jones KEY VALUE",
    "hi its mary jones my KEY is VALUE thx",
    "My KEY is: VALUE. Mary Jones",
    "My KEY is\nVALUE\nMary Jones",
    "Mary Jones; my KEY is VALUE; my phone is 617-555-0123",
    "Mary Jones, KEY no. VALUE",
    "Mary Jones, KEY number VALUE",
    "Mary Jones, KEY # VALUE",
    "Mary Jones, KEY on file is VALUE",
    "Mary Jones, KEY on record VALUE",
    "Mary Jones, new KEY VALUE",
    "Mary Jones, full KEY VALUE",
    "Mary Jones, complete KEY: VALUE",
    "Mary Jones, KEY verified VALUE",
    "Mary Jones, KEY (verified): VALUE",
    "Mary Jones, KEY copy attached, it reads VALUE",
    "Mary Jones, KEY given as VALUE",
    "Mary Jones, KEY listed as VALUE",
    "Mary Jones, KEY was entered as VALUE",
    "Mary Jones, KEY starts VALUE",
    "Mary Jones, KEY VALUE?",
    "Mary Jones, KEY VALUE!",
    "Mary Jones, KEY \"VALUE\"",
    "Mary Jones, KEY 'VALUE'",
    "Mary Jones, KEY <VALUE>",
    "Mary Jones, KEY [VALUE]",
    "Mary Jones, KEY {(VALUE)}",
    "Mary Jones, KEY #VALUE",
    "Mary Jones, KEY №VALUE",
    "Mary Jones, KEY....VALUE",
    "Mary Jones, KEY____VALUE____",
    "Mary Jones, KEY: _VALUE_",
    "Mary Jones, KEY ~ VALUE",
    "Mary Jones, KEY/VALUE",
    "Mary Jones, KEY,VALUE",
    "Mary Jones,VALUE,KEY",
];

/// Things that nobody takes for an account, a licence or a person.
const NUMBERED: [&str; 30] = [
    "order",
    "claim",
    "policy",
    "invoice",
    "case",
    "request",
    "ticket",
    "contract",
    "receipt",
    "reference",
    "packet",
    "prescription",
    "chart",
    "lab",
    "survey",
    "study",
    "project",
    "job",
    "unit",
    "registration",
    "citation",
    "docket",
    "warrant",
    "certificate",
    "booking",
    "batch",
    "lot",
    "serial",
    "locker",
    "meter",
];

/// Where VALUE is the number of a THING beside a sign.
const OWN: [&str; 15] = [
    "Mary Jones's KEY is on file. The THING number is VALUE",
    "Mary Jones, KEY verified. The THING no. is VALUE",
    "We have the KEY of Mary Jones. The THING is VALUE.",
    "Mary Jones brought her KEY; THING VALUE",
    "Mary Jones brought her KEY, THING number VALUE",
    "Please bring your KEY, Mary Jones. Your THING number is VALUE.",
    "Mary Jones: KEY missing\nTHING: VALUE",
    "KEY: on file\nTHING #: VALUE\nName: Mary Jones",
    "Mary Jones | KEY verified | THING VALUE",
    "Mary Jones asked whether we need the KEY for THING VALUE",
    "The THING number is VALUE. We never ask for a KEY, Mary Jones.",
    "KEY: XXX-XX-1234, THING VALUE, Mary Jones",
    "Without KEY, THING VALUE cannot be closed, Mary Jones",
    "Mary Jones, THING VALUE was returned because the KEY was missing",
    "Re: THING VALUE - KEY needed, Mary Jones",
];

/// Where somebody tells a VALUE in the form of a Social Security number, or a THING that holds one does.
const TOLD: [&str; 6] = [
    "The THING of Mary Jones says VALUE.",
    "Our THING records show VALUE for Mary Jones.",
    "The THING came back. Per our records it is VALUE, Mary Jones.",
    "Mary Jones filled in the THING and wrote VALUE.",
    "On her THING it reads VALUE, Mary Jones.",
    "After the THING came she left VALUE on my voice mail. Mary Jones",
];

/// Where VALUE, in that form, is the number of a THING.
const NAMED: [&str; 5] = [
    "The THING number for Mary Jones is VALUE, which only looks like a Social Security number.",
    "THING numbers: Mary Jones VALUE, Ann Lee VALUE",
    "Please pull these THING numbers by noon:\n\n  VALUE  $12.00  Mary Jones\n  VALUE  $13.00  Ann Lee",
    "Nobody needs the SSN.\nQ: What is the THING number?\nA: VALUE, says Mary Jones",
    "Mary Jones, VALUE is the THING number, not the Social Security number.",
];

fn filled(phrase: &str, key: &str, value: &str, thing: &str) -> String {
    phrase
        .replace("KEY", key)
        .replace("VALUE", value)
        .replace("THING", thing)
}

/// Each sign with each of its values: element, sign, value.
fn signs() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let pairs = |(element, key, values): &'static (_, _, &'static [&'static str])| {
        values.iter().map(move |value| (*element, *key, *value))
    };
    SIGNS.iter().flat_map(pairs)
}

/// The texts in which the value of an element is not found with a person's name.
fn missed<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str, String)>) -> Vec<String> {
    let misses = texts.into_iter().filter(|(element, value, text)| {
        let holds = |place: &(String, String)| place.0 == *element && place.1.contains(*value);
        !places(text).iter().any(holds) || !found(text).iter().any(|finding| finding.name_near)
    });
    misses.map(|(_, _, text)| text).collect()
}

fn assert_none(texts: &[String], what: &str) {
    assert!(texts.is_empty(), "{} {what}:\n{}", texts.len(), texts.join("\n"));
}

#[test]
fn what_a_sure_sign_announces_is_found_whatever_else_the_phrase_names() {
    let texts = signs().flat_map(|(element, key, value)| {
        let phrases = ANNOUNCED
            .iter()
            .flat_map(|phrase| THINGS.iter().map(move |thing| (phrase, thing)));
        phrases.map(move |(phrase, thing)| (element, value, filled(phrase, key, value, thing)))
    });
    let misses = missed(texts);
    assert_none(&misses, "are missed");
}

#[test]
fn what_a_sure_sign_announces_is_found_however_it_is_written() {
    let texts = signs().flat_map(|(element, key, value)| {
        // Of digits alone the rule is that the sign of a license stands before them.
        let digits = element == "drivers_license" && value.bytes().all(|octet| octet.is_ascii_digit());
        let fits = move |phrase: &&&str| !digits || phrase.find("KEY") < phrase.find("VALUE");
        let phrases = WRITTEN.iter().filter(fits);
        phrases.map(move |phrase| (element, value, filled(phrase, key, value, "")))
    });
    let misses = missed(texts);
    assert_none(&misses, "are missed");
}

#[test]
fn a_number_with_a_label_of_its_own_is_not_what_a_sign_beside_it_announces() {
    let mut alarms = Vec::new();
    for (_, key, _) in SIGNS {
        for (phrase, thing) in OWN
            .iter()
            .flat_map(|phrase| NUMBERED.iter().map(move |thing| (phrase, thing)))
        {
            let text = filled(phrase, key, "412559921", thing);
            if !places(&text).is_empty() {
                alarms.push(text);
            }
        }
    }
    assert_none(&alarms, "false alarms");
}

#[test]
fn the_form_of_a_social_security_number_counts_where_somebody_tells_it() {
    let value = "412-55-9921";
    let texts = TOLD.iter().flat_map(|phrase| {
        THINGS
            .iter()
            .map(move |thing| ("ssn", value, filled(phrase, "", value, thing)))
    });
    let misses = missed(texts);
    assert_none(&misses, "are missed");
}

#[test]
fn the_form_of_a_social_security_number_says_nothing_where_a_thing_is_named() {
    let texts = NAMED.iter().flat_map(|phrase| {
        NUMBERED
            .iter()
            .map(move |thing| filled(phrase, "", "412-55-9921", thing))
    });
    let alarms: Vec<String> = texts.filter(|text| !places(text).is_empty()).collect();
    assert_none(&alarms, "false alarms");
}
