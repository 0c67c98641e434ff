use super::Layout;
use crate::mime::TextKind;

fn header(text: &str, value: &str, kind: TextKind) -> Option<String> {
    let start = text.find(value).unwrap();
    let cell = Layout::new(text.as_bytes(), kind).cell(start, start + value.len())?;
    let labels: Vec<&str> = cell
        .headers
        .into_iter()
        .flatten()
        .map(|label| &text[label])
        .collect();
    Some(labels.join("/"))
}

#[test]
fn the_header_of_a_column_is_found_in_every_kind_of_table() {
    let tables = [
        ("Name\tSSN\tPhone\nA B\t536228145\t617\n", TextKind::Table),
        (
            "Payroll 2024\nName\tSSN\tPhone\n\nA B\t536228145\t617\n",
            TextKind::Table,
        ),
        ("Name\tSSN\tPhone\nA B\t536228145\t617\n", TextKind::Body),
        (
            "| Name | SSN | Phone |\n|---|---|---|\n| A B | 536228145 | 6 |\n",
            TextKind::Body,
        ),
        ("Name,SSN,Phone\n\"B, A\",536228145,617\n", TextKind::Body),
        ("Name;SSN;Phone\nA B;\"536228145\";617\n", TextKind::Body),
        (
            "Name          SSN         Phone\n----          ---         -----\nA B           536228145   617\n",
            TextKind::Body,
        ),
    ];
    for (text, kind) in tables {
        assert_eq!(header(text, "536228145", kind).as_deref(), Some("SSN"), "{text}");
    }
}

#[test]
fn the_header_speaks_for_rows_far_below_it() {
    let text = format!("Name,SSN\n{}Z Z,536228145\n", "A B,111223333\n".repeat(5000));
    assert_eq!(header(&text, "536228145", TextKind::Body).as_deref(), Some("SSN"));
}

#[test]
fn of_labels_that_run_together_those_words_count_that_stand_above() {
    let text = "Name       SSN       Card Number      Driver's License Bank Account\n\
                Mary Jones 536228145 4539148803436467 S48213907        4830127755\n";
    let label = |value| header(text, value, TextKind::Body).unwrap();
    assert!(label("4539148803436467").contains("Card Number"));
    assert!(label("S48213907").contains("Driver's License") && !label("S48213907").contains("Card"));
    assert!(label("4830127755").contains("Bank Account") && !label("4830127755").contains("Driver"));
}

#[test]
fn prose_with_commas_is_no_table_and_a_table_ends_with_its_last_row() {
    let prose = "Hello, John, please\nsend my number, it is 536228145, thanks\n";
    assert_eq!(header(prose, "536228145", TextKind::Body), None);
    let after = "Name,SSN\nA B,1\n\nThe number, 536228145\n";
    assert_eq!(header(after, "536228145", TextKind::Body), None);
    assert_eq!(header("a\tb 1234", "1234", TextKind::Header), None);
}

#[test]
fn rows_without_labels_above_have_no_header() {
    assert_eq!(
        header("1234\t5678\n9\t536228145\n", "536228145", TextKind::Table),
        None
    );
}

#[test]
fn what_is_skipped_on_the_way_to_a_far_cell_makes_no_difference() {
    let prose = "A sentence, and another one.\nPlain words and nothing else\n".repeat(300);
    let texts = [
        format!("Name,SSN,City\n{prose}A B,536228145,Boston\n"),
        format!("{prose}Name,SSN,City\nA B,536228145,Boston\n"),
        format!(
            "{prose}Name,SSN,City\n-----\n{}Z,536228145,Boston\n",
            "A,1,Boston\n".repeat(600)
        ),
        format!(
            "{prose}Name  SSN\n\n{}A B  536228145\n",
            "x\x0c\x0cy\n".repeat(900)
        ),
    ];
    for text in texts {
        let (start, kind) = (text.find("536228145").unwrap(), TextKind::Body);
        let mut slow = Layout::new(text.as_bytes(), kind);
        for at in (0..start).step_by(1_000) {
            slow.is_row(at);
        }
        let fast = Layout::new(text.as_bytes(), kind).cell(start, start + 9);
        assert_eq!(fast, slow.cell(start, start + 9));
    }
}

#[test]
fn the_columns_of_a_statement_label_the_values_of_its_rows() {
    for (text, value, column) in [
        (
            "INSERT INTO staff (id, name, ssn) VALUES (7, 'Lee, Ann', '536228145');\n",
            "536228145",
            "ssn",
        ),
        (
            "insert into staff(id,name,ssn) values(7,'O\\'Hara (Ann)',N'536228145'),(8,'B','412559921');",
            "412559921",
            "ssn",
        ),
        (
            "INSERT INTO staff (id, name, ssn) VALUES (7, 'A''B', '536228145');",
            "7",
            "id",
        ),
        (
            "INSERT INTO `staff` (`id`, `name`, `ssn`)\nVALUES\n(7, 'A', '1'),\n(8, 'B', '536228145');\n",
            "536228145",
            "ssn",
        ),
        (
            "INSERT INTO staff (id, name, ssn) VALUES\n(7, 'A', '1'),(8, 'B', '536228145');\n",
            "536228145",
            "ssn",
        ),
        (
            "COPY public.staff (id, name, ssn) FROM stdin;\n7\tAnn Lee\t536228145\n",
            "536228145",
            "ssn",
        ),
    ] {
        assert_eq!(
            header(text, value, TextKind::Body).as_deref(),
            Some(column),
            "{text}"
        );
    }
}

#[test]
fn a_statement_without_columns_labels_nothing() {
    for text in [
        "INSERT INTO staff VALUES (7, 'Ann Lee', '536228145');",
        "INSERT INTO staff (id, name, ssn) SELECT 536228145 FROM x;",
        "INSERT INTO staff (id, ssn) VALUES (7), (8, '536228145');",
        "Copy that (it is, I think, 536228145) to me",
        "INSERT INTO staff (id, 536228145, ssn",
    ] {
        assert_eq!(header(text, "536228145", TextKind::Body), None, "{text}");
    }
}
