//! The word that the server stops, heard by every session.

use tokio::sync::watch;

/// Says it. When it is dropped unsaid, that counts as said.
pub(super) struct Teller(watch::Sender<bool>);

/// Hears it, however late it listens.
#[derive(Clone)]
pub(super) struct Stop(watch::Receiver<bool>);

/// The two ends.
pub(super) fn pair() -> (Teller, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Teller(sender), Stop(receiver))
}

impl Teller {
    pub(super) fn tell(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns once the server is to stop. It may be dropped and called again.
    pub(super) async fn told(&mut self) {
        // The value itself is a lock guard, which must not live on across an await.
        drop(self.0.wait_for(|stop| *stop).await);
    }
}
