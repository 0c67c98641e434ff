//! A small set from its files to its figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::compare::compare;
use super::mail::Case;
use super::set;
use super::tally::Tally;
use crate::inspect::{Examined, Extras};
use crate::message::{Confidence, Finding, Inspection, Masked, Place};
use crate::policy::Policy;

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sealgate-score-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn found(values: &[(&str, &str, bool)]) -> Examined {
    let finding = |(element, value, name): &(&str, &str, bool)| Finding {
        element: (*element).to_owned(),
        title: String::new(),
        place: Place {
            part: "1".to_owned(),
            field: None,
            description: String::new(),
            span: (0, 0),
        },
        confidence: Confidence::High,
        evidence: Masked::ending(value, 4),
        name_near: *name,
        named_in_header: false,
        optional: *element == "itin",
        test_value: false,
        reasons: Vec::new(),
    };
    Examined {
        inspection: Inspection {
            findings: values.iter().map(finding).collect(),
            ..Inspection::default()
        },
        extras: Extras {
            values: values.iter().map(|(_, value, _)| (*value).to_owned()).collect(),
            ..Extras::default()
        },
    }
}

fn tally(cases: &[(&Case, Examined)]) -> Tally {
    let elements = [("ssn", false), ("bank_account", false), ("itin", true)];
    let elements = elements.map(|(name, optional)| (name.to_owned(), optional));
    let mut tally = Tally::new(BTreeMap::from(elements));
    for (case, examined) in cases {
        tally.add(case, &compare(case, examined, &Policy::default()));
    }
    tally
}

const MAIL: &str = "[[mail]]\nsubject = \"x\"\ntext = '''\nDana Whitfield: {{ssn 536-22-8145}}\n\
                    order {{not 449-77-1023}}\n'''\n";

#[test]
fn a_mail_is_read_without_its_marks_and_labels_know_their_line() {
    let set = folder("marks", &[("a/mails.toml", MAIL)]);
    let cases = set::load(&set, None).unwrap();
    let [case] = cases.as_slice() else {
        panic!("{cases:?}")
    };
    let text = String::from_utf8(case.bytes.clone()).unwrap();
    assert!(
        text.contains("Whitfield: 536-22-8145\r\norder 449-77-1023"),
        "{text}"
    );
    assert_eq!(case.expected.first().unwrap().line, 4);
    assert_eq!(case.look_alikes.first().unwrap().line, 5);
    assert!(case.personal);
}

#[test]
fn a_file_is_labelled_by_the_list_beside_it_and_one_that_is_missing_is_a_mistake() {
    let list = "[[file]]\nname = \"b.txt\"\nholds = [\"ssn 536-22-8145\"]\n";
    let set = folder("files", &[("labels.toml", list), ("b.txt", "SSN 536-22-8145")]);
    let cases = set::load(&set, None).unwrap();
    let [case] = cases.as_slice() else {
        panic!("{cases:?}")
    };
    assert_eq!((case.form.as_str(), case.name.as_deref()), ("txt", Some("b.txt")));
    fs::remove_file(set.join("b.txt")).unwrap();
    let mistakes = set::load(&set, None).unwrap_err();
    assert!(
        mistakes.first().unwrap().to_string().contains("labels.toml:2:"),
        "{mistakes:?}"
    );
}

#[test]
fn mistakes_in_a_set_are_told_with_file_and_line_and_an_empty_set_is_one() {
    let broken = "[[mail]]\ntext = '''{{ssn 536-22-8145'''\n[[mail]]\ntext = '''{{SSN 1}}'''\n";
    let set = folder(
        "broken",
        &[("a.toml", broken), ("b.toml", "[[mail]]\ntxt = ''\n")],
    );
    let said: Vec<String> = set::load(&set, None)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    let lines = ["a.toml:2:", "a.toml:4:", "b.toml:2:"];
    assert_eq!(said.len(), lines.len(), "{said:?}");
    assert!(
        said.iter().zip(lines).all(|(said, line)| said.contains(line)),
        "{said:?}"
    );
    assert!(set::load(&folder("empty", &[("notes.md", "")]), None).is_err());
}

#[test]
fn right_missed_wrong_and_look_alikes_are_counted_apart() {
    let set = folder("counts", &[("mails.toml", MAIL)]);
    let cases = set::load(&set, None).unwrap();
    let case = cases.first().unwrap();
    let all_right = found(&[("ssn", "536 22 8145", true)]);
    let all_wrong = found(&[
        ("bank_account", "449771023", false),
        ("itin", "912-70-1234", true),
    ]);
    let tally = tally(&[(case, all_right), (case, all_wrong)]);
    let ssn = &tally.elements["ssn"];
    assert_eq!((ssn.expected, ssn.right, ssn.wrong), (2, 1, 0));
    assert_eq!(tally.elements["bank_account"].wrong, 1);
    assert_eq!(tally.optional["itin"].wrong, 1);
    assert_eq!((tally.all.expected, tally.all.right, tally.all.wrong), (2, 1, 1));
    assert_eq!((tally.look_alikes.marked, tally.look_alikes.hit), (2, 1));
    assert_eq!((tally.verdict.expected, tally.verdict.right), (2, 1));
    // What the law does not list counts for no verdict and no alarm.
    assert_eq!(tally.harmless.mails, 0);
    let wrong = tally
        .mistakes
        .iter()
        .find(|mistake| mistake.kind == "wrong")
        .unwrap();
    assert_eq!(wrong.line, 5);
    assert!(!format!("{:?}", tally.mistakes).contains("536228145"));
}

#[test]
fn a_plain_mail_is_rewritten_in_every_way_and_its_labels_stay() {
    let set = folder("rewrite", &[("mails.toml", MAIL)]);
    let cases = set::load(&set, None).unwrap();
    let case = cases.first().unwrap();
    let rewritten = super::rewrite::all(case);
    assert_eq!(rewritten.len(), 18);
    for other in &rewritten {
        assert_eq!(other.expected, case.expected, "{}", other.form);
        assert_ne!(other.bytes, case.bytes, "{}", other.form);
    }
    let wrapped = rewritten.iter().find(|case| case.form == "wrapped").unwrap();
    let text = String::from_utf8(wrapped.bytes.clone()).unwrap();
    assert!(
        text.contains("536-\r\n22-8145") && text.contains("449-77-1023"),
        "{text}"
    );
}
