//! The line in the log about a message that was taken. It names no addresses but that of a user who logged
//! in; `sealgate trace ID` names them.

use crate::audit::Record;
use crate::message::{Leaving, MessageId};
use crate::policy::Action;

/// What the log says of a message.
pub(super) struct Summary {
    id: MessageId,
    client: String,
    user: Option<String>,
    size: u64,
    clear: usize,
    encrypted: usize,
    refused: usize,
    waiting: usize,
}

impl Summary {
    /// Counts the copies of a message by the way they leave.
    pub(super) fn of(record: &Record) -> Summary {
        let count = |fits: fn(Option<&Leaving>) -> bool| {
            let leaving = record
                .recipients
                .iter()
                .map(|recipient| recipient.leaving.as_ref());
            leaving.filter(|leaving| fits(*leaving)).count()
        };
        Summary {
            id: record.id,
            client: record.client.clone(),
            user: record.user.clone(),
            size: record.size,
            clear: count(|leaving| matches!(leaving, Some(Leaving::Clear | Leaving::Signed { .. }))),
            encrypted: count(|leaving| {
                matches!(
                    leaving,
                    Some(Leaving::Smime { .. } | Leaving::AlreadyEncrypted { .. })
                )
            }),
            refused: record
                .recipients
                .iter()
                .filter(|one| one.decision.is_refusal())
                .count(),
            waiting: record
                .recipients
                .iter()
                .filter(|one| matches!(one.decision.action, Action::Hold { .. }))
                .count(),
        }
    }

    /// Writes the line, once the message is durable. Answers the message's name.
    pub(super) fn log(self) -> MessageId {
        let Summary {
            id,
            client,
            user,
            size,
            clear,
            encrypted,
            refused,
            waiting,
        } = self;
        tracing::info!(%id, client, user, size, clear, encrypted, refused, waiting, "accepted");
        id
    }
}
