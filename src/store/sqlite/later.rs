//! What is in no hurry: tasks that lie aside for a moment, so that the next transaction takes them along.
//!
//! The outcome of a delivery mostly comes while the next message is on its way. In the transaction of that one it costs next
//! to nothing; alone it would write the same pages once more. Whoever puts a task here wakes the writer himself after a
//! moment ([`super::writer::Desk::write_later`]), so nothing stays for want of a next message, and when none came, the
//! next outcomes do not wait for one either.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::writer::Work;

/// How long a task lies here at most before its owner wakes the writer.
pub(super) const MOMENT: Duration = Duration::from_millis(5);
/// Tasks that are enough for a transaction of their own.
const ENOUGH: usize = 8;

/// The place aside.
#[derive(Default)]
pub(super) struct Later(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    tasks: Vec<Box<dyn Work>>,
    /// A promise came since one was last waited for in vain.
    is_worth_it: bool,
    /// The writer has ended.
    is_closed: bool,
}

impl Later {
    /// Puts a task here. Answers whether it may lie for a [`MOMENT`]; otherwise the writer must be woken now. After
    /// [`Later::close`] the task is dropped, which tells its caller.
    pub(super) fn put(&self, task: Box<dyn Work>) -> bool {
        let mut inner = self.lock();
        if inner.is_closed {
            return false;
        }
        inner.tasks.push(task);
        inner.is_worth_it && inner.tasks.len() < ENOUGH
    }

    /// Takes everything along.
    pub(super) fn take(&self) -> Vec<Box<dyn Work>> {
        std::mem::take(&mut self.lock().tasks)
    }

    /// Says whether a promise came in time to take something along.
    pub(super) fn was_worth_it(&self, came: bool) {
        self.lock().is_worth_it = came;
    }

    /// Drops what is here and what comes later.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.tasks.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
