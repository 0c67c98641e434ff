//! Whose message text may come now. Messages beyond what the processors can work on would only make each other wait, and
//! a client that waits behind its last octet is in doubt: when its connection breaks then, it sends again what was taken
//! (RFC 1047). So it waits before it sends, in the order of asking, and what has come is answered soon.
//!
//! A turn lasts until the processors are done with the message; that it waits for the disk then is nobody's loss, since
//! many share a flush. And it is short: who sends slowly, or whose message takes long, loses it without noticing, and nobody
//! waits for one longer than [`LONGEST_WAIT`]. Turns shape the work and can hold nobody up.

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

/// A client that is near has sent its message within this time. For one that is far, no processor is to be idle: its message
/// waits for another turn when it has come.
const PATIENCE: Duration = Duration::from_millis(3);
/// A message of a megabyte is read and encrypted within this time, on a machine that has only just enough to do.
const LENGTH: Duration = Duration::from_millis(200);
/// Nobody is waiting for a turn at the end of this: the rest goes on without one. Clients wait for two minutes
/// (RFC 5321 §4.5.3.2.3).
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Turns for which there are not the processors: one message comes, or waits for its reader, while others are worked on.
const MORE: usize = 1;

/// All turns of a server.
#[derive(Clone, Debug)]
pub(super) struct Turns(Arc<Semaphore>);

/// The right to send one message and have it worked on, until it is given back or over, or its last clone is dropped.
#[derive(Clone, Debug)]
pub struct Turn {
    /// None when it did not come in time, or is no more.
    permit: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
    end: Instant,
}

impl Turns {
    /// So many at once; 0 is as many as suit the processors.
    pub(super) fn new(at_once: usize) -> Turns {
        let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
        let at_once = match at_once {
            0 => processors() + MORE,
            some => some,
        };
        Turns(Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))))
    }

    /// A turn, if there is one now.
    pub(super) fn now(&self) -> Option<Turn> {
        let permit = Arc::clone(&self.0).try_acquire_owned().ok()?;
        Some(Turn::with(Some(permit)))
    }

    /// Waits for a turn, but not for long: it may return one that is a turn in name only.
    pub(super) async fn wait(&self) -> Turn {
        let permit = timeout(LONGEST_WAIT, Arc::clone(&self.0).acquire_owned()).await;
        Turn::with(permit.ok().and_then(Result::ok))
    }
}

impl Turn {
    fn with(permit: Option<OwnedSemaphorePermit>) -> Turn {
        Turn {
            permit: Arc::new(Mutex::new(permit)),
            end: Instant::now() + PATIENCE,
        }
    }

    /// Lets the next one have it: no processor is needed any more.
    pub fn give_back(&self) {
        drop(self.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// What `work` returns that waits for the client. A turn that is over before is given back then: its client reads or
    /// sends slowly.
    pub(super) async fn lent<T>(turn: &mut Option<Turn>, work: impl Future<Output = T>) -> T {
        let Some(end) = turn.as_ref().map(|turn| turn.end) else {
            return work.await;
        };
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = sleep_until(end) => *turn = None,
        }
        work.await
    }

    /// What `work` on the message returns. The turn is given back then, or when it is over, if that comes first.
    pub(super) async fn of<T>(self, work: impl Future<Output = T>) -> T {
        let end = Instant::now() + LENGTH;
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => {
                self.give_back();
                return done;
            }
            () = sleep_until(end) => self.give_back(),
        }
        work.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_turn_comes_to_the_next_when_it_is_given_back_or_over() {
        let turns = Turns::new(1);
        let first = turns.now().unwrap();
        assert!(turns.now().is_none());
        drop(first);
        let (second, start) = (turns.now().unwrap(), Instant::now());
        let endless = tokio::spawn(second.of(std::future::pending::<()>()));
        let third = turns.wait().await;
        assert_eq!(start.elapsed(), LENGTH);
        assert_eq!(third.of(async { 3 }).await, 3);
        assert!(turns.now().is_some());
        endless.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_even_when_no_turn_is_given_back() {
        let turns = Turns::new(1);
        let _kept = turns.now().unwrap();
        let start = Instant::now();
        let in_name_only = turns.wait().await;
        assert_eq!(start.elapsed(), LONGEST_WAIT);
        drop(in_name_only);
        assert!(turns.now().is_none(), "it had none to give back");
    }

    #[test]
    fn without_a_setting_there_are_turns_for_every_processor() {
        assert!(Turns::new(0).0.available_permits() > MORE);
        assert_eq!(
            Turns::new(usize::MAX).0.available_permits(),
            Semaphore::MAX_PERMITS
        );
    }
}
