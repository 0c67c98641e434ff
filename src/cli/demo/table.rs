//! The demo's table and the words around it.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use mail_parser::MessageParser;

use super::outcome::Shown;

/// Columns when the output is no terminal.
const WIDTH: u16 = 150;

/// One row per copy.
pub fn draw(shown: &[Shown]) -> String {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table.set_header([
        "",
        "mail",
        "found",
        "recipient",
        "decision",
        "left on the wire",
        "the partner",
        "as expected",
    ]);
    for (number, mail) in (1..).zip(shown) {
        for (place, copy) in mail.copies.iter().enumerate() {
            let first = |text: String| if place == 0 { text } else { String::new() };
            let right = if copy.right { "yes" } else { "NO" };
            table.add_row([
                first(format!("{number}")),
                first(mail.title.to_owned()),
                first(mail.found.clone()),
                copy.recipient.to_owned(),
                copy.decision.clone(),
                copy.wire.clone(),
                copy.partner.clone(),
                right.to_owned(),
            ]);
        }
    }
    table.to_string()
}

/// The last notice, as the sender reads it.
pub fn notice(shown: &[Shown]) -> String {
    let Some(letter) = shown.iter().rev().find_map(|mail| mail.notice.as_ref()) else {
        return String::new();
    };
    let Some(message) = MessageParser::default().parse(letter.message.as_bytes()) else {
        return String::new();
    };
    let subject = message.subject().unwrap_or_default();
    let text = message.body_text(0).unwrap_or_default();
    let quoted: Vec<String> = text.lines().map(|line| format!("  │ {line}")).collect();
    format!(
        "\nThe notice that the sender got for the last mail:\n  │ Subject: {subject}\n  │\n{}\n",
        quoted.join("\n")
    )
}

/// How many outcomes are right.
pub fn summary(shown: &[Shown]) -> String {
    let copies: Vec<bool> = shown
        .iter()
        .flat_map(|mail| mail.copies.iter().map(|copy| copy.right))
        .collect();
    let right = copies.iter().filter(|right| **right).count();
    format!(
        "{right} of {} outcomes of {} mails are as expected.",
        copies.len(),
        shown.len()
    )
}
