//! What the demo shows: the table, who is who, the last notice, and whether all is as expected.

use std::io::IsTerminal;

use comfy_table::presets::UTF8_FULL;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};
use console::Term;
use mail_parser::MessageParser;

use super::disk::Disk;
use super::mails::SENDER;
use super::outcome::Shown;
use super::pki::PEOPLE;
use crate::cli::table::wrap;

/// Columns when the output is no terminal.
const WIDTH: u16 = 140;
/// Columns that the table needs and that it makes good use of.
const NARROWEST: u16 = 100;
const WIDEST: u16 = 190;
/// Columns of running text.
const TEXT: usize = 96;

/// Everything that there is to show.
pub fn report(shown: &[Shown], disk: &Disk) -> String {
    let text = |text: &str| format!("{}\n", wrap(text, TEXT, ""));
    [
        text(&format!(
            "{SENDER} sent {} mails through the gateway. Numbers are masked; only their endings are kept.",
            shown.len()
        )),
        format!("{}\n", draw(shown)),
        text(PEOPLE),
        text("The partner opens mail with OpenSSL and the recipient's private key. 'Subject: [...]' is the Subject \
              that everybody can read on the way; the real one is inside of the encryption."),
        notice(shown),
        text(&disk.told()),
        text(&summary(shown)),
    ]
    .join("\n")
}

/// One row per copy.
fn draw(shown: &[Shown]) -> String {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width());
    table.set_header([
        "mail",
        "found",
        "recipient",
        "decision",
        "left on the wire",
        "the partner",
        "ok",
    ]);
    for (number, mail) in (1..).zip(shown) {
        for (place, copy) in mail.copies.iter().enumerate() {
            let first = |text: String| if place == 0 { text } else { String::new() };
            table.add_row([
                first(format!("{number}. {}", mail.title)),
                first(mail.found.clone()),
                local_part(copy.recipient).to_owned(),
                copy.decision.clone(),
                copy.wire.clone(),
                copy.partner.clone(),
                if copy.wrong.is_none() { "✓" } else { "NO" }.to_owned(),
            ]);
        }
    }
    // The others may be broken between words; these hold one word each.
    for whole in [2, 6] {
        if let Some(column) = table.column_mut(whole) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    if let Some(found) = table.column_mut(1) {
        // "**** **** **** 6467" should stay together.
        found.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(22)));
    }
    table.to_string()
}

fn local_part(address: &str) -> &str {
    address.split('@').next().unwrap_or(address)
}

/// The last notice, as the sender reads it.
fn notice(shown: &[Shown]) -> String {
    let last = shown.iter().rev().find_map(|mail| mail.notice.as_ref());
    let Some(message) = last.and_then(|letter| MessageParser::default().parse(letter.message.as_bytes()))
    else {
        return String::new();
    };
    let subject = message.subject().unwrap_or_default();
    let text = message.body_text(0).unwrap_or_default();
    let mut quoted =
        format!("The notice that {SENDER} got for the last mail:\n  │ Subject: {subject}\n  │\n");
    for line in text.trim_end().lines() {
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        for line in wrap(line, TEXT, &indent).lines() {
            quoted.push_str(format!("  │ {line}").trim_end());
            quoted.push('\n');
        }
        if line.trim().is_empty() {
            quoted.push_str("  │\n");
        }
    }
    quoted
}

/// How many outcomes are right, and what each other one must have been.
fn summary(shown: &[Shown]) -> String {
    let copies = shown.iter().flat_map(|mail| &mail.copies);
    let wrong = (1..).zip(shown).flat_map(|(number, mail)| {
        let wrong = mail
            .copies
            .iter()
            .filter_map(|copy| Some((copy, copy.wrong.as_ref()?)));
        wrong
            .map(move |(copy, must)| format!("\nNOT AS EXPECTED: mail {number}, {}: {must}.", copy.recipient))
    });
    let wrong: Vec<String> = wrong.collect();
    let all = copies.count();
    format!(
        "{} of {all} outcomes are as expected.{}",
        all - wrong.len(),
        wrong.concat()
    )
}

fn width() -> u16 {
    if !std::io::stdout().is_terminal() {
        return WIDTH;
    }
    let size = Term::stdout().size_checked();
    size.map_or(WIDTH, |(_, columns)| columns.clamp(NARROWEST, WIDEST))
}
