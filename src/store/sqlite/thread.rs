//! Threads of the store.

use std::thread::JoinHandle;

use crate::store::failure::Failure;

/// A thread that is waited for when it goes out of scope.
pub(super) struct Thread(Option<JoinHandle<()>>);

impl Thread {
    /// # Errors
    /// When the system gives none.
    pub(super) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<Thread, Failure> {
        let thread = std::thread::Builder::new().name(name.to_owned());
        Ok(Thread(Some(thread.spawn(work)?)))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}
