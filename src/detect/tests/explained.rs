//! Why a number did not count.

use super::{rules, text};
use crate::mime::TextKind;

/// What is said of one element's form in a body.
fn told(body: &str, element: &str) -> String {
    let rejected = rules().rejected(&[text(TextKind::Body, None, body)]);
    let mut of_element = rejected.iter().filter(|rejected| rejected.element == element);
    of_element
        .next()
        .map(|rejected| rejected.why.join("; "))
        .unwrap_or_default()
}

#[test]
fn the_reason_is_told_for_each_way_to_be_left_out() {
    for (body, element, reason) in [
        ("card 4539148803436468", "credit_card", "the check `luhn` fails"),
        (
            "the file has 412559921 lines",
            "ssn",
            "no keyword that makes it count",
        ),
        (
            "Order 412559921",
            "ssn",
            "'order' 1 characters before names something else here",
        ),
        (
            "SSN parser failed at 412559921",
            "ssn",
            "'ssn' 18 characters before names something else here",
        ),
        (
            "SSN on file. Employee: 412559921",
            "ssn",
            "its own label names something else",
        ),
        (
            "bank account 617-555-0123",
            "bank_account",
            "it is written like something else",
        ),
        ("DL# 412559921", "ssn", "its own label names something else"),
        ("SSN 1234567", "ssn", "only below a column label"),
        (
            "account 4830127755",
            "bank_account",
            "its confidence is low, and the rule reports from medium on",
        ),
        (
            "SSN\tOrder\n1\t412559921",
            "ssn",
            "the label of its column has 'order'",
        ),
    ] {
        let told = told(body, element);
        assert!(told.contains(reason), "{body}: {told}");
    }
}

#[test]
fn what_another_element_took_says_so_and_what_counts_is_not_told() {
    let taken = told("Account number: 4539148803436467", "bank_account");
    assert!(taken.contains("the place counts as another element"), "{taken}");
    assert_eq!(told("SSN 412-55-9921", "ssn"), "");
}

#[test]
fn reasons_hold_no_value_and_places_lead_back_to_the_text() {
    let body = "Straße 7, Order ４１２５５９９２１";
    let rejected = rules().rejected(&[text(TextKind::Body, None, body)]);
    let one = rejected.iter().find(|one| one.element == "ssn").unwrap();
    let (start, end) = one.place.span;
    assert_eq!(&body[start..end], "４１２５５９９２１");
    assert_eq!(one.evidence.as_str(), "*****9921");
    assert!(
        rejected
            .iter()
            .all(|one| !one.why.join(" ").contains("412559921"))
    );
}

#[test]
fn no_more_than_a_thousand_are_told() {
    let flood = "order 412559921, ".repeat(5_000);
    let texts = [
        text(TextKind::Body, None, &flood),
        text(TextKind::Body, None, &flood),
    ];
    assert_eq!(rules().rejected(&texts).len(), 1_000);
}
