//! Numbers that are written as nobody prints them, and what looks like them.

use super::places;

#[test]
fn numbers_with_several_kinds_of_signs_are_numbers() {
    for (text, element, value) in [
        ("Mary Jones, 536-22 8145", "ssn", "536-22 8145"),
        ("SSN 536.22-8145 of Mary", "ssn", "536.22-8145"),
        ("SSN: 536 – 22 – 8145", "ssn", "536 – 22 – 8145"),
        ("SSN 5 3 6 - 2 2 - 8 1 4 5", "ssn", "5 3 6 - 2 2 - 8 1 4 5"),
        (
            "my card 4539-1488 0343.6467",
            "credit_card",
            "4539-1488 0343.6467",
        ),
        (
            "IBAN GB82.WEST-1234 5698 7654-32",
            "iban",
            "GB82.WEST-1234 5698 7654-32",
        ),
        (
            "checking account number 4830-1277 55",
            "bank_account",
            "4830-1277 55",
        ),
        (
            "driver's license number D245-938.19 203-0",
            "drivers_license",
            "D245-938.19 203-0",
        ),
        ("DL#: 482.139-071", "drivers_license", "482.139-071"),
    ] {
        assert_eq!(places(text), [(element.to_owned(), value.to_owned())], "{text}");
    }
}

#[test]
fn hyphens_and_quote_marks_where_lines_end_belong_to_no_number() {
    for (text, element, value) in [
        ("Her SSN is 536-\n22-8145, she says", "ssn", "536-\n22-8145"),
        ("> Her SSN is 536-22-\n> 8145, she says", "ssn", "536-22-\n> 8145"),
        ("| Her SSN is 536-22-\n| 8145, she says", "ssn", "536-22-\n| 8145"),
        ("Her SSN is 536-22--\n8145, she says", "ssn", "536-22--\n8145"),
        ("Her SSN is 536-2-\n2-8145, she says", "ssn", "536-2-\n2-8145"),
        (
            "my card 45391488-\n03436467 please",
            "credit_card",
            "45391488-\n03436467",
        ),
        (
            "my license number is S482-\n13907, Ann",
            "drivers_license",
            "S482-\n13907",
        ),
    ] {
        assert_eq!(places(text), [(element.to_owned(), value.to_owned())], "{text}");
    }
}

#[test]
fn groups_in_cells_of_their_own_are_a_number_where_something_says_so() {
    for (text, element) in [
        ("SSN\t536\t22\t8145\tMary Jones", "ssn"),
        ("SSN | 536 | - | 22 | - | 8145 | Mary Jones", "ssn"),
        ("Credit card\t4539\t1488\t0343\t6467", "credit_card"),
        ("IBAN\tGB82\tWEST\t1234\t5698\t7654\t32", "iban"),
    ] {
        let places = places(text);
        assert_eq!(places.len(), 1, "{text}");
        assert_eq!(places[0].0, element, "{text}");
    }
    assert_eq!(places("Item\t536\t22\t8145\nShelf\t4539\t1488\t0343\t6467\n"), []);
}

#[test]
fn telephone_numbers_dates_and_parts_stay_what_they_are() {
    for text in [
        "For questions on your checking account call 617 555-0123 or 617.555-0199.",
        "Your savings account number changes on 04/27-2024 at 10.30 - 11.45",
        "bank account (617) 555-0123, fax 617.555-0124",
        "The driver's license desk: 857.368 8000, room 12.5-3",
        "Part no. 536-22 8145, item # 536.22-8145",
        "Order 4539-1488 0343.6468 has shipped",
        "Pages 12-\n14 and 536-\n538",
        "ISBN 978-3-16-\n148410-0",
        "Boston, MA 02139-\n4307",
    ] {
        assert_eq!(places(text), [], "{text}");
    }
}

#[test]
fn lines_of_mail_end_with_two_octets_and_hide_nothing() {
    for (text, element, value) in [
        (
            "savings account MUKP7478-\r\n7336725719\r\n",
            "bank_account",
            "MUKP7478-\r\n7336725719",
        ),
        (
            "DL: G-386-154-\r\n697-358\r\nName: Mary",
            "drivers_license",
            "G-386-154-\r\n697-358",
        ),
        ("D/L 809-386-\r\n> 512 MO", "drivers_license", "809-386-\r\n> 512"),
        (
            "WA DL #WKLTXB\r\nX201S0 for Mary",
            "drivers_license",
            "WKLTXB\r\nX201S0",
        ),
        (
            "| Name | SSN | Dept |\r\n|---|---|---|\r\n| Mary Jones | 536-\r\n22-8145 | IT |",
            "ssn",
            "536-\r\n22-8145",
        ),
        (
            "my credit card:\r\n4539-1488-\r\n0343-6467\r\n06/35\r\n",
            "credit_card",
            "4539-1488-\r\n0343-6467",
        ),
    ] {
        assert_eq!(places(text), [(element.to_owned(), value.to_owned())], "{text}");
    }
}

#[test]
fn letters_among_the_groups_of_a_license_belong_to_it() {
    for (text, value) in [
        ("driver's license W D41 566 4V", "W D41 566 4V"),
        ("state ID no. 73R BT4 779 8", "73R BT4 779 8"),
        ("Driver License No. X - Z91 - 703 - 6, OH", "X - Z91 - 703 - 6"),
        ("DL# 832.835 5A", "832.835 5A"),
        ("D/L 1 0 3 - 5 9 9 - 7 0 6 NY", "1 0 3 - 5 9 9 - 7 0 6"),
        (
            "Lic. No: 7 7 9 - 5 8 3 - 8 9 0  Class: D",
            "7 7 9 - 5 8 3 - 8 9 0",
        ),
    ] {
        let known = ("drivers_license".to_owned(), value.to_owned());
        assert_eq!(places(text), [known], "{text}");
    }
}

#[test]
fn nine_digits_that_somebody_set_apart_need_no_label() {
    for value in [
        "5 3 6 2 2 8 1 4 5",
        "5-3-6-2-2-8-1-4-5",
        "5.3.6.2.2.8.1.4.5",
        "536.22/8145",
        "536\u{AD}22\u{AD}8145",
    ] {
        let known = ("ssn".to_owned(), value.to_owned());
        assert_eq!(
            places(&format!("Mary Jones ({value}) called")),
            [known],
            "{value:?}"
        );
    }
    for text in [
        "1.3.6.1.2.1.1.5.0",
        "1 2 3 4 5 6 7 8 9",
        "page 102 12/2024",
        "536228\u{AD}145",
    ] {
        assert_eq!(places(text), [], "{text:?}");
    }
    // Signs that nobody sees between all digits say nothing of what the number is.
    let account = "4\u{AD}8\u{AD}3\u{AD}0\u{AD}1\u{AD}2\u{AD}7\u{AD}7\u{AD}5";
    assert_eq!(
        places(&format!("Mary Jones, checking account number {account}")),
        [("bank_account".to_owned(), account.to_owned())]
    );
}
