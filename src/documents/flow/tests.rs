use super::{Flow, Layer};

#[test]
fn a_number_around_a_tracked_change_is_whole_in_one_view() {
    let mut flow = Flow::new();
    flow.text("536-22-");
    flow.enter(Layer::Deleted);
    flow.text("77");
    flow.leave(Layer::Deleted);
    flow.enter(Layer::Inserted);
    flow.text("88");
    flow.leave(Layer::Inserted);
    flow.text("8145");
    flow.line();
    flow.text("untouched");
    flow.finish();
    assert_eq!(flow.views[0], "536-22-888145\nuntouched\n");
    assert_eq!(flow.views[1], "536-22-778145\n");
    assert_eq!(flow.views[2], "");
}

#[test]
fn text_that_was_inserted_and_deleted_again_is_kept() {
    let mut flow = Flow::new();
    flow.enter(Layer::Inserted);
    flow.enter(Layer::Deleted);
    flow.text("536-22-8145");
    flow.finish();
    assert_eq!(flow.views[4], "536-22-8145\n");
}

#[test]
fn hidden_text_splits_no_number() {
    let mut flow = Flow::new();
    flow.text("536-");
    flow.enter(Layer::Hidden);
    flow.text("x");
    flow.leave(Layer::Hidden);
    flow.text("22-8145");
    flow.finish();
    assert_eq!(
        (flow.views[0].as_str(), flow.views[2].as_str()),
        ("536-x22-8145\n", "536-22-8145\n")
    );
}

#[test]
fn a_box_stands_beside_the_line_and_once() {
    let mut flow = Flow::new();
    flow.text("536-");
    for layer in [Layer::Choice, Layer::Fallback] {
        flow.enter(layer);
        flow.begin_box();
        flow.text("box");
        flow.line();
        flow.end_box();
        flow.leave(layer);
    }
    flow.text("22-8145");
    flow.finish();
    assert_eq!(flow.views.concat(), "box\n\n536-22-8145\n");
}

#[test]
fn cells_are_separated_and_their_paragraphs_stay_lines() {
    let mut flow = Flow::new();
    flow.begin_table();
    for row in [["Name", "SSN"], ["Jane", "536"]] {
        flow.begin_row();
        for cell in row {
            flow.begin_cell(0);
            flow.text(cell);
            flow.line();
            flow.text("x");
            flow.line();
            flow.end_cell();
        }
        flow.end_row();
    }
    flow.end_table();
    flow.finish();
    assert_eq!(flow.tables, ["Name x\tSSN x\nJane x\t536 x\n"]);
    assert_eq!(flow.views[0].trim(), "Name\nx\tSSN\nx\nJane\nx\t536\nx");
}

#[test]
fn covered_and_skipped_columns_keep_their_room() {
    let mut flow = Flow::new();
    flow.begin_table();
    flow.begin_row();
    flow.begin_cell(0);
    flow.span(2);
    flow.text("a");
    flow.begin_cell(0);
    flow.text("b");
    flow.end_row();
    flow.begin_row();
    flow.begin_cell(1);
    flow.text("c");
    flow.begin_cell(0);
    flow.text("d");
    flow.end_table();
    assert_eq!(flow.tables, ["a\t\tb\n\tc\td\n"]);
}

#[test]
fn what_is_never_closed_is_still_told() {
    let mut flow = Flow::new();
    for _ in 0..1_000 {
        flow.begin_box();
        flow.begin_table();
        flow.begin_cell(0);
        flow.text("536");
    }
    flow.finish();
    assert_eq!(flow.views[0].matches("536").count(), 1_000);
    for _ in 0..1_000 {
        flow.end_box();
        flow.end_table();
    }
    flow.text("behind");
    flow.finish();
    assert!(flow.views[0].contains("behind"));
}

#[test]
fn a_form_with_one_cell_for_each_digit_is_spelled() {
    let mut flow = Flow::new();
    flow.begin_table();
    flow.begin_row();
    for cell in "SSN|5|3|6||-|2|2|-|8|1|4|5|of Jane".split('|') {
        flow.begin_cell(0);
        flow.text(cell);
        flow.line();
    }
    flow.end_table();
    assert_eq!(flow.aside, " SSN 536-22-8145 of Jane \n");
}
