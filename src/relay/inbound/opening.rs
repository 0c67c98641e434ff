//! Mail from outside that came encrypted: looked into when it arrives, and opened again when it is handed on, so that
//! nothing rests here in clear.

use std::sync::Arc;

use crate::message::{MessageId, RawMessage};
use crate::smime::{Opening, Verification};

use super::super::accept::Arrival;
use super::super::{Gateway, Rulebook};
use super::marks;

/// What cryptography says of a message.
pub(super) struct Look {
    /// Of its signature; of the signature inside, where it could be opened.
    pub(super) verification: Verification,
    /// Of its encryption, for the record; `None` when it was not encrypted, or nobody wants it opened.
    pub(super) decryption: Option<String>,
}

/// Looks at a message. This costs processor time, so it leaves the threads that serve sessions alone.
pub(super) async fn look(rulebook: Arc<Rulebook>, arrival: &Arrival) -> Look {
    let (raw, at) = (arrival.raw.clone(), arrival.at);
    let looked = tokio::task::spawn_blocking(move || {
        let certificates = &rulebook.certificates;
        let opening = rulebook.opener.as_ref().map(|opener| opener.open(&raw));
        match opening {
            Some(Opening::Open(opened)) => Look {
                verification: certificates.verify_opened(&raw, &opened, at),
                decryption: Some(format!(
                    "decrypted ({}) with the key of the certificate {}",
                    opened.cipher, opened.certificate
                )),
            },
            Some(Opening::Closed(why)) => Look {
                verification: Verification::NotSigned,
                decryption: Some(format!("handed on as it came: {why}")),
            },
            Some(Opening::NotEncrypted) | None => Look {
                verification: certificates.verify(&raw, at),
                decryption: None,
            },
        }
    })
    .await;
    // A reader that panics has met something that it cannot read; the mail must not be lost for it.
    looked.unwrap_or_else(|_| {
        tracing::error!(id = %arrival.id, "a message could not be looked at: a mistake in Sealgate");
        Look {
            verification: Verification::NotSigned,
            decryption: None,
        }
    })
}

impl Gateway {
    /// The body of mail from outside as it is handed on: opened, if there is a key for it, or else as it came.
    pub(in super::super) async fn opened(&self, id: MessageId, body: RawMessage) -> RawMessage {
        let Some(opener) = self.rulebook().opener.clone() else {
            return body;
        };
        let (closed, hostname) = (body.clone(), self.identity.hostname.clone());
        let opened = tokio::task::spawn_blocking(move || match opener.open(&closed) {
            Opening::Open(opened) => Some(marks::mark_decrypted(&opened, &hostname)),
            Opening::Closed(_) | Opening::NotEncrypted => None,
        });
        match opened.await {
            Ok(opened) => opened.unwrap_or(body),
            Err(_) => {
                tracing::error!(%id, "a message could not be opened: a mistake in Sealgate");
                body
            }
        }
    }
}
