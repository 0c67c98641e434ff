//! Mail as people send it, and its harmless twins.

use super::{found, places, rules, text};
use crate::message::Confidence;
use crate::mime::{Text, TextKind};

/// Body, and what must be found in it, in order.
const MAIL: [(&str, &[(&str, &str)]); 30] = [
    (
        "Hi Dana,\n\nfor onboarding I need your SSN. Mine is 412-55-9921.\n\nJohn Smith",
        &[("ssn", "412-55-9921")],
    ),
    (
        "Name: Mary Jones\nSSN: 412559921\nDOB: 01/02/1980\nPhone: 617-555-0123",
        &[("ssn", "412559921")],
    ),
    (
        "Social Security Number (last page): 412 55 9921",
        &[("ssn", "412 55 9921")],
    ),
    (
        "Employee Mary Jones, social security no. 412559921, starts Monday.",
        &[("ssn", "412559921")],
    ),
    ("W-2 for Mary Jones, 412-55-9921", &[("ssn", "412-55-9921")]),
    (
        "SSN\tName\n412559921\tMary Jones\n301447712\tJohn Smith",
        &[("ssn", "412559921"), ("ssn", "301447712")],
    ),
    (
        "Mary Jones   SSN 412559921   DL S48213907",
        &[("ssn", "412559921"), ("drivers_license", "S48213907")],
    ),
    (
        "Please charge Visa 4539148803436467, exp 08/29, cvv 123.",
        &[("credit_card", "4539148803436467")],
    ),
    (
        "Cardholder: Mary Jones\nNumber: 4539 1488 0343 6467\nExp: 08/29",
        &[("credit_card", "4539 1488 0343 6467")],
    ),
    (
        "4539148803436467|08/29|123",
        &[("credit_card", "4539148803436467")],
    ),
    (
        "cc:4539148803436467 08/29",
        &[("credit_card", "4539148803436467")],
    ),
    ("Amex 3714 496353 98431", &[("credit_card", "3714 496353 98431")]),
    (
        "Account number: 4539148803436467",
        &[("credit_card", "4539148803436467")],
    ),
    (
        "Her driver's license is S48213907 (MA), expires 01/02/2028.",
        &[("drivers_license", "S48213907")],
    ),
    (
        "License No. D245-938-19-203-0",
        &[("drivers_license", "D245-938-19-203-0")],
    ),
    (
        "NY driver's license 482 139 071",
        &[("drivers_license", "482 139 071")],
    ),
    (
        "Mississippi drivers license 482-13-9071",
        &[("drivers_license", "482-13-9071")],
    ),
    (
        "DL: W426-5453-0761-02 Wisconsin",
        &[("drivers_license", "W426-5453-0761-02")],
    ),
    (
        "State ID Card Number\n48213907",
        &[("drivers_license", "48213907")],
    ),
    (
        "Driver's license numbers: 48213907, 48213908 and 48213909",
        &[
            ("drivers_license", "48213907"),
            ("drivers_license", "48213908"),
            ("drivers_license", "48213909"),
        ],
    ),
    (
        "Bank: First Bank\nRouting #: 011000015\nAccount #: 4830127755",
        &[("bank_account", "4830127755")],
    ),
    (
        "Please set up direct deposit to my checking account, 4830127755 at Citizens, routing 011500120.",
        &[("bank_account", "4830127755")],
    ),
    (
        "ABA 011000015 / Acct 4830127755",
        &[("bank_account", "4830127755")],
    ),
    (
        "Wire to: First Bank, ABA 021000021, account 0048-3012-7755",
        &[("bank_account", "0048-3012-7755")],
    ),
    (
        "Our 401k account number is 483012775.",
        &[("bank_account", "483012775")],
    ),
    (
        "IBAN DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX",
        &[("iban", "DE89 3704 0044 0532 0130 00")],
    ),
    (
        "Patient,SSN,Member ID\n\"Jones, Mary\",412559921,301447712\n\"Smith, John\",301447713,412559922\n",
        &[("ssn", "412559921"), ("ssn", "301447713")],
    ),
    (
        "> my ssn is 412-\n> 55-9921, thanks",
        &[("ssn", "412-\n> 55-9921")],
    ),
    (
        "card 4539 1488 0343\n6467 please",
        &[("credit_card", "4539 1488 0343\n6467")],
    ),
    (
        "SSN: 4\u{200B}1\u{200B}2\u{AD}559921",
        &[("ssn", "4\u{200B}1\u{200B}2\u{AD}559921")],
    ),
];

#[test]
fn what_people_send_is_found_where_it_stands_and_as_what_it_is() {
    for (body, wanted) in MAIL {
        let wanted: Vec<(String, String)> = wanted
            .iter()
            .map(|(element, value)| ((*element).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(places(body), wanted, "{body}");
    }
}

#[test]
fn the_next_sentence_may_have_the_number_that_was_asked_for() {
    for body in [
        "We need your SSN. Mine is 536228145. - Mary Jones",
        "Hi. The account no. you asked for is 4830127755. Mary Jones",
        "We need your driver's license. Mine is S48213907. - Mary Jones",
        "Please verify the SSN. It is 536228145 for Mary Jones",
    ] {
        assert_eq!(places(body).len(), 1, "{body}");
    }
    assert!(places("Bring a driver's license. Ann Lee, window 12, appointment 48213907").is_empty());
}

#[test]
fn a_list_goes_on_in_a_line_or_sentence_that_begins_with_a_word_that_links() {
    for body in [
        "SSNs of Mary Jones and John Smith: 536228145\nand 412559921",
        "SSNs: 536228145. Also 412559921 for John Smith",
        "SSN 536228145,\nthen 412559921 (Mary Jones)",
        "Checking account numbers: 4830127755.\nAlso 4471902283 (Mary Jones)",
    ] {
        assert_eq!(places(body).len(), 2, "{body}");
    }
}

const TWINS: [&str; 34] = [
    "Call me at 617-555-0123 or +1 (617) 555-0123, fax 617.555.0124.",
    "Invoice 4821390715 of 12/31/2024: total $4,821.39, PO number 482139071.",
    "UPS 1Z999AA10123456784, FedEx 449044304137821, USPS 9400111899561234567890",
    "ISBN 978-0-306-40615-7, ISBN-10 0-306-40615-2, EAN 4006381333931",
    "Your order 112-4821390-7155512 has shipped.",
    "VIN 1HGCM82633A004352, plate 482 139",
    "IP 192.168.100.12, MAC 00:1a:2b:3c:4d:5e, build 20240131.1234",
    "Meeting ID: 482 1390 7155, passcode 482139",
    "Zoom: https://zoom.example/j/48213907155?pwd=abc4539148803436467def",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "id 550e8400-e29b-41d4-a716-446655440000 at 2024-01-31T23:59:59.123456789Z",
    "Lat 42.360081, long -71.058884",
    "SSN: ___-__-____   Name: ________   Account number: ________",
    "SSN: XXX-XX-9921; card ending in 6467; account ending in 7755",
    "Case 24-CV-10482, docket 2024-04821",
    "Ticket #482139071 was closed. Reference 412559921.",
    "Boston, MA 02139-4307, PO Box 482139",
    "Password reset code: 482139",
    "Population 692600 in 2020, 675647 in 2023",
    "EIN 04-2103594, DUNS 482139071, NPI 1821390715",
    "Part 412-55-9921 is out of stock.",
    "1,234,567,890 rows in 482139 ms",
    "Customer number 4821390715, member id 482139071",
    "Software license key: 48213-90715-48213-90715",
    "License plate 482139, registration 48213907",
    "Nursing license number RN4821390",
    "The account manager will call you at 6175550123 about account access.",
    "Electric account number 48213907155, meter 4821390",
    "In his account of 1812 he lists 482139 men.",
    "IMEI 490154203237518, serial C02XK1234567",
    "Flight DL 1234, confirmation ABC123, seat 12A, ticket 0062139071555",
    "Date\tOrder\tQty\n2024-01-31\t482139071\t12\n2024-02-01\t412559921\t7",
    "SKU,Description,Price\n412-55-9921,Bolt,4.99\n301-44-7712,Nut,1.99",
    "Account opened 2024-01-31, bank holiday 20240704, routing 011000015",
];

#[test]
fn harmless_twins_are_left_alone() {
    for body in TWINS {
        assert!(
            places(body).is_empty(),
            "{body}\n{:?}\n{:#?}",
            places(body),
            found(body)
        );
    }
}

#[test]
fn check_and_keyword_make_a_finding_sure_and_the_form_alone_less_so() {
    let confidence = |body: &str| found(body).first().map(|finding| finding.confidence);
    assert_eq!(confidence("SSN 412-55-9921"), Some(Confidence::High));
    assert_eq!(confidence("ssn 412559921"), Some(Confidence::High));
    assert_eq!(confidence("it is 412-55-9921"), Some(Confidence::Medium));
    assert_eq!(confidence("412559921"), None);
    assert_eq!(confidence("4539148803436467"), Some(Confidence::High));
    assert_eq!(confidence("account number 4830127755"), Some(Confidence::Medium));
    assert_eq!(
        confidence("bank account number 4830127755, routing 011000015"),
        Some(Confidence::High)
    );
    assert_eq!(confidence("license 48213907"), None);
    assert_eq!(confidence("driver license 48213907"), Some(Confidence::Medium));
    assert_eq!(
        confidence("born 3/4/1980, license 48213907"),
        Some(Confidence::High)
    );
    assert_eq!(confidence("the license of 2024, 48213907"), None);
    assert_eq!(confidence("registry id S48213907"), Some(Confidence::Medium));
    assert_eq!(
        confidence("Massachusetts driver's license 482139071"),
        Some(Confidence::High)
    );
}

#[test]
fn sample_values_are_found_in_full_and_marked() {
    for body in ["card 4111 1111 1111 1111", "IBAN GB82 WEST 1234 5698 7654 32"] {
        let found = found(body);
        assert!(
            matches!(found.as_slice(), [only] if only.test_value && only.confidence == Confidence::High),
            "{body}"
        );
    }
    assert!(found("SSN 412-55-9921").iter().all(|finding| !finding.test_value));
    for nobodys in [
        "078-05-1120",
        "078051120",
        "123 45 6789",
        "111-11-1111",
        "987-65-4321",
        "1 2 3 - 4 5 - 6 7 8 9",
    ] {
        let body = format!("Mary Jones, SSN {nobodys}");
        assert!(found(&body).is_empty(), "{body}");
    }
    let listed = found("Mary Jones SSN 078-05-1120\nJohn Smith SSN 412-55-9921");
    assert_eq!(listed.len(), 1, "only what belongs to somebody");
}

#[test]
fn a_person_near_by_is_noticed_and_one_far_away_is_not() {
    let near = |body: &str| {
        found(body)
            .iter()
            .map(|finding| finding.name_near)
            .collect::<Vec<_>>()
    };
    assert_eq!(near("Mary Jones, SSN 412-55-9921"), [true]);
    assert_eq!(near("SSN 412-55-9921 belongs to M. Jones"), [true]);
    assert_eq!(near("SSN 412-55-9921 is on file"), [false]);
    assert_eq!(
        near(&format!("Mary Jones {} SSN 412-55-9921", "and so on ".repeat(40))),
        [false]
    );
    assert_eq!(near("Employee\tNote\tSSN\nQwertz Zuiop\tx\t412559921"), [true]);
    assert_eq!(near("Department\tSSN\nwarehouse\t412559921"), [false]);
}

#[test]
fn the_subject_and_the_beginning_of_the_body_are_read_as_one() {
    let search = |subject: &str, body: &str| {
        let texts = [
            text(TextKind::Header, Some("Subject"), subject),
            text(TextKind::Body, None, body),
        ];
        rules()
            .search(&texts)
            .iter()
            .map(|finding| finding.name_near)
            .collect::<Vec<_>>()
    };
    assert_eq!(search("Mary Jones", "SSN 412-55-9921"), [true]);
    assert_eq!(search("SSN 412-55-9921", "Please add Mary Jones."), [true]);
    assert_eq!(search("SSN 412-55-9921", "Please add her."), [false]);
    assert_eq!(
        search("Mary Jones", &format!("{}SSN 412-55-9921", "word ".repeat(100))),
        [false]
    );
}

#[test]
fn display_names_of_the_header_are_no_names_near_the_element() {
    let texts = [
        text(TextKind::Header, Some("From"), "Mary Jones <mary@example.org>"),
        text(TextKind::Body, None, "SSN 412-55-9921"),
    ];
    assert!(rules().search(&texts).iter().all(|finding| !finding.name_near));
}

#[test]
fn header_fields_that_programs_write_need_a_keyword() {
    let search = |field: &str, value: &str| {
        rules()
            .search(&[text(TextKind::Header, Some(field), value)])
            .len()
    };
    assert_eq!(search("Message-ID", "<4539148803436467@example.org>"), 0);
    assert_eq!(search("Received", "from a by b with id 412-55-9921"), 0);
    assert_eq!(search("Subject", "4539148803436467"), 1);
    assert_eq!(search("X-Note", "412-55-9921"), 1);
    assert_eq!(search("Message-ID", "<ssn.412-55-9921.a@example.org>"), 1);
}

#[test]
fn two_readings_of_a_part_tell_a_number_once_and_the_better_supported_one() {
    let page = text(TextKind::Body, None, "SSN 412-55-9921 and SSN 412-55-9921");
    let mut table = text(TextKind::Table, None, "Name\tSSN\nMary Jones\t412-55-9921");
    let told = |texts: &[Text]| {
        let located = rules().locate(texts);
        let told = located.iter().map(|one| (one.text, one.finding.name_near));
        told.collect::<Vec<_>>()
    };
    assert_eq!(told(&[page.clone(), table.clone()]), [(1, true)]);
    assert_eq!(told(&[table.clone(), page.clone()]), [(0, true)]);
    assert_eq!(told(&[page.clone(), page.clone()]), [(0, false), (0, false)]);
    table.place.part = "2".to_owned();
    assert_eq!(told(&[page, table]), [(0, false), (0, false), (1, true)]);
    let field = |name| text(TextKind::Header, Some(name), "SSN 412-55-9921");
    assert_eq!(told(&[field("Subject"), field("X-Note")]).len(), 2);
}

#[test]
fn reasons_say_why_and_quote_nothing_of_the_message() {
    let found = found("Mary Jones, SSN 412-55-9921");
    let reasons = found[0].reasons.join("; ");
    assert!(reasons.contains("keyword 'ssn' 1 characters before"), "{reasons}");
    assert!(reasons.contains("a person's name 6 characters away"), "{reasons}");
    assert!(
        !reasons.contains("9921") && !reasons.contains("Jones"),
        "{reasons}"
    );
    assert_eq!(found[0].evidence.as_str(), "***-**-9921");
}

#[test]
fn zeros_that_a_spreadsheet_dropped_count_under_a_header_only() {
    let table = "Name\tSSN\nMary Jones\t1234567\nJohn Smith\t41255992.0\n";
    let texts = [text(TextKind::Table, None, table)];
    assert_eq!(rules().search(&texts).len(), 2);
    assert!(found("SSN 1234567").is_empty());
}

#[test]
fn a_header_far_above_speaks_for_the_last_row_of_a_long_table() {
    let rows = "Mary Jones\tx\tBoston\n".repeat(80_000);
    let table = format!("Name\tSSN\tCity\n{rows}John Smith\t412559921\tBoston\n");
    let found = rules().search(&[text(TextKind::Table, None, &table)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].name_near);
}

#[test]
fn every_line_of_a_long_list_is_read_like_the_first_and_once() {
    let body = "Mary Jones has SSN 412-55-9921.\n".repeat(40_000);
    let found = found(&body);
    // Were a line read differently or twice, findings of another kind or in disorder would stand behind these.
    assert_eq!(found.len(), 2_000);
    assert!(
        found
            .iter()
            .all(|finding| finding.name_near && finding.confidence == Confidence::High)
    );
    let body = format!("SSNs: {}", "412559921, ".repeat(200_000));
    let found = places_only(&body);
    assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
    let gapped = format!(
        "SSNs: {}, {}412559921",
        "412559921, ".repeat(95_400),
        "412559921, ".repeat(5)
    );
    assert!(places_only(&gapped).len() == 2_000);
}

fn places_only(body: &str) -> Vec<usize> {
    found(body).iter().map(|finding| finding.place.span.0).collect()
}

/// The form of every state as it is printed there: digits stand for digits, letters for letters.
const STATES: [(&str, &[&str]); 51] = [
    ("Alabama", &["4821390", "48213907"]),
    ("Alaska", &["4821390"]),
    ("Arizona", &["D48213907", "482139071"]),
    ("Arkansas", &["482139071"]),
    ("California", &["D4821390", "d4821390"]),
    ("Colorado", &["482139071", "48-213-9071", "AB48213"]),
    ("Connecticut", &["482139071"]),
    ("Delaware", &["4821390"]),
    ("DC", &["4821390", "482139071"]),
    ("Florida", &["W426545307610", "W426-545-30-761-0"]),
    ("Georgia", &["482139071"]),
    ("Hawaii", &["H48213907"]),
    ("Idaho", &["AB482139C"]),
    ("Illinois", &["D40078231907", "D400-7823-1907"]),
    ("Indiana", &["4821-39-0715", "4821390715"]),
    ("Iowa", &["482AB1390", "482139071"]),
    ("Kansas", &["K48213907", "K4B2C"]),
    ("Kentucky", &["D48213907"]),
    ("Louisiana", &["048213907"]),
    ("Maine", &["4821390", "4821390X"]),
    ("Maryland", &["S-530-761-482-139", "S530761482139"]),
    ("Massachusetts", &["S48213907", "SA4821390", "482139071"]),
    ("Michigan", &["S530761482139"]),
    ("Minnesota", &["S530761482139"]),
    ("Mississippi", &["482-13-9071", "482139071"]),
    ("Missouri", &["D482139R", "48213907AB", "D48213"]),
    ("Montana", &["4821390715482"]),
    ("Nebraska", &["D48213907"]),
    ("Nevada", &["4821390715", "X48213907"]),
    ("New Hampshire", &["12ABC34567"]),
    ("New Jersey", &["D48213907154821"]),
    ("New Mexico", &["482139071"]),
    ("New York", &["482 139 071", "482139071"]),
    ("North Carolina", &["482139071548"]),
    ("North Dakota", &["ABC482139"]),
    ("Ohio", &["AB482139"]),
    ("Oklahoma", &["D482139071"]),
    ("Oregon", &["4821390", "D482139"]),
    ("Pennsylvania", &["48 213 907", "48213907"]),
    ("Rhode Island", &["4821390", "V482139"]),
    ("South Carolina", &["48213907154"]),
    ("South Dakota", &["48213907"]),
    ("Tennessee", &["482139071"]),
    ("Texas", &["48213907"]),
    ("Utah", &["4821390715"]),
    ("Vermont", &["48213907", "4821390A"]),
    ("Virginia", &["D48213907"]),
    ("Washington", &["WDLABC12D345", "SMITHJM482AB"]),
    ("West Virginia", &["D482139"]),
    ("Wisconsin", &["W426-5453-0761-02", "W4265453076102"]),
    ("Wyoming", &["482139-071", "4821390715"]),
];

#[test]
fn a_licence_of_every_state_is_found_in_every_printed_form_after_a_keyword() {
    let mut missed = Vec::new();
    for (state, numbers) in STATES {
        for number in numbers {
            for keyword in [
                "Driver's license:",
                "DL#",
                "driver license number is",
                "State ID card no.",
            ] {
                let body = format!("{keyword} {number}, thanks");
                let hit = places(&body)
                    .iter()
                    .any(|(element, at)| element == "drivers_license" && at == number);
                if !hit {
                    missed.push(format!("{state}: {body}: {:?}", places(&body)));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
