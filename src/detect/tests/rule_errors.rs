//! A bad rule file is refused with line and cure, and all mistakes are told at once.

use super::super::{RuleSource, Rules};

const GOOD: &str = r#"title = "Badge"
reason = "r"
source = "s"
examples = ["badge 12-345"]
counter_examples = ["12-345"]

[[pattern]]
name = "two and three digits"
regex = '\d{2}-\d{3}'
confidence = { strong = "high" }

[[keyword]]
strength = "strong"
words = ["badge"]
"#;

fn told(file: &str, text: &str) -> Vec<String> {
    let source = RuleSource {
        file: file.to_owned(),
        text: text.to_owned(),
    };
    let errors = Rules::compile(&[source]).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

fn told_after(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    told("badge.toml", &GOOD.replace(from, to))
}

#[test]
fn a_rule_of_staff_works_as_it_is_written() {
    let rules = Rules::compile(&[RuleSource {
        file: "badge.toml".to_owned(),
        text: GOOD.to_owned(),
    }])
    .unwrap();
    assert_eq!(rules.prove(), []);
    let elements: Vec<_> = rules
        .elements()
        .map(|element| (element.id, element.title, element.source))
        .collect();
    assert_eq!(elements, [("badge", "Badge", "s")]);
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_key() {
    assert_eq!(
        told_after("name = \"two", "nane = \"two"),
        [
            "badge.toml:7: `pattern` lacks `name`; add `name = \"…\"`",
            "badge.toml:8: `pattern` has no key `nane`; did you mean `name`?",
        ]
    );
    let far = told_after("reason = \"r\"", "reason = \"r\"\nzzzzzzzzzzzz = 1");
    assert!(
        matches!(far.as_slice(), [only] if only.starts_with("badge.toml:3: ") && only.contains("the keys are: title")),
        "{far:?}"
    );
}

#[test]
fn expressions_that_could_hurt_are_refused_with_the_cure() {
    for (regex, cure) in [
        (r"\\d{2", "the expression is wrong"),
        (r"(\\d{2", "the expression is wrong at its character 4"),
        (r"\\d*", "matches the empty string"),
        (r"\\d+", "could be longer than 128 octets"),
        (r"\\d{2}.{0,500}", "could be longer than 128 octets"),
        (r"\\d(?=a)", "the expression is wrong"),
        (r"(a)\\1", "the expression is wrong"),
        (r"[a&&b]", "can never match"),
        (
            r"(?:[ab]{0,60}[cd]{0,60}){1}(?:(?:(?:a{1,5}){1,5}b){0,5}){0,1}\\d",
            "",
        ),
    ] {
        let told = told_after(r"'\d{2}-\d{3}'", &format!("\"{regex}\""));
        if !cure.is_empty() {
            assert!(
                matches!(told.as_slice(), [only] if only.starts_with("badge.toml:9: ") && only.contains(cure)),
                "{regex}: {told:?}"
            );
        }
    }
}

#[test]
fn unknown_checks_choices_and_types_are_refused_with_what_there_is() {
    let has = |told: Vec<String>, wanted: &str| {
        assert!(told.iter().any(|error| error.contains(wanted)), "{told:?}")
    };
    has(
        told_after("confidence = {", "checks = [\"lun\"]\nconfidence = {"),
        "badge.toml:10: there is no check `lun`; there are: luhn, ssn",
    );
    has(
        told_after("strong = \"high\"", "strong = \"sure\""),
        "`strong` must be one of: low, medium, high",
    );
    has(
        told_after("strength = \"strong\"", ""),
        "lacks `strength`, one of: strong, weak, support, against",
    );
    has(
        told_after("words = [\"badge\"]", "words = \"badge\""),
        "badge.toml:14: `words` must be a list of texts",
    );
    has(
        told_after("words = [\"badge\"]", "words = [\"-\"]"),
        "a keyword needs a letter or a digit",
    );
    has(
        told_after(
            "words = [\"badge\"]",
            &format!("words = [\"{}\"]", "badge ".repeat(30)),
        ),
        "a keyword may have 160 octets at most",
    );
    has(
        told_after("{ strong = \"high\" }", "{}"),
        "the pattern can never count",
    );
    has(told_after("[\"12-345\"]", "[]"), "a rule proves itself");
    has(
        told_after("title = \"Badge\"", "title = \"Badge\"\nshown = 9"),
        "`shown` may be 4 at most",
    );
    has(
        told_after("title = \"Badge\"", "title = 7"),
        "badge.toml:1: `title` must be a text",
    );
    has(
        told_after("strength = \"strong\"", "strength = \"support\""),
        "counts only beside keywords",
    );
    has(told("Badge.toml", GOOD), "name the file like");
    has(told("badge.toml", "title = \n"), "badge.toml:1: this is not TOML");
}

#[test]
fn a_pattern_that_hits_ordinary_text_is_refused_with_the_cure() {
    let alone = told_after("{ strong =", "{ alone = \"low\", strong =");
    assert_eq!(
        alone,
        Vec::<String>::new(),
        "what is not reported disturbs nobody"
    );
    for (from, to) in [
        ("{ strong =", "{ alone = \"high\", strong ="),
        ("words = [\"badge\"]", "words = [\"badge\", \"order\"]"),
    ] {
        let broad = GOOD.replace(r"'\d{2}-\d{3}'", r"'\d{2,9}-\d{3,9}'");
        let text = broad.replace(from, to);
        let errors = told("badge.toml", &text);
        let cure = "take `alone` out of its confidence";
        assert!(
            matches!(errors.as_slice(), [only] if only.starts_with("badge.toml:9: ") && only.contains(cure)),
            "{errors:?}"
        );
        let common = format!("common = true\n{text}");
        assert_eq!(told("badge.toml", &common), Vec::<String>::new());
    }
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let bad = GOOD
        .replace(r"'\d{2}-\d{3}'", "'('")
        .replace("strength = \"strong\"", "strength = \"strnog\"");
    let sources = ["a.toml", "b.toml"].map(|file| RuleSource {
        file: file.to_owned(),
        text: bad.clone(),
    });
    let errors = Rules::compile(&sources).unwrap_err();
    let places: Vec<(&str, usize)> = errors
        .iter()
        .map(|error| (error.file.as_str(), error.line))
        .collect();
    assert_eq!(
        places,
        [("a.toml", 9), ("a.toml", 13), ("b.toml", 9), ("b.toml", 13)]
    );
}

#[test]
fn an_example_that_does_not_hold_is_named_with_its_line_and_number() {
    let text = GOOD
        .replace(
            "[\"badge 12-345\"]",
            "[\n  \"badge 12-345\",\n  \"nothing here\",\n]",
        )
        .replace("[\"12-345\"]", "[\"badge 99-999\"]");
    let rules = Rules::compile(&[RuleSource {
        file: "badge.toml".to_owned(),
        text,
    }])
    .unwrap();
    let failures = rules.prove();
    let places: Vec<(usize, usize)> = failures
        .iter()
        .map(|failure| (failure.line, failure.index))
        .collect();
    assert_eq!(places, [(6, 2), (8, 1)]);
    assert!(
        failures[0]
            .to_string()
            .starts_with("badge.toml:6: example 2 should be found as `badge` and is not")
    );
    assert!(
        failures[1]
            .message
            .contains("should not be found as `badge` and is: written as two and three digits")
    );
}

#[test]
fn two_files_of_one_name_are_refused() {
    let sources = [GOOD, GOOD].map(|text| RuleSource {
        file: "badge.toml".to_owned(),
        text: text.to_owned(),
    });
    assert!(
        Rules::compile(&sources).unwrap_err()[0]
            .message
            .contains("there is a second rule `badge`")
    );
}

#[test]
fn a_rule_that_borrows_from_one_that_is_not_there_is_refused_with_its_line() {
    assert_eq!(
        told_after("source = \"s\"", "source = \"s\"\nthings_of = [\"passport\"]"),
        ["badge.toml:4: there is no rule `passport`; name one whose file lies beside this one"]
    );
}

#[test]
fn the_words_for_things_of_another_rule_label_the_number_behind_them() {
    let source = |file: &str, text: String| RuleSource {
        file: file.to_owned(),
        text,
    };
    let lender = GOOD
        .replace("badge", "token")
        .replace("source = \"s\"", "source = \"s\"\nthings = [\"locker\"]");
    let borrower = GOOD.replace("source = \"s\"", "source = \"s\"\nthings_of = [\"token\"]");
    let found = |borrower: String| {
        let rules = Rules::compile(&[
            source("badge.toml", borrower),
            source("token.toml", lender.clone()),
        ]);
        let body = super::text(crate::mime::TextKind::Body, None, "my badge and locker 12-345");
        rules.unwrap().search(&[body]).len()
    };
    assert_eq!(found(GOOD.to_owned()), 1);
    assert_eq!(found(borrower), 0);
}
