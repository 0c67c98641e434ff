//! Tables whose columns only their places tell.

use std::fmt::Write;

use super::{HELVETICA, examine, page};
use crate::mime::TextKind;

/// The tables of a page with a text at each place.
fn tables(texts: &[(f32, f32, &str)], windows: bool) -> Vec<String> {
    let mut content = String::new();
    for (x, y, text) in texts {
        let window = if windows {
            format!("{x} 0 60 792 re W* n ")
        } else {
            String::new()
        };
        writeln!(content, "q {window}BT /F 11 Tf {x} {y} Td ({text}) Tj ET Q").unwrap();
    }
    let read = examine(&page(&content, "/Font<</F 5 0 R>>", &[HELVETICA]));
    let tables = read.texts.into_iter().filter(|text| text.kind == TextKind::Table);
    tables.map(|text| text.text).collect()
}

#[test]
fn texts_that_are_cut_off_at_their_cells_are_cells() {
    let tables = tables(
        &[
            (50.0, 700.0, "Employee n"),
            (110.0, 700.0, "Social Secu"),
            (170.0, 700.0, "Departmen"),
            (50.0, 685.0, "Barbara Lop"),
            (110.0, 685.0, "5362281450"),
            (170.0, 685.0, "Field servic"),
            (50.0, 670.0, "Richard All"),
            (110.0, 670.0, "4125599610"),
            (170.0, 670.0, "IT"),
        ],
        true,
    );
    let expected = "Employee n\tSocial Secu\tDepartmen\nBarbara Lop\t5362281450\tField servic\n";
    assert!(
        tables.iter().any(|table| table.starts_with(expected)),
        "{tables:?}"
    );
}

#[test]
fn a_table_behind_another_one_keeps_its_own_labels() {
    let mut texts = vec![
        (50.0, 700.0, "Name"),
        (150.0, 700.0, "SSN"),
        (250.0, 700.0, "Dept"),
    ];
    for y in [688.0, 676.0, 664.0] {
        texts.extend([(50.0, y, "Jane Doe"), (150.0, y, "536228145"), (250.0, y, "IT")]);
    }
    texts.extend([(50.0, 642.0, "Payee"), (120.0, 642.0, "Account number")]);
    for y in [630.0, 618.0] {
        texts.extend([(50.0, y, "Jane Doe"), (120.0, y, "44556677001")]);
    }
    let tables = tables(&texts, false);
    let second = "Payee\tAccount number\nJane Doe\t44556677001\n";
    assert!(tables.iter().any(|table| table.starts_with(second)), "{tables:?}");
}

#[test]
fn cells_of_several_lines_are_put_together() {
    let tables = tables(
        &[
            (50.0, 700.0, "Card"),
            (150.0, 706.0, "Expires"),
            (50.0, 688.0, "number"),
            (50.0, 660.0, "5164 8705"),
            (150.0, 654.0, "10/28"),
            (50.0, 648.0, "9640 2351"),
        ],
        false,
    );
    let whole = |table: &String| table.contains("5164 8705 9640 2351\t10/28");
    assert!(tables.iter().any(whole), "{tables:?}");
}
