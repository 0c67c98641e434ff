use proptest::prelude::*;

use super::View;

fn folded(text: &str) -> String {
    String::from_utf8_lossy(&View::plain(text).bytes).into_owned()
}

#[test]
fn what_looks_like_a_digit_a_dash_or_a_space_becomes_one() {
    assert_eq!(folded("５３６－２２－８１４５"), "536-22-8145");
    assert_eq!(folded("536\u{2011}22\u{2013}8145"), "536-22-8145");
    assert_eq!(folded("5\u{200B}3\u{200D}6\u{AD}-22-8\u{FEFF}145"), "536-22-8145");
    assert_eq!(folded("𝟓𝟑𝟔 𝟸𝟸 𝟴𝟭𝟰𝟱"), "536 22 8145");
    assert_eq!(folded("٥٣٦-٢٢-٨١٤٥ ५३६"), "536-22-8145 536");
    assert_eq!(folded("536\u{A0}22\u{202F}8145"), "536 22 8145");
    assert_eq!(folded("5\u{FE0F}\u{20E3}3\u{FE0F}\u{20E3}"), "53");
    assert_eq!(folded("│ Name ║ SSN ┃"), "| Name | SSN |");
    assert_eq!(
        folded("⑆011000015⑆ 4830127755⑈ 1437"),
        " MICR 011000015 MICR  4830127755  1437"
    );
    assert_eq!(folded("José Nuñez, №12, driver’s"), "Jose Nunez, No.12, driver's");
}

#[test]
fn a_footnote_mark_is_no_digit_of_the_number_but_raised_numbers_are_numbers() {
    assert_eq!(folded("536-22-8145²"), "536-22-8145 ");
    assert_eq!(folded("⁵³⁶-²²-⁸¹⁴⁵"), "536-22-8145");
}

#[test]
fn ascii_is_neither_copied_nor_mapped() {
    let view = View::plain("SSN 536-22-8145");
    assert!(matches!(view.bytes, std::borrow::Cow::Borrowed(_)));
    assert_eq!(view.origin(4, 15), (4, 15));
}

#[test]
fn spans_lead_back_to_the_original_characters() {
    let text = "é: ５３６\u{200B}-22-814５!";
    let view = View::plain(text);
    let at = folded(text).find("536-22-8145").unwrap();
    let (start, end) = view.origin(at, at + 11);
    assert_eq!(&text[start..end], "５３６\u{200B}-22-814５");
}

#[test]
fn groups_that_have_cells_of_their_own_are_one_number() {
    for (text, whole) in [
        ("SSN\t536\t22\t8145\tx", "SSN\t536228145\tx"),
        ("SSN | 536 | - | 22 | - | 8145 |", "SSN | 536228145 |"),
        ("Card\t4539\t1488\t0343\t6467\n", "Card\t4539/1488/0343/6467\n"),
        (
            "IBAN\tGB82\tWEST\t1234\t5698\t7654\t32\n",
            "IBAN\tGB82WEST12345698765432\n",
        ),
    ] {
        let joined = View::plain(text).joined(|_| false).unwrap();
        assert_eq!(String::from_utf8_lossy(&joined.bytes), whole);
    }
    for text in [
        "536\t22\t81456",
        "12\t34\t5678",
        "a536\t22\t8145",
        "4539\t1488\t0343",
        "536, 22\t8145",
    ] {
        assert!(View::plain(text).joined(|_| false).is_none(), "{text}");
    }
}

#[test]
fn hyphens_where_a_line_ends_stay_only_where_they_are_printed() {
    for (text, whole) in [
        ("SSN 536-22-\n8145 x", "SSN 536-22-8145 x"),
        ("SSN 536-22-\n-8145 x", "SSN 536-22-8145 x"),
        ("SSN 536--\n> 22-8145 x", "SSN 536-22-8145 x"),
        ("SSN 536-2-\n2-8145 x", "SSN 536-22-8145 x"),
        ("card 45391488-\n| 03436467 x", "card 4539148803436467 x"),
        ("card 4539-14-\n88-0343-6467 x", "card 4539-1488-0343-6467 x"),
        ("account 4830-\n1277 x", "account 4830-1277 x"),
    ] {
        let joined = View::plain(text).joined(|_| true).unwrap();
        assert_eq!(String::from_utf8_lossy(&joined.bytes), whole);
    }
    assert!(View::plain("12---\n34").joined(|_| true).is_none());
}

#[test]
fn a_number_broken_over_lines_is_made_whole_and_its_span_covers_the_break() {
    let text = "SSN 536-22-\r\n> 8145 and 12\n";
    let plain = View::plain(text);
    let joined = plain.joined(|_| true).unwrap();
    let whole = String::from_utf8_lossy(&joined.bytes).into_owned();
    let at = whole.find("536-22-8145").unwrap();
    assert!(joined.crosses_join(at, at + 11));
    assert!(!joined.crosses_join(0, at));
    let (start, end) = joined.origin(at, at + 11);
    assert_eq!(&text[start..end], "536-22-\r\n> 8145");
    assert!(
        View::plain("no numbers\nat the line 5\nend")
            .joined(|_| true)
            .is_none()
    );
}

#[test]
fn a_number_whose_digits_were_set_apart_is_made_whole() {
    for (text, whole) in [
        ("SSN 5 3 6 2 2 8 1 4 5.", "SSN 536228145."),
        ("5 3 6 - 2 2 - 8 1 4 5", "536-22-8145"),
        ("5-3-6-2-2-8-1-4-5", "536228145"),
        ("536 - 22 - 8145", "536-22-8145"),
        ("536_22_8145", "536-22-8145"),
        ("SSN_536_22_8145", "SSN_536_22_8145"),
        ("no 4830.1277.55, yes", "no 4830127755, yes"),
        ("G B 2 9 D U M O 6 5 4 7", "GB29DUMO6547"),
        ("S.482.139.07", "S48213907"),
        ("W.392.413", "W392413"),
        ("4230 0517 4840\n> 8835", "4230 0517 4840 8835"),
    ] {
        let joined = View::plain(text).joined(|_| true);
        let joined = joined.map_or(text.as_bytes().to_vec(), |view| view.bytes.into_owned());
        assert_eq!(String::from_utf8_lossy(&joined), whole);
    }
}

#[test]
fn dates_addresses_telephone_numbers_paths_and_amounts_are_no_numbers_set_apart() {
    for text in [
        "12/31/2024",
        "2024.12.31",
        "192.168.12.12",
        "617.555.0123",
        "1.617.555.0123",
        "8.605.632",
        "a/2024/03/4455",
        "v10.2.13",
        "2024/0311/4455.html",
        "$1.234.567.89",
        "1 2 3 4 5",
        "011000015 / 4830127755",
        "IMG_20240311_1234",
        "acct 4830127755\n08/24/2025, 8:45 - Ann",
        "acct 4830127755\n9:04 Ann",
    ] {
        assert!(View::plain(text).joined(|_| true).is_none(), "{text}");
    }
}

proptest! {
    #[test]
    fn every_span_of_any_text_leads_to_whole_characters(text in "\\PC*[0-9０-９٠-٩\u{200B}\u{AD} \n-]{0,40}\\PC*") {
        let view = View::plain(&text);
        for start in 0..view.bytes.len() {
            for end in start + 1..=view.bytes.len().min(start + 6) {
                let (from, to) = view.origin(start, end);
                prop_assert!(from < to && text.get(from..to).is_some());
            }
        }
        if let Some(joined) = view.joined(|_| true) {
            for start in 0..joined.bytes.len() {
                let (from, to) = joined.origin(start, start + 1);
                // Only an underscore, a line end and the edge of a cell are ever read as something else.
                let (there, here) = (view.bytes.get(from..to), joined.bytes.get(start..start + 1));
                prop_assert!(there == here || (there, here) == (Some(b"_"), Some(b"-"))
                    || here == Some(b" ") || here == Some(b"/"));
            }
        }
    }

    #[test]
    fn folding_twice_changes_nothing_more(text in "\\PC*") {
        let once = View::plain(&text).bytes.into_owned();
        let again = String::from_utf8(once.clone()).unwrap();
        prop_assert_eq!(View::plain(&again).bytes.into_owned(), once);
    }
}
