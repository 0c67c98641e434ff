//! People who are named in one text and meant in another.

use super::{found, rules, text};
use crate::message::{Finding, Place};
use crate::mime::{Text, TextKind};

fn search(texts: &[Text]) -> Finding {
    let mut found = rules().search(texts);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

fn body() -> Text {
    text(TextKind::Body, None, "SSN 412-55-9921")
}

#[test]
fn the_header_names_a_person_when_given_and_family_name_are_known() {
    for (field, value) in [
        ("From", "Mary Jones <x@example.org>"),
        ("To", "\"Jones, Mary\" <x@example.org>, y@example.org"),
        ("Cc", "Mary Q. Jones <x@example.org>"),
        ("Reply-To", "MARY JONES <x@example.org>"),
        ("Sender", "mary.jones@example.org"),
    ] {
        let finding = search(&[text(TextKind::Header, Some(field), value), body()]);
        assert!(finding.named_in_header && !finding.name_near, "{field}: {value}");
    }
    for (field, value) in [
        ("From", "Alice Example <alice@example.org>"),
        ("From", "Acme Payroll <payroll@example.org>"),
        ("From", "Human Resources <hr@example.org>"),
        ("From", "mary@example.org"),
        ("X-Mailer", "Mary Jones"),
    ] {
        let finding = search(&[text(TextKind::Header, Some(field), value), body()]);
        assert!(!finding.named_in_header, "{field}: {value}");
    }
}

#[test]
fn the_header_of_a_nested_message_names_people_for_that_message_only() {
    let mut from = text(TextKind::Header, Some("From"), "Mary Jones <x@example.org>");
    from.place.part = "2".to_owned();
    let named = |part: &str| {
        let mut body = body();
        body.place.part = part.to_owned();
        search(&[from.clone(), body]).named_in_header
    };
    assert!(named("2.1") && named("2") && !named("1") && !named("20"));
}

#[test]
fn a_file_name_names_a_person_for_what_the_file_holds() {
    let named = |name: &str, part: &str| {
        let mut label = text(TextKind::Header, Some("Content-Disposition"), name);
        label.place.part = "2".to_owned();
        let mut content = body();
        content.place.part = part.to_owned();
        search(&[label, content]).name_near
    };
    for name in [
        "attachment; filename=\"JohnSmith_W2.pdf\"",
        "attachment; filename=john_smith.csv",
        "attachment; filename=\"Smith, John.docx\"",
        "attachment; filename=\"SSN of Mary Jones.txt\"",
    ] {
        assert!(named(name, "2") && named(name, "2.1"), "{name}");
        assert!(!named(name, "3"), "{name}");
    }
    assert!(!named("attachment; filename=\"quarterly_report_2024.pdf\"", "2"));
}

#[test]
fn a_name_in_the_subject_counts_in_other_fields() {
    let texts = [
        text(TextKind::Header, Some("Subject"), "Papers of Mary Jones"),
        text(TextKind::Header, Some("X-Note"), "SSN 412-55-9921"),
    ];
    assert!(search(&texts).name_near);
    assert_eq!(texts[1].place.part, Place::MESSAGE);
}

#[test]
fn names_of_many_origins_and_shapes_are_seen() {
    for name in [
        "Minh Nguyen",
        "Priya Patel",
        "Ji-hoon Kim",
        "Muhammad Ali",
        "José García",
        "Sean O'Brien",
        "Luca D'Angelo",
        "P. van der Berg",
        "Pieter van der Berg",
        "GARCIA, MARIA",
        "Mary Jones-Smith",
        "Robert Smith, Jr.",
        "Kamil Czulak",
        "Mary I Jones",
        "Søren Kierkegaard",
        "Julie York",
        "M. West",
        "Hamilton, Frank",
        "Sanjay Gupta's file",
    ] {
        let body = format!("{name} has SSN 412-55-9921");
        assert!(found(&body)[0].name_near, "{body}");
    }
    for other in [
        "Acme GmbH",
        "Acme Widgets",
        "Payroll Smith",
        "Baker Hughes Inc.",
        "Smith Jones LLP",
        "Benefits Department",
        "Wells Fargo",
        "First National Bank",
        "New Jersey",
        "Account Holder",
    ] {
        let body = format!("{other} has SSN 412-55-9921");
        assert!(
            !found(&body)[0].name_near,
            "{body}: {:?}",
            found(&body)[0].reasons
        );
    }
}

#[test]
fn the_name_of_a_record_is_found_above_the_number() {
    let body = "Name: Mary Jones\nDOB: 01/02/1980\nSSN: 412-55-9921\n\nName: John Smith\nDOB: 03/04/1981\nSSN: 301-44-7712\n";
    assert!(found(body).iter().all(|finding| finding.name_near));
    let lines = "Line: something or other\n".repeat(20);
    let record = format!("Name: Mary Jones\n{lines}SSN: 412-55-9921\n");
    assert!(found(&record)[0].name_near);
    let other = format!("Name: Mary Jones\n\n{lines}SSN: 412-55-9921\n");
    assert!(!found(&other)[0].name_near);
}
