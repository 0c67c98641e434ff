//! The gateway's side of one child: start it, ask it, learn how it ended.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;

use super::failure::Failure;
use super::jail::JailReport;
use super::keeper::{Keeper, Process, Program};
use super::pictures::{receive_pixels, send_sight};
use super::scanner::{self, Extras};
use super::wire::{ANSWER_LIMIT, Answer, SCAN_ANSWER_LIMIT, Welcome, label, receive, send, send_labelled};
use super::{Source, StartError, bounds};
use crate::documents::{Picture, Sight};
use crate::message::Inspection;

/// How long a child may take to enter its jail and to compile the rules.
const START_TIME: Duration = Duration::from_secs(30);

/// Why a child gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It hung up. [`Reader::end`] tells why.
    HungUp,
    /// What it said is not an answer to this message.
    Nonsense,
}

/// What was learned, what a scan asked for beyond it, pictures to be read, and whether the child stays for more.
pub(super) type Said = (Inspection, Option<Extras>, Vec<Picture>, bool);

/// A child in its jail that waits for messages. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Reader {
    process: Process,
    wire: UnixStream,
    served: u64,
}

impl Reader {
    /// Starts a child and waits until it is in its jail and has compiled the rules.
    ///
    /// # Errors
    /// When it does not come that far. A weak jail is not an error here; the report tells.
    pub(super) async fn start(
        keeper: &Keeper,
        program: &Arc<Program>,
        hello: &[u8],
    ) -> Result<(Reader, JailReport), StartError> {
        let started = tokio::time::timeout(START_TIME, Self::meet(keeper, program, hello));
        let (reader, welcome) = started.await.unwrap_or_else(|_| {
            let limit = START_TIME.as_secs();
            Err(StartError::Child(format!("it was not ready within {limit} s")))
        })?;
        if welcome.mistakes.is_empty() {
            Ok((reader, welcome.jail))
        } else {
            Err(StartError::Rules(welcome.mistakes))
        }
    }

    async fn meet(
        keeper: &Keeper,
        program: &Arc<Program>,
        hello: &[u8],
    ) -> Result<(Reader, Welcome), StartError> {
        let failed = |error: std::io::Error| StartError::Child(error.to_string());
        let (process, wire) = keeper.start(program.clone()).await.map_err(failed)?;
        let mut wire = UnixStream::from_std(wire).map_err(failed)?;
        let said = match send(&mut wire, hello).await {
            Ok(()) => receive(&mut wire, ANSWER_LIMIT).await,
            Err(error) => Err(error),
        };
        let Ok(said) = said else {
            let how = process.end().await.map(|status| status.to_string());
            let how = how.unwrap_or_else(|| "an unknown status".to_owned());
            return Err(StartError::Child(format!(
                "it ended with {how} before it was ready"
            )));
        };
        let welcome = serde_json::from_slice(&said).map_err(|error| failed(error.into()))?;
        Ok((
            Reader {
                process,
                wire,
                served: 0,
            },
            welcome,
        ))
    }

    /// Asks the child to read. After a failure, or when this future was dropped before its end, the child must not
    /// be asked again. What a child says beyond the inspection is for a scan; a gateway drops it unread.
    /// Pictures come when `sight` asks for them.
    pub(super) async fn ask(
        &mut self,
        source: Source<'_>,
        sight: Option<&Sight>,
        for_scan: bool,
    ) -> Result<Said, Fault> {
        self.served += 1;
        if let Some(sight) = sight {
            let told = send_sight(&mut self.wire, sight).await;
            told.map_err(|_| Fault::HungUp)?;
        }
        let limit = if for_scan { SCAN_ANSWER_LIMIT } else { ANSWER_LIMIT };
        let said = match send_labelled(&mut self.wire, &label(source), source.bytes()).await {
            Ok(()) => receive(&mut self.wire, limit).await,
            Err(error) => Err(error),
        };
        let said = said.map_err(fault)?;
        let answer: Answer = serde_json::from_slice(&said).map_err(|_| Fault::Nonsense)?;
        if answer.number != self.served {
            return Err(Fault::Nonsense);
        }
        let most = sight.map_or(0, |sight| sight.pictures);
        let pictures = receive_pixels(&mut self.wire, answer.pictures, most).await;
        let pictures = pictures.map_err(fault)?;
        Ok(match for_scan {
            true => (
                scanner::bounded(answer.inspection),
                answer.extras,
                pictures,
                !answer.leaving,
            ),
            false => (bounds::tidy(answer.inspection), None, pictures, !answer.leaving),
        })
    }

    /// The number of its process.
    pub(super) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// How many messages it was asked to read.
    pub(super) fn served(&self) -> u64 {
        self.served
    }

    /// Whether its process still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        self.process.is_alive()
    }

    /// Kills it if it still runs, and tells how it ended.
    pub(super) async fn end(self) -> Failure {
        Failure::of(self.process.end().await)
    }
}

fn fault(error: std::io::Error) -> Fault {
    match error.kind() {
        ErrorKind::InvalidData => Fault::Nonsense,
        _ => Fault::HungUp,
    }
}
