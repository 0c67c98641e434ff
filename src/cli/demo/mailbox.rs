//! The mailbox behind the gateway: an SMTP server that keeps what it gets, in memory or as files.
//!
//! It stands for the partners' servers and for the organisation's own, to which notices go back.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::message::{Address, Boxed, Envelope, MessageId, RawMessage};
use crate::smtp::{Accept, Client, Reply, Turn};

/// Letters in the order of their arrival.
#[derive(Default)]
pub struct Mailbox {
    letters: Mutex<Vec<Letter>>,
    directory: Option<PathBuf>,
}

/// What came over the wire.
#[derive(Clone)]
pub struct Letter {
    /// Who it came from and for whom.
    pub envelope: Envelope,
    /// The exact bytes.
    pub message: RawMessage,
}

impl Mailbox {
    /// A mailbox that writes each message into a file of `directory` and prints a line about it.
    pub fn in_files(directory: PathBuf) -> Mailbox {
        Mailbox {
            directory: Some(directory),
            ..Mailbox::default()
        }
    }

    /// Takes all letters out.
    pub fn take(&self) -> Vec<Letter> {
        std::mem::take(&mut *self.letters.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, letter: Letter) -> Reply {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Timestamp::now();
        let id = MessageId::new(
            now.as_millisecond().unsigned_abs(),
            now.as_nanosecond().unsigned_abs() as u64,
        );
        match &self.directory {
            None => letters.push(letter),
            Some(directory) => {
                let file = directory.join(format!("{id}.eml"));
                if let Err(error) = std::fs::write(&file, letter.message.as_bytes()) {
                    return Reply::TryLater {
                        text: error.to_string(),
                    };
                }
                let recipients: Vec<String> = letter
                    .envelope
                    .recipients
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                println!("{} for {}", file.display(), recipients.join(", "));
            }
        }
        Reply::Accepted(id)
    }
}

impl Accept for Mailbox {
    fn sender(&self, _client: &Client, _sender: Option<&Address>) -> Result<(), Reply> {
        Ok(())
    }

    fn message(&self, _: Client, envelope: Envelope, message: RawMessage, _: Turn) -> Boxed<'_, Reply> {
        Box::pin(async move { self.keep(Letter { envelope, message }) })
    }
}
