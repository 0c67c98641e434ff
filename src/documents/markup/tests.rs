use super::{brackets, columns, latex, roff, stacked, wiki};

#[test]
fn latex_is_set_as_a_reader_sees_it() {
    let source = "\\documentclass{article}\n\\begin{tabular}{ll|r}\n\\hline\n\\textbf{Name} & SSN\\# \\\\ \\hline\nMary~Jones & 536--22--8145 \\\\[2pt] % a sample\nJohn & \\texttt{412\\,55\\,9921}\n\\end{tabular}";
    let text = latex::set(source).unwrap();
    assert!(text.contains("Name \t SSN# \n"), "{text:?}");
    assert!(
        text.contains("Mary Jones \t 536-22-8145 \nJohn \t 412 55 9921"),
        "{text:?}"
    );
    assert_eq!(latex::set("no \\LaTeX here & there"), None);
}

#[test]
fn latex_that_ends_anywhere_is_set_as_far_as_it_goes() {
    for source in [
        "\\begin{",
        "\\begin{tabular}{l\\",
        "\\documentclass\\\\[",
        "\\begin{tabular}%",
        "\\begin{x}\\é{}",
    ] {
        assert!(latex::set(source).is_some());
    }
}

#[test]
fn roff_is_set_as_a_reader_sees_it() {
    let source = ".TH STAFF 1\n.B SSN:\n536\\-22\\-8145\n.br\n\\fBDriver\\(aqs license:\\fP S48213907\n.TS\nbox tab(|);\nl l.\nName|SSN\n_\nMary Jones|T{\n412559921\nT}\n.TE\n";
    let text = roff::set(source).unwrap();
    assert!(text.contains("SSN: 536-22-8145"), "{text:?}");
    assert!(text.contains("Driver's license: S48213907"), "{text:?}");
    assert!(text.contains("Name\tSSN\nMary Jones\t"), "{text:?}");
    assert_eq!(roff::set("... and so on.\n"), None);
    assert_eq!(roff::set("A sentence.\n.5 is a half\n"), None);
}

#[test]
fn tables_of_asciidoc_have_cells_in_lines_of_their_own() {
    let source = "[cols=\"1,1\",options=\"header\"]\n|===\n|Name |SSN\n\n|Mary Jones\n|536228145\n|===\n";
    assert_eq!(
        wiki::asciidoc(source).unwrap(),
        "Name\tSSN\nMary Jones\t536228145\n\n"
    );
    let source = "|===\n|Name |SSN\n|Mary Jones |536228145\n|===\n";
    assert_eq!(
        wiki::asciidoc(source).unwrap(),
        "Name\tSSN\nMary Jones\t536228145\n\n"
    );
}

#[test]
fn tables_of_wikis_become_rows() {
    let rows = "Name\tSSN\nMary Jones\t536228145\n";
    for source in [
        "{| class=\"wikitable\"\n! Name !! SSN\n|-\n| Mary Jones || 536228145\n|}\n",
        "{|\n! Name\n! style=\"x\" | SSN\n|-\n| Mary\nJones\n| 536228145\n|}\n",
    ] {
        assert_eq!(wiki::mediawiki(source).unwrap(), rows);
    }
    for source in [
        "^ Name ^ SSN ^\n| Mary Jones | 536228145 |\n",
        "|| Name || SSN ||\n| Mary Jones | 536228145 |\n",
        " Name       || SSN\n Mary Jones |  536228145\n",
    ] {
        assert_eq!(wiki::marked_headers(source).unwrap(), rows);
    }
    let source = ".. list-table:: Staff\n   :header-rows: 1\n\n   * - Name\n     - SSN\n   * - Mary\n       Jones\n     - 536228145\n\nEnd.\n";
    assert_eq!(wiki::list_tables(source).unwrap(), rows);
    let source = ".. csv-table:: Staff\n   :header: \"Name\", \"SSN\"\n   :widths: 20, 10\n\n   \"Mary Jones\", \"536228145\"\n\nEnd, of it.\n";
    assert_eq!(wiki::csv_tables(source).unwrap(), rows);
}

#[test]
fn a_line_of_dashes_tells_columns_that_touch() {
    let source = "Name       SSN\n---------- ---------\nMary Jones 536228145\nRené       412559921\n\nEnd\n";
    let table = columns::below_rules(source).unwrap();
    assert_eq!(table, "\nName\tSSN\nMary Jones\t536228145\nRené\t412559921\n");
    assert_eq!(columns::below_rules("a -- b -- c\n"), None);
}

#[test]
fn lists_in_brackets_are_rows() {
    for source in [
        "columns: [name, ssn, city]\nrows:\n  - [Mary Jones, \"536228145\", Boston]\n",
        "columns = ('name', 'ssn', 'city')\nrows = [\n  ('Mary Jones', '536228145', 'Boston'),\n]\n",
        "header = [\"name\", \"ssn\", \"city\"]\r\nrows = [\r\n[\"Mary Jones\", 536228145, \"Boston\"],\r\n]",
    ] {
        assert_eq!(
            brackets::rows(source).unwrap(),
            "name\tssn\tcity\nMary Jones\t536228145\tBoston\n"
        );
    }
    assert_eq!(
        brackets::rows("Come (with Ann, Bob, and Cy).\nf(a, b, c)\n"),
        None
    );
}

#[test]
fn cells_below_each_other_are_rows_when_their_columns_are_alike() {
    let rows = "Name\tSSN\tCity\nMary Jones\t536228145\tBoston\nJohn Roe\t412559921\tLowell\n";
    let cells = [
        "Name",
        "SSN",
        "City",
        "Mary Jones",
        "536228145",
        "Boston",
        "John Roe",
        "412559921",
        "Lowell",
    ];
    for text in [
        cells.join("\n"),
        cells.join("\r\n\r\n"),
        format!("Staff\n{}\n\n\nA line behind.", cells.join("\n")),
        format!("Staff\n2024\n{}\nCall us.\n", cells.join("\n")),
    ] {
        let table = stacked::tables(&text).unwrap();
        assert!(table.contains(rows), "{table}");
    }
    let turns = "Name\nSSN\nCity\nLicense\nMary\n536228145\nBoston\nS48213907\nJohn\n412559921\nLowell\nS50213988\nEnd.\n";
    let turned = stacked::tables(turns).unwrap();
    assert!(
        turned.starts_with("Name\tSSN\tCity\tLicense\n") || turned.contains("\nName\tSSN\tCity\tLicense\n"),
        "{turned}"
    );
    // The row of labels would stand in one cell, and say nothing of what stands below.
    let fields = "Registered no.: 998\nParty A: Mary Jones\nOfficer: Ann Lee\nState file: 123-69-5291\nSerial: S6088\nReceipt: 822692\nFee: none\n";
    assert_eq!(stacked::tables(fields), None);
    let rows = "Dear Mary Jones,\nyour summary:\nMember no.\tOrder number\n7578 1075\t438-45-5393\n7586 5004\t310-49-5132\nBye.\n";
    assert_eq!(stacked::tables(rows), None);
    assert_eq!(
        stacked::tables("Dear all,\nplease come\nat 10\nto room 4120\nthanks\n"),
        None
    );
}
