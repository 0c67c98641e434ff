use super::super::rule_file::Strength;
use super::{Keywords, Neighbours, Said, Turned, Use, Vocabulary, Words};

fn found(text: &str) -> Vec<String> {
    let does = Use::Speaks {
        strength: Strength::Strong,
        before: 10,
        after: 0,
        passes_over: None,
        companion: false,
        turned_in_line: false,
        turned_by: Turned {
            before: true,
            after: true,
        },
        sure: false,
        same_line: false,
        in_row: false,
        lifted_by_name: false,
        over_issuer: false,
        needs_support: false,
        yields: false,
    };
    let words = [
        "ssn",
        "s.s.n.",
        "account number",
        "customer account number",
        "driver's license",
        "dl#",
        "my driver",
        "a/c no",
    ];
    let entries: Vec<(&str, Use)> = words.iter().map(|word| (*word, does)).collect();
    let keywords = Keywords::compile(&entries, Neighbours::default());
    let hits = keywords.find(text.as_bytes(), 0, text.len());
    hits.iter()
        .map(|hit| keywords.word(hit).unwrap().text.clone())
        .collect()
}

#[test]
fn a_keyword_is_found_in_every_spelling() {
    for text in [
        "Account Number",
        "account_number:",
        "AccountNumber",
        "ACCOUNT\r\nNUMBERS",
        "xAccountNumber",
    ] {
        assert_eq!(found(text), ["account number"], "{text}");
    }
    assert_eq!(
        found("Drivers License / driver's-license"),
        ["driver's license"; 2]
    );
    assert_eq!(
        found("SSN536228145, DL #S12, A/C No. 7, employeeSSN"),
        ["ssn", "dl#", "a/c no", "ssn"]
    );
}

#[test]
fn the_longest_keyword_wins_its_place() {
    assert_eq!(found("customer account number"), ["customer account number"]);
}

#[test]
fn keywords_that_overlap_are_both_found() {
    assert_eq!(found("my driver's license"), ["my driver", "driver's license"]);
    assert_eq!(found("s.s.n. 536228145"), ["ssn"]);
}

#[test]
fn codes_and_addresses_hold_no_keywords() {
    assert!(found("id 56SSN16F72, 0001ssn-00, ssn@example.org, info@ssn").is_empty());
}

#[test]
fn a_word_beside_a_keyword_turns_it_where_nothing_but_a_space_stands_between() {
    let does = Use::Names { form: 0 };
    let words = |list: &[&str]| Words::of(list.iter().map(|word| (*word).to_owned()));
    let neighbours = Neighbours {
        before: words(&["library", "real estate"]),
        after: words(&["parser"]),
    };
    let keywords = Keywords::compile(&[("card", does)], neighbours);
    let turned = |text: &str| {
        keywords
            .find(text.as_bytes(), 0, text.len())
            .iter()
            .all(|hit| hit.turned != Turned::default())
    };
    for text in [
        "library card",
        "Library's card",
        "my real estate card",
        "card_parser",
        "card parser x",
    ] {
        assert!(turned(text), "{text}");
    }
    for text in [
        "card",
        "library. Card",
        "the card",
        "estate card",
        "card: parser",
        "card parsers",
    ] {
        assert!(!turned(text), "{text}");
    }
}

#[test]
fn parts_of_other_words_are_no_keywords() {
    assert!(found("lessn assnx accountnumbering").is_empty());
    assert_eq!(found("Customer\tAccount Number"), ["account number"]);
}

proptest::proptest! {
    /// What was said of a text once spares looking for keywords in each of its cells.
    #[test]
    fn what_was_said_tells_the_keywords_of_a_stretch_as_a_search_of_it_does(
        text in "(acct|account|Account|no|number|401k|s|#|[ ,._1\n@]|é){0,24}",
        from in 0_usize..40, length in 0_usize..40, row in 0_usize..40,
    ) {
        let does = Use::Names { form: 0 };
        let entries = ["account", "account number", "acct no", "acct #", "401k account", "é", "no"].map(|word| (word, does));
        let keywords = Keywords::compile(&entries, Neighbours::default());
        let other = Keywords::compile(&[("number", does)], Neighbours::default());
        let rules = [&other, &keywords];
        let (bytes, mut said) = (text.as_bytes(), Said::default());
        let mut hits = vec![Vec::new(); 2];
        let vocabulary = Vocabulary::of(rules.into_iter());
        vocabulary.find(bytes, (0, bytes.len()), &rules, (&mut hits, &mut said));
        let from = from.min(bytes.len());
        let stretch = from..(from + length).min(bytes.len());
        said.go_to(&(row.min(from)..stretch.end));
        let places = |hits: &[super::Hit]| hits.iter().map(|hit| (hit.start, hit.end, hit.word)).collect::<Vec<_>>();
        let found = keywords.find(bytes, stretch.start, stretch.end);
        proptest::prop_assert_eq!(places(&said.find(&keywords, 1, bytes, &stretch)), places(&found));
        proptest::prop_assert!(found.is_empty() || said.rules_in(&stretch) & Vocabulary::bit(1) != 0);
        proptest::prop_assert_eq!(places(&hits[1]), places(&keywords.find(bytes, 0, bytes.len())));
    }
}
