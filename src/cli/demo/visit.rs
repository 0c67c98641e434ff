//! What arrives behind the gateway while somebody tries it out.

use std::time::Duration;

use mail_parser::MessageParser;

use super::mailbox::Letter;
use super::partner;
use super::pki::Pki;
use super::stage::Stage;

/// How often the mailbox is looked into.
const PAUSE: Duration = Duration::from_millis(200);

/// Shows every letter as it arrives, until Ctrl-C.
pub async fn show_arrivals(stage: &Stage) {
    let mut end = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            _ = &mut end => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        for letter in stage.arrived() {
            print!("\n{}", describe(&letter, &stage.pki));
        }
    }
}

fn describe(letter: &Letter, pki: &Pki) -> String {
    let bytes = letter.message.as_bytes();
    let subject = partner::subject(bytes);
    letter
        .envelope
        .recipients
        .iter()
        .map(|recipient| {
            let recipient = recipient.to_string();
            let (how, text) = match partner::open(bytes, pki.person(&recipient)) {
                Ok(inside) => ("encrypted; opened it reads", text_of(&inside)),
                Err(_) if letter.envelope.sender.is_none() => ("a notice", text_of(bytes)),
                Err(_) => ("not encrypted", text_of(bytes)),
            };
            format!("→ {recipient}: Subject: {subject} ({how}):\n{text}")
        })
        .collect()
}

fn text_of(message: &[u8]) -> String {
    let parsed = MessageParser::default().parse(message);
    let text = parsed
        .as_ref()
        .and_then(|message| message.body_text(0))
        .unwrap_or_default();
    text.lines().map(|line| format!("  │ {line}\n")).collect()
}
