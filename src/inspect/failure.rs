//! Why a message was not read, in words for the administrator who can mend it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::message::{Inspection, Obstacle, ObstacleKind, Place};

/// Why a message was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Reading took longer than the deadline.
    TooSlow(Duration),
    /// Reading took more processor time than a message may cost.
    TooCostly,
    /// The child made a system call that its jail forbids.
    Forbidden,
    /// The child ended.
    Died(String),
    /// The answer was no answer.
    Nonsense,
    /// The message is larger than what a child reads.
    TooLarge(usize),
}

impl Failure {
    /// What the end of a child says of the message that it was reading.
    pub(super) fn of(ended: Option<ExitStatus>) -> Failure {
        let Some(status) = ended else {
            return Failure::Died("it ended in an unknown way".to_owned());
        };
        let signal = status.signal().map(Signal::try_from);
        match signal {
            Some(Ok(Signal::SIGXCPU)) => Failure::TooCostly,
            Some(Ok(Signal::SIGSYS)) => Failure::Forbidden,
            Some(Ok(Signal::SIGABRT)) => Failure::Died("it ran out of memory, or gave up".to_owned()),
            Some(Ok(signal)) => Failure::Died(format!("it was ended by {signal}")),
            _ => Failure::Died(format!("it ended with {status}")),
        }
    }

    /// Whether another child may fare better. What is a matter of time would take the same time again, and
    /// what tries the walls of the jail gets no second try.
    pub(super) fn is_worth_another_try(&self) -> bool {
        matches!(self, Failure::Died(_))
    }

    /// An inspection that knows nothing of the message but this obstacle.
    pub(super) fn into_inspection(self) -> Inspection {
        let obstacle = Obstacle {
            kind: self.kind(),
            part: Place::MESSAGE.to_owned(),
            detail: self.sentence(),
        };
        Inspection {
            obstacles: vec![obstacle],
            ..Inspection::default()
        }
    }

    fn kind(&self) -> ObstacleKind {
        match self {
            Failure::TooSlow(_) | Failure::TooCostly => ObstacleKind::TimedOut,
            Failure::TooLarge(_) => ObstacleKind::LimitReached,
            Failure::Forbidden | Failure::Died(_) | Failure::Nonsense => ObstacleKind::ReaderDied,
        }
    }

    fn sentence(self) -> String {
        match self {
            Failure::TooSlow(limit) => format!(
                "reading took longer than {} s; raise [inspect] deadline_seconds if such mail is usual here",
                limit.as_secs_f32()
            ),
            Failure::TooCostly => "reading took more processor time than [inspect] cpu_seconds; raise it if \
                                   such mail is usual here"
                .to_owned(),
            Failure::Forbidden => "the reader tried something that its jail forbids and was stopped; the \
                                   message may be an attack"
                .to_owned(),
            Failure::Died(how) => format!(
                "the reader ended before it answered: {how}; raise [inspect] memory_mb if such mail is usual here"
            ),
            Failure::Nonsense => "the reader's answer made no sense".to_owned(),
            Failure::TooLarge(limit) => format!(
                "the message is larger than {} MB; raise [inspect] message_mb",
                limit >> 20
            ),
        }
    }
}
