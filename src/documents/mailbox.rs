//! Messages that stand in documents: mailboxes (mbox), saved messages (eml, Apple's emlx), saved web pages (mht).

use super::{Visit, text};
use crate::message::ObstacleKind;
use crate::mime::{self, TextKind};

/// Messages of one mailbox.
const MOST: usize = 10_000;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    // A text that people read may quote a header section; whoever opens a message saw to the real ones.
    if matches!(visit.leaf.media_type.as_str(), "text/plain" | "text/html") {
        return false;
    }
    let bytes = visit.bytes();
    if let Some((message, rest)) = mime::counted_message(bytes) {
        visit.message(message);
        let rest = String::from_utf8_lossy(rest).into_owned();
        visit.text(TextKind::Body, rest);
        return true;
    }
    if !mime::is_message(bytes) {
        return false;
    }
    let messages = mime::messages(bytes, MOST);
    if messages.len() > MOST {
        visit.obstacle(ObstacleKind::LimitReached, "holds too many messages");
    }
    let typed = messages.len() == 1 && !mime::is_written_by_program(bytes);
    for message in messages {
        visit.message(message);
    }
    if typed && let Some(readings) = text::decode(visit.leaf) {
        text::read(visit, &readings);
    }
    true
}
