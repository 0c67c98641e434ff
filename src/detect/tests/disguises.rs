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
