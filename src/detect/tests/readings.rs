//! Several readings of one part: what people see of a page, and its tables.

use super::{rules, text};
use crate::mime::TextKind;

/// What is found in the text of a part and in a table of it: element, value, and whether in the table.
fn found(body: &str, table: &str) -> Vec<(String, String, bool)> {
    let texts = [
        text(TextKind::Body, None, body),
        text(TextKind::Table, None, table),
    ];
    let located = rules().locate(&texts).into_iter();
    located
        .map(|one| {
            let (from, to) = one.finding.place.span;
            let value = texts[one.text].text[from..to].to_owned();
            (one.finding.element, value, one.text == 1)
        })
        .collect()
}

#[test]
fn the_label_of_a_column_knows_better_than_a_word_in_the_lines_above() {
    let body = "Name SSN Card Driver's license\nMary Jones\n536-22-8145\n4539148803436467\nS48213907\n";
    let table = "Name\tSSN\tCard\tDriver's license\nMary Jones\t536-22-8145\t4539148803436467\tS48213907\n";
    let mut found = found(body, table);
    found.sort();
    let elements: Vec<(&str, &str)> = found.iter().map(|one| (one.0.as_str(), one.1.as_str())).collect();
    let expected = [
        ("credit_card", "4539148803436467"),
        ("drivers_license", "S48213907"),
        ("ssn", "536-22-8145"),
    ];
    assert_eq!(elements, expected);
}

#[test]
fn a_sentence_in_another_cell_takes_nothing_from_the_label_of_a_column() {
    for table in [
        "Name\tNotes\tSSN\nMary Jones\tJoined in May. Likes chess\t536228145\nJohn Smith\tLeft. Gave back keys\t412559921\n",
        "Name\tNotes\tAccount Number\nMary Jones\tJoined in May. Likes chess\t4830127755\nJohn Smith\tLeft. Gave back keys\t4471902283\n",
        "Name\tNotes\tDriver License\nMary Jones\tPassed. Drives Trucks\t482139071\nJohn Smith\tFailed. Tries again\t412559921\n",
    ] {
        assert_eq!(found("", table).len(), 2, "{table}");
    }
}

#[test]
fn of_a_number_that_a_narrow_column_breaks_only_the_whole_is_told() {
    let body = "Name\tLicense number\nMary Jones\tS482139\n\t07\n";
    let table = "Name\tLicense number\nMary Jones\tS48213907\n";
    assert_eq!(
        found(body, table),
        [("drivers_license".to_owned(), "S48213907".to_owned(), true)]
    );
}

#[test]
fn nothing_is_lost_where_one_reading_has_the_name_and_the_other_the_label() {
    let body = "536-22-8145 is the number of Mary Jones";
    for table in [
        "Code\tSSN\nx\t536-22-8145\n",
        "Code\tAccount number\nx\t536-22-8145\n",
    ] {
        let found = found(body, table);
        assert!(
            found.iter().any(|one| one.0 == "ssn" && one.1 == "536-22-8145"),
            "{table}"
        );
    }
}
