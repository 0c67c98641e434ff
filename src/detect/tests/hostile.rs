//! Any text at all: nothing panics, spans lie in the text, evidence stays masked, work stays in proportion.

use proptest::prelude::*;

use super::{found, rules, text};
use crate::mime::TextKind;

/// A number that the Social Security Administration may issue and no list of samples holds.
fn ssn() -> impl Strategy<Value = String> {
    let areas = (1_u32..900).prop_filter("never issued", |area| *area != 666);
    (areas, 1_u32..100, 1_u32..10_000)
        .prop_map(|(area, group, serial)| format!("{area:03}-{group:02}-{serial:04}"))
}

/// A card number of a well-known brand with a right check digit.
fn card() -> impl Strategy<Value = String> {
    let brands = prop::sample::select(vec![
        ("4", 16),
        ("52", 16),
        ("2300", 16),
        ("37", 15),
        ("6011", 16),
        ("36", 14),
        ("3530", 16),
    ]);
    (brands, prop::collection::vec(0_u8..10, 16)).prop_map(|((prefix, length), digits)| {
        let mut number: String = prefix.to_owned();
        let missing = length - 1 - prefix.len();
        number.extend(digits.iter().take(missing).map(|digit| char::from(b'0' + digit)));
        let sum: u32 = number
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, byte)| {
                let digit = u32::from(byte - b'0');
                if place % 2 == 0 {
                    digit * 2 / 10 + digit * 2 % 10
                } else {
                    digit
                }
            })
            .sum();
        format!("{number}{}", (10 - sum % 10) % 10)
    })
}

/// Words without digits, and punctuation, as surroundings. Short ones could say that a serial number follows: "SN.".
fn words() -> impl Strategy<Value = String> {
    "([A-Z]?[a-z]{6,9}[ ,.\n(]{1,2}){0,12}"
}

proptest! {
    #[test]
    fn an_ssn_is_found_in_any_surroundings(before in words(), number in ssn(), after in words()) {
        let body = format!("{before} SSN {number} {after}");
        let at = body.find(&number).unwrap();
        let hit = found(&body).into_iter().any(|finding| finding.element == "ssn" && finding.place.span == (at, at + 11));
        prop_assert!(hit, "{body}");
    }

    #[test]
    fn a_card_is_found_in_any_surroundings_without_a_keyword(before in words(), number in card(), after in words()) {
        let body = format!("{before} {number} {after}");
        let at = body.find(&number).unwrap();
        let span = (at, at + number.len());
        prop_assert!(found(&body).into_iter().any(|finding| finding.element == "credit_card" && finding.place.span == span), "{body}");
    }

    #[test]
    fn a_card_in_any_script_is_found(number in card(), zero in prop::sample::select(vec!['０', '٠', '०', '𝟎', '𝟶']), gap in prop::sample::select(vec!["", "\u{200B}", "\u{AD}", "\u{2060}"])) {
        let digit = |c: char| char::from_u32(zero as u32 + c as u32 - '0' as u32).unwrap();
        let written: Vec<String> = number.chars().map(|c| digit(c).to_string()).collect();
        let body = format!("card {} thanks", written.join(gap));
        prop_assert!(found(&body).iter().any(|finding| finding.element == "credit_card"), "{body}");
    }

    #[test]
    fn any_text_of_any_kind_is_read_without_harm(
        body in "(\\PC|[0-9]{1,20}|[ \t\n,|;-]|SSN|card |acct no |DL |S[0-9]{8}|[0-9]{3}-[0-9]{2}-[0-9]{4}|４|\u{200B}){0,60}",
        kind in prop::sample::select(vec![TextKind::Header, TextKind::Body, TextKind::Table]),
    ) {
        let field = (kind == TextKind::Header).then_some("Subject");
        let mut last = 0;
        for finding in rules().search(&[text(kind, field, &body)]) {
            let (start, end) = finding.place.span;
            prop_assert!(start < end && body.get(start..end).is_some());
            prop_assert!(last <= start, "findings overlap or are out of order");
            last = end;
            let shown = finding.evidence.as_str().chars().filter(|c| c.is_alphanumeric()).count();
            prop_assert!(shown <= 4);
            let value: String = body[start..end].chars().filter(|c| c.is_alphanumeric()).collect();
            prop_assert!(finding.reasons.iter().all(|reason| value.len() < 6 || !reason.contains(&value)));
        }
    }
}

#[test]
fn a_flood_of_findings_is_told_in_part_and_no_kind_is_left_out() {
    let mut body = "SSN 412-55-9921\n".repeat(20_000);
    body.push_str("Mary Jones, card 4539148803436467, SSN 301-44-7712\n");
    let found = found(&body);
    assert!(found.len() < 8_000, "{}", found.len());
    assert!(found.iter().any(|finding| finding.element == "credit_card"));
    assert!(
        found
            .iter()
            .any(|finding| finding.element == "ssn" && finding.name_near)
    );
}

/// Each takes seconds or hours where a step looks back over everything, and an instant where none does.
#[test]
fn texts_made_to_be_slow_are_read_in_one_go() {
    let floods = [
        "4".repeat(1 << 13),
        "4 ".repeat(1 << 14),
        "4-".repeat(1 << 14),
        "4\n".repeat(1 << 14),
        "4111 ".repeat(1 << 13),
        "SSN ".repeat(1 << 13),
        "SSN: 412559921 ".repeat(1 << 13),
        "a\t412559921\t".repeat(1 << 13),
        "Mary Jones ".repeat(1 << 13),
        "４\u{200B}".repeat(1 << 14),
        "DE89".repeat(1 << 13),
        "DE89 ".repeat(1 << 14),
        format!("Name,SSN\n{}", "Mary Jones,412559921\n".repeat(1 << 12)),
        format!("SSN\tx\n{}", "412559921\t".repeat(1 << 13)),
        "SSN on the order: 412559921 ".repeat(1 << 12),
        "her license; chart 482139071 ".repeat(1 << 12),
        "chart no. 482139071, policy ".repeat(1 << 12),
        "_4".repeat(1 << 14),
        "____4".repeat(1 << 13),
        "SSN / DOB / ".repeat(1 << 12),
        format!(
            "INSERT INTO t (a, ssn) VALUES {}",
            "(1, 412559921), ".repeat(1 << 12)
        ),
        "INSERT INTO t (ssn, po, po, po) VALUES\n".repeat(1 << 11),
        format!("insert into t ({}) values (1)", "po, ".repeat(1 << 12)),
    ];
    for flood in floods {
        for kind in [TextKind::Body, TextKind::Table, TextKind::Header] {
            let _ = rules().search(&[text(kind, None, &flood)]);
        }
    }
}
